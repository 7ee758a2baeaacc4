// IrqThreadTests: handlers whose work a thread does. Part of the suite irq.
//
// With the edges of pc-testdev, with the level triggered line of an edu device, and with an I/O APIC's line on all CPUs. Process context.

namespace CSharpOS.Suites;

internal static unsafe partial class IrqThreadTests
{
    private const int Line = IrqTests.Line;
    private const uint Patience = 20 * HZ;
    private const int EduRaise = 0x60, EduAcknowledge = 0x64, EduStatus = 0x24;

    private static int s_runs;
    private static int s_inside;
    private static int s_hold;
    private static int s_twice;
    private static int s_irq;
    private static void* s_devId;
    private static bool s_contextIsRight;
    private static TaskStruct* s_thread;
    private static int s_primaries;
    private static int s_seen;
    private static int s_raised;
    private static int s_ownLine;
    private static byte* s_edu;

    internal static void BadRequests()
    {
        Check.Equal(-EINVAL, RequestThreadedIrq(Line, null, null, IrqFlags.Oneshot, "test"u8, null));
        Check.Equal(-EINVAL, RequestThreadedIrq(Line, null, &Work, IrqFlags.None, "test"u8, null));
        Check.Equal(-EINVAL, RequestThreadedIrq(Line, &WakeUp, &Work, IrqFlags.Shared, "test"u8, null));
        Check.Equal(-EINVAL, RequestThreadedIrq(-1, &WakeUp, &Work, IrqFlags.None, "test"u8, null));
        Check.Equal(0, RequestThreadedIrq(Line, &WakeUp, &Work, IrqFlags.Shared | IrqFlags.Oneshot, "test"u8, IrqTests.Cookie(1)));
        Check.Equal(-EBUSY, RequestThreadedIrq(Line, &WakeUp, &Work, IrqFlags.Shared, "test"u8, IrqTests.Cookie(2)));
        Check.Equal(-EBUSY, RequestIrq(Line, &IrqTests.Count, IrqFlags.None, "test"u8, null));
        FreeIrq(Line, IrqTests.Cookie(1));
        Check.True(IrqToDescriptor(Line)->Action == null);
        Check.True(FindThread("irq/6-test"u8) == null);
    }

    internal static void OnlyWithFunction()
    {
        int tasks = SchedMemory.QuietTasks();
        Check.Equal(0, RequestThreadedIrq(Line, &IrqTests.Count, null, IrqFlags.None, "plain"u8, null));
        Check.Equal(tasks, Tasks.Count);
        FreeIrq(Line, null);
        Check.Equal(0, RequestThreadedIrq(Line, &WakeUp, &Work, IrqFlags.None, "device"u8, null));
        TaskStruct* thread = FindThread("irq/6-device"u8);
        Check.True(thread != null);
        Check.Equal((int)SchedPolicy.Fifo, (int)thread->Policy);
        Check.Equal(50, thread->RtPriority);
        FreeIrq(Line, null);
        Check.Equal(tasks, Tasks.Count);
    }

    internal static void NoMemory()
    {
#if DEBUG_CHECKS
        int tasks = SchedMemory.QuietTasks();
        int failures = 0;
        int result = -ENOMEM;
        for (int i = 1; i < 20 && result == -ENOMEM; i++)
        {
            AllocationFailure.Clear();
            AllocationFailure.FailNth(i);
            result = RequestThreadedIrq(Line, &WakeUp, &Work, IrqFlags.None, "test"u8, null);
            AllocationFailure.Clear();
            if (result == -ENOMEM)
            {
                failures++;
                Check.True(IrqToDescriptor(Line)->Action == null);
                Check.Equal(tasks, Tasks.Count);
            }
        }

        Check.Equal(0, result);
        Check.Between(2, 10, failures);
        FreeIrq(Line, null);
        Check.Equal(tasks, Tasks.Count);
#else
        Test.Skip("no failure injection in this build"u8);
#endif
    }

    internal static void Contexts()
    {
        if (!Start(&WakeUp, &Sleeping, IrqFlags.None))
        {
            return;
        }

        IrqTests.Pulse(Line);
        Check.True(SchedThread.Until(ref s_runs, 1));
        Check.True(s_contextIsRight);
        Check.Equal(Line, s_irq);
        Check.True(s_devId == IrqTests.Cookie(3));
        Check.True(s_thread == FindThread("irq/6-test"u8));
        FreeIrq(Line, IrqTests.Cookie(3));
        Check.Equal(1, s_runs);
        Check.NotLogged("BUG: "u8);
    }

    // The first begins a run; those that come while it is held make one more, together.
    internal static void OneMoreRun()
    {
        if (!Start(&WakeUp, &Work, IrqFlags.None))
        {
            return;
        }

        Shared.WriteOnce(ref s_hold, 1);
        IrqTests.Pulse(Line);
        Check.True(SchedThread.Until(ref s_inside, 1));
        for (int i = 2; i <= 4; i++)
        {
            IrqTests.Pulse(Line);
            Check.True(SchedThread.Until(ref s_primaries, i));
        }

        Check.Equal(0, s_runs);
        Shared.WriteOnce(ref s_hold, 0);
        SynchronizeIrq(Line);
        Check.Equal(2, s_runs);
        FreeIrq(Line, IrqTests.Cookie(3));
        Check.Equal(2, s_runs);
    }

    internal static void Waits()
    {
        if (!Start(&WakeUp, &Slow, IrqFlags.None))
        {
            return;
        }

        RaiseAndEnter();
        SynchronizeIrq(Line);
        Check.Equal(1, s_runs);
        RaiseAndEnter();
        SynchronizeHardirq(Line);
        Check.Equal(1, s_runs);
        DisableIrq(Line);
        Check.Equal(2, s_runs);
        EnableIrq(Line);
        RaiseAndEnter();
        FreeIrq(Line, IrqTests.Cookie(3));
        Check.Equal(3, s_runs);
        Check.True(FindThread("irq/6-test"u8) == null);
        Check.NotLogged("BUG: "u8);
    }

    internal static void NotInAtomicContext()
    {
        if (!Start(&WakeUp, &Work, IrqFlags.None))
        {
            return;
        }

        Shared.WriteOnce(ref s_hold, 1);
        IrqTests.Pulse(Line);
        Check.True(SchedThread.Until(ref s_inside, 1));
        PreemptDisable();
        SynchronizeIrq(Line);
        PreemptEnable();
#if PREEMPT || DEBUG_CHECKS
        Check.Logged("irq 6: the threads of this line would be waited for in atomic context: not waiting"u8);
#endif
        Check.Equal(0, s_runs);
        Shared.WriteOnce(ref s_hold, 0);
        FreeIrq(Line, IrqTests.Cookie(3));
        Check.Equal(1, s_runs);
    }

    internal static void FromTheThread()
    {
        if (!Start(&WakeUp, &WaitsForItself, IrqFlags.None))
        {
            return;
        }

        IrqTests.Pulse(Line);
        Check.True(SchedThread.Until(ref s_runs, 1));
        Check.Logged("irq 6: a thread of this line waits for itself: not waiting"u8);
        Check.Logged("irq 6: free_irq from the handler's own thread"u8);
        Check.Equal(1, IrqToDescriptor(Line)->Depth);
        EnableIrq(Line);
        IrqTests.Pulse(Line);
        Check.True(SchedThread.Until(ref s_runs, 2));
        EnableIrq(Line);
        FreeIrq(Line, IrqTests.Cookie(3));
    }

    internal static void SharedLine()
    {
        if (!Start(&WakeUp, &Work, IrqFlags.Shared))
        {
            return;
        }

        Check.Equal(0, RequestThreadedIrq(Line, &IrqTests.CountAndDeny, &NeverCalled, IrqFlags.Shared, "other"u8, IrqTests.Cookie(4)));
        Check.Equal(0, RequestIrq(Line, &IrqTests.CountOther, IrqFlags.Shared, "plain"u8, IrqTests.Cookie(5)));
        for (int i = 1; i <= 3; i++)
        {
            IrqTests.Pulse(Line);
            Check.True(SchedThread.Until(ref s_runs, i));
            SynchronizeIrq(Line);
        }

        Check.Equal(3, IrqTests.Calls);
        Check.Equal(3, IrqTests.OtherCalls);
        Check.Equal(0, s_twice);
        FreeIrq(Line, IrqTests.Cookie(4));
        Check.True(FindThread("irq/6-other"u8) == null);
        Check.True(FindThread("irq/6-test"u8) != null);
        IrqTests.Pulse(Line);
        Check.True(SchedThread.Until(ref s_runs, 4));
        FreeIrq(Line, IrqTests.Cookie(3));
        FreeIrq(Line, IrqTests.Cookie(5));
    }

    internal static void NoThread()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        Shared.WriteOnce(ref s_primaries, 0);
        Check.Equal(0, RequestIrq(Line, &WakeUp, IrqFlags.None, "lonely"u8, null));
        for (int i = 1; i <= 2; i++)
        {
            IrqTests.Pulse(Line);
            Check.True(SchedThread.Until(ref s_primaries, i));
        }

        FreeIrq(Line, null);
        Check.Equal(1, Check.CountLogged("irq 6: lonely returned IRQ_WAKE_THREAD but has no thread function"u8));
    }

    // A fault in the function ends the thread, not the line: the handler goes on, nobody waits for ever, and the line can be freed.
    internal static void FaultInThread()
    {
        if (!Start(&WakeUp, &Faulting, IrqFlags.Oneshot))
        {
            return;
        }

        IrqTests.Pulse(Line);
        Check.True(SchedThread.Until(ref s_inside, 1));
        SynchronizeIrq(Line);
        IrqTests.Pulse(Line);
        Check.True(SchedThread.Until(ref s_primaries, 2));
        SynchronizeIrq(Line);
        Check.Equal(1, s_inside);
        Check.False(IrqToDescriptor(Line)->Has(IrqStatus.Oneshot));
        FreeIrq(Line, IrqTests.Cookie(3));
        Check.Logged("irq 6: the thread of test has ended in its function; it is not woken any more"u8);
        Check.True(FindThread("irq/6-test"u8) == null);
    }

    private static bool Start(
        delegate*<int, void*, PtRegs*, IrqReturn> handler, delegate*<int, void*, IrqReturn> function, IrqFlags flags)
    {
        if (!IrqTests.HasTestDevice())
        {
            return false;
        }

        IrqTests.ResetCounts();
        Reset();
        Check.Equal(0, RequestThreadedIrq(Line, handler, function, flags, "test"u8, IrqTests.Cookie(3)));
        return true;
    }

    private static void Reset()
    {
        s_runs = s_inside = s_hold = s_twice = s_primaries = s_seen = s_raised = 0;
        s_irq = -1;
        s_devId = null;
        s_thread = null;
        s_contextIsRight = true;
    }

    private static void RaiseAndEnter()
    {
        Shared.WriteOnce(ref s_inside, 0);
        IrqTests.Pulse(Line);
        Check.True(SchedThread.Until(ref s_inside, 1));
    }

    private static TaskStruct* FindThread(ReadOnlySpan<byte> name)
    {
        TaskStruct* found = null;
        for (int pid = 0; found == null;)
        {
            TaskStruct* task = Tasks.NextAfter(pid);
            if (task == null)
            {
                break;
            }

            pid = task->Pid;
            found = task->Name.SequenceEqual(name) ? task : null;
            Tasks.Put(task);
        }

        return found;
    }

    private static void Hold()
    {
        uint start = Jiffies;
        while (Shared.ReadOnce(ref s_hold) != 0 && Jiffies - start < Patience)
        {
            Msleep(1);
        }
    }

    private static IrqReturn WakeUp(int irq, void* devId, PtRegs* regs)
    {
        s_contextIsRight &= InIrq();
        Shared.AddReturn(ref s_primaries, 1);
        return IrqReturn.WakeThread;
    }

    private static IrqReturn Work(int irq, void* devId)
    {
        Shared.WriteOnce(ref s_inside, 1);
        Hold();
        Shared.AddReturn(ref s_runs, 1);
        return IrqReturn.Handled;
    }

    private static IrqReturn Slow(int irq, void* devId)
    {
        Shared.WriteOnce(ref s_inside, 1);
        Msleep(10);
        Shared.AddReturn(ref s_runs, 1);
        return IrqReturn.Handled;
    }

    private static IrqReturn Sleeping(int irq, void* devId)
    {
        s_irq = irq;
        s_devId = devId;
        s_thread = Current;
        s_contextIsRight &= !InInterrupt() && !InAtomic() && !IrqsDisabled();
        return Slow(irq, devId);
    }

    private static IrqReturn WaitsForItself(int irq, void* devId)
    {
        DisableIrq(irq);
        FreeIrq(irq, devId);
        Shared.AddReturn(ref s_runs, 1);
        return IrqReturn.Handled;
    }

    private static IrqReturn Faulting(int irq, void* devId)
    {
        Shared.AddReturn(ref s_inside, 1);
        *(int*)8 = 0;
        return IrqReturn.Handled;
    }

    private static IrqReturn NeverCalled(int irq, void* devId)
    {
        Shared.WriteOnce(ref s_twice, 1);
        return IrqReturn.Handled;
    }
}
