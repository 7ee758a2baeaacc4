// PriorityArray: runnable tasks by priority; finding the most urgent one costs the same for one and for a thousand.
//
// Linux: struct prio_array, kernel/sched.c. Lock: the run queue's. Invariants: bit p of the bitmap is set exactly if queue p is not
// empty; TaskCount is the number of tasks in all queues; a task stands in at most one array, task->Array.

using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace CSharpOS.Sched;

/// <summary>140 queues and a bitmap.</summary>
/// <linux>prio_array</linux>
/// <rows>KT-04</rows>
public unsafe struct PriorityArray
{
    /// <summary>Tasks in all queues.</summary>
    internal int TaskCount;

    private ulong _bitmap0, _bitmap1, _bitmap2;
    private QueueArray _queues;

    /// <summary>Makes it empty.</summary>
    internal static void Init(PriorityArray* array)
    {
        array->TaskCount = 0;
        array->_bitmap0 = 0;
        array->_bitmap1 = 0;
        array->_bitmap2 = 0;
        for (int prio = 0; prio < Priority.Count; prio++)
        {
            ListHead.Init(array->Queue(prio));
        }
    }

    /// <summary>Puts a task at the end of its priority's queue.</summary>
    /// <linux>enqueue_task</linux>
    internal static void Enqueue(PriorityArray* array, TaskStruct* task)
    {
        ListHead.AddTail(&task->RunList, array->Queue(task->Prio));
        Added(array, task);
    }

    /// <summary>Puts a task at the head of its priority's queue.</summary>
    /// <linux>enqueue_task_head</linux>
    internal static void EnqueueHead(PriorityArray* array, TaskStruct* task)
    {
        ListHead.Add(&task->RunList, array->Queue(task->Prio));
        Added(array, task);
    }

    /// <summary>Takes a task out.</summary>
    /// <linux>dequeue_task</linux>
    internal static void Dequeue(PriorityArray* array, TaskStruct* task)
    {
        array->TaskCount--;
        ListHead.Unlink(&task->RunList);
        if (ListHead.Empty(array->Queue(task->Prio)))
        {
            array->Word(task->Prio) &= ~(1UL << (task->Prio & 63));
        }

        task->Array = null;
    }

    /// <summary>Moves a task to the end of its queue.</summary>
    /// <linux>requeue_task</linux>
    internal static void Requeue(PriorityArray* array, TaskStruct* task)
    {
        ListHead.Unlink(&task->RunList);
        ListHead.AddTail(&task->RunList, array->Queue(task->Prio));
    }

    /// <summary>The first task of the most urgent queue. Not on an empty array.</summary>
    /// <linux>sched_find_first_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TaskStruct* First(PriorityArray* array)
    {
        int prio = array->_bitmap0 != 0 ? BitOperations.TrailingZeroCount(array->_bitmap0)
            : array->_bitmap1 != 0 ? 64 + BitOperations.TrailingZeroCount(array->_bitmap1)
            : 128 + BitOperations.TrailingZeroCount(array->_bitmap2);
        return TaskOf(array->Queue(prio)->Next);
    }

    /// <summary>The most urgent task that may move to <paramref name="cpu"/>, of equals the one that would run last; null if there is none.</summary>
    internal static TaskStruct* FirstMovable(PriorityArray* array, int cpu, TaskStruct* running)
    {
        for (int word = 0; word <= (Priority.Count - 1) >> 6; word++)
        {
            for (ulong bits = array->Word(word << 6); bits != 0; bits &= bits - 1)
            {
                ListHead* queue = array->Queue((word << 6) + BitOperations.TrailingZeroCount(bits));
                for (ListHead* link = queue->Prev; link != queue; link = link->Prev)
                {
                    TaskStruct* task = TaskOf(link);
                    if (task != running && (task->CpusAllowed & (1u << cpu)) != 0)
                    {
                        return task;
                    }
                }
            }
        }

        return null;
    }

    /// <summary>True if the bitmap, the queues and the count say the same, and every task knows where it stands. For tests; the run queue is
    /// locked.</summary>
    internal static bool IsConsistent(PriorityArray* array, int cpu)
    {
        int count = 0;
        for (int prio = 0; prio < Priority.Count; prio++)
        {
            ListHead* queue = array->Queue(prio);
            bool marked = (array->Word(prio) & (1UL << (prio & 63))) != 0;
            if (marked == ListHead.Empty(queue))
            {
                return false;
            }

            for (ListHead* link = queue->Next; link != queue; link = link->Next)
            {
                TaskStruct* task = TaskOf(link);
                count++;
                if (task->Prio != prio || task->Array != array || task->Cpu != cpu || link->Next->Prev != link)
                {
                    return false;
                }
            }
        }

        return count == array->TaskCount;
    }

    /// <summary>The task whose run-list link this is.</summary>
    internal static TaskStruct* TaskOf(ListHead* link)
    {
        // As if a task began at the link: any address that is not null serves to measure the offset.
        var origin = (TaskStruct*)link;
        return (TaskStruct*)((byte*)link - ((byte*)&origin->RunList - (byte*)origin));
    }

    private static void Added(PriorityArray* array, TaskStruct* task)
    {
        array->Word(task->Prio) |= 1UL << (task->Prio & 63);
        array->TaskCount++;
        task->Array = array;
    }

    [UnscopedRef]
    private ref ulong Word(int prio) => ref Unsafe.Add(ref _bitmap0, prio >> 6);

    private ListHead* Queue(int prio) => (ListHead*)Unsafe.AsPointer(ref _queues) + prio;

    [InlineArray(Priority.Count)]
    private struct QueueArray
    {
        private ListHead _first;
    }
}
