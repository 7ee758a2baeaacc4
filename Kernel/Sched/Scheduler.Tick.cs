// Scheduler.Tick: what the clock does to the running task.
//
// Linux: scheduler_tick and recalc_task_prio of kernel/sched.c. Tick runs in the timer interrupt of each CPU, interrupts off. Lock: the
// run queue of this CPU.
// A task that has used its slice goes to the expired array and waits until all active ones have had theirs; one that sleeps a lot
// (interactive) goes back to the active array, unless the expired ones have starved too long.

using System.Runtime.CompilerServices;

namespace CSharpOS.Sched;

public static unsafe partial class Scheduler
{
    // Expired tasks wait at most this many ticks per runnable task for interactive ones.
    private const int StarvationLimit = Clock.HZ;
    private const int GranularityTicks = Clock.HZ / 50;

    /// <summary>One tick of this CPU's clock.</summary>
    /// <linux>scheduler_tick</linux>
    public static void Tick()
    {
        if (!Running)
        {
            return;
        }

        RunQueue* rq = RunQueues.This;
        TaskStruct* task = rq->Current;
        task->Ticks++;
        PtRegs* interrupted = Hot->InterruptRegs;
        bool userMode = interrupted != null && interrupted->UserMode;
        task->UserTicks += userMode ? 1u : 0;
        AccountTick(rq, task, userMode);
        if (task == rq->Idle)
        {
            TriggerBalance(rq, idle: true);
            return;
        }

        if (task->Process != null && (task->Flags & TaskFlags.Exiting) == 0)
        {
            CpuTimers.Tick(task->Process, userMode);
        }

        rq->Lock.Lock();
        if (task->Array != rq->Active)
        {
            // Expired already; it has not been switched away yet.
            Cpu.NeedResched = true;
        }
        else if (task->Policy != SchedPolicy.Normal)
        {
            TickRealTime(task);
        }
        else if (--task->TimeSlice <= 0)
        {
            Expire(rq, task);
        }
        else if (Priority.IsInteractive(task) && task->TimeSlice % GranularityTicks == 0)
        {
            // Equals among the interactive take turns within their slices.
            PriorityArray.Requeue(rq->Active, task);
            Cpu.NeedResched = true;
        }

        rq->Lock.Unlock();
        TriggerBalance(rq, idle: false);
    }

    private static void TickRealTime(TaskStruct* task)
    {
        if (task->Policy != SchedPolicy.RoundRobin || --task->TimeSlice > 0)
        {
            return;
        }

        task->TimeSlice = Priority.TimeSlice(task->StaticPrio);
        PriorityArray.Requeue(task->Array, task);
        Cpu.NeedResched = true;
    }

    private static void Expire(RunQueue* rq, TaskStruct* task)
    {
        PriorityArray.Dequeue(rq->Active, task);
        Cpu.NeedResched = true;
        task->Prio = Priority.Effective(task);
        task->TimeSlice = Priority.TimeSlice(task->StaticPrio);
        if (rq->ExpiredTimestamp == 0)
        {
            rq->ExpiredTimestamp = Jiffies | 1;
        }

        bool starving = Jiffies - rq->ExpiredTimestamp > (uint)(StarvationLimit * (rq->RunningCount + 1));
        PriorityArray.Enqueue(!Priority.IsInteractive(task) || starving ? rq->Expired : rq->Active, task);
    }

    // Running costs what sleeping earned, the slower the more had been earned. In the scheduler, run queue locked.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Account(TaskStruct* task, ulong now)
    {
        ulong ran = Elapsed(task->Timestamp, now);
        task->Timestamp = now;
        if (task->IsIdle)
        {
            return;
        }

        uint bonus = task->SleepAverage / (Priority.MaxSleepAverage / 10);
        ulong cost = ran / (bonus == 0 ? 1 : bonus);
        task->SleepAverage = cost >= task->SleepAverage ? 0 : task->SleepAverage - (uint)cost;
    }

    // The other end may have been read on another CPU, whose clock may be a little ahead.
    private static ulong Elapsed(ulong since, ulong now) => now > since ? now - since : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CreditSleep(TaskStruct* task)
    {
        ulong now = Clock.SchedClock();
        ulong slept = Elapsed(task->Timestamp, now);
        task->Timestamp = now;
        ulong average = task->SleepAverage + slept;
        task->SleepAverage = average > Priority.MaxSleepAverage ? Priority.MaxSleepAverage : (uint)average;
    }
}
