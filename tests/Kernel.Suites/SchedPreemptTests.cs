// SchedPreemptTests: when the running thread is interrupted for a more urgent one, and when it must not be. In a kernel without preemption the same
// happens at the next call that may give the CPU away.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class SchedPreemptTests
{
    private const int Mixers = 3;

    private static SchedThread s_urgent;
    private static SchedThread s_other;
    private static WaitQueueHead s_head;
    private static int s_go;
    private static int s_ran;
    private static int s_end;
    private static int s_handled;
    private static int s_seenState;
    private static int s_seenQueued;
    private static MixerThreads s_mixers;
    private static Results s_results;

    private static SchedThread* Urgent => (SchedThread*)Unsafe.AsPointer(ref s_urgent);

    private static SchedThread* Other => (SchedThread*)Unsafe.AsPointer(ref s_other);

    private static WaitQueueHead* Head => (WaitQueueHead*)Unsafe.AsPointer(ref s_head);

    internal static void Endless()
    {
#if PREEMPT
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        Shared.WriteOnce(ref s_end, 0);
        Shared.WriteOnce(ref s_ran, 0);
        if (SchedThread.Run(Other, 0, &SpinForEver, null))
        {
            // It runs, so it has been given the CPU; this line runs again, so it has been taken from it.
            while (Shared.ReadOnce(ref s_ran) == 0)
            {
            }

            Shared.WriteOnce(ref s_end, 1);
            SchedThread.Join(Other);
        }

        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
#else
        Test.Skip("built without kernel preemption"u8);
#endif
    }

    internal static void WakeUp()
    {
        BeginUrgent();
        Shared.WriteOnce(ref s_go, 1);
        WaitQueue.WakeUp(Head);
        ExpectRan(1);
        EndUrgent();
    }

    internal static void FromInterrupt()
    {
        if (!SmpDeviceTests.HasTestDevice())
        {
            Test.Skip("no pc-testdev"u8);
            return;
        }

        BeginUrgent();
        BeginLine();
        for (int i = 1; i <= 20; i++)
        {
            Shared.WriteOnce(ref s_go, i);
            SmpDeviceTests.Pulse(SmpDeviceTests.TestLine);
            Check.True(SmpTests.Becomes(ref s_handled, i));
            ExpectRan(i);
        }

        FreeIrq(SmpDeviceTests.TestLine, null);
        EndUrgent();
    }

    internal static void CountHolds()
    {
        BeginUrgent();
        PreemptDisable();
        Shared.WriteOnce(ref s_go, 1);
        WaitQueue.WakeUp(Head);
        SchedThread.Compute(1);
        Check.Equal(0, s_ran);
        PreemptEnable();
        ExpectRan(1);

        ulong flags = LocalIrqSave();
        Shared.WriteOnce(ref s_go, 2);
        WaitQueue.WakeUp(Head);
        Check.Equal(1, s_ran);
        LocalIrqRestore(flags);
        PreemptDisable();
        PreemptEnable();
        ExpectRan(2);

        if (SmpDeviceTests.HasTestDevice())
        {
            BeginLine();
            PreemptDisable();
            Shared.WriteOnce(ref s_go, 3);
            SmpDeviceTests.Pulse(SmpDeviceTests.TestLine);
            Check.True(SmpTests.Becomes(ref s_handled, 1));
            SynchronizeIrq(SmpDeviceTests.TestLine);
            SchedThread.Compute(1);
            Check.Equal(2, s_ran);
            PreemptEnable();
            ExpectRan(3);
            FreeIrq(SmpDeviceTests.TestLine, null);
        }

        EndUrgent();
    }

    // About to sleep, not asleep: whoever is preempted there must come back to look at the condition.
    internal static void StateSurvives()
    {
        BeginUrgent();
        Shared.WriteOnce(ref s_go, 1);
        PreemptDisable();
        WaitQueue.WakeUp(Head);
        Scheduler.SetCurrentState(TaskState.Interruptible);
        PreemptEnable();
#if PREEMPT
        Check.Equal(1, s_ran);
        Check.Equal((int)TaskState.Interruptible, s_seenState);
        Check.Equal(1, s_seenQueued);
        Check.Equal((int)TaskState.Interruptible, Shared.ReadOnce(ref Current->State));
#endif
        Scheduler.SetCurrentState(TaskState.Running);
        Scheduler.CondResched();
        EndUrgent();
    }

    internal static void CondResched()
    {
        BeginUrgent();
        Scheduler.SetCurrentState(TaskState.Interruptible);
        PreemptDisable();
        Shared.WriteOnce(ref s_go, 1);
        WaitQueue.WakeUp(Head);
        PreemptEnableNoResched();

        // A tick may have done it already; asleep we would not come back.
        Scheduler.CondResched();
        Check.Equal(1, s_ran);
        Check.Equal((int)TaskState.Interruptible, Shared.ReadOnce(ref Current->State));
        Scheduler.SetCurrentState(TaskState.Running);
        Check.False(Scheduler.NeedResched());
        EndUrgent();
    }

    internal static void Registers()
    {
        SchedThread.BeConductor();
        ulong expected = Mix(1000);
        for (int i = 0; i < Mixers; i++)
        {
            SchedThread.Make(Mixer(i), 0, &MixMany, (void*)i);
            Scheduler.SetUserNice(Mixer(i)->Task, 19);
            Check.Equal(0, Scheduler.SetScheduler(Mixer(i)->Task, SchedPolicy.RoundRobin, 10));
            s_results[i] = expected;
        }

        for (int i = 0; i < Mixers; i++)
        {
            SchedThread.Start(Mixer(i));
        }

        ulong switches = 0;

        for (int i = 0; i < Mixers; i++)
        {
            TaskStruct* task = Mixer(i)->Task;
            Tasks.Get(task);
            SchedThread.Join(Mixer(i));
            switches += task->InvoluntarySwitches;
            Check.Equal(0ul, s_results[i]);
            Tasks.Put(task);
        }

        Check.True(switches > Mixers);
        SchedThread.BeOrdinary();
    }

    internal static void Idle()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            RunQueue* rq = RunQueues.Of(cpu);
            Check.Equal(0, rq->Idle->Pid);
            Check.True(rq->Idle->IsIdle && rq->Idle->Array == null);
            ulong before = Shared.ReadOnce(ref rq->TicksIdle);
            uint start = Jiffies;
            while (Shared.ReadOnce(ref rq->TicksIdle) < before + 2 && Jiffies - start < 5 * HZ)
            {
                CpuRelax();
            }

            Check.True(Shared.ReadOnce(ref rq->TicksIdle) >= before + 2);
        }

        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
    }

    private static SchedThread* Mixer(int i) => (SchedThread*)Unsafe.AsPointer(ref s_mixers) + i;

    // A real-time thread that sleeps on this CPU, until s_go is more than what it has seen; then it looks at the thread that runs this.
    private static void BeginUrgent()
    {
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        WaitQueue.Init(Head);
        Shared.WriteOnce(ref s_go, 0);
        Shared.WriteOnce(ref s_ran, 0);
        SchedThread.Make(Urgent, 0, &Follow, Current);
        Check.Equal(0, Scheduler.SetScheduler(Urgent->Task, SchedPolicy.Fifo, 10));
        SchedThread.Start(Urgent);
        Check.True(SchedThread.Asleep(Urgent));
    }

    private static void EndUrgent()
    {
        Shared.WriteOnce(ref s_go, int.MaxValue);
        WaitQueue.WakeUp(Head);
        SchedThread.Join(Urgent);
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
    }

    private static void BeginLine()
    {
        Shared.WriteOnce(ref s_handled, 0);
        Check.Equal(0, RequestIrq(SmpDeviceTests.TestLine, &WakeUrgent, IrqFlags.None, "sched"u8, null));
        if (Smp.HasIoApic)
        {
            SmpLine.Route(SmpDeviceTests.TestLine, 0);
        }
    }

    // With preemption it has run by now; without it runs at the next chance.
    private static void ExpectRan(int times)
    {
#if !PREEMPT
        Scheduler.CondResched();
#endif
        Check.Equal(times, Shared.ReadOnce(ref s_ran));
    }

    private static void Follow(void* observed)
    {
        var task = (TaskStruct*)observed;
        while (Shared.ReadOnce(ref s_go) != int.MaxValue)
        {
            WaitQueue.WaitEvent(Head, &IsBehind, null);
            Shared.WriteOnce(ref s_seenState, Shared.ReadOnce(ref task->State));
            Shared.WriteOnce(ref s_seenQueued, task->Array != null ? 1 : 0);
            Shared.WriteOnce(ref s_ran, Shared.ReadOnce(ref s_go));
        }
    }

    private static bool IsBehind(void* unused) => Shared.ReadOnce(ref s_go) > Shared.ReadOnce(ref s_ran);

    private static IrqReturn WakeUrgent(int irq, void* devId, PtRegs* regs)
    {
        WaitQueue.WakeUp(Head);
        Shared.AddReturn(ref s_handled, 1);
        return IrqReturn.Handled;
    }

    private static void SpinForEver(void* unused)
    {
        Shared.WriteOnce(ref s_ran, 1);
        while (Shared.ReadOnce(ref s_end) == 0)
        {
        }
    }

    // Until five ticks are used, each of which ends its turn.
    private static void MixMany(void* number)
    {
        int i = (int)(nint)number;
        ulong expected = s_results[i];
        ulong wrong = 0;
        while (Shared.ReadOnce(ref Current->Ticks) < 5)
        {
            wrong += Mix(1000) == expected ? 0u : 1u;
            Scheduler.CondResched();
        }

        s_results[i] = wrong;
    }

    // As many values as there are registers, each a function of the others.
    private static ulong Mix(int turns)
    {
        ulong a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8, i = 9, j = 10, k = 11, l = 12;
        for (int turn = 0; turn < turns; turn++)
        {
            a += b ^ (l << 1);
            b = (b * 31) + c;
            c ^= d + (a >> 3);
            d += e * 7;
            e ^= f + b;
            f = (f << 3) + g + (f >> 5);
            g ^= h + c;
            h += i * 13;
            i ^= j + d;
            j = (j * 17) + k;
            k ^= l + e;
            l += a ^ h;
        }

        return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k ^ l;
    }

    [InlineArray(Mixers)]
    private struct MixerThreads
    {
        private SchedThread _first;
    }

    [InlineArray(Mixers)]
    private struct Results
    {
        private ulong _first;
    }
}
