// Two CPUs and one line: who waits for whom, and that no edge is lost between them.

using Xunit;

namespace CSharpOS.Hosted.Irq;

public sealed unsafe class IrqSmpTests : IDisposable
{
    private readonly IrqMachine _machine = new();
    private readonly SecondCpu _second = new();
    private int _inside;

    public IrqSmpTests()
    {
        Handlers.Reset();
        Handlers.Scripts[0] = () =>
        {
            Assert.Equal(1, ++_inside);
            if (Simulation.CurrentCpu == 1)
            {
                _second.Pause();
            }

            _inside--;
            return IrqReturn.Handled;
        };
    }

    public void Dispose() => _second.Dispose();

    // CPU 0 spins: after a while CPU 1 goes on. Gives how often CPU 0 looked.
    private Func<int> ResumeWhileSpinning(int after = 10)
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
    [Trait("Row", "IRQ-05")]
    public void FreeIrqReturnsOnlyWhenNoCpuRunsTheHandler()
    {
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        _second.Run(() => _machine.Pulse(5));
        Assert.Equal(1, _inside);
        Func<int> spins = ResumeWhileSpinning(50);
        FreeIrq(5, null);
        Assert.True(spins() >= 50);
        Assert.Equal(0, _inside);
        Simulation.OnArchCall = null;
        Assert.False(_second.Busy);
        Assert.True(I8259A.IsMasked(5));
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-05")]
    public void AHandlerThatIsFreedWhileItsLineRunsDoesNotCutOffTheOnesBehindIt()
    {
        RequestIrq(5, Handlers.Get(0), IrqFlags.Shared, "one"u8, (void*)1);
        RequestIrq(5, Handlers.Get(1), IrqFlags.Shared, "two"u8, (void*)2);
        _second.Run(() => _machine.Pulse(5));
        ResumeWhileSpinning(50);
        FreeIrq(5, (void*)1);
        Simulation.OnArchCall = null;
        Assert.Equal("0 1", Handlers.Order);
        _machine.Pulse(5);
        Assert.Equal("0 1 1", Handlers.Order);
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-08")]
    public void DisableIrqAndSynchronizeIrqWaitNosyncDoesNot()
    {
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        _second.Run(() => _machine.Pulse(5));
        DisableIrqNosync(5);
        Assert.Equal(1, _inside);
        EnableIrq(5);
        Assert.Equal(1, _inside);
        ResumeWhileSpinning(50);
        DisableIrq(5);
        Assert.Equal(0, _inside);
        Simulation.OnArchCall = null;
        EnableIrq(5);
        _second.Run(() => _machine.Pulse(5));
        ResumeWhileSpinning(50);
        SynchronizeIrq(5);
        Assert.Equal(0, _inside);
        Simulation.OnArchCall = null;
        Assert.Equal(0, IrqMachine.Logged("waits for itself"));
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-08")]
    public void AHandlerOnAnotherLineMayWaitForALineOfAnotherCpu()
    {
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        RequestIrq(11, Handlers.Get(1), IrqFlags.None, "other"u8, null);
        Handlers.Scripts[1] = () =>
        {
            SynchronizeIrq(5);
            Assert.Equal(0, _inside);
            return IrqReturn.Handled;
        };
        _second.Run(() => _machine.Pulse(5));
        ResumeWhileSpinning(100);
        _machine.Take(11);
        Simulation.OnArchCall = null;
        Assert.Equal(0, IrqMachine.Logged("waits for itself"));
    }

    [Fact]
    [Trait("Row", "IRQ-06")]
    public void AHandlerIsNeverEnteredOnTwoCpusAndTheEdgesMerge()
    {
        EdgeChip.Install(false);
        RequestIrq(EdgeChip.Irq, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        _second.Run(() => _machine.Take(EdgeChip.Irq));
        Assert.Equal(1, _inside);
        for (int i = 0; i < 3; i++)
        {
            _machine.Take(EdgeChip.Irq);
        }

        Assert.Single(Handlers.Calls);
        Assert.True(IrqToDescriptor(EdgeChip.Irq)->Has(IrqStatus.Pending));
        _second.Resume();
        Assert.Equal(2, Handlers.Calls.Count);
        _second.Resume();
        Assert.False(_second.Busy);
        Assert.Equal(2, Handlers.Calls.Count);
        Assert.Equal(4, EdgeChip.Acks);
        Assert.Equal(3u, IrqStatistics.Irqs(EdgeChip.Irq, 0));
        Assert.Equal(1u, IrqStatistics.Irqs(EdgeChip.Irq, 1));
        Assert.False(IrqToDescriptor(EdgeChip.Irq)->Has(IrqStatus.Pending | IrqStatus.InProgress));
    }

    [Fact]
    [Trait("Row", "IRQ-02")]
    public void AnEdgeThatIsPendingWhenTheLineIsDisabledUnderTheHandlerWaitsForEnable()
    {
        EdgeChip.Install(false);
        RequestIrq(EdgeChip.Irq, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        RequestIrq(3, Handlers.Get(1), IrqFlags.None, "other"u8, null);
        _second.Run(() => _machine.Take(EdgeChip.Irq));
        _machine.Take(EdgeChip.Irq);
        DisableIrqNosync(EdgeChip.Irq);
        _second.Resume();
        Assert.False(_second.Busy);
        Assert.Single(Handlers.Calls);
        _machine.Pulse(3);
        Assert.Equal("0 1", Handlers.Order);
        EnableIrq(EdgeChip.Irq);
        _machine.Pulse(3);
        Assert.Equal("0 1 1 0", Handlers.Order);
        _machine.Pulse(3);
        Assert.Equal("0 1 1 0 1", Handlers.Order);
    }

    [Fact]
    [Trait("Row", "IRQ-02")]
    public void AControllerThatCanRaiseAnInterruptAgainIsAskedTo()
    {
        EdgeChip.Install(true);
        RequestIrq(EdgeChip.Irq, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        DisableIrq(EdgeChip.Irq);
        _machine.Take(EdgeChip.Irq);
        Assert.Empty(Handlers.Calls);
        EnableIrq(EdgeChip.Irq);
        Assert.Equal(1, EdgeChip.Retriggers);
        _machine.Take(EdgeChip.Irq);
        Assert.Single(Handlers.Calls);
        DisableIrq(EdgeChip.Irq);
        EnableIrq(EdgeChip.Irq);
        Assert.Equal(1, EdgeChip.Retriggers);
    }

    [Fact]
    [Trait("Row", "IRQ-02")]
    public void AnEdgeIsDeliveredOnceEvenIfAnotherComesBeforeTheReplay()
    {
        EdgeChip.Install(false);
        RequestIrq(EdgeChip.Irq, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        RequestIrq(3, Handlers.Get(1), IrqFlags.None, "other"u8, null);
        DisableIrq(EdgeChip.Irq);
        _machine.Take(EdgeChip.Irq);
        EnableIrq(EdgeChip.Irq);
        _machine.Take(EdgeChip.Irq);
        _machine.Pulse(3);
        Assert.Equal("0 1", Handlers.Order);
    }

    [Fact]
    [Trait("Row", "IRQ-02")]
    public void AReplayWaitsForALineThatIsDisabledAgain()
    {
        EdgeChip.Install(false);
        RequestIrq(EdgeChip.Irq, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        RequestIrq(3, Handlers.Get(1), IrqFlags.None, "other"u8, null);
        DisableIrq(EdgeChip.Irq);
        _machine.Take(EdgeChip.Irq);
        EnableIrq(EdgeChip.Irq);
        DisableIrq(EdgeChip.Irq);
        _machine.Pulse(3);
        Assert.Equal("1", Handlers.Order);
        EnableIrq(EdgeChip.Irq);
        _machine.Pulse(3);
        Assert.Equal("1 1 0", Handlers.Order);
    }

    [Fact]
    [Trait("Row", "IRQ-02")]
    public void ALevelLineIsNotReplayed()
    {
        var machine = new IrqMachine(elcr: 1 << 11);
        RequestIrq(11, Handlers.Get(1), IrqFlags.Shared, "device"u8, (void*)1);
        RequestIrq(3, Handlers.Get(2), IrqFlags.None, "other"u8, null);
        machine.Pic.SetLine(11, true);
        int line = machine.Pic.Acknowledge() - 0x20;
        DisableIrq(11);
        machine.Pic.SetLine(11, false);
        machine.Take(line);
        EnableIrq(11);
        machine.Pulse(3);
        Assert.Equal("2", Handlers.Order);
    }

    [Fact]
    [Trait("Row", "IRQ-04")]
    public void ANewHandlerMayComeWhileTheFreedOneStillRuns()
    {
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "old"u8, null);
        _second.Run(() => _machine.Pulse(5));
        bool requested = false;
        int spins = 0;
        Simulation.OnArchCall = () =>
        {
            // FreeIrq waits; another task takes the line over meanwhile.
            if (++spins == 20 && !requested)
            {
                requested = true;
                Assert.Equal(0, RequestIrq(5, Handlers.Get(1), IrqFlags.None, "new"u8, null));
                Assert.True(IrqToDescriptor(5)->Has(IrqStatus.InProgress));
                Assert.True(I8259A.IsMasked(5));
            }
            else if (spins > 60)
            {
                _second.Resume();
            }
        };
        FreeIrq(5, null);
        Simulation.OnArchCall = null;
        Assert.True(requested);
        Assert.False(I8259A.IsMasked(5));
        _machine.Pulse(5);
        Assert.Equal("0 1", Handlers.Order);
        _machine.AssertQuiet();
    }
}
