// Timers on simulated ticks: what add, mod and del promise, and that every delay is kept to the tick.

using CSharpOS.Hosted.Irq;
using Xunit;
using static CSharpOS.Hosted.Time.TimerWheel;

namespace CSharpOS.Hosted.Time;

public sealed unsafe class TimerTests : IDisposable
{
    public TimerTests() => Start();

    public void Dispose() => Stop();

    [Fact]
    [Trait("Row", "TIME-02")]
    public void ATimerRunsOnceAtItsTickAndIsInactiveThen()
    {
        TimerList* timer = Timer(0);
        Assert.False(TimerPending(timer));
        timer->Expires = Jiffies + 3;
        uint start = Jiffies;
        AddTimer(timer);
        Assert.True(TimerPending(timer));
        bool pendingInside = true;
        Scripts[0] = () => pendingInside = TimerPending(Timer(0));
        Ticks(2);
        Assert.Empty(Calls);
        Ticks(600);
        Assert.Equal((0, start + 3, 0), Assert.Single(Calls));
        Assert.False(pendingInside);
        Assert.False(TimerPending(timer));
        Assert.Equal(0, DelTimer(timer));
    }

    [Fact]
    [Trait("Row", "TIME-02")]
    public void ModAndDelSayWhetherTheTimerWasActive()
    {
        TimerList* timer = Timer(0);
        Assert.Equal(0, DelTimer(timer));
        Assert.Equal(0, ModTimerPending(timer, Jiffies + 5));
        Assert.False(TimerPending(timer));
        Assert.Equal(0, ModTimer(timer, Jiffies + 10));
        Assert.Equal(1, ModTimer(timer, Jiffies + 20));
        Assert.Equal(1, ModTimer(timer, Jiffies + 20));
        Assert.Equal(1, ModTimerPending(timer, Jiffies + 5));
        Assert.Equal(1, DelTimer(timer));
        Assert.Equal(0, DelTimer(timer));
        Assert.Equal(0, DelTimerSync(timer));
        Arm(0, 4);
        Assert.Equal(1, DelTimerSync(timer));
        Arm(0, 4);
        Assert.Equal(1, TryToDelTimerSync(timer));
        Assert.Equal(0, TryToDelTimerSync(timer));
        Ticks(30);
        Assert.Empty(Calls);
        Assert.Equal(0, Timers.Misuses);
    }

    [Fact]
    [Trait("Row", "TIME-02")]
    public void SeveralTimersShareAFunctionAndAreToldApartByTheirData()
    {
        for (int i = 0; i < 5; i++)
        {
            Arm(i, 7);
        }

        Ticks(10);
        Assert.Equal([0, 1, 2, 3, 4], Calls.ConvertAll(call => call.Timer));
    }

    [Fact]
    [Trait("Row", "TIME-02")]
    public void AFunctionMayArmItsOwnTimerAgain()
    {
        uint start = Jiffies;
        Scripts[0] = () => Arm(0, 10);
        Arm(0, 10);
        Ticks(45);
        Assert.Equal([start + 10, start + 20, start + 30, start + 40], Calls.ConvertAll(call => call.Jiffies));
        Assert.Equal(1, DelTimerSync(Timer(0)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(-5000)]
    [Trait("Row", "TIME-02")]
    public void AFunctionThatArmsItsTimerForNowIsCalledAtTheNextTickNotForEver(int delay)
    {
        uint start = Jiffies;
        Scripts[0] = () => ModTimer(Timer(0), Jiffies + (uint)delay);
        Arm(0, 1);
        Ticks(4);
        Assert.Equal([start + 1, start + 2, start + 3, start + 4], Calls.ConvertAll(call => call.Jiffies));
    }

    [Fact]
    [Trait("Row", "TIME-02")]
    public void AFunctionThatArmsItsTimerForOneTurnOfTheFirstGroupIsNotCalledEarly()
    {
        // 256 ticks later means the slot that is being served.
        uint start = Jiffies;
        Scripts[0] = () => Arm(0, 256);
        Arm(0, 3);
        Ticks(3 + 256 + 256);
        Assert.Equal([start + 3, start + 259, start + 515], Calls.ConvertAll(call => call.Jiffies));
    }

    [Fact]
    [Trait("Row", "TIME-02")]
    public void AFunctionMayDeleteItsOwnTimerAndItsNeighbours()
    {
        for (int i = 0; i < 5; i++)
        {
            Arm(i, 7);
        }

        int own = -1, before = -1, after = -1, last = -1;
        Scripts[1] = () =>
        {
            before = DelTimer(Timer(0));
            own = DelTimer(Timer(1));
            after = DelTimer(Timer(2));
            last = DelTimerSync(Timer(4));
        };
        Ticks(20);
        Assert.Equal([0, 1, 3], Calls.ConvertAll(call => call.Timer));
        Assert.Equal((0, 0, 1, 1), (before, own, after, last));
        Assert.Equal(0, Timers.Misuses);
    }

    [Fact]
    [Trait("Row", "TIME-02")]
    public void AFunctionMayFreeTheObjectThatHoldsItsTimer()
    {
        Scripts[0] = () => *Timer(0) = default;
        Arm(0, 2);
        Arm(1, 2);
        Ticks(3);
        Assert.Equal([0, 1], Calls.ConvertAll(call => call.Timer));
    }

    [Fact]
    [Trait("Row", "TIME-03")]
    public void ATimerRunsOnTheCpuWhereItWasAddedOrLastModified()
    {
        Arm(0, 5);
        Simulation.SwitchTo(1);
        Arm(1, 5);
        Timer(2)->Expires = Jiffies + 5;
        AddTimerOn(Timer(2), 0);
        Simulation.SwitchTo(0);
        Arm(3, 5);
        Simulation.SwitchTo(1);
        Arm(3, 6);
        Simulation.SwitchTo(0);
        Ticks(10);
        Assert.Equal(4, Calls.Count);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(i % 2, Calls.Find(call => call.Timer == i).Cpu);
        }
    }

    [Fact]
    [Trait("Row", "TIME-02")]
    public void AnActiveTimerThatIsAddedIsReportedAndNotInTheListTwice()
    {
        Arm(0, 5);
        Timer(0)->Expires = Jiffies + 8;
        AddTimer(Timer(0));
        Assert.Equal(1, IrqMachine.Logged("BUG: add_timer: timer"));
        Ticks(20);
        Assert.Single(Calls);
    }

    [Fact]
    [Trait("Row", "TIME-02")]
    public void ATimerThatWasNotInitialisedIsReportedAndWorks()
    {
        *Timer(0) = default;
        Assert.Equal(0, DelTimer(Timer(0)));
        ModTimer(Timer(0), Jiffies + 2);
        Assert.Equal(1, IrqMachine.Logged("it has no function"));
        Timer(0)->Function = Timer(1)->Function;
        ModTimer(Timer(0), Jiffies + 2);
        Assert.Equal(1, IrqMachine.Logged("nobody has called init_timer"));
        Ticks(5);
        Assert.Single(Calls);
    }

    [Fact]
    [Trait("Row", "TIME-02")]
    public void DelTimerSyncFromAnInterruptOrFromItsOwnFunctionIsReportedAndDoesNotHang()
    {
        Arm(0, 2);
        Scripts[0] = () => DelTimerSync(Timer(0));
        Ticks(3);
        Assert.Equal(1, IrqMachine.Logged("del_timer_sync: timer"));
        Assert.Equal(1, IrqMachine.Logged("wait for itself"));
        Arm(1, 2);
        IrqEnter();
        Assert.Equal(1, DelTimerSync(Timer(1)));
        IrqExit();
        Assert.Equal(1, IrqMachine.Logged("called from interrupt context"));
        Ticks(3);
        Assert.Single(Calls);
    }

    [Fact]
    [Trait("Row", "TIME-02")]
    public void AFunctionThatKeepsALockIsReported()
    {
        Scripts[0] = () => PreemptDisable();
        Arm(0, 1);
        Ticks(1);
        Assert.Equal(1, IrqMachine.Logged("changed preempt_count"));
        Assert.Equal(0, PreemptCount());
    }

    [Fact]
    [Trait("Row", "TIME-03")]
    public void ACpuThatMissedTicksServesAllOfThemInOrder()
    {
        for (int i = 0; i < 8; i++)
        {
            Arm(i, (uint)(i * 100));
        }

        for (int i = 0; i < 1000; i++)
        {
            Clock.Tick();
        }

        Serve(0);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], Calls.ConvertAll(call => call.Timer));
    }
}
