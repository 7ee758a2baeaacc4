// SoftirqTests: softirqs in the booted kernel. The parts: SoftirqRaiseTests the table and the pending mask, SoftirqRunTests when they run and in which order,
// BottomHalfTests local_bh_disable and enable, KsoftirqdTests the threads, SoftirqSmpTests several CPUs.
//
// The tests run on CPU 0, to which the lines of the test device go. They use entries of the table that no mechanism has.

namespace CSharpOS.Suites;

public static unsafe class SoftirqTests
{
    /// <summary>Entries for tests, the more urgent first.</summary>
    internal const SoftirqNr First = (SoftirqNr)28, Second = (SoftirqNr)29, Third = (SoftirqNr)30;

    /// <summary>One that nobody ever opens.</summary>
    internal const SoftirqNr Never = (SoftirqNr)31;

    private static delegate*<void> s_inHandler;
    private static int s_handled;

    [TestSuite("softirq")]
    public static void Suite()
    {
        OnCpuZero.Run("nine softirqs with Linux's numbers in a table of 32"u8, "SIRQ-01"u8, &SoftirqRaiseTests.Numbers);
        OnCpuZero.Run("open_softirq refuses a bad number or no handler"u8, "SIRQ-02"u8, &SoftirqRaiseTests.BadOpen);
        OnCpuZero.Run("a handler gets a pointer to its own entry"u8, "SIRQ-02"u8, &SoftirqRaiseTests.OwnEntry);
        OnCpuZero.Run("raise_softirq keeps the interrupt flag"u8, "SIRQ-03"u8, &SoftirqRaiseTests.KeepsFlag);
        OnCpuZero.Run("raise_softirq_irqoff with interrupts on is reported"u8, "SIRQ-03"u8, &SoftirqRaiseTests.IrqoffReported);
        OnCpuZero.Run("the pending mask: read, set, of another CPU"u8, "SIRQ-03"u8, &SoftirqRaiseTests.Mask);
        OnCpuZero.Run("one that nobody opened is reported"u8, "SIRQ-02"u8, &SoftirqRaiseTests.Unopened);
        OnCpuZero.Run("they are counted per CPU, in the format of /proc/softirqs"u8, "SIRQ-08"u8, &SoftirqRaiseTests.Counted);

        OnCpuZero.Run("lowest number first"u8, "SIRQ-04"u8, &SoftirqRunTests.LowestFirst);
        OnCpuZero.Run("raised five times before it runs, it runs once"u8, "SIRQ-04"u8, &SoftirqRunTests.OnceForMany);
        OnCpuZero.Run("handlers run with interrupts on, in softirq context"u8, "SIRQ-04 IRQ-09"u8, &SoftirqRunTests.Context);
        OnCpuZero.Run("on return from the hardware interrupt, after its handler"u8, "SIRQ-04"u8, &SoftirqRunTests.OnInterruptReturn);
        OnCpuZero.Run("an interrupt in a softirq does not run another inside it"u8, "SIRQ-04"u8, &SoftirqRunTests.NeverNested);
        OnCpuZero.Run("do_softirq inside an interrupt does nothing"u8, "SIRQ-04"u8, &SoftirqRunTests.NothingInInterrupt);
        OnCpuZero.Run("no task switch while a handler runs"u8, "SIRQ-04"u8, &SoftirqRunTests.NoSwitch);
        OnCpuZero.Run("a handler that keeps a lock is reported and put right"u8, "SIRQ-04"u8, &SoftirqRunTests.LeakReported);
        OnCpuZero.Run("ten passes, then ksoftirqd"u8, "SIRQ-05"u8, &SoftirqRunTests.TenPasses);
        OnCpuZero.Run("sleeping in a softirq is reported"u8, "SIRQ-09"u8, &SoftirqRunTests.SleepReported);

        OnCpuZero.Run("disables nest; the last enable runs what is pending"u8, "SIRQ-07"u8, &BottomHalfTests.Nest);
        OnCpuZero.Run("in_softirq, in_interrupt and in_atomic while disabled"u8, "SIRQ-07 IRQ-09"u8, &BottomHalfTests.Contexts);
        OnCpuZero.Run("an interrupt while disabled leaves its softirq pending"u8, "SIRQ-07"u8, &BottomHalfTests.InterruptWhileDisabled);
        OnCpuZero.Run("no preemption while disabled"u8, "SIRQ-07"u8, &BottomHalfTests.NoPreemption);
        OnCpuZero.Run("enable with interrupts off is reported"u8, "SIRQ-07"u8, &BottomHalfTests.EnableIrqsOff);
        OnCpuZero.Run("enable without disable is reported"u8, "SIRQ-07"u8, &BottomHalfTests.Unbalanced);



        OnCpuZero.Run("ksoftirqd/n: one per CPU, bound to it, nice 19"u8, "SIRQ-06"u8, &KsoftirqdTests.Threads);
        OnCpuZero.Run("raised in process context, ksoftirqd runs it"u8, "SIRQ-04 SIRQ-06"u8, &KsoftirqdTests.RunsRaised);
        OnCpuZero.Run("ksoftirqd yields after each pass"u8, "SIRQ-06"u8, &KsoftirqdTests.Yields);
        OnCpuZero.Run("under a storm a program keeps four fifths of the CPU"u8, "SIRQ-05"u8, &KsoftirqdTests.ProgramKeepsShare);
        OnCpuZero.Run("with ksoftirqd at nice 0 about half"u8, "SIRQ-05"u8, &KsoftirqdTests.HalfAtNiceZero);
        OnCpuZero.Run("on an idle machine a storm goes on without waiting"u8, "SIRQ-05"u8, &KsoftirqdTests.IdleRate);
        OnCpuZero.Run("policy all: the program starves"u8, "SIRQ-11"u8, &KsoftirqdTests.PolicyAll);
        OnCpuZero.Run("policy defer: the softirq waits for interrupts"u8, "SIRQ-11"u8, &KsoftirqdTests.PolicyDefer);
        OnCpuZero.Run("the commands softirqs, tasklets and demo"u8, "SIRQ-08 SIRQ-11"u8, &KsoftirqdTests.Demonstrations);

        OnCpuZero.Run("the same softirq on two CPUs at once"u8, "SIRQ-04"u8, &SoftirqSmpTests.SameAtOnce);
        OnCpuZero.Run("local_bh_disable concerns this CPU only"u8, "SIRQ-07"u8, &SoftirqSmpTests.OtherCpusGoOn);
        OnCpuZero.Run("works go on while bottom halves are disabled"u8, "SIRQ-07"u8, &SoftirqSmpTests.WorksGoOn);
        OnCpuZero.Run("a softirq runs on the CPU that raised it"u8, "SIRQ-03"u8, &SoftirqSmpTests.OwnCpu);
        OnCpuZero.Run("none is lost, on any CPU"u8, "SIRQ-03 SIRQ-04"u8, &SoftirqSmpTests.NoneLost);
    }

    /// <summary>Runs <paramref name="function"/> in a hard interrupt handler of this CPU. False, and the test is skipped, without a test device.</summary>
    internal static bool InHandler(delegate*<void> function)
    {
        if (!IrqTests.HasTestDevice())
        {
            return false;
        }

        s_inHandler = function;
        Shared.WriteOnce(ref s_handled, 0);
        Check.Equal(0, RequestIrq(IrqTests.Line, &Handler, IrqFlags.SaInterrupt, "softirq test"u8, null));
        IrqTests.Pulse(IrqTests.Line);
        bool came = SmpTests.Becomes(ref s_handled, 1);
        FreeIrq(IrqTests.Line, null);
        Check.True(came);
        return came;
    }

    /// <summary>The same while bottom halves are disabled meanwhile.</summary>
    internal static bool InHandlerWithBhDisabled(delegate*<void> function, int* runs)
    {
        if (!IrqTests.HasTestDevice())
        {
            return false;
        }

        s_inHandler = function;
        Shared.WriteOnce(ref s_handled, 0);
        Check.Equal(0, RequestIrq(IrqTests.Line, &Handler, IrqFlags.SaInterrupt, "softirq test"u8, null));
        LocalBhDisable();
        IrqTests.Pulse(IrqTests.Line);
        bool came = SmpTests.Becomes(ref s_handled, 1);
        Check.Equal(0, *runs);
        LocalBhEnable();
        FreeIrq(IrqTests.Line, null);
        Check.True(came);
        return came;
    }

    private static IrqReturn Handler(int irq, void* devId, PtRegs* regs)
    {
        s_inHandler();
        Shared.WriteOnce(ref s_handled, 1);
        return IrqReturn.Handled;
    }
}
