// RequestIrq, SetupIrq and FreeIrq: who may have a line, and what is left when it is given back.

using CSharpOS.Mm;
using Xunit;

namespace CSharpOS.Hosted.Irq;

public sealed unsafe class RequestIrqTests
{
    private readonly IrqMachine _machine = new();

    public RequestIrqTests() => Handlers.Reset();

    [Fact]
    [Trait("Row", "IRQ-04")]
    public void FlagsHaveLinuxValuesAndBothNames()
    {
        Assert.Equal(0x20, (int)IrqFlags.SaInterrupt);
        Assert.Equal(0x40, (int)IrqFlags.SaSampleRandom);
        Assert.Equal(0x80, (int)IrqFlags.SaShirq);
        Assert.Equal(IrqFlags.Disabled, IrqFlags.SaInterrupt);
        Assert.Equal(IrqFlags.SampleRandom, IrqFlags.SaSampleRandom);
        Assert.Equal(IrqFlags.Shared, IrqFlags.SaShirq);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(16)]
    [InlineData(224)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    [Trait("Row", "IRQ-04")]
    public void ABadLineIsEinval(int irq) =>
        Assert.Equal(-EINVAL, RequestIrq(irq, Handlers.Get(0), IrqFlags.None, "device"u8, null));

    [Fact]
    [Trait("Row", "IRQ-04")]
    public void NoHandlerIsEinval() => Assert.Equal(-EINVAL, RequestIrq(5, null, IrqFlags.None, "device"u8, null));

    [Fact]
    [Trait("Row", "IRQ-04")]
    public void SharedWithoutCookieIsEinval()
    {
        Assert.Equal(-EINVAL, RequestIrq(5, Handlers.Get(0), IrqFlags.Shared, "device"u8, null));
        Assert.True(IrqToDescriptor(5)->Action == null);
        Assert.Equal(0, RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null));
    }

    [Theory]
    [InlineData(IrqFlags.None, IrqFlags.None)]
    [InlineData(IrqFlags.None, IrqFlags.Shared)]
    [InlineData(IrqFlags.Shared, IrqFlags.None)]
    [Trait("Row", "IRQ-04")]
    public void ATakenLineIsEbusyUnlessBothShare(IrqFlags first, IrqFlags second)
    {
        Assert.Equal(0, RequestIrq(5, Handlers.Get(0), first, "one"u8, (void*)1));
        Assert.Equal(-EBUSY, RequestIrq(5, Handlers.Get(1), second, "two"u8, (void*)2));
        _machine.Pulse(5);
        Assert.Equal("0", Handlers.Order);
    }

    [Fact]
    [Trait("Row", "IRQ-04")]
    public void NoMemoryIsEnomemAndChangesNothing()
    {
        AllocationFailure.Clear();
        AllocationFailure.FailNth(1);
        Assert.Equal(-ENOMEM, RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null));
        AllocationFailure.Clear();
        Assert.True(IrqToDescriptor(5)->Action == null);
        Assert.True(I8259A.IsMasked(5));
        Assert.Equal(0, RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null));
    }

    [Fact]
    [Trait("Row", "IRQ-04")]
    public void TheFirstHandlerEnablesTheLine()
    {
        Assert.True(I8259A.IsMasked(5));
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        Assert.False(I8259A.IsMasked(5));
        Assert.Equal(0, IrqToDescriptor(5)->Depth);
    }

    [Fact]
    [Trait("Row", "IRQ-04")]
    public void ASecondHandlerDoesNotEnableALineThatIsDisabled()
    {
        RequestIrq(5, Handlers.Get(0), IrqFlags.Shared, "one"u8, (void*)1);
        DisableIrq(5);
        RequestIrq(5, Handlers.Get(1), IrqFlags.Shared, "two"u8, (void*)2);
        Assert.True(I8259A.IsMasked(5));
        EnableIrq(5);
        _machine.Pulse(5);
        Assert.Equal("0 1", Handlers.Order);
    }

    [Fact]
    [Trait("Row", "IRQ-04")]
    public void FromInterruptContextItIsReported()
    {
        Handlers.Scripts[0] = () =>
        {
            RequestIrq(6, Handlers.Get(1), IrqFlags.None, "device"u8, null);
            return IrqReturn.Handled;
        };
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        Assert.Equal(0, IrqMachine.Logged("sleeping function called from invalid context"));
        _machine.Pulse(5);
        Assert.NotEqual(0, IrqMachine.Logged("sleeping function called from invalid context"));
    }

    [Fact]
    [Trait("Row", "IRQ-04")]
    public void SetupIrqTakesAnActionOfTheCallersAndFollowsTheSameRules()
    {
        IrqAction* action = (IrqAction*)Kzalloc((nuint)sizeof(IrqAction), GfpFlags.Kernel);
        action->DevId = action;
        Assert.Equal(-EINVAL, SetupIrq(5, action));
        action->Handler = Handlers.Get(0);
        Assert.Equal(-EINVAL, SetupIrq(16, action));
        Assert.Equal(0, SetupIrq(5, action));
        Assert.Equal(-EBUSY, RequestIrq(5, Handlers.Get(1), IrqFlags.Shared, "two"u8, (void*)2));
        _machine.Pulse(5);
        Assert.Equal("0", Handlers.Order);

        // Freed like any other, but its memory is the caller's.
        FreeIrq(5, action);
        Assert.True(IrqToDescriptor(5)->Action == null);
        Kfree(action);
    }

    [Fact]
    [Trait("Row", "IRQ-05")]
    public void FreeRemovesExactlyTheHandlerWithTheCookie()
    {
        for (int i = 0; i < 3; i++)
        {
            RequestIrq(5, Handlers.Get(i), IrqFlags.Shared, "device"u8, (void*)(i + 1));
        }

        FreeIrq(5, (void*)2);
        _machine.Pulse(5);
        Assert.Equal("0 2", Handlers.Order);
        Assert.False(I8259A.IsMasked(5));
        FreeIrq(5, (void*)1);
        _machine.Pulse(5);
        Assert.Equal("0 2 2", Handlers.Order);
        FreeIrq(5, (void*)3);
        Assert.True(I8259A.IsMasked(5));
        Assert.True(IrqToDescriptor(5)->Has(IrqStatus.Disabled));
        _machine.Pulse(5);
        Assert.Equal("0 2 2", Handlers.Order);
        Assert.Equal(0, IrqMachine.Logged("already-free"));
    }

    [Fact]
    [Trait("Row", "IRQ-05")]
    public void AWrongCookieIsReportedAndChangesNothing()
    {
        RequestIrq(5, Handlers.Get(0), IrqFlags.Shared, "one"u8, (void*)1);
        RequestIrq(5, Handlers.Get(1), IrqFlags.Shared, "two"u8, (void*)2);
        FreeIrq(5, (void*)3);
        Assert.Equal(1, IrqMachine.Logged("Trying to free already-free IRQ 5"));
        FreeIrq(5, null);
        Assert.Equal(2, IrqMachine.Logged("Trying to free already-free IRQ 5"));
        _machine.Pulse(5);
        Assert.Equal("0 1", Handlers.Order);
        _machine.AssertQuiet();
    }

    [Theory]
    [InlineData(6)]
    [InlineData(16)]
    [InlineData(-1)]
    [Trait("Row", "IRQ-05")]
    public void FreeingAFreeLineIsReported(int irq)
    {
        FreeIrq(irq, null);
        Assert.Equal(1, IrqMachine.Logged($"Trying to free already-free IRQ {irq}"));
    }

    [Fact]
    [Trait("Row", "IRQ-05")]
    public void FreeFromInterruptContextIsReportedAndChangesNothing()
    {
        Handlers.Scripts[0] = () =>
        {
            FreeIrq(5, (void*)1);
            return IrqReturn.Handled;
        };
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, (void*)1);
        _machine.Pulse(5);
        Assert.Equal(1, IrqMachine.Logged("irq 5: free_irq from interrupt context"));
        _machine.Pulse(5);
        Assert.Equal("0 0", Handlers.Order);
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-05")]
    public void ALineCanBeRequestedAndFreedForEver()
    {
        for (int i = 0; i < 10_000; i++)
        {
            Assert.Equal(0, RequestIrq(5, Handlers.Get(0), IrqFlags.Shared, "one"u8, (void*)1));
            Assert.Equal(0, RequestIrq(5, Handlers.Get(1), IrqFlags.Shared, "two"u8, (void*)2));
            _machine.Pulse(5);
            FreeIrq(5, (void*)(1 + (i & 1)));
            FreeIrq(5, (void*)(2 - (i & 1)));
        }

        Assert.Equal(20_000, Handlers.Calls.Count);
        _machine.AssertQuiet();
    }
}
