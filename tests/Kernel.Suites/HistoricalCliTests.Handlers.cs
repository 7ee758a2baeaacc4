// HistoricalCliTests.Handlers: what the tests of cli() and sti() let run on the other CPUs: handlers, a BH, threads. They note what they see.

using CSharpOS.Historical;

namespace CSharpOS.Suites;

internal static unsafe partial class HistoricalCliTests
{
    private static IrqReturn Count(int irq, void* devId, PtRegs* regs)
    {
        Shared.AddReturn(ref s_calls, 1);
        return IrqReturn.Handled;
    }

    private static IrqReturn CountOther(int irq, void* devId, PtRegs* regs)
    {
        Shared.AddReturn(ref s_otherCalls, 1);
        return IrqReturn.Handled;
    }

    private static IrqReturn Slow(int irq, void* devId, PtRegs* regs)
    {
        Shared.WriteOnce(ref s_entered, 1);
        Await(ref s_calling);
        SmpLine.Delay(500);
        SmpLine.Raise(s_innerIrq);
        Await(ref s_otherCalls);
        SmpLine.Delay(500);
        Shared.WriteOnce(ref s_left, 1);
        return IrqReturn.Handled;
    }

    private static IrqReturn CliInHandler(int irq, void* devId, PtRegs* regs)
    {
        Shared.WriteOnce(ref s_entered, 1);
        Await(ref s_calling);
        SmpLine.Delay(500);
        GlobalFlags flags = GlobalCli.SaveFlags();
        GlobalCli.Cli();
        Shared.WriteOnce(ref s_inside, 1 + Shared.ReadOnce(ref s_otherCalls));
        GlobalCli.RestoreFlags(flags);
        SmpLine.Delay(500);
        Shared.WriteOnce(ref s_left, 1);
        return IrqReturn.Handled;
    }

    private static IrqReturn SlowBesideCli(int irq, void* devId, PtRegs* regs)
    {
        Shared.WriteOnce(ref s_calling, 1);
        SmpLine.Delay(2000);
        Shared.WriteOnce(ref s_otherCalls, 1);
        return IrqReturn.Handled;
    }

    private static IrqReturn Forget(int irq, void* devId, PtRegs* regs)
    {
        GlobalCli.Cli();
        Shared.AddReturn(ref s_calls, 1);
        return IrqReturn.Handled;
    }

    private static void CountBottomHalf() => Shared.AddReturn(ref s_calls, 1);

    private static void MarkWhenTold(void* unused)
    {
        LocalIrqDisable();
        Shared.WriteOnce(ref s_entered, 1);
        Await(ref s_calling);
        LocalIrqEnable();
        HistoricalBhTests.MarkAndRun(HistoricalBhTests.First);
    }

    // Interrupts off, or its tick would wait at the gate, and the thread with it.
    private static void CliWhenTold(void* unused)
    {
        LocalIrqDisable();
        Shared.WriteOnce(ref s_entered, 1);
        Await(ref s_calling);
        Shared.WriteOnce(ref s_entered, 2);
        GlobalCli.Cli();
        Shared.WriteOnce(ref s_inside, 1);
        GlobalCli.Sti();
    }

    private static IrqReturn CountInHandler(int irq, void* devId, PtRegs* regs)
    {
        GlobalFlags flags = GlobalCli.SaveFlags();
        CountAlone();
        s_calls++;
        GlobalCli.RestoreFlags(flags);
        return IrqReturn.Handled;
    }

    private static void CountOften(void* unused)
    {
        for (int i = 0; i < SmpTests.Rounds(RoundsPerCpu); i++)
        {
            CountAlone();
            GlobalCli.Sti();
            SmpLine.Pause(3);
        }

        Shared.AddReturn(ref s_threads, -1);
    }

    // Reads, waits, writes: whoever comes between is seen twice, in the overlap and in the sum.
    private static void CountAlone()
    {
        GlobalCli.Cli();
        s_overlaps += Shared.AddReturn(ref s_inside, 1) == 1 ? 0 : 1;
        int count = Shared.ReadOnce(ref s_count);
        SmpLine.Pause(5);
        Shared.WriteOnce(ref s_count, count + 1);
        Shared.AddReturn(ref s_inside, -1);
    }
}
