// Softirqs and tasklets: nothing that was raised or scheduled is lost, a tasklet never runs twice at once, and who has disabled or killed one may
// give up what it uses.

using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Explorer.Scenarios;

public sealed unsafe class SoftirqScenarios(ITestOutputHelper output) : ScenarioTests(output)
{
    private const SoftirqNr Nr = (SoftirqNr)20;

    private static Action? s_softirq;
    private static Action? s_tasklet;

    private static void RunSoftirq(SoftirqAction* action) => s_softirq!();

    private static void RunTasklet(ulong data) => s_tasklet!();

    [Theory]
    [Trait("Row", "SIRQ-03")]
    [InlineData("interrupts off", null)]
    [InlineData("read and cleared with interrupts on", "does not hold")]
    public void RaiseBetweenReadingAndClearingTheMask(string variant, string? fault) => Explore(() => new RaiseScenario(variant), fault);

    [Theory]
    [Trait("Row", "SIRQ-07")]
    [InlineData("count, then mask", null)]
    [InlineData("mask, then count", "does not hold")]
    public void RaiseAgainstLocalBhEnable(string variant, string? fault) => Explore(() => new BottomHalfScenario(variant), fault);

    [Theory]
    [Trait("Row", "TASKLET-02")]
    [InlineData("as it is", null)]
    [InlineData("scheduled is cleared after the run", "does not hold")]
    public void TaskletScheduledWhileItRunsOnTheSameCpu(string variant, string? fault) => Explore(() => new TaskletScenario(variant, 1), fault);

    [Theory]
    [Trait("Row", "TASKLET-03")]
    [InlineData("as it is", null)]
    [InlineData("as it is: stores reach memory late", null)]
    [InlineData("scheduled is cleared after the run", "does not hold")]
    [InlineData("no running bit", "runs twice at once")]
    public void TaskletScheduledWhileItRunsOnAnotherCpu(string variant, string? fault) => Explore(() => new TaskletScenario(variant, 2), fault);

    [Theory]
    [Trait("Row", "TASKLET-04")]
    [InlineData("tasklet_disable", null)]
    [InlineData("tasklet_disable: stores reach memory late", null)]
    [InlineData("tasklet_disable_nosync", "use after free")]
    public void DisableAgainstRun(string variant, string? fault) => Explore(() => new DisableScenario(variant), fault);

    [Theory]
    [Trait("Row", "TASKLET-05")]
    [InlineData("tasklet_kill", null)]
    [InlineData("waits until it is not scheduled", "use after free")]
    public void KillAgainstATaskletThatReschedulesItself(string variant, string? fault) => Explore(() => new KillScenario(variant), fault);

    // A thread raises one softirq, an interrupt another. Both must run.
    private sealed class RaiseScenario(string variant) : Scenario
    {
        private int _ran;

        public override int Cpus => 1;

        public override void Setup()
        {
            s_softirq = () => _ran |= 1;
            s_tasklet = () => _ran |= 2;
            Softirq.OpenSoftirq(Nr, &RunSoftirq);
            Softirq.OpenSoftirq(Nr + 1, &RunSecond);
            Thread(0, "thread", () =>
            {
                Softirq.RaiseSoftirq(Nr);
                if (variant == "interrupts off")
                {
                    Softirq.DoSoftirq();
                    return;
                }

                // The loop of do_softirq without its cli.
                PreemptCountAdd(SoftirqOffset);
                uint pending = Softirq.LocalSoftirqPending();
                while (pending != 0)
                {
                    Softirq.SetSoftirqPending(0);
                    for (int nr = 0; nr < Softirq.NrSoftirqs; nr++)
                    {
                        if ((pending & (1u << nr)) != 0)
                        {
                            Softirq.SoftirqVec[nr].Action(Softirq.SoftirqVec + nr);
                        }
                    }

                    pending = Softirq.LocalSoftirqPending();
                }

                PreemptCountAdd(-SoftirqOffset);
            });
            Interrupt(0, "device", () => Softirq.RaiseSoftirqIrqoff(Nr + 1));
        }

        public override void End() => Check(_ran == 3, "both softirqs have run");

        private static void RunSecond(SoftirqAction* action) => s_tasklet!();
    }

    private sealed class BottomHalfScenario(string variant) : Scenario
    {
        private bool _inside;

        public override int Cpus => 1;

        public override void Setup()
        {
            s_softirq = () => Check(!_inside, "no softirq runs while bottom halves are disabled");
            Softirq.OpenSoftirq(Nr, &RunSoftirq);
            Thread(0, "thread", () =>
            {
                BottomHalves.LocalBhDisable();
                _inside = true;
                Mb();
                _inside = false;
                if (variant == "count, then mask")
                {
                    BottomHalves.LocalBhEnable();
                    return;
                }

                bool pending = Softirq.LocalSoftirqPending() != 0;
                BottomHalves._LocalBhEnable();
                if (pending)
                {
                    Softirq.DoSoftirq();
                }
            });
            Interrupt(0, "device", () => Softirq.RaiseSoftirqIrqoff(Nr));
        }

        public override void End() => Check(Softirq.LocalSoftirqPending() == 0, "no softirq is left undone");
    }

    // Two schedule it: a thread and an interrupt of the same CPU, or threads of two CPUs. The last one's work must be seen by some run.
    private sealed class TaskletScenario(string variant, int cpus) : Scenario
    {
        private TaskletStruct* _tasklet;
        private Atomic* _wanted;
        private Atomic* _inside;
        private int _seen;
        private OwnTasklet* _own;

        public override int Cpus => cpus;

        public override bool StoreBuffers => variant.Contains(':');

        public override void Setup()
        {
            _tasklet = Machine.Allocate<TaskletStruct>();
            _wanted = Machine.Allocate<Atomic>();
            _inside = Machine.Allocate<Atomic>();
            _own = Machine.Allocate<OwnTasklet>();
            s_tasklet = () =>
            {
                if (_inside->IncReturn() != 1)
                {
                    throw Machine.Fail("the tasklet runs twice at once");
                }

                _seen = _wanted->Read();
                _inside->Dec();
            };
            s_softirq = RunOwn;
            Softirq.OpenSoftirq(Nr, &RunSoftirq);
            Tasklet.TaskletInit(_tasklet, &RunTasklet, 0);
            Thread(0, "thread 0", ScheduleAndRun);
            if (cpus == 1)
            {
                Interrupt(0, "device", Schedule);
            }
            else
            {
                Thread(1, "thread 1", ScheduleAndRun);
            }
        }

        public override void Invariant() => Check(_inside->Read() <= 1, "the tasklet runs twice at once");

        public override void End() => Check(_seen == _wanted->Read(), "the last schedule is followed by a run");

        private void Schedule()
        {
            _wanted->Inc();
            if (variant.StartsWith("as it is", StringComparison.Ordinal))
            {
                Tasklet.TaskletSchedule(_tasklet);
            }
            else if (!Shared.TestAndSetBit(0, ref _own->State))
            {
                Shared.WriteOnce(ref _own->On[Machine.CurrentCpu], 1);
                Softirq.RaiseSoftirq(Nr);
            }
        }

        // As ksoftirqd would: until nothing is left.
        private void ScheduleAndRun()
        {
            Schedule();
            while (Softirq.LocalSoftirqPending() != 0)
            {
                Softirq.DoSoftirq();
                CpuRelax();
            }
        }

        // A tasklet as one might write it.
        private void RunOwn()
        {
            if (Shared.Exchange(ref _own->On[Machine.CurrentCpu], 0) == 0)
            {
                return;
            }

            if (variant == "no running bit")
            {
                Shared.ClearBit(0, ref _own->State);
                s_tasklet!();
            }
            else
            {
                s_tasklet!();
                Shared.ClearBit(0, ref _own->State);
            }
        }

        private struct OwnTasklet
        {
            public int State;
            public fixed int On[Machine.MaxCpus];
        }
    }

    // CPU 0 disables the tasklet and gives up what it uses, while CPU 1 runs it.
    private sealed class DisableScenario(string variant) : Scenario
    {
        private TaskletStruct* _tasklet;
        private int* _data;

        public override bool StoreBuffers => variant.Contains(':');

        public override void Setup()
        {
            _tasklet = Machine.Allocate<TaskletStruct>();
            _data = (int*)Kmalloc(sizeof(int), GfpFlags.Kernel);
            s_tasklet = () => Shared.AddReturn(ref *_data, 1);
            Tasklet.TaskletInit(_tasklet, &RunTasklet, 0);
            Thread(0, "owner", () =>
            {
                if (variant != "tasklet_disable_nosync")
                {
                    Tasklet.TaskletDisable(_tasklet);
                }
                else
                {
                    Tasklet.TaskletDisableNosync(_tasklet);
                }

                Kfree(_data);
            });
            Thread(1, "user", () =>
            {
                Tasklet.TaskletSchedule(_tasklet);
                Softirq.DoSoftirq();
            });
        }
    }

    // The tasklet schedules itself twice. CPU 0 kills it and frees it.
    private sealed class KillScenario(string variant) : Scenario
    {
        private TaskletStruct* _tasklet;
        private int _runs;

        public override bool UsesScheduler => true;

        public override void Setup()
        {
            _tasklet = (TaskletStruct*)Kmalloc((nuint)sizeof(TaskletStruct), GfpFlags.Kernel);
            s_tasklet = () =>
            {
                if (++_runs < 3)
                {
                    Tasklet.TaskletSchedule(_tasklet);
                }
            };
            Tasklet.TaskletInit(_tasklet, &RunTasklet, 0);
            Thread(0, "owner", () =>
            {
                if (variant == "tasklet_kill")
                {
                    Tasklet.TaskletKill(_tasklet);
                }
                else
                {
                    while (_tasklet->IsScheduled)
                    {
                        Scheduler.Yield();
                    }
                }

                Kfree(_tasklet);
            });

            // It is scheduled on CPU 1 already when the owner begins; the way out of the interrupt runs it.
            Machine.SetUpOn(1, () => Tasklet.TaskletSchedule(_tasklet));
            Interrupt(1, "device", () => { });
        }

        public override void End() => Scheduling.CheckAtRest();
    }
}
