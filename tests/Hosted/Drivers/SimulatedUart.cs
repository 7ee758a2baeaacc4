// SimulatedUart: a 16550A with its FIFOs, as a device of the simulated machine. It behaves as the one of QEMU where that matters: bytes
// from the other end come only when there is room (they wait on the wire), enabling the FIFOs empties them and forgets a byte that
// waits, and the interrupt output is a level that the interrupt controller sees edges of.

using CSharpOS.Hosted.Irq;

namespace CSharpOS.Hosted.Drivers;

/// <summary>One serial port.</summary>
public sealed class SimulatedUart
{
    private readonly SimulatedPic? _pic;
    private readonly int _irq;
    private readonly Queue<byte> _received = new();
    private readonly Queue<byte> _transmit = new();
    private byte _ier, _lcr, _mcr, _scratch, _fcr, _divisorLow, _divisorHigh;
    private bool _transmitEvent;
    private bool _overrun;

    public SimulatedUart(int port, int irq = 4, SimulatedPic? pic = null, bool hasFifos = true)
    {
        _irq = irq;
        _pic = pic;
        HasFifos = hasFifos;
        Simulation.AttachPorts(port, 8, (p, _) => Read(p - port), (p, value, _) => Write(p - port, (byte)value));
    }

    /// <summary>Bytes that the other end sends as soon as there is room.</summary>
    public Queue<byte> Wire { get; } = new();

    /// <summary>What has left the port.</summary>
    public List<byte> Sent { get; } = [];

    /// <summary>What has left, as text.</summary>
    public string SentText => System.Text.Encoding.UTF8.GetString(Sent.ToArray());

    /// <summary>Nothing leaves while this is set.</summary>
    public bool Blocked { get; set; }

    /// <summary>True: a byte leaves only when the test says so (<see cref="SendOne"/>).</summary>
    public bool Slow { get; set; }

    /// <summary>True: no modem loopback, as in a port that is something else.</summary>
    public bool LoopbackBroken { get; set; }

    /// <summary>True: bytes come whether there is room or not, as on a real line.</summary>
    public bool RealLine { get; set; }

    /// <summary>Called when the driver gives the port a byte.</summary>
    public Action? Sending { get; set; }

    public bool HasFifos { get; }

    public byte InterruptEnable => _ier;

    public byte ModemControl => _mcr;

    public int Divisor => _divisorLow | (_divisorHigh << 8);

    public byte LineControl => _lcr;

    public bool FifosOn => (_fcr & 1) != 0;

    private int Capacity => FifosOn ? 16 : 1;

    private bool Loopback => (_mcr & 0x10) != 0;

    /// <summary>Gives the other end its turn.</summary>
    public void Step()
    {
        // An emulator is told to look at its input again when a byte is fetched, but not in loopback.
        while (Wire.Count != 0 && !Loopback && (RealLine || _received.Count < Capacity))
        {
            if (_received.Count >= Capacity)
            {
                _overrun = true;
                Wire.Dequeue();
                continue;
            }

            _received.Enqueue(Wire.Dequeue());
        }

        if (!Slow)
        {
            while (SendOne())
            {
            }
        }

        Update();
    }

    /// <summary>One byte leaves. False: there is none, or the line is blocked.</summary>
    public bool SendOne()
    {
        if (Blocked || _transmit.Count == 0)
        {
            return false;
        }

        Sent.Add(_transmit.Dequeue());
        _transmitEvent |= _transmit.Count == 0;
        Update();
        return true;
    }

    private uint Read(int register)
    {
        uint value = register switch
        {
            0 when (_lcr & 0x80) != 0 => _divisorLow,
            0 => Receive(),
            1 => (_lcr & 0x80) != 0 ? _divisorHigh : _ier,
            2 => Identify(),
            3 => _lcr,
            4 => _mcr,
            5 => LineStatus(),
            6 => Loopback && !LoopbackBroken ? (uint)(((_mcr & 0x0c) << 4) | ((_mcr & 2) << 3) | ((_mcr & 1) << 5)) : 0xb0u,
            _ => _scratch,
        };
        Step();
        return value;
    }

    private void Write(int register, byte value)
    {
        switch (register)
        {
            case 0 when (_lcr & 0x80) != 0:
                _divisorLow = value;
                break;
            case 0:
                Sending?.Invoke();
                _transmit.Enqueue(value);
                _transmitEvent = false;
                break;
            case 1 when (_lcr & 0x80) != 0:
                _divisorHigh = value;
                break;
            case 1:
                // Enabling the transmitter's event while it is empty raises it.
                _transmitEvent = (value & 2) != 0 && (_transmitEvent || ((_ier & 2) == 0 && _transmit.Count == 0));
                _ier = value;
                break;
            case 2 when HasFifos:
                if (((_fcr ^ value) & 1) != 0 || (value & 2) != 0)
                {
                    _received.Clear();
                }

                if (((_fcr ^ value) & 1) != 0 || (value & 4) != 0)
                {
                    _transmit.Clear();
                }

                _fcr = (byte)(value & 0xc9);
                break;
            case 3:
                _lcr = value;
                break;
            case 4:
                _mcr = value;
                break;
            case 7:
                _scratch = value;
                break;
        }

        Step();
    }

    private uint Receive() => _received.Count != 0 ? _received.Dequeue() : 0u;

    private uint LineStatus()
    {
        uint status = (_received.Count != 0 ? 1u : 0) | (_overrun ? 2u : 0) | (_transmit.Count == 0 ? 0x60u : 0);
        _overrun = false;
        return status;
    }

    private uint Identify()
    {
        uint fifos = FifosOn ? 0xc0u : 0;
        uint pending = Pending();
        if (pending == 2)
        {
            _transmitEvent = false;
        }

        return fifos | pending;
    }

    private uint Pending()
    {
        if ((_ier & 4) != 0 && _overrun)
        {
            return 6;
        }

        if ((_ier & 1) != 0 && _received.Count != 0)
        {
            return 4;
        }

        return (_ier & 2) != 0 && _transmitEvent ? 2u : 1u;
    }

    private void Update() => _pic?.SetLine(_irq, Pending() != 1);
}
