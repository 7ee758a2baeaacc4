// ConsoleList: brings the log to the consoles.
//
// Linux: acquire_console_sem, release_console_sem, console_unlock in kernel/printk.c. Any context but NMI may flush; nobody waits and
// nothing sleeps.
// The console lock is one word: 0, or 1 + the CPU that holds it. It is only ever tried. Who finds it taken leaves: the holder shows
// the record, because
//   - a writer commits first and flushes second, and
//   - the holder looks once more for records after it gave the lock back.
// So printing from a handler that interrupted the holder, or from its console driver, cannot deadlock. An NMI only writes to the ring,
// since it may have interrupted a driver that holds its own lock, and so does a report about a lock, and who may hold a run queue, which a driver locks
// inside its own lock: the next message or timer tick shows it (FlushDeferred).
// The holder keeps preemption off, so it is still on its CPU if that CPU oopses: then it will never go on, and BreakLock may take the
// lock away from it. Invariant: Position of a console only rises; each record is shown once per console, in order.
// Lock order: the console lock, then whatever lock the console driver has.

using System.Runtime.CompilerServices;

namespace CSharpOS.Log;

/// <summary>The registered consoles and their lock.</summary>
internal static unsafe class ConsoleList
{
    private const int Free = 0;

    private static Console* s_first;
    private static int s_owner;
    private static int s_deferred;
    private static long s_shown;
    private static Console s_early;
    private static Lines s_lines;

    public static void Init()
    {
        s_first = null;
        s_owner = Free;
        s_deferred = 0;
        s_shown = long.MaxValue;
        s_early = default;
        s_early.Write = &WriteEarly;
    }

    public static void Register(Console* console)
    {
        Acquire();
        if ((console->Flags & ConsoleFlags.Registered) == 0)
        {
            console->Flags |= ConsoleFlags.Registered;
            console->Lines = default;
            console->Position = (console->Flags & ConsoleFlags.NoReplay) != 0 ? LogRing.Head : LogRing.Tail;
            console->Next = null;
            Console** link;
            fixed (Console** first = &s_first)
            {
                link = first;
            }

            while (*link != null)
            {
                link = &(*link)->Next;
            }

            *link = console;
        }

        Release();
        Flush();
    }

    public static bool Unregister(Console* console)
    {
        bool found = false;
        Acquire();
        fixed (Console** first = &s_first)
        {
            for (Console** link = first; *link != null; link = &(*link)->Next)
            {
                if (*link == console)
                {
                    *link = console->Next;
                    console->Next = null;
                    console->Flags &= ~ConsoleFlags.Registered;
                    found = true;
                    break;
                }
            }
        }

        Release();
        return found;
    }

    /// <summary>Shows what the consoles have not shown yet, or leaves it to whoever is just doing so, or to the next tick.</summary>
    public static void Flush()
    {
        if (RunQueues.MayHold() && !KernelLog.OopsInProgress)
        {
            // Linux: printk_deferred, but nobody has to know where he is called from.
            Shared.WriteOnce(ref s_deferred, 1);
            return;
        }

        FlushUnlocked();
    }

    private static void FlushUnlocked()
    {
#if DEBUG_CHECKS
        bool later = InNmi() || LockValidator.Reporting;
#else
        bool later = InNmi();
#endif
        if (later && !KernelLog.PanicInProgress)
        {
            Shared.WriteOnce(ref s_deferred, 1);
            return;
        }

        do
        {
            if (!TryAcquire())
            {
                return;
            }

            Shared.WriteOnce(ref s_deferred, 0);
            ShowAll();
            Release();
        }
        while (Pending());
    }

    /// <summary>Shows what was left in the ring. From the tick, which holds no run queue.</summary>
    public static void FlushDeferred()
    {
        if (Shared.ReadOnce(ref s_deferred) != 0)
        {
            FlushUnlocked();
        }
    }

    /// <summary>Oops and panic: takes the lock from its holder if that will never go on: this CPU, or in a panic anyone.</summary>
    public static void BreakLock(bool anyone)
    {
        int owner = Shared.ReadOnce(ref s_owner);
        if (owner != Free && (anyone || owner == 1 + Cpu.SmpProcessorId()))
        {
            Shared.CompareExchange(ref s_owner, Free, owner);
        }
    }

    /// <summary>Sends bytes to every console, without the ring. False: the lock was taken, nothing was shown.</summary>
    /// <param name="text">Text, or the bytes of a terminal: see <see cref="Console.WriteBytes"/>.</param>
    /// <param name="length">How many.</param>
    /// <param name="isText">Which of the two.</param>
    public static bool TryWriteRaw(byte* text, int length, bool isText)
    {
        if (!TryAcquire())
        {
            return false;
        }

        for (Console* console = s_first; console != null; console = console->Next)
        {
            if (isText || console->WriteBytes == null)
            {
                console->Write(console, text, length);
            }
            else
            {
                console->WriteBytes(console, text, length);
            }
        }

        Release();
        if (Pending())
        {
            Flush();
        }

        return true;
    }

    private static void ShowAll()
    {
        long shown = long.MaxValue;
        for (Console* console = s_first; console != null; console = console->Next)
        {
            Show(console);
            shown = console->Position < shown ? console->Position : shown;
        }

        if (s_first == null && (KernelLog.OopsInProgress || KernelLog.EarlyPrintk))
        {
            s_early.Write = &WriteEarly;
            Show((Console*)Unsafe.AsPointer(ref s_early));
            shown = s_early.Position;
        }

        Shared.WriteOnce(ref s_shown, shown);
    }

    private static void Show(Console* console)
    {
        // A panic may have broken the lock while another CPU fills the first line: it uses the second.
        byte* buffer = (byte*)Unsafe.AsPointer(ref s_lines);
        if (KernelLog.PanicInProgress)
        {
            buffer += LineSize;
        }

        Span<byte> text = new(buffer, LineSize);
        LogRecord record = default;
        long lost = 0;
        while (LogRing.Read(
            ref console->Position, ref lost, ref record, text.Slice(LogLines.PrefixSize, LogRing.MaxText), KernelLog.PanicInProgress))
        {
            if (lost != 0)
            {
                ReportLost(console, lost);
                lost = 0;
            }

            int level = console->Level != 0 ? console->Level : KernelLog.ConsoleLevel;
            int length = console->Lines.Next(ref record, text, level);
            if (length != 0)
            {
                console->Write(console, buffer, length);
            }
        }
    }

    private static void ReportLost(Console* console, long lost)
    {
        const int Room = 64;
        byte* bytes = stackalloc byte[Room];
        TextBuffer text = new(new Span<byte>(bytes, Room));
        text.Append($"** {lost} bytes of log overwritten **\n");
        console->Write(console, bytes, text.Length);
    }

    // The list itself may only be walked by the holder, so the holder leaves behind how far every console is.
    private static bool Pending() => LogRing.HasRecord(Shared.ReadOnce(ref s_shown));

    private static bool TryAcquire()
    {
        PreemptDisable();
        if (Shared.CompareExchange(ref s_owner, 1 + Cpu.SmpProcessorId(), Free) == Free)
        {
            return true;
        }

        PreemptEnable();
        return false;
    }

    private static void Acquire()
    {
        while (!TryAcquire())
        {
            Cpu.CpuRelax();
        }
    }

    private static void Release()
    {
        // What was shown is shown before the lock is free. Here a record may still come that the holder did not see: hence Pending.
        Cpu.Wmb();

        // By compare-exchange: if a panic on another CPU has broken the lock, it is no longer this CPU's to free.
        Shared.CompareExchange(ref s_owner, Free, 1 + Cpu.SmpProcessorId());
        PreemptEnable();
    }

    private static void WriteEarly(Console* console, byte* text, int length) => EarlyConsole.Write(text, length);

    private const int LineSize = LogRing.MaxText + LogLines.PrefixSize;

    [InlineArray(2 * LineSize)]
    private struct Lines
    {
        private byte _first;
    }
}
