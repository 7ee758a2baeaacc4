// Cpu: interrupt flag, barriers, per-CPU words and identification of the running processor.
//
// Linux: asm/irqflags.h, asm/processor.h, asm/barrier.h. Every function may be called from any context and never sleeps unless it
// says otherwise. This class is the seam behind which the hosted kernel puts its simulated CPU: same members, same meaning.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CSharpOS.Arch;

/// <summary>The processor this code runs on.</summary>
public static unsafe partial class Cpu
{
    private const ulong EflagsInterrupt = 0x200;

    /// <summary>The most processors one image serves.</summary>
    public const int MaxCpus = 16;

    /// <summary>Turns interrupts off on this CPU and gives the flags of before, for <see cref="LocalIrqRestore"/>. Nests.</summary>
    /// <linux>local_irq_save</linux>
    /// <rows>IRQ-09</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong LocalIrqSave([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ulong flags = AsmImports.LocalIrqSave();
#if DEBUG_CHECKS
        if ((flags & EflagsInterrupt) != 0)
        {
            LockValidator.NoteIrqsOff(file, line);
            TraceHardirqsOff();
        }
#endif
        return flags;
    }

    /// <summary>Puts the interrupt flag back to what <see cref="LocalIrqSave"/> found.</summary>
    /// <linux>local_irq_restore</linux>
    /// <rows>IRQ-09</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LocalIrqRestore(ulong flags)
    {
#if DEBUG_CHECKS
        if (Tracing.Trace.Enabled && !IrqsDisabledFlags(flags))
        {
            AsmImports.TraceHardirqsOn();
        }
#endif
        AsmImports.LocalIrqRestore(flags);
    }

    /// <summary>Turns interrupts off on this CPU. Does not nest: see <see cref="LocalIrqSave"/>.</summary>
    /// <linux>local_irq_disable</linux>
    /// <rows>IRQ-09</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LocalIrqDisable([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
#if DEBUG_CHECKS
        LocalIrqSave(file, line);
#else
        AsmImports.Cli();
#endif
    }

    /// <summary>Turns interrupts on on this CPU, whatever they were before.</summary>
    /// <linux>local_irq_enable</linux>
    /// <rows>IRQ-09</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LocalIrqEnable()
    {
#if DEBUG_CHECKS
        TraceHardirqsOn();
#endif
        AsmImports.Sti();
    }

    /// <summary>The flags register as it is, without a change.</summary>
    /// <linux>local_save_flags</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong LocalSaveFlags() => AsmImports.LocalSaveFlags();

    /// <summary>True while interrupts are off on this CPU.</summary>
    /// <linux>irqs_disabled</linux>
    /// <rows>IRQ-09</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IrqsDisabled() => (AsmImports.LocalSaveFlags() & EflagsInterrupt) == 0;

    /// <summary>True if <paramref name="flags"/> were taken with interrupts off.</summary>
    /// <linux>irqs_disabled_flags</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IrqsDisabledFlags(ulong flags) => (flags & EflagsInterrupt) == 0;

    /// <summary>Turns interrupts on and waits for one, atomically: an interrupt that is already pending ends the wait at once.</summary>
    /// <linux>safe_halt</linux>
    public static void SafeHalt()
    {
#if DEBUG_CHECKS
        TraceHardirqsOn();
#endif
        AsmImports.StiHlt();
    }

    /// <summary>Stops this CPU for good, interrupts off.</summary>
    [DoesNotReturn]
    public static void HaltForever()
    {
        while (true)
        {
            AsmImports.Cli();
            AsmImports.Hlt();
        }
    }

    /// <summary>A hint for spin loops.</summary>
    /// <linux>cpu_relax</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CpuRelax() => AsmImports.Pause();

    /// <summary>Full memory barrier.</summary>
    /// <linux>mb</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Mb() => AsmImports.Mfence();

    /// <summary>Read barrier.</summary>
    /// <linux>rmb</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rmb() => AsmImports.Lfence();

    /// <summary>Write barrier.</summary>
    /// <linux>wmb</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Wmb() => AsmImports.Sfence();

    /// <summary>The time stamp counter.</summary>
    /// <linux>rdtsc</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ReadTsc() => AsmImports.Rdtsc();

    /// <summary>The number of the running CPU. Only stable while preemption is off.</summary>
    /// <linux>smp_processor_id</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SmpProcessorId() => (int)AsmImports.GsLoad32(AsmOffsets.HOT_CPU_NUMBER);

    /// <summary>The running task; in an interrupt the one that was interrupted.</summary>
    /// <linux>current</linux>
    /// <rows>IRQ-09</rows>
    public static Sched.TaskStruct* Current
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Sched.TaskStruct*)AsmImports.GsLoad64(AsmOffsets.HOT_CURRENT);
    }

    /// <summary>This CPU's hot words, by their linear address.</summary>
    public static PerCpuHot* Hot
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (PerCpuHot*)AsmImports.GsLoad64(AsmOffsets.HOT_SELF);
    }

    /// <summary>What <see cref="PerCpu{T}"/> adds to reach this CPU's copy.</summary>
    internal static ulong PerCpuOffset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => AsmImports.GsLoad64(AsmOffsets.HOT_PER_CPU_OFFSET);
    }

    /// <summary>preempt_count of the running task.</summary>
    /// <linux>preempt_count</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PreemptCount() => (int)AsmImports.GsLoad32(AsmOffsets.HOT_PREEMPT_COUNT);

    /// <summary>Adds to preempt_count in one instruction. Use the named operations of <see cref="Sched.Preempt"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void PreemptCountAdd(int value)
    {
#if DEBUG_CHECKS
        if (value < 0 && Tracing.Trace.Enabled)
        {
            AsmImports.TracePreemptOn(value);
        }
#endif
        AsmImports.GsAdd32(AsmOffsets.HOT_PREEMPT_COUNT, (uint)value);
#if DEBUG_CHECKS
        if (value > 0 && Tracing.Trace.Enabled)
        {
            AsmImports.TracePreemptOff(value);
        }
#endif
    }

    /// <summary>Pending softirqs of this CPU, one bit each. To read and clear them without losing one, interrupts must be off.</summary>
    /// <linux>local_softirq_pending</linux>
    internal static uint SoftirqPending
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => AsmImports.GsLoad32(AsmOffsets.HOT_SOFTIRQ_PENDING);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        set => AsmImports.GsStore32(AsmOffsets.HOT_SOFTIRQ_PENDING, value);
    }

    /// <summary>Adds to the pending softirqs in one instruction.</summary>
    /// <linux>or_softirq_pending</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void SoftirqPendingOr(uint mask) => AsmImports.GsOr32(AsmOffsets.HOT_SOFTIRQ_PENDING, mask);

    /// <summary>Whether the running task should give the CPU away.</summary>
    /// <linux>TIF_NEED_RESCHED</linux>
    internal static bool NeedResched
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => AsmImports.GsLoad32(AsmOffsets.HOT_NO_RESCHEDULE) == 0;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        set => AsmImports.GsStore32(AsmOffsets.HOT_NO_RESCHEDULE, value ? 0u : 1u);
    }

    /// <summary>True if preempt_count is zero and need_resched is set: both in one load.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool PreemptionDue() => AsmImports.GsLoad64(AsmOffsets.HOT_PREEMPT_COUNT) == 0;

    /// <summary>The registers that the innermost interrupt on this CPU saved; null outside interrupts.</summary>
    /// <linux>get_irq_regs</linux>
    public static PtRegs* InterruptRegs
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (PtRegs*)AsmImports.GsLoad64(AsmOffsets.HOT_INTERRUPT_REGS);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal set => AsmImports.GsStore64(AsmOffsets.HOT_INTERRUPT_REGS, (ulong)value);
    }
}
