// SoftirqBench: what softirqs and tasklets cost (`./csos bench`). How Linux's figures were taken: docs/performance.md.
//
// "call" is the call alone; "to the handler" and "to return" go from the call, made with bottom halves disabled, to the handler's first instruction and
// to the return of local_bh_enable. Both readings of the counter are in the figures, as in those of other kernels.

using System.Runtime.CompilerServices;
using CSharpOS.Demo;

namespace CSharpOS.Suites;

/// <summary>The measurements of the softirq layer.</summary>
public static unsafe class SoftirqBench
{
    private const int Pairs = 16;
    private const int MeanOf = 100_000;
    private const int ThreadSamples = 201;
    private const SoftirqNr Nr = SoftirqTests.First;

    private static TaskletStruct s_tasklet;
    private static TaskStruct* s_sleeper;
    private static ulong s_entered;
    private static int s_runs;

    private static TaskletStruct* Measured => (TaskletStruct*)Unsafe.AsPointer(ref s_tasklet);

    [TestSuite("bench")]
    public static void Suite()
    {
        OpenSoftirq(Nr, &Entered);
        TaskletInit(Measured, &TaskletEntered, 0);
        Bench.Measure("local-bh"u8, &BhPair, "instructions"u8);
        Bench.Measure("softirq-call"u8, &RaiseCall, "instructions"u8);
        Bench.Measure("softirq-to-handler"u8, &RaiseToHandler, "instructions"u8);
        Bench.Measure("softirq-to-return"u8, &RaiseToReturn, "instructions"u8);
        Bench.Measure("tasklet-call"u8, &ScheduleCall, "instructions"u8);
        Bench.Measure("tasklet-to-function"u8, &ScheduleToFunction, "instructions"u8);
        Bench.Measure("tasklet-to-return"u8, &ScheduleToReturn, "instructions"u8);
        ulong mean = Mean();
        Bench.Report("tasklet-mean"u8, mean, mean, "instructions"u8);
        Storm();
        Bench.Measure("tasklet-ksoftirqd"u8, &ThroughKsoftirqd, "instructions"u8, ThreadSamples);
    }

    // What a storm of softirqs takes from a busy program, and what it loses on an idle machine. In percent of the time.
    private static void Storm()
    {
        if (SoftirqStorm.Run(HZ / 2, besideProgram: true, out StormResult beside) == 0)
        {
            ulong taken = 100 - (ulong)beside.ProgramShare;
            Bench.Report("storm-share"u8, taken, taken, "percent"u8);
        }

        if (SoftirqStorm.Run(HZ / 10, besideProgram: false, out StormResult alone) == 0)
        {
            ulong lost = 100 - (ulong)alone.HandlerShare;
            Bench.Report("storm-idle"u8, lost, lost, "percent"u8);
        }
    }

    private static ulong BhPair()
    {
        ulong start = ReadTsc();
        for (int i = 0; i < Pairs; i++)
        {
            LocalBhDisable();
            LocalBhEnable();
        }

        return (ReadTsc() - start - Bench.Overhead()) / Pairs;
    }

    private static ulong RaiseCall()
    {
        LocalBhDisable();
        ulong start = ReadTsc();
        RaiseSoftirq(Nr);
        ulong end = ReadTsc();
        LocalBhEnable();
        return end - start;
    }

    private static ulong RaiseToHandler()
    {
        LocalBhDisable();
        ulong start = ReadTsc();
        RaiseSoftirq(Nr);
        LocalBhEnable();
        return s_entered - start;
    }

    private static ulong RaiseToReturn()
    {
        LocalBhDisable();
        ulong start = ReadTsc();
        RaiseSoftirq(Nr);
        LocalBhEnable();
        return ReadTsc() - start;
    }

    private static ulong ScheduleCall()
    {
        LocalBhDisable();
        ulong start = ReadTsc();
        TaskletSchedule(Measured);
        ulong end = ReadTsc();
        LocalBhEnable();
        return end - start;
    }

    private static ulong ScheduleToFunction()
    {
        LocalBhDisable();
        ulong start = ReadTsc();
        TaskletSchedule(Measured);
        LocalBhEnable();
        return s_entered - start;
    }

    private static ulong ScheduleToReturn()
    {
        LocalBhDisable();
        ulong start = ReadTsc();
        TaskletSchedule(Measured);
        LocalBhEnable();
        return ReadTsc() - start;
    }

    private static ulong Mean()
    {
        Measured->Func = &TaskletCount;
        s_runs = 0;
        ulong start = ReadTsc();
        for (int i = 0; i < MeanOf; i++)
        {
            LocalBhDisable();
            TaskletSchedule(Measured);
            LocalBhEnable();
        }

        ulong cost = (ReadTsc() - start) / MeanOf;
        Measured->Func = &TaskletEntered;
        return s_runs == MeanOf ? cost : 0;
    }

    // Scheduled in process context: ksoftirqd is woken, and gets the CPU when this thread sleeps.
    private static ulong ThroughKsoftirqd()
    {
        Measured->Func = &TaskletWake;
        s_sleeper = Current;
        Scheduler.SetCurrentState(TaskState.Uninterruptible);
        ulong start = ReadTsc();
        TaskletSchedule(Measured);
        Scheduler.Schedule();
        return s_entered - start;
    }

    private static void Entered(SoftirqAction* entry) => s_entered = ReadTsc();

    private static void TaskletEntered(ulong data) => s_entered = ReadTsc();

    private static void TaskletCount(ulong data) => s_runs++;

    private static void TaskletWake(ulong data)
    {
        s_entered = ReadTsc();
        Scheduler.WakeUpProcess(s_sleeper);
    }
}
