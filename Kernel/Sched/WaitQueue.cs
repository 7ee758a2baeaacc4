// WaitQueue: tasks that wait for something to become true.
//
// Linux: include/linux/wait.h, kernel/wait.c. Waking: any context. Waiting: process context, sleeps. Lock: the head's, taken with interrupts
// off; the run-queue lock nests inside it.
// The pattern, which loses no wake-up:
//     WaitQueueEntry wait = WaitQueueEntry.ForCurrent();
//     while (true)
//     {
//         WaitQueue.PrepareToWait(&head, &wait, TaskState.Interruptible);    // on the list, state set, full barrier
//         if (condition) break;                                              // looked at only then
//         Scheduler.Schedule();
//     }
//     WaitQueue.FinishWait(&head, &wait);
// Non-exclusive waiters stand before exclusive ones; a wake-up wakes all of the former and at most one of the latter.

using System.Runtime.CompilerServices;

namespace CSharpOS.Sched;

/// <summary>The head of a list of waiting tasks. Zero is not valid: <see cref="WaitQueue.Init"/>.</summary>
/// <linux>wait_queue_head_t</linux>
/// <rows>KT-05</rows>
public struct WaitQueueHead
{
    internal SpinLock Lock;
    internal ListHead List;
}

/// <summary>One waiting task, on its own stack.</summary>
/// <linux>wait_queue_t</linux>
public unsafe struct WaitQueueEntry
{
    internal ListHead Link;
    internal TaskStruct* Task;
    internal bool Exclusive;

    /// <summary>An entry for the running task, on no list.</summary>
    /// <linux>DEFINE_WAIT</linux>
    public static WaitQueueEntry ForCurrent() => new() { Task = Current };
}

/// <summary>Operations on wait queues.</summary>
/// <rows>KT-05</rows>
public static unsafe partial class WaitQueue
{
    /// <summary>Makes a head empty.</summary>
    /// <linux>init_waitqueue_head</linux>
    public static void Init(WaitQueueHead* head)
    {
        head->Lock = default;
        ListHead.Init(&head->List);
    }

    /// <summary>Puts a waiter on the list, before all others. The caller sets its own state.</summary>
    /// <linux>add_wait_queue</linux>
    public static void Add(WaitQueueHead* head, WaitQueueEntry* wait)
    {
        wait->Exclusive = false;
        ulong flags = head->Lock.LockIrqSave();
        ListHead.Add(&wait->Link, &head->List);
        head->Lock.UnlockIrqRestore(flags);
    }

    /// <summary>Puts an exclusive waiter on the list, after all others.</summary>
    /// <linux>add_wait_queue_exclusive</linux>
    public static void AddExclusive(WaitQueueHead* head, WaitQueueEntry* wait)
    {
        wait->Exclusive = true;
        ulong flags = head->Lock.LockIrqSave();
        ListHead.AddTail(&wait->Link, &head->List);
        head->Lock.UnlockIrqRestore(flags);
    }

    /// <summary>Takes a waiter off the list.</summary>
    /// <linux>remove_wait_queue</linux>
    public static void Remove(WaitQueueHead* head, WaitQueueEntry* wait)
    {
        ulong flags = head->Lock.LockIrqSave();
        ListHead.Del(&wait->Link);
        wait->Link.Next = null;
        head->Lock.UnlockIrqRestore(flags);
    }

    /// <summary>Puts the waiter on the list if it is not there, and sets the task's state. The condition is looked at after this.</summary>
    /// <linux>prepare_to_wait</linux>
    public static void PrepareToWait(WaitQueueHead* head, WaitQueueEntry* wait, TaskState state) => Prepare(head, wait, state, false);

    /// <summary>The same for an exclusive waiter.</summary>
    /// <linux>prepare_to_wait_exclusive</linux>
    public static void PrepareToWaitExclusive(WaitQueueHead* head, WaitQueueEntry* wait, TaskState state) => Prepare(head, wait, state, true);

    /// <summary>Back to running, and off the list.</summary>
    /// <linux>finish_wait</linux>
    public static void FinishWait(WaitQueueHead* head, WaitQueueEntry* wait)
    {
        Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
        ulong flags = head->Lock.LockIrqSave();
        if (wait->Link.Next != null)
        {
            ListHead.Del(&wait->Link);
            wait->Link.Next = null;
        }

        head->Lock.UnlockIrqRestore(flags);
    }

    /// <summary>Wakes all non-exclusive waiters and one exclusive one. Any context.</summary>
    /// <linux>wake_up</linux>
    public static void WakeUp(WaitQueueHead* head) => Wake(head, TaskState.Interruptible | TaskState.Uninterruptible, 1);

    /// <summary>Wakes up to <paramref name="count"/> exclusive waiters and all others.</summary>
    /// <linux>wake_up_nr</linux>
    public static void WakeUpNr(WaitQueueHead* head, int count) => Wake(head, TaskState.Interruptible | TaskState.Uninterruptible, count);

    /// <summary>Wakes everybody.</summary>
    /// <linux>wake_up_all</linux>
    public static void WakeUpAll(WaitQueueHead* head) => Wake(head, TaskState.Interruptible | TaskState.Uninterruptible, 0);

    /// <summary>As <see cref="WakeUp"/>, but only those that sleep interruptibly.</summary>
    /// <linux>wake_up_interruptible</linux>
    public static void WakeUpInterruptible(WaitQueueHead* head) => Wake(head, TaskState.Interruptible, 1);

    /// <summary>True if somebody waits. Without the lock: true or false for a moment only, after a full barrier.</summary>
    /// <linux>waitqueue_active</linux>
    public static bool IsActive(WaitQueueHead* head)
    {
        Cpu.Mb();
        return !ListHead.Empty(&head->List);
    }

    /// <summary>Wakes with the head locked by the caller. <paramref name="exclusive"/> 0 means all.</summary>
    /// <linux>__wake_up_common</linux>
    internal static void WakeLocked(WaitQueueHead* head, TaskState states, int exclusive)
    {
        for (ListHead* link = head->List.Next; link != &head->List;)
        {
            var wait = (WaitQueueEntry*)link;
            link = link->Next;
            bool isExclusive = wait->Exclusive;
            TaskStruct* task = wait->Task;
            if (!Scheduler.TryToWakeUp(task, states))
            {
                continue;
            }

            if (isExclusive && --exclusive == 0)
            {
                return;
            }
        }
    }

    private static void Wake(WaitQueueHead* head, TaskState states, int exclusive)
    {
        ulong flags = head->Lock.LockIrqSave();
        WakeLocked(head, states, exclusive);
        head->Lock.UnlockIrqRestore(flags);
    }

    private static void Prepare(WaitQueueHead* head, WaitQueueEntry* wait, TaskState state, bool exclusive)
    {
        ulong flags = head->Lock.LockIrqSave();
        if (wait->Link.Next == null)
        {
            wait->Exclusive = exclusive;
            if (exclusive)
            {
                ListHead.AddTail(&wait->Link, &head->List);
            }
            else
            {
                ListHead.Add(&wait->Link, &head->List);
            }
        }

        Scheduler.SetCurrentState(state);
        head->Lock.UnlockIrqRestore(flags);
    }
}
