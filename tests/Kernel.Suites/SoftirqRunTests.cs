// SoftirqRunTests: when softirqs run, in which order and in which context. Part of the suite softirq.

namespace CSharpOS.Suites;

internal static unsafe class SoftirqRunTests
{
    private const int StormPasses = 25;

    private static int s_runs;
    private static int s_order;
    private static int s_depth;
    private static int s_deepest;
    private static bool s_contextIsRight;
    private static bool s_handlerRuns;
    private static bool s_ranInHandler;
    private static TaskStruct* s_thread;
    private static int s_stormLeft;
    private static int s_atOnce;
    private static int s_threadRan;
    private static bool s_threadRanInside;

    internal static void LowestFirst()
    {
        s_order = 0;
        OpenSoftirq(SoftirqTests.First, &AppendOne);
        OpenSoftirq(SoftirqTests.Second, &AppendTwo);
        OpenSoftirq(SoftirqTests.Third, &AppendThree);
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.Third);
        RaiseSoftirq(SoftirqTests.First);
        RaiseSoftirq(SoftirqTests.Second);
        LocalBhEnable();
        Check.Equal(123, s_order);
    }

    internal static void OnceForMany()
    {
        s_runs = 0;
        OpenSoftirq(SoftirqTests.First, &Count);
        LocalBhDisable();
        for (int i = 0; i < 5; i++)
        {
            RaiseSoftirq(SoftirqTests.First);
        }

        LocalBhEnable();
        Check.Equal(1, s_runs);
    }

    internal static void Context()
    {
        s_contextIsRight = false;
        OpenSoftirq(SoftirqTests.First, &NoteContext);
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.First);
        LocalBhEnable();
        Check.True(s_contextIsRight);

        // An explicit call leaves the interrupt flag as it was, though handlers run with interrupts on.
        s_contextIsRight = false;
        ulong flags = LocalIrqSave();
        LocalBhDisable();
        RaiseSoftirqIrqoff(SoftirqTests.First);
        _LocalBhEnable();
        DoSoftirq();
        Check.True(IrqsDisabled());
        LocalIrqRestore(flags);
        Check.True(s_contextIsRight);
        Check.False(InSoftirq() || InInterrupt() || InAtomic());
    }

    internal static void OnInterruptReturn()
    {
        s_runs = 0;
        s_handlerRuns = s_ranInHandler = s_contextIsRight = false;
        OpenSoftirq(SoftirqTests.First, &NoteContext);
        OpenSoftirq(SoftirqTests.Second, &CountOutsideHandler);
        uint switches = (uint)Current->VoluntarySwitches;
        if (SoftirqTests.InHandler(&RaiseInHandler))
        {
            Check.True(s_contextIsRight);
            Check.Equal(1, s_runs);
            Check.False(s_ranInHandler);
            Check.Equal(switches, (uint)Current->VoluntarySwitches);
        }
    }

    internal static void NeverNested()
    {
        s_depth = s_deepest = s_runs = 0;
        OpenSoftirq(SoftirqTests.First, &RaiseSecondByInterrupt);
        OpenSoftirq(SoftirqTests.Second, &NoteDepth);
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        Check.Equal(0, RequestIrq(IrqTests.Line, &RaiseSecond, IrqFlags.SaInterrupt, "softirq test"u8, null));
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.First);
        LocalBhEnable();
        FreeIrq(IrqTests.Line, null);
        Check.Equal(2, s_runs);
        Check.Equal(1, s_deepest);
    }

    internal static void NothingInInterrupt()
    {
        s_runs = 0;
        s_handlerRuns = s_ranInHandler = false;
        OpenSoftirq(SoftirqTests.Second, &CountOutsideHandler);
        OpenSoftirq(SoftirqTests.First, &DoSecondInside);
        if (!SoftirqTests.InHandler(&DoInHandler))
        {
            return;
        }

        Check.False(s_ranInHandler);
        Check.Equal(1, s_runs);

        // In a softirq, and with bottom halves disabled.
        s_order = 0;
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.First);
        DoSoftirq();
        Check.Equal(1, s_runs);
        LocalBhEnable();
        Check.Equal(2, s_runs);
        Check.Equal(1, s_order);
    }

    internal static void NoSwitch()
    {
        s_threadRan = 0;
        s_threadRanInside = false;
        TaskStruct* thread = Kthread.Create(&Urgent, null, $"softirq_test", out int error);
        Check.Equal(0, error);
        Kthread.Bind(thread, 0);
        Check.Equal(0, Scheduler.SetScheduler(thread, SchedPolicy.Fifo, 50));
        s_thread = thread;
        OpenSoftirq(SoftirqTests.First, &WakeUrgent);
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.First);
        LocalBhEnable();
        Scheduler.CondResched();
        Check.Equal(1, Shared.ReadOnce(ref s_threadRan));
        Check.False(s_threadRanInside);
    }

    internal static void LeakReported()
    {
#if DEBUG_CHECKS
        OpenSoftirq(SoftirqTests.First, &Leak);
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.First);
        LocalBhEnable();
        Check.Logged("softirq 28 (unnamed): handler changed preempt_count from 00000100 to 00000101"u8);
        Check.Equal(0, PreemptCount());
        OpenSoftirq(SoftirqTests.First, &LeaveOff);
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.First);
        LocalBhEnable();
        Check.Logged("softirq 28 (unnamed): handler left interrupts off"u8);
        Check.False(IrqsDisabled());
#else
        Test.Skip("handlers are not checked in this build"u8);
#endif
    }

    internal static void TenPasses()
    {
        // Held up here, ksoftirqd cannot go on with the rest before it is counted: preemption is off.
        s_runs = 0;
        s_stormLeft = StormPasses;
        OpenSoftirq(SoftirqTests.First, &Storm);
        PreemptDisable();
        ulong flags = LocalIrqSave();
        LocalBhDisable();
        RaiseSoftirqIrqoff(SoftirqTests.First);
        _LocalBhEnable();
        DoSoftirq();
        s_atOnce = s_runs;
        LocalIrqRestore(flags);
        PreemptEnable();
        Check.Equal(MaxSoftirqRestart, s_atOnce);
        Check.True(SmpTests.Becomes(ref s_runs, StormPasses));
    }

    internal static void SleepReported()
    {
#if DEBUG_CHECKS
        OpenSoftirq(SoftirqTests.First, &Sleep);
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.First);
        LocalBhEnable();
        Check.Logged("BUG: sleeping function called from invalid context"u8);
        Check.Logged(" SoftirqRunTests.Sleep+0x"u8);
        Check.Equal(0, PreemptCount());
#else
        Test.Skip("not checked in this build"u8);
#endif
    }

    private static void Count(SoftirqAction* entry) => s_runs++;

    private static void AppendOne(SoftirqAction* entry) => s_order = (s_order * 10) + 1;

    private static void AppendTwo(SoftirqAction* entry) => s_order = (s_order * 10) + 2;

    private static void AppendThree(SoftirqAction* entry) => s_order = (s_order * 10) + 3;

    private static void NoteContext(SoftirqAction* entry) =>
        s_contextIsRight = InSoftirq() && InInterrupt() && InAtomic() && !InIrq() && !IrqsDisabled();

    private static void RaiseInHandler()
    {
        s_handlerRuns = true;
        RaiseSoftirqIrqoff(SoftirqTests.First);
        RaiseSoftirq(SoftirqTests.Second);
        s_handlerRuns = false;
    }

    private static void DoInHandler()
    {
        s_handlerRuns = true;
        RaiseSoftirqIrqoff(SoftirqTests.Second);
        DoSoftirq();
        s_handlerRuns = false;
    }

    private static void DoSecondInside(SoftirqAction* entry)
    {
        int before = s_runs;
        RaiseSoftirq(SoftirqTests.Second);
        DoSoftirq();
        s_order = s_runs == before ? 1 : 0;
    }

    private static void CountOutsideHandler(SoftirqAction* entry)
    {
        s_ranInHandler |= s_handlerRuns;
        s_runs++;
    }

    private static void RaiseSecondByInterrupt(SoftirqAction* entry)
    {
        s_depth++;
        IrqTests.Pulse(IrqTests.Line);
        for (uint i = 0; i < 1000 && (LocalSoftirqPending() & (1u << (int)SoftirqTests.Second)) == 0; i++)
        {
            Udelay(10);
        }

        Check.True((LocalSoftirqPending() & (1u << (int)SoftirqTests.Second)) != 0);
        s_runs++;
        s_deepest = s_depth > s_deepest ? s_depth : s_deepest;
        s_depth--;
    }

    private static void NoteDepth(SoftirqAction* entry)
    {
        s_depth++;
        s_runs++;
        s_deepest = s_depth > s_deepest ? s_depth : s_deepest;
        s_depth--;
    }

    private static IrqReturn RaiseSecond(int irq, void* devId, PtRegs* regs)
    {
        RaiseSoftirqIrqoff(SoftirqTests.Second);
        return IrqReturn.Handled;
    }

    private static void WakeUrgent(SoftirqAction* entry)
    {
        Scheduler.WakeUpProcess(s_thread);
        Udelay(100);
        s_threadRanInside = Shared.ReadOnce(ref s_threadRan) != 0;
    }

    private static int Urgent(void* unused)
    {
        Shared.WriteOnce(ref s_threadRan, 1);
        return 0;
    }

    private static void Leak(SoftirqAction* entry) => PreemptDisable();

    private static void LeaveOff(SoftirqAction* entry) => LocalIrqDisable();

    private static void Storm(SoftirqAction* entry)
    {
        Shared.WriteOnce(ref s_runs, s_runs + 1);
        if (--s_stormLeft != 0)
        {
            RaiseSoftirq(SoftirqTests.First);
        }
    }

    // Something behind the call: or it would be a jump, and this function in no call trace.
    private static void Sleep(SoftirqAction* entry)
    {
        MightSleep();
        s_runs++;
    }
}
