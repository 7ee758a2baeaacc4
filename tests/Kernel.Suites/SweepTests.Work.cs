// The sweep through queue_work, cancel_work_sync, mod_timer and hrtimer_start.

namespace CSharpOS.Suites;

public static unsafe partial class SweepTests
{
    private const long Second = 1_000_000_000;

    private static void QueueAndFlush()
    {
        if (Begin())
        {
            s_wq = CreateSinglethreadWorkqueue("sweep"u8);
            WorkStruct.Init(Work, &WorkSees);
            Sweep.Run(&WorkPath, &StrikeQueues, &WorkSeen);
            DestroyWorkqueue(s_wq);
        }
    }

    private static void WorkSees(WorkStruct* work)
    {
        Shared.AddReturn(ref s_runs, 1);
        See();
    }

    private static void WorkPath()
    {
        StrikeQueues();
        FlushWorkqueue(s_wq);
    }

    // A work that was pending runs later, and then sees this request too.
    private static void StrikeQueues()
    {
        Ask();
        if (QueueWork(s_wq, Work))
        {
            Shared.AddReturn(ref s_queued, 1);
        }
    }

    private static void WorkSeen()
    {
        FlushWorkqueue(s_wq);
        AllSeen();
        CheckSame(s_queued, s_runs);
        CheckSame(0, WorkStruct.IsPending(Work) ? 1 : 0);
    }

    private static void Cancel()
    {
        if (Begin())
        {
            s_wq = CreateSinglethreadWorkqueue("sweep"u8);
            WorkStruct.Init(Work, &WorkSees);
            Sweep.Run(&CancelPath, &StrikeQueues, &Cancelled);
            DestroyWorkqueue(s_wq);
        }
    }

    private static void CancelPath()
    {
        StrikeQueues();
        if (CancelWorkSync(Work))
        {
            Shared.AddReturn(ref s_queued, -1);
        }
    }

    // What the strike queued after the cancellation runs; what was cancelled does not.
    private static void Cancelled()
    {
        FlushWorkqueue(s_wq);
        CheckSame(s_queued, s_runs);
        CheckSame(0, WorkStruct.IsPending(Work) ? 1 : 0);
    }

    private static void ModifyTimer()
    {
        if (Begin())
        {
            SetupTimer(Timer, &TaskletSees, 0);
            Sweep.Run(&TimerPath, &StrikeModifies, &TimerDeleted);
        }
    }

    private static void TimerPath()
    {
        ModTimer(Timer, Jiffies + (10 * HZ));
        ModTimer(Timer, Jiffies + (20 * HZ));
        DelTimer(Timer);
        ModTimer(Timer, Jiffies + (30 * HZ));
    }

    private static void StrikeModifies()
    {
        ModTimer(Timer, Jiffies + (1000 * HZ));
        CheckSame(1, DelTimer(Timer));
        CheckSame(0, DelTimer(Timer));
        ModTimer(Timer, Jiffies + HZ);
    }

    private static void TimerDeleted()
    {
        CheckSame(1, TimerPending(Timer) ? 1 : 0);
        CheckSame(1, DelTimerSync(Timer));
        CheckSame(0, DelTimerSync(Timer));
        CheckSame(0, s_seen);
    }

    private static void ModifyHrtimer()
    {
        if (Begin())
        {
            // The first of all, so that no other programs the device, which is the sweep's own.
            Hrtimer first;
            HrtimerInit(&first, &HrtimerSees);
            HrtimerStart(&first, Second, HrtimerMode.Rel);
            HrtimerInit(HighResolution, &HrtimerSees);
            Sweep.Run(&HrtimerPath, &StrikeStarts, &HrtimerDeleted);
            Check.Equal(1, HrtimerCancel(&first));
        }
    }

    private static HrtimerRestart HrtimerSees(Hrtimer* timer)
    {
        See();
        return HrtimerRestart.NoRestart;
    }

    private static void HrtimerPath()
    {
        HrtimerStart(HighResolution, 10 * Second, HrtimerMode.Rel);
        HrtimerStart(HighResolution, 20 * Second, HrtimerMode.Rel);
        HrtimerTryToCancel(HighResolution);
        HrtimerStart(HighResolution, 30 * Second, HrtimerMode.Rel);
    }

    private static void StrikeStarts()
    {
        HrtimerStart(HighResolution, 1000 * Second, HrtimerMode.Rel);
        CheckSame(1, HrtimerTryToCancel(HighResolution));
        CheckSame(0, HrtimerTryToCancel(HighResolution));
        HrtimerStart(HighResolution, 40 * Second, HrtimerMode.Rel);
    }

    private static void HrtimerDeleted()
    {
        CheckSame(1, HrtimerActive(HighResolution) ? 1 : 0);
        CheckSame(1, HrtimerCancel(HighResolution));
        CheckSame(0, HrtimerCancel(HighResolution));
        CheckSame(0, s_seen);
    }
}
