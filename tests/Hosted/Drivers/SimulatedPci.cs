// SimulatedPci: configuration space behind mechanism 1, with devices that a test describes.

using System.Linq;

namespace CSharpOS.Hosted.Drivers;

/// <summary>The bus.</summary>
public sealed class SimulatedPci
{
    private uint _address;

    public SimulatedPci() => Simulation.AttachPorts(0xcf8, 8, Read, Write);

    public List<SimulatedPciDevice> Devices { get; } = [];

    public SimulatedPciDevice Add(int bus, int slot, int function, ushort vendor, ushort device, uint classCode = 0xff0000)
    {
        SimulatedPciDevice added = new(bus, slot, function);
        added.Set16(0x00, vendor);
        added.Set16(0x02, device);
        added.Set32(0x08, (classCode << 8) | 0x10);
        Devices.Add(added);
        return added;
    }

    private SimulatedPciDevice? Selected => (_address & 0x80000000) == 0 ? null : Devices.FirstOrDefault(device =>
        device.Bus == (int)((_address >> 16) & 0xff)
        && device.Slot == (int)((_address >> 11) & 31)
        && device.Function == (int)((_address >> 8) & 7));

    private uint Read(int port, int size)
    {
        if (port < 0xcfc)
        {
            return _address;
        }

        int offset = (int)(_address & 0xfc) + (port - 0xcfc);
        return Selected is { } device ? device.Read(offset, size) : uint.MaxValue;
    }

    private void Write(int port, uint value, int size)
    {
        if (port < 0xcfc)
        {
            _address = value;
            return;
        }

        Selected?.Write((int)(_address & 0xfc) + (port - 0xcfc), value, size);
    }
}

/// <summary>One function of a device.</summary>
public sealed class SimulatedPciDevice(int bus, int slot, int function)
{
    private readonly byte[] _space = new byte[256];
    private readonly uint[] _barMask = new uint[6];

    public int Bus => bus;

    public int Slot => slot;

    public int Function => function;

    /// <summary>Set when an address register held anything but an address while the device answered to its addresses.</summary>
    public bool MeasuredWhileAlive { get; private set; }

    public ushort Command => (ushort)Get(0x04, 2);

    public void Set16(int offset, ushort value)
    {
        _space[offset] = (byte)value;
        _space[offset + 1] = (byte)(value >> 8);
    }

    public void Set32(int offset, uint value)
    {
        Set16(offset, (ushort)value);
        Set16(offset + 2, (ushort)(value >> 16));
    }

    public void Set8(int offset, byte value) => _space[offset] = value;

    /// <summary>Describes an address register: the address with its type bits, and which bits of it can be written.</summary>
    public void SetBar(int index, uint value, uint writable)
    {
        Set32(0x10 + (4 * index), value);
        _barMask[index] = writable;
    }

    public uint Bar(int index) => Get(0x10 + (4 * index), 4);

    public uint Read(int offset, int size) => Get(offset, size);

    public void Write(int offset, uint value, int size)
    {
        if (offset is >= 0x10 and < 0x28)
        {
            int index = (offset - 0x10) / 4;
            uint before = Bar(index);
            MeasuredWhileAlive |= (Command & 3) != 0 && _barMask[index] != 0 && value == uint.MaxValue;
            Set32(offset & ~3, (before & ~_barMask[index]) | (value & _barMask[index]));
            return;
        }

        if (offset is 0x04 or 0x3c)
        {
            for (int i = 0; i < size; i++)
            {
                _space[offset + i] = (byte)(value >> (8 * i));
            }
        }
    }

    private uint Get(int offset, int size)
    {
        uint value = 0;
        for (int i = 0; i < size; i++)
        {
            value |= (uint)_space[offset + i] << (8 * i);
        }

        return value;
    }
}
