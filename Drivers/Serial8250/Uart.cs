// Uart: the registers of the 8250 family, and how to find out what answers at a base port. Linux: include/linux/serial_reg.h and
// autoconfig in drivers/serial/8250.c. Contexts: Probe at boot, one CPU; the rest is constants.

namespace CSharpOS.Drivers;

/// <summary>What kind of UART it is.</summary>
internal enum UartType
{
    /// <summary>None answers.</summary>
    None,

    /// <summary>Without a usable FIFO: one byte each way.</summary>
    Uart16450,

    /// <summary>With FIFOs of 16 bytes.</summary>
    Uart16550A,
}

/// <summary>Register numbers, from the base port, and their bits.</summary>
internal static class Uart
{
    /// <summary>Read: the oldest received byte. Write: the next byte to send. While the divisor is open: its low byte.</summary>
    public const int Data = 0;

    /// <summary>Which events interrupt. While the divisor is open: its high byte.</summary>
    public const int InterruptEnable = 1;

    /// <summary>Read: the most urgent event.</summary>
    public const int InterruptIdentification = 2;

    /// <summary>Write: the FIFOs.</summary>
    public const int FifoControl = 2;
    public const int LineControl = 3;
    public const int ModemControl = 4;
    public const int LineStatus = 5;
    public const int ModemStatus = 6;
    public const int Scratch = 7;

    /// <summary>Ports that a UART has.</summary>
    public const int PortCount = 8;

    public const byte EnableReceived = 0x01, EnableTransmitter = 0x02, EnableLineStatus = 0x04;
    public const byte NoInterrupt = 0x01, FifosWork = 0xc0;
    public const byte FifoEnable = 0x01, FifoTrigger8 = 0x80;
    public const byte EightBits = 0x03, DivisorOpen = 0x80;
    public const byte Dtr = 0x01, Rts = 0x02, Out2 = 0x08, Loopback = 0x10;
    public const byte DataReady = 0x01, Overrun = 0x02, Break = 0x10, TransmitterEmpty = 0x20, AllSent = 0x40;

    /// <summary>Bytes that a transmitter with a FIFO takes when it says that it is empty.</summary>
    public const int FifoSize = 16;

    private const byte ModemStatusOfLoopback = 0x90;
    private const byte ModemStatusMask = 0xf0;
    private const int LongestWait = 100_000;

    /// <summary>Looks for a UART, and if there is one makes it work at 115200 bits per second with 8 data bits, no parity, one stop bit.
    /// Its interrupts are off afterwards. A byte that waits in it is given to the console's input, never dropped.</summary>
    public static UartType Probe(int port)
    {
        if (!IsThere(port))
        {
            return UartType.None;
        }

        PortIo.Out8(port + InterruptEnable, 0);

        // What the firmware or the boot loader is still sending would suffer from a change of speed.
        for (int i = 0; i < LongestWait && (PortIo.In8(port + LineStatus) & AllSent) == 0; i++)
        {
            CpuRelax();
        }

        PortIo.Out8(port + LineControl, DivisorOpen | EightBits);
        PortIo.Out8(port + Data, 1);
        PortIo.Out8(port + InterruptEnable, 0);
        PortIo.Out8(port + LineControl, EightBits);
        EnableFifos(port);
        PortIo.Out8(port + ModemControl, Dtr | Rts | Out2);
        bool fifos = (PortIo.In8(port + InterruptIdentification) & FifosWork) == FifosWork;
        return fifos ? UartType.Uart16550A : UartType.Uart16450;
    }

    // A UART keeps what is written to its scratch register, and in loopback its modem outputs appear at its modem inputs. That changes
    // nothing for bytes that wait, unlike a test that sends some to itself.
    private static bool IsThere(int port)
    {
        PortIo.Out8(port + Scratch, 0x5a);
        bool keeps = PortIo.In8(port + Scratch) == 0x5a;
        PortIo.Out8(port + Scratch, 0xa5);
        if (!keeps || PortIo.In8(port + Scratch) != 0xa5)
        {
            return false;
        }

        byte before = PortIo.In8(port + ModemControl);
        PortIo.Out8(port + ModemControl, Loopback | Out2 | Rts);
        bool loops = (PortIo.In8(port + ModemStatus) & ModemStatusMask) == ModemStatusOfLoopback;
        PortIo.Out8(port + ModemControl, before);
        return loops;
    }

    // Switching the FIFOs on empties them and forgets a byte that waits: so that is read in the instruction before. (If they are on
    // already, nothing is forgotten.) In loopback the line is cut off from the receiver, so that no other byte comes between the two;
    // an emulator then does not ask its input for more either.
    private static void EnableFifos(int port)
    {
        ulong flags = LocalIrqSave();
        PortIo.Out8(port + ModemControl, Loopback | Dtr | Rts | Out2);
        bool waiting = (PortIo.In8(port + LineStatus) & DataReady) != 0;
        byte value = waiting ? PortIo.In8(port + Data) : (byte)0;
        PortIo.Out8(port + FifoControl, FifoEnable | FifoTrigger8);
        LocalIrqRestore(flags);
        if (waiting)
        {
            ConsoleInput.Put(value);
        }
    }
}
