// HeldLocks: which locks a task holds, with those of the interrupts that run on top of it.
//
// Linux: held_locks and lockdep_depth of task_struct, struct held_lock. Part of TaskStruct; only the task itself, and what interrupts it on its
// CPU, touches it, with interrupts off: no lock. Only in builds with DEBUG_CHECKS.
// Invariant: Chain is the hash of the classes of the innermost context's locks, in the order in which they were taken.

using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

#if DEBUG_CHECKS
/// <summary>Details of how a lock is held.</summary>
[Flags]
internal enum HeldFlags : byte
{
    None = 0,

    /// <summary>Got without waiting: it can be the start of an order, not its end.</summary>
    TryLock = 1,

    /// <summary>Interrupts have been off ever since it was taken.</summary>
    IrqsOff = 2,

    /// <summary>The holder took it again; it was not waited for and is not given back a second time.</summary>
    Counted = 4,
}

/// <summary>One held lock.</summary>
/// <linux>held_lock</linux>
internal unsafe struct HeldLock
{
    internal void* Lock;
    internal char* File;
    internal ulong ChainBefore;

    /// <summary>Time stamp counter when it was got.</summary>
    internal ulong Since;
    internal int Line;
    internal ushort Class;
    internal LockKind Kind;
    internal HeldFlags Flags;
    internal byte Context;
}

/// <summary>The locks that a task holds, the innermost last.</summary>
public unsafe struct HeldLocks
{
    /// <summary>More are not followed.</summary>
    /// <linux>MAX_LOCK_DEPTH</linux>
    internal const int Max = 32;

    internal int Depth;

    /// <summary>Inside the validator: what its reports lock is not looked at.</summary>
    internal int Recursion;

    /// <summary>Softirqs being served on top of the task.</summary>
    internal int SoftirqDepth;

    /// <summary>Nested rcu_read_locks of the task and of what runs on top of it.</summary>
    /// <linux>rcu_lock_map</linux>
    internal int RcuDepth;

    /// <summary>Locks taken beyond <see cref="Max"/>.</summary>
    internal int Overflow;

    /// <summary>1 + the line of the innermost interrupt on top of the task; 0 outside.</summary>
    internal int HandlerLine;

    internal ulong Chain;

    /// <summary>Where preemption was disabled, and interrupts, most recently from "on".</summary>
    internal char* PreemptFile, IrqFile;
    internal int PreemptLine, IrqLine;

    private Entries _entries;

    internal static HeldLock* At(HeldLocks* held, int index) => (HeldLock*)Unsafe.AsPointer(ref held->_entries) + index;

    [InlineArray(Max)]
    private struct Entries
    {
        private HeldLock _first;
    }
}
#endif
