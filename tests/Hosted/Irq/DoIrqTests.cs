// DoIrq and HandleIrqEvent: who is called, in what order, with what, and with interrupts on or off.

using System.Linq;
using Xunit;

namespace CSharpOS.Hosted.Irq;

public sealed unsafe class DoIrqTests
{
    private readonly IrqMachine _machine = new();

    public DoIrqTests() => Handlers.Reset();

    [Fact]
    [Trait("Row", "IRQ-19")]
    public void AHandlerGetsLineCookieAndRegisters()
    {
        PtRegs seen = default;
        Handlers.Scripts[0] = () =>
        {
            seen = *(PtRegs*)Handlers.Calls[^1].Regs;
            Assert.Equal(Handlers.Calls[^1].Regs, (nint)InterruptRegs);
            return IrqReturn.Handled;
        };
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, (void*)0x5555);
        _machine.Pulse(5);
        Assert.Equal(5, Handlers.Calls[0].Irq);
        Assert.Equal(0x5555, Handlers.Calls[0].DevId);
        Assert.Equal(0x1234ul, seen.Rip);
        Assert.True(InterruptRegs == null);
    }

    [Fact]
    [Trait("Row", "IRQ-02")]
    public void TheLineIsTheLowByteOfOrigRax()
    {
        RequestIrq(15, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        I8259A.Unmask(15);
        _machine.Pic.Pulse(15);
        Assert.Equal(0x2f, _machine.Pic.Acknowledge());
        PtRegs regs = new() { OrigRax = unchecked((ulong)(15 - 256)) };
        Simulation.InterruptsEnabled = false;
        DoIrq(&regs);
        Assert.Equal(15, Handlers.Calls[0].Irq);
    }

    [Fact]
    [Trait("Row", "IRQ-02")]
    public void AVectorWithoutAControllerIsCountedAndHarmless()
    {
        _machine.Take(100);
        Assert.Equal(1u, IrqStatistics.Errors);
        Assert.Equal(1, IrqMachine.Logged("unexpected interrupt on line 100"));
        _machine.Take(255);
        _machine.AssertQuiet();
    }

    [Theory]
    [InlineData(IrqFlags.None, IrqFlags.None, true)]
    [InlineData(IrqFlags.Disabled, IrqFlags.Disabled, false)]
    [InlineData(IrqFlags.Disabled, IrqFlags.None, false)]
    [InlineData(IrqFlags.None, IrqFlags.Disabled, true)]
    [Trait("Row", "IRQ-06")]
    public void TheFirstHandlerDecidesWhetherInterruptsAreOn(IrqFlags first, IrqFlags second, bool on)
    {
        List<bool> enabled = [];
        Handlers.Scripts[0] = Handlers.Scripts[1] = () =>
        {
            enabled.Add(Simulation.InterruptsEnabled);
            return IrqReturn.Handled;
        };
        RequestIrq(5, Handlers.Get(0), first | IrqFlags.Shared, "one"u8, (void*)1);
        RequestIrq(5, Handlers.Get(1), second | IrqFlags.Shared, "two"u8, (void*)2);
        _machine.Pulse(5);
        Assert.Equal([on, on], enabled);
        Assert.Equal(first == second ? 0 : 1, IrqMachine.Logged("SA_INTERRUPT is not guaranteed"));
    }

    [Fact]
    [Trait("Row", "IRQ-06")]
    public void AHandlerThatTurnsInterruptsOnDoesNotLeakThem()
    {
        Handlers.Scripts[0] = () =>
        {
            LocalIrqEnable();
            return IrqReturn.Handled;
        };
        RequestIrq(5, Handlers.Get(0), IrqFlags.SaInterrupt, "device"u8, null);
        _machine.Pulse(5);
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-06")]
    public void AllHandlersOfALineAreCalledInOrderOfRegistrationWhateverTheyReturn()
    {
        for (int i = 0; i < 5; i++)
        {
            RequestIrq(10, Handlers.Get(i), IrqFlags.Shared, "device"u8, (void*)(i + 1));
        }

        Handlers.Scripts[1] = () => IrqReturn.None;
        Handlers.Scripts[3] = () => IrqReturn.None;
        _machine.Pulse(10);
        Assert.Equal("0 1 2 3 4", Handlers.Order);
        FreeIrq(10, (void*)1);
        FreeIrq(10, (void*)4);
        _machine.Pulse(10);
        Assert.Equal("0 1 2 3 4 1 2 4", Handlers.Order);
    }

    [Fact]
    [Trait("Row", "IRQ-06")]
    public void ResultsAreOred()
    {
        IrqReturn[] results = [IrqReturn.None, IrqReturn.None, IrqReturn.Handled];
        for (int i = 0; i < 3; i++)
        {
            int handler = i;
            Handlers.Scripts[i] = () => results[handler];
            RequestIrq(10, Handlers.Get(i), IrqFlags.Shared, "device"u8, (void*)(i + 1));
        }

        _machine.Pulse(10);
        Assert.Equal(0u, IrqToDescriptor(10)->Unhandled);
        results = [IrqReturn.Handled, IrqReturn.None, IrqReturn.None];
        _machine.Pulse(10);
        Assert.Equal(0u, IrqToDescriptor(10)->Unhandled);
        results = [IrqReturn.None, IrqReturn.WakeThread, IrqReturn.None];
        _machine.Pulse(10);
        Assert.Equal(0u, IrqToDescriptor(10)->Unhandled);
        results = [IrqReturn.None, IrqReturn.None, IrqReturn.None];
        _machine.Pulse(10);
        Assert.Equal(1u, IrqToDescriptor(10)->Unhandled);
        Assert.Equal(4u, IrqToDescriptor(10)->Count);
    }

    [Fact]
    [Trait("Row", "IRQ-19")]
    public void IrqRetvalTurnsNumbersIntoAnswers()
    {
        Assert.Equal(IrqReturn.None, IrqRetval(0));
        Assert.Equal(IrqReturn.Handled, IrqRetval(1));
        Assert.Equal(IrqReturn.Handled, IrqRetval(-7));
        Assert.Equal(IrqReturn.None, IrqRetval(false));
        Assert.Equal(IrqReturn.Handled, IrqRetval(true));
    }

    [Fact]
    [Trait("Row", "IRQ-06")]
    public void OtherLinesNestTheOwnLineDoesNot()
    {
        Handlers.Scripts[0] = () =>
        {
            _machine.Pic.Pulse(5);
            _machine.Pulse(11);
            Assert.Equal("0 1", Handlers.Order);
            Assert.Equal(1, _machine.Depth);
            return IrqReturn.Handled;
        };
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "slow"u8, null);
        RequestIrq(11, Handlers.Get(1), IrqFlags.None, "other"u8, null);
        Handlers.Scripts[1] = () =>
        {
            Assert.Equal(2, _machine.Depth);
            Handlers.Scripts[0] = null;
            return IrqReturn.Handled;
        };
        _machine.Pulse(5);

        // The edge that came meanwhile was kept and served once, after the first.
        Assert.Equal("0 1 0", Handlers.Order);
        Assert.Equal(2u, IrqStatistics.Irqs(5, 0));
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-06")]
    public void AllLinesMayNestInsideEachOther()
    {
        int[] lines = [3, 4, 5, 6, 7, 9, 10, 11, 12, 14];
        int next = 1;
        Handlers.Scripts[0] = () =>
        {
            if (next < lines.Length)
            {
                _machine.Pulse(lines[next++]);
            }

            return IrqReturn.Handled;
        };
        foreach (int irq in lines)
        {
            RequestIrq(irq, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        }

        _machine.Pulse(lines[0]);
        Assert.Equal(lines, Handlers.Calls.Select(call => call.Irq));
        Assert.Equal(lines.Length, _machine.DeepestNesting);
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-02")]
    public void AnEdgeWhileTheLineIsDisabledIsDeliveredOnceAfterwards()
    {
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        DisableIrq(5);
        for (int i = 0; i < 3; i++)
        {
            _machine.Pulse(5);
        }

        Assert.Empty(Handlers.Calls);
        EnableIrq(5);
        _machine.Deliver();
        Assert.Single(Handlers.Calls);
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-02")]
    public void AnInterruptTakenJustAsTheLineIsDisabledIsDeliveredOnceAfterwards()
    {
        // The CPU has the vector already; another one is faster and disables the line.
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        RequestIrq(3, Handlers.Get(1), IrqFlags.None, "other"u8, null);
        _machine.Pic.Pulse(5);
        int line = _machine.Pic.Acknowledge() - 0x20;
        DisableIrq(5);
        _machine.Take(line);
        Assert.Empty(Handlers.Calls);
        Assert.True(I8259A.IsMasked(5));
        EnableIrq(5);
        Assert.False(I8259A.IsMasked(5));
        _machine.Deliver();

        // The controller has forgotten it: the end of any other interrupt runs the handler.
        _machine.Pulse(3);
        Assert.Equal("1 0", Handlers.Order);
        _machine.Pulse(3);
        Assert.Equal("1 0 1", Handlers.Order);
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-02")]
    public void ALineWithoutHandlersStaysQuiet()
    {
        I8259A.Unmask(5);
        _machine.Pulse(5);
        Assert.True(I8259A.IsMasked(5));
        _machine.AssertQuiet();

        // What came before the request is not for the handler.
        RequestIrq(3, Handlers.Get(1), IrqFlags.None, "other"u8, null);
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        _machine.Pulse(3);
        Assert.Equal("1", Handlers.Order);
    }

    [Fact]
    [Trait("Row", "IRQ-02")]
    public void NoEdgeIsLostWhereverTheNextInterruptStrikes()
    {
        // A second interrupt, on the same line and on another one, at the nth arch call of the first, for every n.
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        RequestIrq(11, Handlers.Get(1), IrqFlags.None, "other"u8, null);
        int calls = int.MaxValue;
        for (int n = 0; n < calls; n++)
        {
            Handlers.Calls.Clear();
            bool busy = false;
            Handlers.Scripts[0] = () =>
            {
                Assert.False(busy, "the handler was entered twice");
                busy = true;
                CpuRelax();
                busy = false;
                return IrqReturn.Handled;
            };
            int count = 0;
            bool ownLine = false;
            Simulation.OnArchCall = () =>
            {
                if (count++ == n)
                {
                    ownLine = IrqToDescriptor(5)->Has(IrqStatus.InProgress) || I8259A.IsMasked(5);
                    _machine.Pic.Pulse(5);
                    _machine.Pic.Pulse(11);
                }

                _machine.Deliver();
            };
            _machine.Pic.Pulse(5);
            _machine.Deliver();
            Simulation.OnArchCall = null;
            _machine.Deliver();
            calls = count;
            if (n < count)
            {
                Assert.Equal(1, Handlers.Calls.Count(call => call.Handler == 1));

                // The second edge merges with the first only if that has not been acknowledged yet.
                Assert.InRange(Handlers.Calls.Count(call => call.Handler == 0), ownLine ? 2 : 1, 2);
            }

            _machine.AssertQuiet();
        }

        Assert.InRange(calls, 5, 1000);
    }

    [Fact]
    [Trait("Row", "IRQ-06")]
    public void AHandlerThatChangesPreemptCountIsReportedByName()
    {
        Handlers.Scripts[0] = () =>
        {
            PreemptDisable();
            return IrqReturn.Handled;
        };
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "forgetful"u8, null);
        _machine.Pulse(5);
        Assert.Equal(1, IrqMachine.Logged("irq 5: handler of forgetful changed preempt_count from 00010000 to 00010001"));
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-09")]
    public void ContextIsRightInAndOutsideOfHandlers()
    {
        List<string> contexts = [];
        string Context() => $"{InIrq()} {InInterrupt()} {InSoftirq()} {InAtomic()} {Cpu.IrqsDisabled()}";
        Handlers.Scripts[0] = () =>
        {
            Assert.True(Cpu.Current == Simulation.Hot(0)->Current);
            contexts.Add(Context());
            return IrqReturn.Handled;
        };
        Assert.Equal("False False False False False", Context());
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "slow"u8, null);
        RequestIrq(6, Handlers.Get(0), IrqFlags.SaInterrupt, "fast"u8, null);
        _machine.Pulse(5);
        _machine.Pulse(6);
        Assert.Equal(["True True False True False", "True True False True True"], contexts);
        Assert.Equal("False False False False False", Context());
    }

    [Fact]
    [Trait("Row", "IRQ-09")]
    public void SaveAndRestoreNest()
    {
        ulong outer = LocalIrqSave();
        Assert.True(Cpu.IrqsDisabled());
        ulong inner = LocalIrqSave();
        Assert.True(IrqsDisabledFlags(inner));
        LocalIrqRestore(inner);
        Assert.True(Cpu.IrqsDisabled());
        LocalIrqRestore(outer);
        Assert.False(Cpu.IrqsDisabled());
    }

    [Fact]
    [Trait("Row", "IRQ-02")]
    public void AThousandInterruptsAtEveryArchCallAreAllServed()
    {
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        RequestIrq(9, Handlers.Get(1), IrqFlags.SaInterrupt, "other"u8, null);
        _machine.TakeInterruptsAnywhere();
        for (int i = 0; i < 1000; i++)
        {
            _machine.Pic.Pulse(5);
            _machine.Pic.Pulse(9);
            ulong flags = LocalIrqSave();
            LocalIrqRestore(flags);
        }

        Assert.Equal(1000u, IrqStatistics.Irqs(5, 0));
        Assert.Equal(1000u, IrqStatistics.Irqs(9, 0));
        Assert.Equal(2000, Handlers.Calls.Count);
        _machine.AssertQuiet();
    }
}
