// The sweep through wake-up, context switch and going to sleep.

namespace CSharpOS.Suites;

public static unsafe partial class SweepTests
{
    private static void WakeAndSwitch()
    {
        if (Begin() && StartSleeper())
        {
            Sweep.Run(&WakePath, &StrikeWakes, &WokenOften);
            Kthread.Stop(s_thread);
        }
    }

    // More urgent than this task: a wake-up switches to it at once, where the kernel can be preempted.
    private static bool StartSleeper()
    {
        s_thread = Kthread.Create(&Sleeper, null, $"sleeper", out int error);
        Check.Equal(0, error);
        if (error != 0)
        {
            return false;
        }

        Scheduler.SetScheduler(s_thread, SchedPolicy.Fifo, 50);
        Scheduler.WakeUpProcess(s_thread);
        return true;
    }

    private static int Sleeper(void* unused)
    {
        while (!Kthread.ShouldStop())
        {
            Scheduler.SetCurrentState(TaskState.Interruptible);
            if (Shared.ReadOnce(ref s_seen) == Shared.ReadOnce(ref s_asked) && !Kthread.ShouldStop())
            {
                Scheduler.Schedule();
            }

            Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
            See();
        }

        return 0;
    }

    private static void WakePath()
    {
        Ask();
        Scheduler.WakeUpProcess(s_thread);
        Scheduler.CondResched();
    }

    private static void StrikeWakes()
    {
        Ask();
        Scheduler.WakeUpProcess(s_thread);
    }

    private static void WokenOften()
    {
        for (int turns = 0; s_asked != Shared.ReadOnce(ref s_seen) && turns < MostTurns; turns++)
        {
            Scheduler.Yield();
        }

        AllSeen();
    }

    private static void SleepAgainstWake()
    {
        if (Begin())
        {
            WaitQueue.Init(Head);
            Sweep.Run(&SleepPath, &StrikeWakesHead, &Nothing);
        }
    }

    // The pattern of every wait: whenever the strike comes, it ends it.
    private static void SleepPath()
    {
        if (s_seen == 0)
        {
            // The first time, without the timer: nobody would wake.
            s_seen = s_asked = 1;
            return;
        }

        int before = s_runs;
        WaitQueueEntry wait = WaitQueueEntry.ForCurrent();
        while (true)
        {
            WaitQueue.PrepareToWait(Head, &wait, TaskState.Uninterruptible);
            if (Shared.ReadOnce(ref s_asked) > s_seen)
            {
                break;
            }

            Scheduler.Schedule();
        }

        WaitQueue.FinishWait(Head, &wait);
        s_seen = Shared.ReadOnce(ref s_asked);
        s_runs = before + 1;
    }

    private static void StrikeWakesHead()
    {
        Ask();
        WaitQueue.WakeUp(Head);
    }

    private static void Nothing()
    {
        CheckSame(0, WaitQueue.IsActive(Head) ? 1 : 0);
    }
}
