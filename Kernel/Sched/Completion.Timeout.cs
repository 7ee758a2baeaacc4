// Completion.Timeout: waiting for a completion, but not longer than so many ticks.
//
// Linux: wait_for_completion_timeout, wait_for_completion_interruptible_timeout, kernel/sched.c. Process context; sleeps. Lock: that of the wait queue.

namespace CSharpOS.Sched;

public unsafe partial struct Completion
{
    /// <summary>Waits until it has happened or <paramref name="timeout"/> ticks are over. Sleeps, not to be interrupted.</summary>
    /// <returns>The ticks that are left, at least 1, if it has happened; 0: it has not.</returns>
    /// <linux>wait_for_completion_timeout</linux>
    /// <rows>SYNC-03 TIME-05</rows>
    public static int WaitTimeout(Completion* completion, int timeout) => SleepTimeout(completion, timeout, TaskState.Uninterruptible);

    /// <summary>As <see cref="WaitTimeout"/>, and a signal ends it too.</summary>
    /// <returns>As there; -ERESTARTSYS: it has not happened, time is left, and a signal is pending.</returns>
    /// <linux>wait_for_completion_interruptible_timeout</linux>
    /// <rows>SYNC-03 TIME-05</rows>
    public static int WaitInterruptibleTimeout(Completion* completion, int timeout) =>
        SleepTimeout(completion, timeout, TaskState.Interruptible);

    // As the wait without a timeout: on the list from the first look to the last, and the last look is made with the lock held.
    private static int SleepTimeout(Completion* completion, int timeout, TaskState state)
    {
        MightSleep();
        int left = timeout;
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
                    left = -ERESTARTSYS;
                    break;
                }

                Scheduler.SetCurrentState(state);
                completion->_wait.Lock.UnlockIrqRestore(flags);
                left = ScheduleTimeout(left);
                flags = completion->_wait.Lock.LockIrqSave();
            }
            while (completion->_done == 0 && left != 0);
            ListHead.Del(&wait.Link);
        }

        if (completion->_done != 0)
        {
            completion->_done--;
            left = left < 1 ? 1 : left;
        }

        completion->_wait.Lock.UnlockIrqRestore(flags);
        return left;
    }
}
