// Going to sleep and being woken: no wake-up is lost, none is delivered twice, and nobody touches a waiter that has gone.

using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Explorer.Scenarios;

public sealed unsafe class SleepScenarios(ITestOutputHelper output) : ScenarioTests(output)
{
    [Theory]
    [Trait("Row", "KT-05")]
    [InlineData("prepare, look, sleep", null)]
    [InlineData("look, prepare, sleep", "nobody can run")]
    [InlineData("prepare, look, sleep: stores reach memory late", null)]
    [InlineData("prepare, look, sleep: waker looks whether anybody waits", null)]
    [InlineData("prepare, look, sleep: waker looks without a barrier", "nobody can run")]
    public void WakeUpAgainstGoingToSleep(string variant, string? fault) => Explore(() => new WaitQueueScenario(variant), fault);

    [Theory]
    [Trait("Row", "KT-05")]
    [InlineData("prepare, look, sleep", null)]
    [InlineData("look, prepare, sleep", "nobody can run")]
    public void WakeUpFromAnInterruptAgainstGoingToSleep(string variant, string? fault) => Explore(() => new InterruptScenario(variant), fault);

    [Theory]
    [Trait("Row", "KT-05")]
    [InlineData("all barriers", null)]
    [InlineData("the sleeper's", "nobody can run")]
    [InlineData("the waker's", "nobody can run")]
    public void BarriersOfSleeperAndWaker(string leftOut, string? fault) => Explore(() => new BarrierScenario(leftOut), fault, bound: 0);

    [Theory]
    [Trait("Row", "KT-05")]
    [InlineData("under the lock", null)]
    [InlineData("state looked at before the lock", "does not hold")]
    public void TwoWakersAndOneSleeper(string variant, string? fault) => Explore(() => new TwoWakersScenario(variant), fault);

    [Theory]
    [Trait("Row", "SYNC-03")]
    [InlineData("wait", null)]
    [InlineData("done before the lock", "use after free")]
    public void CompletionOnTheStack(string variant, string? fault) => Explore(() => new CompletionScenario(variant), fault);

    private struct OwnCompletion
    {
        public int Done;
        public WaitQueueHead Wait;
    }

    private sealed class WaitQueueScenario(string variant) : Scenario
    {
        private WaitQueueHead* _head;
        private int* _condition;
        private bool _awake;

        public override bool UsesScheduler => true;

        public override bool StoreBuffers => variant.Contains(':');

        public override void Setup()
        {
            Faults.NoBarriers = variant.EndsWith("without a barrier");
            _head = Machine.Allocate<WaitQueueHead>();
            _condition = Machine.Allocate<int>();
            WaitQueue.Init(_head);
            Thread(0, "sleeper", () =>
            {
                Sleep(_head, _condition, variant);
                _awake = true;
            });
            Thread(1, "waker", () =>
            {
                Shared.WriteOnce(ref *_condition, 1);
                if (!variant.Contains("waker looks") || WaitQueue.IsActive(_head))
                {
                    WaitQueue.WakeUp(_head);
                }
            });
        }

        public override void End()
        {
            Check(_awake);
            Scheduling.CheckAtRest();
        }
    }

    // The same on one CPU: the waker is an interrupt.
    private sealed class InterruptScenario(string variant) : Scenario
    {
        private WaitQueueHead* _head;
        private int* _condition;

        public override int Cpus => 1;

        public override bool UsesScheduler => true;

        public override void Setup()
        {
            _head = Machine.Allocate<WaitQueueHead>();
            _condition = Machine.Allocate<int>();
            WaitQueue.Init(_head);
            Thread(0, "sleeper", () => Sleep(_head, _condition, variant));
            Interrupt(0, "device", () =>
            {
                Shared.WriteOnce(ref *_condition, 1);
                WaitQueue.WakeUp(_head);
            });
        }

        public override void End() => Scheduling.CheckAtRest();
    }

    private static void Sleep(WaitQueueHead* head, int* condition, string variant)
    {
        WaitQueueEntry wait = WaitQueueEntry.ForCurrent();
        if (variant == "look, prepare, sleep")
        {
            while (Shared.ReadOnce(ref *condition) == 0)
            {
                WaitQueue.PrepareToWait(head, &wait, TaskState.Interruptible);
                Scheduler.Schedule();
            }
        }
        else
        {
            while (true)
            {
                WaitQueue.PrepareToWait(head, &wait, TaskState.Interruptible);
                if (Shared.ReadOnce(ref *condition) != 0)
                {
                    break;
                }

                Scheduler.Schedule();
            }
        }

        WaitQueue.FinishWait(head, &wait);
    }

    // x86 lets a load pass a store. The sleeper stores its state and loads the condition; the waker stores the condition and loads the state.
    private sealed class BarrierScenario(string leftOut) : Scenario
    {
        private int* _condition;
        private ScenarioThread? _sleeper;

        public override bool UsesScheduler => true;

        public override bool StoreBuffers => true;

        public override void Setup()
        {
            _condition = Machine.Allocate<int>();
            Faults.NoBarriers = leftOut == "the waker's";

            _sleeper = Thread(0, "sleeper", () =>
            {
                if (leftOut == "the sleeper's")
                {
                    Faults.Weaken(&Current->State);
                }

                Scheduler.SetCurrentState(TaskState.Interruptible);
                if (Shared.ReadOnce(ref *_condition) == 0)
                {
                    Scheduler.Schedule();
                }

                Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
            });
            Thread(1, "waker", () =>
            {
                Shared.WriteOnce(ref *_condition, 1);

                // As wake_up does it where a look at the state without the lock saves the lock.
                Mb();
                if (Shared.ReadOnce(ref _sleeper.Task->State) != (int)TaskState.Running)
                {
                    Scheduler.WakeUpProcess(_sleeper.Task);
                }
            });
        }
    }

    private sealed class TwoWakersScenario(string variant) : Scenario
    {
        private int* _condition;
        private int _wakeUps;
        private ScenarioThread? _sleeper;

        public override int Cpus => 3;

        public override bool UsesScheduler => true;

        public override void Setup()
        {
            _condition = Machine.Allocate<int>();
            _sleeper = Thread(0, "sleeper", () =>
            {
                Scheduler.SetCurrentState(TaskState.Interruptible);
                if (Shared.ReadOnce(ref *_condition) == 0)
                {
                    Scheduler.Schedule();
                }

                Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
            });
            Thread(1, "waker", Wake);
            Thread(2, "waker too", Wake);
        }

        public override void End()
        {
            Check(_wakeUps <= 1);
            Scheduling.CheckAtRest();
        }

        private void Wake()
        {
            Shared.WriteOnce(ref *_condition, 1);
            if (variant == "under the lock")
            {
                _wakeUps += Scheduler.TryToWakeUp(_sleeper!.Task, TaskState.Interruptible) ? 1 : 0;
                return;
            }

            TaskStruct* task = _sleeper!.Task;
            if (Shared.ReadOnce(ref task->State) == (int)TaskState.Interruptible)
            {
                RunQueue* rq = RunQueues.LockOf(task, out ulong flags);
                Shared.WriteOnce(ref task->State, (int)TaskState.Running);
                if (task->Array == null)
                {
                    RunQueue.Activate(rq, task);
                    Shared.Exchange(ref PerCpuArea.Hot(0)->NoReschedule, 0);
                    Smp.SendReschedule(0);
                }

                rq->Lock.UnlockIrqRestore(flags);
                _wakeUps++;
            }
        }
    }

    // The completion lies in memory that the waiter gives up as soon as it may go on, as it does on a stack.
    private sealed class CompletionScenario(string variant) : Scenario
    {
        private Completion* _done;

        public override bool UsesScheduler => true;

        public override void Setup()
        {
            _done = (Completion*)Kmalloc((nuint)sizeof(Completion), GfpFlags.Kernel);
            Completion.Init(_done);
            if (variant == "wait")
            {
                Thread(0, "waiter", () =>
                {
                    Completion.Wait(_done);
                    Kfree(_done);
                });
                Thread(1, "completer", () => Completion.Complete(_done));
                return;
            }

            // As one might write it: a word, and a wait queue behind it.
            var own = (OwnCompletion*)Kmalloc((nuint)sizeof(OwnCompletion), GfpFlags.Kernel);
            WaitQueue.Init(&own->Wait);
            Thread(0, "waiter", () =>
            {
                Sleep(&own->Wait, &own->Done, variant);
                Kfree(own);
            });
            Thread(1, "completer", () =>
            {
                Shared.WriteOnce(ref own->Done, 1);
                WaitQueue.WakeUp(&own->Wait);
            });
        }

        public override void End() => Scheduling.CheckAtRest();
    }
}

/// <summary>What holds of the scheduler whenever every task sleeps.</summary>
internal static unsafe class Scheduling
{
    public static void CheckAtRest()
    {
        for (int cpu = 0; cpu < Machine.CpuCount; cpu++)
        {
            RunQueue* rq = RunQueues.Of(cpu);
            if (rq->RunningCount != 0 || rq->Active->TaskCount != 0 || rq->Expired->TaskCount != 0)
            {
                throw Machine.Fail($"everybody sleeps, but the run queue of CPU {cpu} counts {rq->RunningCount} tasks "
                    + $"({rq->Active->TaskCount} active, {rq->Expired->TaskCount} expired)");
            }

            if (rq->Current != rq->Idle || rq->Lock.IsLocked())
            {
                throw Machine.Fail($"CPU {cpu} is not idle");
            }
        }
    }
}
