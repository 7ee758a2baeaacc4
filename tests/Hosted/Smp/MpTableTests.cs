// The MP configuration table: processors, buses, I/O APICs, interrupts; where it is found; and tables that are damaged.

using System.Buffers.Binary;
using System.Linq;
using Xunit;

namespace CSharpOS.Hosted.Smp;

public sealed unsafe class MpTableTests
{
    private const byte PciBus = 0, IsaBus = 5;

    public MpTableTests() => Simulation.Reset();

    private static byte[] Processor(byte apicId, byte flags)
    {
        byte[] entry = new byte[20];
        entry[1] = apicId;
        entry[3] = flags;
        return entry;
    }

    private static byte[] Bus(byte id, string name) => [1, id, .. name.Select(c => (byte)c)];

    private static byte[] IoApic(byte id, byte flags, uint address)
    {
        byte[] entry = [2, id, 0x11, flags, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(4), address);
        return entry;
    }

    private static byte[] Interrupt(byte type, ushort flags, byte bus, byte source, byte apic, byte pin) =>
        [3, type, (byte)flags, (byte)(flags >> 8), bus, source, apic, pin];

    private static byte[] Table(params byte[][] entries)
    {
        byte[] table = [.. new byte[44], .. entries.SelectMany(entry => entry)];
        "PCMP"u8.CopyTo(table);
        BinaryPrimitives.WriteUInt16LittleEndian(table.AsSpan(4), (ushort)table.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(table.AsSpan(34), (ushort)entries.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(36), 0xfee00000);
        return Sign(table, 7);
    }

    private static byte[] Pointer(uint table, byte feature)
    {
        byte[] pointer = new byte[16];
        "_MP_"u8.CopyTo(pointer);
        BinaryPrimitives.WriteUInt32LittleEndian(pointer.AsSpan(4), table);
        pointer[8] = 1;
        pointer[12] = feature;
        return Sign(pointer, 10);
    }

    private static byte[] Sign(byte[] bytes, int checksum)
    {
        bytes[checksum] = 0;
        bytes[checksum] = (byte)-bytes.Sum(value => value);
        return bytes;
    }

    private static SmpConfiguration Parse(params byte[][] entries)
    {
        SmpConfiguration configuration = default;
        Assert.True(MpTable.Parse(Table(entries), ref configuration));
        return configuration;
    }

    [Fact]
    [Trait("Row", "IRQ-18")]
    public void AWholeTable()
    {
        SmpConfiguration configuration = Parse(
            Processor(0, 3),
            Processor(1, 1),
            Processor(2, 0),
            Bus(PciBus, "PCI   "),
            Bus(IsaBus, "ISA   "),
            IoApic(4, 1, 0xfec00000),
            IoApic(5, 0, 0xfec10000),
            Interrupt(0, 0, IsaBus, 0, 4, 2),
            Interrupt(0, 0, IsaBus, 1, 4, 1),
            Interrupt(3, 0, IsaBus, 0, 4, 0),
            Interrupt(0, 0, PciBus, (3 << 2) | 1, 4, 19),
            Interrupt(0, 1, PciBus, 4 << 2, 4, 11),
            [4, 1, 0, 0, 0, 0, 0xff, 1]);
        Assert.Equal(2, configuration.ProcessorCount);
        Assert.Equal(1, configuration.Processor(1).ApicId);
        Assert.Equal(1, configuration.IoApicCount);
        Assert.True(configuration.IsaRoute(0) is { Present: true, Input: 2, IoApicId: 4, Level: false, ActiveLow: false });
        Assert.True(configuration.IsaRoute(1) is { Present: true, Input: 1 });
        Assert.Equal(2, configuration.PciRouteCount);
        Assert.True(configuration.PciRoute(0) is { Bus: 0, Slot: 3, Pin: 2, Input: 19, Level: true, ActiveLow: true, ModeIsStated: false });
        Assert.True(configuration.PciRoute(1) is { Slot: 4, Pin: 1, Input: 11, Level: true, ActiveLow: false, ModeIsStated: true });
        Assert.Equal(1, configuration.LocalNmiInput(0));
    }

    [Fact]
    [Trait("Row", "IRQ-18")]
    public void PciRoutesAreTakenOverByTheAddressOfTheIoApic()
    {
        SmpConfiguration other = Parse(
            Bus(PciBus, "PCI   "),
            IoApic(4, 1, 0xfec00000),
            Interrupt(0, 0, PciBus, 3 << 2, 4, 19),
            Interrupt(0, 0, PciBus, 4 << 2, 9, 20),
            Interrupt(0, 0, PciBus, 5 << 2, 0xff, 21));
        SmpConfiguration configuration = default;
        configuration.AddIoApic(77, 0xfec00000, 0);
        configuration.TakePciRoutes(ref other);
        Assert.Equal(2, configuration.PciRouteCount);
        Assert.True(configuration.PciRoute(0) is { Slot: 3, IoApicId: 77, Input: 19 });
        Assert.True(configuration.PciRoute(1) is { Slot: 5, IoApicId: 77, Input: 21 });
    }

    [Fact]
    [Trait("Row", "IRQ-18")]
    public void DamagedTablesAreRefused()
    {
        SmpConfiguration configuration = default;
        byte[] good = Table(Processor(0, 3));
        Assert.True(MpTable.Parse(good, ref configuration));
        Assert.False(MpTable.Parse(good.AsSpan(0, good.Length - 1), ref configuration));
        Assert.False(MpTable.Parse(good.AsSpan(0, 43), ref configuration));
        for (int i = 0; i < good.Length; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= 0x40;
            Assert.False(MpTable.Parse(bad, ref configuration), $"byte {i} is wrong and nobody noticed");
        }

        // More entries announced than there are: those that are there count.
        byte[] more = [.. good];
        more[34] = 9;
        configuration = default;
        Assert.True(MpTable.Parse(Sign(more, 7), ref configuration));
        Assert.Equal(1, configuration.ProcessorCount);
    }

    [Fact]
    [Trait("Row", "IRQ-18")]
    public void ThePointer()
    {
        Assert.True(MpTable.ParsePointer(Pointer(0x9f800, 0x80), out uint table, out bool imcr));
        Assert.Equal(0x9f800u, table);
        Assert.True(imcr);
        Assert.True(MpTable.ParsePointer(Pointer(0x9f800, 0), out _, out imcr));
        Assert.False(imcr);
        Assert.False(MpTable.ParsePointer(Pointer(0x9f800, 0).AsSpan(0, 15), out _, out _));
        byte[] bad = Pointer(0x9f800, 0);
        bad[5]++;
        Assert.False(MpTable.ParsePointer(bad, out _, out _));
    }
}
