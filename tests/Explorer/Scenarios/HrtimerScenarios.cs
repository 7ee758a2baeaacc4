// High-resolution timers: who has cancelled one may give it up, whatever its function does meanwhile; and one timer is in one tree only.

using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Explorer.Scenarios;

public sealed unsafe class HrtimerScenarios(ITestOutputHelper output) : ScenarioTests(output)
{
    private static Func<HrtimerRestart>? s_function;

    private static HrtimerRestart Run(Hrtimer* timer) => s_function!();

    [Theory]
    [Trait("Row", "TIME-06")]
    [InlineData("hrtimer_cancel", HrtimerCallbackMode.Softirq, null)]
    [InlineData("hrtimer_cancel", HrtimerCallbackMode.HardIrq, null)]
    [InlineData("hrtimer_try_to_cancel", HrtimerCallbackMode.Softirq, "use after free")]
    [InlineData("hrtimer_try_to_cancel", HrtimerCallbackMode.HardIrq, "use after free")]
    public void CancelAgainstExpiry(string variant, HrtimerCallbackMode mode, string? fault) =>
        Explore(() => new CancelScenario(variant, mode, HrtimerRestart.NoRestart), fault);

    [Theory]
    [Trait("Row", "TIME-06")]
    [InlineData("hrtimer_cancel", null)]
    [InlineData("hrtimer_try_to_cancel", "use after free")]
    public void CancelAgainstAFunctionThatWantsARestart(string variant, string? fault) =>
        Explore(() => new CancelScenario(variant, HrtimerCallbackMode.Softirq, HrtimerRestart.Restart), fault);

    [Theory]
    [Trait("Row", "TIME-06")]
    [InlineData("with locks", null)]
    [InlineData("a base without its lock", "in one tree only")]
    public void StartOnTwoCpus(string variant, string? fault) => Explore(() => new StartScenario(variant), fault);

    // The timer is due on CPU 1, whose tick may come at any time. CPU 0 cancels it and frees it.
    private sealed class CancelScenario(string variant, HrtimerCallbackMode mode, HrtimerRestart restart) : Scenario
    {
        private Hrtimer* _timer;

        public override void Setup()
        {
            _timer = (Hrtimer*)Kmalloc((nuint)sizeof(Hrtimer), GfpFlags.Kernel);
            s_function = () =>
            {
                // What it uses lies in the timer's own memory. A restart is for much later.
                Shared.ReadOnce(ref *(int*)&_timer->CallbackMode);
                if (restart == HrtimerRestart.Restart)
                {
                    _timer->Expires = long.MaxValue;
                }

                return restart;
            };
            Machine.SetUpOn(1, () =>
            {
                Hrtimers.HrtimerInit(_timer, &Run, mode);
                Hrtimers.HrtimerStart(_timer, 0, HrtimerMode.Abs);
            });
            Thread(0, "owner", () =>
            {
                if (variant == "hrtimer_cancel")
                {
                    Hrtimers.HrtimerCancel(_timer);
                    Check(!Hrtimers.HrtimerActive(_timer), "a cancelled timer is not active");
                }
                else
                {
                    Hrtimers.HrtimerTryToCancel(_timer);
                }

                Kfree(_timer);
            });
            Interrupt(1, "tick", Hrtimers.HrtimerRunQueues);
        }
    }

    private sealed class StartScenario(string variant) : Scenario
    {
        private Hrtimer* _timer;
        private HrtimerBase* _first, _second;

        public override void Setup()
        {
            _timer = Machine.Allocate<Hrtimer>();
            Hrtimers.HrtimerInit(_timer, &Run);
            _first = _timer->Base;
            Machine.SetUpOn(1, () => Hrtimers.HrtimerInit(_timer, &Run));
            _second = _timer->Base;
            if (variant == "a base without its lock")
            {
                Faults.DropLock(&_second->Lock);
            }

            s_function = () => HrtimerRestart.NoRestart;
            Thread(0, "one", () => Hrtimers.HrtimerStart(_timer, long.MaxValue - 1, HrtimerMode.Abs));
            Thread(1, "two", () => Hrtimers.HrtimerStart(_timer, long.MaxValue - 2, HrtimerMode.Abs));
        }

        public override void End()
        {
            Check(Hrtimers.HrtimerActive(_timer), "the timer is armed");
            Check(_first->Count + _second->Count == 1, "in one tree only");
            Check(_timer->Expires is long.MaxValue - 1 or long.MaxValue - 2, "for one of the two times");
        }
    }
}
