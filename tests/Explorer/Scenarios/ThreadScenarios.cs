// Kernel threads: their end against kthread_stop, and moving them between CPUs against waking them.

using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Explorer.Scenarios;

public sealed unsafe class ThreadScenarios(ITestOutputHelper output) : ScenarioTests(output)
{
    [Theory]
    [Trait("Row", "KT-02")]
    [InlineData("as it is", null)]
    [InlineData("without a reference", "use after free")]
    public void StopAgainstTheEndOfTheThread(string variant, string? fault) => Explore(() => new StopScenario(variant), fault);

    [Theory]
    [Trait("Row", "KT-02")]
    [InlineData("as it is", null)]
    [InlineData("sleeps without a look at should_stop", "nobody can run")]
    public void StopAgainstGoingToSleep(string variant, string? fault) => Explore(() => new StopSleeperScenario(variant), fault);

    [Theory]
    [Trait("Row", "KT-04")]
    [InlineData("to CPU 1", null)]
    [InlineData("to both CPUs", null)]
    [InlineData("in no queue for a moment", "livelock")]
    public void SetCpusAllowedAgainstAWakeUp(string variant, string? fault) => Explore(() => new MoveScenario(variant), fault);

    private sealed class StopScenario(string variant) : Scenario
    {
        private TaskStruct* _task;
        private int _result;

        public override bool UsesScheduler => true;

        public override void Setup()
        {
            _task = KernelThreads.Create(1, "worker", () =>
            {
                while (!Kthread.ShouldStop())
                {
                    CpuRelax();
                }

                return 7;
            });
            if (variant == "as it is")
            {
                Tasks.Get(_task);
            }

            Thread(0, "stopper", () =>
            {
                Scheduler.WakeUpProcess(_task);
                if (variant == "as it is")
                {
                    _result = Kthread.Stop(_task);
                    Tasks.Put(_task);
                    return;
                }

                // kthread_stop without the reference that it takes.
                Shared.WriteOnce(ref _task->Kthread.ShouldStop, 1);
                Completion.Wait(&_task->Kthread.Exited);
                _result = Shared.ReadOnce(ref _task->ExitCode);
            });
        }

        public override void End()
        {
            Check(_result is 7 or -EINTR);
            Scheduling.CheckAtRest();
        }
    }

    private sealed class StopSleeperScenario(string variant) : Scenario
    {
        private TaskStruct* _task;

        public override bool UsesScheduler => true;

        public override void Setup()
        {
            _task = KernelThreads.Create(1, "worker", () =>
            {
                while (!Kthread.ShouldStop())
                {
                    Scheduler.SetCurrentState(TaskState.Interruptible);
                    if (variant != "as it is" || !Kthread.ShouldStop())
                    {
                        Scheduler.Schedule();
                    }

                    Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
                }

                return 0;
            });
            Tasks.Get(_task);
            Thread(0, "stopper", () =>
            {
                Scheduler.WakeUpProcess(_task);
                Kthread.Stop(_task);
            });
        }

        public override void End() => Scheduling.CheckAtRest();
    }

    // A task was preempted while it was about to sleep: it stands in the run queue, and its state says that it sleeps. CPU 1 moves it, CPU 0
    // wakes it.
    private sealed class MoveScenario(string variant) : Scenario
    {
        private int* _condition;
        private int* _moved;
        private ScenarioThread? _sleeper;
        private bool _awake;

        public override bool UsesScheduler => true;

        public override void Setup()
        {
            _condition = Machine.Allocate<int>();
            _moved = Machine.Allocate<int>();
            ScenarioThread waker = Thread(0, "waker", () =>
            {
                Shared.WriteOnce(ref *_condition, 1);
                Scheduler.WakeUpProcess(_sleeper!.Task);
                while (Shared.ReadOnce(ref *_moved) == 0)
                {
                    CpuRelax();
                }
            });
            waker.RealTimePriority = 50;
            waker.StartsStopped = true;
            _sleeper = Thread(0, "sleeper", () =>
            {
                // Preempted here, before the exploration begins.
                Scheduler.SetCurrentState(TaskState.Interruptible);
                Scheduler.WakeUpProcess(waker.Task);
                if (Shared.ReadOnce(ref *_condition) == 0)
                {
                    Scheduler.Schedule();
                }

                Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
                _awake = true;
            });
            _sleeper.BeginsEarly = true;
            Thread(1, "mover", () =>
            {
                if (variant == "in no queue for a moment")
                {
                    MoveBadly(_sleeper.Task);
                }
                else
                {
                    Scheduler.SetCpusAllowed(_sleeper.Task, variant == "to CPU 1" ? 2u : 3u);
                }

                Shared.WriteOnce(ref *_moved, 1);
            });
        }

        public override void End()
        {
            Check(_awake);
            Scheduling.CheckAtRest();
        }

        // Out of one queue first, then into the other: whoever wakes the task in between finds it in none.
        private static void MoveBadly(TaskStruct* task)
        {
            RunQueue* rq = RunQueues.LockOf(task, out ulong flags);
            task->CpusAllowed = 2;
            if (task->Cpu == 0 && rq->Current != task && task->Array != null)
            {
                RunQueue.Deactivate(rq, task);
                Shared.WriteOnce(ref task->Cpu, 1);
                RunQueue* other = RunQueues.Of(1);
                other->Lock.LockNoPreempt();
                RunQueue.Activate(other, task);
                other->Lock.ReleaseNoPreempt();
            }

            rq->Lock.UnlockIrqRestore(flags);
        }
    }
}

/// <summary>Kernel threads with a body in the scenario.</summary>
internal static unsafe class KernelThreads
{
    private static readonly List<Func<int>> s_bodies = [];

    /// <summary>A thread of kthread_create, bound to a CPU, not started. In Setup.</summary>
    public static TaskStruct* Create(int cpu, string name, Func<int> body)
    {
        // A run's first thread begins the list anew.
        if (Machine.StartsAnew(nameof(KernelThreads)))
        {
            s_bodies.Clear();
        }

        s_bodies.Add(body);
        TaskStruct* task = Kthread.Create(&Run, (void*)(nint)(s_bodies.Count - 1), $"{name}", out int error);
        if (error != 0)
        {
            throw new InvalidOperationException($"no thread: {error}");
        }

        Kthread.Bind(task, cpu);
        return task;
    }

    private static int Run(void* index) => s_bodies[(int)(nint)index]();
}
