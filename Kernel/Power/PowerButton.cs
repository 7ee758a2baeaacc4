// PowerButton: the button on the front of a PC, by ACPI's fixed event registers.
//
// Linux: acpi_install_fixed_event_handler, drivers/acpi/button.c; what acpid does there when it is pressed, the kernel does here. Init: process context.
// Interrupt: hard interrupt, a level that stays until the status bit is cleared. No locks: the registers are touched by Init before the request, then by the
// handler alone. The tables come from outside: what does not fit means that there is no button.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CSharpOS.Init;

namespace CSharpOS.Power;

/// <summary>The power button asks for an orderly poweroff.</summary>
/// <rows>KT-06</rows>
public static unsafe class PowerButton
{
    private const ushort PowerButtonBit = 0x0100;

    // A press, and nothing else of the block: its status bits are cleared by writing ones.
    private static int s_events;
    private static int s_enables;
    private static int s_presses;

    /// <summary>Presses since boot.</summary>
    public static int Presses => Shared.ReadOnce(ref s_presses);

    /// <summary>The registers' port; 0: there is no button.</summary>
    public static int Port => s_events;

    private static void* Cookie => Unsafe.AsPointer(ref s_events);

    /// <summary>Looks for the registers and requests ACPI's interrupt. Process context.</summary>
    /// <returns>0; -ENODEV without ACPI; or the error of the request.</returns>
    [ModuleInit(InitLevel.Device)]
    public static int Init()
    {
        s_events = s_enables = s_presses = 0;
        if (!AcpiPower.Find(out AcpiPower power))
        {
            return -ENODEV;
        }

        if (!FindRegisters(out int port, out int length, out int irq))
        {
            return -ENODEV;
        }

        power.EnableAcpi();
        s_events = port;
        s_enables = port + (length / 2);
        PortIo.Out16(s_enables, 0);
        PortIo.Out16(s_events, ushort.MaxValue);
        int error = RequestIrq(irq, &Interrupt, IrqFlags.SaShirq, "acpi"u8, Cookie);
        if (error != 0)
        {
            Printk(LogLevel.Warning, $"acpi: cannot register IRQ {irq}: {error}\n");
            s_events = 0;
            return error;
        }

        PortIo.Out16(s_enables, PowerButtonBit);
        Printk(LogLevel.Info, $"acpi: power button at port {port:x}, irq {irq}\n");
        return 0;
    }

    // The fixed table: SCI at 46, PM1a event block at 56, its length at 88; at 112 flags, of which bit 4 says that the button is none of these registers.
    private static bool FindRegisters(out int port, out int length, out int irq)
    {
        const uint ButtonIsElsewhere = 0x10;
        port = length = irq = 0;
        using AcpiTable fadt = AcpiTables.Find("FACP"u8);
        ReadOnlySpan<byte> bytes = fadt.Bytes;
        if (bytes.Length < 116 || (MemoryMarshal.Read<uint>(bytes[112..]) & ButtonIsElsewhere) != 0)
        {
            return false;
        }

        uint block = MemoryMarshal.Read<uint>(bytes[56..]);
        irq = MemoryMarshal.Read<ushort>(bytes[46..]);
        length = bytes[88];
        port = (int)block;
        return block is > 0 and <= ushort.MaxValue - 4 && length >= 4 && irq is > 0 and < I8259A.Lines;
    }

    private static IrqReturn Interrupt(int irq, void* devId, PtRegs* regs)
    {
        int happened = PortIo.In16(s_events) & PortIo.In16(s_enables) & PowerButtonBit;
        if (happened == 0)
        {
            return IrqReturn.None;
        }

        PortIo.Out16(s_events, PowerButtonBit);
        Shared.WriteOnce(ref s_presses, s_presses + 1);
        Reboot.OrderlyPoweroff(true);
        return IrqReturn.Handled;
    }
}
