// Softirq: the table of softirqs, and how one is raised.
//
// Linux: kernel/softirq.c (open_softirq, raise_softirq), include/linux/interrupt.h. OpenSoftirq at boot; raising in any context but an NMI. Nothing here
// sleeps. No locks: the pending mask is the CPU's own, and the table changes only in OpenSoftirq.
// Invariants:
// - A softirq runs on the CPU that raised it. The mask of pending ones is a word of PerCpuHot that only its CPU writes.
// - Whoever raises one in process context with bottom halves enabled wakes ksoftirqd: no interrupt need ever come to run it. In all other
//   contexts somebody looks at the mask on the way out: IrqExit, LocalBhEnable, or the loop of Softirq.Run.cs itself.

using System.Runtime.CompilerServices;

namespace CSharpOS.Softirqs;

/// <summary>An entry of the table of softirqs.</summary>
/// <linux>softirq_action</linux>
public unsafe struct SoftirqAction
{
    /// <summary>What runs; it is given its own entry.</summary>
    /// <linux>action</linux>
    public delegate*<SoftirqAction*, void> Action;
}

/// <summary>Softirqs: functions that run soon after they were raised, with interrupts on, on the CPU that raised them, one at a time.</summary>
/// <rows>SIRQ-01</rows>
public static unsafe partial class Softirq
{
    /// <summary>Entries of the table: the bits of the pending mask.</summary>
    /// <linux>NR_SOFTIRQS</linux>
    public const int NrSoftirqs = 32;

    private static Table s_vec;
    private static Atomic s_reportedUnopened;

    /// <summary>The table, <see cref="NrSoftirqs"/> entries.</summary>
    /// <linux>softirq_vec</linux>
    /// <rows>SIRQ-01</rows>
    public static SoftirqAction* SoftirqVec
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (SoftirqAction*)Unsafe.AsPointer(ref s_vec);
    }

    /// <summary>No softirq is open or pending. Once, at boot, interrupts off.</summary>
    /// <linux>softirq_init</linux>
    internal static void Init()
    {
        s_reportedUnopened.Set(0);
        for (int nr = 0; nr < NrSoftirqs; nr++)
        {
            SoftirqVec[nr].Action = &Unopened;
        }

        SoftirqStatistics.Init();
        Ksoftirqd.Init();
        SetPolicy(SoftirqPolicy.Chosen);
        SetSoftirqPending(0);
    }

    /// <summary>Says which function a softirq runs. Boot, before it is raised for the first time; does not sleep. The handler runs with interrupts
    /// on and may not sleep. It may run on several CPUs at once: what it shares it locks, or keeps per CPU.</summary>
    /// <param name="nr">Which one.</param>
    /// <param name="action">Its handler, called with a pointer to its own entry.</param>
    /// <returns>0; -EINVAL if there is no such softirq, or no handler.</returns>
    /// <linux>open_softirq</linux>
    /// <rows>SIRQ-02</rows>
    public static int OpenSoftirq(SoftirqNr nr, delegate*<SoftirqAction*, void> action)
    {
        if ((uint)nr >= NrSoftirqs || action == null)
        {
            Printk(LogLevel.Error, $"open_softirq: no softirq {(int)nr}, or no handler for it\n");
            return -EINVAL;
        }

        SoftirqVec[(int)nr].Action = action;
        return 0;
    }

    /// <summary>Marks a softirq as pending on this CPU. Any context but an NMI, interrupts on or off; they are as before on return.</summary>
    /// <linux>raise_softirq</linux>
    /// <rows>SIRQ-03</rows>
    public static void RaiseSoftirq(SoftirqNr nr)
    {
        ulong flags = LocalIrqSave();
        RaiseSoftirqIrqoff(nr);
        LocalIrqRestore(flags);
    }

    /// <summary>The same for callers that have interrupts off already; with interrupts on it is reported (builds with checks).</summary>
    /// <linux>raise_softirq_irqoff</linux>
    /// <rows>SIRQ-03</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RaiseSoftirqIrqoff(SoftirqNr nr)
    {
        CheckRaise(nr);
        TracePoints.SoftirqRaise(nr);
        Cpu.SoftirqPendingOr(1u << (int)nr);
        if (!InInterrupt())
        {
            Ksoftirqd.Wakeup();
        }
    }

    /// <summary>What is pending on this CPU, one bit each. Stable only while interrupts are off.</summary>
    /// <linux>local_softirq_pending</linux>
    /// <rows>SIRQ-03</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint LocalSoftirqPending() => Cpu.SoftirqPending;

    /// <summary>Replaces the whole mask of this CPU. Interrupts off, or a softirq raised meanwhile is lost.</summary>
    /// <linux>set_softirq_pending</linux>
    /// <rows>SIRQ-03</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetSoftirqPending(uint mask) => Cpu.SoftirqPending = mask;

    /// <summary>What is pending on CPU <paramref name="cpu"/>: true for a moment only. Any context.</summary>
    /// <linux>softirq_pending</linux>
    /// <rows>SIRQ-03</rows>
    public static uint SoftirqPending(int cpu)
    {
        PerCpuHot* hot = PerCpuArea.Hot(cpu);
        return hot == null ? 0 : Shared.ReadOnce(ref hot->SoftirqPending);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CheckRaise(SoftirqNr nr)
    {
#if DEBUG_CHECKS
        if (!IrqsDisabled() || (uint)nr >= NrSoftirqs)
        {
            ReportRaise(nr);
        }
#endif
    }

#if DEBUG_CHECKS
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReportRaise(SoftirqNr nr)
    {
        Printk(LogLevel.Error, $"BUG: raise_softirq_irqoff({(int)nr}) {((uint)nr >= NrSoftirqs ? "of a softirq that does not exist" : "with interrupts on")}\n");
        KernelLog.DumpStack();
    }
#endif

    // What runs for a softirq that was raised and never opened. Reported once for each.
    private static void Unopened(SoftirqAction* entry)
    {
        int nr = (int)(entry - SoftirqVec);
        int seen = s_reportedUnopened.Read();
        if ((seen & (1 << nr)) == 0 && s_reportedUnopened.CompareExchange(seen | (1 << nr), seen) == seen)
        {
            Printk(LogLevel.Error, $"softirq {nr} ({NameOf(nr)}) was raised, but nobody has opened it\n");
        }
    }

    internal static ReadOnlySpan<byte> NameOf(int nr)
    {
        ReadOnlySpan<byte> name = ((SoftirqNr)nr).Name();
        return name.IsEmpty ? "unnamed"u8 : name;
    }

    [InlineArray(NrSoftirqs)]
    private struct Table
    {
        private SoftirqAction _first;
    }
}
