// ClockSources.Hpet: the high precision event timer's counter: one for all CPUs.
//
// Linux: arch/x86/kernel/hpet.c. FindHpet: process context, at boot. Reading: any context, no lock. Only the counter is used: the HPET's own interrupts
// would take the place of the PIT's. A counter of 32 bits would wrap every few minutes; such an HPET is left alone.

using System.Runtime.InteropServices;
using CSharpOS.Power;

namespace CSharpOS.Time;

public static unsafe partial class ClockSources
{
    private const int HpetCapabilities = 0x00, HpetPeriod = 0x04, HpetConfiguration = 0x10, HpetCounter = 0xf0;
    private const uint Counter64 = 1 << 13;
    private const uint CounterEnabled = 1;
    private const nuint HpetSize = 0x400;

    // Femtoseconds. The specification allows 100 ns at most.
    private const uint LongestPeriod = 100_000_000;
    private const uint FemtosecondsPerNanosecond = 1_000_000;

    // In the ACPI table: a generic address (space, width, offset, access, address).
    private const int TableAddressSpace = 40, TableAddress = 44, TableLength = 52;

    private static byte* s_hpetRegisters;

    // Linux: hpet_enable.
    static partial void FindHpet()
    {
        s_hpetRegisters = null;
        ulong address;
        using (AcpiTable table = AcpiTables.Find("HPET"u8))
        {
            ReadOnlySpan<byte> bytes = table.Bytes;
            if (bytes.Length < TableLength || bytes[TableAddressSpace] != 0)
            {
                return;
            }

            address = MemoryMarshal.Read<ulong>(bytes[TableAddress..]);
        }

        byte* registers = (byte*)Vmalloc.Ioremap(address, HpetSize);
        if (registers == null)
        {
            return;
        }

        uint period = Mmio.Read32(registers + HpetPeriod);
        if (period is 0 or > LongestPeriod || (Mmio.Read32(registers + HpetCapabilities) & Counter64) == 0)
        {
            Vmalloc.Iounmap(registers);
            return;
        }

        Mmio.Write32(registers + HpetConfiguration, Mmio.Read32(registers + HpetConfiguration) | CounterEnabled);
        s_hpetRegisters = registers;
        ClockSource.Describe(Pointer(ref s_hpet), "hpet"u8, &ReadHpet, period, FemtosecondsPerNanosecond, continuous: true);
    }

    // Two halves, since not every machine gives all 64 bits at once. The upper one must not have changed meanwhile.
    private static ulong ReadHpet()
    {
        byte* counter = s_hpetRegisters + HpetCounter;
        uint high = Mmio.Read32(counter + 4);
        while (true)
        {
            uint low = Mmio.Read32(counter);
            uint again = Mmio.Read32(counter + 4);
            if (again == high)
            {
                return ((ulong)high << 32) | low;
            }

            high = again;
        }
    }
}
