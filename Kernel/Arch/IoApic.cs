// IoApic: the controllers that send device interrupts to any CPU, as a second table of operations beside the 8259A's.
//
// Linux: arch/i386/kernel/io_apic.c. Init: process context of the boot CPU. The chip operations: any context, interrupts off, the line's descriptor locked.
// Lock: s_lock, for the pair of index and data register; inside every descriptor's lock.
// A line keeps the number that drivers know: ISA lines 0 to 15 whatever input they arrive at, every other input its own number. Line n has
// vector 0x20 + n, so DoIrq needs no look-up. Interrupts go to one CPU each (physical destination), the first one of the line's mask.
// Two chips, because the two triggers want opposite things:
// - IO-APIC-level: the input stays asserted until the device is served, so the line is masked while its handlers run. Masking loses nothing.
// - IO-APIC-edge: an edge that arrives at a masked input is lost, so an edge line is never masked while it is served or when it is
//   disabled: the interrupt is acknowledged at once, a second one meanwhile becomes Pending, and one that came while the line was disabled
//   is raised again by EnableIrq (Retrigger). Only after such a one is the line masked, for more edges would add nothing.
// Invariant: Low of a line is what its entry in the controller holds.

using System.Runtime.CompilerServices;

namespace CSharpOS.Arch;

/// <summary>The I/O APICs.</summary>
/// <rows>IRQ-18</rows>
internal static unsafe partial class IoApic
{
    private const int IndexRegister = 0x00, DataRegister = 0x10;
    private const int VersionIndex = 0x01, FirstEntryIndex = 0x10;
    private const nuint RegistersSize = 0x20;

    private const uint ActiveLow = 1 << 13, LevelTriggered = 1 << 15, Masked = 1 << 16;
    private const int DestinationShift = 24;

    private const int ImcrIndexPort = 0x22, ImcrDataPort = 0x23;
    private const byte ImcrIndex = 0x70, ImcrThroughApic = 0x01;

    private static SpinLock s_lock;
    private static bool s_active;
    private static Lines s_lines;
    private static IrqChip s_edgeChip;
    private static IrqChip s_levelChip;

    /// <summary>True once the I/O APICs serve the devices.</summary>
    public static bool Active => s_active;

    /// <summary>Forgets everything: the 8259A serves the devices.</summary>
    public static void Reset()
    {
        s_lock.Init();
        s_active = false;
        s_lines = default;
        s_controllerCount = 0;
        s_edgeChip = default;
        s_edgeChip.Name = "IO-APIC-edge"u8;
        s_edgeChip.Startup = &Startup;
        s_edgeChip.Shutdown = &Mask;
        s_edgeChip.Enable = &Unmask;
        s_edgeChip.Disable = &DisableEdge;
        s_edgeChip.Ack = &Ack;
        s_edgeChip.MaskAndAck = &AckEdge;
        s_edgeChip.Mask = &Mask;
        s_edgeChip.Unmask = &Unmask;
        s_edgeChip.End = &EndEdge;
        s_edgeChip.Retrigger = &Retrigger;
        s_edgeChip.SetAffinity = &SetAffinity;
        s_levelChip = s_edgeChip;
        s_levelChip.Name = "IO-APIC-level"u8;
        s_levelChip.Enable = &EndLevel;
        s_levelChip.Disable = &Mask;
        s_levelChip.MaskAndAck = &MaskAndAckLevel;
        s_levelChip.End = &EndLevel;
        s_levelChip.Retrigger = null;
    }

    /// <summary>Takes all lines over from the 8259A. Boot CPU, whose local APIC is set up; process context.</summary>
    /// <returns>0; -ENODEV: there is no I/O APIC, the 8259A goes on; -ENOMEM.</returns>
    /// <linux>setup_IO_APIC</linux>
    public static int Init(ref SmpConfiguration configuration)
    {
        int error = FindControllers(ref configuration);
        if (error != 0)
        {
            return error;
        }

        PlaceLines(ref configuration);
        ulong flags = LocalIrqSave();
        for (int irq = 0; irq < I8259A.Lines; irq++)
        {
            I8259A.Mask(irq);
        }

        if (configuration.HasImcr)
        {
            PortIo.Out8(ImcrIndexPort, ImcrIndex);
            PortIo.Out8(ImcrDataPort, ImcrThroughApic);
        }

        LocalApic.DisconnectExternal();
        s_active = true;
        for (int irq = 0; irq < Interrupts.NrIrqs; irq++)
        {
            if (LineOf(irq)->Registers != null)
            {
                TakeLine(irq);
            }
        }

        LocalIrqRestore(flags);
        return 0;
    }

    // Drivers that have the line already keep it.
    private static void TakeLine(int irq)
    {
        Line* line = LineOf(irq);
        bool level = (line->Low & LevelTriggered) != 0;
        Interrupts.SetChip(irq, (IrqChip*)Unsafe.AsPointer(ref (level ? ref s_levelChip : ref s_edgeChip)), level);
        WriteEntry(line->Registers, line->Pin, line->Low, (uint)LocalApic.IdOf(0) << DestinationShift);
        if (!Interrupts.Descriptor(irq)->Has(IrqStatus.Disabled))
        {
            Unmask(irq);
        }
    }

    private static bool Startup(int irq)
    {
        Unmask(irq);
        return false;
    }

    private static void Mask(int irq) => WriteMask(irq, Masked);

    private static void Unmask(int irq) => WriteMask(irq, 0);

    private static void WriteMask(int irq, uint mask)
    {
        Line* line = LineOf(irq);
        s_lock.LockNoPreempt();
        line->Low = (line->Low & ~Masked) | mask;
        WriteRegister(line->Registers, FirstEntryIndex + (2 * line->Pin), line->Low);
        s_lock.ReleaseNoPreempt();
    }

    private static void Ack(int irq) => LocalApic.EndOfInterrupt();

    // The line stays open: see the head of this file.
    private static void DisableEdge(int irq)
    {
    }

    private static bool AckEdge(int irq)
    {
        if (Interrupts.Descriptor(irq)->Has(IrqStatus.Disabled))
        {
            Mask(irq);
        }

        LocalApic.EndOfInterrupt();
        return true;
    }

    // Only after a line was masked for some other reason: a handler's interrupt is not the end of anything here.
    private static void EndEdge(int irq)
    {
        if ((LineOf(irq)->Low & Masked) != 0 && !Interrupts.Descriptor(irq)->Has(IrqStatus.Disabled))
        {
            Unmask(irq);
        }
    }

    // Masked before the end of the interrupt, or the input, still asserted, would raise it again at once.
    private static bool MaskAndAckLevel(int irq)
    {
        Mask(irq);
        LocalApic.EndOfInterrupt();
        return true;
    }

    // A line whose handlers still run is unmasked by the end of that interrupt; one that is disabled, by EnableIrq.
    private static void EndLevel(int irq)
    {
        if (!Interrupts.Descriptor(irq)->Has(IrqStatus.Disabled | IrqStatus.InProgress | IrqStatus.Oneshot))
        {
            Unmask(irq);
        }
    }

    // The same vector to the same CPU, from here. Linux: ioapic_retrigger_vector.
    private static bool Retrigger(int irq)
    {
        LocalApic.SendIpi(LineOf(irq)->Cpu, AsmOffsets.FIRST_EXTERNAL_VECTOR + irq);
        return true;
    }

    // Only the half of the entry that holds the destination is written: no edge can fall between two writes.
    private static int SetAffinity(int irq, ulong mask)
    {
        uint usable = (uint)mask & Smp.OnlineMask;
        if (usable == 0)
        {
            return -EINVAL;
        }

        Line* line = LineOf(irq);
        int cpu = System.Numerics.BitOperations.TrailingZeroCount(usable);
        s_lock.LockNoPreempt();
        line->Cpu = (byte)cpu;
        WriteRegister(line->Registers, FirstEntryIndex + (2 * line->Pin) + 1, (uint)LocalApic.IdOf(cpu) << DestinationShift);
        s_lock.ReleaseNoPreempt();
        return 0;
    }

    private static void WriteEntry(byte* registers, int pin, uint low, uint high)
    {
        ulong flags = s_lock.LockIrqSave();
        WriteRegister(registers, FirstEntryIndex + (2 * pin) + 1, high);
        WriteRegister(registers, FirstEntryIndex + (2 * pin), low);
        s_lock.UnlockIrqRestore(flags);
    }

    private static void WriteRegister(byte* registers, int index, uint value)
    {
        Mmio.Write32(registers + IndexRegister, (uint)index);
        Mmio.Write32(registers + DataRegister, value);
    }

    private static uint ReadRegister(byte* registers, int index)
    {
        Mmio.Write32(registers + IndexRegister, (uint)index);
        return Mmio.Read32(registers + DataRegister);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Line* LineOf(int irq) => (Line*)Unsafe.AsPointer(ref s_lines) + irq;

    private struct Line
    {
        public byte* Registers;
        public uint Low;
        public byte Pin;
        public byte Cpu;
    }

    [InlineArray(Interrupts.NrIrqs)]
    private struct Lines
    {
        private Line _first;
    }
}
