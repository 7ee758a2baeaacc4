// Migration: moving a task that is running off its CPU.
//
// Linux: migration_thread, kernel/sched.c. One thread per CPU, real-time priority 99, bound. A running task cannot be moved; once the
// migration thread runs on its CPU, it is not running any more. Requests: process context, sleep. Lock: a queue's own.

using System.Numerics;

namespace CSharpOS.Sched;

/// <summary>The migration threads.</summary>
internal static unsafe class Migration
{
    private static PerCpu<Queue> s_queues;
    private static bool s_started;

    /// <summary>Starts the thread of every online CPU. Once, at boot.</summary>
    internal static int Init()
    {
        s_started = false;
        s_queues = PerCpu<Queue>.Allocate();
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            if ((Smp.OnlineMask & (1u << cpu)) == 0)
            {
                continue;
            }

            Queue* queue = s_queues.On(cpu);
            queue->Lock.Init();
            ListHead.Init(&queue->Requests);
            TaskStruct* thread = Kthread.Create(&Serve, queue, $"migration/{cpu}", out int error);
            if (thread == null)
            {
                return error;
            }

            Kthread.Bind(thread, cpu);
            Scheduler.SetScheduler(thread, SchedPolicy.Fifo, 99);
            queue->Thread = thread;
            Scheduler.WakeUpProcess(thread);
        }

        s_started = true;
        return 0;
    }

    /// <summary>Moves a running task off a CPU that it may not use. Sleeps until it has left it: it may have done so by itself.</summary>
    /// <returns>0; -EAGAIN if that CPU has no migration thread (yet).</returns>
    internal static int MoveRunning(TaskStruct* task)
    {
        Request request = default;
        request.Task = task;
        Completion.Init(&request.Done);
        Queue* queue = s_started ? s_queues.On(Shared.ReadOnce(ref task->Cpu)) : null;
        if (queue == null || queue->Thread == null)
        {
            return -EAGAIN;
        }

        ulong flags = queue->Lock.LockIrqSave();
        ListHead.AddTail(&request.Link, &queue->Requests);
        queue->Lock.UnlockIrqRestore(flags);
        Scheduler.WakeUpProcess(queue->Thread);
        Completion.Wait(&request.Done);
        return 0;
    }

    private static int Serve(void* argument)
    {
        var queue = (Queue*)argument;
        while (true)
        {
            Scheduler.SetCurrentState(TaskState.Interruptible);
            Request* request = Take(queue);
            if (request == null)
            {
                Scheduler.Schedule();
                continue;
            }

            Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
            MoveAway(request->Task);
            Completion.Complete(&request->Done);
        }
    }

    private static Request* Take(Queue* queue)
    {
        ulong flags = queue->Lock.LockIrqSave();
        Request* request = null;
        if (!ListHead.Empty(&queue->Requests))
        {
            request = (Request*)queue->Requests.Next;
            ListHead.Del(&request->Link);
        }

        queue->Lock.UnlockIrqRestore(flags);
        return request;
    }

    // It may have moved, or run elsewhere, by itself meanwhile: the requester looks again.
    private static void MoveAway(TaskStruct* task)
    {
        RunQueue* rq = RunQueues.LockOf(task, out ulong flags);
        uint usable = task->CpusAllowed & Smp.OnlineMask;
        bool forbidden = (usable & (1u << task->Cpu)) == 0 && usable != 0;
        rq->Lock.UnlockIrqRestore(flags);
        if (forbidden)
        {
            Scheduler.Migrate(task, rq, RunQueues.Of(BitOperations.TrailingZeroCount(usable)));
        }
    }

    private struct Queue
    {
        public SpinLock Lock;
        public ListHead Requests;
        public TaskStruct* Thread;
    }

    private struct Request
    {
        public ListHead Link;
        public TaskStruct* Task;
        public Completion Done;
    }
}
