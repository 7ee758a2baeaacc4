// High-resolution timers in simulated time.

using CSharpOS.Hosted.Irq;
using Xunit;
using static CSharpOS.Hosted.Time.HrtimerMachine;

namespace CSharpOS.Hosted.Time;

public sealed unsafe class HrtimerTests : IDisposable
{
    private const long Second = 1_000_000_000;

    // What a reading of the simulated time costs, a few times.
    private const long Near = 500;

    public void Dispose() => Stop();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Row", "TIME-06")]
    public void RunsInItsContextNotBeforeItsTime(bool highResolution)
    {
        Start(highResolution);
        All[1].CallbackMode = HrtimerCallbackMode.HardIrq;
        long due = KtimeGet() + 50_000;
        Assert.Equal(0, HrtimerStart(&All[0], due, HrtimerMode.Abs));
        Assert.Equal(0, HrtimerStart(&All[1], due, HrtimerMode.Abs));
        At(due - 5_000);
        Strike();
        Assert.Empty(Calls);
        At(due);
        Strike();
        Assert.Equal([(1, true), (0, false)], Calls.ConvertAll(call => (call.Timer, call.Hard)));
        At(due + 1_000_000);
        Strike();
        Assert.Equal(2, Calls.Count);
        Assert.False(HrtimerActive(&All[0]));
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void TheDeviceIsToldWheneverAnotherTimerIsTheFirst()
    {
        Start(true);
        Assert.InRange(Told[0]!.Value, TickNanoseconds - Near, TickNanoseconds);
        HrtimerStart(&All[0], 50_000, HrtimerMode.Rel);
        Assert.InRange(Told[0]!.Value, 50_000 - Near, 50_000);
        Told[0] = null;
        HrtimerStart(&All[1], 90_000, HrtimerMode.Rel);
        Assert.Null(Told[0]);
        HrtimerStart(&All[1], 20_000, HrtimerMode.Rel);
        Assert.InRange(Told[0]!.Value, 20_000 - Near, 20_000);
        HrtimerStart(&All[2], -5, HrtimerMode.Rel);
        Assert.Equal(100, Told[0]);
        Strike();
        Assert.Equal(2, Assert.Single(Calls).Timer);
        Assert.InRange(Told[0]!.Value, 20_000 - (4 * Near), 20_000);
        Assert.Null(Calls.Find(call => call.Timer == 1).Timer == 1 ? "early" : null);
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void TimersOfOneMomentRunInTheOrderInWhichTheyWereStarted()
    {
        Start(true);
        long due = KtimeGet() + 10_000;
        int[] order = [3, 1, 4, 0, 2];
        foreach (int i in order)
        {
            HrtimerStart(&All[i], due, HrtimerMode.Abs);
        }

        At(due);
        Strike();
        Assert.Equal(order, Calls.ConvertAll(call => call.Timer));
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void RestartAndForwardMakeAPeriodicTimerThatKeepsItsPhase()
    {
        Start(true);
        long due = KtimeGet() + 10_000;
        List<ulong> overruns = [];
        Scripts[0] = () =>
        {
            overruns.Add(HrtimerForward(&All[0], KtimeGet(), 10_000));
            return HrtimerRestart.Restart;
        };
        HrtimerStart(&All[0], due, HrtimerMode.Abs);
        At(due);
        Strike();
        At(due + 10_000);
        Strike();

        // The machine is away for a while.
        At(due + 57_000);
        Strike();
        Assert.Equal([1u, 1u, 4u], overruns);
        Assert.Equal(due + 60_000, All[0].Expires);
        Assert.InRange(Told[0]!.Value, 3_000 - (4 * Near), 3_000);
        Assert.Equal(1, HrtimerCancel(&All[0]));
        Assert.Equal(0ul, HrtimerForward(&All[0], due, 10_000));
        Assert.Equal(0ul, HrtimerForward(&All[0], long.MaxValue, 0));
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void WhatIsDueButNotYetCalledCanBeCancelledAndStartedAgain()
    {
        Start(true);
        for (int i = 0; i < 3; i++)
        {
            HrtimerStart(&All[i], 10_000, HrtimerMode.Rel);
        }

        At(KtimeGet() + 20_000);
        int cancelled = -5, started = -5;
        Scripts[0] = () =>
        {
            Assert.True(HrtimerActive(&All[1]));
            cancelled = HrtimerCancel(&All[1]);
            started = HrtimerStart(&All[2], 30_000, HrtimerMode.Rel);
            return HrtimerRestart.NoRestart;
        };
        Strike();
        Assert.Equal([0], Calls.ConvertAll(call => call.Timer));
        Assert.Equal((1, 1), (cancelled, started));
        At(KtimeGet() + 30_000);
        Strike();
        Assert.Equal([0, 2], Calls.ConvertAll(call => call.Timer));
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void AFunctionMayFreeItsTimerOrStartItItself()
    {
        Start(true);
        Scripts[0] = () =>
        {
            *(&All[0]) = default;
            return HrtimerRestart.NoRestart;
        };
        Scripts[1] = () =>
        {
            HrtimerStart(&All[1], 40_000, HrtimerMode.Rel);
            return Calls.Count > 3 ? HrtimerRestart.NoRestart : HrtimerRestart.Restart;
        };
        HrtimerStart(&All[0], 10_000, HrtimerMode.Rel);
        HrtimerStart(&All[1], 10_000, HrtimerMode.Rel);
        At(KtimeGet() + 10_000);
        Strike();
        At(KtimeGet() + 40_000);
        Strike();
        Assert.Equal([0, 1, 1], Calls.ConvertAll(call => call.Timer));
        Assert.Equal(1, HrtimerCancel(&All[1]));
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void ATimerRunsOnTheCpuThatStartedIt()
    {
        Start(true);
        HrtimerStart(&All[0], 10_000, HrtimerMode.Rel);
        Simulation.SwitchTo(1);
        Told[1] = null;
        Assert.Equal(1, HrtimerStart(&All[0], 10_000, HrtimerMode.Rel));
        Assert.NotNull(Told[1]);
        Simulation.SwitchTo(0);
        At(KtimeGet() + 20_000);
        Strike(0);
        Assert.Empty(Calls);
        Strike(1);
        Assert.Single(Calls);
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void CancelWaitsForTheFunctionOnTheOtherCpuAndBeatsARestart()
    {
        Start(true);
        using SecondCpu second = new();
        bool inside = false;
        Scripts[0] = () =>
        {
            inside = true;
            second.Pause();
            HrtimerForward(&All[0], KtimeGet(), Second);
            inside = false;
            return HrtimerRestart.Restart;
        };
        Simulation.SwitchTo(1);
        HrtimerStart(&All[0], 1000, HrtimerMode.Rel);
        Simulation.SwitchTo(0);
        At(KtimeGet() + 2000);
        second.Run(() => Strike(1));
        Assert.True(inside);
        Assert.Equal(-1, HrtimerTryToCancel(&All[0]));
        int spins = 0;
        Simulation.OnArchCall = () =>
        {
            if (++spins > 50)
            {
                second.Resume();
            }
        };
        Assert.Equal(1, HrtimerCancel(&All[0]));
        Simulation.OnArchCall = null;
        Assert.False(inside);
        Assert.False(HrtimerActive(&All[0]));
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void CancelFromItsOwnFunctionIsReported()
    {
        Start(true);
        Scripts[0] = () =>
        {
            HrtimerCancel(&All[0]);
            return HrtimerRestart.NoRestart;
        };
        HrtimerStart(&All[0], 1000, HrtimerMode.Rel);
        At(KtimeGet() + 2000);
        Strike();
        Assert.Equal(1, IrqMachine.Logged("BUG: hrtimer_cancel"));
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void TheTickIsATimerThatDoesNotDriftAndMakesUpForWhatWasMissed()
    {
        Start(true, countsJiffies: true);
        uint start = Jiffies;
        long begin = KtimeGet() - Near;
        for (int i = 1; i <= 1000; i++)
        {
            At(KtimeGet() + Told[0]!.Value);
            Strike();
        }

        Assert.Equal(start + 1000, Jiffies);
        Assert.InRange(KtimeGet() - begin, 1000 * TickNanoseconds, (1000 * TickNanoseconds) + (3 * Near));
        At(KtimeGet() + (10 * TickNanoseconds));
        Strike();
        Assert.Equal(start + 1010, Jiffies);
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void InPeriodicModeAnInterruptIsATick()
    {
        Start(false, countsJiffies: true);
        uint start = Jiffies;
        Strike();
        Assert.Equal(start + 1, Jiffies);
        Strike(1);
        Assert.Equal(start + 2, Jiffies);
        Start(false);
        start = Jiffies;
        Strike();
        Assert.Equal(start, Jiffies);
        Assert.Equal(TickNanoseconds, HrtimerGetRes());
        Assert.Null(Told[0]);
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void AThousandRandomTimersRunInOrderNoneEarly()
    {
        Start(true);
        Random random = new(5);
        List<(long Due, int Timer)> due = [];
        for (int round = 0; round < 1000; round++)
        {
            int i = random.Next(8);
            if (random.Next(4) == 0)
            {
                Assert.Equal(due.RemoveAll(entry => entry.Timer == i), HrtimerCancel(&All[i]));
            }
            else
            {
                long at = KtimeGet() + random.Next(100_000);
                int active = due.RemoveAll(entry => entry.Timer == i);
                Assert.Equal(active, HrtimerStart(&All[i], at, HrtimerMode.Abs));
                due.Add((at, i));
            }

            At(KtimeGet() + random.Next(30_000));
            Calls.Clear();
            Strike();
            Assert.Equal(Calls.Count, due.RemoveAll(entry => Calls.Exists(call => call.Timer == entry.Timer && call.Time >= entry.Due)));
            long now = KtimeGet();
            Assert.DoesNotContain(due, entry => entry.Due < now - (20 * Near));
        }
    }
}
