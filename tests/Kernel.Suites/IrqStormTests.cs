// IrqStormTests: many interrupts, interrupts that nobody wants, and interrupts that are none. Part of the suite irq.

namespace CSharpOS.Suites;

internal static unsafe class IrqStormTests
{
    private const int Line = IrqTests.Line;
    private const int LevelLine = 5;
    private const int StormSize = 100_000;

    internal static void Storm()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        uint before = IrqFlowTests.Total(Line);
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.None, "storm"u8, null));
        bool served = true;
        for (int i = 1; i <= StormSize && served; i++)
        {
            IrqTests.Pulse(Line);
            served = IrqTests.Calls >= i || IrqTests.WaitForCalls(i);
        }

        IrqTests.WaitInVain();
        FreeIrq(Line, null);
        Check.Equal(StormSize, IrqTests.Calls);
        Check.Equal(StormSize, (int)(IrqFlowTests.Total(Line) - before));
        Check.NotLogged("nobody cared"u8);
    }

    internal static void NobodyCares()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(Line, &IrqTests.CountAndDeny, IrqFlags.None, "deaf"u8, null));
        bool served = true;
        for (int i = 1; i < Interrupts.UnhandledWindow && served; i++)
        {
            IrqTests.Pulse(Line);
            served = IrqTests.Calls >= i || IrqTests.WaitForCalls(i);
        }

        // The last one may still be under way in its handler, on another CPU.
        SynchronizeIrq(Line);
        Check.NotLogged("nobody cared"u8);
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(Interrupts.UnhandledWindow);
        for (int i = 0; i < 3; i++)
        {
            IrqTests.Pulse(Line);
            IrqTests.WaitInVain();
        }

        CheckStopped(Line);

        // One enable_irq brings the line back, and the edges that came meanwhile as one.
        EnableIrq(Line);
        IrqTests.WaitForCalls(Interrupts.UnhandledWindow + 1);
        Check.Equal(Interrupts.UnhandledWindow + 1, IrqTests.Calls);
        SynchronizeIrq(Line);
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(Interrupts.UnhandledWindow + 2);
        Check.Equal(Interrupts.UnhandledWindow + 2, IrqTests.Calls);
        FreeIrq(Line, null);
        Check.NotLogged("Unbalanced"u8);
    }

    internal static void StuckLevelLine()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        // The 8259A can be told; the I/O APIC's lines are what the firmware says, and line 5 is level triggered.
        int irq = IrqTests.On8259A() ? Line : LevelLine;
        if (IrqTests.On8259A() ? I8259A.SetTrigger(irq, true) != 0 : !IrqToDescriptor(irq)->Has(IrqStatus.Level))
        {
            Test.Skip("no line can be level triggered here"u8);
            return;
        }

        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(irq, &IrqTests.CountAndDeny, IrqFlags.SaShirq, "deaf"u8, IrqTests.Cookie(1)));
        IrqTests.SetLine(irq, true);

        // Nothing but interrupts now, on one CPU at least, until the line is stopped.
        IrqTests.WaitForCalls(Interrupts.UnhandledWindow);
        IrqTests.WaitInVain();
        IrqTests.SetLine(irq, false);
        CheckStopped(irq);
        FreeIrq(irq, IrqTests.Cookie(1));
        if (IrqTests.On8259A())
        {
            Check.Equal(0, I8259A.SetTrigger(irq, false));
        }
    }

    internal static void Spurious()
    {
        if (!IrqTests.On8259A())
        {
            Test.Skip("the 8259A does not serve the lines"u8);
            return;
        }

        uint errors = IrqStatistics.Errors;
        uint seven = IrqFlowTests.Total(7);
        uint fifteen = IrqFlowTests.Total(15);
        if (Monitor.Execute("spurious"u8) != 0)
        {
            Test.Skip("no local APIC to make them with"u8);
            return;
        }

        Check.Equal(2, (int)(IrqStatistics.Errors - errors));
        Check.Equal(seven, IrqFlowTests.Total(7));
        Check.Equal(fifteen, IrqFlowTests.Total(15));

        // Neither controller believes that something is still in service: lines of both still come through.
        if (IrqTests.HasTestDevice())
        {
            for (int irq = 5; irq <= 15; irq++)
            {
                CheckLineWorks(irq);
            }
        }
    }

    private static void CheckLineWorks(int irq)
    {
        IrqTests.ResetCounts();
        if (RequestIrq(irq, &LowerLine, IrqFlags.None, "test"u8, null) == 0)
        {
            // Some of them are level triggered: the wire stays up until the handler has run.
            IrqTests.SetLine(irq, true);
            IrqTests.WaitForCalls(1);
            IrqTests.SetLine(irq, false);
            FreeIrq(irq, null);
            Check.Equal(1, IrqTests.Calls);
        }
    }

    private static IrqReturn LowerLine(int irq, void* devId, PtRegs* regs)
    {
        IrqTests.SetLine(irq, false);
        return IrqTests.Count(irq, devId, regs);
    }

    private static void CheckStopped(int irq)
    {
        // The report is made while the line is in progress, perhaps on another CPU.
        SynchronizeIrq(irq);
        Check.Equal(Interrupts.UnhandledWindow, IrqTests.Calls);
        Check.Equal(1, Check.CountLogged("nobody cared"u8));
        Check.Logged("IrqTests.CountAndDeny (deaf)"u8);
        Check.True(IrqToDescriptor(irq)->Has(IrqStatus.Disabled));
    }
}
