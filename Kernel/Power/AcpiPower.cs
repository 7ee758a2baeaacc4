// AcpiPower: how to switch the machine off, from the ACPI tables.
//
// Linux: acpi_power_off, drivers/acpi/sleep/poweroff.c, without an interpreter: the one object needed from the DSDT, \_S5_, is always a
// constant package, so it is found by its name. Process context (it maps the tables); Off in any.
// The tables come from outside: every length and checksum is checked, and whatever is wrong means "not found".

using System.Runtime.InteropServices;

namespace CSharpOS.Power;

/// <summary>The registers and values that switch the machine off.</summary>
internal unsafe struct AcpiPower
{
    private const ushort SleepEnable = 0x2000;
    private const ushort SleepTypeMask = 0x1c00;
    private const ushort SciEnable = 0x0001;
    private const int SleepTypeShift = 10;
    private const int EnableCycles = 1_000_000;

    private ushort _controlA;
    private ushort _controlB;
    private ushort _typeA;
    private ushort _typeB;
    private ushort _commandPort;
    private byte _enableValue;

    /// <summary>The port that the processor's side of power management has.</summary>
    public readonly int Port => _controlA;

    /// <summary>Looks for the tables. False: there are none, or they do not say how.</summary>
    public static bool Find(out AcpiPower power)
    {
        power = default;
        using AcpiTable fadt = AcpiTables.Find("FACP"u8);
        ReadOnlySpan<byte> bytes = fadt.Bytes;
        if (bytes.Length < 72)
        {
            return false;
        }

        // DSDT at 40, SMI command port at 48, ACPI enable value at 52, PM1a and PM1b control blocks at 64 and 68. They are I/O ports.
        uint controlA = MemoryMarshal.Read<uint>(bytes[64..]);
        uint controlB = MemoryMarshal.Read<uint>(bytes[68..]);
        if (controlA is 0 or > ushort.MaxValue || controlB > ushort.MaxValue)
        {
            return false;
        }

        power._controlA = (ushort)controlA;
        power._controlB = (ushort)controlB;
        power._commandPort = (ushort)MemoryMarshal.Read<uint>(bytes[48..]);
        power._enableValue = bytes[52];
        using AcpiTable dsdt = AcpiTables.Map(MemoryMarshal.Read<uint>(bytes[40..]), "DSDT"u8);
        return FindSleepTypes(dsdt.Bytes, out power._typeA, out power._typeB);
    }

    /// <summary>Tells the firmware that from now on the kernel looks after power, if that has not been done.</summary>
    /// <linux>acpi_enable</linux>
    public readonly void EnableAcpi()
    {
        if ((PortIo.In16(_controlA) & SciEnable) == 0 && _commandPort != 0 && _enableValue != 0)
        {
            PortIo.Out8(_commandPort, _enableValue);
            for (int i = 0; i < EnableCycles && (PortIo.In16(_controlA) & SciEnable) == 0; i++)
            {
                PortIo.IoDelay();
            }
        }
    }

    /// <summary>Switches off. Returns if that did not help. Interrupts off.</summary>
    public readonly void Off()
    {
        EnableAcpi();
        Sleep(_controlA, _typeA);
        if (_controlB != 0)
        {
            Sleep(_controlB, _typeB);
        }
    }

    /// <summary>Finds <c>Name (_S5_, Package () { a, b, ...})</c> in the byte code of a DSDT.</summary>
    internal static bool FindSleepTypes(ReadOnlySpan<byte> code, out ushort typeA, out ushort typeB)
    {
        const byte NameOperator = 0x08, PackageOperator = 0x12, Root = (byte)'\\';
        typeA = 0;
        typeB = 0;
        for (int i = 2; i + 7 < code.Length; i++)
        {
            bool named = code[i - 1] == NameOperator || (code[i - 1] == Root && code[i - 2] == NameOperator);
            if (!named || !code.Slice(i, 4).SequenceEqual("_S5_"u8) || code[i + 4] != PackageOperator)
            {
                continue;
            }

            // The package's length takes one byte, and as many more as its two upper bits say; then the number of elements.
            ReadOnlySpan<byte> rest = code[(i + 5)..];
            int skip = (rest[0] >> 6) + 2;
            if (skip >= rest.Length)
            {
                return false;
            }

            rest = rest[skip..];
            return TakeInteger(ref rest, out typeA) && TakeInteger(ref rest, out typeB);
        }

        return false;
    }

    private static bool TakeInteger(ref ReadOnlySpan<byte> code, out ushort value)
    {
        const byte Zero = 0x00, One = 0x01, BytePrefix = 0x0a;
        value = 0;
        if (code.Length == 0)
        {
            return false;
        }

        int length = 1;
        switch (code[0])
        {
            case Zero:
                break;
            case One:
                value = 1;
                break;
            case BytePrefix when code.Length >= 2:
                value = code[1];
                length = 2;
                break;
            default:
                return false;
        }

        code = code[length..];
        return value < 8;
    }

    private static void Sleep(ushort port, ushort type)
    {
        int others = PortIo.In16(port) & ~(SleepTypeMask | SleepEnable);
        PortIo.Out16(port, (ushort)(others | (type << SleepTypeShift) | SleepEnable));
    }
}
