// Completion: "this has happened", told from one task or interrupt to another.
//
// Linux: struct completion, kernel/sched.c. Complete: any context. Wait: process context, sleeps. Lock: that of the wait queue.
// Safe for a completion on the waiter's stack: the waiter leaves only with the lock taken once more, so the completer is done with it.

namespace CSharpOS.Sched;

/// <summary>Counts completions that nobody has waited for yet.</summary>
/// <linux>completion</linux>
/// <rows>SYNC-03</rows>
public unsafe partial struct Completion
{
    private int _done;
    private WaitQueueHead _wait;

    /// <summary>Nothing has happened.</summary>
    /// <linux>init_completion</linux>
    public static void Init(Completion* completion)
    {
        completion->_done = 0;
        WaitQueue.Init(&completion->_wait);
    }

    /// <summary>It has happened: lets one waiter go.</summary>
    /// <linux>complete</linux>
    public static void Complete(Completion* completion)
    {
        ulong flags = completion->_wait.Lock.LockIrqSave();
        completion->_done++;
        WaitQueue.WakeLocked(&completion->_wait, TaskState.Interruptible | TaskState.Uninterruptible, 1);
        completion->_wait.Lock.UnlockIrqRestore(flags);
    }

    /// <summary>It has happened for good: lets all waiters go, now and later.</summary>
    /// <linux>complete_all</linux>
    public static void CompleteAll(Completion* completion)
    {
        ulong flags = completion->_wait.Lock.LockIrqSave();
        completion->_done = int.MaxValue / 2;
        WaitQueue.WakeLocked(&completion->_wait, TaskState.Interruptible | TaskState.Uninterruptible, 0);
        completion->_wait.Lock.UnlockIrqRestore(flags);
    }

    /// <summary>Waits until it has happened. Sleeps, not to be interrupted.</summary>
    /// <linux>wait_for_completion</linux>
    public static void Wait(Completion* completion)
    {
        MightSleep();
        ulong flags = completion->_wait.Lock.LockIrqSave();
        if (completion->_done == 0)
        {
            WaitQueueEntry wait = WaitQueueEntry.ForCurrent();
            wait.Exclusive = true;
            ListHead.AddTail(&wait.Link, &completion->_wait.List);
            do
            {
                Scheduler.SetCurrentState(TaskState.Uninterruptible);
                completion->_wait.Lock.UnlockIrqRestore(flags);
                Scheduler.Schedule();
                flags = completion->_wait.Lock.LockIrqSave();
            }
            while (completion->_done == 0);
            ListHead.Del(&wait.Link);
        }

        completion->_done--;
        completion->_wait.Lock.UnlockIrqRestore(flags);
    }

    /// <summary>Takes a completion if there is one. Any context.</summary>
    /// <returns>True if there was.</returns>
    /// <linux>try_wait_for_completion</linux>
    public static bool TryWait(Completion* completion)
    {
        ulong flags = completion->_wait.Lock.LockIrqSave();
        bool done = completion->_done != 0;
        completion->_done -= done ? 1 : 0;
        completion->_wait.Lock.UnlockIrqRestore(flags);
        return done;
    }
}
