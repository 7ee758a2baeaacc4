// DelayedWorkTests: works with a timer. Part of the suite workqueue.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class DelayedWorkTests
{
    private const uint Delay = 5;
    private const uint Long = 1000 * HZ;

    private static DelayedWork s_work;
    private static int s_runs;
    private static uint s_when;
    private static int s_cpu;
    private static int s_again;

    private static DelayedWork* Work => (DelayedWork*)Unsafe.AsPointer(ref s_work);

    internal static void NeverEarly()
    {
        Begin();
        uint start = Jiffies;
        Check.True(ScheduleDelayedWork(Work, Delay));
        Check.True(DelayedWork.IsPending(Work));
        Check.False(ScheduleDelayedWork(Work, 0));
        FlushScheduledWork();
        Check.True(s_runs == 0 || TimeAfterEq(s_when, start + Delay));
        WorkqueueTests.Await(ref s_runs, 1);
        Check.True(TimeAfterEq(s_when, start + Delay));
        Check.Equal(1, s_runs);
        Check.False(DelayedWork.IsPending(Work));
    }

    internal static void ZeroIsAtOnce()
    {
        Begin();
        Check.True(ScheduleDelayedWork(Work, 0));
        FlushScheduledWork();
        Check.Equal(1, s_runs);
    }

    internal static void FlushDoesNotWait()
    {
        Begin();
        Check.True(ScheduleDelayedWork(Work, Long));
        FlushScheduledWork();
        Check.Equal(0, s_runs);
        Check.True(DelayedWork.IsPending(Work));
        Check.True(FlushDelayedWork(Work));
        Check.Equal(1, s_runs);
        Check.False(DelayedWork.IsPending(Work));
    }

    internal static void Cancel()
    {
        Begin();
        Check.False(CancelDelayedWork(Work));
        Check.True(ScheduleDelayedWork(Work, Long));
        Check.True(CancelDelayedWork(Work));
        Check.False(DelayedWork.IsPending(Work));
        Check.False(CancelDelayedWork(Work));
        Check.True(ScheduleDelayedWork(Work, Long));
        Check.True(CancelDelayedWorkSync(Work));
        Check.False(CancelDelayedWorkSync(Work));
        FlushScheduledWork();
        Check.Equal(0, s_runs);
    }

    internal static void CancelRearming()
    {
        for (uint delay = 0; delay < 3; delay++)
        {
            Begin();
            s_again = (int)delay;
            DelayedWork.Init(Work, &RunAgain);
            ScheduleDelayedWork(Work, 0);
            WorkqueueTests.Await(ref s_runs, 3);
            CancelDelayedWorkSync(Work);
            int runs = s_runs;
            uint start = Jiffies;
            while (TimeBefore(Jiffies, start + 5))
            {
                Scheduler.Yield();
            }

            FlushScheduledWork();
            Check.Equal(runs, s_runs);
            Check.False(DelayedWork.IsPending(Work));
        }
    }

    internal static void OnCpu()
    {
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Begin();
            Check.True(ScheduleDelayedWorkOn(cpu, Work, 1));
            WorkqueueTests.Await(ref s_runs, 1);
            FlushScheduledWork();
            Check.Equal(cpu, s_cpu);
        }
    }

    private static void Begin()
    {
        s_runs = 0;
        DelayedWork.Init(Work, &Run);
    }

    private static void Run(WorkStruct* work)
    {
        s_when = Jiffies;
        s_cpu = SmpProcessorId();
        Shared.AddReturn(ref s_runs, 1);
    }

    private static void RunAgain(WorkStruct* work)
    {
        Shared.AddReturn(ref s_runs, 1);
        ScheduleDelayedWork((DelayedWork*)work, (uint)s_again);
    }
}
