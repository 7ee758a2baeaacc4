// AcpiTables: finds a table of the firmware's ACPI description by its signature.
//
// Linux: drivers/acpi/tables. Process context: tables are mapped with Ioremap, since they may lie in memory that the direct map does not
// cover, and unmapped when the AcpiTable is disposed. Nothing here trusts the tables: lengths are bounded and checksums checked.

using System.Runtime.InteropServices;
using CSharpOS.Init;

namespace CSharpOS.Power;

/// <summary>A mapped table; empty if it was not found. Dispose it.</summary>
internal readonly unsafe ref struct AcpiTable(byte* address, int length)
{
    /// <summary>The table with its header.</summary>
    public ReadOnlySpan<byte> Bytes => new(address, length);

    public void Dispose() => Vmalloc.Iounmap(address);
}

/// <summary>Access to the ACPI tables.</summary>
internal static unsafe class AcpiTables
{
    private const int HeaderLength = 36;
    private const int RootPointerLength = 20;
    private const int LongRootPointerLength = 36;
    private const int MaxTableLength = 1 << 20;
    private const ulong BiosStart = 0xe0000;
    private const int BiosLength = 0x20000;
    private const ulong ExtendedAreaPointer = 0x40e;
    private const int ExtendedAreaLength = 1024;

    /// <summary>Maps the first table with a signature of four letters. Empty if there is none.</summary>
    public static AcpiTable Find(ReadOnlySpan<byte> signature)
    {
        if (!FindRoot(out ulong root, out int entrySize))
        {
            return default;
        }

        using AcpiTable rootTable = Map(root, entrySize == 8 ? "XSDT"u8 : "RSDT"u8);
        ReadOnlySpan<byte> bytes = rootTable.Bytes;
        for (int i = HeaderLength; i + entrySize <= bytes.Length; i += entrySize)
        {
            ulong address = entrySize == 8 ? MemoryMarshal.Read<ulong>(bytes[i..]) : MemoryMarshal.Read<uint>(bytes[i..]);
            AcpiTable table = Map(address, signature);
            if (table.Bytes.Length != 0)
            {
                return table;
            }
        }

        return default;
    }

    /// <summary>Maps the table at a physical address. Empty if its signature is another, or it is damaged.</summary>
    public static AcpiTable Map(ulong physical, ReadOnlySpan<byte> signature)
    {
        if (physical == 0)
        {
            return default;
        }

        byte* header = (byte*)Vmalloc.Ioremap(physical, HeaderLength);
        if (header == null)
        {
            return default;
        }

        bool wanted = new ReadOnlySpan<byte>(header, 4).SequenceEqual(signature);
        uint length = *(uint*)(header + 4);
        Vmalloc.Iounmap(header);
        if (!wanted || length is < HeaderLength or > MaxTableLength)
        {
            return default;
        }

        byte* table = (byte*)Vmalloc.Ioremap(physical, length);
        if (table == null)
        {
            return default;
        }

        if (!ChecksumIsRight(new ReadOnlySpan<byte>(table, (int)length)))
        {
            Vmalloc.Iounmap(table);
            return default;
        }

        return new AcpiTable(table, (int)length);
    }

    // From the loader if it knew; otherwise where the specification says that the BIOS puts it.
    private static bool FindRoot(out ulong root, out int entrySize)
    {
        // A loader may have left its copy in memory that was free afterwards.
        ulong pointer = BootInfo.AcpiRsdp;
        if (pointer != 0 && !PageAllocator.Manages(pointer, pointer + LongRootPointerLength))
        {
            byte* bytes = (byte*)Vmalloc.Ioremap(pointer, LongRootPointerLength);
            bool found = ReadRootPointer(new ReadOnlySpan<byte>(bytes, bytes == null ? 0 : LongRootPointerLength), out root, out entrySize);
            Vmalloc.Iounmap(bytes);
            if (found)
            {
                return true;
            }
        }

        ulong extendedArea = (ulong)*(ushort*)DirectMap.PhysToVirt(ExtendedAreaPointer) << 4;
        return (extendedArea != 0 && Scan(extendedArea, ExtendedAreaLength, out root, out entrySize))
            || Scan(BiosStart, BiosLength, out root, out entrySize);
    }

    private static bool Scan(ulong start, int length, out ulong root, out int entrySize)
    {
        ReadOnlySpan<byte> area = new(DirectMap.PhysToVirt(start), length);
        for (int i = 0; i + LongRootPointerLength <= length; i += 16)
        {
            if (ReadRootPointer(area[i..], out root, out entrySize))
            {
                return true;
            }
        }

        root = 0;
        entrySize = 0;
        return false;
    }

    /// <summary>Reads the root pointer in <paramref name="bytes"/>: the address of the RSDT, or of the XSDT if there is one.</summary>
    internal static bool ReadRootPointer(ReadOnlySpan<byte> bytes, out ulong root, out int entrySize)
    {
        root = 0;
        entrySize = 4;
        if (bytes.Length < LongRootPointerLength || !bytes[..8].SequenceEqual("RSD PTR "u8) || !ChecksumIsRight(bytes[..RootPointerLength]))
        {
            return false;
        }

        root = MemoryMarshal.Read<uint>(bytes[16..]);
        bool extended = bytes[15] >= 2 && ChecksumIsRight(bytes[..LongRootPointerLength]);
        ulong extendedRoot = MemoryMarshal.Read<ulong>(bytes[24..]);
        if (extended && extendedRoot != 0)
        {
            root = extendedRoot;
            entrySize = 8;
        }

        return root != 0;
    }

    /// <summary>True if the bytes add up to zero.</summary>
    internal static bool ChecksumIsRight(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte value in bytes)
        {
            sum += value;
        }

        return sum == 0;
    }
}
