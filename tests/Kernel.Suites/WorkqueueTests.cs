// WorkqueueTests: work queues on the running machine.
//
// Process context. Each test has its own queue where others could disturb it. Handlers count in statics, which a test resets first; what a handler
// sees of its context it keeps there, and the test looks at it afterwards.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

/// <summary>The suite of the work queues.</summary>
public static unsafe class WorkqueueTests
{
    private const int MaxWorks = 64;

    internal static int Runs;
    private static int s_order;
    private static int s_gate;
    private static int s_inside, s_mostInside;
    private static int s_cpu, s_pid, s_count;
    private static bool s_irqsOff, s_interrupt, s_result;
    private static Works s_works;
    private static Places s_places;

    [TestSuite("workqueue")]
    public static void Suite()
    {
        Test.Run("the default queue has a thread events/n on every CPU"u8, "WORK-01"u8, &DefaultThreads);
        Test.Run("a work runs once, its handler gets the work"u8, "WORK-02"u8, &RunsOnce);
        Test.Run("a pending work keeps its place"u8, "WORK-02"u8, &PendingKeepsPlace);
        Test.Run("the pending bit is cleared before the handler runs"u8, "WORK-02"u8, &PendingInHandler);
        Test.Run("a work may queue itself"u8, "WORK-02"u8, &QueuesItself);
        Test.Run("a work may free itself"u8, "WORK-02"u8, &FreesItself);
        Test.Run("the same work runs on two CPUs at once"u8, "WORK-02"u8, &OnTwoCpus);
        Test.Run("works run in order, on the CPU that queued them"u8, "WORK-03"u8, &Order);
        Test.Run("context of a handler: process, interrupts on, may sleep"u8, "WORK-03"u8, &Context);
        Test.Run("queueing from an interrupt handler"u8, "WORK-03"u8, &FromInterrupt);
        Test.Run("a handler that leaves preempt_count changed is reported"u8, "WORK-03"u8, &Leak);
        Test.Run("a handler that faults costs its work only"u8, "WORK-03"u8, &Fault);
        Test.Run("flush waits for what was queued before"u8, "WORK-05"u8, &WorkqueueFlushTests.Flush);
        Test.Run("flush ends though a work always queues itself"u8, "WORK-05"u8, &WorkqueueFlushTests.FlushEnds);
        Test.Run("flush from a handler runs the rest; too deep is reported"u8, "WORK-05"u8, &WorkqueueFlushTests.FlushFromHandler);
        Test.Run("flush in interrupt context is reported"u8, "WORK-05"u8, &WorkqueueFlushTests.FlushInInterrupt);
        Test.Run("flush_work waits for one work"u8, "WORK-05"u8, &WorkqueueFlushTests.FlushOne);
        Test.Run("cancel takes a waiting work back"u8, "WORK-04"u8, &WorkqueueFlushTests.CancelPending);
        Test.Run("cancel waits for the handler and stops a work that queues itself"u8, "WORK-04"u8, &WorkqueueFlushTests.CancelRunning);
        Test.Run("a delayed work is never early"u8, "WORK-04"u8, &DelayedWorkTests.NeverEarly);
        Test.Run("a delay of 0 is at once"u8, "WORK-04"u8, &DelayedWorkTests.ZeroIsAtOnce);
        Test.Run("flush does not wait for a delayed work whose time has not come"u8, "WORK-04 WORK-05"u8, &DelayedWorkTests.FlushDoesNotWait);
        Test.Run("cancel a delayed work"u8, "WORK-04"u8, &DelayedWorkTests.Cancel);
        Test.Run("cancel a delayed work that always queues itself"u8, "WORK-04"u8, &DelayedWorkTests.CancelRearming);
        Test.Run("a delayed work on each CPU"u8, "WORK-04"u8, &DelayedWorkTests.OnCpu);
        Test.Run("create and destroy: threads name/n, works done first, nothing left"u8, "WORK-06"u8, &WorkqueueQueueTests.CreateAndDestroy);
        Test.Run("a single-threaded queue has one thread"u8, "WORK-06"u8, &WorkqueueQueueTests.SingleThread);
        Test.Run("a worker that something else wakes is idle once"u8, "WORK-06"u8, &WorkqueueQueueTests.WokenForNothing);
        Test.Run("no memory for a queue"u8, "WORK-06"u8, &WorkqueueQueueTests.NoMemory);
        Test.Run("events_highpri before events"u8, "WORK-07"u8, &WorkqueueQueueTests.HighPriority);
        Test.Run("events_unbound: up to max_active at once"u8, "WORK-07"u8, &WorkqueueQueueTests.Unbound);
        Test.Run("freezable queues stop between freeze and thaw"u8, "WORK-07"u8, &WorkqueueQueueTests.Freeze);
        Test.Run("the seven system queues, and events_long beside events"u8, "WORK-07"u8, &WorkqueueSystemTests.Seven);
        Test.Run("events_unbound: several at once, on one CPU's behalf"u8, "WORK-07"u8, &WorkqueueSystemTests.Unbound);
        Test.Run("the power-efficient queues are unbound if workqueue.power_efficient is set, and only then"u8, "WORK-07"u8, &WorkqueueSystemTests.PowerEfficient);
        Test.Run("events_freezable_power_efficient stops between freeze and thaw"u8, "WORK-07"u8, &WorkqueueSystemTests.FreezablePowerEfficient);
        OnCpuZero.Run("50,000 works queued in threads, softirqs and interrupts of all CPUs: each true is one run"u8, "WORK-02 WORK-05"u8, &WorkqueueStressTests.ThreeContexts);
    }

    internal static WorkStruct* Work(int index) => (WorkStruct*)Unsafe.AsPointer(ref s_works[index]);

    internal static int Place(int index) => s_places[index];

    /// <summary>Works with this handler, none of them pending; counters zero, gate shut.</summary>
    internal static void Begin(int works, delegate*<WorkStruct*, void> function)
    {
        Runs = s_order = s_gate = s_inside = s_mostInside = s_count = 0;
        s_result = false;
        for (int i = 0; i < works; i++)
        {
            WorkStruct.Init(Work(i), function);
            s_places[i] = 0;
        }
    }

    /// <summary>Counts, and notes that this work was the n-th.</summary>
    internal static void Count(WorkStruct* work)
    {
        int order = Shared.AddReturn(ref s_order, 1);
        s_places[(int)(work - Work(0))] = order;
        Shared.AddReturn(ref Runs, 1);
    }

    /// <summary>Sleeps until <see cref="Open"/>, and notes how many do so at once.</summary>
    internal static void WaitAtGate(WorkStruct* work)
    {
        int inside = Shared.AddReturn(ref s_inside, 1);
        int most = Shared.ReadOnce(ref s_mostInside);
        while (most < inside && Shared.CompareExchange(ref s_mostInside, inside, most) != most)
        {
            most = Shared.ReadOnce(ref s_mostInside);
        }

        while (Shared.ReadOnce(ref s_gate) == 0)
        {
            Scheduler.Yield();
        }

        Shared.AddReturn(ref s_inside, -1);
        Count(work);
    }

    internal static int Inside => Shared.ReadOnce(ref s_inside);

    internal static int MostInside => Shared.ReadOnce(ref s_mostInside);

    internal static void Open() => Shared.WriteOnce(ref s_gate, 1);

    /// <summary>Lets others run until the number is reached.</summary>
    internal static void Await(ref int location, int value)
    {
        while (Shared.ReadOnce(ref location) < value)
        {
            Scheduler.Yield();
        }
    }

    internal static void AwaitInside(int value) => Await(ref s_inside, value);

    private static void DefaultThreads()
    {
        TextCount.Reset("events/"u8);
        Workqueue.WriteTable(&TextCount.Line);
        Check.Equal(Smp.CpuCount, TextCount.Found);
    }

    private static void RunsOnce()
    {
        Begin(1, &Count);
        Check.False(WorkStruct.IsPending(Work(0)));
        Check.True(ScheduleWork(Work(0)));
        FlushScheduledWork();
        Check.Equal(1, Runs);
        Check.Equal(1, Place(0));
        Check.False(WorkStruct.IsPending(Work(0)));
        Check.True(ScheduleWork(Work(0)));
        FlushScheduledWork();
        Check.Equal(2, Runs);
    }

    private static void PendingKeepsPlace()
    {
        Begin(3, &Count);
        PreemptDisable();
        Check.True(ScheduleWork(Work(0)));
        Check.True(ScheduleWork(Work(1)));
        Check.True(ScheduleWork(Work(2)));
        Check.True(WorkStruct.IsPending(Work(0)));
        Check.False(ScheduleWork(Work(0)));
        PreemptEnable();
        FlushScheduledWork();
        Check.Equal(3, Runs);
        Check.Equal(1, Place(0));
        Check.Equal(3, Place(2));
    }

    private static void PendingInHandler()
    {
        Begin(1, &NotePending);
        s_result = true;
        ScheduleWork(Work(0));
        FlushScheduledWork();
        Check.Equal(1, s_count);
        Check.False(s_result);
    }

    private static void NotePending(WorkStruct* work)
    {
        s_result = WorkStruct.IsPending(work);
        s_count++;
    }

    private static void QueuesItself()
    {
        Begin(1, &Again);
        ScheduleWork(Work(0));
        Await(ref Runs, 5);
        FlushScheduledWork();
        Check.Equal(5, Runs);
        Check.True(s_result);
    }

    private static void Again(WorkStruct* work)
    {
        if (Shared.AddReturn(ref Runs, 1) < 5)
        {
            s_result = ScheduleWork(work);
        }
    }

    private static void FreesItself()
    {
        Begin(0, &Count);
        var work = Kzalloc<WorkStruct>(GfpFlags.Kernel);
        WorkStruct.Init(work, &Free);
        ScheduleWork(work);
        FlushScheduledWork();
        Check.Equal(1, Runs);
    }

    private static void Free(WorkStruct* work)
    {
        Runs++;
        Kfree(work);
    }

    private static void OnTwoCpus()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Begin(1, &WaitAtGate);
        ScheduleWorkOn(0, Work(0));
        AwaitInside(1);
        Check.True(ScheduleWorkOn(1, Work(0)));
        AwaitInside(2);
        Open();
        FlushScheduledWork();
        Check.Equal(2, Runs);
        Check.Equal(2, MostInside);
    }

    private static void Order()
    {
        Begin(16, &NoteCpu);
        PreemptDisable();
        int cpu = SmpProcessorId();
        for (int i = 15; i >= 0; i--)
        {
            ScheduleWork(Work(i));
        }

        PreemptEnable();
        FlushScheduledWork();
        for (int i = 0; i < 16; i++)
        {
            Check.Equal(16 - i, Place(i));
        }

        Check.Equal(cpu, s_cpu);
    }

    private static void NoteCpu(WorkStruct* work)
    {
        s_cpu = SmpProcessorId();
        Count(work);
    }

    private static void Context()
    {
        Begin(1, &NoteContext);
        ScheduleWork(Work(0));
        FlushScheduledWork();
        Check.Equal(1, s_count);
        Check.False(s_interrupt);
        Check.False(s_irqsOff);
        Check.True(s_pid > 2 && s_pid != Current->Pid);
        Check.True(s_result);
        Check.NotLogged("sleeping function"u8);
    }

    private static void NoteContext(WorkStruct* work)
    {
        s_interrupt = InInterrupt() || InAtomic();
        s_irqsOff = IrqsDisabled();
        s_pid = Current->Pid;
        MightSleep();
        Scheduler.Yield();
        s_result = Current->Name.StartsWith("events/"u8);
        s_count++;
    }

    private static void FromInterrupt()
    {
        Begin(1, &NoteContext);
        Smp.SmpCallFunctionSingle(0, &ScheduleFirst, null, true);
        FlushScheduledWork();
        Check.Equal(1, s_count);
        Check.False(s_interrupt);
    }

    private static void ScheduleFirst(void* unused) => ScheduleWork(Work(0));

    private static void Leak()
    {
        Begin(2, &KeepPreemption);
        WorkStruct.Init(Work(1), &Count);
        ScheduleWork(Work(0));
        FlushScheduledWork();
#if PREEMPT || DEBUG_CHECKS
        Check.Logged("workqueue leaked lock or atomic: events/"u8);
        Check.Logged("KeepPreemption"u8);
#endif
        ScheduleWork(Work(1));
        FlushScheduledWork();
        Check.Equal(1, Runs);
    }

    private static void KeepPreemption(WorkStruct* work) => PreemptDisable();

    private static void Fault()
    {
        Begin(3, &Count);
        WorkStruct.Init(Work(1), &ReadNull);
        PreemptDisable();
        ScheduleWork(Work(0));
        ScheduleWork(Work(1));
        ScheduleWork(Work(2));
        PreemptEnable();
        FlushScheduledWork();
        Check.Equal(2, Runs);
        Check.Logged("NULL pointer dereference"u8);
        Check.Logged("workqueue events: a work ended by a fault"u8);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReadNull(WorkStruct* work) => Runs += *(int*)s_count;

    [InlineArray(MaxWorks)]
    private struct Works
    {
        private WorkStruct _first;
    }

    [InlineArray(MaxWorks)]
    private struct Places
    {
        private int _first;
    }
}
