// The ACPI tables that switch a machine off, right, damaged and missing; and what power-off and restart then write to the ports.

using System.Buffers.Binary;
using System.Linq;
using System.Text;
using CSharpOS.Hosted.Irq;
using CSharpOS.Init;
using CSharpOS.Power;
using Xunit;

namespace CSharpOS.Hosted.Drivers;

[Trait("Row", "DRV-01")]
public unsafe class AcpiTests
{
    // Beyond the memory of the simulated machine, as if the firmware had reserved it.
    private const ulong TablesAt = 0x8000000;
    private const ulong PointerAt = 0xf5a20;

    private readonly List<(int Port, uint Value)> _writes = [];

    public AcpiTests() => _ = new IrqMachine();

    private static readonly byte[] s_name5 = [0x08, .. "_S5_"u8, 0x12, 0x06, 0x04, 0x0a, 0x05, 0x0a, 0x03, 0x00, 0x00];

    [Theory]
    [InlineData("08 5F53355F 12 06 04 00 00 00 00", true, 0, 0)]
    [InlineData("08 5F53355F 12 08 04 0A05 0A03 00 00", true, 5, 3)]
    [InlineData("08 5C 5F53355F 12 07 04 0A07 00 00 00", true, 7, 0)]
    [InlineData("08 5F53355F 12 06 04 01 01 00 00", true, 1, 1)]
    [InlineData("08 5F53355F 12 4700 04 0A05 0A05 00 00", true, 5, 5)]
    [InlineData("5F53355F 5F53355F 08 5F53355F 12 06 04 01 00 00 00", true, 1, 0)]
    [InlineData("08 5F53355F 12 08 04 0A08 0A03 00 00", false, 0, 0)]
    [InlineData("08 5F53355F 12 08 04 0B0500 0A03 00 00", false, 0, 0)]
    [InlineData("00 5F53355F 12 06 04 01 00 00 00", false, 0, 0)]
    [InlineData("08 5F53345F 12 06 04 01 00 00 00", false, 0, 0)]
    [InlineData("08 5F53355F 14 06 04 01 00 00 00", false, 0, 0)]
    [InlineData("08 5F53355F 12 C6", false, 0, 0)]
    [InlineData("08 5F53355F 12 06 04 0A", false, 0, 0)]
    [InlineData("08 5F53", false, 0, 0)]
    [InlineData("", false, 0, 0)]
    public void SleepTypesAreFoundInByteCode(string code, bool expected, int typeA, int typeB)
    {
        byte[] bytes = [0x10, 0x20, .. Convert.FromHexString(code.Replace(" ", null))];
        Assert.Equal(expected, AcpiPower.FindSleepTypes(bytes, out ushort a, out ushort b));
        if (expected)
        {
            Assert.Equal((typeA, typeB), (a, b));
        }
    }

    [Fact]
    public void ByteCodeThatIsCutAnywhereIsNoHarm()
    {
        byte[] code = [1, 2, .. s_name5];
        for (int length = 0; length <= code.Length; length++)
        {
            AcpiPower.FindSleepTypes(code.AsSpan(0, length), out _, out _);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PowerOffWritesTheSleepType(bool extended)
    {
        Install(extended);
        Machine(0x1804);
        Assert.Throws<SimulatedHaltException>(() => Power.Machine.PowerOff());
        Assert.Equal((0x1804, 0x2000u | (5 << 10) | 1), _writes[0]);
        Assert.Contains("acpi: soft off through port 1804", IrqMachine.Log, StringComparison.Ordinal);
        Assert.Contains("does not switch itself off", IrqMachine.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void AcpiModeIsEnteredFirst()
    {
        Install(false);
        uint control = 0;
        Simulation.AttachPorts(0x1804, 2, (_, _) => control, (port, value, _) => _writes.Add((port, value)));
        Simulation.AttachPorts(0xb2, 1, (_, _) => 0, (port, value, _) =>
        {
            _writes.Add((port, value));
            control = 1;
        });
        Assert.Throws<SimulatedHaltException>(() => Power.Machine.PowerOff());
        Assert.Equal([(0xb2, 0xf1u), (0x1804, 0x3401u)], _writes.Take(2));
    }

    [Theory]
    [InlineData("RSD PTR ")]
    [InlineData("RSDT")]
    [InlineData("FACP")]
    [InlineData("DSDT")]
    public void ADamagedTableIsNotBelieved(string table)
    {
        Install(false);
        Span<byte> all = new(DirectMap.PhysToVirt(0), (int)TablesAt + 0x8000);
        int at = table == "RSD PTR " ? (int)PointerAt : (int)TablesAt + all[(int)TablesAt..].IndexOf(Encoding.ASCII.GetBytes(table));
        Assert.NotEqual((int)TablesAt - 1, at);
        all[at + 9] ^= 0x40;
        Assert.False(AcpiPower.Find(out _));
    }

    [Theory]
    [Trait("Row", "KT-06")]
    [InlineData(0x1800, 4, 9, 0, 0)]
    [InlineData(0, 4, 9, 0, -ENODEV)]
    [InlineData(0x10000, 4, 9, 0, -ENODEV)]
    [InlineData(0x1800, 2, 9, 0, -ENODEV)]
    [InlineData(0x1800, 4, 0, 0, -ENODEV)]
    [InlineData(0x1800, 4, 16, 0, -ENODEV)]
    [InlineData(0x1800, 4, 9, 0x10, -ENODEV)]
    public void ThePowerButtonIsWhereTheTableSays(uint events, byte length, byte line, uint flags, int expected)
    {
        Install(false, body =>
        {
            body[46 - 36] = line;
            BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(56 - 36), events);
            body[88 - 36] = length;
            BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(112 - 36), flags);
        });
        Machine(0x1800, 0x1802, 0x1804);
        Assert.Equal(expected, PowerButton.Init());
        Assert.Equal(expected == 0 ? [(0x1802, 0u), (0x1800, 0xffffu), (0x1802, 0x100u)] : [], _writes);
        Assert.Equal(expected == 0, IrqToDescriptor(9)->Action != null);
    }

    [Fact]
    [Trait("Row", "KT-06")]
    public void WithoutTablesThereIsNoPowerButton() => Assert.Equal(-ENODEV, PowerButton.Init());

    [Fact]
    [Trait("Row", "KT-06")]
    public void AnInterruptWithoutAPressIsNotTheButtons()
    {
        Install(false, body =>
        {
            body[46 - 36] = 9;
            BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(56 - 36), 0x1800);
            body[88 - 36] = 4;
        });
        Machine(0x1800, 0x1802, 0x1804);
        Assert.Equal(0, PowerButton.Init());
        PtRegs regs = default;
        Assert.Equal(IrqReturn.None, IrqToDescriptor(9)->Action->Handler(9, IrqToDescriptor(9)->Action->DevId, &regs));
        Assert.Equal(0, PowerButton.Presses);
    }

    [Fact]
    public void ALoadersPointerIntoFreeMemoryIsPassedOver()
    {
        Install(false);
        BootInfo.ParseMultiboot(Tag(), 0x200000);
        Assert.Equal(0x200010u, BootInfo.AcpiRsdp);
        Assert.True(AcpiPower.Find(out AcpiPower power));
        Assert.Equal(0x1804, power.Port);
        Assert.Equal(0, MemoryReport.Count);
        BootInfo.Reset();
    }

    [Fact]
    public void WithoutTablesTheEmulatorsPortsAreTried()
    {
        Machine(0x604, 0xb004, 0x8900);
        Assert.False(AcpiPower.Find(out _));
        Assert.Throws<SimulatedHaltException>(() => Power.Machine.PowerOff());
        Assert.Equal((0x604, 0x2000u), _writes[0]);
        Assert.Equal((0xb004, 0x2000u), _writes[1]);
        Assert.Equal("Shutdown", string.Concat(_writes.Skip(2).Select(write => (char)write.Value)));
    }

    [Fact]
    public void RestartTriesOneWayAfterTheOther()
    {
        Machine(0x64, 0xcf9);
        Assert.Throws<SimulatedHaltException>(() => Power.Machine.Restart());
        Assert.Equal([(0x64, 0xfeu), (0xcf9, 2u), (0xcf9, 6u)], _writes);
        Assert.Contains("Restarting system.", IrqMachine.Log, StringComparison.Ordinal);
    }

    private void Machine(params int[] ports)
    {
        foreach (int port in ports)
        {
            Simulation.AttachPorts(port, 1, (_, _) => 1, (p, value, _) => _writes.Add((p, value)));
        }
    }

    private static byte* Tag()
    {
        byte[] tag = new byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(tag, 64);
        BinaryPrimitives.WriteUInt32LittleEndian(tag.AsSpan(8), 15);
        BinaryPrimitives.WriteUInt32LittleEndian(tag.AsSpan(12), 44);
        byte* copy = (byte*)DirectMap.PhysToVirt(0x200000);
        tag.CopyTo(new Span<byte>(copy, 64));
        return copy;
    }

    // A machine whose firmware describes port 1804 and sleep types 5 and 3.
    private static void Install(bool extended, Action<byte[]>? change = null)
    {
        ulong at = TablesAt;
        byte[] dsdt = Table("DSDT", [0x10, 0x20, .. s_name5]);
        ulong dsdtAt = Place(ref at, dsdt);
        byte[] body = new byte[80];
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(40 - 36), (uint)dsdtAt);
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(48 - 36), 0xb2);
        body[52 - 36] = 0xf1;
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(64 - 36), 0x1804);
        change?.Invoke(body);
        ulong facpAt = Place(ref at, Table("FACP", body));
        ulong otherAt = Place(ref at, Table("APIC", new byte[100]));
        ulong rootAt;
        if (extended)
        {
            byte[] entries = new byte[16];
            BinaryPrimitives.WriteUInt64LittleEndian(entries, otherAt);
            BinaryPrimitives.WriteUInt64LittleEndian(entries.AsSpan(8), facpAt);
            rootAt = Place(ref at, Table("XSDT", entries));
        }
        else
        {
            byte[] entries = new byte[8];
            BinaryPrimitives.WriteUInt32LittleEndian(entries, (uint)otherAt);
            BinaryPrimitives.WriteUInt32LittleEndian(entries.AsSpan(4), (uint)facpAt);
            rootAt = Place(ref at, Table("RSDT", entries));
        }

        byte[] pointer = new byte[36];
        "RSD PTR "u8.CopyTo(pointer);
        pointer[15] = (byte)(extended ? 2 : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(pointer.AsSpan(16), extended ? 0xdeadbeefu : (uint)rootAt);
        BinaryPrimitives.WriteUInt32LittleEndian(pointer.AsSpan(20), 36);
        BinaryPrimitives.WriteUInt64LittleEndian(pointer.AsSpan(24), extended ? rootAt : 0);
        pointer[8] = Checksum(pointer.AsSpan(0, 20));
        pointer[32] = Checksum(pointer);
        pointer.CopyTo(new Span<byte>(DirectMap.PhysToVirt(PointerAt), 36));
    }

    private static byte[] Table(string signature, byte[] body)
    {
        byte[] table = new byte[36 + body.Length];
        Encoding.ASCII.GetBytes(signature).CopyTo(table, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(4), (uint)table.Length);
        body.CopyTo(table, 36);
        table[9] = Checksum(table);
        return table;
    }

    private static byte Checksum(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte value in bytes)
        {
            sum += value;
        }

        return (byte)-sum;
    }

    // Not at the beginning of a page, and sometimes across its end.
    private static ulong Place(ref ulong at, byte[] table)
    {
        ulong place = at + 0xfe0;
        table.CopyTo(new Span<byte>(DirectMap.PhysToVirt(place), table.Length));
        at = (place + (ulong)table.Length + 15) & ~15ul;
        return place;
    }
}
