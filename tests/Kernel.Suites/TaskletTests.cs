// TaskletTests: tasklets in the booted kernel. The parts: TaskletRunTests what runs when, TaskletControlTests disable, enable and kill, TaskletSmpTests
// several CPUs.
//
// The tests run on CPU 0. What they schedule between LocalBhDisable and LocalBhEnable runs in the latter.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

public static unsafe class TaskletTests
{
    /// <summary>How many there are for the tests.</summary>
    internal const int Count = 4;

    private static Tasklets s_tasklets;
    private static delegate*<void> s_body;

    [TestSuite("tasklet")]
    public static void Suite()
    {
        Run("declared, declared disabled, initialised at run time"u8, "TASKLET-01"u8, &TaskletRunTests.Declared);
        Run("the function gets the data"u8, "TASKLET-01"u8, &TaskletRunTests.Data);
        Run("scheduled, running, neither"u8, "TASKLET-01"u8, &TaskletRunTests.States);
        Run("the last scheduled runs first"u8, "TASKLET-02"u8, &TaskletRunTests.LastFirst);
        Run("urgent ones before ordinary ones"u8, "TASKLET-02"u8, &TaskletRunTests.HiFirst);
        Run("scheduled twice before it runs, it runs once"u8, "TASKLET-02"u8, &TaskletRunTests.Once);
        Run("scheduled while it runs, it runs again"u8, "TASKLET-02"u8, &TaskletRunTests.Again);
        Run("a handler's tasklet runs after it, interrupts on, in softirq context"u8, "TASKLET-02"u8, &TaskletRunTests.FromHandler);
        Run("scheduled in process context it runs in ksoftirqd"u8, "TASKLET-02"u8, &TaskletRunTests.FromProcess);
        Run("one freed while scheduled is reported and kept"u8, "TASKLET-02"u8, &TaskletRunTests.FreedWhileScheduled);
        Run("sleeping in a tasklet is reported"u8, "SIRQ-09"u8, &TaskletRunTests.SleepReported);

        Run("a disabled one stays scheduled and runs after the last enable"u8, "TASKLET-04 TASKLET-02"u8, &TaskletControlTests.DisableNests);
        Run("one that disables itself is reported"u8, "TASKLET-04"u8, &TaskletControlTests.DisableItself);
        Run("kill waits for one that is scheduled"u8, "TASKLET-05"u8, &TaskletControlTests.KillScheduled);
        Run("kill ends one that always reschedules itself"u8, "TASKLET-05"u8, &TaskletControlTests.KillRescheduling);
        Run("kill takes a disabled one off its list"u8, "TASKLET-05"u8, &TaskletControlTests.KillDisabled);
        Run("a killed one may be scheduled anew"u8, "TASKLET-05"u8, &TaskletControlTests.ScheduleAfterKill);
        Run("kill from interrupt context is reported"u8, "TASKLET-05"u8, &TaskletControlTests.KillInInterrupt);

        Run("it runs on the CPU that scheduled it"u8, "TASKLET-02"u8, &TaskletSmpTests.OwnCpu);
        Run("one that runs elsewhere stays scheduled, and runs after that"u8, "TASKLET-02 TASKLET-03"u8, &TaskletSmpTests.RunningElsewhere);
        Run("two different ones at once"u8, "TASKLET-03"u8, &TaskletSmpTests.DifferentAtOnce);
        Run("one is never on two CPUs at once, and no run is lost"u8, "TASKLET-03 TASKLET-02"u8, &TaskletSmpTests.NeverTwice);
        Run("disable waits until it runs no more; nosync does not"u8, "TASKLET-04"u8, &TaskletSmpTests.DisableWaits);
        Run("disabled it runs on no CPU, however it is scheduled"u8, "TASKLET-04"u8, &TaskletSmpTests.DisabledNowhere);
        Run("kill waits while it runs on another CPU"u8, "TASKLET-05"u8, &TaskletSmpTests.KillWaits);
        Run("kills of one tasklet on all CPUs, scheduled by all"u8, "TASKLET-05"u8, &TaskletSmpTests.KillsAtOnce);
    }

    /// <summary>Tasklet <paramref name="number"/> of the tests.</summary>
    internal static TaskletStruct* Of(int number) => (TaskletStruct*)Unsafe.AsPointer(ref s_tasklets) + number;

    private static void Run(ReadOnlySpan<byte> name, ReadOnlySpan<byte> rows, delegate*<void> body)
    {
        s_body = body;
        Test.Run(name, rows, &OnCpuZero);
    }

    private static void OnCpuZero()
    {
        Scheduler.SetCpusAllowed(Current, 1);
        s_body();
        Scheduler.SetCpusAllowed(Current, uint.MaxValue);
    }

    [InlineArray(Count)]
    private struct Tasklets
    {
        private TaskletStruct _first;
    }
}
