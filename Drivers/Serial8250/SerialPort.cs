// SerialPort: one UART at work: sending, receiving, and the bytes that wait to be sent.
//
// Linux: struct uart_8250_port, transmit_chars and receive_chars of drivers/serial/8250.c. Any context but NMI; nothing sleeps.
// Lock: Lock, taken with interrupts off, for everything but Base, Irq and Type. Inside it: ConsoleInput's lock. Never Printk with it held:
// the console is this port.
// Invariants: bytes leave in the order in which they were put into the ring; InterruptEnable in the UART equals _enabled; if the ring
// is not empty and interrupts are used, the transmitter's interrupt is enabled, so that it will be emptied.
// An oops that cannot have the lock does without: then two CPUs may send the same byte, and what is behind the ring's end counts as empty.

using System.Runtime.CompilerServices;

namespace CSharpOS.Drivers;

internal unsafe struct SerialPort
{
    private const int RingSize = 4096;

    // At 115200 bits per second a byte takes 87 us and an access to a port at most one or two.
    private const int LongestWait = 1_000_000;
    private const int ShortWait = 100;

    /// <summary>Guards the port.</summary>
    public SpinLock Lock;

    /// <summary>See <see cref="Log.ConsoleLock"/>.</summary>
    public bool LockIsHopeless;

    private Ring _ring;
    private uint _head;
    private uint _tail;
    private byte _enabled;
    private bool _stuck;

    /// <summary>First I/O port; 0 as long as no UART was found.</summary>
    public int Base { get; private set; }

    /// <summary>Its interrupt line.</summary>
    public int Irq { get; private set; }

    /// <summary>What it is.</summary>
    public UartType Type { get; private set; }

    /// <summary>True while the interrupt handler serves the port; until then everything is done by polling.</summary>
    public bool UsesInterrupts { get; private set; }

    /// <summary>True while received bytes stay in the UART because the console's input is full.</summary>
    public bool IsThrottled { get; private set; }

    /// <summary>Bytes that the UART lost because nobody fetched them in time.</summary>
    public uint Overruns { get; private set; }

    /// <summary>Bytes that were not sent because the line stood still.</summary>
    public uint Unsent { get; private set; }

    /// <summary>True if nothing waits to be sent. The lock is held.</summary>
    public bool IsEmpty => Waiting() == 0;

    /// <summary>Starts with an empty ring. False if no UART answers at <paramref name="port"/>.</summary>
    public bool Init(int port, int irq)
    {
        this = default;
        Type = Uart.Probe(port);
        if (Type == UartType.None)
        {
            return false;
        }

        Base = port;
        Irq = irq;
        return true;
    }

    /// <summary>From now on (or no longer) the interrupt handler serves the port. The lock is held.</summary>
    public void UseInterrupts(bool use)
    {
        UsesInterrupts = use;
        IsThrottled = false;
        Enable(use ? (byte)(Uart.EnableReceived | Uart.EnableLineStatus) : (byte)0);
    }

    /// <summary>Puts a byte into the ring. False: the ring is full. The lock is held.</summary>
    public bool TryQueue(byte value)
    {
        if (Waiting() == RingSize)
        {
            return false;
        }

        _ring[(int)(_head % RingSize)] = value;
        _head++;
        return true;
    }

    /// <summary>Sends what the transmitter takes at once, and lets the interrupt handler send the rest. The lock is held.</summary>
    public void StartSending()
    {
        SendIfReady();
        ResumeSending();
    }

    /// <summary>Lets the interrupt handler send what is in the ring: the interrupt comes at once if the transmitter is empty. The lock is
    /// held.</summary>
    public void ResumeSending()
    {
        if (!IsEmpty)
        {
            Enable((byte)(_enabled | Uart.EnableTransmitter));
        }
    }

    /// <summary>Gives the transmitter as much of the ring as it takes at once; waits until it takes something. The lock is held.</summary>
    public void SendByPolling()
    {
        int waits = _stuck ? ShortWait : LongestWait;
        while (waits > 0 && !IsReadyToSend())
        {
            CpuRelax();
            waits--;
        }

        // The other end keeps us from sending. The oldest byte goes, so that the kernel does not wait for it for ever.
        _stuck = waits == 0;
        if (_stuck)
        {
            _tail++;
            Unsent++;
            return;
        }

        SendIfReady();
    }

    /// <summary>Sends all that is in the ring, by polling. The lock is held.</summary>
    public void SendAllByPolling()
    {
        while (!IsEmpty)
        {
            SendByPolling();
        }
    }

    /// <summary>Moves what the UART has received into the console's input, as long as there is room. The lock is held.</summary>
    /// <linux>receive_chars</linux>
    public void Receive()
    {
        byte status = PortIo.In8(Base + Uart.LineStatus);
        while ((status & Uart.DataReady) != 0)
        {
            if (!ConsoleInput.HasRoom)
            {
                // The rest stays in the UART, which makes the sender wait. An emulator does wait; on a real line hands would have to.
                IsThrottled = UsesInterrupts;
                Enable((byte)(_enabled & ~(Uart.EnableReceived | Uart.EnableLineStatus)));
                break;
            }

            byte value = PortIo.In8(Base + Uart.Data);
            if ((status & Uart.Break) == 0)
            {
                ConsoleInput.Put(value);
            }

            Overruns += (status & Uart.Overrun) != 0 ? 1u : 0u;
            status = PortIo.In8(Base + Uart.LineStatus);
        }
    }

    /// <summary>Receives again if the console's input had been full and has room now. The lock is held.</summary>
    public void Unthrottle()
    {
        if (IsThrottled && ConsoleInput.HasRoom)
        {
            IsThrottled = false;
            Receive();
            if (!IsThrottled)
            {
                Enable((byte)(_enabled | Uart.EnableReceived | Uart.EnableLineStatus));
            }
        }
    }

    /// <summary>In the interrupt handler: sends on, unless this interrupt has sent enough; keeps the transmitter quiet if it has, or
    /// if there is nothing more. The lock is held.</summary>
    /// <linux>transmit_chars</linux>
    public void ContinueSending(bool enough)
    {
        if (!enough)
        {
            SendIfReady();
        }

        if (enough || IsEmpty)
        {
            Enable((byte)(_enabled & ~Uart.EnableTransmitter));
        }
    }

    /// <summary>True if the UART has an event to report. Reading this quiets the transmitter's event. The lock is held.</summary>
    public readonly bool HasEvent() => (PortIo.In8(Base + Uart.InterruptIdentification) & Uart.NoInterrupt) == 0;

    // Bytes in the ring. The end may have been passed (see the head): then nothing is there, and the next byte begins anew.
    private uint Waiting()
    {
        uint waiting = Shared.ReadOnce(ref _head) - Shared.ReadOnce(ref _tail);
        if (waiting <= RingSize)
        {
            return waiting;
        }

        _tail = _head;
        return 0;
    }

    private readonly bool IsReadyToSend() => (PortIo.In8(Base + Uart.LineStatus) & Uart.TransmitterEmpty) != 0;

    private void SendIfReady()
    {
        if (IsEmpty || !IsReadyToSend())
        {
            return;
        }

        int room = Type == UartType.Uart16550A ? Uart.FifoSize : 1;
        while (room > 0 && !IsEmpty)
        {
            PortIo.Out8(Base + Uart.Data, _ring[(int)(_tail % RingSize)]);
            _tail++;
            room--;
        }
    }

    private void Enable(byte events)
    {
        if (events != _enabled)
        {
            _enabled = events;
            PortIo.Out8(Base + Uart.InterruptEnable, events);
        }
    }

    [InlineArray(RingSize)]
    private struct Ring
    {
        private byte _first;
    }
}
