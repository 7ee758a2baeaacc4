// StressTests.Objects: what is asked for: works, tasklets, timers, and a thread for each CPU that sleeps until it is woken.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

public static unsafe partial class StressTests
{
    private static WorkArray s_works;
    private static TaskletArray s_tasklets;
    private static TimerArray s_timers;
    private static DelayedArray s_delayed;
    private static HrtimerArray s_hrtimers, s_interrupts;
    private static SleeperArray s_sleepers;

    private static CountedWork* WorkAt(int index) => (CountedWork*)Unsafe.AsPointer(ref s_works) + index;

    private static CountedTasklet* TaskletAt(int index) => (CountedTasklet*)Unsafe.AsPointer(ref s_tasklets) + index;

    private static TaskletStruct* Tasklet(int index) => &TaskletAt(index)->Tasklet;

    private static TimerList* Timer(int index) => (TimerList*)Unsafe.AsPointer(ref s_timers) + index;

    private static DelayedWork* Delayed(int index) => (DelayedWork*)Unsafe.AsPointer(ref s_delayed) + index;

    private static Hrtimer* HrtimerOf(int cpu) => (Hrtimer*)Unsafe.AsPointer(ref s_hrtimers) + cpu;

    private static Hrtimer* InterruptOf(int cpu) => (Hrtimer*)Unsafe.AsPointer(ref s_interrupts) + cpu;

    private static Sleeper* SleeperOf(int cpu) => (Sleeper*)Unsafe.AsPointer(ref s_sleepers) + cpu;

    private static bool Prepare()
    {
        s_wq = CreateWorkqueue("stress"u8);
        Check.True(s_wq != null);
        Check.Equal(0, OpenSoftirq(SoftirqTests.First, &SoftirqSees));
        for (int i = 0; i < Objects; i++)
        {
            *WorkAt(i) = default;
            WorkStruct.Init(&WorkAt(i)->Work, &CountWork);
            *TaskletAt(i) = default;
            TaskletInit(Tasklet(i), &TaskletSees, (ulong)i);
            SetupTimer(Timer(i), &CountTimer, 0);
            DelayedWork.Init(Delayed(i), &CountDelayed);
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            s_seeds[cpu] = 0x2545f491 + (cpu * 0x9e3779b9L);
            HrtimerInit(HrtimerOf(cpu), &CountHrtimer);
            HrtimerInit(InterruptOf(cpu), &AskInInterrupt, HrtimerCallbackMode.HardIrq);
            if (!StartSleeper(cpu))
            {
                return false;
            }
        }

        return s_wq != null;
    }

    private static bool StartSleeper(int cpu)
    {
        Sleeper* sleeper = SleeperOf(cpu);
        *sleeper = default;
        sleeper->Thread = Kthread.Create(&SleepAndSee, sleeper, $"stress/{cpu}", out int error);
        Check.Equal(0, error);
        if (error != 0)
        {
            return false;
        }

        Scheduler.WakeUpProcess(sleeper->Thread);
        return true;
    }

    private static void Wake(int cpu)
    {
        Sleeper* sleeper = SleeperOf(cpu);
        Shared.WriteOnce(ref sleeper->Wanted, sleeper->Wanted + 1);
        s_asked.WokenUp.Inc();
        Scheduler.WakeUpProcess(sleeper->Thread);
    }

    private static int SleepAndSee(void* argument)
    {
        var sleeper = (Sleeper*)argument;
        while (!Kthread.ShouldStop())
        {
            Scheduler.SetCurrentState(TaskState.Interruptible);
            if (Shared.ReadOnce(ref sleeper->Seen) == Shared.ReadOnce(ref sleeper->Wanted) && !Kthread.ShouldStop())
            {
                Scheduler.Schedule();
            }

            Scheduler.SetCurrentState(TaskState.Running);
            Shared.WriteOnce(ref sleeper->Seen, Shared.ReadOnce(ref sleeper->Wanted));
        }

        return 0;
    }

    private struct CountedWork
    {
        public WorkStruct Work;
        public Atomic64 Queued, Runs;
    }

    private struct CountedTasklet
    {
        public TaskletStruct Tasklet;
        public Atomic64 Wanted, Seen;
        public int Inside;
    }

    private struct Sleeper
    {
        public TaskStruct* Thread;
        public long Wanted, Seen;
    }

    [InlineArray(Objects)]
    private struct WorkArray
    {
        private CountedWork _first;
    }

    [InlineArray(Objects)]
    private struct TaskletArray
    {
        private CountedTasklet _first;
    }

    [InlineArray(Objects)]
    private struct TimerArray
    {
        private TimerList _first;
    }

    [InlineArray(Objects)]
    private struct DelayedArray
    {
        private DelayedWork _first;
    }

    [InlineArray(Cpu.MaxCpus)]
    private struct HrtimerArray
    {
        private Hrtimer _first;
    }

    [InlineArray(Cpu.MaxCpus)]
    private struct SleeperArray
    {
        private Sleeper _first;
    }
}
