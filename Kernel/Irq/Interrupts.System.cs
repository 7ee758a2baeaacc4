// Interrupts.System: interrupts that belong to no device line: messages between the CPUs, their local timers.
//
// Linux: the entries of arch/i386/kernel/entry.S made by BUILD_INTERRUPT. Hard interrupt context, on the interrupt stack, interrupts off throughout. What
// they mean is the local APIC's business, which registers its handler; the hosted kernel has none. No locks.

using System.Runtime;
using CSharpOS.Debugging;

namespace CSharpOS.Irq;

public static unsafe partial class Interrupts
{
    private static delegate*<int, PtRegs*, void> s_systemHandler;
    private static delegate*<void> s_endUnexpected;

    /// <summary>Sets who serves vectors from <see cref="AsmOffsets.FIRST_SYSTEM_VECTOR"/> up (<paramref name="handler"/> gets the vector minus 0x20), and
    /// what retires an interrupt that arrived on a line without a controller. At boot, interrupts off.</summary>
    internal static void SetSystemHandlers(delegate*<int, PtRegs*, void> handler, delegate*<void> endUnexpected)
    {
        s_systemHandler = handler;
        s_endUnexpected = endUnexpected;
    }

    /// <summary>Every interrupt of a local APIC. Called by the entry stub with interrupts off, as <see cref="DoIrq"/> is.</summary>
    [RuntimeExport("arch_do_system_interrupt")]
    public static void DoSystemInterrupt(PtRegs* regs)
    {
        byte line = (byte)regs->OrigRax;
#if DEBUG_CHECKS
        TraceGateEntered(regs);
#endif
        IrqEnter();
        LastInterrupts.Note(line);
#if DEBUG_CHECKS
        int outer = LockValidator.EnterLine(line);
#endif
        if (s_systemHandler != null)
        {
            s_systemHandler(line, regs);
        }
        else
        {
            NoMaskAndAck(line);
        }

#if DEBUG_CHECKS
        LockValidator.LeaveLine(outer);
#endif
        IrqExit();
#if DEBUG_CHECKS
        TraceGateLeft(regs);
#endif
    }

    private static void EndUnexpected()
    {
        if (s_endUnexpected != null)
        {
            s_endUnexpected();
        }
    }
}
