// Workqueue.Wait: waiting for works to be done, and taking works back.
//
// Linux: flush_workqueue, flush_work, cancel_work_sync, kernel/workqueue.c. Process context; all of it sleeps. Lock: the CpuWorkqueueStruct's.
// Every work gets a number when it is queued, and the list is in the order of numbers. "All that was queued before" is all numbers below the next one at
// the moment of the call: works that come later do not prolong the wait, so a work that always queues itself cannot hold a flush for ever.
// Handlers of the same queue may flush it: the worker cannot wait for itself, so it runs the rest of its list inside the handler. Works that other
// workers of an unbound queue do meanwhile are then not waited for: two handlers that flush would wait for each other.

namespace CSharpOS.Workqueues;

public static unsafe partial class Workqueue
{
    /// <summary>Waits for all works that were queued before, on every CPU. Delayed works whose time has not come are not waited for. Sleeps; reported in
    /// interrupt context. From a handler of this queue it runs the rest of the list itself; the third one inside another is reported.</summary>
    /// <linux>flush_workqueue</linux>
    /// <rows>WORK-05</rows>
    public static void FlushWorkqueue(WorkqueueStruct* wq)
    {
        MightSleep();
        for (int i = 0; i < wq->CpuCount; i++)
        {
            FlushCpuWorkqueue(wq->CpuWq + i);
        }
    }

    /// <summary>As <see cref="FlushWorkqueue"/>, for the queue of <see cref="ScheduleWork"/>.</summary>
    /// <linux>flush_scheduled_work</linux>
    /// <rows>WORK-05</rows>
    public static void FlushScheduledWork() => FlushWorkqueue(SystemWorkqueues.Events);

    /// <summary>Waits until <paramref name="work"/>, if it is queued or running, has been done. It must not be freed meanwhile. Sleeps.</summary>
    /// <returns>True if there was something to wait for.</returns>
    /// <linux>flush_work</linux>
    public static bool FlushWork(WorkStruct* work)
    {
        MightSleep();
        CpuWorkqueueStruct* cwq = Shared.ReadOnce(&work->Cwq);
        if (cwq == null)
        {
            return false;
        }

        cwq->Lock.LockIrq();
        Awaited awaited = default;
        awaited.Task = Current;
        if (work->Cwq == cwq && !ListHead.Empty(&work->Entry))
        {
            awaited.Sequence = work->Sequence;
            awaited.Work = work;
        }
        else
        {
            RunningWork* running = FindRunning(cwq, work);
            awaited.Sequence = running == null ? 0 : running->Sequence;
        }

        bool waits = awaited.Sequence != 0 && !IsDone(cwq, &awaited);
        if (waits)
        {
            WaitLocked(cwq, &awaited);
        }

        cwq->Lock.UnlockIrq();
        return waits;
    }

    /// <summary>Takes a work back if it waits, and waits until its handler runs nowhere. Afterwards it is neither queued nor running, even if its handler
    /// queues itself; it may be freed or queued anew. The queue must still exist. From its own handler it does not wait for itself. Not for the work of a
    /// delayed work. Sleeps.</summary>
    /// <returns>True if it was pending.</returns>
    /// <linux>cancel_work_sync</linux>
    /// <rows>WORK-04</rows>
    public static bool CancelWorkSync(WorkStruct* work)
    {
        MightSleep();
        bool pending;
        while (!TryToGrabPending(work, out pending))
        {
            // Somebody is between setting the bit and the list, or between the list and clearing it.
            CpuRelax();
            Scheduler.CondResched();
        }

        WaitOnWork(work);
        WorkStruct.ClearPending(work);
        return pending;
    }

    /// <summary>Gets hold of the pending bit, which keeps everybody else from queueing the work.</summary>
    /// <param name="work">The work.</param>
    /// <param name="pending">Whether it was in a list, from which it has been taken.</param>
    /// <returns>False if it is on its way in or out: try again.</returns>
    /// <linux>try_to_grab_pending</linux>
    internal static bool TryToGrabPending(WorkStruct* work, out bool pending)
    {
        pending = false;
        if (WorkStruct.TakePending(work))
        {
            return true;
        }

        CpuWorkqueueStruct* cwq = Shared.ReadOnce(&work->Cwq);
        if (cwq == null)
        {
            return false;
        }

        cwq->Lock.LockIrq();
        if (work->Cwq == cwq && !ListHead.Empty(&work->Entry))
        {
            ListHead.DelInit(&work->Entry);
            pending = true;

            // Whoever flushed may have waited for this one.
            if (!ListHead.Empty(&cwq->Waiters))
            {
                WakeWaiters(cwq);
            }
        }

        cwq->Lock.UnlockIrq();
        return pending;
    }

    /// <summary>Waits until the handler of a work runs on no CPU. The caller holds the pending bit.</summary>
    /// <linux>wait_on_work</linux>
    internal static void WaitOnWork(WorkStruct* work)
    {
        if (work->Cwq == null)
        {
            return;
        }

        WorkqueueStruct* wq = work->Cwq->Wq;
        for (int i = 0; i < wq->CpuCount; i++)
        {
            CpuWorkqueueStruct* cwq = wq->CpuWq + i;
            Awaited awaited = default;
            awaited.Task = Current;
            awaited.Work = work;
            cwq->Lock.LockIrq();
            if (!IsDone(cwq, &awaited))
            {
                WaitLocked(cwq, &awaited);
            }

            cwq->Lock.UnlockIrq();
        }
    }

    private static void FlushCpuWorkqueue(CpuWorkqueueStruct* cwq)
    {
        Worker* self = FindSelf(cwq);
        if (self != null)
        {
            cwq->Lock.LockIrq();
            RunWorkqueue(self);
            return;
        }

        cwq->Lock.LockIrq();
        Awaited awaited = default;
        awaited.Task = Current;
        awaited.Before = cwq->NextSequence;
        if (!IsDone(cwq, &awaited))
        {
            WaitLocked(cwq, &awaited);
        }

        cwq->Lock.UnlockIrq();
    }

    // The queue is locked; it is given up while the caller sleeps. Who finds that it is done takes the waiter off the list and wakes it.
    private static void WaitLocked(CpuWorkqueueStruct* cwq, Awaited* awaited)
    {
        awaited->IsOver = false;
        ListHead.AddTail(&awaited->Link, &cwq->Waiters);
        do
        {
            Scheduler.SetCurrentState(TaskState.Uninterruptible);
            cwq->Lock.UnlockIrq();
            Scheduler.Schedule();
            cwq->Lock.LockIrq();
        }
        while (!awaited->IsOver);
    }

    /// <summary>A work is done or has been taken back: wakes those for whom it was the last. The queue is locked.</summary>
    private static void WakeWaiters(CpuWorkqueueStruct* cwq)
    {
        for (ListHead* link = cwq->Waiters.Next; link != &cwq->Waiters;)
        {
            var awaited = (Awaited*)link;
            link = link->Next;
            if (IsDone(cwq, awaited))
            {
                ListHead.Del(&awaited->Link);
                awaited->IsOver = true;
                Scheduler.WakeUpProcess(awaited->Task);
            }
        }
    }

    // Nobody waits for what he does himself.
    private static bool IsDone(CpuWorkqueueStruct* cwq, Awaited* awaited)
    {
        if (!ListHead.Empty(&cwq->Worklist))
        {
            ListHead* first = cwq->Worklist.Next;
            if (ListHead.Entry<WorkStruct>(first, EntryOffset(first))->Sequence < awaited->Before)
            {
                return false;
            }

            WorkStruct* work = awaited->Work;
            if (awaited->Sequence != 0 && work != null && work->Cwq == cwq && !ListHead.Empty(&work->Entry) && work->Sequence == awaited->Sequence)
            {
                return false;
            }
        }

        for (ListHead* link = cwq->Workers.Next; link != &cwq->Workers; link = link->Next)
        {
            var worker = (Worker*)link;
            for (RunningWork* running = worker->Running; running != null && worker->Thread != awaited->Task; running = running->Outer)
            {
                if (running->Sequence < awaited->Before || Matches(running, awaited))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool Matches(RunningWork* running, Awaited* awaited) =>
        awaited->Sequence != 0 ? running->Sequence == awaited->Sequence : awaited->Anything || (awaited->Work != null && running->Work == awaited->Work);

    private static RunningWork* FindRunning(CpuWorkqueueStruct* cwq, WorkStruct* work)
    {
        for (ListHead* link = cwq->Workers.Next; link != &cwq->Workers; link = link->Next)
        {
            for (RunningWork* running = ((Worker*)link)->Running; running != null; running = running->Outer)
            {
                if (running->Work == work)
                {
                    return running;
                }
            }
        }

        return null;
    }

    // The running task as a worker of this queue; null if it is none.
    private static Worker* FindSelf(CpuWorkqueueStruct* cwq)
    {
        Worker* self = null;
        cwq->Lock.LockIrq();
        for (ListHead* link = cwq->Workers.Next; link != &cwq->Workers; link = link->Next)
        {
            var worker = (Worker*)link;
            self = worker->Thread == Current ? worker : self;
        }

        cwq->Lock.UnlockIrq();
        return self;
    }

    // What somebody waits for: all numbers below Before; or the number Sequence; or any run of Work; or Anything that runs.
    private struct Awaited
    {
        public ListHead Link;
        public TaskStruct* Task;
        public bool IsOver;
        public ulong Before;
        public ulong Sequence;
        public WorkStruct* Work;
        public bool Anything;
    }
}
