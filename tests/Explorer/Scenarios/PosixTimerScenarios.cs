// POSIX timers: one that has been deleted sends nothing and is used by nobody, whatever its function and whoever acts on its signal do meanwhile; one that
// has been set anew is for the new time only.

using CSharpOS.Processes;
using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Explorer.Scenarios;

public sealed unsafe class PosixTimerScenarios(ITestOutputHelper output) : ScenarioTests(output)
{
    private const string NoLock = "without the process's lock";

    [Theory]
    [Trait("Row", "TIME-06")]
    [InlineData("timer_delete", null)]
    [InlineData(NoLock, "nothing is pending")]
    [InlineData("does not wait", "nothing is pending")]
    public void DeleteAgainstExpiry(string variant, string? fault) => Explore(() => new DeleteScenario(variant), fault, 2);

    [Theory]
    [Trait("Row", "TIME-06")]
    [InlineData("timer_settime", null)]
    [InlineData("does not wait", "only the new time counts")]
    public void SetAgainstExpiry(string variant, string? fault) => Explore(() => new SetScenario(variant), fault, 2);

    [Theory]
    [Trait("Row", "TIME-06")]
    [InlineData("timer_delete", null)]
    [InlineData(NoLock, "nothing is pending")]
    public void DeleteAgainstWhoActsOnTheSignal(string variant, string? fault) => Explore(() => new ActScenario(variant), fault, 2);

    [Theory]
    [Trait("Row", "TIME-06")]
    [InlineData("timer_delete", null)]
    [InlineData("looks before it has the lock", "use after free")]
    public void DeleteOnTwoCpus(string variant, string? fault) => Explore(() => new TwiceScenario(variant), fault, 2);

    // A process with one timer, every so often, due on CPU 1.
    private abstract class TimerScenario(string variant) : Scenario
    {
        protected const int Signo = 10;

        protected Process* Process { get; private set; }

        protected PosixTimer* Timer { get; private set; }

        protected HrtimerBase* Base { get; private set; }

        public override void Setup()
        {
            Process = Machine.Allocate<Process>();
            if (variant == NoLock)
            {
                Faults.DropLock(&Process->Lock);
            }

            Machine.SetUpOn(1, () =>
            {
                PosixTimers.Create(Process, 1, Signo, null, out PosixTimer* timer);
                PosixTimers.Publish(timer);

                // The clock stands at 0.
                PosixTimers.Set(Process, 0, -1, true, 1L << 60, out _, out _);
                Timer = timer;
                Base = timer->Timer.Base;
            });
        }

        // How a thread acts on the signal, if it is pending.
        protected void Act()
        {
            Process->Lock.LockIrq();
            PosixTimer* timer = Shared.ReadOnce(&Process->Pending);
            if (timer != null)
            {
                TimerSignals.TakeBack(timer);
                PosixTimers.GoOn(timer);
            }

            Process->Lock.UnlockIrq();
        }

        protected void CheckGone()
        {
            Check(Process->Pending == null, "nothing is pending");
            Check(Process->Timers == null, "the process has no timer");
            Check(Base->Count == 0, "no timer is armed");
        }
    }

    private sealed class DeleteScenario(string variant) : TimerScenario(variant)
    {
        private readonly string _variant = variant;

        public override void Setup()
        {
            base.Setup();
            Thread(0, "owner", () =>
            {
                if (_variant == "does not wait")
                {
                    Process->Lock.LockIrq();
                    Process->Timers = null;
                    TimerSignals.TakeBack(Timer);
                    Process->Lock.UnlockIrq();
                    Hrtimers.HrtimerTryToCancel(&Timer->Timer);
                    Kfree(Timer);
                }
                else
                {
                    Check(PosixTimers.Delete(Process, 0) == 0, "it is deleted");
                }
            });
            Interrupt(1, "tick", Hrtimers.HrtimerRunQueues);
        }

        public override void End() => CheckGone();
    }

    private sealed class SetScenario(string variant) : TimerScenario(variant)
    {
        private readonly string _variant = variant;

        public override void Setup()
        {
            base.Setup();
            Thread(0, "owner", () =>
            {
                if (_variant == "does not wait")
                {
                    Process->Lock.LockIrq();
                    TimerSignals.TakeBack(Timer);
                    Hrtimers.HrtimerStart(&Timer->Timer, 1L << 61, HrtimerMode.Abs);
                    Process->Lock.UnlockIrq();
                }
                else
                {
                    Check(PosixTimers.Set(Process, 0, 1L << 61, true, 0, out _, out _) == 0, "it is set");
                }
            });
            Interrupt(1, "tick", Hrtimers.HrtimerRunQueues);
        }

        public override void End() =>
            Check(Process->Pending == null && Timer->Armed && Hrtimers.HrtimerActive(&Timer->Timer) && Timer->Timer.Expires == 1L << 61, "only the new time counts");
    }

    private sealed class ActScenario(string variant) : TimerScenario(variant)
    {
        public override void Setup()
        {
            base.Setup();
            Thread(0, "owner", () => PosixTimers.Delete(Process, 0));
            Thread(1, "reader", Act);
            Interrupt(1, "tick", Hrtimers.HrtimerRunQueues);
        }

        public override void End() => CheckGone();
    }

    private sealed class TwiceScenario(string variant) : TimerScenario(variant)
    {
        private readonly string _variant = variant;
        private int _deleted;

        public override void Setup()
        {
            base.Setup();
            Thread(0, "one", Delete);
            Thread(1, "other", Delete);
        }

        public override void End()
        {
            Check(_deleted == 1, "one of both has deleted it");
            CheckGone();
        }

        private void Delete()
        {
            if (_variant == "timer_delete")
            {
                int result = PosixTimers.Delete(Process, 0);
                _deleted += result == 0 ? 1 : 0;
                return;
            }

            PosixTimer* timer = Shared.ReadOnce(&Process->Timers);
            if (timer != null)
            {
                Process->Lock.LockIrq();
                Process->Timers = null;
                Process->Lock.UnlockIrq();
                Hrtimers.HrtimerCancel(&timer->Timer);
                Kfree(timer);
                _deleted++;
            }
        }
    }
}
