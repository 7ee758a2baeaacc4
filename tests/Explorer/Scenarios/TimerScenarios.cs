// Timers: who has deleted one and waited may give it up, whatever its function does meanwhile; and one timer is in one wheel only.

using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Explorer.Scenarios;

public sealed unsafe class TimerScenarios(ITestOutputHelper output) : ScenarioTests(output)
{
    private static Action? s_function;

    private static void Run(ulong data) => s_function!();

    [Theory]
    [Trait("Row", "TIME-03")]
    [InlineData("del_timer_sync", null)]
    [InlineData("del_timer_sync: stores reach memory late", null)]
    [InlineData("del_timer", "use after free")]
    public void CancelAgainstExpiry(string variant, string? fault) => Explore(() => new CancelScenario(variant, rearms: false), fault);

    [Theory]
    [Trait("Row", "TIME-03")]
    [InlineData("del_timer_sync", null)]
    [InlineData("del_timer", "use after free")]
    public void DeleteAgainstAFunctionThatRearms(string variant, string? fault) => Explore(() => new CancelScenario(variant, rearms: true), fault);

    [Theory]
    [Trait("Row", "TIME-02")]
    [InlineData("del_timer", null)]
    [InlineData("timer_pending, then del_timer", "exactly if it did not run")]
    public void WhatDelTimerSaysAgainstExpiry(string variant, string? fault) => Explore(() => new DeletedScenario(variant), fault);

    [Theory]
    [Trait("Row", "TIME-03")]
    [InlineData("with locks", null)]
    [InlineData("a wheel without its lock", "in one wheel only")]
    public void ModTimerOnTwoCpus(string variant, string? fault) => Explore(() => new ModScenario(variant), fault);

    [Theory]
    [Trait("Row", "TIME-03")]
    [InlineData("mod_timer", null)]
    [InlineData("del_timer, then add_timer", "BUG")]
    public void ModTimerAgainstExpiry(string variant, string? fault) => Explore(() => new ExpiryScenario(variant), fault);

    // The timer is due on CPU 1, whose tick may come at any time. CPU 0 deletes it and frees it.
    private sealed class CancelScenario(string variant, bool rearms) : Scenario
    {
        private TimerList* _timer;
        private int _runs;
        private int _deleted;

        public override bool StoreBuffers => variant.Contains(':');

        public override void Setup()
        {
            _timer = (TimerList*)Kmalloc((nuint)sizeof(TimerList), GfpFlags.Kernel);
            s_function = () =>
            {
                _runs++;

                // What it uses lies in the timer's own memory.
                Shared.ReadOnce(ref _timer->Data);
                if (rearms)
                {
                    Timers.ModTimer(_timer, Jiffies);
                }
            };
            Machine.SetUpOn(1, () =>
            {
                Timers.SetupTimer(_timer, &Run, 0);
                _timer->Expires = Jiffies;
                Timers.AddTimer(_timer);
            });
            Thread(0, "owner", () =>
            {
                if (variant != "del_timer")
                {
                    _deleted = Timers.DelTimerSync(_timer);
                    Check(!Timers.TimerPending(_timer), "a deleted timer is not pending");
                }
                else
                {
                    Timers.DelTimer(_timer);
                }

                Kfree(_timer);
            });
            Interrupt(1, "tick", Timers.RunLocalTimers);
        }

        public override void End() => Check(variant == "del_timer" || rearms || _deleted == 1 - _runs, "it was active exactly if it did not run");
    }

    // Due on CPU 1; CPU 0 deletes it, and counts on the answer.
    private sealed class DeletedScenario(string variant) : Scenario
    {
        private TimerList* _timer;
        private int _runs;
        private int _deleted;

        public override void Setup()
        {
            _timer = Machine.Allocate<TimerList>();
            s_function = () => _runs++;
            Machine.SetUpOn(1, () =>
            {
                Timers.SetupTimer(_timer, &Run, 0);
                _timer->Expires = Jiffies;
                Timers.AddTimer(_timer);
            });
            Thread(0, "owner", () =>
            {
                bool pending = variant != "del_timer" && Timers.TimerPending(_timer);
                _deleted = Timers.DelTimer(_timer);
                _deleted = variant == "del_timer" ? _deleted : pending ? 1 : 0;
            });
            Interrupt(1, "tick", Timers.RunLocalTimers);
        }

        public override void End() => Check(_deleted == 1 - _runs, "it was active exactly if it did not run");
    }

    private sealed class ModScenario(string variant) : Scenario
    {
        private TimerList* _timer;
        private TimerBase* _first, _second;

        public override void Setup()
        {
            _timer = Machine.Allocate<TimerList>();
            Timers.SetupTimer(_timer, &Run, 0);
            _first = _timer->Base;
            Machine.SetUpOn(1, () => Timers.InitTimer(_timer));
            _second = _timer->Base;
            if (variant == "a wheel without its lock")
            {
                Faults.DropLock(&_first->Lock);
            }

            s_function = () => { };
            _timer->Function = &Run;
            Thread(0, "one", () => Timers.ModTimer(_timer, Jiffies + 10));
            Thread(1, "two", () => Timers.ModTimer(_timer, Jiffies + 20));
        }

        public override void Invariant() => Check(_first->Count + _second->Count <= 1, "in one wheel only");

        public override void End()
        {
            Check(Timers.TimerPending(_timer), "the timer is armed");
            Check(_first->Count + _second->Count == 1, "in one wheel only");
            Check(_timer->Expires == Jiffies + 10 || _timer->Expires == Jiffies + 20, "for one of the two ticks");
        }
    }

    // Armed for now on CPU 1, where the tick runs it; CPU 0 arms it anew. Both may happen, and nothing else.
    private sealed class ExpiryScenario(string variant) : Scenario
    {
        private TimerList* _timer;
        private int _runs;
        private int _active;

        public override void Setup()
        {
            _timer = Machine.Allocate<TimerList>();
            s_function = () => _runs++;
            Machine.SetUpOn(1, () =>
            {
                Timers.SetupTimer(_timer, &Run, 0);
                _timer->Expires = Jiffies;
                Timers.AddTimer(_timer);
            });
            Thread(0, "owner", Rearm);
            if (variant != "mod_timer")
            {
                LaterInterrupt(0, "tick", Rearm).Raise();
            }

            Interrupt(1, "tick", Timers.RunLocalTimers);
        }

        public override void End()
        {
            Check(Timers.TimerPending(_timer), "the timer is armed");
            Check(variant != "mod_timer" || _runs == 1 - _active, "it ran exactly if it was not active any more");
        }

        private void Rearm()
        {
            if (variant == "mod_timer")
            {
                _active = Timers.ModTimer(_timer, Jiffies + 10);
                return;
            }

            // Not one step: an interrupt that does the same comes in between.
            Timers.DelTimer(_timer);
            _timer->Expires = Jiffies + 10;
            Timers.AddTimer(_timer);
        }
    }
}
