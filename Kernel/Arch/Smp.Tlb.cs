// Smp.Tlb: making the other CPUs forget page table entries.
//
// Linux: flush_tlb_others, smp_invalidate_interrupt (arch/i386/kernel/smp.c). Any context. Whoever flushes waits for all others, with interrupts off; so
// that two CPUs which do so at once do not wait for each other, one that waits for the lock serves what is asked of it meanwhile.
// What remains is up to the caller: it must not hold a lock that another CPU takes with interrupts off.
// Lock: s_tlbLock, innermost. s_tlbStart and s_tlbEnd belong to its holder; each bit of s_tlbPending is set by the holder, before the message, and
// cleared by the CPU it stands for.

namespace CSharpOS.Arch;

public static unsafe partial class Smp
{
    private static SpinLock s_tlbLock;
    private static ulong s_tlbStart;
    private static ulong s_tlbEnd;
    private static int s_tlbPending;

    /// <summary>Makes the CPUs in <paramref name="others"/>, this one not among them, forget the pages from <paramref name="start"/> up to
    /// <paramref name="end"/> and waits until they have. Preemption is off.</summary>
    internal static void FlushTlb(uint others, ulong start, ulong end)
    {
        if ((OnlineMask & others) == 0)
        {
            return;
        }

        ulong flags = LocalIrqSave();
        while (!s_tlbLock.TryLock())
        {
            FlushTlbIfAsked();
            CpuRelax();
        }

        others &= OnlineMask;
        Shared.WriteOnce(ref s_tlbStart, start);
        Shared.WriteOnce(ref s_tlbEnd, end);
        Shared.WriteOnce(ref s_tlbPending, (int)others);
        SendTo(others, LocalApic.TlbVector);
        while (((uint)Shared.ReadOnce(ref s_tlbPending) & OnlineMask) != 0)
        {
            CpuRelax();
        }

        s_tlbLock.Unlock();
        LocalIrqRestore(flags);
    }

    // The receiving side. Interrupts off.
    internal static void FlushTlbIfAsked()
    {
        int bit = Cpu.SmpProcessorId();
        if (Shared.TestBit(bit, ref s_tlbPending))
        {
            Paging.FlushTlbLocal(Shared.ReadOnce(ref s_tlbStart), Shared.ReadOnce(ref s_tlbEnd));
            Shared.ClearBit(bit, ref s_tlbPending);
        }
    }

    private static void ResetTlb()
    {
        s_tlbLock.Init();
        s_tlbPending = 0;
    }
}
