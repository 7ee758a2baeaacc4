// Machine: restart and power-off.
//
// Linux: machine_restart and machine_power_off, arch/x86/kernel/reboot.c. Any context; Restart does not return, PowerOff returns only on a
// machine that cannot be switched off. Both leave interrupts off, which also makes the serial console send what it still holds.

using System.Diagnostics.CodeAnalysis;

namespace CSharpOS.Power;

/// <summary>Ends the machine's run.</summary>
public static unsafe class Machine
{
    private const int KeyboardStatus = 0x64;
    private const int KeyboardCommand = 0x64;
    private const byte KeyboardInputFull = 0x02;
    private const byte PulseResetLine = 0xfe;
    private const int ResetControl = 0xcf9;

    private const int QemuPowerManagement = 0x604;
    private const int OldQemuPowerManagement = 0xb004;
    private const ushort SleepEnable = 0x2000;
    private const int BochsShutdown = 0x8900;

    private const int WaitCycles = 100_000;

    /// <summary>Restarts the machine: by the keyboard controller, the chip set's reset register, or a triple fault. Any context.</summary>
    /// <linux>machine_restart</linux>
    [DoesNotReturn]
    public static void Restart()
    {
        LocalIrqDisable();
        Printk(LogLevel.Emergency, $"Restarting system.\n");
        for (int i = 0; i < WaitCycles && (PortIo.In8(KeyboardStatus) & KeyboardInputFull) != 0; i++)
        {
            PortIo.IoDelay();
        }

        PortIo.Out8(KeyboardCommand, PulseResetLine);
        Delay();

        // A reset with the processor's cache and the chip set: first the kind, then the edge of the start bit.
        PortIo.Out8(ResetControl, 0x02);
        PortIo.Out8(ResetControl, 0x06);
        Delay();
        TripleFault();
        HaltForever();
    }

    /// <summary>Switches the machine off: by ACPI if its tables are there, otherwise by the ports of the emulators. Process context,
    /// since reading the tables maps them.</summary>
    /// <linux>machine_power_off</linux>
    public static void PowerOff()
    {
        bool known = AcpiPower.Find(out AcpiPower power);
        LocalIrqDisable();
        if (known)
        {
            Printk(LogLevel.Info, $"acpi: soft off through port {power.Port:x}\n");
        }

        Printk(LogLevel.Emergency, $"Power down.\n");
        if (known)
        {
            power.Off();
            Delay();
        }

        PortIo.Out16(QemuPowerManagement, SleepEnable);
        PortIo.Out16(OldQemuPowerManagement, SleepEnable);
        foreach (byte letter in "Shutdown"u8)
        {
            PortIo.Out8(BochsShutdown, letter);
        }

        Delay();
        Printk(LogLevel.Emergency, $"This machine does not switch itself off. It is safe to do so now.\n");
        HaltForever();
    }

    private static void Delay()
    {
        for (int i = 0; i < WaitCycles; i++)
        {
            PortIo.IoDelay();
        }
    }
}
