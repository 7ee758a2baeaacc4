// TaskQueue: lists of functions to be called later, by whoever runs the list. Nothing to do with tasks.
//
// Linux: task_queue, tq_struct, queue_task, run_task_queue; include/linux/tqueue.h (to 2.5.40). QueueTask: any context but an NMI, does not sleep. RunTaskQueue: any
// context that the queue's functions may run in. Lock: the queue's own, irq, innermost; not held while functions run.
// Invariants: the Queued bit of an entry is set exactly while it is in a queue, or on its way there or from there; whoever sets it owns the links. It is cleared
// before the function is called, so a function may queue its own entry, or free it.

using System.Runtime.CompilerServices;

namespace CSharpOS.Historical;

/// <summary>A function that waits in a task queue. TaskQueue.Init makes one.</summary>
/// <linux>tq_struct</linux>
/// <rows>OLD-02</rows>
public unsafe struct TaskQueueStruct
{
    internal const int QueuedBit = 0;

    /// <summary>The links, first: an entry is found by the address of its links.</summary>
    /// <linux>list</linux>
    internal ListHead List;

    /// <summary>Whether it is in a queue.</summary>
    /// <linux>sync</linux>
    internal int Sync;

    /// <summary>What is called.</summary>
    /// <linux>routine</linux>
    public delegate*<void*, void> Routine;

    /// <summary>Its argument.</summary>
    /// <linux>data</linux>
    public void* Data;
}

/// <summary>A task queue. TaskQueue.Init makes one; as many as wanted, at run time.</summary>
/// <linux>task_queue</linux>
/// <rows>OLD-02</rows>
public struct TaskQueueHead
{
    internal SpinLock Lock;
    internal ListHead List;

    /// <summary>How many wait: a word that may be looked at without the lock.</summary>
    internal int Waiting;
}

/// <summary>Task queues.</summary>
/// <rows>OLD-02</rows>
public static unsafe class TaskQueue
{
    /// <summary>Makes an empty queue. Any context.</summary>
    /// <linux>DECLARE_TASK_QUEUE</linux>
    public static void Init(TaskQueueHead* queue)
    {
        queue->Lock.Init();
        ListHead.Init(&queue->List);
        queue->Waiting = 0;
    }

    /// <summary>Prepares an entry that is in no queue. Any context.</summary>
    /// <param name="entry">Memory that stays valid until its function has begun.</param>
    /// <param name="routine">What is called, in the context of whoever runs the queue.</param>
    /// <param name="data">Its argument.</param>
    /// <linux>INIT_TQUEUE</linux>
    public static void Init(TaskQueueStruct* entry, delegate*<void*, void> routine, void* data) =>
        *entry = new TaskQueueStruct { Routine = routine, Data = data };

    /// <summary>Puts an entry at the end of a queue. Nothing runs it by itself: that is up to whoever runs the queue. Any context but an NMI.</summary>
    /// <returns>True; false if it is in a queue already, where it keeps its place.</returns>
    /// <linux>queue_task</linux>
    /// <rows>OLD-02</rows>
    public static bool QueueTask(TaskQueueStruct* entry, TaskQueueHead* queue)
    {
        if (Shared.TestAndSetBit(TaskQueueStruct.QueuedBit, ref entry->Sync))
        {
            return false;
        }

        ulong flags = queue->Lock.LockIrqSave();
        ListHead.AddTail(&entry->List, &queue->List);
        Shared.WriteOnce(ref queue->Waiting, queue->Waiting + 1);
        queue->Lock.UnlockIrqRestore(flags);
        return true;
    }

    /// <summary>Calls what is in the queue now, in order. What is queued meanwhile waits for the next time. The functions' context is the caller's; two CPUs may
    /// run one queue at once, and then share what is in it between them in any way.</summary>
    /// <linux>run_task_queue</linux>
    /// <rows>OLD-02</rows>
    public static void RunTaskQueue(TaskQueueHead* queue)
    {
        if (!IsActive(queue))
        {
            return;
        }

        ListHead list;
        ListHead.Init(&list);
        ulong flags = queue->Lock.LockIrqSave();
        ListHead.SpliceInit(&queue->List, &list);
        Shared.WriteOnce(ref queue->Waiting, 0);
        queue->Lock.UnlockIrqRestore(flags);
        while (!ListHead.Empty(&list))
        {
            var entry = (TaskQueueStruct*)list.Next;
            ListHead.Del(&entry->List);
            delegate*<void*, void> routine = entry->Routine;
            void* data = entry->Data;

            // From here on the entry is its owner's again.
            Shared.ClearBit(TaskQueueStruct.QueuedBit, ref entry->Sync);
            routine(data);
        }
    }

    /// <summary>True if something waits in the queue: for a moment only. One load.</summary>
    /// <linux>TQ_ACTIVE</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsActive(TaskQueueHead* queue) => Shared.ReadOnce(ref queue->Waiting) != 0;
}
