// WaitQueue: tasks that wait for something to become true.
//
// Linux: include/linux/wait.h, kernel/wait.c. Waking: any context. Waiting: process context, sleeps. Lock: the head's, taken with interrupts
// off; the run-queue lock nests inside it.
// The pattern, which loses no wake-up (WaitQueue.Event.cs has it ready-made, as WaitEvent and its variants):
//     WaitQueueEntry wait = WaitQueueEntry.ForCurrent();
//     while (true)
//     {
//         WaitQueue.PrepareToWait(&head, &wait, TaskState.Interruptible);    // on the list, state set, full barrier
//         if (condition) break;                                              // looked at only then
//         Scheduler.Schedule();
//     }
//     WaitQueue.FinishWait(&head, &wait);
// Non-exclusive waiters stand before exclusive ones; a wake-up wakes all of the former and at most one of the latter.
// An entry of PrepareToWait is taken off the list by whoever wakes its task; the last that the waker does to it is to clear Link.Next. So a
// waiter that finds that null may leave without the lock, although the entry lies on its stack.

using System.Runtime.CompilerServices;

namespace CSharpOS.Sched;

/// <summary>The head of a list of waiting tasks. Zero is not valid: <see cref="WaitQueue.Init"/>.</summary>
/// <linux>wait_queue_head_t</linux>
/// <rows>KT-05</rows>
public struct WaitQueueHead
{
    // First: WaitQueue.LockOf relies on it.
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

    /// <summary>The waker takes the entry off the list.</summary>
    /// <linux>autoremove_wake_function</linux>
    internal bool Autoremove;

    /// <summary>What is done instead of waking the task; null: it is woken.</summary>
    internal delegate*<WaitQueueEntry*, TaskState, bool> Function;

    /// <summary>An entry for the running task, on no list.</summary>
    /// <linux>DEFINE_WAIT</linux>
    public static WaitQueueEntry ForCurrent() => new() { Task = Current };

    /// <summary>Makes <paramref name="wait"/> what <see cref="ForCurrent"/> gives, without clearing what <see cref="WaitQueue.PrepareToWait"/>
    /// writes anyway.</summary>
    /// <linux>init_wait</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void InitWait(WaitQueueEntry* wait)
    {
        wait->Link.Next = null;
        wait->Task = Current;
        wait->Function = null;
    }

    /// <summary>An entry that calls <paramref name="function"/> instead of waking a task: with the head locked and interrupts off, so it may not
    /// sleep. It returns true if that counts as the waking of an exclusive waiter.</summary>
    /// <linux>init_waitqueue_func_entry</linux>
    public static WaitQueueEntry ForFunction(delegate*<WaitQueueEntry*, TaskState, bool> function) => new() { Function = function };
}

/// <summary>Operations on wait queues.</summary>
/// <rows>KT-05</rows>
public static unsafe partial class WaitQueue
{
    private const TaskState Normal = TaskState.Interruptible | TaskState.Uninterruptible;

    /// <summary>Makes a head empty.</summary>
    /// <linux>init_waitqueue_head</linux>
    public static void Init(
        WaitQueueHead* head,
        [CallerArgumentExpression(nameof(head))] string name = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        head->Lock.Init(name, file, line);
        ListHead.Init(&head->List);
    }

    /// <summary>Puts a waiter on the list, before all others. The caller sets its own state.</summary>
    /// <linux>add_wait_queue</linux>
    public static void Add(WaitQueueHead* head, WaitQueueEntry* wait)
    {
        wait->Exclusive = false;
        wait->Autoremove = false;
        ulong flags = head->Lock.LockIrqSave();
        ListHead.Add(&wait->Link, &head->List);
        head->Lock.UnlockIrqRestore(flags);
    }

    /// <summary>Puts an exclusive waiter on the list, after all others.</summary>
    /// <linux>add_wait_queue_exclusive</linux>
    public static void AddExclusive(WaitQueueHead* head, WaitQueueEntry* wait)
    {
        wait->Exclusive = true;
        wait->Autoremove = false;
        ulong flags = head->Lock.LockIrqSave();
        ListHead.AddTail(&wait->Link, &head->List);
        head->Lock.UnlockIrqRestore(flags);
    }

    /// <summary>Takes a waiter off the list; nothing happens if it is not on it.</summary>
    /// <linux>remove_wait_queue</linux>
    public static void Remove(WaitQueueHead* head, WaitQueueEntry* wait)
    {
        ulong flags = LockOf(head)->LockIrqSave();
        if (wait->Link.Next != null)
        {
            Unlink(wait);
        }

        LockOf(head)->UnlockIrqRestore(flags);
    }

    /// <summary>Puts the waiter on the list if it is not there, and sets the task's state. The condition is looked at after this. Who wakes
    /// the task takes it off again.</summary>
    /// <linux>prepare_to_wait</linux>
    public static void PrepareToWait(WaitQueueHead* head, WaitQueueEntry* wait, TaskState state) => Prepare(head, wait, state, false);

    /// <summary>The same where interrupts are on, as they are at the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void PrepareToWaitIrq(WaitQueueHead* head, WaitQueueEntry* wait, TaskState state)
    {
        LockOf(head)->LockIrq();
        Enter(head, wait, state, false);
        LockOf(head)->UnlockIrq();
    }

    /// <summary>The same for an exclusive waiter.</summary>
    /// <linux>prepare_to_wait_exclusive</linux>
    public static void PrepareToWaitExclusive(WaitQueueHead* head, WaitQueueEntry* wait, TaskState state) => Prepare(head, wait, state, true);

    /// <summary>Back to running, and off the list.</summary>
    /// <linux>finish_wait</linux>
    public static void FinishWait(WaitQueueHead* head, WaitQueueEntry* wait)
    {
        Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
        if (Shared.ReadOnce(&wait->Link.Next) != null)
        {
            Remove(head, wait);
        }
    }

    /// <summary>Wakes all non-exclusive waiters and one exclusive one. Any context.</summary>
    /// <linux>wake_up</linux>
    public static void WakeUp(WaitQueueHead* head) => Wake(head, Normal, 1);

    /// <summary>Wakes up to <paramref name="count"/> exclusive waiters and all others.</summary>
    /// <linux>wake_up_nr</linux>
    public static void WakeUpNr(WaitQueueHead* head, int count)
    {
        // Zero would mean all.
        if (count > 0)
        {
            Wake(head, Normal, count);
        }
    }

    /// <summary>Wakes everybody.</summary>
    /// <linux>wake_up_all</linux>
    public static void WakeUpAll(WaitQueueHead* head) => Wake(head, Normal, 0);

    /// <summary>As <see cref="WakeUp"/>, but only those that sleep interruptibly.</summary>
    /// <linux>wake_up_interruptible</linux>
    public static void WakeUpInterruptible(WaitQueueHead* head) => Wake(head, TaskState.Interruptible, 1);

    /// <summary>As <see cref="WakeUpAll"/>, but only those that sleep interruptibly.</summary>
    /// <linux>wake_up_interruptible_all</linux>
    public static void WakeUpInterruptibleAll(WaitQueueHead* head) => Wake(head, TaskState.Interruptible, 0);

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
        ListHead* list = &head->List;
        for (ListHead* link = list->Next; link != list;)
        {
            var wait = (WaitQueueEntry*)link;
            link = link->Next;
            bool isExclusive = wait->Exclusive;
            if (WakeEntry(wait, states) && isExclusive && --exclusive == 0)
            {
                return;
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Wake(WaitQueueHead* head, TaskState states, int exclusive)
    {
        ulong flags = LockOf(head)->LockIrqSave();
        ListHead* list = &head->List, first = list->Next;
        if (first->Next != list)
        {
            WakeLocked(head, states, exclusive);
        }
        else if (first != list)
        {
            // Nearly always: one waits.
            WakeEntry((WaitQueueEntry*)first, states);
        }

        LockOf(head)->UnlockIrqRestore(flags);
    }

    // With the head locked. Afterwards the entry may be gone.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool WakeEntry(WaitQueueEntry* wait, TaskState states)
    {
        if (wait->Function != null ? !wait->Function(wait, states) : !Scheduler.TryToWakeUpIrqsOff(wait->Task, states))
        {
            return false;
        }

        if (wait->Autoremove)
        {
            Unlink(wait);
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prepare(WaitQueueHead* head, WaitQueueEntry* wait, TaskState state, bool exclusive)
    {
        ulong flags = LockOf(head)->LockIrqSave();
        Enter(head, wait, state, exclusive);
        LockOf(head)->UnlockIrqRestore(flags);
    }

    // With the head locked.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Enter(WaitQueueHead* head, WaitQueueEntry* wait, TaskState state, bool exclusive)
    {
        if (wait->Link.Next == null)
        {
            wait->Exclusive = exclusive;
            wait->Autoremove = true;
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
    }

    // The head is locked. Next last: from then on the entry may be gone.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Unlink(WaitQueueEntry* wait)
    {
        ListHead.Unlink(&wait->Link);
        Shared.WriteOnce(&wait->Link.Next, null);
    }

    // The lock stands first in a head. Naming the field would cost a test for null.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static SpinLock* LockOf(WaitQueueHead* head) => (SpinLock*)head;
}
