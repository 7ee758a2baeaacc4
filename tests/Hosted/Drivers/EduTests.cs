// The edu driver with two devices on one level triggered line: each handler tells its own interrupt; probe fails cleanly; the command.

using CSharpOS.Drivers;
using CSharpOS.Hosted.Irq;
using CSharpOS.Pci;
using Xunit;

namespace CSharpOS.Hosted.Drivers;

[Trait("Row", "DRV-02")]
public sealed unsafe class EduTests : IDisposable
{
    private readonly IrqMachine _machine = new(elcr: 1 << 11);
    private readonly SimulatedPci _bus = new();

    public EduTests()
    {
        MmioDevices.DetachAll();
        SimulatedEdu.ForgetAll();
        Monitor.Init();
    }

    public void Dispose()
    {
        MmioDevices.DetachAll();
        SimulatedEdu.ForgetAll();
    }

    private SimulatedEdu[] Boot(params int[] slots)
    {
        SimulatedEdu[] devices = Array.ConvertAll(slots, slot => new SimulatedEdu(_bus, _machine.Pic, slot));
        Assert.Equal(0, PciBus.Init());
        Assert.Equal(0, Edu.Init());
        Simulation.OnArchCall = () =>
        {
            Array.ForEach(devices, device => device.Step());
            _machine.Deliver();
        };
        return devices;
    }

    [Fact]
    public void EachHandlerTellsItsOwnInterrupt()
    {
        SimulatedEdu[] devices = Boot(4, 8);
        EduDevice* first = Edu.First;
        EduDevice* second = first->Next;
        Assert.Equal((0, 1), (first->Index, second->Index));
        Assert.Equal(first->Irq, second->Irq);

        Edu.Raise(first, 0x100);
        Simulation.ArchCall();
        Assert.Equal((0x100u, 1, 0), (first->Seen, first->Handled, first->Innocent));
        Assert.Equal((0u, 0, 1), (second->Seen, second->Handled, second->Innocent));

        Edu.Raise(second, 0x200);
        Simulation.ArchCall();
        Assert.Equal((0x100u, 1, 1), (first->Seen, first->Handled, first->Innocent));
        Assert.Equal((0x200u, 1, 1), (second->Seen, second->Handled, second->Innocent));
        Assert.Equal(0u, devices[0].Reasons | devices[1].Reasons);
        Assert.Equal(2u, IrqStatistics.Irqs(11, 0));
        _machine.AssertQuiet();
    }

    [Fact]
    public void TwoAtOnceAreServedByOneInterrupt()
    {
        Boot(4, 8);
        LocalIrqDisable();
        Edu.Raise(Edu.First, 1);
        Edu.Raise(Edu.First->Next, 2);
        LocalIrqEnable();
        Assert.Equal((1u, 2u), (Edu.First->Seen, Edu.First->Next->Seen));
        Assert.Equal((0, 0), (Edu.First->Innocent, Edu.First->Next->Innocent));
        Assert.Equal(1u, IrqStatistics.Irqs(11, 0));
    }

    [Fact]
    public void AThousandInterruptsInTurnAreNeitherLostNorMistaken()
    {
        Boot(4, 8);
        for (int i = 0; i < 1000; i++)
        {
            Edu.Raise(i % 3 == 0 ? Edu.First : Edu.First->Next, 0x10);
            Simulation.ArchCall();
        }

        Assert.Equal((334, 666), (Edu.First->Handled, Edu.First->Next->Handled));
        Assert.Equal((666, 334), (Edu.First->Innocent, Edu.First->Next->Innocent));
        Assert.Equal(0u, IrqToDescriptor(11)->Unhandled);
    }

    [Fact]
    public void AllAccessesHaveTheSizeThatTheDeviceWants()
    {
        SimulatedEdu[] devices = Boot(4);
        Assert.Equal(0, Monitor.Execute("edu 5"u8));
        Assert.Equal(0, devices[0].WrongAccesses);
    }

    [Theory]
    [InlineData("edu 5", "5! = 120 (edu0,")]
    [InlineData("edu 0", "0! = 1 (edu0,")]
    [InlineData("edu 12 1", "12! = 479001600 (edu1,")]
    [InlineData("edu 0x0a", "10! = 3628800 (edu0,")]
    [InlineData("edu", "usage: edu N [DEVICE]")]
    [InlineData("edu 13", "usage: edu N [DEVICE]")]
    [InlineData("edu five", "usage: edu N [DEVICE]")]
    [InlineData("edu -1", "usage: edu N [DEVICE]")]
    [InlineData("edu 5 0 0", "usage: edu N [DEVICE]")]
    [InlineData("edu 5 2", "edu: no device 2 ")]
    public void TheCommand(string line, string expected)
    {
        Boot(4, 8);
        using CapturedConsole console = new();
        Monitor.Execute(System.Text.Encoding.ASCII.GetBytes(line));
        Assert.StartsWith(expected, console.Text, StringComparison.Ordinal);
        Assert.Equal(1, console.Text.Split('\n').Length - 1);
        Assert.True(Simulation.InterruptsEnabled);
    }

    [Fact]
    public void ADeviceThatDoesNotInterruptIsNotWaitedForForever()
    {
        SimulatedEdu[] devices = Boot(4);
        devices[0].Mute = true;
        Simulation.OnArchCall = () =>
        {
            devices[0].Step();
            Clock.Tick();
        };
        using CapturedConsole console = new();
        Assert.Equal(-ETIMEDOUT, Monitor.Execute("edu 3"u8));
        Assert.Equal("edu0: no interrupt within a second\n", console.Text);
    }

    [Fact]
    public void SomethingElseWithTheSameNumberIsRefused()
    {
        SimulatedEdu device = new(_bus, _machine.Pic, 4) { Identification = 0x12345678 };
        Assert.Equal(0, PciBus.Init());
        ulong mapped = Vmalloc.DeviceBytes;
        Assert.Equal(0, Edu.Init());
        Assert.True(Edu.First == null);
        Assert.Equal(mapped, Vmalloc.DeviceBytes);
        Assert.Equal(0x0400, device.Function.Command);
        Assert.True(IrqToDescriptor(11)->Action == null);
        Assert.Contains("edu: probe of 00:04.0 failed", IrqMachine.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutALineItIsRefused()
    {
        SimulatedEdu device = new(_bus, _machine.Pic, 4);
        device.Function.Set8(0x3c, 0xff);
        Assert.Equal(0, PciBus.Init());
        Assert.Equal(0, Edu.Init());
        Assert.True(Edu.First == null);
    }

    [Fact]
    public void ExitGivesEverythingBack()
    {
        ulong mapped = Vmalloc.DeviceBytes;
        SimulatedEdu[] devices = Boot(4, 8);
        Edu.Raise(Edu.First, 1);
        Simulation.ArchCall();
        LocalIrqDisable();
        Edu.Raise(Edu.First->Next, 1);
        Edu.Exit();
        LocalIrqEnable();
        Assert.True(IrqToDescriptor(11)->Action == null);
        Assert.Equal(0u, devices[1].Reasons);
        Assert.Equal(mapped, Vmalloc.DeviceBytes);
        Assert.True(PciBus.First()->Driver == null);
        Assert.Equal(-ENOENT, Monitor.Execute("edu 5"u8));
        Assert.Equal(0, Edu.Init());
        Assert.True(Edu.First->Next != null);
    }
}
