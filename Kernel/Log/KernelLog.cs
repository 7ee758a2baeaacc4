// KernelLog: printk.
//
// Linux: kernel/printk.c. Printk may be called from every context: process, softirq, hard interrupt, NMI, with any lock held. It never
// sleeps, never allocates and waits for nobody: the text is put together in a buffer of TextPool, goes into LogRing with interrupts off for
// as long as the copy takes, and whoever gets the console lock shows it (ConsoleList).
// A message without a level has the default level (4, warning), or goes on the line its context has left unfinished.

using System.Runtime.CompilerServices;
using CSharpOS.Debugging;
using CSharpOS.Init;

namespace CSharpOS.Log;

/// <summary>The kernel's log: <c>Printk($"rtc: irq {irq}\n")</c>.</summary>
/// <rows>LOG-01</rows>
public static unsafe partial class KernelLog
{
    internal const int DefaultConsoleLevel = 7;
    private const int QuietConsoleLevel = 4;
    private const int DebugConsoleLevel = 10;
    private const int LostTextSize = 32;

    private static int s_consoleLevel;
    private static int s_oopsDepth;
    private static int s_lostReported;

    /// <summary>Consoles show messages whose level is below this. 7 at first: all but debug messages.</summary>
    /// <linux>console_loglevel</linux>
    public static int ConsoleLevel
    {
        get => s_consoleLevel == 0 ? DefaultConsoleLevel : s_consoleLevel;
        set => s_consoleLevel = value < 1 ? 1 : value > DebugConsoleLevel ? DebugConsoleLevel : value;
    }

    /// <summary>True while an oops or a panic is printing: console drivers must not wait for locks.</summary>
    /// <linux>oops_in_progress</linux>
    public static bool OopsInProgress => Shared.ReadOnce(ref s_oopsDepth) != 0 || PanicInProgress;

    /// <summary>True with <c>earlyprintk</c> on the command line: before the first console is registered, text goes to the early
    /// console.</summary>
    public static bool EarlyPrintk { get; private set; }

    /// <summary>The sequence number that the next message will have: a <see cref="LogReader"/> that begins here sees only what comes
    /// later.</summary>
    public static ulong NextSequence => (ulong)LogRing.Head;

    /// <summary>Empties the log, forgets consoles, and takes <c>loglevel=N</c>, <c>quiet</c>, <c>debug</c>, <c>earlyprintk</c>,
    /// <c>panic=N</c> and <c>panic_on_oops</c> from the command line. First thing at boot after CommandLine.Init; Printk works even
    /// before.</summary>
    public static void Init()
    {
        s_consoleLevel = DefaultConsoleLevel;
        s_oopsDepth = 0;
        s_lostReported = 0;
        EarlyPrintk = false;
        PanicReport.Init();
        Oops.Init();
        ContextReport.Init();
        LockReport.Init();
        LastInterrupts.Init();
        LogRing.Init();
        TextPool.Init();
        ConsoleList.Init();
        ConsoleInput.Init();
        TakeOptions();
    }

    /// <summary>Logs a message of the default level, or goes on with the line that this context left unfinished. Any context; does not
    /// sleep.</summary>
    /// <linux>printk</linux>
    /// <rows>LOG-01</rows>
    public static void Printk(scoped ref TextHandler text)
    {
        Store(LogLevel.Warning, LogFlags.NoLevel, text.Written, text.IsCut);
        text.Release();
        ConsoleList.Flush();
    }

    /// <summary>Logs a message of level <paramref name="level"/>, on a line of its own. Any context; does not sleep.</summary>
    /// <linux>printk</linux>
    /// <rows>LOG-01</rows>
    public static void Printk(LogLevel level, scoped ref TextHandler text)
    {
        Store(level, LogFlags.None, text.Written, text.IsCut);
        text.Release();
        ConsoleList.Flush();
    }

    /// <inheritdoc cref="Printk(ref TextHandler)"/>
    public static void Printk(ReadOnlySpan<byte> text)
    {
        Store(LogLevel.Warning, LogFlags.NoLevel, text, false);
        ConsoleList.Flush();
    }

    /// <inheritdoc cref="Printk(LogLevel, ref TextHandler)"/>
    public static void Printk(LogLevel level, ReadOnlySpan<byte> text)
    {
        Store(level, LogFlags.None, text, false);
        ConsoleList.Flush();
    }

    /// <inheritdoc cref="Printk(ref TextHandler)"/>
    public static void Printk(string text) => Printk($"{text}");

    /// <inheritdoc cref="Printk(LogLevel, ref TextHandler)"/>
    public static void Printk(LogLevel level, string text) => Printk(level, $"{text}");

    /// <summary>Adds a console; it first shows what the ring still holds. Process context or boot.</summary>
    /// <linux>register_console</linux>
    /// <rows>LOG-01</rows>
    public static void RegisterConsole(Console* console) => ConsoleList.Register(console);

    /// <summary>Removes a console; it is not used any more when this returns. Process context. -ENODEV when it was not
    /// registered.</summary>
    /// <linux>unregister_console</linux>
    public static int UnregisterConsole(Console* console) => ConsoleList.Unregister(console) ? 0 : -ENODEV;

    /// <summary>Shows what an NMI has logged. The timer interrupt calls it; costs a load if there is nothing.</summary>
    /// <linux>printk_tick</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FlushDeferred() => ConsoleList.FlushDeferred();

    /// <summary>Shows <paramref name="text"/> on all consoles at once, without the ring and without a time stamp. Waits for the consoles
    /// while another CPU prints. Not from handlers.</summary>
    public static void WriteToConsoles(ReadOnlySpan<byte> text) => WriteRaw(text, isText: true);

    /// <summary>The same for bytes of a terminal, in which '\n' only goes down a line.</summary>
    internal static void WriteBytesToConsoles(ReadOnlySpan<byte> bytes) => WriteRaw(bytes, isText: false);

    /// <summary>Begins (true) or ends (false) an oops: consoles do not wait for locks meanwhile.</summary>
    /// <linux>bust_spinlocks</linux>
    internal static void BustSpinlocks(bool begin)
    {
        Shared.AddReturn(ref s_oopsDepth, begin ? 1 : -1);
        if (begin)
        {
            ConsoleList.BreakLock(false);
        }
    }

    private static void WriteRaw(ReadOnlySpan<byte> text, bool isText)
    {
        fixed (byte* bytes = text)
        {
            while (!ConsoleList.TryWriteRaw(bytes, text.Length, isText))
            {
                CpuRelax();
            }
        }
    }

    private static void TakeOptions()
    {
        if (CommandLine.Has("debug"u8))
        {
            ConsoleLevel = DebugConsoleLevel;
        }

        if (CommandLine.Has("quiet"u8))
        {
            ConsoleLevel = QuietConsoleLevel;
        }

        if (CommandLine.TryGetInt("loglevel"u8, out int level))
        {
            ConsoleLevel = level;
        }

        EarlyPrintk = CommandLine.Has("earlyprintk"u8);
    }

    private static void Store(LogLevel level, LogFlags flags, ReadOnlySpan<byte> text, bool cut)
    {
        ulong interrupts = LocalIrqSave();
        ulong now = MonotonicMicroseconds();
        int cpu = SmpProcessorId();
        uint context = Context();
        ReportLost(now, cpu, context);
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n' || i - start == LogRing.MaxText)
            {
                LogFlags ends = text[i] == '\n' ? LogFlags.EndsLine : LogFlags.None;
                LogRing.Write(level, flags | ends, now, cpu, context, text.Slice(start, i - start));
                start = text[i] == '\n' ? i + 1 : i;
                // The rest of a message that was too long for a record belongs to the same line.
                flags |= ends == 0 ? LogFlags.NoLevel : LogFlags.None;
            }
        }

        if (start < text.Length)
        {
            LogRing.Write(level, flags | (cut ? LogFlags.EndsLine : LogFlags.None), now, cpu, context, text.Slice(start));
        }

        LogWaiters.Announce();
        LocalIrqRestore(interrupts);
    }

    // Messages that found no buffer or no room are counted; the next that gets through says so.
    private static void ReportLost(ulong now, int cpu, uint context)
    {
        int lost = LogRing.Dropped + TextPool.Exhausted;
        int reported = Shared.ReadOnce(ref s_lostReported);
        if (lost != reported && Shared.CompareExchange(ref s_lostReported, lost, reported) == reported)
        {
            byte* bytes = stackalloc byte[LostTextSize];
            TextBuffer text = new(new Span<byte>(bytes, LostTextSize));
            text.Append($"{lost - reported} messages lost");
            LogRing.Write(LogLevel.Error, LogFlags.EndsLine, now, cpu, context, text.Written);
        }
    }

    // Who prints, as far as it matters for unfinished lines: the kind of interrupt and its depth, or the task.
    private static uint Context()
    {
        int count = PreemptCount();
        uint interrupt = (uint)(count & (SoftirqMask | HardirqMask | NmiMask)) >> SoftirqShift;
        if (interrupt != 0)
        {
            return (1u << 27) | interrupt;
        }

        TaskStruct* task = Current;
        return task == null ? 0 : (uint)task->Pid & ((1u << 27) - 1);
    }
}
