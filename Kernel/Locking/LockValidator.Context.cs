// LockValidator.Context: interrupts, softirqs, the switch, the ends of threads and handlers, and re-arming.
//
// Linux: lockdep_softirq_enter, debug_check_no_locks_held, lockdep_reset. Contexts at each function; nothing sleeps.

using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

#if DEBUG_CHECKS
public static unsafe partial class LockValidator
{
    internal const byte ProcessContext = 0;
    internal const byte SoftirqContext = 1;
    internal const byte HardirqContext = 2;

    /// <summary>True while orders are checked: not after a report.</summary>
    /// <linux>debug_locks</linux>
    public static bool Armed => Shared.ReadOnce(ref s_armed) != 0;

    /// <summary>How many orders and contexts have been reported since the last call; arms the validator again. What was reported is
    /// not learned as an order, so it would be reported again. Any context.</summary>
    /// <linux>lockdep_reset</linux>
    public static int TakeReports()
    {
        int reports = Shared.Exchange(ref s_reports, 0);
        Shared.WriteOnce(ref s_armed, 1);
        return reports;
    }

    /// <summary>How many locks the running context holds.</summary>
    /// <linux>lockdep_depth</linux>
    public static int HeldCount => Current == null ? 0 : Current->Held.Depth;

    /// <summary>How many locks a task holds at this moment. Any context.</summary>
    public static int HeldBy(TaskStruct* task) => task->Held.Depth;

    /// <summary>How many classes there are, how many orders of two of them, how many checked chains. Any context.</summary>
    /// <linux>lockdep_stats</linux>
    public static int Summary(out int orders, out int chains)
    {
        orders = LockGraph.EdgeCount;
        chains = LockGraph.ChainCount;
        return LockClasses.Count;
    }

    /// <summary>A softirq begins to be served: not when bottom halves are merely disabled.</summary>
    /// <linux>lockdep_softirq_enter</linux>
    public static void SoftirqEnter() => Current->Held.SoftirqDepth++;

    /// <summary>It has been served.</summary>
    /// <linux>lockdep_softirq_exit</linux>
    public static void SoftirqExit() => Current->Held.SoftirqDepth--;

    /// <summary>A hard interrupt begins: what is held was held with interrupts on, however it was taken. Interrupts off.</summary>
    internal static void HardirqEntered()
    {
        HeldLocks* held = &Current->Held;
        for (int i = 0; i < held->Depth && held->Recursion == 0; i++)
        {
            HeldLock* entry = HeldLocks.At(held, i);
            if ((entry->Flags & HeldFlags.IrqsOff) != 0 && entry->Context != HardirqContext)
            {
                held->Recursion = 1;
                NoteIrqsOn(held, entry);
                held->Recursion = 0;
            }
        }
    }

    /// <summary>An interrupt of line <paramref name="irq"/> begins. Interrupts off.</summary>
    /// <returns>What <see cref="LeaveLine"/> is to be given at its end.</returns>
    internal static int EnterLine(int irq)
    {
        HeldLocks* held = &Current->Held;
        int outer = held->HandlerLine;
        held->HandlerLine = 1 + irq;
        return outer;
    }

    /// <summary>It ends: the interrupt below it, or none, is the innermost again. Interrupts off.</summary>
    internal static void LeaveLine(int outer) => Current->Held.HandlerLine = outer;

    /// <summary>A handler has returned: the locks above <paramref name="depth"/> are those that it kept. They are reported and forgotten.
    /// Interrupts off.</summary>
    internal static void HandlerReturned(int depth, ReadOnlySpan<byte> name)
    {
        HeldLocks* held = &Current->Held;
        if (held->Depth > depth)
        {
            ReportKept(held, depth, "lock held on return from the interrupt handler of"u8, name);
            Forget(held, depth);
        }
    }

    /// <summary>A task ends: whoever waits for what it still holds waits for ever. Process context.</summary>
    /// <linux>debug_check_no_locks_held</linux>
    internal static void TaskExits(TaskStruct* task)
    {
        ulong flags = LocalIrqSave();
        if (task->Held.Depth != 0)
        {
            ReportKept(&task->Held, 0, "lock held at task exit time by"u8, task->Name);
            Forget(&task->Held, 0);
        }

        LocalIrqRestore(flags);
    }

    /// <summary>Forgets what the running context holds, and how many that were: after a test that was ended in the middle.</summary>
    internal static int ForgetHeld()
    {
        ulong flags = LocalIrqSave();
        HeldLocks* held = &Current->Held;
        int count = held->Depth;
        Forget(held, 0);
        held->Overflow = 0;
        held->SoftirqDepth = 0;
        held->RcuDepth = 0;
        LocalIrqRestore(flags);
        return count;
    }

    /// <summary>The lock goes to another task with the CPU: this one gives it up, without giving it back. Interrupts off.</summary>
    internal static void HandOver(void* address)
    {
        if (s_following)
        {
            HeldLocks* held = &Current->Held;
            int index = Find(held, address);
            if (index >= 0)
            {
                Remove(held, index);
            }
        }
    }

    /// <summary>A lock that was taken with a subclass is held as one of its base class from now on. Interrupts off.</summary>
    internal static void ResetSubclass(void* address)
    {
        HeldLocks* held = s_following ? &Current->Held : null;
        int index = held == null ? -1 : Find(held, address);
        if (index < 0 || LockClasses.Of(HeldLocks.At(held, index)->Class)->Base == 0)
        {
            return;
        }

        HeldLock changed = *HeldLocks.At(held, index);
        changed.Class = LockClasses.Of(changed.Class)->Base;
        Replace(held, index, ref changed);
    }

    /// <summary>The other side of <see cref="HandOver"/>. Nothing is checked: nobody waited. Interrupts off.</summary>
    internal static void TakeOver(void* address, LockMap* map, string file, int line) =>
        Acquire(address, map, LockKind.Exclusive, 0, true, file, line);

    /// <summary>Preemption has just been disabled, for reports. Any context.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void NotePreemptionOff(string file, int line)
    {
        TaskStruct* task = s_following ? Current : null;
        if (task != null)
        {
            task->Held.PreemptFile = LockText.Address(file);
            task->Held.PreemptLine = line;
        }
    }

    /// <summary>Interrupts have just been turned off, for reports. Any context.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void NoteIrqsOff(string file, int line)
    {
        TaskStruct* task = s_following ? Current : null;
        if (task != null)
        {
            task->Held.IrqFile = LockText.Address(file);
            task->Held.IrqLine = line;
        }
    }

    // Which of the contexts that can interrupt each other this is.
    private static byte ContextOf(HeldLocks* held) =>
        InIrq() ? HardirqContext : held->SoftirqDepth != 0 ? SoftirqContext : ProcessContext;

    // The first to report turns the checks off.
    private static bool Disarm() => Shared.Exchange(ref s_armed, 0) != 0;

    private static void Forget(HeldLocks* held, int depth)
    {
        while (held->Depth > depth)
        {
            Remove(held, held->Depth - 1);
        }
    }
}
#endif
