// IrqStatistics: how many interrupts each CPU took on each line, and those that belong to no line.
//
// Linux: kstat_irqs (include/linux/kernel_stat.h), irq_err_count, nmi_count and the local timer counter. Counting: hard interrupt or
// NMI context, own CPU only, so no lock; reading: any context, from any CPU, each counter by itself.

using System.Runtime.CompilerServices;

namespace CSharpOS.Irq;

/// <summary>Interrupt counters.</summary>
/// <rows>IRQ-12</rows>
public static unsafe class IrqStatistics
{
    private static PerCpu<Counters> s_counters;
    private static Atomic s_errors;

    /// <summary>Interrupts that no device raised: spurious ones, and vectors without a controller.</summary>
    /// <linux>irq_err_count</linux>
    /// <rows>IRQ-03</rows>
    public static uint Errors => (uint)s_errors.Read();

    // The copies are zero: PerCpuArea hands out zeroed memory.
    internal static void Init()
    {
        s_counters = PerCpu<Counters>.Allocate();
        s_errors.Set(0);
    }

    /// <summary>Interrupts of line <paramref name="irq"/> that CPU <paramref name="cpu"/> took.</summary>
    /// <linux>kstat_irqs_cpu</linux>
    public static uint Irqs(int irq, int cpu) => (uint)irq < Interrupts.NrIrqs ? Shared.ReadOnce(ref s_counters.On(cpu)->Lines[irq]) : 0;

    /// <summary>Non-maskable interrupts that CPU <paramref name="cpu"/> took.</summary>
    /// <linux>nmi_count</linux>
    public static uint Nmis(int cpu) => Shared.ReadOnce(ref s_counters.On(cpu)->Nmi);

    /// <summary>Interrupts of the local APIC's timer that CPU <paramref name="cpu"/> took.</summary>
    /// <linux>apic_timer_irqs</linux>
    public static uint LocalTimers(int cpu) => (uint)Shared.ReadOnce(ref s_counters.On(cpu)->LocalTimer);

    /// <summary>Requests to reschedule that CPU <paramref name="cpu"/> got from others.</summary>
    public static uint Reschedules(int cpu) => Shared.ReadOnce(ref s_counters.On(cpu)->Reschedule);

    /// <summary>Functions that CPU <paramref name="cpu"/> ran for others.</summary>
    public static uint CallFunctions(int cpu) => Shared.ReadOnce(ref s_counters.On(cpu)->CallFunction);

    /// <summary>Requests to forget page table entries that CPU <paramref name="cpu"/> got from others.</summary>
    public static uint TlbFlushes(int cpu) => Shared.ReadOnce(ref s_counters.On(cpu)->TlbFlush);

    /// <summary>Counts an interrupt of this CPU. Interrupts off; <paramref name="irq"/> is a line of the table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Count(nuint irq) => ((uint*)s_counters.This)[irq]++;

    /// <summary>Counts a non-maskable interrupt of this CPU. From the NMI's exception handler.</summary>
    public static void CountNmi() => s_counters.This->Nmi++;

    /// <summary>Counts an interrupt of this CPU's local timer. From its handler, interrupts off. A locked instruction: what follows is not done before this
    /// CPU can be seen to be in a handler (GlobalCli).</summary>
    public static void CountLocalTimer() => Shared.AddReturn(ref s_counters.This->LocalTimer, 1);

    /// <summary>Counts a message from another CPU. From its handler, interrupts off.</summary>
    internal static void CountReschedule() => s_counters.This->Reschedule++;

    /// <inheritdoc cref="CountReschedule"/>
    internal static void CountCallFunction() => s_counters.This->CallFunction++;

    /// <inheritdoc cref="CountReschedule"/>
    internal static void CountTlbFlush() => s_counters.This->TlbFlush++;

    /// <summary>Counts an interrupt that no device raised. Any context.</summary>
    public static void CountError() => s_errors.Inc();

    // Lines stands first: Count relies on it.
    private struct Counters
    {
        public fixed uint Lines[Interrupts.NrIrqs];
        public uint Nmi;
        public int LocalTimer;
        public uint Reschedule;
        public uint CallFunction;
        public uint TlbFlush;
    }
}
