// Completion: "this has happened", told from one task or interrupt to another.
//
// Linux: struct completion, kernel/sched.c. Complete: any context. Wait: process context, sleeps. Lock: that of the wait queue.
// Safe for a completion on the waiter's stack: the waiter leaves only with the lock taken once more, so the completer is done with it.

using System.Runtime.CompilerServices;

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
    public static void Init(
        Completion* completion,
        [CallerArgumentExpression(nameof(completion))] string name = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        completion->_done = 0;
        WaitQueue.Init(&completion->_wait, name, file, line);
    }

    /// <summary>Nothing has happened, once more: to use one again after <see cref="CompleteAll"/>. Nobody may be waiting.</summary>
    /// <linux>INIT_COMPLETION</linux>
    public static void Reinit(Completion* completion) => Shared.WriteOnce(ref completion->_done, 0);

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
    public static void Wait(Completion* completion) => Sleep(completion, TaskState.Uninterruptible);

    /// <summary>Waits until it has happened or a signal is pending. Sleeps.</summary>
    /// <returns>0; -ERESTARTSYS: it has not happened, but a signal is pending.</returns>
    /// <linux>wait_for_completion_interruptible</linux>
    public static int WaitInterruptible(Completion* completion) => Sleep(completion, TaskState.Interruptible);

    /// <summary>True if a wait would not have to wait. Any context.</summary>
    /// <linux>completion_done</linux>
    public static bool IsDone(Completion* completion) => Shared.ReadOnce(ref completion->_done) != 0;

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
    private static int Sleep(Completion* completion, TaskState state)
    {
        MightSleep();
        int result = 0;
        ulong flags = completion->_wait.Lock.LockIrqSave();
        if (completion->_done == 0)
        {
            WaitQueueEntry wait = WaitQueueEntry.ForCurrent();
            wait.Exclusive = true;
            ListHead.AddTail(&wait.Link, &completion->_wait.List);
            do
            {
                if (state == TaskState.Interruptible && Scheduler.SignalPending(Current))
                {
                    result = -ERESTARTSYS;
                    break;
                }

                Scheduler.SetCurrentState(state);
                completion->_wait.Lock.UnlockIrqRestore(flags);
                Scheduler.Schedule();
                flags = completion->_wait.Lock.LockIrqSave();
            }
            while (completion->_done == 0);
            ListHead.Del(&wait.Link);
        }

        completion->_done -= result == 0 ? 1 : 0;
        completion->_wait.Lock.UnlockIrqRestore(flags);
        return result;
    }
}
