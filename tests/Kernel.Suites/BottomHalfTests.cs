// BottomHalfTests: local_bh_disable and local_bh_enable. Part of the suite softirq.

namespace CSharpOS.Suites;

internal static unsafe class BottomHalfTests
{
    private const int Depth = 4;

    private static int s_runs;
    private static int s_urgentRan;

    internal static void Nest()
    {
        Prepare();
        for (int i = 0; i < Depth; i++)
        {
            LocalBhDisable();
            Check.Equal((i + 1) * SoftirqOffset, PreemptCount());
        }

        RaiseSoftirq(SoftirqTests.First);
        for (int i = 0; i < Depth; i++)
        {
            Check.Equal(0, s_runs);
            LocalBhEnable();
        }

        Check.Equal(1, s_runs);
        Check.Equal(0, PreemptCount());
    }

    internal static void Contexts()
    {
        Check.False(InSoftirq() || InInterrupt() || InAtomic());
        LocalBhDisable();
        Check.True(InSoftirq() && InInterrupt() && InAtomic());
        Check.False(InIrq() || IrqsDisabled());
        LocalBhEnable();
        Check.False(InSoftirq() || InInterrupt() || InAtomic());

        // Without a look at what is pending.
        Prepare();
        ulong flags = LocalIrqSave();
        LocalBhDisable();
        RaiseSoftirqIrqoff(SoftirqTests.First);
        _LocalBhEnable();
        Check.Equal(0, PreemptCount());
        Check.Equal(0, s_runs);
        DoSoftirq();
        Check.Equal(1, s_runs);
        LocalIrqRestore(flags);
    }

    internal static void InterruptWhileDisabled()
    {
        Prepare();
        fixed (int* runs = &s_runs)
        {
            if (SoftirqTests.InHandlerWithBhDisabled(&RaiseFirst, runs))
            {
                Check.Equal(1, s_runs);
            }
        }
    }

    internal static void NoPreemption()
    {
        s_urgentRan = 0;
        TaskStruct* thread = Kthread.Create(&Urgent, null, $"bh_test", out int error);
        Check.Equal(0, error);
        Kthread.Bind(thread, 0);
        Check.Equal(0, Scheduler.SetScheduler(thread, SchedPolicy.Fifo, 50));
        LocalBhDisable();
        Scheduler.WakeUpProcess(thread);

        // Ticks come meanwhile: on their way out they see that somebody more urgent waits.
        uint start = Jiffies;
        while (Jiffies - start < 3)
        {
            CpuRelax();
        }

        Check.Equal(0, Shared.ReadOnce(ref s_urgentRan));
        LocalBhEnable();
#if PREEMPT
        Check.Equal(1, Shared.ReadOnce(ref s_urgentRan));
#endif
        Scheduler.CondResched();
        Check.Equal(1, Shared.ReadOnce(ref s_urgentRan));
    }

    internal static void EnableIrqsOff()
    {
#if DEBUG_CHECKS
        LocalBhDisable();
        LocalBhEnable();
        Check.NotLogged("local_bh_enable"u8);
        LocalBhDisable();
        ulong flags = LocalIrqSave();
        LocalBhEnable();
        LocalIrqRestore(flags);
        Check.Logged("BUG: local_bh_enable with interrupts off"u8);
        Check.Equal(0, PreemptCount());
#else
        Test.Skip("not checked in this build"u8);
#endif
    }

    internal static void Unbalanced()
    {
#if DEBUG_CHECKS
        LocalBhEnable();
        Check.Logged("BUG: local_bh_enable without local_bh_disable"u8);
        Check.Equal(0, PreemptCount());
#else
        Test.Skip("not checked in this build"u8);
#endif
    }

    private static void Prepare()
    {
        s_runs = 0;
        Check.Equal(0, OpenSoftirq(SoftirqTests.First, &Count));
    }

    private static void Count(SoftirqAction* entry) => s_runs++;

    private static void RaiseFirst() => RaiseSoftirqIrqoff(SoftirqTests.First);

    private static int Urgent(void* unused)
    {
        Shared.WriteOnce(ref s_urgentRan, 1);
        return 0;
    }
}
