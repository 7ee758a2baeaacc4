// The 8259A pair: set-up, masks, acknowledgement, spurious interrupts, edge and level.

using Xunit;

namespace CSharpOS.Hosted.Irq;

public sealed unsafe class I8259ATests
{
    private readonly IrqMachine _machine = new();

    public I8259ATests() => Handlers.Reset();

    private SimulatedPic Pic => _machine.Pic;

    [Fact]
    [Trait("Row", "IRQ-03")]
    public void InitRemapsToTheVectorsFrom0x20AndMasksAllButTheCascade()
    {
        Assert.Equal(0x20, Pic.MasterBase);
        Assert.Equal(0x28, Pic.SlaveBase);
        Assert.Equal(0xfffb, Pic.Masked);
    }

    [Fact]
    [Trait("Row", "IRQ-03")]
    public void MaskAndUnmaskTouchOneLineOnly()
    {
        for (int irq = 0; irq < I8259A.Lines; irq++)
        {
            int before = Pic.Masked;
            I8259A.Unmask(irq);
            Assert.Equal(before & ~(1 << irq), Pic.Masked);
            Assert.False(I8259A.IsMasked(irq));
            I8259A.Mask(irq);
            Assert.Equal(before | (1 << irq), Pic.Masked);
            Assert.True(I8259A.IsMasked(irq));
            if (irq == I8259A.CascadeIrq)
            {
                I8259A.Unmask(irq);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(11)]
    [InlineData(15)]
    [Trait("Row", "IRQ-03")]
    public void MaskAndAckMasksAndEndsTheInterruptInBothControllers(int irq)
    {
        I8259A.Unmask(irq);
        Pic.Pulse(irq);
        Assert.True(Pic.Interrupt);
        Assert.Equal(0x20 + irq, Pic.Acknowledge());
        Assert.NotEqual(0, Pic.InService);
        Assert.True(I8259A.MaskAndAck(irq));
        Assert.Equal(0, Pic.InService);
        Assert.Equal(0, Pic.WrongEois);
        Assert.True(I8259A.IsMasked(irq));
        Assert.Equal(0u, IrqStatistics.Errors);
    }

    [Fact]
    [Trait("Row", "IRQ-03")]
    public void EveryLineReachesItsHandlerAndIsUnmaskedAfterwards()
    {
        for (int irq = 0; irq < I8259A.Lines; irq++)
        {
            if (irq == I8259A.CascadeIrq)
            {
                continue;
            }

            Assert.Equal(0, RequestIrq(irq, Handlers.Get(0), IrqFlags.None, "device"u8, null));
            for (int i = 1; i <= 3; i++)
            {
                _machine.Pulse(irq);
                Assert.Equal(i, Handlers.Calls.Count);
                Assert.Equal(irq, Handlers.Calls[^1].Irq);
            }

            Assert.Equal(3u, IrqStatistics.Irqs(irq, 0));
            _machine.AssertQuiet();
            Handlers.Calls.Clear();
        }
    }

    [Fact]
    [Trait("Row", "IRQ-03")]
    public void SpuriousSevenGetsNoEndOfInterruptAndIsCounted()
    {
        RequestIrq(7, Handlers.Get(0), IrqFlags.None, "printer"u8, null);
        for (int i = 1; i <= 3; i++)
        {
            Pic.AcknowledgeSpurious(7);
            _machine.Take(7);
            Assert.Equal((uint)i, IrqStatistics.Errors);
        }

        Assert.Empty(Handlers.Calls);
        Assert.Equal(0u, IrqStatistics.Irqs(7, 0));
        Assert.False(I8259A.IsMasked(7));
        Assert.Equal(1, IrqMachine.Logged("spurious 8259A interrupt: IRQ7."));
        _machine.AssertQuiet();

        // The line still works: a real one is none the worse for it.
        _machine.Pulse(7);
        Assert.Single(Handlers.Calls);
        Assert.Equal(3u, IrqStatistics.Errors);
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-03")]
    public void SpuriousFifteenGetsAnEndOfInterruptForTheMasterOnly()
    {
        RequestIrq(15, Handlers.Get(0), IrqFlags.None, "disk"u8, null);
        RequestIrq(14, Handlers.Get(1), IrqFlags.None, "disk"u8, null);
        Pic.AcknowledgeSpurious(15);
        Assert.Equal(4, Pic.InService);
        _machine.Take(15);
        _machine.AssertQuiet();
        Assert.Empty(Handlers.Calls);
        Assert.Equal(1u, IrqStatistics.Errors);
        Assert.Equal(1, IrqMachine.Logged("spurious 8259A interrupt: IRQ15."));
        _machine.Pulse(15);
        _machine.Pulse(14);
        Assert.Equal("0 1", Handlers.Order);
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-03")]
    public void ASpuriousSevenInsideAHandlerDoesNotEndTheHandlersInterrupt()
    {
        // Line 3 in service without acknowledgement (as between the vector and MaskAndAck); then the controller says 7.
        I8259A.Unmask(3);
        Pic.Pulse(3);
        Pic.Acknowledge();
        _machine.Take(7);
        Assert.Equal(8, Pic.InService);
        Assert.Equal(1u, IrqStatistics.Errors);
    }

    [Fact]
    [Trait("Row", "IRQ-03")]
    public void ALineThatLetsGoTooEarlyBecomesSpurious()
    {
        Pic.ForgetsEarlyRelease = true;
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        Pic.SetLine(5, true);
        Assert.True(Pic.Interrupt);
        Pic.SetLine(5, false);
        _machine.Take(Pic.Acknowledge() - 0x20);
        Assert.Empty(Handlers.Calls);
        Assert.Equal(1u, IrqStatistics.Errors);
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-03")]
    public void EdgeOrLevelComesFromElcr()
    {
        _ = new IrqMachine(elcr: 0x0c20);
        for (int irq = 0; irq < I8259A.Lines; irq++)
        {
            Assert.Equal(irq is 5 or 10 or 11, I8259A.IsLevel(irq));
            Assert.Equal(irq is 5 or 10 or 11, IrqToDescriptor(irq)->Has(IrqStatus.Level));
        }
    }

    [Fact]
    [Trait("Row", "IRQ-03")]
    public void TriggerCanBeSetExceptOnLinesThatMustBeEdge()
    {
        Assert.Equal(0, I8259A.SetTrigger(5, true));
        Assert.Equal(0, I8259A.SetTrigger(11, true));
        Assert.Equal((1 << 5) | (1 << 11), Pic.Elcr);
        Assert.True(IrqToDescriptor(11)->Has(IrqStatus.Level));
        Assert.Equal(0, I8259A.SetTrigger(5, false));
        Assert.Equal(1 << 11, Pic.Elcr);
        foreach (int irq in (int[])[0, 1, 2, 8, 13, -1, 16])
        {
            Assert.Equal(-EINVAL, I8259A.SetTrigger(irq, true));
        }

        Assert.Equal(1 << 11, Pic.Elcr);
    }

    [Fact]
    [Trait("Row", "IRQ-03")]
    public void WithoutElcrAllLinesAreEdge()
    {
        _ = new IrqMachine(withElcr: false);
        for (int irq = 0; irq < I8259A.Lines; irq++)
        {
            Assert.False(I8259A.IsLevel(irq));
        }

        Assert.Equal(-ENODEV, I8259A.SetTrigger(5, true));
        Assert.Equal(0, I8259A.SetTrigger(5, false));
    }

    [Fact]
    [Trait("Row", "IRQ-03")]
    public void ALevelLineInterruptsUntilItsDeviceIsServed()
    {
        var machine = new IrqMachine(elcr: 1 << 11);
        int left = 3;
        Handlers.Scripts[0] = () =>
        {
            if (--left == 0)
            {
                machine.Pic.SetLine(11, false);
            }

            return IrqReturn.Handled;
        };
        RequestIrq(11, Handlers.Get(0), IrqFlags.Shared, "device"u8, (void*)1);
        machine.Pic.SetLine(11, true);
        machine.Deliver();
        Assert.Equal(3, Handlers.Calls.Count);
        machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-03")]
    public void IsPendingShowsARequestThatIsMasked()
    {
        Assert.False(I8259A.IsPending(9));
        Pic.Pulse(9);
        Assert.True(I8259A.IsPending(9));
        Assert.False(I8259A.IsPending(1));
    }

    [Fact]
    [Trait("Row", "IRQ-03")]
    public void TheCascadeLineIsTaken() => Assert.Equal(-EBUSY, RequestIrq(2, Handlers.Get(0), IrqFlags.Shared, "device"u8, (void*)1));
}
