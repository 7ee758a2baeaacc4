// DisableIrq, EnableIrq, SynchronizeIrq: nesting, balance, and callers that would wait for themselves.

using System.Linq;
using Xunit;

namespace CSharpOS.Hosted.Irq;

public sealed unsafe class DisableIrqTests
{
    private readonly IrqMachine _machine = new();

    public DisableIrqTests()
    {
        Handlers.Reset();
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null);
    }

    [Fact]
    [Trait("Row", "IRQ-08")]
    public void DisableNests()
    {
        DisableIrq(5);
        DisableIrqNosync(5);
        DisableIrq(5);
        for (int i = 0; i < 3; i++)
        {
            Assert.True(I8259A.IsMasked(5));
            _machine.Pulse(5);
            Assert.Empty(Handlers.Calls);
            EnableIrq(5);
        }

        Assert.False(I8259A.IsMasked(5));
        _machine.Deliver();
        Assert.Single(Handlers.Calls);
        Assert.Equal(0, IrqMachine.Logged("Unbalanced"));
    }

    [Fact]
    [Trait("Row", "IRQ-08")]
    public void AnUnbalancedEnableIsReportedAndChangesNothing()
    {
        EnableIrq(5);
        Assert.Equal(1, IrqMachine.Logged("Unbalanced enable for IRQ 5"));
        DisableIrq(5);
        Assert.True(I8259A.IsMasked(5));
        EnableIrq(5);
        Assert.False(I8259A.IsMasked(5));
        Assert.Equal(1, IrqMachine.Logged("Unbalanced"));
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-08")]
    public void EnablingALineWithoutHandlersIsUnbalanced()
    {
        EnableIrq(6);
        Assert.Equal(1, IrqMachine.Logged("Unbalanced enable for IRQ 6"));
        Assert.True(I8259A.IsMasked(6));
        Assert.True(IrqToDescriptor(6)->Has(IrqStatus.Disabled));
    }

    [Fact]
    [Trait("Row", "IRQ-08")]
    public void LinesThatDoNotExistAreReported()
    {
        DisableIrq(16);
        Assert.Equal(1, IrqMachine.Logged("disable_irq: there is no IRQ 16"));
        EnableIrq(-1);
        Assert.Equal(1, IrqMachine.Logged("enable_irq: there is no IRQ -1"));
        SynchronizeIrq(300);
        Assert.Equal(1, IrqMachine.Logged("synchronize_irq: there is no IRQ 300"));
    }

    [Fact]
    [Trait("Row", "IRQ-08")]
    public void DisableFromAHandlerOfTheSameLineIsReportedAndDoesNotWait()
    {
        Handlers.Scripts[0] = () =>
        {
            DisableIrq(5);
            return IrqReturn.Handled;
        };
        _machine.Pulse(5);
        Assert.Equal(1, IrqMachine.Logged("irq 5: a handler of this line waits for itself"));
        Assert.True(I8259A.IsMasked(5));
        _machine.Pulse(5);
        Assert.Single(Handlers.Calls);
        Handlers.Scripts[0] = null;
        EnableIrq(5);
        _machine.Deliver();
        Assert.Equal(2, Handlers.Calls.Count);
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-08")]
    public void SynchronizeFromAHandlerThatInterruptedTheLineIsReportedToo()
    {
        RequestIrq(11, Handlers.Get(1), IrqFlags.None, "other"u8, null);
        Handlers.Scripts[0] = () =>
        {
            _machine.Pulse(11);
            return IrqReturn.Handled;
        };
        Handlers.Scripts[1] = () =>
        {
            SynchronizeIrq(5);
            return IrqReturn.Handled;
        };
        _machine.Pulse(5);
        Assert.Equal("0 1", Handlers.Order);
        Assert.Equal(1, IrqMachine.Logged("irq 5: a handler of this line waits for itself"));
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-08")]
    public void SynchronizeOfAnotherLineFromAHandlerIsFine()
    {
        RequestIrq(11, Handlers.Get(1), IrqFlags.None, "other"u8, null);
        Handlers.Scripts[0] = () =>
        {
            SynchronizeIrq(11);
            DisableIrq(11);
            EnableIrq(11);
            return IrqReturn.Handled;
        };
        _machine.Pulse(5);
        Assert.Equal(0, IrqMachine.Logged("waits for itself"));
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-08")]
    public void NosyncFromTheOwnHandlerKeepsTheLineMaskedUntilEnabled()
    {
        Handlers.Scripts[0] = () =>
        {
            DisableIrqNosync(5);
            _machine.Pic.Pulse(5);
            return IrqReturn.Handled;
        };
        _machine.Pulse(5);
        Assert.Single(Handlers.Calls);
        Assert.True(I8259A.IsMasked(5));
        Assert.Equal(0, IrqMachine.Logged("waits for itself"));
        Handlers.Scripts[0] = null;
        EnableIrq(5);
        _machine.Deliver();
        Assert.Equal(2, Handlers.Calls.Count);
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-08")]
    public void DisableAndEnableInsideTheHandlerDoNotUnmaskTheLineUnderIt()
    {
        Handlers.Scripts[0] = () =>
        {
            DisableIrqNosync(5);
            EnableIrq(5);
            Assert.True(I8259A.IsMasked(5));
            return IrqReturn.Handled;
        };
        _machine.Pulse(5);
        Assert.False(I8259A.IsMasked(5));
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-08")]
    public void WithInterruptsOffTheyWorkAndLeaveThemOff()
    {
        ulong flags = LocalIrqSave();
        DisableIrq(5);
        EnableIrq(5);
        SynchronizeIrq(5);
        Assert.True(Cpu.IrqsDisabled());
        LocalIrqRestore(flags);
        Assert.Equal(string.Empty, string.Concat(IrqMachine.Log.Where(c => c == '!')));
        Assert.Equal(0, IrqMachine.Logged("invalid context"));
    }

    [Fact]
    [Trait("Row", "IRQ-08")]
    public void DepthStartsAfreshWithANewFirstHandler()
    {
        DisableIrq(5);
        DisableIrq(5);
        FreeIrq(5, null);
        RequestIrq(5, Handlers.Get(1), IrqFlags.None, "device"u8, null);
        _machine.Pulse(5);
        Assert.Equal("1", Handlers.Order);
        _machine.AssertQuiet();
    }
}
