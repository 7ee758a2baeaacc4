// I8259A: the PC's pair of interrupt controllers.
//
// Linux: arch/i386/kernel/i8259.c. The master serves lines 0 to 7, the slave 8 to 15, whose output is the master's line 2 (cascade).
// Init: boot, one CPU, interrupts off. The chip operations: any context, interrupts off, the line's descriptor locked.
// Lock: s_state.Busy, inside every descriptor's lock, always with interrupts off. A plain test-and-set lock, not a SpinLock: it is held for a
// dozen instructions, so fairness is no matter, and since nothing is called where it is free, the functions on the path of
// every interrupt need no frame.
// Invariants: s_state.Mask is what the two mask registers hold; line 2 of the master stays unmasked; command reads give the request register
// (IRR) unless somebody holds the lock.
// What the in-service register (ISR) tells: a real interrupt sets its bit there before the CPU gets the vector. A line that lets go too early
// makes the controller say 7 without any bit: spurious, no end of interrupt is due. From the slave it is 15: the slave's bit is not
// set, the master's bit 2 is, and only the master gets its end of interrupt.

using System.Runtime.CompilerServices;

namespace CSharpOS.Arch;

/// <summary>The two 8259A interrupt controllers.</summary>
/// <rows>IRQ-03</rows>
public static unsafe class I8259A
{
    /// <summary>Lines of the pair.</summary>
    public const int Lines = 16;

    /// <summary>The master's line that the slave is connected to.</summary>
    public const int CascadeIrq = 2;

    private const int MasterCommand = 0x20;
    private const int MasterData = 0x21;
    private const int SlaveCommand = 0xa0;
    private const int SlaveData = 0xa1;
    private const int ElcrMaster = 0x4d0;
    private const int ElcrSlave = 0x4d1;

    private const byte Icw1InitWithIcw4 = 0x11;
    private const byte Icw4Mode8086 = 0x01;
    private const byte Ocw2SpecificEoi = 0x60;
    private const byte Ocw3ReadIrr = 0x0a;
    private const byte Ocw3ReadIsr = 0x0b;

    // Timer, keyboard, cascade, clock and coprocessor cannot be level triggered.
    private const int AlwaysEdge = (1 << 0) | (1 << 1) | (1 << CascadeIrq) | (1 << 8) | (1 << 13);

    private static State s_state;
    private static int s_elcr;
    private static bool s_hasElcr;
    private static int s_spuriousReported;
    private static IrqChip s_masterChip;
    private static IrqChip s_slaveChip;
    private static IrqChip s_lastChip;
    private static IrqAction s_cascade;

    /// <summary>Sets both controllers up on vectors 0x20 to 0x2f with all lines masked but the cascade, and takes lines 0 to 15. At boot,
    /// after <see cref="Interrupts.Init"/>; interrupts off.</summary>
    /// <linux>init_8259A</linux>
    /// <rows>IRQ-03</rows>
    public static void Init()
    {
        s_state.Busy = 0;
        s_spuriousReported = 0;
        InitChip(ref s_masterChip, &MaskAndAckMaster, &EndMaster);
        InitChip(ref s_slaveChip, &MaskAndAckSlave, &EndSlave);
        InitChip(ref s_lastChip, &MaskAndAckLast, &End);
        InitControllers();
        InitElcr();
        for (int irq = 0; irq < Lines; irq++)
        {
            Interrupts.SetChip(irq, ChipOf(irq), IsLevel(irq));
        }

        IrqAction* cascade = (IrqAction*)Unsafe.AsPointer(ref s_cascade);
        s_cascade = new IrqAction { Handler = &Cascade, Name = "cascade"u8, DevId = cascade };
        Interrupts.SetupIrq(CascadeIrq, cascade);
    }

    /// <summary>Keeps line <paramref name="irq"/> quiet. Any context, interrupts off.</summary>
    /// <linux>disable_8259A_irq</linux>
    /// <rows>IRQ-03</rows>
    public static void Mask(int irq)
    {
        Lock();
        s_state.Mask |= 1 << irq;
        WriteMask(irq);
        Unlock();
    }

    /// <summary>Lets line <paramref name="irq"/> interrupt. Any context, interrupts off.</summary>
    /// <linux>enable_8259A_irq</linux>
    /// <rows>IRQ-03</rows>
    public static void Unmask(int irq)
    {
        Lock();
        s_state.Mask &= ~(1 << irq);
        WriteMask(irq);
        Unlock();
    }

    /// <summary>Masks the line and ends the interrupt in the controller, so that other lines can interrupt while this one is served.
    /// Hard interrupt context, interrupts off.</summary>
    /// <returns>False if the interrupt was spurious: nothing was masked, the controllers and ERR are as they should be.</returns>
    /// <linux>mask_and_ack_8259A</linux>
    /// <rows>IRQ-03</rows>
    public static bool MaskAndAck(int irq) =>
        (irq & 7) == 7 ? MaskAndAckLast(irq) : irq < 8 ? MaskAndAckMaster(irq) : MaskAndAckSlave(irq);

    /// <summary>True if an interrupt of line <paramref name="irq"/> waits in the controller, masked or not. Any context.</summary>
    /// <linux>i8259A_irq_pending</linux>
    public static bool IsPending(int irq)
    {
        ulong flags = LocalIrqSave();
        Lock();
        int requests = PortIo.In8(irq < 8 ? MasterCommand : SlaveCommand);
        Unlock();
        LocalIrqRestore(flags);
        return (requests & (1 << (irq & 7))) != 0;
    }

    /// <summary>True if line <paramref name="irq"/> is masked. Any context.</summary>
    public static bool IsMasked(int irq) => (Shared.ReadOnce(ref s_state.Mask) & (1 << irq)) != 0;

    /// <summary>True if line <paramref name="irq"/> is level triggered. Any context.</summary>
    /// <rows>IRQ-03</rows>
    public static bool IsLevel(int irq) => (Shared.ReadOnce(ref s_elcr) & (1 << irq)) != 0;

    /// <summary>Makes line <paramref name="irq"/> level or edge triggered. Any context.</summary>
    /// <returns>0; -EINVAL: no such line, or one that must stay edge triggered; -ENODEV: the machine has no edge/level register.</returns>
    /// <rows>IRQ-03</rows>
    public static int SetTrigger(int irq, bool level)
    {
        if ((uint)irq >= Lines || (level && (AlwaysEdge & (1 << irq)) != 0))
        {
            return -EINVAL;
        }

        if (!s_hasElcr)
        {
            return level ? -ENODEV : 0;
        }

        ulong flags = LocalIrqSave();
        Lock();
        s_elcr = level ? s_elcr | (1 << irq) : s_elcr & ~(1 << irq);
        PortIo.Out8(irq < 8 ? ElcrMaster : ElcrSlave, (byte)(irq < 8 ? s_elcr : s_elcr >> 8));
        Unlock();
        LocalIrqRestore(flags);
        Interrupts.SetChip(irq, ChipOf(irq), level);
        return 0;
    }

    // Three tables, so that the path of an interrupt need not ask on which controller its line is, and whether it may be spurious.
    private static IrqChip* ChipOf(int irq)
    {
        ref IrqChip chip = ref s_slaveChip;
        if ((irq & 7) == 7)
        {
            chip = ref s_lastChip;
        }
        else if (irq < 8)
        {
            chip = ref s_masterChip;
        }

        return (IrqChip*)Unsafe.AsPointer(ref chip);
    }

    private static void InitChip(ref IrqChip chip, delegate*<int, bool> maskAndAck, delegate*<int, void> end)
    {
        chip = default;
        chip.Name = "XT-PIC"u8;
        chip.Startup = &Startup;
        chip.Shutdown = &Mask;
        chip.Enable = &End;
        chip.Disable = &Mask;
        chip.Ack = &Ack;
        chip.MaskAndAck = maskAndAck;
        chip.Mask = &Mask;
        chip.Unmask = &Unmask;
        chip.End = end;
    }

    private static void InitControllers()
    {
        s_state.Mask = 0xffff & ~(1 << CascadeIrq);
        PortIo.Out8(MasterData, 0xff);
        PortIo.Out8(SlaveData, 0xff);
        Command(MasterCommand, Icw1InitWithIcw4);
        Command(MasterData, AsmOffsets.FIRST_EXTERNAL_VECTOR);
        Command(MasterData, 1 << CascadeIrq);
        Command(MasterData, Icw4Mode8086);
        Command(SlaveCommand, Icw1InitWithIcw4);
        Command(SlaveData, AsmOffsets.FIRST_EXTERNAL_VECTOR + 8);
        Command(SlaveData, CascadeIrq);
        Command(SlaveData, Icw4Mode8086);
        Command(MasterData, (byte)s_state.Mask);
        Command(SlaveData, (byte)(s_state.Mask >> 8));
    }

    // Set-up commands need time between them on old controllers.
    private static void Command(int port, byte value)
    {
        PortIo.Out8(port, value);
        PortIo.IoDelay();
    }

    // Where there is no such register the ports read as all ones, which no real one can hold.
    private static void InitElcr()
    {
        s_elcr = PortIo.In8(ElcrMaster) | (PortIo.In8(ElcrSlave) << 8);
        s_hasElcr = (s_elcr & AlwaysEdge) == 0;
        if (!s_hasElcr)
        {
            s_elcr = 0;
        }
    }

    // Unmasks a line that is disabled, too: one that is being probed is disabled for the irq layer only.
    private static bool Startup(int irq)
    {
        if (!Interrupts.Descriptor(irq)->Has(IrqStatus.InProgress))
        {
            Unmask(irq);
        }

        return false;
    }

    private static void Ack(int irq)
    {
        Lock();
        EndOfInterrupt(irq);
        Unlock();
    }

    private static bool MaskAndAckMaster(int irq)
    {
        State* state = Controllers;
        if (!TryLock(state))
        {
            return WaitAndMaskAndAck(irq);
        }

        int mask = state->Mask | (1 << irq);
        state->Mask = mask;
        PortIo.AckMaster8259A(mask, Ocw2SpecificEoi + irq);
        Unlock();
        return true;
    }

    private static bool MaskAndAckSlave(int irq)
    {
        State* state = Controllers;
        if (!TryLock(state))
        {
            return WaitAndMaskAndAck(irq);
        }

        int mask = state->Mask | (1 << irq);
        state->Mask = mask;
        PortIo.AckSlave8259A(mask >> 8, Ocw2SpecificEoi - 8 + irq);
        Unlock();
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool WaitAndMaskAndAck(int irq)
    {
        Lock();
        s_state.Mask |= 1 << irq;
        WriteMask(irq);
        EndOfInterrupt(irq);
        Unlock();
        return true;
    }

    // Lines 7 and 15, the last of each controller.
    private static bool MaskAndAckLast(int irq)
    {
        Lock();
        bool spurious = IsSpurious(irq);
        Unlock();
        if (spurious)
        {
            ReportSpurious(irq);
            return false;
        }

        return irq < 8 ? MaskAndAckMaster(irq) : MaskAndAckSlave(irq);
    }

    // A line whose handlers still run is unmasked by the end of that interrupt; one that is disabled, by EnableIrq.
    private static void End(int irq)
    {
        if (irq < 8)
        {
            EndMaster(irq);
        }
        else
        {
            EndSlave(irq);
        }
    }

    private static void EndMaster(int irq)
    {
        if (Interrupts.Descriptor(irq)->Has(IrqStatus.Disabled | IrqStatus.InProgress | IrqStatus.Oneshot))
        {
            return;
        }

        State* state = Controllers;
        if (!TryLock(state))
        {
            Unmask(irq);
            return;
        }

        int mask = state->Mask & ~(1 << irq);
        state->Mask = mask;
        PortIo.OutLow8(MasterData, mask);
        Unlock();
    }

    private static void EndSlave(int irq)
    {
        if (Interrupts.Descriptor(irq)->Has(IrqStatus.Disabled | IrqStatus.InProgress | IrqStatus.Oneshot))
        {
            return;
        }

        State* state = Controllers;
        if (!TryLock(state))
        {
            Unmask(irq);
            return;
        }

        int mask = state->Mask & ~(1 << irq);
        state->Mask = mask;
        PortIo.OutLow8(SlaveData, mask >> 8);
        Unlock();
    }

    // Busy stands first. Naming the field would cost a test for null.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryLock(State* state) => Shared.Exchange(ref *(int*)state, 1) == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryLock() => Shared.Exchange(ref s_state.Busy, 1) == 0;

    private static void Lock()
    {
        while (!TryLock())
        {
            CpuRelax();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Unlock() => Shared.WriteOnce(ref s_state.Busy, 0);

    private static void WriteMask(int irq)
    {
        if (irq < 8)
        {
            PortIo.Out8(MasterData, (byte)s_state.Mask);
        }
        else
        {
            PortIo.Out8(SlaveData, (byte)(s_state.Mask >> 8));
        }
    }

    // Specific, so that it never ends another line's interrupt.
    private static void EndOfInterrupt(int irq)
    {
        if (irq < 8)
        {
            PortIo.OutLow8(MasterCommand, Ocw2SpecificEoi + irq);
        }
        else
        {
            PortIo.OutLow8(SlaveCommand, Ocw2SpecificEoi - 8 + irq);
            PortIo.Out8(MasterCommand, Ocw2SpecificEoi + CascadeIrq);
        }
    }

    // For lines 7 and 15 only. The lock is held.
    private static bool IsSpurious(int irq)
    {
        int command = irq < 8 ? MasterCommand : SlaveCommand;
        PortIo.Out8(command, Ocw3ReadIsr);
        int inService = PortIo.In8(command);
        PortIo.Out8(command, Ocw3ReadIrr);
        if ((inService & 0x80) != 0)
        {
            return false;
        }

        if (irq == 15)
        {
            PortIo.Out8(MasterCommand, Ocw2SpecificEoi + CascadeIrq);
        }

        return true;
    }

    // Counts it in ERR, and says so the first time.
    private static void ReportSpurious(int irq)
    {
        IrqStatistics.CountError();
        if (!Shared.TestAndSetBit(irq, ref s_spuriousReported))
        {
            Printk(LogLevel.Debug, $"spurious 8259A interrupt: IRQ{irq}.\n");
        }
    }

    // The controllers pass the slave's interrupts through: line 2 itself never arrives.
    private static IrqReturn Cascade(int irq, void* devId, PtRegs* regs) => IrqReturn.None;

    // The words that every interrupt needs, together: their address is taken once.
    private static State* Controllers
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (State*)Unsafe.AsPointer(ref s_state);
    }

    private struct State
    {
        // First: TryLock relies on it.
        public int Busy;

        // The lines that are masked, one bit each.
        public int Mask;
    }
}
