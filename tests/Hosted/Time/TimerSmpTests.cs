// Timers and two CPUs: who waits for whom, and where a timer lives meanwhile.

using CSharpOS.Hosted.Irq;
using Xunit;
using static CSharpOS.Hosted.Time.TimerWheel;

namespace CSharpOS.Hosted.Time;

public sealed unsafe class TimerSmpTests : IDisposable
{
    private readonly SecondCpu _second = new();
    private int _inside;

    // Timer 0 is armed on CPU 1, and its function stops in the middle.
    public TimerSmpTests()
    {
        Start();
        Scripts[0] = () =>
        {
            Assert.Equal(1, ++_inside);
            _second.Pause();
            _inside--;
        };
        Simulation.SwitchTo(1);
        Arm(0, 1);
        Simulation.SwitchTo(0);
    }

    public void Dispose()
    {
        _second.Dispose();
        Stop();
    }

    // The function is running on CPU 1 when this returns.
    private void StartFunction()
    {
        Clock.Tick();
        _second.Run(() => Serve(1));
        Assert.Equal(1, _inside);
    }

    // CPU 0 waits: after a while CPU 1 goes on. Gives how often CPU 0 looked.
    private Func<int> ResumeWhileSpinning(int after = 50)
    {
        int spins = 0;
        Simulation.OnArchCall = () =>
        {
            if (++spins >= after)
            {
                _second.Resume();
            }
        };
        return () => spins;
    }

    [Fact]
    [Trait("Row", "TIME-02")]
    public void DelTimerSyncWaitsForTheFunctionDelTimerDoesNot()
    {
        StartFunction();
        Assert.Equal(0, DelTimer(Timer(0)));
        Assert.Equal(-1, TryToDelTimerSync(Timer(0)));
        Assert.Equal(1, _inside);
        Func<int> spins = ResumeWhileSpinning();
        Assert.Equal(0, DelTimerSync(Timer(0)));
        Assert.Equal(0, _inside);
        Assert.True(spins() >= 50);
        Simulation.OnArchCall = null;
        Assert.Equal(0, TryToDelTimerSync(Timer(0)));
        Assert.Equal(0, Timers.Misuses);
    }

    [Fact]
    [Trait("Row", "TIME-02")]
    public void DelTimerSyncBeatsAFunctionThatArmsItsTimerAgain()
    {
        Scripts[0] = () =>
        {
            _inside++;
            _second.Pause();
            Arm(0, 3);
            _second.Pause();
            _inside--;
        };
        StartFunction();
        ResumeWhileSpinning();
        Assert.Equal(1, DelTimerSync(Timer(0)));
        Simulation.OnArchCall = null;
        Assert.Equal(0, _inside);
        Assert.False(TimerPending(Timer(0)));
        Calls.Clear();
        Ticks(10);
        Assert.Empty(Calls);
    }

    [Fact]
    [Trait("Row", "TIME-02")]
    public void ATimerWhoseFunctionRunsStaysOnThatCpuSoThatItIsNotEnteredTwice()
    {
        StartFunction();
        Assert.Equal(0, ModTimer(Timer(0), Jiffies + 1));
        Clock.Tick();
        Serve(0);
        Assert.Equal(1, _inside);
        Assert.Single(Calls);
        _second.Resume();
        Assert.True(_second.Busy, "the function is called again, on CPU 1");
        _second.Resume();
        Assert.False(_second.Busy);
        Assert.Equal([1, 1], Calls.ConvertAll(call => call.Cpu));
    }

    [Fact]
    [Trait("Row", "TIME-02")]
    public void DelTimerSyncAlsoWaitsForAFunctionThatSentItsTimerToAnotherCpu()
    {
        Scripts[0] = () =>
        {
            _inside++;
            Timer(0)->Expires = Jiffies + 2;
            AddTimerOn(Timer(0), 0);
            _second.Pause();
            _inside--;
        };
        StartFunction();
        Assert.Equal(-1, TryToDelTimerSync(Timer(0)));
        ResumeWhileSpinning();
        Assert.Equal(1, DelTimerSync(Timer(0)));
        Simulation.OnArchCall = null;
        Assert.Equal(0, _inside);
        Calls.Clear();
        Ticks(10);
        Assert.Empty(Calls);
    }

    [Fact]
    [Trait("Row", "TIME-02")]
    public void DelTimerSyncOfAnotherTimerDoesNotWait()
    {
        Arm(1, 100);
        StartFunction();
        Assert.Equal(1, DelTimerSync(Timer(1)));
        Assert.Equal(1, _inside);
    }

    [Fact]
    [Trait("Row", "TIME-02")]
    public void AFunctionMayDeleteATimerOfAnotherCpuAndWait()
    {
        StartFunction();
        Scripts[1] = () =>
        {
            Assert.Equal(0, DelTimerSync(Timer(0)));
            Assert.Equal(0, _inside);
        };
        Arm(1, 1);
        Clock.Tick();
        ResumeWhileSpinning(100);
        Serve(0);
        Simulation.OnArchCall = null;
        Assert.Equal(2, Calls.Count);
        Assert.Equal(0, Timers.Misuses);
    }
}
