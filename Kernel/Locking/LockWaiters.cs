// LockWaiters: the queue of tasks that wait for a sleeping lock.
//
// Linux: struct semaphore_waiter, struct rwsem_waiter. Every function is called with the lock's own spin lock held, interrupts off; Wait gives it
// up while it sleeps. A waiter lies on the stack of the task that waits.
// Hand-over: whoever gives the lock back makes the first waiter the holder (Grant) before it wakes it, so nobody can come between, and the
// order is that of arrival. No wake-up is lost: the waiter sets its state before it gives the spin lock up, and Grant wakes with it held.
// Lifetime: a waiter leaves only with the spin lock taken once more, so Grant is done with it, and with its task, by then.
// Invariants: zero is an empty queue; First is null exactly if Last is; a granted waiter is on no queue.

namespace CSharpOS.Locking;

/// <summary>One waiting task.</summary>
internal unsafe struct LockWaiter
{
    internal LockWaiter* Next;
    internal TaskStruct* Task;
    internal bool Granted;

    /// <summary>Of a reader-writer lock: wants it for writing.</summary>
    internal bool Writer;
}

/// <summary>Waiting tasks in order of arrival.</summary>
internal unsafe struct LockWaiters
{
    private LockWaiter* _first;
    private LockWaiter* _last;

    /// <summary>The one that is to be served next, or null.</summary>
    internal readonly LockWaiter* First => _first;

    internal readonly bool Empty => _first == null;

    /// <summary>Puts the running task at the end.</summary>
    internal void Enqueue(LockWaiter* waiter)
    {
        waiter->Next = null;
        waiter->Task = Current;
        waiter->Granted = false;
        if (_last == null)
        {
            _first = waiter;
        }
        else
        {
            _last->Next = waiter;
        }

        _last = waiter;
    }

    /// <summary>The first waiter becomes a holder, and wakes. The queue is not empty.</summary>
    internal void GrantFirst()
    {
        LockWaiter* waiter = _first;
        Remove(waiter);
        waiter->Granted = true;
        Scheduler.WakeUpProcess(waiter->Task);
    }

    /// <summary>Sleeps until the lock is granted.</summary>
    /// <param name="guard">The lock's spin lock, held; held again on return.</param>
    /// <param name="flags">The interrupt flag with which it was taken.</param>
    /// <param name="waiter">The running task's, enqueued.</param>
    /// <param name="state">Uninterruptible, or Interruptible: then a signal ends the wait.</param>
    /// <returns>True if granted; false after a signal, the waiter then being off the queue.</returns>
    internal bool Wait(ref SpinLock guard, ref ulong flags, LockWaiter* waiter, TaskState state)
    {
        while (!waiter->Granted)
        {
            if (state == TaskState.Interruptible && Current->PendingSignals != 0)
            {
                Remove(waiter);
                return false;
            }

            Scheduler.SetCurrentState(state);
            guard.UnlockIrqRestore(flags);
            Scheduler.Schedule();
            flags = guard.LockIrqSave();
            Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
        }

        return true;
    }

    private void Remove(LockWaiter* waiter)
    {
        LockWaiter* before = null;
        LockWaiter* at = _first;
        while (at != waiter)
        {
            before = at;
            at = at->Next;
        }

        if (before == null)
        {
            _first = waiter->Next;
        }
        else
        {
            before->Next = waiter->Next;
        }

        if (_last == waiter)
        {
            _last = before;
        }
    }
}
