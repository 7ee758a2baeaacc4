// InstructionTimer: an interrupt after a chosen number of instructions, for the interrupt sweep.
//
// Under an emulator that counts instructions (QEMU -icount shift=0) the local APIC's timer, divided by 1, counts executed instructions: armed with n it
// strikes n + 1 instructions after the register write, always at the same one. So a test can interrupt a path at each of its instructions.
// Begin and End: process context, one CPU, preemption may be on. Between them this CPU has no clock tick: line 0 is disabled and the local timer is ours.
// In builds for one CPU, which leave the local APIC alone, there is none: Begin says so.
// Arm, Cancel: any context. The handler: hard interrupt context, interrupts off. No locks: a CPU's own registers.

namespace CSharpOS.Arch;

/// <summary>Interrupts at chosen instructions.</summary>
public static unsafe class InstructionTimer
{
#if SMP
    internal const int Vector = 0xf0;
    private const uint DivideBy1 = 0xb;
    private const int ClockIrq = 0;

    private static delegate*<PtRegs*, void> s_handler;
    private static uint s_entry, s_divide, s_count;

    /// <summary>True if this machine and this build have one.</summary>
    public static bool Exists => LocalApic.Present;

    /// <summary>Takes the local timer of this CPU and stops its clock tick.</summary>
    /// <param name="handler">Gets the registers of what was interrupted.</param>
    /// <returns>0; -ENODEV without a local APIC; -EBUSY if somebody has it.</returns>
    public static int Begin(delegate*<PtRegs*, void> handler)
    {
        if (!LocalApic.Present)
        {
            return -ENODEV;
        }

        if (s_handler != null)
        {
            return -EBUSY;
        }

        DisableIrq(ClockIrq);
        ulong flags = LocalIrqSave();
        s_handler = handler;
        s_entry = LocalApic.Read(LocalApic.TimerEntry);
        s_divide = LocalApic.Read(LocalApic.TimerDivide);
        s_count = LocalApic.Read(LocalApic.TimerInitialCount);
        LocalApic.Write(LocalApic.TimerInitialCount, 0);
        LocalApic.Write(LocalApic.TimerDivide, DivideBy1);
        LocalApic.Write(LocalApic.TimerEntry, Vector);
        LocalIrqRestore(flags);
        return 0;
    }

    /// <summary>The handler is called <paramref name="instructions"/> + 1 instructions after the write that this makes; 0 cancels.</summary>
    public static void Arm(uint instructions) => LocalApic.Write(LocalApic.TimerInitialCount, instructions);

    /// <summary>What was armed and has not struck does not strike any more.</summary>
    public static void Cancel() => LocalApic.Write(LocalApic.TimerInitialCount, 0);

    /// <summary>Gives the timer back; the clock ticks again.</summary>
    public static void End()
    {
        ulong flags = LocalIrqSave();
        LocalApic.Write(LocalApic.TimerInitialCount, 0);
        LocalApic.Write(LocalApic.TimerEntry, s_entry);
        LocalApic.Write(LocalApic.TimerDivide, s_divide);
        LocalApic.Write(LocalApic.TimerInitialCount, s_count);
        s_handler = null;
        LocalIrqRestore(flags);
        EnableIrq(ClockIrq);
    }

    internal static void Interrupt(PtRegs* regs)
    {
        LocalApic.EndOfInterrupt();
        delegate*<PtRegs*, void> handler = s_handler;
        if (handler != null)
        {
            handler(regs);
        }
    }
#else
    /// <summary>There is none.</summary>
    public static bool Exists => false;

    /// <inheritdoc cref="Exists"/>
    /// <returns>-ENODEV.</returns>
    public static int Begin(delegate*<PtRegs*, void> handler) => -ENODEV;

    /// <inheritdoc cref="Exists"/>
    public static void Arm(uint instructions)
    {
    }

    /// <inheritdoc cref="Exists"/>
    public static void Cancel()
    {
    }

    /// <inheritdoc cref="Exists"/>
    public static void End()
    {
    }
#endif
}
