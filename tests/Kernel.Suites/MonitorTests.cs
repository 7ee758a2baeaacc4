// MonitorTests: the monitor's commands in the running kernel, and what a user sees of them.
//
// Process context. What commands print is caught by a console of the suite's own, which exists only while a command runs.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

/// <summary>The suite of the monitor.</summary>
public static unsafe class MonitorTests
{
    private static int s_ran;

    [TestSuite("monitor")]
    public static void Suite()
    {
        Test.Run("help lists the commands of kernel and drivers"u8, "DRV-01"u8, &Help);
        Test.Run("unknown commands and overlong lines"u8, "DRV-01"u8, &BadInput);
        Test.Run("a fault ends only its command"u8, "IRQ-01"u8, &Faults);
        Test.Run("interrupts shows the table"u8, "IRQ-12"u8, &Interrupts);
        Test.Run("dmesg shows the log"u8, "LOG-01"u8, &Dmesg);
        Test.Run("meminfo adds up"u8, "MM-01"u8, &Meminfo);
        Test.Run("irq storm counts every pulse"u8, "IRQ-02"u8, &Storm);
        Test.Run("spurious interrupts are counted in ERR"u8, "IRQ-03"u8, &Spurious);
        Test.Run("commands of a module come and go"u8, "DRV-01"u8, &Registration);
    }

    private static void Help()
    {
        Check.Equal(0, OutputCapture.Execute("help"u8));
        Check.True(OutputCapture.Contains("\nmeminfo "u8));
        Check.True(OutputCapture.Contains("\npci "u8));
        Check.True(OutputCapture.Contains("\nedu N [DEVICE] "u8));
        Check.True(OutputCapture.Contains("\nrtc [HZ] "u8));
    }

    private static void BadInput()
    {
        Check.Equal(-ENOENT, OutputCapture.Execute("frobnicate 1 2"u8));
        Check.True(OutputCapture.Is("unknown command 'frobnicate'; help lists the commands\n"u8));
        Check.Equal(-EINVAL, OutputCapture.Execute("irq storm many"u8));
        Check.True(OutputCapture.Is("usage: irq storm [N [LINE]]\n"u8));
        Span<byte> line = stackalloc byte[255];
        line.Fill((byte)'x');
        Check.Equal(-ENOENT, OutputCapture.Execute(line));
        Check.Equal(0, OutputCapture.Execute(""u8));
        Check.Equal(0, OutputCapture.Execute("    "u8));
        Check.True(OutputCapture.Is(""u8));
    }

    private static void Faults()
    {
        Check.Equal(-EFAULT, OutputCapture.Execute("oops null"u8));
        Check.True(OutputCapture.Contains("oops: ended by a fault\n"u8));
        Check.Equal(-EFAULT, OutputCapture.Execute("oops divide"u8));
        Check.Equal(-EFAULT, OutputCapture.Execute("oops jump"u8));
        Check.Equal(-EFAULT, OutputCapture.Execute("oops text"u8));
        Check.Equal(-EFAULT, OutputCapture.Execute("oops data"u8));
        Check.Equal(-EFAULT, OutputCapture.Execute("oops index"u8));
        Check.Equal(-EFAULT, OutputCapture.Execute("oops stack"u8));
        Check.Equal(0, OutputCapture.Execute("echo still here"u8));
        Check.True(OutputCapture.Is("still here\n"u8));
    }

    private static void Interrupts()
    {
        Check.Equal(0, OutputCapture.Execute("interrupts"u8));
        Check.True(OutputCapture.Contains("CPU0"u8));
        Check.True(OutputCapture.Contains("  timer\n"u8));
        Check.True(OutputCapture.Contains("  serial\n"u8));
        Check.True(OutputCapture.Contains("\nERR:"u8));
    }

    private static void Dmesg()
    {
        Printk(LogLevel.Info, $"a mark of the monitor's suite\n");
        Check.Equal(0, OutputCapture.Execute("dmesg"u8));
        Check.True(OutputCapture.Contains("a mark of the monitor's suite\n"u8));
    }

    private static void Meminfo()
    {
        Check.Equal(0, OutputCapture.Execute("meminfo"u8));
        Check.True(OutputCapture.Contains("zone DMA "u8));
        Check.True(OutputCapture.Contains("\nkmalloc-"u8));
        MemInfo info = MemInfo.Get();
        Check.True(info.Free <= info.Managed && info.Managed <= info.Total);
    }

    private static void Storm()
    {
        // On the CPU that the line's interrupts go to: seen from another one, edges that follow closely are one interrupt.
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        int result = OutputCapture.Execute("irq storm 2000"u8);
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
        if (result == -ENODEV)
        {
            Test.Skip("no pc-testdev"u8);
            return;
        }

        Check.Equal(0, result);
        Check.True(OutputCapture.Contains("raised 2000 times, 2000 interrupts,"u8));
    }

    private static void Spurious()
    {
        uint before = IrqStatistics.Errors;
        int result = OutputCapture.Execute("spurious"u8);
        if (result == -ENODEV)
        {
            Test.Skip("no local APIC"u8);
            return;
        }

        Check.Equal(0, result);
        Check.True(IrqStatistics.Errors > before);
    }

    private static void Registration()
    {
        s_ran = 0;
        Check.Equal(0, Monitor.Register("suite"u8, ""u8, "for the monitor's suite"u8, &Note));
        Check.Equal(-EBUSY, Monitor.Register("suite"u8, ""u8, ""u8, &Note));
        Check.Equal(7, OutputCapture.Execute("suite  with arguments "u8));
        Check.Equal(14, s_ran);
        Monitor.Unregister("suite"u8);
        Check.Equal(-ENOENT, OutputCapture.Execute("suite"u8));
    }

    private static int Note(ReadOnlySpan<byte> arguments)
    {
        s_ran = arguments.Length;
        return 7;
    }
}

/// <summary>Runs a command of the monitor and keeps what it shows.</summary>
internal static unsafe class OutputCapture
{
    // The whole log with its time stamps.
    private const int Capacity = 262144;

    private static Console s_console;
    private static Buffer s_buffer;
    private static int s_length;

    /// <summary>What the last command showed.</summary>
    internal static ReadOnlySpan<byte> Text => new(Unsafe.AsPointer(ref s_buffer), s_length);

    /// <summary>Runs a line; gives the command's result.</summary>
    internal static int Execute(ReadOnlySpan<byte> line)
    {
        Console* console = (Console*)Unsafe.AsPointer(ref s_console);
        *console = default;
        console->Name = "capture"u8;
        console->Write = &Write;
        console->Flags = ConsoleFlags.NoReplay;
        s_length = 0;
        RegisterConsole(console);
        int result = Monitor.Execute(line);
        UnregisterConsole(console);
        return result;
    }

    internal static bool Contains(ReadOnlySpan<byte> text) => Text.IndexOf(text) >= 0;

    internal static bool Is(ReadOnlySpan<byte> text) => Text.SequenceEqual(text);

    /// <summary>The number behind <paramref name="label"/>; -1 if the text has none there.</summary>
    internal static int NumberAfter(ReadOnlySpan<byte> label)
    {
        int at = Text.IndexOf(label);
        if (at < 0)
        {
            return -1;
        }

        int value = -1;
        for (int i = at + label.Length; i < s_length && s_buffer[i] is >= (byte)'0' and <= (byte)'9'; i++)
        {
            value = (Math.Max(value, 0) * 10) + s_buffer[i] - '0';
        }

        return value;
    }

    private static void Write(Console* console, byte* text, int length)
    {
        for (int i = 0; i < length && s_length < Capacity; i++)
        {
            s_buffer[s_length] = text[i];
            s_length++;
        }
    }

    [InlineArray(Capacity)]
    private struct Buffer
    {
        private byte _first;
    }
}
