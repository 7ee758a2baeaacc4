// Cpu.Trace: what the tracer of interrupts-off stretches is told by code that does not turn interrupts off and on itself; and the operations of which it is told
// nothing.
//
// Linux: trace_hardirqs_off, trace_hardirqs_on, raw_local_irq_save (asm/irqflags.h). Any context. While tracing is off each is a load and a branch; in
// builds without checks the calls are not there.

using System.Runtime.CompilerServices;

namespace CSharpOS.Arch;

public static unsafe partial class Cpu
{
    /// <summary><see cref="LocalIrqSave"/> that nobody is told of: for the tracer itself.</summary>
    /// <linux>raw_local_irq_save</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong RawLocalIrqSave() => AsmImports.LocalIrqSave();

    /// <summary>Undoes <see cref="RawLocalIrqSave"/>.</summary>
    /// <linux>raw_local_irq_restore</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void RawLocalIrqRestore(ulong flags) => AsmImports.LocalIrqRestore(flags);

#if DEBUG_CHECKS
    /// <summary>Interrupts, on until now, are off: at the start of what a gate calls.</summary>
    /// <linux>trace_hardirqs_off</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void TraceHardirqsOff()
    {
        if (Tracing.Trace.Enabled)
        {
            AsmImports.TraceHardirqsOff();
        }
    }

    /// <summary>Interrupts will be on at once.</summary>
    /// <linux>trace_hardirqs_on</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void TraceHardirqsOn()
    {
        if (Tracing.Trace.Enabled)
        {
            AsmImports.TraceHardirqsOn();
        }
    }

    /// <summary>The start of what an interrupt or an exception calls: interrupts are off now, if they were on where it struck.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void TraceGateEntered(PtRegs* regs)
    {
        if (Tracing.Trace.Enabled && !IrqsDisabledFlags(regs->Eflags))
        {
            AsmImports.TraceHardirqsOff();
        }
    }

    /// <summary>Its end: the return turns interrupts on again, if they were.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void TraceGateLeft(PtRegs* regs)
    {
        if (Tracing.Trace.Enabled && !IrqsDisabledFlags(regs->Eflags))
        {
            AsmImports.TraceHardirqsOn();
        }
    }
#endif
}
