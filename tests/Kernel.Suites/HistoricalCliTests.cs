// HistoricalCliTests: the global cli() and sti(). Part of the suite historical.
//
// Where several CPUs take part, the others' interrupts are edges of free lines of the I/O APIC (SmpLine). What is seen between cli() and sti() is noted, and checked
// afterwards.

using CSharpOS.Historical;

namespace CSharpOS.Suites;

internal static unsafe partial class HistoricalCliTests
{
    private const int Patience = 20_000_000;
    private const int RoundsPerCpu = 300;

    private static int s_calls, s_otherCalls;
    private static int s_entered, s_calling, s_left;
    private static int s_innerIrq;
    private static int s_inside;
    private static int s_count;
    private static int s_overlaps;
    private static int s_threads;

    internal static void Flags()
    {
        Check.True(GlobalCli.SaveFlags() == GlobalFlags.On);
        GlobalCli.Cli();
        bool off = IrqsDisabled();
        GlobalFlags inside = GlobalCli.SaveFlags();
        GlobalCli.Cli();
        GlobalCli.RestoreFlags(inside);
        bool stillOff = IrqsDisabled() && GlobalCli.SaveFlags() == GlobalFlags.GlobalOff;
        GlobalCli.RestoreFlags(GlobalFlags.On);
        Check.True(off && inside == GlobalFlags.GlobalOff && stillOff);
        Check.False(IrqsDisabled());
        Check.Equal(0, PreemptCount());

        // The usual pair, one inside the other.
        GlobalFlags outer = GlobalCli.SaveFlags();
        GlobalCli.Cli();
        GlobalFlags inner = GlobalCli.SaveFlags();
        GlobalCli.Cli();
        GlobalCli.RestoreFlags(inner);
        stillOff = IrqsDisabled();
        GlobalCli.RestoreFlags(outer);
        Check.True(stillOff);
        Check.False(IrqsDisabled());
#if SMP
        LocalIrqDisable();
        GlobalFlags local = GlobalCli.SaveFlags();
        GlobalCli.Cli();
        inside = GlobalCli.SaveFlags();
        GlobalCli.RestoreFlags(local);
        bool localAgain = IrqsDisabled() && GlobalCli.SaveFlags() == GlobalFlags.LocalOff;
        bool open = PreemptCount() == 0;
        GlobalCli.Sti();
        Check.True(local == GlobalFlags.LocalOff && inside == GlobalFlags.GlobalOff && localAgain && open);
        Check.False(IrqsDisabled());
#endif
    }

    internal static void OthersHeldOff()
    {
        int irq = Begin(&Count, IrqFlags.None);
        if (irq < 0)
        {
            return;
        }

        GlobalCli.Cli();
        uint ticks = IrqStatistics.LocalTimers(1);
        SmpLine.Delay(5 * 1_000_000 / HZ);

        // One tick may have come as far as the gate.
        uint more = IrqStatistics.LocalTimers(1) - ticks;
        GlobalCli.Sti();
        Check.Between(0, 1, more);
        Check.True(TicksGoOn(IrqStatistics.LocalTimers(1)));
        GlobalCli.Cli();
        SmpLine.Raise(irq);
        SmpLine.Delay(1000);
        int calls = Shared.ReadOnce(ref s_calls);
        GlobalCli.Sti();
        Check.Equal(0, calls);
        Check.True(SmpTests.Becomes(ref s_calls, 1));
        End(irq);
    }

    // The handler on CPU 1 lets CPU 0 call cli(), is interrupted by another line, and leaves late.
    internal static void WaitsForHandler()
    {
        int irq = Begin(&Slow, IrqFlags.None);
        s_innerIrq = irq < 0 ? -1 : SmpLine.Find(irq);
        if (s_innerIrq < 0)
        {
            if (irq >= 0)
            {
                End(irq);
            }

            return;
        }

        Check.Equal(0, RequestIrq(s_innerIrq, &CountOther, IrqFlags.None, "cli"u8, null));
        SmpLine.Route(s_innerIrq, 1);
        SmpLine.Raise(irq);
        Check.True(SmpTests.Becomes(ref s_entered, 1));
        LocalIrqDisable();
        Shared.WriteOnce(ref s_calling, 1);
        GlobalCli.Cli();
        int left = Shared.ReadOnce(ref s_left);
        GlobalCli.Sti();
        Check.Equal(1, left);
        Check.Equal(1, s_otherCalls);
        SmpLine.Route(s_innerIrq, 0);
        FreeIrq(s_innerIrq, null);
        End(irq);
    }

    internal static void WaitsForBottomHalf()
    {
        OnCpu other;
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        HistoricalBhTests.HoldOnCpuOne(&other);
        LocalIrqDisable();
        HistoricalBhTests.Release(2);
        GlobalCli.Cli();
        bool left = HistoricalBhTests.HasLeft;
        GlobalCli.Sti();
        Check.True(left);
        OnCpu.Wait(&other);

        // And the other way round: none begins.
        BottomHalf.InitBh(HistoricalBhTests.First, &CountBottomHalf);
        s_calls = s_calling = s_entered = 0;
        OnCpu.Start(&other, 1, &MarkWhenTold, null);
        Check.True(SmpTests.Becomes(ref s_entered, 1));
        GlobalCli.Cli();
        Shared.WriteOnce(ref s_calling, 1);
        SmpLine.Delay(500);
        int calls = Shared.ReadOnce(ref s_calls);
        GlobalCli.Sti();
        Check.Equal(0, calls);
        Check.True(SmpTests.Becomes(ref s_calls, 1));
        OnCpu.Wait(&other);
        BottomHalf.RemoveBh(HistoricalBhTests.First);
    }

    internal static void SecondWaits()
    {
        OnCpu other;
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        s_entered = s_calling = s_inside = 0;
        OnCpu.Start(&other, 1, &CliWhenTold, null);
        Check.True(SmpTests.Becomes(ref s_entered, 1));
        GlobalCli.Cli();
        Shared.WriteOnce(ref s_calling, 1);
        bool called = SmpTests.Becomes(ref s_entered, 2);
        SmpLine.Delay(2000);
        int inside = Shared.ReadOnce(ref s_inside);
        GlobalCli.Sti();
        Check.True(called);
        Check.Equal(0, inside);
        OnCpu.Wait(&other);
        Check.Equal(1, s_inside);
    }

    // CPU 1 calls cli() in a handler while CPU 0 waits for that handler: the handler goes first. It waits itself for a handler on CPU 0.
    internal static void InHandler()
    {
        int irq = Begin(&CliInHandler, IrqFlags.None);
        if (irq < 0)
        {
            return;
        }

        SmpLine.Raise(irq);
        Check.True(SmpTests.Becomes(ref s_entered, 1));
        LocalIrqDisable();
        Shared.WriteOnce(ref s_calling, 1);
        GlobalCli.Cli();
        int left = Shared.ReadOnce(ref s_left);
        GlobalCli.Sti();
        Check.Equal(1, left);
        Check.Equal(1, s_inside);
        End(irq);

        // A handler on CPU 0 that is in CPU 1's way.
        irq = Begin(&CliInHandler, IrqFlags.None);
        int slow = irq < 0 ? -1 : SmpLine.Find(irq);
        if (slow >= 0)
        {
            Check.Equal(0, RequestIrq(slow, &SlowBesideCli, IrqFlags.None, "cli"u8, null));
            SmpLine.Route(slow, 0);
            SmpLine.Raise(irq);
            Check.True(SmpTests.Becomes(ref s_entered, 1));
            SmpLine.Raise(slow);
            Check.True(SmpTests.Becomes(ref s_left, 1));
            Check.Equal(1, s_otherCalls);
            Check.Equal(2, s_inside);
            FreeIrq(slow, null);
        }

        End(irq);
    }

    internal static void Exclusion()
    {
        int irq = Begin(&CountInHandler, IrqFlags.None);
        int other = irq < 0 ? -1 : SmpLine.Find(irq);
        if (other < 0)
        {
            if (irq >= 0)
            {
                End(irq);
            }

            return;
        }

        Check.Equal(0, RequestIrq(other, &CountInHandler, IrqFlags.None, "cli"u8, null));
        SmpLine.Route(other, 0);
        s_count = s_inside = s_overlaps = 0;
        s_threads = Smp.CpuCount;
        OnCpu* jobs = stackalloc OnCpu[MaxCpus];
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Start(jobs + cpu, cpu, &CountOften, null);
        }

        while (Shared.ReadOnce(ref s_threads) != 0)
        {
            SmpLine.Raise(irq);
            SmpLine.Raise(other);
            Scheduler.Yield();
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Wait(jobs + cpu);
            SmpLine.Quiesce(cpu);
        }

        FreeIrq(other, null);
        End(irq);
        Check.Equal(0, s_overlaps);
        Check.True(s_calls > 0);
        Check.Equal((Smp.CpuCount * SmpTests.Rounds(RoundsPerCpu)) + s_calls, s_count);
    }

    internal static void Forgotten()
    {
#if SMP && DEBUG_CHECKS
        int irq = Begin(&Forget, IrqFlags.None);
        if (irq < 0)
        {
            return;
        }

        SmpLine.Raise(irq);
        Check.True(SmpTests.Becomes(ref s_calls, 1));
        SynchronizeIrq(irq);
        Check.Logged("handler of cli returned without sti()"u8);
        SmpLine.Raise(irq);
        Check.True(SmpTests.Becomes(ref s_calls, 2));
        End(irq);
        GlobalCli.Cli();
        GlobalCli.Sti();
#else
        Test.Skip("not checked in this build"u8);
#endif
    }

    // A free line with this handler, routed to CPU 1. -1, and the test is skipped: one CPU, or none.
    private static int Begin(delegate*<int, void*, PtRegs*, IrqReturn> handler, IrqFlags flags)
    {
        s_calls = s_otherCalls = s_entered = s_calling = s_left = s_inside = 0;
        int irq = SmpTests.HasSeveralCpus() ? SmpLine.Find() : -1;
        if (irq >= 0)
        {
            Check.Equal(0, RequestIrq(irq, handler, flags, "cli"u8, null));
            SmpLine.Route(irq, 1);
        }

        return irq;
    }

    private static void End(int irq)
    {
        SmpLine.Route(irq, 0);
        FreeIrq(irq, null);
    }

    private static bool TicksGoOn(uint ticks)
    {
        ulong start = MonotonicMicroseconds();
        while (IrqStatistics.LocalTimers(1) - ticks < 3)
        {
            if (MonotonicMicroseconds() - start > Patience)
            {
                return false;
            }

            CpuRelax();
        }

        return true;
    }

    // For handlers: until somebody has set the word, but not for ever.
    private static void Await(ref int word)
    {
        ulong start = MonotonicMicroseconds();
        while (Shared.ReadOnce(ref word) == 0 && MonotonicMicroseconds() - start < Patience)
        {
            CpuRelax();
        }
    }
}
