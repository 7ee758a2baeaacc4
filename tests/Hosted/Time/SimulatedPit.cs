// SimulatedPit: the 8254's channels 0 and 2, counting in simulated time: the time stamp counter of the simulation, at a rate the test sets.

namespace CSharpOS.Hosted.Time;

/// <summary>The interval timer, and the gate of channel 2 at port 0x61.</summary>
public sealed class SimulatedPit
{
    private readonly ulong _tscHz;
    private readonly ulong _readCost;
    private readonly int[] _mode = new int[3];
    private readonly int[] _reload = new int[3];
    private readonly int[] _latched = new int[3];
    private readonly int[] _writes = new int[3];
    private readonly int[] _reads = new int[3];
    private readonly ulong[] _start = new ulong[3];
    private byte _speaker;

    /// <summary>A timer in a machine whose time stamp counter runs at <paramref name="tscHz"/>; each port access takes
    /// <paramref name="accessCost"/> counts.</summary>
    public SimulatedPit(ulong tscHz, ulong accessCost = 1000)
    {
        _tscHz = tscHz;
        _readCost = accessCost;
        Simulation.AttachPorts(0x40, 4, Read, Write);
        Simulation.AttachPorts(0x61, 1, (_, _) => (uint)(_speaker | Output), (_, value, _) => _speaker = (byte)(value & 0x0f));
    }

    /// <summary>True: the counters stand still.</summary>
    public bool Broken { get; set; }

    public int Mode(int channel) => _mode[channel];

    public int Reload(int channel) => _reload[channel] == 0 ? 65536 : _reload[channel];

    public bool SpeakerOn => (_speaker & 2) != 0;

    // Of channel 2, in mode 0: low until the count has run out.
    private int Output => Count(2) <= 0 ? 0x20 : 0;

    private int Count(int channel)
    {
        bool gate = channel != 2 || (_speaker & 1) != 0;
        if (Broken || !gate)
        {
            return _reload[channel];
        }

        ulong clocks = (ulong)((UInt128)(Simulation.Tsc - _start[channel]) * 1193182 / _tscHz);
        return _reload[channel] - (int)clocks;
    }

    private uint Read(int port, int size)
    {
        Simulation.Tsc += _readCost;
        int channel = port - 0x40;
        int value = _latched[channel] >= 0 ? _latched[channel] : Count(channel);
        bool low = (_reads[channel]++ & 1) == 0;
        if (!low)
        {
            _latched[channel] = -1;
        }

        return (byte)(low ? value : value >> 8);
    }

    private void Write(int port, uint value, int size)
    {
        Simulation.Tsc += _readCost;
        int channel = port - 0x40;
        if (port != 0x43)
        {
            _reload[channel] = (_writes[channel]++ & 1) == 0
                ? (_reload[channel] & 0xff00) | (int)value
                : (_reload[channel] & 0x00ff) | ((int)value << 8);
            _start[channel] = Simulation.Tsc;
            return;
        }

        channel = (int)value >> 6;
        if ((value & 0x30) == 0)
        {
            _latched[channel] = Count(channel);
            _reads[channel] = 0;
            return;
        }

        _mode[channel] = (int)(value >> 1) & 7;
        _writes[channel] = 0;
        _reads[channel] = 0;
        _latched[channel] = -1;
    }
}
