// TaskQueues: the three task queues that were always there, and where each is run.
//
// Linux: tq_timer, tq_immediate (kernel/timer.c, kernel/softirq.c), tq_context (kernel/context.c), to 2.5.40. No locks but the queues' own.
//   timer       each tick, if it is not empty: Clock.Tick marks TqueueBh. Softirq context.
//   immediate   where BHs run, if somebody has marked ImmediateBh: on return from an interrupt, where bottom halves are enabled again, in ksoftirqd, and
//               where process context calls DoSoftirq. Softirq context. Who only queues and does not mark waits for ever.
//   scheduler   by the thread keventd (Keventd.cs), the only one in process context.
// When nobody uses them a tick costs one load and one branch, and nothing else anything.

using System.Runtime.CompilerServices;

namespace CSharpOS.Historical;

/// <summary>The timer, the immediate and the scheduler queue.</summary>
/// <rows>OLD-02</rows>
public static unsafe class TaskQueues
{
    private static TaskQueueHead s_timer, s_immediate, s_scheduler;

    /// <summary>Run at the next tick.</summary>
    /// <linux>tq_timer</linux>
    /// <rows>OLD-02</rows>
    public static TaskQueueHead* Timer => (TaskQueueHead*)Unsafe.AsPointer(ref s_timer);

    /// <summary>Run as soon as BHs run, for those that also mark <see cref="BottomHalf.ImmediateBh"/>.</summary>
    /// <linux>tq_immediate</linux>
    /// <rows>OLD-02</rows>
    public static TaskQueueHead* Immediate => (TaskQueueHead*)Unsafe.AsPointer(ref s_immediate);

    /// <summary>Run by keventd; <see cref="Keventd.ScheduleTask"/> queues and wakes it.</summary>
    /// <linux>tq_context</linux>
    /// <rows>OLD-02</rows>
    public static TaskQueueHead* Scheduler => (TaskQueueHead*)Unsafe.AsPointer(ref s_scheduler);

    /// <summary>The queues are empty, and have their BHs. Once, at boot, after <see cref="BottomHalf.Init"/>.</summary>
    internal static void Init()
    {
        TaskQueue.Init(Timer);
        TaskQueue.Init(Immediate);
        TaskQueue.Init(Scheduler);
        BottomHalf.InitBh(BottomHalf.TqueueBh, &RunTimerQueue);
        BottomHalf.InitBh(BottomHalf.ImmediateBh, &RunImmediateQueue);
    }

    /// <summary>A tick: what is in the timer queue runs when the interrupt is over. From Clock.Tick, interrupts off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Tick()
    {
        if (TaskQueue.IsActive(Timer))
        {
            BottomHalf.MarkBh(BottomHalf.TqueueBh);
        }
    }

    // Linux: tqueue_bh.
    private static void RunTimerQueue() => TaskQueue.RunTaskQueue(Timer);

    // Linux: immediate_bh.
    private static void RunImmediateQueue() => TaskQueue.RunTaskQueue(Immediate);
}
