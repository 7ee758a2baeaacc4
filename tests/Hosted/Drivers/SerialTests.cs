// The serial driver on a simulated 16550A: what is written arrives, in order, whatever the context; what is typed is never lost.

using System.Linq;
using System.Text;
using CSharpOS.Drivers;
using CSharpOS.Hosted.Irq;
using CSharpOS.Init;
using Xunit;

namespace CSharpOS.Hosted.Drivers;

[Trait("Row", "DRV-01")]
public unsafe class SerialTests
{
    private readonly IrqMachine _machine = new();

    private SimulatedUart Boot(string commandLine = "", bool interrupts = true, Action<SimulatedUart>? before = null, bool fifos = true)
    {
        CommandLine.Init(Encoding.UTF8.GetBytes(commandLine));
        SimulatedUart uart = new(0x3f8, 4, _machine.Pic, fifos);
        before?.Invoke(uart);
        Assert.Equal(0, Serial8250.ConsoleInit());
        Simulation.OnArchCall = () =>
        {
            uart.Step();
            _machine.Deliver();
        };
        if (interrupts)
        {
            Assert.Equal(0, Serial8250.Init());
        }

        uart.Sent.Clear();
        return uart;
    }

    private static string Input()
    {
        List<byte> bytes = [];
        while (ConsoleInput.TryGet(out byte value))
        {
            bytes.Add(value);
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static void Type(SimulatedUart uart, string text)
    {
        foreach (byte value in Encoding.UTF8.GetBytes(text))
        {
            uart.Wire.Enqueue(value);
        }
    }

    private static string Numbers(int count) => string.Concat(Enumerable.Range(0, count).Select(number => $"<{number}>"));

    [Fact]
    public void NoPortNoConsole()
    {
        Assert.Equal(-ENODEV, Serial8250.ConsoleInit());
        Assert.Equal(0, Serial8250.Init());
    }

    [Fact]
    public void APortWithoutLoopbackIsSomethingElse()
    {
        _ = new SimulatedUart(0x3f8) { LoopbackBroken = true };
        Assert.Equal(-ENODEV, Serial8250.ConsoleInit());
    }

    [Fact]
    public void ProbeSetsTheLine()
    {
        SimulatedUart uart = Boot();
        Assert.Equal(1, uart.Divisor);
        Assert.Equal(3, uart.LineControl);
        Assert.True(uart.FifosOn);
        Assert.Equal(UartType.Uart16550A, Serial8250.Port(0)->Type);
        Assert.Equal(0, uart.ModemControl & 0x10);
        Assert.Contains("ttyS0 at ports 3f8, irq 4, 16550A", IrqMachine.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutFifosItIsA16450AndWorks()
    {
        SimulatedUart uart = Boot(fifos: false);
        Assert.Equal(UartType.Uart16450, Serial8250.Port(0)->Type);
        Type(uart, "typed");
        Printk("printed\n");
        Simulation.ArchCall();
        Assert.EndsWith("printed\r\n", uart.SentText, StringComparison.Ordinal);
        Assert.Equal("typed", Input());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WrittenTextIsSentWithCarriageReturns(bool interrupts)
    {
        SimulatedUart uart = Boot(interrupts: interrupts);
        KernelLog.WriteToConsoles("one\ntwo\n"u8);
        Simulation.ArchCall();
        Assert.Equal("one\r\ntwo\r\n", uart.SentText);
    }

    [Fact]
    public void TheBytesOfATerminalAreSentAsTheyAre()
    {
        SimulatedUart uart = Boot();
        KernelLog.WriteBytesToConsoles("one\ntwo\r\n"u8);
        Simulation.ArchCall();
        Assert.Equal("one\ntwo\r\n", uart.SentText);
    }

    [Fact]
    public void MoreThanTheRingHoldsIsSentInOrder()
    {
        SimulatedUart uart = Boot();
        string text = Numbers(5000);
        KernelLog.WriteToConsoles(Encoding.UTF8.GetBytes(text));
        for (int i = 0; i < 10_000 && uart.Sent.Count < text.Length; i++)
        {
            Simulation.ArchCall();
        }

        Assert.Equal(text, uart.SentText);
        Assert.Equal(0u, Serial8250.Port(0)->Unsent);
        Assert.Equal(0, uart.InterruptEnable & 2);
        _machine.AssertQuiet();
    }

    [Fact]
    public void TextIsSentByInterrupts()
    {
        SimulatedUart uart = Boot();
        uart.Slow = true;
        string text = Numbers(100);
        KernelLog.WriteToConsoles(Encoding.UTF8.GetBytes(text));
        Assert.Empty(uart.Sent);
        int bytes = 0;
        while (uart.SendOne())
        {
            bytes++;
            Simulation.ArchCall();
        }

        Assert.Equal(text.Length, bytes);
        Assert.Equal(text, uart.SentText);
        Assert.InRange(IrqStatistics.Irqs(4, 0), (uint)(text.Length / 16) - 1, (uint)(text.Length / 16) + 2);
    }

    [Fact]
    public void OneInterruptDoesNotSendTheWholeRing()
    {
        SimulatedUart uart = Boot();
        Simulation.OnArchCall = null;
        string text = Numbers(500);
        KernelLog.WriteToConsoles(Encoding.UTF8.GetBytes(text));
        uint before = IrqStatistics.Irqs(4, 0);
        _machine.Deliver();
        Assert.Equal(text, uart.SentText);
        Assert.True(IrqStatistics.Irqs(4, 0) - before > text.Length / 100, "a burst of more than 100 bytes with interrupts off");
    }

    [Fact]
    public void WithInterruptsOffEverythingHasBeenSentOnReturn()
    {
        SimulatedUart uart = Boot();
        uart.Blocked = true;
        KernelLog.WriteToConsoles("first "u8);
        Simulation.OnArchCall = null;
        uart.Blocked = false;
        LocalIrqDisable();
        KernelLog.WriteToConsoles("second"u8);
        Assert.Equal("first second", uart.SentText);
        LocalIrqEnable();
    }

    [Fact]
    public void APanicIsSentAlthoughTheLockIsHeld()
    {
        SimulatedUart uart = Boot();
        Serial8250.Port(0)->Lock.Lock();
        Simulation.OnArchCall = null;
        Assert.Throws<SimulatedHaltException>(() => Panic("the end\n"));
        Assert.Contains("the end", uart.SentText, StringComparison.Ordinal);
    }

    [Fact]
    public void AnOopsWaitsForTheOtherCpuThatHasTheLock()
    {
        SimulatedUart uart = Boot();
        SerialPort* port = Serial8250.Port(0);
        port->Lock.Lock();
        int calls = 0, sentBefore = -1;
        Simulation.OnArchCall = () =>
        {
            if (++calls == 1000)
            {
                sentBefore = uart.Sent.Count;
                port->Lock.Unlock();
            }
        };
        KernelLog.BustSpinlocks(true);
        KernelLog.WriteToConsoles("oops\n"u8);
        KernelLog.BustSpinlocks(false);
        Assert.Equal(0, sentBefore);
        Assert.Equal("oops\r\n", uart.SentText);
        Assert.False(port->Lock.IsLocked());
    }

    [Fact]
    public void AnOopsThatDoesWithoutTheLockEndsAlthoughAnotherCpuSendsTheSameBytes()
    {
        SimulatedUart uart = Boot();
        SerialPort* port = Serial8250.Port(0);
        port->Lock.Lock();
        int bytes = 0;
        uart.Sending = () =>
        {
            // In the middle of the first byte: whoever has the lock sends all that is there.
            if (++bytes == 1)
            {
                port->SendAllByPolling();
            }

            Assert.InRange(bytes, 1, 100);
        };
        Simulation.OnArchCall = null;
        KernelLog.BustSpinlocks(true);
        KernelLog.WriteToConsoles("first"u8);
        KernelLog.WriteToConsoles("second"u8);
        KernelLog.BustSpinlocks(false);
        Assert.Contains("first", uart.SentText, StringComparison.Ordinal);
        Assert.EndsWith("second", uart.SentText, StringComparison.Ordinal);
    }

    [Fact]
    public void MessagesOfHandlersDoNotTearOthers()
    {
        SimulatedUart uart = Boot();
        Handlers.Reset();
        int count = 0;
        Handlers.Scripts[0] = () =>
        {
            Printk(LogLevel.Info, $"(handler {count})\n");
            return IrqReturn.Handled;
        };
        Assert.Equal(0, RequestIrq(5, Handlers.Get(0), IrqFlags.None, "noisy"u8, null));
        Simulation.OnArchCall = () =>
        {
            uart.Step();
            if (count < 200 && !InInterrupt() && Simulation.InterruptsEnabled)
            {
                count++;
                _machine.Pic.Pulse(5);
            }

            _machine.Deliver();
        };
        for (int i = 0; i < 50; i++)
        {
            Printk(LogLevel.Info, $"message {i}\n");
        }

        Simulation.ArchCall();
        string[] lines = uart.SentText.Split("\r\n");
        IEnumerable<string> messages = lines
            .Where(line => line.Contains("message", StringComparison.Ordinal))
            .Select(line => line[(line.IndexOf(']') + 2)..]);
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"message {i}"), messages);
        Assert.Equal(count, lines.Count(line => line.EndsWith(')')));
        Assert.All(
            lines.Where(line => line.Length != 0),
            line => Assert.Matches(@"^\[ *\d+\.\d{6}\] (message \d+|\(handler \d+\))$", line));
    }

    [Fact]
    public void ALineThatStandsStillCostsNoMoreThanItsBytes()
    {
        SimulatedUart uart = Boot();
        Simulation.OnArchCall = null;
        uart.Blocked = true;
        KernelLog.WriteToConsoles(Encoding.UTF8.GetBytes(new string('a', 5000)));
        Assert.InRange(Serial8250.Port(0)->Unsent, 1u, 5000u);
        uart.Blocked = false;
        KernelLog.WriteToConsoles("still here\n"u8);
        uart.Step();
        _machine.Deliver();
        Assert.EndsWith("still here\r\n", uart.SentText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatWasTypedBeforeTheDriverArrives(bool fifosOnAlready)
    {
        string text = "typed before the kernel had a driver\r";
        Boot(before: uart =>
        {
            if (fifosOnAlready)
            {
                PortIo.Out8(0x3f8 + 2, 1);
            }

            Type(uart, text);
            uart.Step();
        });
        Simulation.ArchCall();
        Assert.Equal(text, Input());
    }

    [Fact]
    public void TypedBytesArriveByInterrupt()
    {
        SimulatedUart uart = Boot();
        uint before = IrqStatistics.Irqs(4, 0);
        Type(uart, "help\r");
        uart.Step();
        _machine.Deliver();
        Assert.Equal("help\r", Input());
        Assert.True(IrqStatistics.Irqs(4, 0) > before);
        _machine.AssertQuiet();
    }

    [Fact]
    public void InputThatNobodyReadsWaitsInTheDevice()
    {
        SimulatedUart uart = Boot();
        string text = Numbers(3000);
        Type(uart, text);
        StringBuilder read = new();
        for (int round = 0; round < 100_000 && read.Length < text.Length; round++)
        {
            Simulation.ArchCall();
            if (ConsoleInput.TryGet(out byte value))
            {
                read.Append((char)value);
            }

            if (round % 64 == 0)
            {
                // Whoever reads a console answers on it.
                KernelLog.WriteToConsoles("."u8);
            }
        }

        Assert.Equal(text, read.ToString());
        Assert.Equal(0u, ConsoleInput.Lost);
        Assert.Equal(0u, Serial8250.Port(0)->Overruns);
    }

    [Fact]
    public void OverrunsAreCounted()
    {
        SimulatedUart uart = Boot();
        uart.RealLine = true;
        LocalIrqDisable();
        Type(uart, new string('x', 40));
        uart.Step();
        LocalIrqEnable();
        Simulation.ArchCall();
        Assert.Equal(1u, Serial8250.Port(0)->Overruns);
        Assert.Equal(16, Input().Length);
    }

    [Fact]
    public void AnInterruptOfAnotherDeviceIsNotOurs()
    {
        Boot();
        Handlers.Reset();
        Assert.Equal(0, RequestIrq(4, Handlers.Get(0), IrqFlags.Shared, "other"u8, Serial8250.Port(1)));
        Handlers.Scripts[0] = () => IrqReturn.None;
        uint before = IrqToDescriptor(4)->Unhandled;
        _machine.Pulse(4);
        Assert.Equal(before + 1, IrqToDescriptor(4)->Unhandled);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("console=ttyS1", true)]
    [InlineData("console=ttyS1 console=ttyS0", true)]
    [InlineData("console=ttyS1 test", false)]
    [InlineData("console=ttyS1 test=irq", false)]
    [InlineData("bench console=ttyS1", false)]
    public void TheSecondPortIsAConsoleOnRequest(string commandLine, bool expected)
    {
        SimulatedUart second = new(0x2f8, 3, _machine.Pic);
        Boot(commandLine);
        second.Sent.Clear();
        KernelLog.WriteToConsoles("hello"u8);
        Simulation.ArchCall();
        second.Step();
        Assert.Equal(expected ? "hello" : "", second.SentText);
    }

    [Fact]
    public void ExitSendsTheRestAndGivesEverythingBack()
    {
        SimulatedUart uart = Boot();
        Simulation.OnArchCall = null;
        uart.Slow = true;
        KernelLog.WriteToConsoles("last words"u8);
        uart.Slow = false;
        uart.Step();
        Serial8250.Exit();
        Assert.Equal("last words", uart.SentText);
        Assert.Equal(0, uart.InterruptEnable);
        Assert.True(IrqToDescriptor(4)->Action == null);
        KernelLog.WriteToConsoles("nobody hears this"u8);
        Assert.Equal("last words", uart.SentText);
    }
}
