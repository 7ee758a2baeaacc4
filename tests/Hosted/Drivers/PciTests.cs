// The PCI bus on a simulated configuration space: what enumeration finds, how drivers get their devices and give them back.

using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using CSharpOS.Hosted.Irq;
using CSharpOS.Pci;
using Xunit;

namespace CSharpOS.Hosted.Drivers;

[Trait("Row", "DRV-01")]
public sealed unsafe class PciTests : IDisposable
{
    private static readonly List<string> s_calls = [];
    private static readonly PciDriver* s_drivers = (PciDriver*)NativeMemory.AllocZeroed((nuint)sizeof(PciDriver), 4);
    private static int s_probeResult;

    private readonly SimulatedPci _bus = new();

    public PciTests()
    {
        _ = new IrqMachine();
        _bus = new SimulatedPci();
        s_calls.Clear();
        s_probeResult = 0;
        Monitor.Init();
    }

    public void Dispose() => MmioDevices.DetachAll();

    private static string Found()
    {
        List<string> found = [];
        for (PciDevice* device = PciBus.First(); device != null; device = PciBus.Next(device))
        {
            found.Add($"{device->Bus:x2}:{device->Slot:x2}.{device->Function}={device->Vendor:x4}:{device->Device:x4}");
        }

        return string.Join(' ', found);
    }

    private static PciDriver* Driver(int number, ushort vendor, ushort device)
    {
        s_drivers[number] = new PciDriver("test"u8, vendor, device, &Probe, &Remove);
        return s_drivers + number;
    }

    private static int Probe(PciDevice* device)
    {
        s_calls.Add($"probe {device->Slot}");
        return s_probeResult;
    }

    private static void Remove(PciDevice* device) => s_calls.Add($"remove {device->Slot}");

    [Fact]
    public void NoBusNoDevices()
    {
        Simulation.Reset();
        Assert.Equal(-ENODEV, PciBus.Init());
        Assert.Equal(0, PciBus.DeviceCount);
        Assert.True(PciBus.First() == null);
        Assert.Equal(0, PciBus.RegisterDriver(Driver(0, 1, 2)));
    }

    [Fact]
    public void AnEmptyBus()
    {
        Assert.Equal(0, PciBus.Init());
        Assert.Equal(0, PciBus.DeviceCount);
    }

    [Fact]
    public void FindsDevicesAndFunctions()
    {
        _bus.Add(0, 0, 0, 0x8086, 0x1237);
        SimulatedPciDevice several = _bus.Add(0, 1, 0, 0x8086, 0x7000);
        several.Set8(0x0e, 0x80);
        _bus.Add(0, 1, 1, 0x8086, 0x7010);
        _bus.Add(0, 1, 3, 0x8086, 0x7113);

        // Function 5 of a device that does not say that it has several is a mirage.
        _bus.Add(0, 31, 0, 0x1234, 0x1111);
        _bus.Add(0, 31, 5, 0x1234, 0x1111);
        Assert.Equal(0, PciBus.Init());
        Assert.Equal("00:00.0=8086:1237 00:01.0=8086:7000 00:01.1=8086:7010 00:01.3=8086:7113 00:1f.0=1234:1111", Found());
    }

    [Fact]
    public void FindsDevicesBehindBridges()
    {
        AddBridge(0, 2, 1);
        AddBridge(1, 3, 5);
        _bus.Add(5, 4, 0, 0xaaaa, 0x0005);
        _bus.Add(1, 9, 0, 0xaaaa, 0x0001);
        _bus.Add(7, 0, 0, 0xdead, 0xbeef);
        Assert.Equal(0, PciBus.Init());
        Assert.Equal("00:02.0=8086:2448 01:03.0=8086:2448 01:09.0=aaaa:0001 05:04.0=aaaa:0005", Found());
    }

    [Fact]
    public void ABridgeToItsOwnBusEndsNotInALoop()
    {
        AddBridge(0, 2, 0);
        AddBridge(0, 3, 1);
        AddBridge(1, 0, 0);
        Assert.Equal(0, PciBus.Init());
        Assert.Equal(3, PciBus.DeviceCount);
    }

    [Fact]
    public void AddressRangesAreMeasuredAndPutBack()
    {
        SimulatedPciDevice device = _bus.Add(0, 4, 0, 1, 2);
        device.Set16(0x04, 0x0003);
        device.SetBar(0, 0xfe900000, 0xfff00000);
        device.SetBar(1, 0x0000c041, 0x0000fff0);
        device.SetBar(2, 0xf000000c, 0xf0000000);
        device.SetBar(3, 0x00000008, 0xffffffff);
        device.SetBar(5, 0x00000000, 0xfffff000);
        Assert.Equal(0, PciBus.Init());
        PciDevice* found = PciBus.First();
        AssertRange(found, 0, 0xfe900000, 0x100000, PciResourceFlags.Memory);
        AssertRange(found, 1, 0xc040, 16, PciResourceFlags.Io);
        AssertRange(found, 2, 0x8f0000000, 0x10000000, PciResourceFlags.Memory | PciResourceFlags.Prefetchable | PciResourceFlags.Is64Bit);
        AssertRange(found, 3, 0, 0, PciResourceFlags.None);
        AssertRange(found, 4, 0, 0, PciResourceFlags.None);
        AssertRange(found, 5, 0, 0x1000, PciResourceFlags.Memory);
        Assert.Equal(0xfe900000u, device.Bar(0));
        Assert.Equal(0xc041u, device.Bar(1));
        Assert.Equal(0xf000000cu, device.Bar(2));
        Assert.Equal(8u, device.Bar(3));
        Assert.Equal(3, device.Command);
        Assert.False(device.MeasuredWhileAlive);
    }

    [Theory]
    [InlineData(11, 1, 11)]
    [InlineData(10, 4, 10)]
    [InlineData(11, 0, -1)]
    [InlineData(0xff, 1, -1)]
    [InlineData(0, 1, -1)]
    public void TheLineComesFromTheFirmware(byte line, byte pin, int expected)
    {
        SimulatedPciDevice device = _bus.Add(0, 4, 0, 1, 2, 0x020000);
        device.Set8(0x3c, line);
        device.Set8(0x3d, pin);
        Assert.Equal(0, PciBus.Init());
        Assert.Equal(expected, PciBus.First()->Irq);
        Assert.Equal(0x020000u, PciBus.First()->Class);
        Assert.Equal(0x10, PciBus.First()->Revision);
    }

    [Fact]
    public void DriversGetTheDevicesTheyDrive()
    {
        _bus.Add(0, 4, 0, 0x1234, 0x11e8);
        _bus.Add(0, 5, 0, 0x1234, 0x1111);
        _bus.Add(0, 8, 0, 0x1234, 0x11e8);
        Assert.Equal(0, PciBus.Init());
        PciDriver* driver = Driver(0, 0x1234, 0x11e8);
        Assert.Equal(0, PciBus.RegisterDriver(driver));
        Assert.Equal(["probe 4", "probe 8"], s_calls);
        Assert.True(PciBus.First()->Driver == driver);
        Assert.Equal(-EBUSY, PciBus.RegisterDriver(driver));

        // What is taken is not offered to a second driver.
        Assert.Equal(0, PciBus.RegisterDriver(Driver(1, 0x1234, 0x11e8)));
        Assert.Equal(2, s_calls.Count);

        s_calls.Clear();
        PciBus.UnregisterDriver(driver);
        Assert.Equal(["remove 4", "remove 8"], s_calls);
        Assert.True(PciBus.First()->Driver == null);
        PciBus.UnregisterDriver(driver);
        Assert.Equal(2, s_calls.Count);
        Assert.Equal(0, PciBus.RegisterDriver(driver));
        Assert.Equal(4, s_calls.Count);
    }

    [Fact]
    public void ADeviceThatItsDriverRefusesStaysFree()
    {
        _bus.Add(0, 4, 0, 1, 2);
        Assert.Equal(0, PciBus.Init());
        s_probeResult = -EIO;
        PciDriver* driver = Driver(0, 1, 2);
        Assert.Equal(0, PciBus.RegisterDriver(driver));
        Assert.True(PciBus.First()->Driver == null);
        Assert.Contains("test: probe of 00:04.0 failed with error -5", IrqMachine.Log, StringComparison.Ordinal);
        s_calls.Clear();
        PciBus.UnregisterDriver(driver);
        Assert.Empty(s_calls);
    }

    [Fact]
    public void ADriverWithoutProbeIsRefused()
    {
        Assert.Equal(0, PciBus.Init());
        s_drivers[0] = new PciDriver("none"u8, 1, 2, null, null);
        Assert.Equal(-EINVAL, PciBus.RegisterDriver(s_drivers));
    }

    [Fact]
    public void EnablingTurnsOnWhatTheDeviceHas()
    {
        SimulatedPciDevice memory = _bus.Add(0, 1, 0, 1, 1);
        memory.SetBar(0, 0xfe900000, 0xfff00000);
        memory.Set16(0x04, 0x0400);
        SimulatedPciDevice ports = _bus.Add(0, 2, 0, 1, 2);
        ports.SetBar(0, 0xc001, 0xfffc);
        SimulatedPciDevice homeless = _bus.Add(0, 3, 0, 1, 3);
        homeless.SetBar(0, 0, 0xfffff000);
        Assert.Equal(0, PciBus.Init());
        PciDevice* first = PciBus.First();
        Assert.Equal(0, PciBus.EnableDevice(first));
        Assert.Equal(0x0002, memory.Command);
        PciBus.SetMaster(first);
        Assert.Equal(0x0006, memory.Command);
        PciBus.DisableDevice(first);
        Assert.Equal(0x0400, memory.Command);
        Assert.Equal(0, PciBus.EnableDevice(PciBus.Next(first)));
        Assert.Equal(0x0001, ports.Command);
        Assert.Equal(-ENODEV, PciBus.EnableDevice(PciBus.Next(PciBus.Next(first))));
        Assert.Equal(0, homeless.Command);
    }

    [Fact]
    public void RegistersAreReadInEverySize()
    {
        SimulatedPciDevice device = _bus.Add(0, 4, 0, 0x1234, 0x5678);
        device.Set32(0x2c, 0xddccbbaa);
        Assert.Equal(0, PciBus.Init());
        PciDevice* found = PciBus.First();
        Assert.Equal(0xddccbbaau, found->ReadConfig32(0x2c));
        Assert.Equal([0xbbaa, 0xddcc], new[] { (int)found->ReadConfig16(0x2c), found->ReadConfig16(0x2e) });
        Assert.Equal([0xaa, 0xbb, 0xcc, 0xdd], Enumerable.Range(0x2c, 4).Select(offset => (int)PciConfig.Read8(0, 4, 0, offset)));
    }

    [Fact]
    public void TheCommandListsThem()
    {
        SimulatedPciDevice device = _bus.Add(0, 4, 0, 0x1234, 0x11e8, 0x00ff00);
        device.SetBar(0, 0xfe900000, 0xfff00000);
        device.SetBar(1, 0xc041, 0xfff0);
        device.Set8(0x3c, 11);
        device.Set8(0x3d, 1);
        Assert.Equal(0, PciBus.Init());
        Assert.Equal(0, PciBus.RegisterDriver(Driver(0, 0x1234, 0x11e8)));
        using CapturedConsole console = new();
        Assert.Equal(0, Monitor.Execute("pci"u8));
        Assert.Equal(
            "00:04.0 1234:11e8 class 00ff00 revision 10 irq 11 (INTA) driver test\n"
            + "    bar 0: memory fe900000, 1048576 bytes\n"
            + "    bar 1: ports c040, 16 ports\n",
            console.Text);
        Assert.Equal(-EINVAL, Monitor.Execute("pci x"u8));
    }

    private static void AssertRange(PciDevice* device, int index, ulong start, ulong length, PciResourceFlags flags)
    {
        ref PciResource resource = ref device->Resource(index);
        Assert.Equal((start, length, flags), (resource.Start, resource.Length, resource.Flags));
    }

    private void AddBridge(int bus, int slot, byte secondary)
    {
        SimulatedPciDevice bridge = _bus.Add(bus, slot, 0, 0x8086, 0x2448, 0x060400);
        bridge.Set8(0x0e, 0x01);
        bridge.Set8(0x19, secondary);
    }
}
