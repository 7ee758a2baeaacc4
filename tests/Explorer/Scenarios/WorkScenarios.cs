// Work queues: every successful queueing is followed by a run, and who has flushed or cancelled a work may give it up.

using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Explorer.Scenarios;

public sealed unsafe class WorkScenarios(ITestOutputHelper output) : ScenarioTests(output)
{
    private static Action? s_work;
    private static Action? s_other;

    private static void Run(WorkStruct* work) => s_work!();

    private static void RunOther(WorkStruct* work) => s_other!();

    [Theory]
    [Trait("Row", "WORK-02")]
    [InlineData("pending is cleared before the run", null)]
    [InlineData("pending is cleared after the run", "does not hold")]
    public void QueuedWhileItRuns(string variant, string? fault) => Explore(() => new QueueScenario(variant), fault, bound: 0);

    [Theory]
    [Trait("Row", "WORK-05")]
    [InlineData("flush_workqueue", null)]
    [InlineData("waits until the list is empty", "use after free")]
    public void FlushAgainstTheRun(string variant, string? fault) => Explore(() => new FlushScenario(variant), fault, bound: 0);

    [Theory]
    [Trait("Row", "WORK-05")]
    [InlineData("flush_workqueue", null)]
    [InlineData("flush_work of the other work", "use after free")]
    public void FlushAgainstQueue(string variant, string? fault) => Explore(() => new FlushQueueScenario(variant), fault, bound: 0);

    [Theory]
    [Trait("Row", "WORK-04")]
    [InlineData("cancel_work_sync", null)]
    [InlineData("taken off the list only", "use after free")]
    public void CancelAgainstTheRun(string variant, string? fault) => Explore(() => new CancelScenario(variant), fault, bound: 0);

    [Theory]
    [Trait("Row", "WORK-04")]
    [InlineData("cancel_delayed_work_sync", null)]
    [InlineData("cancel_delayed_work", "use after free")]
    public void CancelADelayedWorkAgainstItsTimer(string variant, string? fault) => Explore(() => new DelayedScenario(variant), fault, bound: 0);

    private abstract class WorkScenario : Scenario
    {
        public override bool UsesScheduler => true;

        protected WorkqueueStruct* Queue { get; private set; }

        protected WorkStruct* Work { get; private set; }

        protected void SetUpQueue(bool urgent = true)
        {
            Workqueue.Init();
            Queue = urgent ? Workqueue.CreateRtWorkqueue("q"u8) : Workqueue.CreateWorkqueue("q"u8);
            Work = (WorkStruct*)Kmalloc((nuint)sizeof(WorkStruct), GfpFlags.Kernel);
            WorkStruct.Init(Work, &Run);
        }

        public override void End() => Scheduling.CheckAtRest();
    }

    private sealed class QueueScenario(string variant) : WorkScenario
    {
        private Atomic* _wanted;
        private int _seen;

        public override void Setup()
        {
            SetUpQueue();
            _wanted = Machine.Allocate<Atomic>();
            s_work = () =>
            {
                if (variant == "pending is cleared after the run")
                {
                    WorkStruct.TakePending(Work);
                }

                _seen = _wanted->Read();
                if (variant == "pending is cleared after the run")
                {
                    WorkStruct.ClearPending(Work);
                }
            };
            Thread(0, "queues", Enqueue);
            Interrupt(0, "device", Enqueue);
        }

        public override int Cpus => 1;

        public override void End()
        {
            base.End();
            Check(_seen == _wanted->Read(), "the last queueing is followed by a run");
        }

        private void Enqueue()
        {
            _wanted->Inc();
            Workqueue.QueueWork(Queue, Work);
        }
    }

    private sealed class FlushScenario(string variant) : WorkScenario
    {
        private int* _data;

        public override void Setup()
        {
            SetUpQueue();
            _data = (int*)Kmalloc(sizeof(int), GfpFlags.Kernel);
            s_work = () => Shared.AddReturn(ref *_data, 1);
            Thread(0, "owner", () =>
            {
                Workqueue.QueueWorkOn(1, Queue, Work);
                if (variant == "flush_workqueue")
                {
                    Workqueue.FlushWorkqueue(Queue);
                }
                else
                {
                    while (!ListHead.Empty(&Queue->CpuWq[1].Worklist))
                    {
                        CpuRelax();
                    }
                }

                Kfree(_data);
            });
        }
    }

    // While the owner flushes, an interrupt queues another work, before his or behind it; he is more urgent than the worker. His must be done when flush returns, the other one is not lost.
    private sealed class FlushQueueScenario(string variant) : WorkScenario
    {
        private int* _data;
        private WorkStruct* _other;
        private int _otherRuns;

        public override int Cpus => 1;

        public override void Setup()
        {
            SetUpQueue(urgent: false);
            _data = (int*)Kmalloc(sizeof(int), GfpFlags.Kernel);
            _other = Machine.Allocate<WorkStruct>();
            WorkStruct.Init(_other, &RunOther);
            s_work = () => Shared.AddReturn(ref *_data, 1);
            s_other = () => _otherRuns++;
            Thread(0, "owner", () =>
            {
                Workqueue.QueueWork(Queue, Work);
                if (variant == "flush_workqueue")
                {
                    Workqueue.FlushWorkqueue(Queue);
                }
                else
                {
                    Workqueue.FlushWork(_other);
                }

                Kfree(_data);
            }).RealTimePriority = 50;
            Interrupt(0, "device", () => Workqueue.QueueWork(Queue, _other));
        }

        public override void End()
        {
            base.End();
            Check(_otherRuns == 1, "the work of the interrupt has run");
        }
    }

    private sealed class CancelScenario(string variant) : WorkScenario
    {
        private int* _data;
        private int _runs;
        private bool _cancelled;

        public override void Setup()
        {
            SetUpQueue();
            _data = (int*)Kmalloc(sizeof(int), GfpFlags.Kernel);
            s_work = () =>
            {
                _runs++;
                Shared.AddReturn(ref *_data, 1);
            };
            Thread(0, "owner", () =>
            {
                Workqueue.QueueWorkOn(1, Queue, Work);
                if (variant == "cancel_work_sync")
                {
                    _cancelled = Workqueue.CancelWorkSync(Work);
                }
                else
                {
                    Workqueue.TryToGrabPending(Work, out _);
                }

                Kfree(_data);
            });
        }

        public override void End()
        {
            base.End();
            Check(variant != "cancel_work_sync" || _cancelled == (_runs == 0), "it was pending exactly if it did not run");
        }
    }

    // The timer is due on CPU 1, whose tick may come at any time: it queues the work, and the worker of CPU 1 does it.
    private sealed class DelayedScenario(string variant) : WorkScenario
    {
        private DelayedWork* _delayed;
        private int _runs;
        private bool _cancelled;

        public override void Setup()
        {
            SetUpQueue();
            _delayed = (DelayedWork*)Kmalloc((nuint)sizeof(DelayedWork), GfpFlags.Kernel);
            s_work = () =>
            {
                _runs++;
                Shared.ReadOnce(ref _delayed->Cpu);
            };
            DelayedWork.Init(_delayed, &Run);
            Workqueue.QueueDelayedWorkOn(1, Queue, _delayed, 1);
            Clock.Tick();
            Clock.Tick();
            Thread(0, "owner", () =>
            {
                if (variant == "cancel_delayed_work_sync")
                {
                    _cancelled = Workqueue.CancelDelayedWorkSync(_delayed);
                }
                else
                {
                    Workqueue.CancelDelayedWork(_delayed);
                }

                Kfree(_delayed);
            });
            Interrupt(1, "tick", Timers.RunLocalTimers);
        }

        public override void End()
        {
            base.End();
            Check(variant != "cancel_delayed_work_sync" || _cancelled == (_runs == 0), "it was pending exactly if it did not run");
        }
    }
}
