// RcuTests: read-copy-update: who is waited for, and what of the callbacks. Process context.
//
// Objects that a callback frees are marked first; in builds with slab poison a reader that came too late finds the poison.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

/// <summary>The suite of RCU.</summary>
public static unsafe partial class RcuTests
{
    private const int Callbacks = 50_000;
    private const int SoakCallbacks = 1_000_000;
    private const int MostWaiting = 20_000;
    private const int Ordered = 100;
    private const int ListNodes = 8;
    private const long Alive = 0x600df00d600df00d;

    private static int s_called;
    private static int s_inside;
    private static int s_release;
    private static int s_left;
    private static int s_errors;
    private static int s_contextErrors;
    private static int s_stop;
    private static int s_readings;
    private static int s_busy;
    private static Number* s_numbers;
    private static Node* s_shared;
    private static ListHead s_list;
    private static SpinLock s_lock;
    private static RcuHead s_head;

    private static RcuHead* Head => (RcuHead*)Unsafe.AsPointer(ref s_head);

    private static ListHead* List => (ListHead*)Unsafe.AsPointer(ref s_list);

    [TestSuite("rcu")]
    public static void Suite()
    {
        OnCpuZero.Run("a callback waits for the reader on its own CPU"u8, "SYNC-03"u8, &OwnReader);
        OnCpuZero.Run("a callback waits for a reader on another CPU"u8, "SYNC-03"u8, &OtherReader);
        OnCpuZero.Run("callbacks in order, in RCU_SOFTIRQ"u8, "SYNC-03 SIRQ-01"u8, &Order);
        OnCpuZero.Run("a callback may queue itself again"u8, "SYNC-03"u8, &Again);
        OnCpuZero.Run("synchronize_rcu while all others are idle"u8, "SYNC-03"u8, &Idle);
        OnCpuZero.Run("synchronize_rcu while all CPUs are busy"u8, "SYNC-03"u8, &Busy);
        OnCpuZero.Run("rcu_barrier waits for the callbacks of all CPUs"u8, "SYNC-03"u8, &Barrier);
        OnCpuZero.Run("50,000 callbacks from all CPUs, each once and after a grace period"u8, "SYNC-03"u8, &Many);
        OnCpuZero.Run("readers never find freed memory"u8, "SYNC-03"u8, &NoUseAfterFree);
        OnCpuZero.Run("a list is read while it changes"u8, "SYNC-03"u8, &Lists);
        OnCpuZero.Run("sleeping in a reader is reported"u8, "SYNC-03 SIRQ-09"u8, &SleepInReader);
        OnCpuZero.Run("rcu_dereference and rcu_read_unlock without a reader are reported"u8, "SYNC-03"u8, &Mistakes);
        OnCpuZero.Run("the command rcu"u8, "SYNC-03"u8, &Command);
    }

    private static void OwnReader()
    {
        s_called = 0;
        RcuReadLock();
        CallRcu(Head, &CountCall);
        WaitTicks(10);
        RcuReadLock();
        RcuReadUnlock();
        WaitTicks(10);
        int called = Shared.ReadOnce(ref s_called);
        RcuReadUnlock();
        Check.Equal(0, called);
        SynchronizeRcu();
        Check.Equal(1, s_called);
    }

    private static void OtherReader()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            s_called = s_inside = s_release = s_left = s_errors = 0;
            OnCpu job;
            OnCpu.Start(&job, cpu, &ReadUntilReleased, null);
            Check.True(SmpTests.Becomes(ref s_inside, 1));
            int before = RcuBatchesCompleted;
            CallRcu(Head, &CheckLeft);
            WaitTicks(20);
            Check.Equal(0, Shared.ReadOnce(ref s_called));

            // At most the one that was going on already, which the reader was in from its start or not at all.
            Check.Between(before, before + 1, RcuBatchesCompleted);
            Shared.WriteOnce(ref s_release, 1);
            SynchronizeRcu();
            OnCpu.Wait(&job);
            Check.Equal(1, s_called);
            Check.Equal(0, s_errors);
        }
    }

    private static void Order()
    {
        if (!AllocateNumbers(Ordered))
        {
            return;
        }

        s_called = s_errors = s_contextErrors = 0;
        for (int i = 0; i < Ordered; i++)
        {
            s_numbers[i].Value = i;
            CallRcu(&s_numbers[i].Head, &CheckOrder);
            if (i % 30 == 29)
            {
                WaitTicks(1);
            }
        }

        RcuBarrier();
        Check.Equal(Ordered, s_called);
        Check.Equal(0, s_errors);
        Check.Equal(0, s_contextErrors);
        Vmalloc.Free(s_numbers);
    }

    private static void Again()
    {
        s_called = 0;
        CallRcu(Head, &QueueAgain);
        Check.True(SchedThread.Until(ref s_called, 5));
        RcuBarrier();
        Check.Equal(5, s_called);
    }

    private static void Idle()
    {
        int before = RcuBatchesCompleted;
        for (int i = 0; i < 10; i++)
        {
            SynchronizeRcu();
        }

        Check.True(RcuBatchesCompleted - before >= 10);
    }

    private static void Busy()
    {
        s_stop = s_busy = 0;
        OnCpu* jobs = stackalloc OnCpu[Cpu.MaxCpus];
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Start(jobs + cpu, cpu, &Compute, null);
        }

        Check.True(SchedThread.Until(ref s_busy, Smp.CpuCount));
        for (int i = 0; i < 3; i++)
        {
            SynchronizeRcu();
        }

        Shared.WriteOnce(ref s_stop, 1);
        WaitForAll(jobs);
    }

    private static void Barrier()
    {
        if (!AllocateNumbers(Cpu.MaxCpus))
        {
            return;
        }

        for (int i = 0; i < 5; i++)
        {
            s_called = 0;
            OnEachCpu(&QueueOwnNumber);
            RcuBarrier();
            Check.Equal(Smp.CpuCount, s_called);
        }

        Vmalloc.Free(s_numbers);
    }

    private static void SleepInReader()
    {
#if DEBUG_CHECKS
        RcuReadLock();
        MightSleep();
        RcuReadUnlock();
        Check.Logged("BUG: sleeping function called from invalid context at "u8);
        Check.Logged("inside rcu_read_lock, depth 1"u8);
        Check.ForgetLog();
        MightSleep();
        Check.NotLogged("BUG: "u8);
#else
        Test.Skip("contexts are not checked in this build"u8);
#endif
    }

    private static void Mistakes()
    {
#if DEBUG_CHECKS
        s_shared = null;
        fixed (Node** shared = &s_shared)
        {
            RcuReadLock();
            Check.True(LockValidator.RcuReadLockHeld);
            RcuDereference(shared);
            RcuReadUnlock();
            Check.False(LockValidator.RcuReadLockHeld);
            Check.NotLogged("BUG: "u8);
            RcuDereference(shared);
        }

        Check.Logged("BUG: rcu_dereference outside of rcu_read_lock"u8);
        RcuReadUnlock();
        Check.Logged("BUG: rcu_read_unlock without rcu_read_lock"u8);
        Check.Equal(0, PreemptCount());
#else
        Test.Skip("readers are not checked in this build"u8);
#endif
    }

    private static void Command()
    {
        SynchronizeRcu();
        Check.Equal(0, OutputCapture.Execute("rcu"u8));
        Check.True(OutputCapture.Contains(" grace periods"u8));
        Check.True(OutputCapture.Contains("CPU0: "u8));
        Check.Equal(-EINVAL, OutputCapture.Execute("rcu 1"u8));
    }

    private static bool AllocateNumbers(int count)
    {
        s_numbers = (Number*)Vmalloc.Alloc((nuint)count * (nuint)sizeof(Number));
        if (s_numbers == null)
        {
            Test.Skip("too little memory"u8);
            return false;
        }

        new Span<byte>(s_numbers, count * sizeof(Number)).Clear();
        return true;
    }

    // Without sleeping, in whatever context: the clock of the boot CPU may be this one's.
    private static void WaitTicks(uint ticks)
    {
        ulong start = MonotonicMicroseconds();
        while (MonotonicMicroseconds() - start < ticks * (1_000_000 / HZ))
        {
            CpuRelax();
        }
    }

    private static void OnEachCpu(delegate*<void*, void> function)
    {
        OnCpu* jobs = stackalloc OnCpu[Cpu.MaxCpus];
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Start(jobs + cpu, cpu, function, null);
        }

        WaitForAll(jobs);
    }

    private static void WaitForAll(OnCpu* jobs)
    {
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Wait(jobs + cpu);
        }
    }

    private static void CountCall(RcuHead* head) => Shared.AddReturn(ref s_called, 1);

    private static void ReadUntilReleased(void* unused)
    {
        RcuReadLock();
        Shared.WriteOnce(ref s_inside, 1);
        SmpTests.Becomes(ref s_release, 1);
        Shared.WriteOnce(ref s_left, 1);
        RcuReadUnlock();
    }

    private static void CheckLeft(RcuHead* head)
    {
        s_errors += Shared.ReadOnce(ref s_left) == 1 ? 0 : 1;
        CountCall(head);
    }

    private static void CheckOrder(RcuHead* head)
    {
        s_errors += ((Number*)head)->Value == s_called ? 0 : 1;
        s_contextErrors += InSoftirq() && !InIrq() && !IrqsDisabled() && SmpProcessorId() == 0 ? 0 : 1;
        CountCall(head);
    }

    private static void QueueAgain(RcuHead* head)
    {
        if (Shared.AddReturn(ref s_called, 1) < 5)
        {
            CallRcu(head, &QueueAgain);
        }
    }

    // Where a kernel thread cannot be preempted it must ask now and then.
    private static void Compute(void* unused)
    {
        Shared.AddReturn(ref s_busy, 1);
        while (Shared.ReadOnce(ref s_stop) == 0)
        {
            CpuRelax();
#if !PREEMPT
            Scheduler.CondResched();
#endif
        }
    }

    private static void QueueOwnNumber(void* unused) => CallRcu(&s_numbers[SmpProcessorId()].Head, &CountCall);

    // The heads stand first.
    private struct Number
    {
        public RcuHead Head;
        public int Value;
        public int Calls;
    }

    private struct Node
    {
        public RcuHead Head;
        public ListHead Link;
        public long State;
        public long Value;
    }
}
