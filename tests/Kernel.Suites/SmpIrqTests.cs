// SmpIrqTests: device interrupts where there are several CPUs and an I/O APIC: routing, edges that must not be lost, one handler at a time, nesting.

namespace CSharpOS.Suites;

internal static unsafe class SmpIrqTests
{
    private const ulong ApicBase = 0xfee00000;
    private const int CommandLow = 0x300;
    private const uint ToSelf = 0x40000, AssertLevel = 0x4000;
    private const int StrayLine = 0x61;

    // In one of so many rounds a handler is waited for: where CPUs take turns, all others might be served as one.
    private const int MeetEvery = 64;

    private static int s_count;
    private static int s_cpu;
    private static int s_inside;
    private static int s_twice;
    private static int s_hold;
    private static int s_innerIrq;
    private static int s_innerCount;
    private static int s_innerDepth;
    private static int s_nested;

    internal static void Affinity()
    {
        int irq = SmpTests.HasSeveralCpus() ? SmpLine.Find() : -1;
        if (irq < 0)
        {
            return;
        }

        Shared.WriteOnce(ref s_count, 0);
        Check.Equal(0, RequestIrq(irq, &Count, IrqFlags.None, "smp"u8, null));
        for (int i = 1; i <= 3 * Smp.CpuCount; i++)
        {
            int cpu = i % Smp.CpuCount;
            SmpLine.Route(irq, cpu);
            Check.Equal(1u << cpu, IrqAffinity(irq));
            uint before = IrqStatistics.Irqs(irq, cpu);
            SmpLine.Raise(irq);
            Check.True(SmpTests.Becomes(ref s_count, i));
            Check.Equal(cpu, s_cpu);
            Check.Equal(before + 1, IrqStatistics.Irqs(irq, cpu));

            // The count rises in the handler: until that CPU has left it, the next edge would be served there too.
            SynchronizeIrq(irq);
        }

        SmpLine.Route(irq, 0);
        FreeIrq(irq, null);
    }

    internal static void BadAffinity()
    {
        if (!Smp.HasIoApic)
        {
            Check.False(CanSetAffinity(0));
            Check.Equal(-EIO, IrqSetAffinity(0, 1));
            return;
        }

        Check.True(CanSetAffinity(0));
        Check.Equal(-EINVAL, IrqSetAffinity(0, 0));
        Check.Equal(-EINVAL, IrqSetAffinity(0, 1u << 31));
        Check.Equal(-EINVAL, IrqSetAffinity(200, 1));
        Check.Equal(-EINVAL, IrqSetAffinity(-1, 1));
        Check.Equal(0, IrqAffinity(200));

        // The cascade stays with the 8259A.
        Check.Equal(-EIO, IrqSetAffinity(2, 1));
        Check.Equal(0, IrqSetAffinity(0, uint.MaxValue));
    }

    internal static void EdgeWhileDisabled()
    {
        int irq = SmpLine.Find();
        if (irq < 0)
        {
            return;
        }

        int cpu = Smp.CpuCount - 1;
        Shared.WriteOnce(ref s_count, 0);
        Check.Equal(0, RequestIrq(irq, &Count, IrqFlags.None, "smp"u8, null));
        SmpLine.Route(irq, cpu);
        DisableIrq(irq);
        SmpLine.Raise(irq);
        Check.True(BecomesPending(irq));
        SmpLine.Raise(irq);
        Mdelay(2);
        Check.Equal(0, s_count);
        EnableIrq(irq);
        Check.True(SmpTests.Becomes(ref s_count, 1));
        Mdelay(2);
        Check.Equal(1, s_count);
        Check.False(SmpLine.IsPending(irq));

        // And the line is open again.
        SmpLine.Raise(irq);
        Check.True(SmpTests.Becomes(ref s_count, 2));
        SmpLine.Route(irq, 0);
        FreeIrq(irq, null);
    }

    internal static void EdgeWhileInHandler()
    {
        int irq = SmpTests.HasSeveralCpus() ? SmpLine.Find() : -1;
        if (irq < 0)
        {
            return;
        }

        Shared.WriteOnce(ref s_count, 0);
        Shared.WriteOnce(ref s_hold, 1);
        Shared.WriteOnce(ref s_inside, 0);
        Check.Equal(0, RequestIrq(irq, &Hold, IrqFlags.None, "smp"u8, null));
        SmpLine.Route(irq, 1);
        SmpLine.Raise(irq);
        Check.True(SmpTests.Becomes(ref s_inside, 1));

        // Two more while CPU 1 is in the handler; they arrive here, and are one when CPU 1 comes to them.
        SmpLine.Route(irq, 0);
        SmpLine.Raise(irq);
        Check.True(BecomesPending(irq));
        SmpLine.Raise(irq);
        SmpLine.Pause(100);
        Check.Equal(0, s_count);
        Shared.WriteOnce(ref s_hold, 0);
        Check.True(SmpTests.Becomes(ref s_count, 2));
        Mdelay(2);
        Check.Equal(2, s_count);
        Check.Equal(1, s_cpu);
        FreeIrq(irq, null);
    }

    internal static void NeverTwice()
    {
        int irq = SmpTests.HasSeveralCpus() ? SmpLine.Find() : -1;
        if (irq < 0)
        {
            return;
        }

        int rounds = SmpTests.Rounds(3000);
        Shared.WriteOnce(ref s_count, 0);
        Shared.WriteOnce(ref s_inside, 0);
        Shared.WriteOnce(ref s_twice, 0);
        Check.Equal(0, RequestIrq(irq, &Alone, IrqFlags.None, "smp"u8, null));
        for (int i = 0; i < rounds; i++)
        {
            int before = Shared.ReadOnce(ref s_count);
            SmpLine.Route(irq, i % Smp.CpuCount);
            SmpLine.Raise(irq);
            if (i % MeetEvery == 0)
            {
                Check.True(Rises(before));
            }
            else
            {
                SmpLine.Delay(i % 17);
            }
        }

        // What was raised last is served, however many of the others were served as one.
        int last = Shared.ReadOnce(ref s_count);
        SmpLine.Raise(irq);
        Check.True(Rises(last));
        SynchronizeIrq(irq);
        Check.Equal(0, s_twice);
        Check.Between(rounds / MeetEvery, rounds + 1, s_count);
        SmpLine.Route(irq, 0);
        FreeIrq(irq, null);
    }

    internal static void Nesting()
    {
        int irq = SmpLine.Find();
        int inner = irq < 0 ? -1 : SmpLine.Find(irq);
        if (inner < 0)
        {
            return;
        }

        s_innerIrq = inner;
        Check.Equal(0, RequestIrq(inner, &Inner, IrqFlags.None, "inner"u8, null));
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Shared.WriteOnce(ref s_innerCount, 0);
            Shared.WriteOnce(ref s_count, 0);
            Check.Equal(0, RequestIrq(irq, &Outer, IrqFlags.None, "outer"u8, null));
            SmpLine.Route(irq, cpu);
            SmpLine.Route(inner, cpu);
            SmpLine.Raise(irq);
            Check.True(SmpTests.Becomes(ref s_count, 1));
            Check.Equal(1, s_nested);
            Check.Equal(2, s_innerDepth);
            FreeIrq(irq, null);

            // A fast handler has the CPU to itself.
            Shared.WriteOnce(ref s_innerCount, 0);
            Shared.WriteOnce(ref s_count, 0);
            Check.Equal(0, RequestIrq(irq, &Outer, IrqFlags.SaInterrupt, "outer"u8, null));
            SmpLine.Raise(irq);
            Check.True(SmpTests.Becomes(ref s_count, 1));
            Check.Equal(0, s_nested);
            Check.True(SmpTests.Becomes(ref s_innerCount, 1));
            Check.Equal(1, s_innerDepth);
            FreeIrq(irq, null);
        }

        SmpLine.Route(inner, 0);
        SmpLine.Route(irq, 0);
        FreeIrq(inner, null);
    }

    // If it were not retired, nothing of its priority or below would ever come again: neither the same once more, nor a line below it.
    internal static void StrayVector()
    {
        int irq = SmpLine.Find();
        if (irq < 0)
        {
            return;
        }

        Shared.WriteOnce(ref s_count, 0);
        Check.Equal(0, RequestIrq(irq, &Count, IrqFlags.None, "smp"u8, null));
        for (uint i = 1; i <= 2; i++)
        {
            uint errors = IrqStatistics.Errors;
            RaiseOnThisCpu(AsmOffsets.FIRST_EXTERNAL_VECTOR + StrayLine);
            SmpLine.Pause(100);
            Check.Equal(errors + 1, IrqStatistics.Errors);
        }

        Check.Logged("unexpected interrupt on line 97"u8);
        SmpLine.Raise(irq);
        Check.True(SmpTests.Becomes(ref s_count, 1));
        FreeIrq(irq, null);
    }

    internal static void Spurious()
    {
        if (!Smp.HasIoApic)
        {
            Test.Skip("no I/O APIC"u8);
            return;
        }

        for (uint i = 1; i <= 3; i++)
        {
            uint errors = IrqStatistics.Errors;
            Check.Equal(0, Smp.RaiseSpurious());
            SmpLine.Pause(100);
            Check.Equal(errors + 1, IrqStatistics.Errors);
        }
    }

    // True if a handler ends after the count was read.
    private static bool Rises(int before)
    {
        ulong start = MonotonicMicroseconds();
        while (Shared.ReadOnce(ref s_count) == before)
        {
            if (MonotonicMicroseconds() - start > 60_000_000)
            {
                return false;
            }

            CpuRelax();
        }

        return true;
    }

    private static bool BecomesPending(int irq)
    {
        ulong start = MonotonicMicroseconds();
        while (!SmpLine.IsPending(irq))
        {
            if (MonotonicMicroseconds() - start > 60_000_000)
            {
                return false;
            }

            CpuRelax();
        }

        return true;
    }

    private static void RaiseOnThisCpu(int vector)
    {
        byte* apic = (byte*)Vmalloc.Ioremap(ApicBase, DirectMap.PAGE_SIZE);
        Mmio.Write32(apic + CommandLow, ToSelf | AssertLevel | (uint)vector);
        Vmalloc.Iounmap(apic);
    }

    private static IrqReturn Count(int irq, void* devId, PtRegs* regs)
    {
        Shared.WriteOnce(ref s_cpu, SmpProcessorId());
        Shared.AddReturn(ref s_count, 1);
        return IrqReturn.Handled;
    }

    private static IrqReturn Hold(int irq, void* devId, PtRegs* regs)
    {
        Shared.WriteOnce(ref s_inside, 1);
        SmpTests.Becomes(ref s_hold, 0);
        return Count(irq, devId, regs);
    }

    private static IrqReturn Alone(int irq, void* devId, PtRegs* regs)
    {
        if (Shared.AddReturn(ref s_inside, 1) != 1)
        {
            Shared.AddReturn(ref s_twice, 1);
        }

        SmpLine.Delay(3);
        CpuRelax();
        Shared.AddReturn(ref s_inside, -1);
        Shared.AddReturn(ref s_count, 1);
        return IrqReturn.Handled;
    }

    // Raises the other line on its own CPU, and looks whether that one's handler has run before this one returns.
    private static IrqReturn Outer(int irq, void* devId, PtRegs* regs)
    {
        SmpLine.Raise(s_innerIrq);
        SmpLine.Pause(1000);
        Shared.WriteOnce(ref s_nested, Shared.ReadOnce(ref s_innerCount));
        Shared.AddReturn(ref s_count, 1);
        return IrqReturn.Handled;
    }

    private static IrqReturn Inner(int irq, void* devId, PtRegs* regs)
    {
        Shared.WriteOnce(ref s_innerDepth, (PreemptCount() & HardirqMask) >> HardirqShift);
        Shared.AddReturn(ref s_innerCount, 1);
        return IrqReturn.Handled;
    }
}
