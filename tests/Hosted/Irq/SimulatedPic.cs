// SimulatedPic: the pair of 8259A controllers as a device of the simulated machine, with edge/level registers.
//
// It keeps score of mistakes that real controllers forgive silently: an end of interrupt for a line that is not in service.

using Xunit;

namespace CSharpOS.Hosted.Irq;

/// <summary>Two controllers, the slave on line 2 of the master.</summary>
public sealed class SimulatedPic
{
    private readonly Chip _master = new();
    private readonly Chip _slave = new();

    /// <summary>Ends of interrupt for lines that were not in service.</summary>
    public int WrongEois { get; private set; }

    /// <summary>True: a line that lets go before it was acknowledged is forgotten, as in the real chip. False: remembered, as in QEMU.</summary>
    public bool ForgetsEarlyRelease { get; set; }

    /// <summary>Lines in service.</summary>
    public int InService => _master.Isr | (_slave.Isr << 8);

    /// <summary>The mask registers.</summary>
    public int Masked => _master.Imr | (_slave.Imr << 8);

    public int MasterBase => _master.VectorBase;

    public int SlaveBase => _slave.VectorBase;

    public int Elcr => _master.Elcr | (_slave.Elcr << 8);

    /// <summary>True if the processor's interrupt input is active.</summary>
    public bool Interrupt => MasterRequest >= 0;

    private int MasterRequest
    {
        get
        {
            int requests = _master.Requests;
            if (_slave.Highest(_slave.Requests) >= 0)
            {
                requests |= 4;
            }

            return _master.Highest(requests);
        }
    }

    public void Attach(bool withElcr = true)
    {
        Simulation.AttachPorts(0x20, 2, (port, _) => _master.Read(port & 1), (port, value, _) => Write(_master, port & 1, value));
        Simulation.AttachPorts(0xa0, 2, (port, _) => _slave.Read(port & 1), (port, value, _) => Write(_slave, port & 1, value));
        if (withElcr)
        {
            Simulation.AttachPorts(
                0x4d0,
                2,
                (port, _) => (port == 0x4d0 ? _master : _slave).Elcr,
                (port, value, _) => (port == 0x4d0 ? _master : _slave).Elcr = (byte)value);
        }
    }

    public void SetElcr(int value)
    {
        _master.Elcr = (byte)value;
        _slave.Elcr = (byte)(value >> 8);
    }

    public void SetLine(int irq, bool level) => (irq < 8 ? _master : _slave).SetLine(irq & 7, level, ForgetsEarlyRelease);

    public void Pulse(int irq)
    {
        SetLine(irq, true);
        SetLine(irq, false);
    }

    /// <summary>What the processor gets when it acknowledges: a vector.</summary>
    public int Acknowledge()
    {
        int line = MasterRequest;
        if (line == 2)
        {
            _master.Isr |= 4;
            return _slave.VectorBase + _slave.Acknowledge(_slave.Highest(_slave.Requests));
        }

        return _master.VectorBase + _master.Acknowledge(line);
    }

    /// <summary>The state in which the CPU has taken a vector that the controller made up: 7 or 15.</summary>
    public int AcknowledgeSpurious(int irq)
    {
        if (irq == 15)
        {
            _master.Isr |= 4;
            return _slave.VectorBase + 7;
        }

        return _master.VectorBase + 7;
    }

    private void Write(Chip chip, int register, uint value)
    {
        if (register == 0 && (value & 0x18) == 0)
        {
            Assert.Equal(0x60u, value & 0xe0);
            if ((chip.Isr & (1 << (int)(value & 7))) == 0)
            {
                WrongEois++;
            }

            chip.Isr &= (byte)~(1 << (int)(value & 7));
            return;
        }

        chip.Write(register, (byte)value);
    }

    private sealed class Chip
    {
        private byte _irr;
        private byte _lines;
        private bool _readIsr;
        private int _icw;
        private byte _cascade;

        public byte Imr { get; private set; }

        public byte Isr { get; set; }

        public byte Elcr { get; set; }

        public int VectorBase { get; private set; } = -1;

        public int Requests => (_irr | (_lines & Elcr)) & ~Imr;

        public int Highest(int requests)
        {
            for (int line = 0; line < 8; line++)
            {
                if ((Isr & (1 << line)) != 0)
                {
                    return -1;
                }

                if ((requests & (1 << line)) != 0)
                {
                    return line;
                }
            }

            return -1;
        }

        public int Acknowledge(int line)
        {
            if (line < 0)
            {
                return 7;
            }

            Isr |= (byte)(1 << line);
            _irr &= (byte)~(1 << line);
            return line;
        }

        public void SetLine(int line, bool level, bool forgets)
        {
            byte bit = (byte)(1 << line);
            if (level)
            {
                if ((_lines & bit) == 0 && (Elcr & bit) == 0)
                {
                    _irr |= bit;
                }

                _lines |= bit;
                return;
            }

            _lines &= (byte)~bit;
            if (forgets)
            {
                _irr &= (byte)~bit;
            }
        }

        public uint Read(int register) => register == 1 ? Imr : _readIsr ? Isr : (uint)(_irr | (_lines & Elcr));

        public void Write(int register, byte value)
        {
            if (register == 0)
            {
                if ((value & 0x10) != 0)
                {
                    Assert.Equal(0x11, value);
                    _icw = 1;
                    Imr = 0;
                    Isr = 0;
                    _irr = 0;
                    _readIsr = false;
                }
                else if ((value & 3) >= 2)
                {
                    _readIsr = (value & 1) != 0;
                }

                return;
            }

            switch (_icw)
            {
                case 1:
                    VectorBase = value;
                    _icw = 2;
                    break;
                case 2:
                    _cascade = value;
                    _icw = 3;
                    break;
                case 3:
                    Assert.Equal(1, value);
                    Assert.Equal(VectorBase == 0x20 ? 4 : 2, _cascade);
                    _icw = 0;
                    break;
                default:
                    Imr = value;
                    break;
            }
        }
    }
}
