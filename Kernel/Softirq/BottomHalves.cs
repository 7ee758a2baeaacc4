// BottomHalves: keeping softirqs and tasklets off this CPU for a while.
//
// Linux: local_bh_disable, local_bh_enable (kernel/softirq.c). Process context, softirqs and tasklets; not hard interrupts, and LocalBhEnable not with
// interrupts off. Nothing here sleeps. No locks: preempt_count is the CPU's own.
// A stretch between the two is like a softirq: InSoftirq() and InInterrupt() are true, nothing preempts it but interrupts, and it may not sleep. Other
// CPUs go on: what they share needs a lock too (SpinLock.LockBh).

using System.Runtime.CompilerServices;

namespace CSharpOS.Softirqs;

/// <summary>Disabling and enabling bottom halves on this CPU.</summary>
/// <rows>SIRQ-07</rows>
public static class BottomHalves
{
    /// <summary>From here to <see cref="LocalBhEnable"/> no softirq or tasklet begins on this CPU, and the task is not preempted. Nests.</summary>
    /// <linux>local_bh_disable</linux>
    /// <rows>SIRQ-07</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LocalBhDisable() => Cpu.PreemptCountAdd(SoftirqOffset);

    /// <summary>Undoes one <see cref="LocalBhDisable"/>; the last one runs what has become pending meanwhile, and then lets a more urgent task run.
    /// Interrupts must be on: with interrupts off, in a hard interrupt, or without a LocalBhDisable before it, it is reported, and runs nothing (builds
    /// with checks).</summary>
    /// <linux>local_bh_enable</linux>
    /// <rows>SIRQ-07</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LocalBhEnable()
    {
#if DEBUG_CHECKS
        if (IrqsDisabled() || InIrq() || !InSoftirq())
        {
            ReportEnable();
            return;
        }
#endif

        // First the count, then the look at the mask. The other way round, a softirq that an interrupt raises in between would be left lying;
        // this way that interrupt runs it itself on its way out.
        Cpu.PreemptCountAdd(-SoftirqOffset);
        if (LocalSoftirqPending() != 0)
        {
            Softirq.DoSoftirqIrqsOn();
        }
#if PREEMPT
        if (Cpu.PreemptionDue())
        {
            Scheduler.PreemptSchedule();
        }
#endif
    }

    /// <summary>Undoes one <see cref="LocalBhDisable"/> and nothing more: what is pending waits for the next interrupt. For callers with interrupts
    /// off that know that somebody looks at the mask soon.</summary>
    /// <linux>_local_bh_enable</linux>
    /// <rows>SIRQ-07</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void _LocalBhEnable() => Cpu.PreemptCountAdd(-SoftirqOffset);

#if DEBUG_CHECKS
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReportEnable()
    {
        if (InSoftirq())
        {
            _LocalBhEnable();
            Printk(LogLevel.Error, $"BUG: local_bh_enable {(InIrq() ? "in a hard interrupt" : "with interrupts off")}\n");
        }
        else
        {
            Printk(LogLevel.Error, "BUG: local_bh_enable without local_bh_disable\n"u8);
        }

        KernelLog.DumpStack();
    }
#endif
}
