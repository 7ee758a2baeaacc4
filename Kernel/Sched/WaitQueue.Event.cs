// WaitQueue.Event: sleeping until a condition holds.
//
// Linux: the wait_event family, include/linux/wait.h. Process context; sleeps. Lock: the head's, not held while the condition is looked at.
// The condition is a function that gets one argument. It is called again after every wake-up, in the state of the sleep: it is short and does
// not sleep. Whoever makes it true wakes the head afterwards. If true must stay true until the waiter goes on, a lock of the caller's sees to that.
// A waiter on an interruptible sleep returns -ERESTARTSYS when a signal is pending: the system call begins again, or ends with -EINTR.

using System.Runtime.CompilerServices;

namespace CSharpOS.Sched;

public static unsafe partial class WaitQueue
{
    /// <summary>Sleeps, not to be interrupted, until <paramref name="condition"/>(<paramref name="argument"/>) is true. Process context.</summary>
    /// <linux>wait_event</linux>
    /// <rows>KT-05 TIME-05</rows>
    public static void WaitEvent(WaitQueueHead* head, delegate*<void*, bool> condition, void* argument) =>
        Sleep(head, condition, argument, TaskState.Uninterruptible, false);

    /// <summary>As <see cref="WaitEvent"/>, as an exclusive waiter: one wake-up lets one of these go.</summary>
    /// <linux>wait_event_exclusive_cmd</linux>
    public static void WaitEventExclusive(WaitQueueHead* head, delegate*<void*, bool> condition, void* argument) =>
        Sleep(head, condition, argument, TaskState.Uninterruptible, true);

    /// <summary>Sleeps until <paramref name="condition"/>(<paramref name="argument"/>) is true or a signal is pending. Process context.</summary>
    /// <returns>0: the condition is true; -ERESTARTSYS: it is not, but a signal is pending.</returns>
    /// <linux>wait_event_interruptible</linux>
    /// <rows>KT-05 TIME-05</rows>
    public static int WaitEventInterruptible(WaitQueueHead* head, delegate*<void*, bool> condition, void* argument) =>
        Sleep(head, condition, argument, TaskState.Interruptible, false);

    /// <summary>As <see cref="WaitEventInterruptible"/>, as an exclusive waiter.</summary>
    /// <linux>wait_event_interruptible_exclusive</linux>
    public static int WaitEventInterruptibleExclusive(WaitQueueHead* head, delegate*<void*, bool> condition, void* argument) =>
        Sleep(head, condition, argument, TaskState.Interruptible, true);

    // After a sleep the condition is looked at before the entry goes back into the list: most often it is true then, and who woke us has taken the
    // entry off. Whoever woke us made it true before that, so here it needs no barrier.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [SkipLocalsInit]
    private static int Sleep(WaitQueueHead* head, delegate*<void*, bool> condition, void* argument, TaskState state, bool exclusive)
    {
        MightSleep();
        if (condition(argument))
        {
            return 0;
        }

        WaitQueueEntry wait;
        WaitQueueEntry.InitWait(&wait);
        bool queued = false;
        while (state != TaskState.Interruptible || !Scheduler.SignalPending(Current))
        {
            Prepare(head, &wait, state, exclusive);
            queued = true;
            if (condition(argument))
            {
                FinishWait(head, &wait);
                return 0;
            }

            if (state != TaskState.Interruptible || !Scheduler.SignalPending(Current))
            {
                Scheduler.Schedule();
                if (condition(argument))
                {
                    FinishWait(head, &wait);
                    return 0;
                }
            }
        }

        // Whoever makes the condition true from here on does not find us, and wakes another one.
        bool chosen = Withdraw(head, &wait) && queued;
        if (condition(argument))
        {
            return 0;
        }

        if (chosen && exclusive)
        {
            // A wake-up that came together with the signal was meant for one of the waiters: the next one gets it.
            Wake(head, Normal, 1);
        }

        return -ERESTARTSYS;
    }

    // Linux: the second half of prepare_to_wait_event. True if the entry is on the list no more: its task has been woken.
    private static bool Withdraw(WaitQueueHead* head, WaitQueueEntry* wait)
    {
        Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
        ulong flags = head->Lock.LockIrqSave();
        bool gone = wait->Link.Next == null;
        if (!gone)
        {
            Unlink(wait);
        }

        head->Lock.UnlockIrqRestore(flags);
        return gone;
    }
}
