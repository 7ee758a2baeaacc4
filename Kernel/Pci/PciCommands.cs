// PciCommands: the monitor's command that lists what is on the PCI bus, as lspci does. Process context.

namespace CSharpOS.Pci;

internal static unsafe class PciCommands
{
    internal static void Register() => Monitor.Register("pci"u8, ""u8, "list the PCI devices"u8, &List);

    private static int List(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        if (PciBus.DeviceCount == 0)
        {
            MonitorOutput.Write($"no PCI devices\n");
            return 0;
        }

        for (PciDevice* device = PciBus.First(); device != null; device = PciBus.Next(device))
        {
            ListDevice(device);
        }

        return 0;
    }

    private static void ListDevice(PciDevice* device)
    {
        MonitorOutput.Write($"{device->Bus:x2}:{device->Slot:x2}.{device->Function} {device->Vendor:x4}:{device->Device:x4} "
            + $"class {device->Class:x6} revision {device->Revision:x2}");
        if (device->Irq >= 0)
        {
            ReadOnlySpan<byte> pins = "ABCD"u8;
            MonitorOutput.Write($" irq {device->Irq} (INT{(char)pins[(device->Pin - 1) & 3]})");
        }

        if (device->Driver != null)
        {
            MonitorOutput.Write($" driver {device->Driver->Name}");
        }

        MonitorOutput.Write($"\n");
        for (int i = 0; i < PciDevice.MaxResources; i++)
        {
            ref PciResource resource = ref device->Resource(i);
            if ((resource.Flags & PciResourceFlags.Io) != 0)
            {
                MonitorOutput.Write($"    bar {i}: ports {resource.Start:x4}, {resource.Length} ports\n");
            }
            else if ((resource.Flags & PciResourceFlags.Memory) != 0)
            {
                MonitorOutput.Write($"    bar {i}: memory {resource.Start:x8}, {resource.Length} bytes\n");
            }
        }
    }
}
