// Lines that nobody cares for.

using Xunit;

namespace CSharpOS.Hosted.Irq;

public sealed unsafe class UnhandledTests
{
    private readonly IrqMachine _machine = new();
    private int _handled;

    public UnhandledTests()
    {
        Handlers.Reset();
        Handlers.Scripts[0] = () => _handled-- > 0 ? IrqReturn.Handled : IrqReturn.None;
        Handlers.Scripts[1] = () => IrqReturn.None;
        RequestIrq(5, Handlers.Get(0), IrqFlags.Shared, "first"u8, (void*)1);
        RequestIrq(5, Handlers.Get(1), IrqFlags.Shared, "second"u8, (void*)2);
    }

    private void Storm(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _machine.Pulse(5);
            Handlers.Calls.Clear();
        }
    }

    [Fact]
    [Trait("Row", "IRQ-07")]
    public void ALineThatNobodyHandlesIsReportedWithItsHandlersAndDisabled()
    {
        Storm(99_999);
        Assert.Equal(0, IrqMachine.Logged("nobody cared"));
        Assert.False(I8259A.IsMasked(5));
        Storm(1);
        Assert.Equal(1, IrqMachine.Logged("irq 5: nobody cared"));
        Assert.Equal(1, IrqMachine.Logged("(first)"));
        Assert.Equal(1, IrqMachine.Logged("(second)"));
        Assert.True(I8259A.IsMasked(5));
        Storm(10);
        Assert.Equal(100_000u, IrqStatistics.Irqs(5, 0));
        _machine.AssertQuiet();

        // The machine goes on.
        RequestIrq(6, Handlers.Get(2), IrqFlags.None, "other"u8, null);
        _machine.Pulse(6);
        Assert.Single(Handlers.Calls);
    }

    [Theory]
    [InlineData(99, true)]
    [InlineData(100, false)]
    [Trait("Row", "IRQ-07")]
    public void TheLimitIs99900Of100000(int handled, bool disabled)
    {
        _handled = handled;
        Storm(100_000);
        Assert.Equal(disabled, I8259A.IsMasked(5));
        Assert.Equal(disabled ? 1 : 0, IrqMachine.Logged("nobody cared"));
    }

    [Fact]
    [Trait("Row", "IRQ-07")]
    public void EveryWindowIsJudgedByItself()
    {
        _handled = 100;
        Storm(100_000);
        _handled = 100;
        Storm(100_000);
        Assert.False(I8259A.IsMasked(5));
        Storm(100_000);
        Assert.True(I8259A.IsMasked(5));
    }

    [Fact]
    [Trait("Row", "IRQ-07")]
    public void EnableIrqBringsTheLineBack()
    {
        Storm(100_000);
        EnableIrq(5);
        Assert.False(I8259A.IsMasked(5));
        Assert.Equal(0, IrqMachine.Logged("Unbalanced"));
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-07")]
    public void AnotherHandlerBringsTheLineBack()
    {
        Storm(100_000);
        RequestIrq(5, Handlers.Get(2), IrqFlags.Shared, "third"u8, (void*)3);
        Assert.False(I8259A.IsMasked(5));
        _machine.Pulse(5);
        Assert.Equal("0 1 2", Handlers.Order);
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-07")]
    public void AStuckLevelLineIsStoppedAndTheMachineGoesOn()
    {
        var machine = new IrqMachine(elcr: 1 << 11);
        RequestIrq(11, Handlers.Get(1), IrqFlags.Shared, "deaf"u8, (void*)1);
        machine.Pic.SetLine(11, true);
        machine.Deliver();
        Assert.Equal(100_000u, IrqStatistics.Irqs(11, 0));
        Assert.Equal(1, IrqMachine.Logged("irq 11: nobody cared"));
        machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-07")]
    public void AStormThatIsHandledIsNoReasonToDisable()
    {
        _handled = int.MaxValue;
        Storm(250_000);
        Assert.Equal(250_000u, IrqStatistics.Irqs(5, 0));
        Assert.False(I8259A.IsMasked(5));
        Assert.Equal(0, IrqMachine.Logged("nobody cared"));
    }

    [Fact]
    [Trait("Row", "IRQ-19")]
    public void AnInterruptIsUnhandledOnlyIfEveryHandlerSaysNone()
    {
        Handlers.Scripts[0] = () => IrqReturn.None;
        Handlers.Scripts[1] = () => IrqReturn.Handled;
        Storm(200_000);
        Assert.False(I8259A.IsMasked(5));
    }

    [Fact]
    [Trait("Row", "IRQ-19")]
    public void AResultThatMeansNothingIsReportedOnceAndCountsAsUnhandled()
    {
        Handlers.Scripts[1] = () => (IrqReturn)0x40;
        Storm(3);
        Assert.Equal(1, IrqMachine.Logged("irq 5: a handler returned 00000040"));
        Assert.Equal(3u, IrqToDescriptor(5)->Unhandled);
    }
}
