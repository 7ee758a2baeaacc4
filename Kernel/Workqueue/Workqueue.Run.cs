// Workqueue.Run: the worker threads.
//
// Linux: worker_thread and run_workqueue, kernel/workqueue.c. Process context, interrupts on; handlers may sleep. Lock: the CpuWorkqueueStruct's, not
// held while a handler runs.
// A bound queue has one worker per CPU, so its works run one after the other, in order. An unbound one begins with one worker; a worker that is about to
// run a handler first makes another one if nobody would be left to take the next work, up to max_active.
// A handler that ends by a fault costs its work, not the worker: the others still get done.

using System.Runtime.CompilerServices;

namespace CSharpOS.Workqueues;

public static unsafe partial class Workqueue
{
    // How deep handlers may flush their own queue: a handler inside a handler inside a handler.
    private const int MaxRunDepth = 3;

    // Linux: worker_thread.
    private static int WorkerThread(void* argument)
    {
        var worker = (Worker*)argument;
        while (Recovery.Call(&Serve, worker) != 0)
        {
            AfterFault(worker);
        }

        return 0;
    }

    private static void Serve(void* argument)
    {
        var worker = (Worker*)argument;
        CpuWorkqueueStruct* cwq = worker->Cwq;
        while (true)
        {
            cwq->Lock.LockIrq();
            if (!ListHead.Empty(&worker->IdleLink))
            {
                // Linux: worker_leave_idle. Something else than a work has woken us.
                ListHead.DelInit(&worker->IdleLink);
            }

            if (Kthread.ShouldStop())
            {
                break;
            }

            if (HasWork(cwq))
            {
                RunWorkqueue(worker);
                continue;
            }

            // Linux: worker_enter_idle. On the list and asleep before the lock is given back: who queues a work from then on wakes us.
            ListHead.AddTail(&worker->IdleLink, &cwq->IdleWorkers);
            Scheduler.SetCurrentState(TaskState.Interruptible);
            cwq->Lock.UnlockIrq();
            if (!Kthread.ShouldStop())
            {
                Scheduler.Schedule();
            }

            Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
        }

        cwq->Lock.UnlockIrq();
    }

    // Linux: wake_up_worker. Wakes the worker that has been idle longest. The queue is locked. False if none was idle.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool WakeIdleWorker(CpuWorkqueueStruct* cwq)
    {
        if (ListHead.Empty(&cwq->IdleWorkers))
        {
            return false;
        }

        ListHead* link = cwq->IdleWorkers.Next;
        Worker* worker = ListHead.Entry<Worker>(link, (int)((byte*)&((Worker*)link)->IdleLink - (byte*)link));
        ListHead.DelInit(&worker->IdleLink);
        Scheduler.TryToWakeUpIrqsOff(worker->Thread, Scheduler.AnySleep);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool HasWork(CpuWorkqueueStruct* cwq) => !ListHead.Empty(&cwq->Worklist) && !IsFrozen(cwq->Wq);

    /// <summary>Does all works that wait. From the worker; from a handler that flushes its own queue, inside the handler. The queue is locked, and not on
    /// return.</summary>
    /// <linux>run_workqueue</linux>
    [SkipLocalsInit]
    private static void RunWorkqueue(Worker* worker)
    {
        CpuWorkqueueStruct* cwq = worker->Cwq;
        if (++worker->RunDepth > MaxRunDepth)
        {
            ReportDepth(worker);
        }

        while (HasWork(cwq))
        {
            WorkStruct* work = ListHead.Entry<WorkStruct>(cwq->Worklist.Next, EntryOffset(cwq->Worklist.Next));
            RunningWork running;
            running.Outer = worker->Running;
            running.Work = work;
            running.Function = work->Function;
            running.Sequence = work->Sequence;
            worker->Running = &running;
            ListHead.DelInit(&work->Entry);
            bool reserve = NeedsReserve(cwq);
            cwq->Lock.UnlockIrq();
            if (reserve)
            {
                AddReserve(cwq);
            }

            // From here on the work may be queued again, and its handler may free it.
            WorkStruct.ClearPending(work);
            TracePoints.WorkqueueExecuteStart(work, running.Function);
            running.Function(work);
            TracePoints.WorkqueueExecuteEnd(work, running.Function);
            if (PreemptCount() != 0 || IrqsDisabled())
            {
                ReportContext(worker, &running);
            }

            // A work that always queues itself must not keep the CPU of a kernel without preemption.
            Scheduler.CondResched();
            cwq->Lock.LockIrq();
            worker->Running = running.Outer;
            Done(cwq);
        }

        worker->RunDepth--;
        cwq->Lock.UnlockIrq();
    }

    // The distance from a work's link to its beginning.
    private static int EntryOffset(ListHead* link)
    {
        var work = (WorkStruct*)link;
        return (int)((byte*)&work->Entry - (byte*)work);
    }

    private static void Done(CpuWorkqueueStruct* cwq)
    {
        cwq->Executed++;
        if (!ListHead.Empty(&cwq->Waiters))
        {
            WakeWaiters(cwq);
        }
    }

    // Linux: need_to_create_worker. The queue is locked.
    private static bool NeedsReserve(CpuWorkqueueStruct* cwq)
    {
        if (cwq->WorkerCount >= cwq->Wq->MaxActive || !ListHead.Empty(&cwq->IdleWorkers))
        {
            return false;
        }

        cwq->WorkerCount++;
        return true;
    }

    private static void AddReserve(CpuWorkqueueStruct* cwq)
    {
        if (CreateWorker(cwq, cwq->WorkerCount - 1) == 0)
        {
            return;
        }

        // Without memory the works wait for the workers that there are.
        cwq->Lock.LockIrq();
        cwq->WorkerCount--;
        cwq->Lock.UnlockIrq();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReportDepth(Worker* worker)
    {
        Printk(LogLevel.Error, $"run_workqueue: recursion depth exceeded: {worker->RunDepth}\n");
        DumpStack();
    }

    // What a handler must leave as it found it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReportContext(Worker* worker, RunningWork* running)
    {
        Printk(
            LogLevel.Error,
            $"BUG: workqueue leaked lock or atomic: {worker->Thread->Name}/{(uint)PreemptCount():x8}/{worker->Thread->Pid}\n");
        ReportHandler(running->Function);
        DumpStack();
        PreemptCountAdd(-PreemptCount());
        LocalIrqEnable();
    }

    private static void AfterFault(Worker* worker)
    {
        CpuWorkqueueStruct* cwq = worker->Cwq;
        Printk(LogLevel.Error, $"workqueue {cwq->Wq->Name}: a work ended by a fault; {worker->Thread->Name} goes on\n");
        cwq->Lock.LockIrq();
        worker->Running = null;
        worker->RunDepth = 0;
        Done(cwq);
        cwq->Lock.UnlockIrq();
    }
}
