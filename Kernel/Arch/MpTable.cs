// MpTable: finds and reads the MP configuration table, which is older than ACPI.
//
// Linux: arch/i386/kernel/mpparse.c; Intel's MultiProcessor Specification 1.4. Boot, process context. Used for everything where there is no
// MADT, and besides it for the wiring of the PCI interrupts: ACPI keeps that in byte code, which this kernel does not interpret.
// The bytes come from outside: lengths and checksums are checked, a damaged entry ends the reading.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Arch;

/// <summary>The MP configuration table.</summary>
/// <rows>IRQ-18</rows>
internal static unsafe class MpTable
{
    private const int PointerLength = 16;
    private const int HeaderLength = 44;
    private const int MaxTableLength = 0xffff;
    private const ulong ExtendedAreaPointer = 0x40e;
    private const ulong BaseMemorySize = 0x413;
    private const ulong BiosStart = 0xf0000;
    private const int BiosLength = 0x10000;
    private const int Kilobyte = 1024;
    private const byte ImcrPresent = 0x80;

    private const byte ProcessorEntry = 0, BusEntry = 1, IoApicEntry = 2, InterruptEntry = 3, LocalInterruptEntry = 4;
    private const byte Enabled = 1;
    private const byte VectoredInterrupt = 0, NonMaskableInterrupt = 1;

    private enum BusKind : byte
    {
        Unknown,
        Isa,
        Pci,
    }

    /// <summary>Looks for the table where the specification says that the firmware puts it, and reads it.</summary>
    /// <returns>False if there is none, or it is damaged.</returns>
    public static bool Find(ref SmpConfiguration configuration)
    {
        ulong extendedArea = (ulong)*(ushort*)DirectMap.PhysToVirt(ExtendedAreaPointer) << 4;
        ulong baseMemoryEnd = (ulong)*(ushort*)DirectMap.PhysToVirt(BaseMemorySize) * Kilobyte;
        return (extendedArea != 0 && Scan(extendedArea, Kilobyte, ref configuration))
            || (baseMemoryEnd is >= Kilobyte and <= Memblock.IsaHoleStart && Scan(baseMemoryEnd - Kilobyte, Kilobyte, ref configuration))
            || Scan(BiosStart, BiosLength, ref configuration);
    }

    /// <summary>Reads the pointer to the table at the beginning of <paramref name="bytes"/>. False: it is not there.</summary>
    internal static bool ParsePointer(ReadOnlySpan<byte> bytes, out uint table, out bool imcr)
    {
        table = 0;
        imcr = false;
        if (bytes.Length < PointerLength || !bytes[..4].SequenceEqual("_MP_"u8) || bytes[8] != 1 || !ChecksumIsRight(bytes[..PointerLength]))
        {
            return false;
        }

        table = MemoryMarshal.Read<uint>(bytes[4..]);
        imcr = (bytes[12] & ImcrPresent) != 0;
        return true;
    }

    /// <summary>Adds what the table says. False: it is damaged, nothing was added.</summary>
    internal static bool Parse(ReadOnlySpan<byte> table, ref SmpConfiguration configuration)
    {
        if (table.Length < HeaderLength || !table[..4].SequenceEqual("PCMP"u8))
        {
            return false;
        }

        int length = MemoryMarshal.Read<ushort>(table[4..]);
        if (length < HeaderLength || length > table.Length || !ChecksumIsRight(table[..length]))
        {
            return false;
        }

        configuration.LocalApicAddress = MemoryMarshal.Read<uint>(table[36..]);
        Buses buses = default;
        int entries = MemoryMarshal.Read<ushort>(table[34..]);
        ReadOnlySpan<byte> rest = table[HeaderLength..length];
        for (int i = 0; i < entries; i++)
        {
            int size = rest.Length > 0 && rest[0] == ProcessorEntry ? 20 : 8;
            if (rest.Length < size)
            {
                Printk(LogLevel.Warning, $"MP table: {entries} entries announced, {i} found\n");
                break;
            }

            ParseEntry(rest[..size], ref buses, ref configuration);
            rest = rest[size..];
        }

        return true;
    }

    private static bool Scan(ulong start, int length, ref SmpConfiguration configuration)
    {
        ReadOnlySpan<byte> area = new(DirectMap.PhysToVirt(start), length);
        for (int i = 0; i + PointerLength <= length; i += 16)
        {
            if (ParsePointer(area[i..], out uint table, out bool imcr) && table != 0 && Read(table, ref configuration))
            {
                configuration.HasImcr = imcr;
                return true;
            }
        }

        return false;
    }

    private static bool Read(ulong physical, ref SmpConfiguration configuration)
    {
        byte* header = (byte*)Vmalloc.Ioremap(physical, HeaderLength);
        if (header == null)
        {
            return false;
        }

        int length = *(ushort*)(header + 4);
        Vmalloc.Iounmap(header);
        byte* table = (byte*)Vmalloc.Ioremap(physical, (nuint)length);
        if (table == null)
        {
            return false;
        }

        bool found = Parse(new ReadOnlySpan<byte>(table, length), ref configuration);
        Vmalloc.Iounmap(table);
        return found;
    }

    private static void ParseEntry(ReadOnlySpan<byte> entry, ref Buses buses, ref SmpConfiguration configuration)
    {
        switch (entry[0])
        {
            case ProcessorEntry when (entry[3] & Enabled) != 0:
                configuration.AddProcessor(entry[1], entry[1]);
                break;
            case BusEntry:
                buses[entry[1]] = entry[2..8].SequenceEqual("ISA   "u8) || entry[2..8].SequenceEqual("EISA  "u8) ? BusKind.Isa
                    : entry[2..8].SequenceEqual("PCI   "u8) ? BusKind.Pci
                    : BusKind.Unknown;
                break;
            case IoApicEntry when (entry[3] & Enabled) != 0:
                configuration.AddIoApic(entry[1], MemoryMarshal.Read<uint>(entry[4..]), -1);
                break;
            case InterruptEntry when entry[1] == VectoredInterrupt:
                AddInterrupt(entry, buses[entry[4]], ref configuration);
                break;
            case LocalInterruptEntry when entry[1] == NonMaskableInterrupt:
                configuration.AddLocalNmi(entry[6], entry[7]);
                break;
        }
    }

    private static void AddInterrupt(ReadOnlySpan<byte> entry, BusKind bus, ref SmpConfiguration configuration)
    {
        InterruptRoute route = new() { Present = true, IoApicId = entry[6], Input = entry[7] };
        route.SetMode(MemoryMarshal.Read<ushort>(entry[2..]), bus == BusKind.Pci);
        if (bus == BusKind.Isa && entry[5] < SmpConfiguration.IsaLines)
        {
            configuration.IsaRoute(entry[5]) = route;
        }
        else if (bus == BusKind.Pci)
        {
            // The source is a slot and a pin, 0 for INTA.
            route.Bus = entry[4];
            route.Slot = (byte)((entry[5] >> 2) & 31);
            route.Pin = (byte)((entry[5] & 3) + 1);
            configuration.AddPciRoute(in route);
        }
    }

    private static bool ChecksumIsRight(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte value in bytes)
        {
            sum += value;
        }

        return sum == 0;
    }

    [InlineArray(256)]
    private struct Buses
    {
        private BusKind _first;
    }
}
