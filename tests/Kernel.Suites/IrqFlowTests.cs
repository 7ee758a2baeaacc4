// IrqFlowTests: how interrupts arrive: arguments, order, nesting, and what happens to edges that come at a bad moment. Part of the suite irq.

namespace CSharpOS.Suites;

internal static unsafe class IrqFlowTests
{
    private const int Line = IrqTests.Line;
    private const int OtherLine = IrqTests.OtherLine;

    private static int s_irq;
    private static void* s_devId;
    private static bool s_regsAreTheCpus;
    private static ulong s_rip;
    private static int s_order;
    private static bool s_interruptsOn;
    private static bool s_inside;
    private static bool s_enteredTwice;
    private static bool s_nested;
    private static int s_otherCallsInside;

    internal static void Arguments()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(Line, &TakeArguments, IrqFlags.None, "test"u8, IrqTests.Cookie(3)));
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(1);
        FreeIrq(Line, IrqTests.Cookie(3));
        Check.Equal(Line, s_irq);
        Check.True(s_devId == IrqTests.Cookie(3));
        Check.True(s_regsAreTheCpus);
        Check.True(s_rip >= (ulong)LinkerSymbols.TextStart && s_rip < (ulong)LinkerSymbols.TextEnd);
    }

    internal static void Pulses()
    {
        const int Count = 1000;
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        uint before = Total(Line);
        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.None, "test"u8, null));
        bool served = true;
        for (int i = 1; i <= Count && served; i++)
        {
            IrqTests.Pulse(Line);
            served = IrqTests.WaitForCalls(i);
        }

        IrqTests.WaitInVain();
        FreeIrq(Line, null);
        Check.Equal(Count, IrqTests.Calls);
        Check.Equal(Count, (int)(Total(Line) - before));
    }

    internal static void SharedOrder()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        s_order = 0;
        Check.Equal(0, RequestIrq(Line, &AppendDigit, IrqFlags.SaShirq, "one"u8, IrqTests.Cookie(1)));
        Check.Equal(0, RequestIrq(Line, &AppendDigit, IrqFlags.SaShirq, "two"u8, IrqTests.Cookie(2)));
        Check.Equal(0, RequestIrq(Line, &AppendDigit, IrqFlags.SaShirq, "three"u8, IrqTests.Cookie(3)));
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(3);
        Check.Equal(123, s_order);
        FreeIrq(Line, IrqTests.Cookie(2));
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(5);
        Check.Equal(12313, s_order);
        FreeIrq(Line, IrqTests.Cookie(1));
        FreeIrq(Line, IrqTests.Cookie(3));
    }

    internal static void FirstDecides()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        for (int i = 0; i < 4; i++)
        {
            IrqFlags first = (i & 1) != 0 ? IrqFlags.SaInterrupt : IrqFlags.None;
            IrqFlags second = (i & 2) != 0 ? IrqFlags.SaInterrupt : IrqFlags.None;
            Check.ForgetLog();
            IrqTests.ResetCounts();
            Check.Equal(0, RequestIrq(Line, &NoteInterruptFlag, first | IrqFlags.SaShirq, "one"u8, IrqTests.Cookie(1)));
            Check.Equal(0, RequestIrq(Line, &NoteInterruptFlag, second | IrqFlags.SaShirq, "two"u8, IrqTests.Cookie(2)));
            Check.Equal(first == second ? 0 : 1, Check.CountLogged("SA_INTERRUPT is not guaranteed"u8));
            IrqTests.Pulse(Line);
            IrqTests.WaitForCalls(2);
            Check.True(s_interruptsOn == (first == IrqFlags.None));
            FreeIrq(Line, IrqTests.Cookie(1));
            FreeIrq(Line, IrqTests.Cookie(2));
        }
    }

    internal static void EdgeInProgress()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        s_inside = false;
        s_enteredTwice = false;
        Check.Equal(0, RequestIrq(Line, &PulseOwnLine, IrqFlags.None, "test"u8, null));
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(2);
        IrqTests.WaitInVain();
        FreeIrq(Line, null);
        Check.False(s_enteredTwice);
        Check.Equal(2, IrqTests.Calls);
    }

    internal static void OtherLineNests() => PulseOtherLineInside(IrqFlags.None, 1);

    internal static void FastIsNotInterrupted() => PulseOtherLineInside(IrqFlags.SaInterrupt, 0);

    internal static void EdgeWhileDisabled()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.None, "test"u8, null));
        DisableIrq(Line);
        for (int i = 0; i < 3; i++)
        {
            IrqTests.Pulse(Line);
        }

        IrqTests.WaitInVain();
        Check.Equal(0, IrqTests.Calls);
        EnableIrq(Line);
        IrqTests.WaitForCalls(1);
        IrqTests.WaitInVain();
        Check.Equal(1, IrqTests.Calls);
        FreeIrq(Line, null);
    }

    internal static void DisableNests()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.None, "test"u8, null));
        DisableIrq(Line);
        DisableIrqNosync(Line);
        DisableIrq(Line);
        IrqTests.Pulse(Line);
        EnableIrq(Line);
        EnableIrq(Line);
        IrqTests.WaitInVain();
        Check.Equal(0, IrqTests.Calls);
        EnableIrq(Line);
        IrqTests.WaitForCalls(1);
        Check.Equal(1, IrqTests.Calls);
        SynchronizeIrq(Line);
        FreeIrq(Line, null);
        Check.NotLogged("Unbalanced"u8);
    }

    internal static void Unbalanced()
    {
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.None, "test"u8, null));
        EnableIrq(Line);
        Check.Logged("Unbalanced enable for IRQ 6"u8);
        Check.Equal(0, IrqToDescriptor(Line)->Depth);
        FreeIrq(Line, null);
    }

    internal static void DisableInHandler()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(Line, &DisableOwnLine, IrqFlags.None, "test"u8, null));
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(1);
        IrqTests.WaitInVain();
        Check.Logged("irq 6: a handler of this line waits for itself"u8);
        Check.True(IrqToDescriptor(Line)->Has(IrqStatus.Disabled));
        IrqTests.Pulse(Line);
        IrqTests.WaitInVain();
        Check.Equal(1, IrqTests.Calls);
        EnableIrq(Line);
        IrqTests.WaitForCalls(2);
        Check.Equal(2, IrqTests.Calls);
        EnableIrq(Line);
        FreeIrq(Line, null);
    }

    /// <summary>Interrupts of a line, on all CPUs.</summary>
    internal static uint Total(int irq)
    {
        uint total = 0;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            total += IrqStatistics.Irqs(irq, cpu);
        }

        return total;
    }

    private static void PulseOtherLineInside(IrqFlags flags, int expectedInside)
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        s_nested = false;
        Check.Equal(0, RequestIrq(Line, &PulseOtherLine, flags, "slow"u8, null));
        Check.Equal(0, RequestIrq(OtherLine, &CountNested, IrqFlags.None, "other"u8, null));
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(1);
        IrqTests.WaitInVain();
        FreeIrq(Line, null);
        FreeIrq(OtherLine, null);
        Check.Equal(1, IrqTests.Calls);
        Check.Equal(1, IrqTests.OtherCalls);
        Check.Equal(expectedInside, s_otherCallsInside);
        Check.True(s_nested == (expectedInside == 1));
    }

    private static IrqReturn TakeArguments(int irq, void* devId, PtRegs* regs)
    {
        s_irq = irq;
        s_devId = devId;
        s_regsAreTheCpus = regs == InterruptRegs;
        s_rip = regs->Rip;
        return IrqTests.Count(irq, devId, regs);
    }

    private static IrqReturn AppendDigit(int irq, void* devId, PtRegs* regs)
    {
        s_order = (s_order * 10) + (int)((byte*)devId - (byte*)IrqTests.Cookie(0));
        return IrqTests.Count(irq, devId, regs);
    }

    private static IrqReturn NoteInterruptFlag(int irq, void* devId, PtRegs* regs)
    {
        s_interruptsOn = !IrqsDisabled();
        return IrqTests.Count(irq, devId, regs);
    }

    private static IrqReturn PulseOwnLine(int irq, void* devId, PtRegs* regs)
    {
        s_enteredTwice |= s_inside;
        s_inside = true;
        if (IrqTests.Calls == 0)
        {
            // The wire may still be up from the first edge.
            IrqTests.SetLine(irq, false);
            IrqTests.Pulse(irq);
            Udelay(50);
        }

        s_inside = false;
        return IrqTests.Count(irq, devId, regs);
    }

    // On this CPU or on another one: wherever the one line goes, the other goes too.
    private static IrqReturn PulseOtherLine(int irq, void* devId, PtRegs* regs)
    {
        IrqTests.Pulse(OtherLine);
        Udelay(50);
        s_otherCallsInside = IrqTests.OtherCalls;
        return IrqTests.Count(irq, devId, regs);
    }

    private static IrqReturn CountNested(int irq, void* devId, PtRegs* regs)
    {
        s_nested = (PreemptCount() & HardirqMask) == 2 * HardirqOffset;
        return IrqTests.CountOther(irq, devId, regs);
    }

    private static IrqReturn DisableOwnLine(int irq, void* devId, PtRegs* regs)
    {
        DisableIrq(irq);
        return IrqTests.Count(irq, devId, regs);
    }
}
