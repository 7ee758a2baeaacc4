// DelayedWork: a work that is queued when a time is over.
//
// Linux: struct delayed_work; queue_delayed_work, cancel_delayed_work and its _sync, kernel/workqueue.c. Queueing and cancelling: any context, never sleeps;
// the _sync forms and flushing: process context, sleep.
// The pending bit of the work is set from queueing on, while the timer runs too: so nobody queues it a second time. Who makes the timer inactive, or whose
// function it calls, owns the bit then.

using System.Runtime.CompilerServices;

namespace CSharpOS.Workqueues;

/// <summary>A work with a timer. The work stands first: the handler's pointer is that of the whole.</summary>
/// <linux>delayed_work</linux>
/// <rows>WORK-04</rows>
public unsafe struct DelayedWork
{
    /// <summary>What is done in the end.</summary>
    public WorkStruct Work;

    internal TimerList Timer;
    internal WorkqueueStruct* Wq;

    /// <summary>The CPU asked for; -1: the one where the timer runs.</summary>
    internal int Cpu;

    /// <summary>Makes a delayed work ready to be queued. Not while it is pending. Any context.</summary>
    /// <linux>INIT_DELAYED_WORK</linux>
    public static void Init(DelayedWork* work, delegate*<WorkStruct*, void> function)
    {
        WorkStruct.Init(&work->Work, function);
        SetupTimer(&work->Timer, &Workqueue.DelayedWorkTimer, (ulong)work);
        work->Wq = null;
        work->Cpu = -1;
    }

    /// <summary>True from queueing until just before the handler is called.</summary>
    /// <linux>delayed_work_pending</linux>
    public static bool IsPending(DelayedWork* work) => WorkStruct.IsPending(&work->Work);

    /// <summary>What a timer leads to: its function, or the handler of the delayed work that it belongs to. The timer's base is locked.</summary>
    internal static void* HandlerOf(TimerList* timer)
    {
        delegate*<ulong, void> ours = &Workqueue.DelayedWorkTimer;
        return (void*)timer->Function == (void*)ours ? (void*)((DelayedWork*)timer->Data)->Work.Function : (void*)timer->Function;
    }
}

public static unsafe partial class Workqueue
{
    /// <summary>Queues a work when <paramref name="delay"/> ticks are over, never earlier; 0: at once. Any context, never sleeps.</summary>
    /// <returns>True; false if it was pending already: nothing changes.</returns>
    /// <linux>queue_delayed_work</linux>
    /// <rows>WORK-04</rows>
    public static bool QueueDelayedWork(WorkqueueStruct* wq, DelayedWork* work, uint delay) => QueueDelayed(-1, wq, work, delay);

    /// <summary>The same, for the worker of CPU <paramref name="cpu"/>.</summary>
    /// <linux>queue_delayed_work_on</linux>
    /// <rows>WORK-04</rows>
    public static bool QueueDelayedWorkOn(int cpu, WorkqueueStruct* wq, DelayedWork* work, uint delay) => QueueDelayed(cpu, wq, work, delay);

    /// <summary>As <see cref="QueueDelayedWork"/>, into the queue events.</summary>
    /// <linux>schedule_delayed_work</linux>
    /// <rows>WORK-04</rows>
    public static bool ScheduleDelayedWork(DelayedWork* work, uint delay) => QueueDelayed(-1, SystemWorkqueues.Events, work, delay);

    /// <summary>As <see cref="QueueDelayedWorkOn"/>, into the queue events.</summary>
    /// <linux>schedule_delayed_work_on</linux>
    public static bool ScheduleDelayedWorkOn(int cpu, DelayedWork* work, uint delay) => QueueDelayed(cpu, SystemWorkqueues.Events, work, delay);

    /// <summary>Stops the timer of a work. A work whose time is over may be waiting or running and is not stopped. Any context but the timer's own
    /// interrupt; does not sleep.</summary>
    /// <returns>True if the time was not over: the work will not run.</returns>
    /// <linux>cancel_delayed_work</linux>
    /// <rows>WORK-04</rows>
    public static bool CancelDelayedWork(DelayedWork* work)
    {
        bool stopped = DelTimerSync(&work->Timer) != 0;
        if (stopped)
        {
            WorkStruct.ClearPending(&work->Work);
        }

        return stopped;
    }

    /// <summary>Takes a work back wherever it is and waits until its handler runs nowhere, also if the handler queues it again. Sleeps.</summary>
    /// <returns>True if it was pending.</returns>
    /// <linux>cancel_delayed_work_sync</linux>
    /// <rows>WORK-04</rows>
    public static bool CancelDelayedWorkSync(DelayedWork* work)
    {
        MightSleep();
        bool pending = false;
        bool stopped;
        while (!(stopped = DelTimerSync(&work->Timer) != 0) && !TryToGrabPending(&work->Work, out pending))
        {
            // Between the timer and the queue, or between the queue and the handler.
            CpuRelax();
            Scheduler.CondResched();
        }

        WaitOnWork(&work->Work);
        WorkStruct.ClearPending(&work->Work);
        return pending || stopped;
    }

    /// <summary>Lets a waiting time be over at once and waits until the work is done. Sleeps.</summary>
    /// <returns>True if there was something to wait for.</returns>
    /// <linux>flush_delayed_work</linux>
    public static bool FlushDelayedWork(DelayedWork* work)
    {
        MightSleep();
        bool stopped = DelTimerSync(&work->Timer) != 0;
        if (stopped)
        {
            PreemptDisable();
            InsertDelayed(work);
            PreemptEnable();
        }

        return FlushWork(&work->Work) || stopped;
    }

    /// <summary>The function of the timer: softirq context.</summary>
    /// <linux>delayed_work_timer_fn</linux>
    internal static void DelayedWorkTimer(ulong data) => InsertDelayed((DelayedWork*)data);

    private static bool QueueDelayed(int cpu, WorkqueueStruct* wq, DelayedWork* work, uint delay)
    {
        if (!WorkStruct.TakePending(&work->Work))
        {
            return false;
        }

        work->Wq = wq;
        work->Cpu = cpu;
        if (delay == 0)
        {
            PreemptDisable();
            InsertDelayed(work);
            PreemptEnable();
            return true;
        }

        // One more: the tick that is under way is not a whole one.
        work->Timer.Expires = Jiffies + delay + 1;
        if (cpu < 0)
        {
            AddTimer(&work->Timer);
        }
        else
        {
            AddTimerOn(&work->Timer, cpu);
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InsertDelayed(DelayedWork* work) =>
        Insert(WorkqueueStruct.PerCpu(work->Wq, work->Cpu < 0 ? SmpProcessorId() : work->Cpu), &work->Work);
}
