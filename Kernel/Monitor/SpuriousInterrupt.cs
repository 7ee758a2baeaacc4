// SpuriousInterrupt: makes the processor take the vector of an 8259A line that the 8259A did not raise.
//
// Process context, interrupts on. The local APIC sends the interrupt to its own processor. The irq layer sees a line whose
// in-service bit is clear and gives the 8259A no end of interrupt (line 15: one for the cascade); the local APIC, which believes that it delivered a
// real interrupt, gets its own from here. The firmware has enabled it on every machine of today; if not, this says -ENODEV.

namespace CSharpOS.Monitoring;

internal static unsafe class SpuriousInterrupt
{
    private const ulong ApicBase = 0xfee00000;
    private const nuint ApicSize = 0x400;
    private const int EndOfInterrupt = 0xb0;
    private const int SpuriousVector = 0xf0;
    private const int CommandLow = 0x300;
    private const uint SoftwareEnabled = 0x100;
    private const uint DeliveryPending = 0x1000;
    private const uint ToSelf = 0x40000;
    private const uint AssertLevel = 0x4000;
    private const int LongestWait = 100_000;

    /// <summary>Delivers the vector of line <paramref name="line"/> once. 0; -ENODEV without a usable local APIC; -ENOMEM.</summary>
    internal static int Raise(int line)
    {
        byte* apic = (byte*)Vmalloc.Ioremap(ApicBase, ApicSize);
        if (apic == null)
        {
            return -ENOMEM;
        }

        // Where nothing answers, all bits read as ones.
        uint spurious = Mmio.Read32(apic + SpuriousVector);
        int result = spurious != uint.MaxValue && (spurious & SoftwareEnabled) != 0 ? 0 : -ENODEV;
        if (result == 0)
        {
            Mmio.Write32(apic + CommandLow, ToSelf | AssertLevel | (uint)(AsmOffsets.FIRST_EXTERNAL_VECTOR + line));
            for (int i = 0; i < LongestWait && (Mmio.Read32(apic + CommandLow) & DeliveryPending) != 0; i++)
            {
                CpuRelax();
            }

            // Interrupts are on: it has been taken by now. Nothing else was delivered by the APIC, so this retires it and nobody else's.
            Mmio.Write32(apic + EndOfInterrupt, 0);
        }

        Vmalloc.Iounmap(apic);
        return result;
    }
}
