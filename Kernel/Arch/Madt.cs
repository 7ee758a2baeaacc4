// Madt: reads the multiple APIC description table of ACPI.
//
// Linux: arch/i386/kernel/acpi/boot.c (acpi_parse_lapic, acpi_parse_ioapic, acpi_parse_int_src_ovr). Boot, process context. Pure reading of bytes that come
// from outside: a damaged entry ends the reading, and what was read before it counts.

using System.Runtime.InteropServices;

namespace CSharpOS.Arch;

/// <summary>The MADT, signature "APIC".</summary>
/// <rows>IRQ-18</rows>
internal static class Madt
{
    private const int AddressOffset = 36;
    private const int FirstEntry = 44;

    private const byte LocalApicEntry = 0, IoApicEntry = 1, SourceOverrideEntry = 2, LocalNmiEntry = 4, AddressOverrideEntry = 5;
    private const byte X2ApicEntry = 9;
    private const uint Enabled = 1;
    private const byte IsaBus = 0;

    /// <summary>Adds what <paramref name="table"/>, with its header, says. False: it is too short to be one.</summary>
    public static bool Parse(ReadOnlySpan<byte> table, ref SmpConfiguration configuration)
    {
        if (table.Length < FirstEntry)
        {
            return false;
        }

        configuration.LocalApicAddress = MemoryMarshal.Read<uint>(table[AddressOffset..]);
        ReadOnlySpan<byte> rest = table[FirstEntry..];
        while (rest.Length >= 2)
        {
            int length = rest[1];
            if (length < LeastLength(rest[0]) || length > rest.Length)
            {
                Printk(LogLevel.Warning, $"MADT: entry of type {rest[0]} with length {length} at {table.Length - rest.Length}: ignored from here on\n");
                break;
            }

            ParseEntry(rest[..length], ref configuration);
            rest = rest[length..];
        }

        return true;
    }

    private static int LeastLength(byte type) => type switch
    {
        LocalApicEntry => 8,
        IoApicEntry => 12,
        SourceOverrideEntry => 10,
        LocalNmiEntry => 6,
        AddressOverrideEntry => 12,
        X2ApicEntry => 16,
        _ => 2,
    };

    private static void ParseEntry(ReadOnlySpan<byte> entry, ref SmpConfiguration configuration)
    {
        switch (entry[0])
        {
            case LocalApicEntry when (MemoryMarshal.Read<uint>(entry[4..]) & Enabled) != 0:
                configuration.AddProcessor(entry[3], entry[2]);
                break;
            case IoApicEntry:
                uint first = MemoryMarshal.Read<uint>(entry[8..]);
                if (first <= short.MaxValue)
                {
                    configuration.AddIoApic(entry[2], MemoryMarshal.Read<uint>(entry[4..]), (int)first);
                }

                break;
            case SourceOverrideEntry:
                ParseOverride(entry, ref configuration);
                break;
            case LocalNmiEntry:
                configuration.AddLocalNmi(entry[2], entry[5]);
                break;
            case AddressOverrideEntry:
                configuration.LocalApicAddress = MemoryMarshal.Read<ulong>(entry[4..]);
                break;
            case X2ApicEntry when (MemoryMarshal.Read<uint>(entry[8..]) & Enabled) != 0:
                AddX2Apic(MemoryMarshal.Read<uint>(entry[4..]), MemoryMarshal.Read<uint>(entry[12..]), ref configuration);
                break;
        }
    }

    private static void ParseOverride(ReadOnlySpan<byte> entry, ref SmpConfiguration configuration)
    {
        byte line = entry[3];
        uint input = MemoryMarshal.Read<uint>(entry[4..]);
        if (entry[2] != IsaBus || line >= SmpConfiguration.IsaLines || input > short.MaxValue)
        {
            return;
        }

        InterruptRoute route = new() { Present = true, IoApicId = InterruptRoute.AnyIoApic, Input = (int)input };
        route.SetMode(MemoryMarshal.Read<ushort>(entry[8..]), busIsLevelLow: false);
        configuration.IsaRoute(line) = route;
    }

    // Numbers beyond 254 need an APIC mode that this kernel does not use.
    private static void AddX2Apic(uint apicId, uint uid, ref SmpConfiguration configuration)
    {
        if (apicId < byte.MaxValue)
        {
            configuration.AddProcessor((byte)apicId, (byte)uid);
        }
        else
        {
            configuration.ProcessorsLeftOut++;
        }
    }
}
