// The MADT: processors, I/O APICs, overrides; and tables that are damaged.

using System.Buffers.Binary;
using System.Linq;
using Xunit;

namespace CSharpOS.Hosted.Smp;

public sealed class MadtTests
{
    public MadtTests() => Simulation.Reset();

    private static byte[] Table(params byte[][] entries)
    {
        byte[] header = new byte[44];
        "APIC"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(36), 0xfee00000);
        return [.. header, .. entries.SelectMany(entry => entry)];
    }

    private static byte[] Processor(byte uid, byte apicId, uint flags) =>
        [0, 8, uid, apicId, (byte)flags, 0, 0, 0];

    private static byte[] IoApic(byte id, uint address, uint first)
    {
        byte[] entry = [1, 12, id, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(4), address);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(8), first);
        return entry;
    }

    private static byte[] Override(byte bus, byte line, uint input, ushort flags)
    {
        byte[] entry = [2, 10, bus, line, 0, 0, 0, 0, (byte)flags, (byte)(flags >> 8)];
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(4), input);
        return entry;
    }

    private static SmpConfiguration Parse(params byte[][] entries)
    {
        SmpConfiguration configuration = default;
        Assert.True(Madt.Parse(Table(entries), ref configuration));
        return configuration;
    }

    [Fact]
    [Trait("Row", "IRQ-18")]
    public void EnabledProcessorsAreTakenInTheirOrder()
    {
        SmpConfiguration configuration = Parse(Processor(1, 4, 1), Processor(2, 5, 0), Processor(3, 6, 2), Processor(4, 0, 1));
        Assert.Equal(2, configuration.ProcessorCount);
        Assert.Equal(4, configuration.Processor(0).ApicId);
        Assert.Equal(1, configuration.Processor(0).Uid);
        Assert.Equal(0, configuration.Processor(1).ApicId);
        Assert.Equal(0, configuration.ProcessorsLeftOut);
        Assert.Equal(0xfee00000ul, configuration.LocalApicAddress);
    }

    [Fact]
    [Trait("Row", "IRQ-18")]
    public void TheProcessorThatRunsBecomesTheFirst()
    {
        SmpConfiguration configuration = Parse(Processor(1, 4, 1), Processor(2, 5, 1), Processor(3, 6, 1));
        configuration.PutFirst(6);
        Assert.Equal(3, configuration.ProcessorCount);
        Assert.Equal([6, 4, 5], Enumerable.Range(0, 3).Select(i => (int)configuration.Processor(i).ApicId));

        // One that the table forgot is there all the same.
        configuration.PutFirst(9);
        Assert.Equal(4, configuration.ProcessorCount);
        Assert.Equal([9, 6, 4, 5], Enumerable.Range(0, 4).Select(i => (int)configuration.Processor(i).ApicId));
    }

    [Fact]
    [Trait("Row", "IRQ-18")]
    public void ProcessorsBeyondSixteenAreCountedAndLeftOut()
    {
        SmpConfiguration configuration = Parse([.. Enumerable.Range(0, 20).Select(i => Processor((byte)i, (byte)i, 1))]);
        Assert.Equal(16, configuration.ProcessorCount);
        Assert.Equal(4, configuration.ProcessorsLeftOut);
        configuration.PutFirst(18);
        Assert.Equal(16, configuration.ProcessorCount);
        Assert.Equal(18, configuration.Processor(0).ApicId);
        Assert.Equal(0, configuration.Processor(1).ApicId);
        Assert.Equal(14, configuration.Processor(15).ApicId);
    }

    [Fact]
    [Trait("Row", "IRQ-18")]
    public void TheSameProcessorTwiceCountsOnce() =>
        Assert.Equal(1, Parse(Processor(1, 4, 1), Processor(2, 4, 1)).ProcessorCount);

    [Fact]
    [Trait("Row", "IRQ-18")]
    public void X2ApicEntriesWithSmallNumbersAreTaken()
    {
        byte[] small = [9, 16, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0];
        byte[] large = [9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0];
        SmpConfiguration configuration = Parse(small, large);
        Assert.Equal(1, configuration.ProcessorCount);
        Assert.Equal(7, configuration.Processor(0).ApicId);
        Assert.Equal(1, configuration.ProcessorsLeftOut);
    }

    [Fact]
    [Trait("Row", "IRQ-18")]
    public void IoApicsAndOverrides()
    {
        SmpConfiguration configuration = Parse(
            IoApic(2, 0xfec00000, 0), IoApic(3, 0xfec10000, 24), Override(0, 0, 2, 0), Override(0, 9, 20, 0xf), Override(0, 5, 5, 0xd));
        Assert.Equal(2, configuration.IoApicCount);
        Assert.Equal(0xfec10000ul, configuration.IoApic(1).Address);
        Assert.Equal(24, configuration.IoApic(1).FirstInput);
        Assert.Equal(3, configuration.IoApic(1).Id);

        InterruptRoute timer = configuration.IsaRoute(0);
        Assert.True(timer is { Present: true, Input: 2, Level: false, ActiveLow: false, ModeIsStated: false, IoApicId: -1 });
        InterruptRoute acpi = configuration.IsaRoute(9);
        Assert.True(acpi is { Present: true, Input: 20, Level: true, ActiveLow: true, ModeIsStated: true });
        InterruptRoute pci = configuration.IsaRoute(5);
        Assert.True(pci is { Present: true, Input: 5, Level: true, ActiveLow: false });
        Assert.False(configuration.IsaRoute(1).Present);
    }

    [Fact]
    [Trait("Row", "IRQ-18")]
    public void OverridesThatMakeNoSenseAreIgnored()
    {
        SmpConfiguration configuration = Parse(Override(1, 3, 7, 0), Override(0, 16, 7, 0), Override(0, 4, 0x10000, 0));
        Assert.All(Enumerable.Range(0, 16), line => Assert.False(configuration.IsaRoute(line).Present));
    }

    [Fact]
    [Trait("Row", "IRQ-18")]
    public void TheAddressOverrideWins()
    {
        SmpConfiguration configuration = Parse([[5, 12, 0, 0, 0, 0, 0, 0x12, 1, 0, 0, 0]]);
        Assert.Equal(0x1_12000000ul, configuration.LocalApicAddress);
    }

    [Fact]
    [Trait("Row", "IRQ-18")]
    public void LocalNmiInputs()
    {
        SmpConfiguration none = Parse(Processor(1, 4, 1));
        Assert.Equal(1, none.LocalNmiInput(0));

        SmpConfiguration all = Parse(Processor(1, 4, 1), [4, 6, 0xff, 0, 0, 0]);
        Assert.Equal(0, all.LocalNmiInput(0));

        SmpConfiguration one = Parse([4, 6, 2, 0, 0, 1], Processor(1, 4, 1), Processor(2, 5, 1));
        Assert.Equal(-1, one.LocalNmiInput(0));
        Assert.Equal(1, one.LocalNmiInput(1));
    }

    [Fact]
    [Trait("Row", "IRQ-18")]
    public void DamagedTablesEndTheReading()
    {
        SmpConfiguration configuration = default;
        Assert.False(Madt.Parse(new byte[43], ref configuration));
        Assert.False(Madt.Parse([], ref configuration));

        // Length zero would never end; one that is too short or too long says nothing.
        Assert.Equal(1, Parse(Processor(1, 4, 1), [0, 0, 1, 5, 1, 0, 0, 0], Processor(2, 6, 1)).ProcessorCount);
        Assert.Equal(1, Parse(Processor(1, 4, 1), [0, 7, 1, 5, 1, 0, 0], Processor(2, 6, 1)).ProcessorCount);
        Assert.Equal(1, Parse(Processor(1, 4, 1), [0, 8, 1, 5, 1]).ProcessorCount);
        Assert.Equal(1, Parse(Processor(1, 4, 1), [0]).ProcessorCount);

        // What is unknown is passed over.
        Assert.Equal(2, Parse(Processor(1, 4, 1), [77, 3, 9], Processor(2, 6, 1)).ProcessorCount);
    }

    [Fact]
    [Trait("Row", "IRQ-18")]
    public void RandomBytesNeverOverrun()
    {
        Random random = new(1);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] entries = new byte[random.Next(0, 200)];
            random.NextBytes(entries);
            SmpConfiguration configuration = default;
            Madt.Parse(Table(entries), ref configuration);
            Assert.InRange(configuration.ProcessorCount, 0, 16);
            Assert.InRange(configuration.IoApicCount, 0, SmpConfiguration.MaxIoApics);
        }
    }
}
