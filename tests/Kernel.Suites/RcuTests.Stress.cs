// Many callbacks, and readers that look at what writers change and free. Process context.

namespace CSharpOS.Suites;

public static unsafe partial class RcuTests
{
    private static void Many()
    {
        int total = CommandLine.Has("soak"u8) ? SoakCallbacks : Callbacks;
        int each = total / Smp.CpuCount;
        total = each * Smp.CpuCount;
        if (!AllocateNumbers(total))
        {
            return;
        }

        s_called = s_errors = 0;
        s_readings = each;
        OnEachCpu(&QueueMany);
        RcuBarrier();
        Check.Equal(total, s_called);
        Check.Equal(0, s_errors);
        int missing = 0;
        for (int i = 0; i < total; i++)
        {
            missing += s_numbers[i].Calls == 1 ? 0 : 1;
        }

        Check.Equal(0, missing);
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Check.Equal(0, RcuCallbacksWaiting(cpu));
        }

        Vmalloc.Free(s_numbers);
    }

    // One CPU replaces the object again and again; the others, and this one between two replacements, read it.
    private static void NoUseAfterFree()
    {
        s_stop = s_errors = s_called = s_readings = 0;
        s_shared = MakeNode(0);
        OnCpu* jobs = stackalloc OnCpu[Cpu.MaxCpus];
        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Start(jobs + cpu, cpu, &ReadShared, null);
        }

        int rounds = SmpTests.Rounds(3000);
        for (int i = 1; i <= rounds; i++)
        {
            Node* old = s_shared;
            fixed (Node** shared = &s_shared)
            {
                RcuAssignPointer(shared, MakeNode(i));
            }

            CallRcu(&old->Head, &FreeNode);
            ReadOnceShared();
            if (i % 64 == 0)
            {
                Msleep(1);
            }
        }

        Shared.WriteOnce(ref s_stop, 1);
        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Wait(jobs + cpu);
        }

        CallRcu(&s_shared->Head, &FreeNode);
        RcuBarrier();
        Check.Equal(rounds + 1, s_called);
        Check.Equal(0, s_errors);
        Check.True(s_readings >= rounds);
    }

    private static void Lists()
    {
        ListHead.Init(List);
        s_lock.Init();
        for (int i = 0; i < ListNodes; i++)
        {
            ListHead.AddTailRcu(&MakeNode(i)->Link, List);
        }

        Check.True(Walk(ordered: true));
        s_stop = s_errors = s_called = 0;
        OnCpu* jobs = stackalloc OnCpu[Cpu.MaxCpus];
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Start(jobs + cpu, cpu, cpu % 2 == 0 ? &ChangeList : &WalkList, null);
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu += 2)
        {
            OnCpu.Wait(jobs + cpu);
        }

        Shared.WriteOnce(ref s_stop, 1);
        for (int cpu = 1; cpu < Smp.CpuCount; cpu += 2)
        {
            OnCpu.Wait(jobs + cpu);
        }

        Check.Equal(0, s_errors);
        int left = 0;
        while (!ListHead.Empty(List))
        {
            Node* node = NodeOf(List->Next);
            ListHead.DelRcu(&node->Link);
            SynchronizeRcu();
            Kfree(node);
            left++;
        }

        RcuBarrier();
        Check.Equal(ListNodes, left);
    }

    private static void QueueMany(void* unused)
    {
        int cpu = SmpProcessorId();
        for (int i = 0; i < s_readings; i++)
        {
            Number* number = s_numbers + ((long)cpu * s_readings) + i;
            number->Value = RcuBatchesCompleted;
            CallRcu(&number->Head, &CheckGracePeriod);
            while (RcuCallbacksWaiting(cpu) > MostWaiting)
            {
                Msleep(1);
            }
        }
    }

    private static void CheckGracePeriod(RcuHead* head)
    {
        var number = (Number*)head;
        if (RcuBatchesCompleted - number->Value < 1 || ++number->Calls != 1)
        {
            Shared.AddReturn(ref s_errors, 1);
        }

        CountCall(head);
    }

    private static Node* MakeNode(int value)
    {
        var node = (Node*)Kmalloc((nuint)sizeof(Node), GfpFlags.Kernel);
        if (node == null)
        {
            KernelLog.Panic($"no memory for a test\n");
        }

        node->State = Alive;
        node->Value = value;
        return node;
    }

    private static void FreeNode(RcuHead* head)
    {
        var node = (Node*)head;
        if (Shared.ReadOnce(ref node->State) != Alive)
        {
            Shared.AddReturn(ref s_errors, 1);
        }

        Shared.WriteOnce(ref node->State, 0);
        Kfree(node);
        CountCall(head);
    }

    private static void ReadShared(void* unused)
    {
        while (Shared.ReadOnce(ref s_stop) == 0)
        {
            ReadOnceShared();
            Scheduler.CondResched();
        }
    }

    private static void ReadOnceShared()
    {
        RcuReadLock();
        fixed (Node** shared = &s_shared)
        {
            Node* node = RcuDereference(shared);
            long first = Shared.ReadOnce(ref node->State);
            SmpLine.Pause(3);
            if (first != Alive || Shared.ReadOnce(ref node->State) != Alive)
            {
                Shared.AddReturn(ref s_errors, 1);
            }

            Scheduler.CondResched();
        }

        RcuReadUnlock();
        Shared.AddReturn(ref s_readings, 1);
    }

    private static Node* NodeOf(ListHead* link) => (Node*)((byte*)link - sizeof(RcuHead));

    // Every node that is found is alive; without writers all are there, in order.
    private static bool Walk(bool ordered)
    {
        bool right = true;
        int count = 0;
        RcuReadLock();
        for (ListHead* link = ListHead.NextRcu(List); link != List; link = ListHead.NextRcu(link))
        {
            Node* node = NodeOf(link);
            right &= Shared.ReadOnce(ref node->State) == Alive && (!ordered || node->Value == count);
            count++;
        }

        RcuReadUnlock();
        return right && (!ordered || count == ListNodes);
    }

    private static void WalkList(void* unused)
    {
        while (Shared.ReadOnce(ref s_stop) == 0)
        {
            if (!Walk(ordered: false))
            {
                Shared.AddReturn(ref s_errors, 1);
            }

            // Where the CPUs take turns, it is the next one's: writers queue for the lock in order, and each waits for all turns between.
            CpuRelax();
            Scheduler.CondResched();
        }
    }

    private static void ChangeList(void* unused)
    {
        int rounds = SmpTests.Rounds(1000);
        for (int i = 0; i < rounds; i++)
        {
            Node* fresh = MakeNode(i);
            s_lock.Lock();
            Node* old = NodeOf(List->Next);
            ListHead.DelRcu(&old->Link);
            if (i % 2 == 0)
            {
                ListHead.AddTailRcu(&fresh->Link, List);
            }
            else
            {
                ListHead.AddRcu(&fresh->Link, List);
            }

            s_lock.Unlock();
            CallRcu(&old->Head, &FreeNode);
            if (!Walk(ordered: false))
            {
                Shared.AddReturn(ref s_errors, 1);
            }

            if (i % 64 == 0)
            {
                Msleep(1);
            }
        }
    }
}
