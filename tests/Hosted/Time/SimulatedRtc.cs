// SimulatedRtc: the MC146818 clock chip. The test moves its time; it drives line 8.

using CSharpOS.Hosted.Irq;

namespace CSharpOS.Hosted.Time;

/// <summary>The clock chip at ports 0x70 and 0x71.</summary>
public sealed class SimulatedRtc
{
    private readonly SimulatedPic? _pic;
    private byte _index;

    public SimulatedRtc(SimulatedPic? pic)
    {
        _pic = pic;
        Registers[0x0a] = 0x26;
        Registers[0x0b] = 0x02;
        Registers[0x0d] = 0x80;
        Simulation.AttachPorts(0x70, 2, Read, Write);
    }

    public byte[] Registers { get; } = new byte[128];

    /// <summary>How often register A still says that an update is going on.</summary>
    public int UpdatesSeen { get; set; }

    /// <summary>Called before register 0 is read: the clock may tick in the middle of a reading.</summary>
    public Action? OnSecondsRead { get; set; }

    public int Frequency => (Registers[0x0a] & 15) == 0 ? 0 : 65536 >> (Registers[0x0a] & 15);

    /// <summary>What happens inside the chip: 0x40 the period is over, 0x20 alarm, 0x10 update ended.</summary>
    public void Happen(byte what)
    {
        Registers[0x0c] |= what;
        if ((Registers[0x0c] & Registers[0x0b] & 0x70) != 0 && (Registers[0x0c] & 0x80) == 0)
        {
            Registers[0x0c] |= 0x80;
            _pic?.SetLine(8, true);
        }
    }

    /// <summary>Sets date and time in the format that register B says.</summary>
    public void Set(int year, int month, int day, int hour, int minute, int second, bool century = true)
    {
        Registers[0] = Encode(second);
        Registers[2] = Encode(minute);
        Registers[4] = EncodeHour(hour);
        Registers[7] = Encode(day);
        Registers[8] = Encode(month);
        Registers[9] = Encode(year % 100);
        Registers[0x32] = century ? Encode(year / 100) : (byte)0;
    }

    public byte Encode(int value) => (byte)((Registers[0x0b] & 4) != 0 ? value : (value / 10 * 16) + (value % 10));

    public byte EncodeHour(int hour)
    {
        if ((Registers[0x0b] & 2) != 0)
        {
            return Encode(hour);
        }

        return (byte)(Encode(((hour + 11) % 12) + 1) | (hour >= 12 ? 0x80 : 0));
    }

    private uint Read(int port, int size)
    {
        if (port == 0x70)
        {
            return 0xff;
        }

        if (_index == 0)
        {
            OnSecondsRead?.Invoke();
        }

        byte value = Registers[_index];
        if (_index == 0x0a && UpdatesSeen > 0)
        {
            UpdatesSeen--;
            value |= 0x80;
        }

        if (_index == 0x0c)
        {
            Registers[0x0c] = 0;
            _pic?.SetLine(8, false);
        }

        return value;
    }

    private void Write(int port, uint value, int size)
    {
        if (port == 0x70)
        {
            _index = (byte)(value & 0x7f);
            return;
        }

        if (_index is not (0x0c or 0x0d))
        {
            Registers[_index] = (byte)value;
        }
    }
}
