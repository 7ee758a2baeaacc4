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

    [TestSuite("tasklet")]
    public static void Suite()
    {
        OnCpuZero.Run("declared, declared disabled, initialised at run time"u8, "TASKLET-01"u8, &TaskletRunTests.Declared);
        OnCpuZero.Run("the function gets the data"u8, "TASKLET-01"u8, &TaskletRunTests.Data);
        OnCpuZero.Run("scheduled, running, neither"u8, "TASKLET-01"u8, &TaskletRunTests.States);
        OnCpuZero.Run("the last scheduled runs first"u8, "TASKLET-02"u8, &TaskletRunTests.LastFirst);
        OnCpuZero.Run("urgent ones before ordinary ones"u8, "TASKLET-02"u8, &TaskletRunTests.HiFirst);
        OnCpuZero.Run("scheduled twice before it runs, it runs once"u8, "TASKLET-02"u8, &TaskletRunTests.Once);
        OnCpuZero.Run("scheduled while it runs, it runs again"u8, "TASKLET-02"u8, &TaskletRunTests.Again);
        OnCpuZero.Run("a handler's tasklet runs after it, interrupts on, in softirq context"u8, "TASKLET-02"u8, &TaskletRunTests.FromHandler);
        OnCpuZero.Run("scheduled in process context it runs in ksoftirqd"u8, "TASKLET-02"u8, &TaskletRunTests.FromProcess);
        OnCpuZero.Run("one freed while scheduled is reported and kept"u8, "TASKLET-02"u8, &TaskletRunTests.FreedWhileScheduled);
        OnCpuZero.Run("sleeping in a tasklet is reported"u8, "SIRQ-09"u8, &TaskletRunTests.SleepReported);

        OnCpuZero.Run("a disabled one stays scheduled and runs after the last enable"u8, "TASKLET-04 TASKLET-02"u8, &TaskletControlTests.DisableNests);
        OnCpuZero.Run("one that disables itself is reported"u8, "TASKLET-04"u8, &TaskletControlTests.DisableItself);
        OnCpuZero.Run("kill waits for one that is scheduled"u8, "TASKLET-05"u8, &TaskletControlTests.KillScheduled);
        OnCpuZero.Run("kill ends one that always reschedules itself"u8, "TASKLET-05"u8, &TaskletControlTests.KillRescheduling);
        OnCpuZero.Run("kill takes a disabled one off its list"u8, "TASKLET-05"u8, &TaskletControlTests.KillDisabled);
        OnCpuZero.Run("a killed one may be scheduled anew"u8, "TASKLET-05"u8, &TaskletControlTests.ScheduleAfterKill);
        OnCpuZero.Run("kill from interrupt context is reported"u8, "TASKLET-05"u8, &TaskletControlTests.KillInInterrupt);

        OnCpuZero.Run("it runs on the CPU that scheduled it"u8, "TASKLET-02"u8, &TaskletSmpTests.OwnCpu);
        OnCpuZero.Run("one that runs elsewhere stays scheduled, and runs after that"u8, "TASKLET-02 TASKLET-03"u8, &TaskletSmpTests.RunningElsewhere);
        OnCpuZero.Run("two different ones at once"u8, "TASKLET-03"u8, &TaskletSmpTests.DifferentAtOnce);
        OnCpuZero.Run("one is never on two CPUs at once, and no run is lost"u8, "TASKLET-03 TASKLET-02"u8, &TaskletSmpTests.NeverTwice);
        OnCpuZero.Run("disable waits until it runs no more; nosync does not"u8, "TASKLET-04"u8, &TaskletSmpTests.DisableWaits);
        OnCpuZero.Run("disabled it runs on no CPU, however it is scheduled"u8, "TASKLET-04"u8, &TaskletSmpTests.DisabledNowhere);
        OnCpuZero.Run("kill waits while it runs on another CPU"u8, "TASKLET-05"u8, &TaskletSmpTests.KillWaits);
        OnCpuZero.Run("kills of one tasklet on all CPUs, scheduled by all"u8, "TASKLET-05"u8, &TaskletSmpTests.KillsAtOnce);
    }

    /// <summary>Tasklet <paramref name="number"/> of the tests.</summary>
    internal static TaskletStruct* Of(int number) => (TaskletStruct*)Unsafe.AsPointer(ref s_tasklets) + number;

    [InlineArray(Count)]
    private struct Tasklets
    {
        private TaskletStruct _first;
    }
}
