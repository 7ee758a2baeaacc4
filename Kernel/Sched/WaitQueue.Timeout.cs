// WaitQueue.Timeout: sleeping until a condition holds, but not longer than so many ticks.
//
// Linux: wait_event_timeout, wait_event_interruptible_timeout, include/linux/wait.h. Process context; sleeps. Lock: the head's, not held while
// the condition is looked at. Rules for conditions and wakers as for WaitEvent.
// The result is 0 only if the condition is false: one that becomes true with the last tick gives 1. (Linux 2.6 gave 0 there, and callers
// that trusted it lost events; later kernels give 1.)

namespace CSharpOS.Sched;

public static unsafe partial class WaitQueue
{
    /// <summary>Sleeps, not to be interrupted, until <paramref name="condition"/>(<paramref name="argument"/>) is true or
    /// <paramref name="timeout"/> ticks are over. Process context.</summary>
    /// <returns>The ticks that are left, at least 1, if the condition is true; 0: it is false, and the time is over.</returns>
    /// <linux>wait_event_timeout</linux>
    /// <rows>TIME-05</rows>
    public static int WaitEventTimeout(WaitQueueHead* head, delegate*<void*, bool> condition, void* argument, int timeout) =>
        SleepTimeout(head, condition, argument, timeout, TaskState.Uninterruptible);

    /// <summary>As <see cref="WaitEventTimeout"/>, and a signal ends it too.</summary>
    /// <returns>As there; -ERESTARTSYS: the condition is false, time is left, and a signal is pending.</returns>
    /// <linux>wait_event_interruptible_timeout</linux>
    /// <rows>TIME-05</rows>
    public static int WaitEventInterruptibleTimeout(WaitQueueHead* head, delegate*<void*, bool> condition, void* argument, int timeout) =>
        SleepTimeout(head, condition, argument, timeout, TaskState.Interruptible);

    private static int SleepTimeout(WaitQueueHead* head, delegate*<void*, bool> condition, void* argument, int timeout, TaskState state)
    {
        MightSleep();
        if (condition(argument))
        {
            return timeout < 1 ? 1 : timeout;
        }

        int left = timeout;
        WaitQueueEntry wait = WaitQueueEntry.ForCurrent();
        while (true)
        {
            PrepareToWait(head, &wait, state);
            if (condition(argument))
            {
                left = left < 1 ? 1 : left;
                break;
            }

            if (left == 0)
            {
                break;
            }

            if (state == TaskState.Interruptible && Scheduler.SignalPending(Current))
            {
                left = -ERESTARTSYS;
                break;
            }

            left = ScheduleTimeout(left);
        }

        FinishWait(head, &wait);
        return left;
    }
}
