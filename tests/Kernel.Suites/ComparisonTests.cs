// ComparisonTests: the documents' comparison of softirq, tasklet and work queue, one test for each cell: context, serialisation, may it sleep, may it be preempted;
// and what each costs.
//
// One probe runs in all three and notes what it finds. The tests run on CPU 0.

using System.Runtime.CompilerServices;
using CSharpOS.Demo;

namespace CSharpOS.Suites;

/// <summary>The suite of the comparison.</summary>
public static unsafe class ComparisonTests
{
    private const int Measurements = 50;
    private const int Urgent = 50;
    private const ulong Microseconds = 50_000;

    private static delegate*<void> s_probe;
    private static TaskletStruct s_tasklet;
    private static TaskletArray s_tasklets;
    private static WorkStruct s_work;
    private static TaskStruct* s_urgent;
    private static int s_urgentRan;
    private static bool s_inInterrupt, s_inThread, s_ownThread;
    private static bool s_preempted;
    private static int s_sleptTicks;
    private static ulong s_entered;

    private static TaskletStruct* Tasklet => (TaskletStruct*)Unsafe.AsPointer(ref s_tasklet);

    private static TaskletStruct* TaskletOf(int cpu) => (TaskletStruct*)Unsafe.AsPointer(ref s_tasklets) + cpu;

    private static WorkStruct* Work => (WorkStruct*)Unsafe.AsPointer(ref s_work);

    [TestSuite("comparison")]
    public static void Suite()
    {
        Run("softirq: context is interrupt"u8, &SoftirqContext);
        Run("tasklet: context is interrupt"u8, &TaskletContext);
        Run("work: context is process"u8, &WorkContext);
        Run("softirq: no serialisation, not even against itself"u8, &SoftirqSerialisation);
        Run("tasklet: serialised against the same tasklet, and no other"u8, &TaskletSerialisation);
        Run("work: no serialisation, not even against itself"u8, &WorkSerialisation);
        Run("softirq: may not sleep"u8, &SoftirqSleep);
        Run("tasklet: may not sleep"u8, &TaskletSleep);
        Run("work: may sleep"u8, &WorkSleep);
        Run("softirq: is not preempted"u8, &SoftirqPreemption);
        Run("tasklet: is not preempted"u8, &TaskletPreemption);
        Run("work: is preempted"u8, &WorkPreemption);
        Run("a softirq is cheaper than a tasklet, a tasklet cheaper than a work"u8, &Costs);
    }

    // ---- context ----

    private static void SoftirqContext()
    {
        InSoftirqHandler(&NoteContext);
        Check.True(s_inInterrupt && s_ownThread);
    }

    private static void TaskletContext()
    {
        InTasklet(&NoteContext);
        Check.True(s_inInterrupt && s_ownThread);
    }

    private static void WorkContext()
    {
        InWork(&NoteContext);
        Check.True(!s_inInterrupt && s_inThread && !s_ownThread);
    }

    // ---- serialisation ----

    private static void SoftirqSerialisation()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Check.Equal(0, OpenSoftirq(SoftirqTests.First, &SoftirqBusy));
        Check.Equal(0, SideBySide.Meet(Smp.CpuCount, &RaiseHere, 0, out SideBySideResult result));
        Check.Equal(Smp.CpuCount, result.MostInside);
    }

    private static void TaskletSerialisation()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            TaskletInit(TaskletOf(cpu), &TaskletBusy, 0);
        }

        Check.Equal(0, SideBySide.Run(Smp.CpuCount, &ScheduleSame, Microseconds, out SideBySideResult result));
        TaskletKill(TaskletOf(0));
        Check.Equal(1, result.MostInside);
        Check.Equal(0, SideBySide.Meet(Smp.CpuCount, &ScheduleOwn, 0, out result));
        Check.Equal(Smp.CpuCount, result.MostInside);
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            TaskletKill(TaskletOf(cpu));
        }
    }

    private static void WorkSerialisation()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        WorkStruct.Init(Work, &WorkBusy);
        Check.Equal(0, SideBySide.Meet(Smp.CpuCount, &QueueHere, 0, out SideBySideResult result));
        FlushScheduledWork();
        Check.Equal(Smp.CpuCount, result.MostInside);
    }

    // ---- sleeping ----

    private static void SoftirqSleep()
    {
        InSoftirqHandler(&TrySleep);
        CheckSleepReported();
    }

    private static void TaskletSleep()
    {
        InTasklet(&TrySleep);
        CheckSleepReported();
    }

    private static void WorkSleep()
    {
        InWork(&Sleep);
        Check.True(s_sleptTicks >= 2);
        Check.NotLogged("sleeping function called"u8);
        Check.NotLogged("scheduling while atomic"u8);
    }

    // ---- preemption ----

    private static void SoftirqPreemption()
    {
        if (StartUrgent())
        {
            InSoftirqHandler(&WakeUrgent);
            CheckPreempted(false);
        }
    }

    private static void TaskletPreemption()
    {
        if (StartUrgent())
        {
            InTasklet(&WakeUrgent);
            CheckPreempted(false);
        }
    }

    private static void WorkPreemption()
    {
#if PREEMPT
        if (StartUrgent())
        {
            InWork(&WakeUrgent);
            CheckPreempted(true);
        }
#else
        Test.Skip("this kernel is not preemptive"u8);
#endif
    }

    // ---- costs ----

    // From the call to the first instruction of the function, the least of many.
    private static void Costs()
    {
        if (!TimeTests.CountsInstructions())
        {
            Test.Skip("instructions are not counted here"u8);
            return;
        }

        ulong softirq = ulong.MaxValue, tasklet = ulong.MaxValue, work = ulong.MaxValue;
        for (int i = 0; i < Measurements; i++)
        {
            softirq = Least(softirq, &InSoftirqHandler);
            tasklet = Least(tasklet, &InTasklet);
            work = Least(work, &InWork);
        }

        Check.True(softirq < tasklet);
        Check.True(tasklet < work);
    }

    private static ulong Least(ulong least, delegate*<delegate*<void>, void> run)
    {
        ulong start = ReadTsc();
        run(&NoteEntry);
        ulong cost = s_entered - start;
        return cost < least ? cost : least;
    }

    private static void NoteEntry() => s_entered = ReadTsc();

    // ---- the probe in each of the three, at once ----

    private static void InSoftirqHandler(delegate*<void> probe)
    {
        s_probe = probe;
        OpenSoftirq(SoftirqTests.First, &SoftirqProbe);
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.First);
        LocalBhEnable();
    }

    private static void InTasklet(delegate*<void> probe)
    {
        s_probe = probe;
        TaskletInit(Tasklet, &TaskletProbe, 0);
        LocalBhDisable();
        TaskletSchedule(Tasklet);
        LocalBhEnable();
    }

    private static void InWork(delegate*<void> probe)
    {
        s_probe = probe;
        WorkStruct.Init(Work, &WorkProbe);
        ScheduleWork(Work);
        FlushScheduledWork();
    }

    private static void SoftirqProbe(SoftirqAction* entry) => s_probe();

    private static void TaskletProbe(ulong unused) => s_probe();

    private static void WorkProbe(WorkStruct* work) => s_probe();

    private static void NoteContext()
    {
        s_inInterrupt = InInterrupt() && InAtomic();
        s_inThread = !InAtomic() && Current->Name.StartsWith("events/"u8);

        // Whose softirq it is does not matter: it borrows the task that is there.
        s_ownThread = !Current->Name.StartsWith("events/"u8);
    }

    private static void TrySleep() => MightSleep();

    private static void Sleep()
    {
        uint start = Jiffies;
        ScheduleTimeoutUninterruptible(2);
        s_sleptTicks = (int)(Jiffies - start);
    }

    private static void CheckSleepReported()
    {
#if DEBUG_CHECKS
        Check.Logged("sleeping function called from invalid context"u8);
#else
        Test.Skip("not checked in this build"u8);
#endif
    }

    // A thread that is more urgent than all others, and has not run yet.
    private static bool StartUrgent()
    {
        s_urgentRan = 0;
        s_urgent = Kthread.Create(&UrgentThread, null, $"urgent", out int error);
        Check.Equal(0, error);
        if (error != 0)
        {
            return false;
        }

        Kthread.Bind(s_urgent, 0);
        return Scheduler.SetScheduler(s_urgent, SchedPolicy.Fifo, Urgent) == 0;
    }

    private static int UrgentThread(void* unused)
    {
        Shared.WriteOnce(ref s_urgentRan, 1);
        return 0;
    }

    private static void WakeUrgent()
    {
        Scheduler.WakeUpProcess(s_urgent);
        s_preempted = Shared.ReadOnce(ref s_urgentRan) != 0;
    }

    private static void CheckPreempted(bool expected)
    {
        while (Shared.ReadOnce(ref s_urgentRan) == 0)
        {
            Scheduler.Yield();
        }

        Check.True(s_preempted == expected);
    }

    private static void SoftirqBusy(SoftirqAction* entry) => SideBySide.Busy();

    private static void TaskletBusy(ulong unused) => SideBySide.Busy();

    private static void WorkBusy(WorkStruct* work) => SideBySide.Busy();

    private static void RaiseHere(int cpu)
    {
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.First);
        LocalBhEnable();
    }

    private static void ScheduleSame(int cpu) => ScheduleNumber(0);

    private static void ScheduleOwn(int cpu) => ScheduleNumber(cpu);

    private static void ScheduleNumber(int number)
    {
        LocalBhDisable();
        TaskletSchedule(TaskletOf(number));
        LocalBhEnable();
    }

    // Pending until it begins on the CPU that was faster; then it may be queued here.
    private static void QueueHere(int cpu)
    {
        while (!ScheduleWork(Work))
        {
            Scheduler.Yield();
        }
    }

    private static void Run(ReadOnlySpan<byte> name, delegate*<void> body) =>
        OnCpuZero.Run(name, "WORK-09"u8, body);

    [InlineArray(Cpu.MaxCpus)]
    private struct TaskletArray
    {
        private TaskletStruct _first;
    }
}
