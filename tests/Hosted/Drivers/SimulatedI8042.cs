// SimulatedI8042: the keyboard controller with a keyboard, as a device of the simulated machine. One byte of output at a time.

using CSharpOS.Hosted.Irq;

namespace CSharpOS.Hosted.Drivers;

/// <summary>Controller and keyboard.</summary>
public sealed class SimulatedI8042
{
    private readonly SimulatedPic _pic;
    private readonly Queue<(byte Value, bool Mouse)> _output = new();
    private byte _configuration = 0x61;
    private int _expecting;

    public SimulatedI8042(SimulatedPic pic)
    {
        _pic = pic;
        Simulation.AttachPorts(0x60, 1, (_, _) => ReadData(), (_, value, _) => WriteData((byte)value));
        Simulation.AttachPorts(0x64, 1, (_, _) => Status(), (_, value, _) => Command((byte)value));
    }

    /// <summary>The answer to the self-test; null: none.</summary>
    public byte? SelfTest { get; set; } = 0x55;

    /// <summary>The answer to the test of the keyboard's port.</summary>
    public byte PortTest { get; set; }

    /// <summary>False: nothing is plugged in.</summary>
    public bool HasKeyboard { get; set; } = true;

    /// <summary>True: what is written is never taken.</summary>
    public bool InputStaysFull { get; set; }

    /// <summary>True: the keyboard asks for every byte again.</summary>
    public bool AsksAgain { get; set; }

    public byte Leds { get; private set; } = 0xff;

    public bool Scanning { get; private set; }

    public byte Configuration => _configuration;

    /// <summary>Commands that went to the keyboard.</summary>
    public List<byte> ToKeyboard { get; } = [];

    /// <summary>What the keyboard sends when keys move.</summary>
    public void Send(params ReadOnlySpan<byte> codes)
    {
        foreach (byte code in codes)
        {
            _output.Enqueue((code, false));
        }

        Update();
    }

    public void SendMouse(byte value)
    {
        _output.Enqueue((value, true));
        Update();
    }

    private uint Status() => (_output.Count != 0 ? 1u : 0) | (InputStaysFull ? 2u : 0) | 4
        | (_output.Count != 0 && _output.Peek().Mouse ? 0x20u : 0);

    private uint ReadData()
    {
        uint value = _output.Count != 0 ? _output.Dequeue().Value : 0u;
        _pic.SetLine(1, false);
        Update();
        return value;
    }

    private void Command(byte command)
    {
        switch (command)
        {
            case 0x20:
                Answer(_configuration);
                break;
            case 0x60:
                _expecting = command;
                break;
            case 0xaa when SelfTest is byte answer:
                Answer(answer);
                break;
            case 0xab:
                Answer(PortTest);
                break;
            case 0xad:
                _configuration |= 0x10;
                break;
            case 0xae:
                _configuration &= 0xef;
                break;
            case 0xa7:
                _configuration |= 0x20;
                break;
        }
    }

    private void WriteData(byte value)
    {
        if (_expecting == 0x60)
        {
            _expecting = 0;
            _configuration = value;
            Update();
            return;
        }

        if (!HasKeyboard)
        {
            return;
        }

        ToKeyboard.Add(value);
        if (AsksAgain)
        {
            Answer(0xfe);
            return;
        }

        Answer(0xfa);
        if (_expecting == 0xed)
        {
            _expecting = 0;
            Leds = value;
            return;
        }

        switch (value)
        {
            case 0xed:
                _expecting = value;
                break;
            case 0xf4:
                Scanning = true;
                break;
            case 0xff:
                Scanning = false;
                Answer(0xaa);
                break;
        }
    }

    private void Answer(byte value) => Send(value);

    private void Update()
    {
        if (_output.Count != 0 && (_configuration & 1) != 0)
        {
            _pic.SetLine(1, true);
        }
    }
}
