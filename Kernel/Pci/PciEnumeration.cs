// PciEnumeration: finds the devices on bus 0 and behind the bridges, and how large their address ranges are.
//
// Linux: drivers/pci/probe.c. The firmware has numbered the buses and given out the addresses; both are read, not changed.
// Contexts: process context, once at boot. A range is measured with interrupts off and the device deaf for a moment, since its address
// register holds a mask meanwhile; nothing may be printed then, for the device may be the screen.

using System.Runtime.CompilerServices;

namespace CSharpOS.Pci;

internal static unsafe class PciEnumeration
{
    private const int MaxBuses = 256;
    private const int SlotsPerBus = 32;
    private const int FunctionsPerSlot = 8;

    private const int CommandRegister = 0x04;
    private const int FirstBaseAddress = 0x10;
    private const int SecondaryBus = 0x19;
    private const byte MultiFunction = 0x80;
    private const byte BridgeHeader = 1;

    private const uint BaseAddressIo = 0x1;
    private const uint BaseAddressTypeMask = 0x6;
    private const uint BaseAddress64Bit = 0x4;
    private const uint BaseAddressPrefetchable = 0x8;

    /// <summary>Adds every device to <see cref="PciBus"/>. 0, or -ENOMEM when it had to stop.</summary>
    internal static int Scan()
    {
        // A work list instead of recursion: however the bridges are chained, each bus is visited once and the stack stays small.
        BusSet found = default;
        BusSet done = default;
        found[0] = true;
        while (true)
        {
            int bus = 0;
            while (bus < MaxBuses && (!found[bus] || done[bus]))
            {
                bus++;
            }

            if (bus == MaxBuses)
            {
                return 0;
            }

            done[bus] = true;
            int result = ScanBus(bus, ref found);
            if (result != 0)
            {
                return result;
            }
        }
    }

    private static int ScanBus(int bus, ref BusSet found)
    {
        for (int slot = 0; slot < SlotsPerBus; slot++)
        {
            int functions = 1;
            for (int function = 0; function < functions; function++)
            {
                uint identity = PciConfig.Read32(bus, slot, function, 0);
                if ((ushort)identity is 0xffff or 0)
                {
                    continue;
                }

                byte header = PciConfig.Read8(bus, slot, function, 0x0e);
                if (function == 0 && (header & MultiFunction) != 0)
                {
                    functions = FunctionsPerSlot;
                }

                PciDevice* device = (PciDevice*)Kzalloc((nuint)sizeof(PciDevice), GfpFlags.Kernel);
                if (device == null)
                {
                    return -ENOMEM;
                }

                Describe(device, bus, slot, function, identity, header);
                PciBus.Add(device);
                if (device->HeaderType == BridgeHeader)
                {
                    found[device->ReadConfig8(SecondaryBus)] = true;
                }
            }
        }

        return 0;
    }

    private static void Describe(PciDevice* device, int bus, int slot, int function, uint identity, byte header)
    {
        device->Bus = (byte)bus;
        device->Slot = (byte)slot;
        device->Function = (byte)function;
        device->Vendor = (ushort)identity;
        device->Device = (ushort)(identity >> 16);
        uint revision = device->ReadConfig32(0x08);
        device->Revision = (byte)revision;
        device->Class = revision >> 8;
        device->HeaderType = (byte)(header & ~MultiFunction);

        // The firmware wires the pin to a line of the interrupt controller and writes down which; 255 stands for none.
        byte line = device->ReadConfig8(0x3c);
        device->Pin = device->ReadConfig8(0x3d);
        device->Irq = device->Pin == 0 || line is 0 or 0xff ? -1 : Smp.RoutePci(bus, slot, device->Pin, line);

        int registers = device->HeaderType switch { 0 => PciDevice.MaxResources, BridgeHeader => 2, _ => 0 };
        Measure(device, registers);
    }

    private static void Measure(PciDevice* device, int registers)
    {
        for (int i = 0; i < registers; i++)
        {
            int offset = FirstBaseAddress + (4 * i);
            uint low = device->ReadConfig32(offset);
            bool wide = (low & BaseAddressIo) == 0 && (low & BaseAddressTypeMask) == BaseAddress64Bit && i + 1 < registers;
            uint high = wide ? device->ReadConfig32(offset + 4) : 0;

            ulong flags = LocalIrqSave();
            ushort command = device->ReadConfig16(CommandRegister);
            device->WriteConfig16(CommandRegister, (ushort)(command & ~3));
            device->WriteConfig32(offset, uint.MaxValue);
            uint lowMask = device->ReadConfig32(offset);
            device->WriteConfig32(offset, low);
            uint highMask = uint.MaxValue;
            if (wide)
            {
                device->WriteConfig32(offset + 4, uint.MaxValue);
                highMask = device->ReadConfig32(offset + 4);
                device->WriteConfig32(offset + 4, high);
            }

            device->WriteConfig16(CommandRegister, command);
            LocalIrqRestore(flags);

            Record(ref device->Resource(i), low, high, lowMask, highMask, wide);
            if (wide)
            {
                i++;
            }
        }
    }

    // The bits of the address that a device does not decode read as zero when ones were written: the lowest of the others is the size.
    private static void Record(ref PciResource resource, uint low, uint high, uint lowMask, uint highMask, bool wide)
    {
        if (lowMask == 0 || (!wide && lowMask == uint.MaxValue))
        {
            return;
        }

        if ((low & BaseAddressIo) != 0)
        {
            // Devices may decode only 16 bits of a port's address.
            uint mask = (lowMask & ~3u) | 0xffff0000;
            resource.Flags = PciResourceFlags.Io;
            resource.Start = low & ~3u;
            resource.Length = ~mask + 1u;
            return;
        }

        ulong addressMask = ((ulong)highMask << 32) | (lowMask & ~15u);
        resource.Flags = PciResourceFlags.Memory
            | ((low & BaseAddressPrefetchable) != 0 ? PciResourceFlags.Prefetchable : PciResourceFlags.None)
            | (wide ? PciResourceFlags.Is64Bit : PciResourceFlags.None);
        resource.Start = ((ulong)high << 32) | (low & ~15u);
        resource.Length = ~addressMask + 1;
    }

    [InlineArray(MaxBuses)]
    private struct BusSet
    {
        private bool _first;
    }
}
