// WorkStruct: a function to be called later, in process context.
//
// Linux: struct work_struct, include/linux/workqueue.h (2.6.20 and later: the handler gets the work itself). A work lies inside the object it belongs
// to; put it first, and the handler's pointer is the object's. Any context, never sleeps.
// Invariants: the pending bit is set from the moment somebody queues the work until just before its handler is called: whoever sets it owns Cwq,
// Entry and Sequence until then. Entry is an empty list of its own unless the work waits in a queue; it belongs to Cwq->Lock.

using System.Runtime.CompilerServices;

namespace CSharpOS.Workqueues;

/// <summary>Work to be done by a worker thread.</summary>
/// <linux>work_struct</linux>
/// <rows>WORK-02</rows>
public unsafe struct WorkStruct
{
    // Not 0 while it is pending.
    private int _pending;

    /// <summary>Its place in the order of the queue it was last put into.</summary>
    internal ulong Sequence;

    /// <summary>The queue of the CPU that it was last put into; null before the first time.</summary>
    internal CpuWorkqueueStruct* Cwq;

    internal ListHead Entry;

    /// <summary>The handler. It runs in process context with interrupts on, may sleep, and may queue its own work again.</summary>
    internal delegate*<WorkStruct*, void> Function;

    /// <summary>Makes a work ready to be queued. Not while it is pending. Any context.</summary>
    /// <linux>INIT_WORK</linux>
    /// <rows>WORK-02</rows>
    public static void Init(WorkStruct* work, delegate*<WorkStruct*, void> function)
    {
        *work = default;
        ListHead.Init(&work->Entry);
        work->Function = function;
    }

    /// <summary>Gives a work that is ready another handler. Not while it is pending.</summary>
    /// <linux>PREPARE_WORK</linux>
    public static void Prepare(WorkStruct* work, delegate*<WorkStruct*, void> function) => work->Function = function;

    /// <summary>True from queueing until just before the handler is called. True or false for a moment only.</summary>
    /// <linux>work_pending</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsPending(WorkStruct* work) => Shared.ReadOnce(ref work->_pending) != 0;

    /// <summary>Makes a work pending. False if it was so before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TakePending(WorkStruct* work) => Shared.Exchange(ref work->_pending, 1) == 0;

    /// <summary>What the caller wrote before is seen by whoever makes the work pending next. A full barrier.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void ClearPending(WorkStruct* work) => Shared.Exchange(ref work->_pending, 0);
}
