// Preempt: preempt_count, the word that says in which context a CPU runs.
//
// Linux: include/linux/hardirq.h and preempt.h, same fields in the same places:
//   bits 0-7 preemption-off depth, bits 8-15 softirq depth, bits 16-25 hardirq depth, bit 26 NMI.
// The word lives in PerCpuHot and travels with the task at a switch. Only its own CPU writes it, in one instruction: no lock.
// Any context, never sleeps.

using System.Runtime.CompilerServices;

namespace CSharpOS.Sched;

/// <summary>Which context this is, and preemption control.</summary>
public static class Preempt
{
    public const int PreemptShift = 0;
    public const int SoftirqShift = 8;
    public const int HardirqShift = 16;
    public const int NmiShift = 26;

    public const int PreemptOffset = 1 << PreemptShift;
    public const int SoftirqOffset = 1 << SoftirqShift;
    public const int HardirqOffset = 1 << HardirqShift;
    public const int NmiOffset = 1 << NmiShift;

    /// <summary>preempt_count of a task that has not yet run: that of schedule() at the switch.</summary>
#if PREEMPT || DEBUG_CHECKS
    internal const int AtSwitch = PreemptOffset;
#else
    internal const int AtSwitch = 0;
#endif

    public const int PreemptMask = 0xff << PreemptShift;
    public const int SoftirqMask = 0xff << SoftirqShift;
    public const int HardirqMask = 0x3ff << HardirqShift;
    public const int NmiMask = 1 << NmiShift;

    /// <summary>True while only the boot code runs, with interrupts off and nobody to wait for: then nothing that may sleep does.</summary>
    /// <linux>system_state</linux>
    internal static bool Booting { get; set; }

    /// <summary>True in a hardware interrupt handler.</summary>
    /// <linux>in_irq</linux>
    /// <rows>IRQ-09</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool InIrq() => (Cpu.PreemptCount() & HardirqMask) != 0;

    /// <summary>True in a softirq, or with bottom halves disabled.</summary>
    /// <linux>in_softirq</linux>
    /// <rows>IRQ-09</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool InSoftirq() => (Cpu.PreemptCount() & SoftirqMask) != 0;

    /// <summary>True in any interrupt: hard, bottom half or NMI.</summary>
    /// <linux>in_interrupt</linux>
    /// <rows>IRQ-09</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool InInterrupt() => (Cpu.PreemptCount() & (HardirqMask | SoftirqMask | NmiMask)) != 0;

    /// <summary>True in an NMI.</summary>
    /// <linux>in_nmi</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool InNmi() => (Cpu.PreemptCount() & NmiMask) != 0;

    /// <summary>True wherever sleeping is forbidden because of the context: interrupts, bottom halves, spin locks held.</summary>
    /// <linux>in_atomic</linux>
    /// <rows>IRQ-09</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool InAtomic() => Cpu.PreemptCount() != 0;

    /// <summary>Keeps the running task on this CPU until <see cref="PreemptEnable"/>. Nests.</summary>
    /// <linux>preempt_disable</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PreemptDisable([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
#if PREEMPT || DEBUG_CHECKS
        Cpu.PreemptCountAdd(PreemptOffset);
#endif
#if DEBUG_CHECKS
        if (Cpu.PreemptCount() == PreemptOffset)
        {
            LockValidator.NotePreemptionOff(file, line);
        }
#endif
    }

    /// <summary>Undoes one <see cref="PreemptDisable"/>; the last one lets a more urgent task run at once if one waits.</summary>
    /// <linux>preempt_enable</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PreemptEnable()
    {
#if PREEMPT || DEBUG_CHECKS
        Cpu.PreemptCountAdd(-PreemptOffset);
#endif
#if PREEMPT
        if (Cpu.PreemptionDue())
        {
            Scheduler.PreemptSchedule();
        }
#endif
    }

    /// <summary>Lets a more urgent task run at once if one waits and preemption is on.</summary>
    /// <linux>preempt_check_resched</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PreemptCheckResched()
    {
#if PREEMPT
        if (Cpu.PreemptionDue())
        {
            Scheduler.PreemptSchedule();
        }
#endif
    }

    /// <summary>Undoes one <see cref="PreemptDisable"/> without looking whether to reschedule.</summary>
    /// <linux>preempt_enable_no_resched</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PreemptEnableNoResched()
    {
#if PREEMPT || DEBUG_CHECKS
        Cpu.PreemptCountAdd(-PreemptOffset);
#endif
    }

    /// <summary>Keeps the running task on this CPU until <see cref="PutCpu"/>, and gives the CPU's number.</summary>
    /// <linux>get_cpu</linux>
    /// <rows>SYNC-03</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int GetCpu()
    {
        PreemptDisable();
        return Cpu.SmpProcessorId();
    }

    /// <summary>Undoes one <see cref="GetCpu"/>.</summary>
    /// <linux>put_cpu</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PutCpu() => PreemptEnable();

    /// <summary>Marks the start of a hardware interrupt.</summary>
    /// <linux>irq_enter</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void IrqEnter() => Cpu.PreemptCountAdd(HardirqOffset);

    /// <summary>Marks the end of a hardware interrupt; when it was the outermost, and interrupted neither a softirq nor a stretch with bottom halves
    /// disabled, the pending softirqs run now. Interrupts are off, on return too; in between the softirqs turn them on.</summary>
    /// <linux>irq_exit</linux>
    /// <rows>SIRQ-04</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void IrqExit()
    {
        Cpu.PreemptCountAdd(-HardirqOffset);
        if (Cpu.SoftirqPending != 0 && !InInterrupt())
        {
            Softirq.InvokeSoftirq();
        }
    }

    /// <summary>Marks the start of an NMI.</summary>
    /// <linux>nmi_enter</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void NmiEnter() => Cpu.PreemptCountAdd(NmiOffset + HardirqOffset);

    /// <summary>Marks the end of an NMI.</summary>
    /// <linux>nmi_exit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void NmiExit() => Cpu.PreemptCountAdd(-(NmiOffset + HardirqOffset));

    /// <summary>Every function that may sleep begins with this: in atomic context, or with interrupts off, it is reported with a
    /// call trace, and the machine goes on.</summary>
    /// <linux>might_sleep</linux>
    /// <rows>SIRQ-09</rows>
    public static void MightSleep(
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
#if DEBUG_CHECKS
        if ((InAtomic() || Cpu.IrqsDisabled()) && !Booting)
        {
            Debugging.ContextReport.SleepingInInvalidContext(file, line);
        }
#endif
    }
}
