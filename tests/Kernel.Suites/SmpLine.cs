// SmpLine: an interrupt line to play with: one of the I/O APIC's edge triggered lines that nobody uses, raised by a message to the CPU that the line
// is routed to. No device is needed, and what arrives is no different from a device's edge.

namespace CSharpOS.Suites;

internal static unsafe class SmpLine
{
    /// <summary>A free edge triggered line behind <paramref name="after"/>; -1, and the test is skipped, if there is none.</summary>
    internal static int Find(int after = 2)
    {
        for (int irq = after + 1; irq < 16; irq++)
        {
            IrqDescriptor* descriptor = IrqToDescriptor(irq);
            if (descriptor != null && descriptor->Action == null && descriptor->Chip->Retrigger != null)
            {
                return irq;
            }
        }

        Test.Skip("no free line of an I/O APIC"u8);
        return -1;
    }

    /// <summary>Raises the line once. Without the descriptor's lock, which no device holds either: the CPU that takes the interrupt would first of all
    /// wait for it.</summary>
    internal static void Raise(int irq)
    {
        ulong flags = LocalIrqSave();
        IrqToDescriptor(irq)->Chip->Retrigger(irq);
        LocalIrqRestore(flags);
    }

    /// <summary>True if an interrupt of the line waits for its handler.</summary>
    internal static bool IsPending(int irq) => IrqToDescriptor(irq)->Has(IrqStatus.Pending);

    /// <summary>Routes the line to one CPU.</summary>
    internal static void Route(int irq, int cpu) => Check.Equal(0, IrqSetAffinity(irq, 1u << cpu));

    /// <summary>Waits until what was on its way to a CPU has arrived there: a thread runs only when no interrupt waits.</summary>
    internal static void Quiesce(int cpu)
    {
        OnCpu job;
        if (OnCpu.Start(&job, cpu, &Nothing, null))
        {
            OnCpu.Wait(&job);
        }
    }

    /// <summary>Lets time pass without a pause: with one thread per CPU an emulator makes each pause a lock that all CPUs share.</summary>
    internal static void Delay(int microseconds)
    {
        ulong start = ReadTsc();
        while ((ReadTsc() - start) * 1000 < (ulong)microseconds * TscKhz)
        {
        }
    }

    /// <summary>A few turns of waiting, so that other CPUs come between.</summary>
    internal static void Pause(int turns)
    {
        for (int i = 0; i < turns; i++)
        {
            CpuRelax();
        }
    }

    private static void Nothing(void* unused) => Pause(10);
}
