// Keventd: the thread that runs the scheduler queue.
//
// Linux: kernel/context.c (2.4), which became the work queues. ScheduleTask: any context but an NMI, does not sleep. FlushScheduledTasks: process context; sleeps.
// No locks but those of the queue and of the wait queue.
// It is a thread of its own and not events/n: there was one keventd for the whole machine, so functions of this queue run one after the other, in order; and one
// that sleeps keeps all others waiting. A work in events/n would run on several CPUs at once and show neither.

using System.Runtime.CompilerServices;

namespace CSharpOS.Historical;

/// <summary>The scheduler queue's thread.</summary>
/// <rows>OLD-02</rows>
public static unsafe class Keventd
{
    private static WaitQueueHead s_wait;

    private static WaitQueueHead* Head => (WaitQueueHead*)Unsafe.AsPointer(ref s_wait);

    /// <summary>Starts the thread. Once, at boot, process context, after <see cref="TaskQueues.Init"/>; may sleep.</summary>
    /// <returns>0; -ENOMEM, -EAGAIN.</returns>
    /// <linux>start_context_thread</linux>
    internal static int Start()
    {
        WaitQueue.Init(Head);
        Kthread.Run(&Run, null, $"keventd", out int error);
        return error;
    }

    /// <summary>Has keventd call an entry's function soon, in process context, after all that were scheduled before. The function may sleep; the others
    /// wait meanwhile. Any context but an NMI.</summary>
    /// <returns>True; false if it is in a queue already.</returns>
    /// <linux>schedule_task</linux>
    /// <rows>OLD-02</rows>
    public static bool ScheduleTask(TaskQueueStruct* entry)
    {
        bool queued = TaskQueue.QueueTask(entry, TaskQueues.Scheduler);
        WaitQueue.WakeUp(Head);
        return queued;
    }

    /// <summary>Waits until all that was scheduled before has returned. Process context; sleeps; not from a function of this queue.</summary>
    /// <linux>flush_scheduled_tasks</linux>
    /// <rows>OLD-02</rows>
    public static void FlushScheduledTasks()
    {
        MightSleep();
        Completion done;
        Completion.Init(&done);
        TaskQueueStruct last;
        TaskQueue.Init(&last, &Complete, &done);
        ScheduleTask(&last);
        Completion.Wait(&done);
    }

    private static int Run(void* unused)
    {
        while (true)
        {
            WaitQueue.WaitEvent(Head, &HasWork, null);
            TaskQueue.RunTaskQueue(TaskQueues.Scheduler);
        }
    }

    private static bool HasWork(void* unused) => TaskQueue.IsActive(TaskQueues.Scheduler);

    private static void Complete(void* done) => Completion.Complete((Completion*)done);
}
