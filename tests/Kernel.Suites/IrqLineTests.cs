// IrqLineTests: who may have a line. Part of the suite irq.

namespace CSharpOS.Suites;

internal static unsafe class IrqLineTests
{
    private const int Line = IrqTests.Line;

    private static int s_result;

    internal static void BadRequests()
    {
        Check.Equal(-EINVAL, RequestIrq(-1, &IrqTests.Count, IrqFlags.None, "test"u8, null));
        Check.Equal(-EINVAL, RequestIrq(Interrupts.NrIrqs, &IrqTests.Count, IrqFlags.None, "test"u8, null));
        Check.Equal(-EINVAL, RequestIrq(200, &IrqTests.Count, IrqFlags.None, "test"u8, null));
        Check.Equal(-EINVAL, RequestIrq(Line, null, IrqFlags.None, "test"u8, null));
        Check.Equal(-EINVAL, RequestIrq(Line, &IrqTests.Count, IrqFlags.SaShirq, "test"u8, null));
        Check.True(IrqToDescriptor(Line)->Action == null);
    }

    internal static void Busy()
    {
        Check.Equal(-EBUSY, RequestIrq(0, &IrqTests.Count, IrqFlags.SaShirq, "test"u8, IrqTests.Cookie(1)));
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.None, "test"u8, null));
        Check.Equal(-EBUSY, RequestIrq(Line, &IrqTests.Count, IrqFlags.None, "test"u8, null));
        Check.Equal(-EBUSY, RequestIrq(Line, &IrqTests.Count, IrqFlags.SaShirq, "test"u8, IrqTests.Cookie(1)));
        FreeIrq(Line, null);
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.SaShirq, "test"u8, IrqTests.Cookie(1)));
        Check.Equal(-EBUSY, RequestIrq(Line, &IrqTests.Count, IrqFlags.None, "test"u8, IrqTests.Cookie(2)));
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.SaShirq, "test"u8, IrqTests.Cookie(2)));
        FreeIrq(Line, IrqTests.Cookie(1));
        FreeIrq(Line, IrqTests.Cookie(2));
    }

    internal static void NoMemory()
    {
#if DEBUG_CHECKS
        AllocationFailure.Clear();
        AllocationFailure.FailNth(1);
        Check.Equal(-ENOMEM, RequestIrq(Line, &IrqTests.Count, IrqFlags.None, "test"u8, null));
        AllocationFailure.Clear();
        Check.True(IrqToDescriptor(Line)->Action == null);
#else
        Test.Skip("no failure injection in this build"u8);
#endif
    }

    internal static void RequestInHandler()
    {
#if DEBUG_CHECKS
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(Line, &RequestingHandler, IrqFlags.None, "test"u8, null));
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(1);
        FreeIrq(Line, null);
        Check.Logged("sleeping function called from invalid context"u8);

        // The machine goes on, and so does the request.
        Check.Equal(0, s_result);
        FreeIrq(IrqTests.OtherLine, null);
#else
        Test.Skip("might_sleep checks nothing in this build"u8);
#endif
    }

    internal static void FreeOne()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.SaShirq, "one"u8, IrqTests.Cookie(1)));
        Check.Equal(0, RequestIrq(Line, &IrqTests.CountOther, IrqFlags.SaShirq, "two"u8, IrqTests.Cookie(2)));
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(1);
        SynchronizeIrq(Line);
        FreeIrq(Line, IrqTests.Cookie(2));
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(2);
        Check.Equal(2, IrqTests.Calls);
        Check.Equal(1, IrqTests.OtherCalls);
        FreeIrq(Line, IrqTests.Cookie(1));
        IrqTests.Pulse(Line);
        IrqTests.WaitInVain();
        Check.Equal(2, IrqTests.Calls);
        Check.True(IrqToDescriptor(Line)->Has(IrqStatus.Disabled));
        Check.NotLogged("already-free"u8);
        IrqTests.Drain(Line);
    }

    internal static void WrongCookie()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.SaShirq, "test"u8, IrqTests.Cookie(1)));
        FreeIrq(Line, IrqTests.Cookie(2));
        Check.Logged("Trying to free already-free IRQ 6"u8);
        Check.Logged("WrongCookie"u8);
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(1);
        Check.Equal(1, IrqTests.Calls);
        FreeIrq(Line, IrqTests.Cookie(1));
        Check.ForgetLog();
        FreeIrq(Line, IrqTests.Cookie(1));
        Check.Logged("Trying to free already-free IRQ 6"u8);
    }

    internal static void FreeInHandler()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(Line, &FreeingHandler, IrqFlags.None, "test"u8, null));
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(1);
        IrqTests.WaitInVain();
        Check.Logged("irq 6: free_irq from interrupt context"u8);
        Check.Logged("FreeingHandler"u8);
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(2);
        Check.Equal(2, IrqTests.Calls);
        FreeIrq(Line, null);
    }

    internal static void Probe()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        ulong watched = ProbeIrqOn();
        Check.True((watched & (1ul << IrqTests.OtherLine)) != 0);
        Check.True((watched & 1) == 0);
        IrqTests.Pulse(IrqTests.OtherLine);

        // Another CPU may be the one that serves it, and a busy host lets that one wait.
        uint start = Jiffies;
        while (IrqToDescriptor(IrqTests.OtherLine)->Has(IrqStatus.Waiting) && Jiffies - start < 5 * HZ)
        {
            CpuRelax();
        }

        Check.Equal(IrqTests.OtherLine, ProbeIrqOff(watched));
        watched = ProbeIrqOn();
        IrqTests.WaitInVain();
        Check.Equal(0, ProbeIrqOff(watched));
    }

    private static IrqReturn RequestingHandler(int irq, void* devId, PtRegs* regs)
    {
        s_result = RequestIrq(IrqTests.OtherLine, &IrqTests.CountOther, IrqFlags.None, "test"u8, null);
        return IrqTests.Count(irq, devId, regs);
    }

    private static IrqReturn FreeingHandler(int irq, void* devId, PtRegs* regs)
    {
        if (IrqTests.Calls == 0)
        {
            FreeIrq(irq, null);
        }

        return IrqTests.Count(irq, devId, regs);
    }
}
