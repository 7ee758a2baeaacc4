// KtapPort: the second serial port, on which test results leave the machine, apart from the log.
//
// Polled, with interrupts off for a whole line, so that a line is never torn by an interrupt that prints one itself.
// Any context; spins while the port is busy; no lock: only the test task writes.

namespace CSharpOS.Testing;

/// <summary>Line output to the test runner.</summary>
public static unsafe class KtapPort
{
    private const int Port = 0x2f8;
    private const int LineStatus = Port + 5;
    private const byte TransmitterEmpty = 0x20;

    /// <summary>Sets the port to 115200 baud, 8N1, no interrupts.</summary>
    public static void Init()
    {
        PortIo.Out8(Port + 1, 0);
        PortIo.Out8(Port + 3, 0x80);
        PortIo.Out8(Port, 1);
        PortIo.Out8(Port + 1, 0);
        PortIo.Out8(Port + 3, 3);
        PortIo.Out8(Port + 2, 7);
    }

    /// <summary>Writes text; '\n' becomes CR LF.</summary>
    public static void Write(ReadOnlySpan<byte> text)
    {
        ulong flags = LocalIrqSave();
        foreach (byte b in text)
        {
            if (b == '\n')
            {
                Put((byte)'\r');
            }

            Put(b);
        }

        LocalIrqRestore(flags);
    }

    private static void Put(byte value)
    {
        while ((PortIo.In8(LineStatus) & TransmitterEmpty) == 0)
        {
            CpuRelax();
        }

        PortIo.Out8(Port, value);
    }
}
