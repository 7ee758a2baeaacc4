// The mechanisms of before 2.5: no two BHs at once, no task lost, and the global cli() keeps out whoever it promises to keep out, without a deadlock.

using CSharpOS.Historical;
using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Explorer.Scenarios;

public sealed unsafe class HistoricalScenarios(ITestOutputHelper output) : ScenarioTests(output)
{
    private static Action? s_routine;

    private static void Routine() => s_routine!();

    private static void TaskletRoutine(ulong unused) => s_routine!();

    private static void TaskRoutine(void* unused) => s_routine!();

    [Theory]
    [Trait("Row", "OLD-01")]
    [InlineData("BHs", null)]
    [InlineData("tasklets", "alone on the machine")]
    public void TwoOnTwoCpus(string variant, string? fault) => Explore(() => new BottomHalfScenario(variant), fault);

    [Theory]
    [Trait("Row", "OLD-02")]
    [InlineData("run_task_queue", null)]
    [InlineData("the bit is cleared after the call", "is not lost")]
    public void QueueTaskAgainstRunTaskQueue(string variant, string? fault) => Explore(() => new QueueScenario(variant), fault);

    [Theory]
    [Trait("Row", "OLD-03")]
    [InlineData("cli", null)]
    [InlineData("cli in the handler too", null)]
    [InlineData("local_irq_disable", "alone on the machine")]
    [InlineData("an interrupt that does not look at the gate", "alone on the machine")]
    public void CliAgainstAnInterruptOnAnotherCpu(string variant, string? fault) => Explore(() => new CliScenario(variant), fault);

    [Theory]
    [Trait("Row", "OLD-03")]
    [InlineData("cli", null)]
    [InlineData("local_irq_disable", "alone on the machine")]
    public void TwoCpusCallCli(string variant, string? fault) => Explore(() => new TwoCliScenario(variant), fault);

    private abstract class AloneScenario : Scenario
    {
        private int* _inside;

        public override void Setup() => _inside = Machine.Allocate<int>();

        protected void BeAlone()
        {
            Check(Shared.AddReturn(ref *_inside, 1) == 1, "alone on the machine");
            Shared.AddReturn(ref *_inside, -1);
        }
    }

    // Each CPU marks a BH of its own, or schedules a tasklet.
    private sealed class BottomHalfScenario(string variant) : AloneScenario
    {
        private int _runs;

        public override void Setup()
        {
            base.Setup();
            s_routine = () =>
            {
                BeAlone();
                _runs++;
            };
            for (int cpu = 0; cpu < Cpus; cpu++)
            {
                int number = cpu;
                BottomHalf.InitBh(20 + cpu, &Routine);
                TaskletStruct* tasklet = Machine.Allocate<TaskletStruct>();
                TaskletInit(tasklet, &TaskletRoutine, 0);
                Thread(cpu, $"thread {cpu}", () =>
                {
                    LocalBhDisable();
                    if (variant == "BHs")
                    {
                        BottomHalf.MarkBh(20 + number);
                    }
                    else
                    {
                        TaskletHiSchedule(tasklet);
                    }

                    LocalBhEnable();
                });
            }
        }

        // One that found the other running too often is left for ksoftirqd.
        public override void End()
        {
            for (int cpu = 0; cpu < Cpus; cpu++)
            {
                Machine.SetUpOn(cpu, DoSoftirq);
            }

            Check(_runs == 2, "both have run");
        }
    }

    // CPU 1 asks for something and queues the task that CPU 0 runs just now.
    private sealed class QueueScenario(string variant) : Scenario
    {
        private TaskQueueHead* _queue;
        private TaskQueueStruct* _entry;
        private int* _asked;
        private int _seen;

        public override void Setup()
        {
            _queue = Machine.Allocate<TaskQueueHead>();
            _entry = Machine.Allocate<TaskQueueStruct>();
            _asked = Machine.Allocate<int>();
            s_routine = () => _seen = Shared.ReadOnce(ref *_asked);
            TaskQueue.Init(_queue);
            TaskQueue.Init(_entry, &TaskRoutine, null);
            TaskQueue.QueueTask(_entry, _queue);
            Thread(0, "runner", Run);
            Thread(1, "driver", () =>
            {
                Shared.WriteOnce(ref *_asked, 1);
                Mb();
                TaskQueue.QueueTask(_entry, _queue);
            });
        }

        public override void End()
        {
            TaskQueue.RunTaskQueue(_queue);
            Check(_seen == 1, "what was asked for is not lost");
        }

        private void Run()
        {
            if (variant == "run_task_queue")
            {
                TaskQueue.RunTaskQueue(_queue);
                return;
            }

            ulong flags = _queue->Lock.LockIrqSave();
            ListHead.Del(&_entry->List);
            Shared.WriteOnce(ref _queue->Waiting, 0);
            _queue->Lock.UnlockIrqRestore(flags);
            _entry->Routine(_entry->Data);
            Shared.ClearBit(TaskQueueStruct.QueuedBit, ref _entry->Sync);
        }
    }

    private sealed class CliScenario(string variant) : AloneScenario
    {
        private int _handled;

        public override void Setup()
        {
            base.Setup();
            Machine.CountsAreShared = true;
            Thread(0, "thread", () =>
            {
                if (variant == "local_irq_disable")
                {
                    LocalIrqDisable();
                    BeAlone();
                    LocalIrqEnable();
                    return;
                }

                GlobalCli.Cli();
                BeAlone();
                GlobalCli.Sti();
            });
            if (variant == "an interrupt that does not look at the gate")
            {
                Interrupt(1, "device", () =>
                {
                    BeAlone();
                    _handled++;
                });
                return;
            }

            IrqScenarios.SetUpHandler(Handle, Machine.Allocate<int>());
            DeviceInterrupt(1, IrqScenarios.Line).Raise();
        }

        public override void End() => Check(_handled == 1 && !GlobalCli.IsClosed, "the interrupt is served, and the gate is open");

        private IrqReturn Handle(nint device)
        {
            GlobalFlags flags = GlobalCli.SaveFlags();
            if (variant == "cli in the handler too")
            {
                GlobalCli.Cli();
            }

            BeAlone();
            GlobalCli.RestoreFlags(flags);
            _handled++;
            return IrqReturn.Handled;
        }
    }

    private sealed class TwoCliScenario(string variant) : AloneScenario
    {
        public override void Setup()
        {
            base.Setup();
            Machine.CountsAreShared = true;
            for (int cpu = 0; cpu < Cpus; cpu++)
            {
                Thread(cpu, $"thread {cpu}", () =>
                {
                    if (variant == "cli")
                    {
                        GlobalCli.Cli();
                        BeAlone();
                        GlobalCli.Sti();
                        return;
                    }

                    LocalIrqDisable();
                    BeAlone();
                    LocalIrqEnable();
                });
            }
        }
    }
}
