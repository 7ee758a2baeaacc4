// LockValidator.Rcu: readers of RCU: what sleeps inside them is reported with the locks, and who reads outside of them.
//
// Linux: rcu_lock_map and rcu_dereference_check. Any context, never sleeps. A counter of the task: what interrupts it counts up and down again.

using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

#if DEBUG_CHECKS
public static unsafe partial class LockValidator
{
    /// <summary>True inside a reader. Any context.</summary>
    /// <linux>rcu_read_lock_held</linux>
    public static bool RcuReadLockHeld => Current != null && Current->Held.RcuDepth != 0;

    internal static void RcuReadLocked()
    {
        if (Current != null)
        {
            Current->Held.RcuDepth++;
        }
    }

    /// <summary>False, and reported: there is no reader that could end.</summary>
    internal static bool RcuReadUnlocked()
    {
        if (Current == null || Current->Held.RcuDepth-- > 0)
        {
            return true;
        }

        Current->Held.RcuDepth = 0;
        Printk(LogLevel.Error, "BUG: rcu_read_unlock without rcu_read_lock\n"u8);
        KernelLog.DumpStack();
        return false;
    }

    /// <summary>A pointer that RCU guards is read: where the task could be preempted, what it points at may be freed under its hands.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void CheckRcuReader()
    {
        if (!InAtomic() && !IrqsDisabled())
        {
            ReportRcuReader();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReportRcuReader()
    {
        Printk(LogLevel.Error, "BUG: rcu_dereference outside of rcu_read_lock\n"u8);
        KernelLog.DumpStack();
    }
}
#endif
