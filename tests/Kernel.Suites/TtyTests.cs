// TtyTests: terminals in the running kernel: who sleeps and who is woken, interrupts, CPUs, hang-up. What the line discipline does with each key is tested
// on the host.

using System.Runtime.CompilerServices;
using CSharpOS.Tty;

namespace CSharpOS.Suites;

internal static unsafe class TtyTests
{
    private const int Total = 12_000;
    private const int Writers = 2;
    private const int Lines = 200;
    private const int LineLength = 40;
    private const uint Patience = 10 * HZ;

    private static SchedThread s_thread;
    private static SchedThread s_second;
    private static TimerList s_timer;
    private static File* s_file;
    private static long s_result;
    private static int s_fed;
    private static int s_wrong;
    private static uint s_ready;
    private static Bytes s_bytes;

    private static SchedThread* Thread => (SchedThread*)Unsafe.AsPointer(ref s_thread);

    private static SchedThread* Second => (SchedThread*)Unsafe.AsPointer(ref s_second);

    private static TimerList* Timer => (TimerList*)Unsafe.AsPointer(ref s_timer);

    private static byte* Buffer => (byte*)Unsafe.AsPointer(ref s_bytes);

    [TestSuite("tty")]
    private static void Suite()
    {
        Test.Run("a reader sleeps until the line is complete"u8, "DRV-01"u8, &SleepingReader);
        Test.Run("raw reads wait as VMIN and VTIME say"u8, "DRV-01"u8, &RawTimes);
        Test.Run("poll is woken by a line, and not before"u8, "DRV-01"u8, &Polling);
        Test.Run("a signal ends a read"u8, "DRV-01"u8, &SignalEndsRead);
        Test.Run("a hang-up ends a read, and the file is dead"u8, "DRV-01"u8, &HangUp);
        Test.Run("a writer sleeps while the output is stopped"u8, "DRV-01"u8, &StoppedWriter);
        Test.Run("writers on several CPUs do not mix within a write"u8, "DRV-01"u8, &TwoWriters);
        Test.Run("the console's bytes come from interrupts, all and in order"u8, "DRV-01"u8, &FromInterrupts);
        Test.Run("the monitor has the input when no program has the console"u8, "DRV-01"u8, &MonitorInput);
        Test.Run("names in /dev"u8, "DRV-01"u8, &Names);
    }

    private static void SleepingReader()
    {
        Begin(&ReadOnce);
        TtyHelp.Type("li"u8);
        Check.True(SchedThread.Asleep(Thread));
        TtyHelp.Type("ne\rmore"u8);
        SchedThread.Join(Thread);
        Check.Equal(5, s_result);
        Check.True(new ReadOnlySpan<byte>(Buffer, 5).SequenceEqual("line\n"u8));
        Check.True(TtyHelp.Shown.SequenceEqual("line\r\nmore"u8));
        End();
    }

    private static void RawTimes()
    {
        TtyHelp.Begin();
        s_file = TtyHelp.Open("/dev/ttyT0\0"u8);
        TtyHelp.MakeRaw(TtyHelp.Tty, 0, 2);
        uint start = Jiffies;
        Check.Equal(0, TtyHelp.Read(s_file, Buffer, 10));
        Check.True(Jiffies - start >= HZ / 5);

        TtyHelp.MakeRaw(TtyHelp.Tty, 3, 2);
        TtyHelp.Type("a"u8);
        start = Jiffies;
        Check.Equal(1, TtyHelp.Read(s_file, Buffer, 10));
        Check.True(Jiffies - start >= HZ / 5);

        TtyHelp.MakeRaw(TtyHelp.Tty, 3, 0);
        if (SchedThread.Run(Thread, -1, &ReadOnce, null))
        {
            TtyHelp.Type("a"u8);
            Check.True(SchedThread.Asleep(Thread));
            TtyHelp.Type("b"u8);
            Check.True(SchedThread.Asleep(Thread));
            Check.False(SchedThread.IsDone(Thread));
            TtyHelp.Type("c"u8);
            SchedThread.Join(Thread);
            Check.Equal(3, s_result);
        }

        End();
    }

    private static void Polling()
    {
        Begin(&PollOnce);
        TtyHelp.Type("li"u8);
        Check.True(SchedThread.Asleep(Thread));
        TtyHelp.Type("ne\r"u8);
        SchedThread.Join(Thread);
        Check.True((s_ready & PollEvents.POLLIN) != 0);
        TtyHelp.Type("\x13"u8);
        Check.True((PollTable.Ask(s_file, null) & PollEvents.POLLOUT) == 0);
        TtyHelp.Type("\x11"u8);
        Check.True((PollTable.Ask(s_file, null) & PollEvents.POLLOUT) != 0);
        Check.Equal(5, TtyHelp.Read(s_file, Buffer, 10));
        Check.True((PollTable.Ask(s_file, null) & PollEvents.POLLIN) == 0);

        TtyHelp.MakeRaw(TtyHelp.Tty, 2, 0);
        TtyHelp.Type("a"u8);
        Check.True((PollTable.Ask(s_file, null) & PollEvents.POLLIN) == 0);
        TtyHelp.Type("b"u8);
        Check.True((PollTable.Ask(s_file, null) & PollEvents.POLLIN) != 0);
        End();
    }

    private static void SignalEndsRead()
    {
        Begin(&ReadOnce);
        Signals.Send(Thread->Task, Signal.SIGUSR1);
        SchedThread.Join(Thread);
        Check.Equal(-ERESTARTSYS, s_result);
        End();
    }

    private static void HangUp()
    {
        Begin(&ReadOnce);
        TtyFiles.HangUp(TtyHelp.Tty);
        SchedThread.Join(Thread);
        Check.Equal(0, s_result);
        Check.Equal(-EIO, TtyHelp.Write(s_file, "x"u8));
        Check.True((PollTable.Ask(s_file, null) & PollEvents.POLLHUP) != 0);
        Check.Equal(0, TtyHelp.Tty->Opens);
        File* again = TtyHelp.Open("/dev/ttyT0\0"u8);
        Check.Equal(1, TtyHelp.Write(again, "x"u8));
        Files.Put(again);
        End();
    }

    private static void StoppedWriter()
    {
        TtyHelp.Begin();
        s_file = TtyHelp.Open("/dev/ttyT0\0"u8);
        TtyHelp.Type("\x13"u8);
        if (SchedThread.Run(Thread, -1, &WriteOnce, null))
        {
            Check.True(SchedThread.Asleep(Thread));
            Check.Equal(0, TtyHelp.Shown.Length);
            TtyHelp.Type("\x11"u8);
            SchedThread.Join(Thread);
            Check.Equal(7, s_result);
            Check.True(TtyHelp.Shown.SequenceEqual("written"u8));
        }

        End();
    }

    private static void TwoWriters()
    {
        TtyHelp.Begin();
        s_file = TtyHelp.Open("/dev/ttyT0\0"u8);
        int other = Smp.CpuCount > 1 ? 1 : 0;
        byte* letters = stackalloc byte[Writers];
        letters[0] = (byte)'a';
        letters[1] = (byte)'b';
        bool both = SchedThread.Run(Thread, 0, &WriteLines, letters) & SchedThread.Run(Second, other, &WriteLines, letters + 1);
        SchedThread.Join(Thread);
        SchedThread.Join(Second);
        Check.True(both);
        ReadOnlySpan<byte> shown = TtyHelp.Shown;
        Check.Equal(Writers * Lines * (LineLength + 2), shown.Length);
        int torn = 0;
        for (int i = 0; i + LineLength + 2 <= shown.Length; i += LineLength + 2)
        {
            torn += shown.Slice(i, LineLength).IndexOfAnyExcept(shown[i]) >= 0 || shown[i + LineLength] != '\r' ? 1 : 0;
        }

        Check.Equal(0, torn);
        End();
    }

    // The reader is slower than the timer: the buffers fill, the ring refuses, and nothing is lost.
    private static void FromInterrupts()
    {
        s_file = TtyHelp.Open("/dev/console\0"u8);
        TtyHelp.MakeRaw(ConsoleTty.Tty, 1, 0);
        s_fed = 0;
        s_wrong = 0;
        s_result = 0;
        SetupTimer(Timer, &Feed, 0);
        bool made = SchedThread.Run(Thread, Smp.CpuCount - 1, &ReadAll, null);
        ModTimer(Timer, Jiffies + 1);
        SchedThread.Join(Thread);
        DelTimerSync(Timer);
        Check.True(made);
        Check.Equal(Total, s_result);
        Check.Equal(0, s_wrong);
        TtyIoctl.SetTermios(ConsoleTty.Tty, Termios.Standard(), flush: true);
        Files.Put(s_file);
    }

    private static void MonitorInput()
    {
        while (ConsoleInput.TryGet(out _))
        {
        }

        s_file = TtyHelp.Open("/dev/tty1\0"u8);
        TtyHelp.MakeRaw(ConsoleTty.Tty, 1, 0);
        Check.True(ConsoleInput.Put((byte)'x'));
        Check.False(ConsoleInput.TryGet(out _));
        Check.Equal(1, TtyHelp.Read(s_file, Buffer, 10));
        Check.Equal('x', Buffer[0]);
        TtyIoctl.SetTermios(ConsoleTty.Tty, Termios.Standard(), flush: true);
        Files.Put(s_file);
        Check.True(ConsoleInput.Put((byte)'y'));
        Check.True(ConsoleInput.TryGet(out byte value));
        Check.Equal('y', value);
    }

    private static void Names()
    {
        File* serial = TtyHelp.Open("/dev/ttyS0\0"u8);
        File* console = TtyHelp.Open("/dev/console\0"u8);
        Check.True(TtyFiles.Of(serial) == TtyFiles.Of(console));
        Files.Put(serial);
        Files.Put(console);

        // A kernel thread has no terminal.
        Check.Equal(-ENXIO, FsHelp.Open("/dev/tty\0"u8, OpenFlags.O_RDWR));
        Check.Equal(-EBUSY, TtyDevices.Register(ConsoleTty.Tty, "other"u8, TtyDevices.Console));
    }

    private static void Begin(delegate*<void*, void> function)
    {
        TtyHelp.Begin();
        s_file = TtyHelp.Open("/dev/ttyT0\0"u8);
        s_result = long.MinValue;
        Check.True(SchedThread.Run(Thread, Smp.CpuCount - 1, function, null));
        Check.True(SchedThread.Asleep(Thread));
    }

    private static void End()
    {
        Files.Put(s_file);
        TtyHelp.End();
    }

    private static void ReadOnce(void* unused)
    {
        Current->AllowedSignals = Signal.Mask(Signal.SIGUSR1);
        s_result = TtyHelp.Read(s_file, Buffer, 100);
    }

    private static void WriteOnce(void* unused) => s_result = TtyHelp.Write(s_file, "written"u8);

    private static void WriteLines(void* letter)
    {
        Span<byte> line = stackalloc byte[LineLength + 1];
        line.Fill(*(byte*)letter);
        line[LineLength] = (byte)'\n';
        for (int i = 0; i < Lines; i++)
        {
            Check.Equal(line.Length, TtyHelp.Write(s_file, line));
        }
    }

    private static void PollOnce(void* unused)
    {
        PollTable table = default;
        PollTable.Begin(&table);
        s_ready = PollTable.Ask(s_file, &table) & PollEvents.POLLIN;
        PollTable.Complete(&table);
        while (s_ready == 0 && PollTable.Sleep(&table, (int)Patience) != 0)
        {
            s_ready = PollTable.Ask(s_file, null) & PollEvents.POLLIN;
        }

        PollTable.End(&table);
    }

    private static void ReadAll(void* unused)
    {
        byte* piece = stackalloc byte[200];
        while (s_result < Total)
        {
            long count = TtyHelp.Read(s_file, piece, 200);
            for (long i = 0; i < count; i++)
            {
                s_wrong += piece[i] == (byte)((s_result + i) * 7) ? 0 : 1;
            }

            if (count <= 0)
            {
                break;
            }

            s_result += count;
        }
    }

    private static void Feed(ulong unused)
    {
        int most = 3000;
        while (s_fed < Total && most-- > 0 && ConsoleInput.Put((byte)(s_fed * 7)))
        {
            s_fed++;
        }

        if (s_fed < Total)
        {
            ModTimer(Timer, Jiffies + 1);
        }
    }

    [InlineArray(256)]
    private struct Bytes
    {
        private byte _first;
    }
}
