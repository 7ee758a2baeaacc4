// Finding a device's line.

using Xunit;

namespace CSharpOS.Hosted.Irq;

public sealed unsafe class ProbeTests
{
    private readonly IrqMachine _machine = new();

    public ProbeTests()
    {
        Handlers.Reset();
        Clock.SetTscKhz(1000);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(10)]
    [InlineData(15)]
    [Trait("Row", "IRQ-17")]
    public void TheLineThatInterruptsIsFound(int irq)
    {
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "taken"u8, null);
        ulong watched = ProbeIrqOn();
        Assert.Equal(0xfffful & ~(1ul << 2) & ~(1ul << 5), watched);
        _machine.Pulse(irq);
        _machine.Pulse(irq);
        _machine.Pulse(5);
        Assert.Equal(irq, ProbeIrqOff(watched));
        Assert.Equal(0xfffful & ~(1ul << 2) & ~(1ul << 5), (ulong)_machine.Pic.Masked);
        Assert.Equal("0", Handlers.Order);
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-17")]
    public void NoneIsZeroSeveralAreNegative()
    {
        ulong watched = ProbeIrqOn();
        Assert.Equal(0, ProbeIrqOff(watched));
        watched = ProbeIrqOn();
        _machine.Pulse(9);
        _machine.Pulse(4);
        Assert.Equal(-4, ProbeIrqOff(watched));
    }

    [Fact]
    [Trait("Row", "IRQ-17")]
    public void LinesThatInterruptByThemselvesAreLeftOut()
    {
        // Line 6 has an old edge in the controller, line 9 interrupts all the time.
        _machine.Pic.Pulse(6);
        Simulation.OnArchCall = () =>
        {
            _machine.Pic.Pulse(9);
            _machine.Deliver();
        };
        ulong watched = ProbeIrqOn();
        Assert.Equal(1ul << 6, watched & (1ul << 6));
        Assert.Equal(0ul, watched & (1ul << 9));
        _machine.Pulse(11);
        int found = ProbeIrqOff(watched);
        Simulation.OnArchCall = null;
        Assert.Equal(11, found);
    }

    [Fact]
    [Trait("Row", "IRQ-17")]
    public void OneProbeAtATime()
    {
        ulong watched = ProbeIrqOn();
        Assert.NotEqual(0ul, watched);
        Assert.Equal(0ul, ProbeIrqOn());
        ProbeIrqOff(watched);
        watched = ProbeIrqOn();
        Assert.NotEqual(0ul, watched);
        ProbeIrqOff(watched);
    }

    [Fact]
    [Trait("Row", "IRQ-17")]
    public void ALineMayBeRequestedDuringAProbe()
    {
        ulong watched = ProbeIrqOn();
        RequestIrq(10, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        _machine.Pulse(10);
        Assert.Equal(0, ProbeIrqOff(watched));
        _machine.Pulse(10);
        Assert.Equal("0 0", Handlers.Order);
        _machine.AssertQuiet();
    }
}
