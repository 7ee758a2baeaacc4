// SimulatedEdu: QEMU's edu device, as far as the driver uses it: 32-bit registers, a level triggered line that other devices may share.

using CSharpOS.Hosted.Irq;

namespace CSharpOS.Hosted.Drivers;

/// <summary>One device, with its configuration space.</summary>
public sealed class SimulatedEdu
{
    private static readonly Dictionary<int, List<SimulatedEdu>> s_lines = [];

    private readonly SimulatedPic _pic;
    private readonly int _irq;
    private uint _liveness;
    private uint _factorial = 1;
    private uint _status;
    private uint _reasons;

    public SimulatedEdu(SimulatedPci bus, SimulatedPic pic, int slot, int irq = 11)
    {
        _pic = pic;
        _irq = irq;
        ulong address = 0xfe000000 + ((ulong)slot << 20);
        SimulatedPciDevice function = bus.Add(0, slot, 0, 0x1234, 0x11e8, 0x00ff00);
        function.SetBar(0, (uint)address, 0xfff00000);
        function.Set8(0x3c, (byte)irq);
        function.Set8(0x3d, 1);
        Function = function;
        MmioDevices.Attach(address, 0x100000, Read, Write);
        if (!s_lines.TryGetValue(irq, out List<SimulatedEdu>? line))
        {
            s_lines[irq] = line = [];
        }

        line.Add(this);
    }

    public SimulatedPciDevice Function { get; }

    /// <summary>Accesses of a size other than four bytes: the device answers them with rubbish.</summary>
    public int WrongAccesses { get; private set; }

    /// <summary>True: it computes but never interrupts.</summary>
    public bool Mute { get; set; }

    /// <summary>What the identification register says.</summary>
    public uint Identification { get; set; } = 0x010000ed;

    public uint Reasons => _reasons;

    public static void ForgetAll() => s_lines.Clear();

    /// <summary>The time that the device needs passes: a computation is done.</summary>
    public void Step()
    {
        if ((_status & 1) == 0)
        {
            return;
        }

        uint result = 1;
        for (uint i = 2; i <= _factorial; i++)
        {
            result *= i;
        }

        _factorial = result;
        _status &= ~1u;
        if ((_status & 0x80) != 0 && !Mute)
        {
            Raise(1);
        }
    }

    private uint Read(ulong offset, int size)
    {
        if (size != 4 || (Function.Command & 2) == 0)
        {
            WrongAccesses++;
            return uint.MaxValue;
        }

        return offset switch
        {
            0x00 => Identification,
            0x04 => _liveness,
            0x08 => _factorial,
            0x20 => _status,
            0x24 => _reasons,
            _ => uint.MaxValue,
        };
    }

    private void Write(ulong offset, uint value, int size)
    {
        if (size != 4 || (Function.Command & 2) == 0)
        {
            WrongAccesses++;
            return;
        }

        switch (offset)
        {
            case 0x04:
                _liveness = ~value;
                break;
            case 0x08 when (_status & 1) == 0:
                _factorial = value;
                _status |= 1;
                break;
            case 0x20:
                _status = (_status & ~0x80u) | (value & 0x80);
                break;
            case 0x60:
                Raise(value);
                break;
            case 0x64:
                _reasons &= ~value;
                Update();
                break;
        }
    }

    private void Raise(uint reasons)
    {
        _reasons |= reasons;
        Update();
    }

    // The line is the wired or of its devices.
    private void Update()
    {
        bool level = false;
        foreach (SimulatedEdu device in s_lines[_irq])
        {
            level |= device._reasons != 0;
        }

        _pic.SetLine(_irq, level);
    }
}
