// TaskletControlTests: disabling, enabling and killing tasklets. Part of the suite tasklet.

namespace CSharpOS.Suites;

internal static unsafe class TaskletControlTests
{
    private static int s_runs;

    internal static void DisableNests()
    {
        TaskletStruct* tasklet = Prepare(&Count);
        TaskletDisable(tasklet);
        TaskletDisableNosync(tasklet);
        TaskletRunTests.RunNow(tasklet);
        Check.Equal(0, s_runs);
        Check.True(tasklet->IsScheduled);
        TaskletEnable(tasklet);
        LocalBhDisable();
        LocalBhEnable();
        Check.Equal(0, s_runs);
        Check.True(tasklet->IsScheduled);
        LocalBhDisable();
        TaskletEnable(tasklet);
        LocalBhEnable();
        TaskletKill(tasklet);
        Check.Equal(1, s_runs);
    }

    internal static void DisableItself()
    {
#if DEBUG_CHECKS && SMP
        TaskletStruct* tasklet = Prepare(&Disable);
        TaskletRunTests.RunNow(tasklet);
        Check.Logged("BUG: tasklet_disable from the tasklet itself"u8);
        Check.Equal(1, s_runs);
        TaskletEnable(tasklet);
        TaskletRunTests.RunNow(tasklet);
        Check.Equal(2, s_runs);
        TaskletEnable(tasklet);
#else
        Test.Skip("not checked in this build"u8);
#endif
    }

    internal static void KillScheduled()
    {
        TaskletStruct* tasklet = Prepare(&Count);
        TaskletSchedule(tasklet);
        TaskletKill(tasklet);
        Check.Equal(1, s_runs);
        Check.False(tasklet->IsScheduled || tasklet->IsRunning);

        // Nothing to wait for.
        TaskletKill(tasklet);
        Check.Equal(1, s_runs);
    }

    internal static void KillRescheduling()
    {
        TaskletStruct* tasklet = Prepare(&CountAndSchedule);
        TaskletSchedule(tasklet);
        while (Shared.ReadOnce(ref s_runs) < 3)
        {
            Scheduler.Yield();
        }

        TaskletKill(tasklet);
        int runs = s_runs;
        Check.False(tasklet->IsScheduled || tasklet->IsRunning);
        LocalBhDisable();
        LocalBhEnable();
        Check.Equal(runs, s_runs);

        // Before its first run.
        TaskletHiSchedule(tasklet);
        TaskletKill(tasklet);
        Check.False(tasklet->IsScheduled);
    }

    internal static void KillDisabled()
    {
        TaskletStruct* tasklet = Prepare(&Count);
        TaskletDisable(tasklet);
        TaskletSchedule(tasklet);
        TaskletKill(tasklet);
        Check.False(tasklet->IsScheduled);
        TaskletEnable(tasklet);
        LocalBhDisable();
        LocalBhEnable();
        Check.Equal(0, s_runs);
        TaskletRunTests.RunNow(tasklet);
        Check.Equal(1, s_runs);
    }

    internal static void ScheduleAfterKill()
    {
        TaskletStruct* tasklet = Prepare(&Count);
        for (int i = 1; i <= 3; i++)
        {
            TaskletRunTests.RunNow(tasklet);
            TaskletKill(tasklet);
            Check.Equal(i, s_runs);
        }
    }

    internal static void KillInInterrupt()
    {
        TaskletStruct* tasklet = Prepare(&KillItself);
        TaskletRunTests.RunNow(tasklet);
        Check.Logged("BUG: tasklet_kill from interrupt context"u8);
        Check.Equal(1, s_runs);
        TaskletRunTests.RunNow(tasklet);
        Check.Equal(2, s_runs);
        Check.ForgetLog();
        if (SoftirqTests.InHandler(&Kill))
        {
            Check.Logged("BUG: tasklet_kill from interrupt context"u8);
        }
    }

    private static TaskletStruct* Prepare(delegate*<ulong, void> function)
    {
        s_runs = 0;
        TaskletStruct* tasklet = TaskletTests.Of(0);
        TaskletInit(tasklet, function, (ulong)tasklet);
        return tasklet;
    }

    private static void Count(ulong data) => s_runs++;

    private static void CountAndSchedule(ulong data)
    {
        Shared.WriteOnce(ref s_runs, s_runs + 1);
        TaskletSchedule((TaskletStruct*)data);
    }

    private static void Disable(ulong data)
    {
        s_runs++;
        TaskletDisable((TaskletStruct*)data);
    }

    private static void KillItself(ulong data)
    {
        s_runs++;
        TaskletKill((TaskletStruct*)data);
    }

    private static void Kill() => TaskletKill(TaskletTests.Of(0));
}
