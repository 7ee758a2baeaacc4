// The keyboard driver on a simulated controller: start, faults of the hardware, interrupts, lights.

using System.Text;
using CSharpOS.Drivers;
using CSharpOS.Hosted.Irq;
using Xunit;

namespace CSharpOS.Hosted.Drivers;

[Trait("Row", "DRV-01")]
public unsafe class I8042Tests
{
    private readonly IrqMachine _machine = new();

    private SimulatedI8042 Boot(int expected = 0, Action<SimulatedI8042>? before = null)
    {
        SimulatedI8042 controller = new(_machine.Pic);
        before?.Invoke(controller);
        Assert.Equal(expected, I8042.Init());
        _machine.TakeInterruptsAnywhere();
        controller.ToKeyboard.Clear();
        return controller;
    }

    private static string Input()
    {
        List<byte> bytes = [];
        while (ConsoleInput.TryGet(out byte value))
        {
            bytes.Add(value);
        }

        return Encoding.ASCII.GetString(bytes.ToArray());
    }

    [Fact]
    public void StartsControllerAndKeyboard()
    {
        SimulatedI8042 controller = Boot();
        Assert.Equal(0x61, controller.Configuration);
        Assert.True(controller.Scanning);
        Assert.Equal(2, controller.Leds);
        Assert.Equal("i8042", Encoding.ASCII.GetString(IrqToDescriptor(1)->Action->Name));
    }

    [Fact]
    public void NoController()
    {
        Assert.Equal(-ENODEV, I8042.Init());
        Assert.True(IrqToDescriptor(1)->Action == null);
    }

    [Fact]
    public void AControllerThatTakesNothingIsNone() => Boot(-ENODEV, controller => controller.InputStaysFull = true);

    [Fact]
    public void AControllerWithoutAnswerIsNone() => Boot(-ENODEV, controller => controller.SelfTest = null);

    [Fact]
    public void AFailedSelfTestIsAnError()
    {
        Boot(-EIO, controller => controller.SelfTest = 0xfc);
        Assert.Contains("i8042: self-test failed: fc", IrqMachine.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void AFailedPortTestIsAnError() => Boot(-EIO, controller => controller.PortTest = 1);

    [Fact]
    public void WithoutAKeyboardTheDriverWaitsForOne()
    {
        SimulatedI8042 controller = Boot(before: c => c.HasKeyboard = false);
        Assert.Contains("no keyboard answers", IrqMachine.Log, StringComparison.Ordinal);
        controller.Send(0x1e, 0x9e);
        Simulation.ArchCall();
        Assert.Equal("a", Input());
    }

    [Fact]
    public void WhatLayAroundBeforeIsThrownAway()
    {
        SimulatedI8042 controller = Boot(before: c => c.Send(0x1e, 0x9e, 0x55, 0xaa));
        Assert.True(controller.Scanning);
        Assert.Equal("", Input());
    }

    [Fact]
    public void ABusyLineIsAnErrorAndTheKeyboardStaysShut()
    {
        Assert.Equal(0, RequestIrq(1, Handlers.Get(0), IrqFlags.None, "other"u8, null));
        SimulatedI8042 controller = Boot(-EBUSY);
        Assert.Equal(0, controller.Configuration & 1);
    }

    [Fact]
    public void KeysArriveByInterrupt()
    {
        SimulatedI8042 controller = Boot();
        controller.Send(0x23, 0xa3, 0x17, 0x97);
        Simulation.ArchCall();
        Assert.Equal("hi", Input());
        Assert.Equal(4u, IrqStatistics.Irqs(1, 0));
        _machine.AssertQuiet();
    }

    [Fact]
    public void AnInterruptWithoutAByteIsNotOurs()
    {
        Boot();
        _machine.Pulse(1);
        Assert.Equal(1u, IrqToDescriptor(1)->Unhandled);
    }

    [Fact]
    public void TheMouseIsIgnored()
    {
        SimulatedI8042 controller = Boot();
        controller.SendMouse(0x1e);
        controller.Send(0x30);
        Simulation.ArchCall();
        Assert.Equal("b", Input());
        Assert.Equal(1u, I8042.Ignored);
    }

    [Fact]
    public void CapsLockLightsItsLamp()
    {
        SimulatedI8042 controller = Boot();
        controller.Send(0x3a, 0xba);
        Simulation.ArchCall();
        Assert.Equal([0xed, 0x06], controller.ToKeyboard);
        Assert.Equal(6, controller.Leds);
        controller.Send(0x1e, 0x9e, 0x3a, 0xba, 0x1e, 0x9e);
        Simulation.ArchCall();
        Assert.Equal(2, controller.Leds);
        Assert.Equal("Aa", Input());
    }

    [Fact]
    public void AKeyboardThatRefusesTheLampsStillTypes()
    {
        SimulatedI8042 controller = Boot();
        controller.AsksAgain = true;
        controller.Send(0x3a, 0xba, 0x1e, 0x9e);
        Simulation.ArchCall();
        controller.AsksAgain = false;
        controller.Send(0x45, 0xc5);
        Simulation.ArchCall();
        Assert.Equal("A", Input());
        Assert.Equal(4, controller.Leds);
    }

    [Fact]
    public void ExitMakesItQuiet()
    {
        SimulatedI8042 controller = Boot();
        I8042.Exit();
        Assert.Equal(0, controller.Configuration & 1);
        Assert.True(IrqToDescriptor(1)->Action == null);
        I8042.Exit();
    }
}
