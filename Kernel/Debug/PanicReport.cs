// PanicReport: the end.
//
// Linux: kernel/panic.c. Any context, NMI included; never returns, takes no lock, allocates nothing. One CPU panics: s_state tells; another
// that comes meanwhile stops silently; the same one again (a fault in here) ends with a line on the early console.
// Order: interrupts off, the other CPUs are stopped, the console lock is taken from whoever has it, the message and its call trace, then
// what panic= says: 0 (the default) stop, N reboot after N seconds, negative reboot at once. In a test run the emulator ends with the
// verdict "crashed".

using System.Diagnostics.CodeAnalysis;
using CSharpOS.Init;
using CSharpOS.Power;
using CSharpOS.Testing;

namespace CSharpOS.Debugging;

/// <summary>Panic.</summary>
internal static unsafe class PanicReport
{
    private const int Nobody = 0;
    private const uint MillisecondsPerSecond = 1000;
    private const uint MicrosecondsPerSecond = 1_000_000;

    private static int s_state;
    private static int s_timeout;

    /// <summary>True once somebody has panicked.</summary>
    public static bool InProgress => Shared.ReadOnce(ref s_state) != Nobody;

    /// <summary>True with <c>panic_on_oops</c> on the command line: every oops ends the machine.</summary>
    /// <linux>panic_on_oops</linux>
    public static bool PanicOnOops { get; set; }

    /// <summary>Forgets everything; takes <c>panic=N</c> and <c>panic_on_oops</c> from the command line.</summary>
    public static void Init()
    {
        s_state = Nobody;
        CommandLine.TryGetInt("panic"u8, out s_timeout);
        PanicOnOops = CommandLine.Has("panic_on_oops"u8)
            && !(CommandLine.TryGetInt("panic_on_oops"u8, out int value) && value == 0);
    }

    /// <summary>Reports <paramref name="message"/> with a call trace and ends the machine.</summary>
    [DoesNotReturn]
    public static void Run(ReadOnlySpan<byte> message)
    {
        Begin();
        PrintMessage(message);
        CallTrace.PrintTask(LogLevel.Emergency);
        CallTrace.PrintHere(LogLevel.Emergency);
        End(message);
    }

    /// <summary>The same after an oops, which has shown registers and trace already.</summary>
    [DoesNotReturn]
    public static void RunAfterOops(ReadOnlySpan<byte> message)
    {
        Begin();
        PrintMessage(message);
        End(message);
    }

    /// <summary>A few words where nothing else can be relied on, then the end.</summary>
    [DoesNotReturn]
    public static void Emergency(ReadOnlySpan<byte> words, int vector, ulong rip)
    {
        byte* bytes = stackalloc byte[200];
        TextBuffer text = new(new Span<byte>(bytes, 200));
        text.Append($"\n{words}: {ExceptionNames.Get(vector)} at {rip:x16}\n");
        EarlyConsole.Write(bytes, text.Length);
        Stop();
    }

    private static void Begin()
    {
        LocalIrqDisable();
        int me = 1 + SmpProcessorId();
        int before = Shared.CompareExchange(ref s_state, me, Nobody);
        if (before == me)
        {
            EarlyWrite("\nPanic inside a panic\n"u8);
            Stop();
        }

        if (before != Nobody)
        {
            HaltForever();
        }

        Smp.StopOthers();
        ConsoleList.BreakLock(true);
    }

    private static void PrintMessage(ReadOnlySpan<byte> message)
    {
        int length = message.Length;
        while (length > 0 && message[length - 1] == '\n')
        {
            length--;
        }

        Printk(LogLevel.Emergency, $"Kernel panic - not syncing: {message.Slice(0, length)}\n");
    }

    [DoesNotReturn]
    private static void End(ReadOnlySpan<byte> message)
    {
        if (s_timeout > 0)
        {
            Printk(LogLevel.Emergency, $"Rebooting in {s_timeout} seconds..\n");
        }

        Printk(LogLevel.Emergency, "---[ end Kernel panic ]---\n"u8);
        Stop();
    }

    [DoesNotReturn]
    private static void Stop()
    {
        DebugExit.Exit(DebugExit.Crashed);
        if (s_timeout != 0)
        {
            Wait(s_timeout);
            Machine.Restart();
        }

        while (true)
        {
            HaltForever();
        }
    }

    private static void Wait(int seconds)
    {
        if (TscKhz == 0)
        {
            for (int second = 0; second < seconds; second++)
            {
                Mdelay(MillisecondsPerSecond);
            }

            return;
        }

        // The clock of the log, which needs no interrupts once the time stamp counter is calibrated.
        ulong start = MonotonicMicroseconds();
        while (seconds > 0 && MonotonicMicroseconds() - start < (ulong)seconds * MicrosecondsPerSecond)
        {
            CpuRelax();
        }
    }

    private static void EarlyWrite(ReadOnlySpan<byte> text)
    {
        fixed (byte* bytes = text)
        {
            EarlyConsole.Write(bytes, text.Length);
        }
    }
}
