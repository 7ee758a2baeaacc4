// Tasklets on simulated CPUs, and an interrupt at every place of their paths.

using System.Runtime.InteropServices;
using Xunit;

namespace CSharpOS.Hosted.Softirqs;

public sealed unsafe class TaskletTests : IDisposable
{
    private static readonly List<int> s_runs = [];
    private static int s_wanted;
    private static int s_seen;
    private static int s_depth;
    private static Action? s_inside;

    private readonly SoftirqMachine _machine = new();
    private readonly TaskletStruct* _tasklets = (TaskletStruct*)NativeMemory.AllocZeroed(4, (nuint)sizeof(TaskletStruct));

    public TaskletTests()
    {
        s_runs.Clear();
        s_wanted = s_seen = s_depth = 0;
        s_inside = null;
        for (int i = 0; i < 4; i++)
        {
            TaskletInit(_tasklets + i, &Note, (ulong)i);
        }
    }

    public void Dispose()
    {
        Simulation.OnArchCall = null;
        NativeMemory.Free(_tasklets);
    }

    [Fact]
    [Trait("Row", "TASKLET-02")]
    public void TheLastScheduledRunsFirstAndUrgentOnesBeforeAll()
    {
        LocalBhDisable();
        TaskletSchedule(_tasklets);
        TaskletHiSchedule(_tasklets + 1);
        TaskletSchedule(_tasklets + 2);
        TaskletHiSchedule(_tasklets + 3);
        TaskletSchedule(_tasklets);
        TaskletHiSchedule(_tasklets);
        LocalBhEnable();
        Assert.Equal([3, 1, 2, 0], s_runs);
        SoftirqMachine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "TASKLET-02")]
    public void ScheduledWhileItRunsItRunsAgain()
    {
        s_inside = () =>
        {
            s_inside = null;
            Assert.False(_tasklets->IsScheduled);
            Assert.True(_tasklets->IsRunning);
            TaskletSchedule(_tasklets);
            Assert.True(_tasklets->IsScheduled);
        };
        RunNow(0);
        Assert.Equal([0, 0], s_runs);
    }

    [Fact]
    [Trait("Row", "TASKLET-04")]
    public void ADisabledOneRunsAfterTheLastEnable()
    {
        TaskletDisable(_tasklets);
        TaskletDisableNosync(_tasklets);
        RunNow(0);
        Assert.True(_tasklets->IsScheduled);
        TaskletEnable(_tasklets);
        DoSoftirq();
        Assert.Empty(s_runs);
        TaskletEnable(_tasklets);
        DoSoftirq();
        Assert.Equal([0], s_runs);
        SoftirqMachine.AssertQuiet();
    }

    // While CPU 0 is in the function, CPU 1 gets the tasklet scheduled: it may not run there, and may not be lost.
    [Fact]
    [Trait("Row", "TASKLET-03")]
    public void OneThatRunsElsewhereIsPutBack()
    {
        s_inside = () =>
        {
            s_inside = null;
            Simulation.SwitchTo(1);
            Simulation.InterruptsEnabled = true;
            LocalBhDisable();
            TaskletSchedule(_tasklets);
            LocalBhEnable();
            Assert.True(_tasklets->IsScheduled);
            Assert.Single(s_runs);
            Assert.Equal(1u << (int)TaskletSoftirq, LocalSoftirqPending());
            Simulation.SwitchTo(0);
        };
        RunNow(0);
        Assert.Single(s_runs);
        Simulation.SwitchTo(1);
        DoSoftirq();
        Assert.Equal([0, 0], s_runs);
        SoftirqMachine.AssertQuiet();
        Simulation.SwitchTo(0);
        SoftirqMachine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "TASKLET-02")]
    public void AnInterruptAtAnyPlaceThatSchedulesItLosesNothing()
    {
        TaskletInit(_tasklets, &See, (ulong)_tasklets);
        int place = 0;
        while (_machine.InterruptAt(place, Path, Want))
        {
            DoSoftirq();
            Assert.Equal(s_wanted, s_seen);
            Assert.False(_tasklets->IsScheduled || _tasklets->IsRunning);
            SoftirqMachine.AssertQuiet();
            place++;
        }

        Assert.InRange(place, 10, 1000);

        void Path()
        {
            LocalBhDisable();
            s_wanted++;
            TaskletSchedule(_tasklets);
            TaskletHiSchedule(_tasklets + 1);
            LocalBhEnable();
        }

        void Want()
        {
            s_wanted++;
            TaskletSchedule(_tasklets);
        }
    }

    [Fact]
    [Trait("Row", "TASKLET-05")]
    public void KillFromAnInterruptIsReportedAndDoesNothing()
    {
        SoftirqMachine.Interrupt(() => TaskletKill(_tasklets));
        Assert.Equal(1, Irq.IrqMachine.Logged("BUG: tasklet_kill from interrupt context"));
        RunNow(0);
        Assert.Equal([0], s_runs);
    }

    private void RunNow(int number)
    {
        LocalBhDisable();
        TaskletSchedule(_tasklets + number);
        LocalBhEnable();
    }

    private static void Note(ulong data)
    {
        s_runs.Add((int)data);
        s_inside?.Invoke();
    }

    private static void See(ulong data)
    {
        Assert.Equal(0, s_depth++);
        s_seen = s_wanted;
        Cpu.Mb();
        s_depth--;
    }
}
