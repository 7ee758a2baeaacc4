// TtyReceive: bytes that arrive: from the driver's ring to the line discipline, and its first decisions.
//
// Linux: flush_to_ldisc (drivers/char/tty_io.c), n_tty_receive_char (drivers/char/n_tty.c). Kick: any context. The rest: process context; TtyStruct.Lock is taken
// by DoWork and Receive and held by what they call. Signals are sent with Lock held: they do not sleep.
// If nobody reads, the buffer fills and the rest stays with the driver, so nothing that was sent is lost. The exception is a line that is longer than the
// buffer: no reader could ever make room, so its rest is dropped, with a beep for each byte, until it ends.

namespace CSharpOS.Tty;

/// <summary>Input.</summary>
/// <rows>DRV-01</rows>
internal static unsafe class TtyReceive
{
    private const int BatchSize = 64;

    /// <summary>Something has arrived: the work will fetch it. Any context but an NMI.</summary>
    /// <linux>tty_flip_buffer_push</linux>
    internal static void Kick(TtyStruct* tty) => QueueWork(SystemWorkqueues.HighPriority, &tty->Work);

    /// <summary>The work.</summary>
    /// <linux>flush_to_ldisc</linux>
    internal static void DoWork(WorkStruct* work)
    {
        var origin = (TtyStruct*)work;
        var tty = (TtyStruct*)((byte*)work - ((byte*)&origin->Work - (byte*)origin));
        byte* batch = stackalloc byte[BatchSize];
        tty->Lock.Lock();
        int taken = 1;
        while (taken != 0)
        {
            int room = tty->Opens == 0 ? 0 : Room(tty);
            tty->Throttled = room == 0;
            taken = room == 0 ? 0 : tty->Ops->Take(tty, batch, Math.Min(room, BatchSize));
            Accept(tty, new ReadOnlySpan<byte>(batch, taken));
        }

        tty->Lock.Unlock();
    }

    /// <summary>Bytes from a driver that has no ring. Process context, sleeps. What finds no room is lost.</summary>
    /// <linux>receive_buf</linux>
    internal static void Receive(TtyStruct* tty, ReadOnlySpan<byte> bytes)
    {
        tty->Lock.Lock();
        Accept(tty, bytes);
        tty->Lock.Unlock();
    }

    /// <summary>A reader has made room. Lock is held.</summary>
    /// <linux>n_tty_check_unthrottle</linux>
    internal static void Unthrottle(TtyStruct* tty)
    {
        if (tty->Throttled)
        {
            tty->Throttled = false;
            Kick(tty);
        }
    }

    /// <summary>Tells those who wait how much they can read. Lock is held.</summary>
    internal static void Publish(TtyStruct* tty)
    {
        int readable = tty->IsCanonical ? tty->Input.LineBytes : tty->Input.Count;
        bool more = readable > tty->Readable;
        Shared.WriteOnce(ref tty->Readable, readable);
        if (more)
        {
            WaitQueue.WakeUpInterruptible(&tty->ReadQueue);
            FasyncHelper.Kill(&tty->Fasync);
        }
    }

    /// <summary>How many bytes the line discipline takes now. Lock is held.</summary>
    /// <linux>n_tty_set_room</linux>
    internal static int Room(TtyStruct* tty)
    {
        int room = TtyInput.Capacity - tty->Input.Count;
        return room == 0 && tty->IsCanonical && tty->Input.Lines == 0 ? 1 : room;
    }

    private static void Accept(TtyStruct* tty, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            Accept(tty, value);
        }

        TtyOutput.Flush(tty);
        Publish(tty);
    }

    private static void Accept(TtyStruct* tty, byte value)
    {
        ref Termios termios = ref tty->Termios;
        value = termios.Has(InputFlags.ISTRIP) ? (byte)(value & 0x7f) : value;
        if (tty->LiteralNext)
        {
            tty->LiteralNext = false;
            LineDiscipline.Store(tty, value);
            return;
        }

        if (termios.Has(InputFlags.IXON) && FlowControl(tty, value))
        {
            return;
        }

        int signal = SignalOf(ref termios, value);
        if (signal != 0)
        {
            SendSignal(tty, value, signal);
            return;
        }

        if (value == '\r')
        {
            if (termios.Has(InputFlags.IGNCR))
            {
                return;
            }

            value = termios.Has(InputFlags.ICRNL) ? (byte)'\n' : value;
        }
        else if (value == '\n' && termios.Has(InputFlags.INLCR))
        {
            value = (byte)'\r';
        }

        if (!tty->IsCanonical || !LineDiscipline.Edit(tty, value))
        {
            LineDiscipline.Store(tty, value);
        }
    }

    // True if the byte was for it.
    private static bool FlowControl(TtyStruct* tty, byte value)
    {
        bool start = tty->Termios.Is(value, ControlCharacter.VSTART);
        bool stop = tty->Termios.Is(value, ControlCharacter.VSTOP);
        if (start || (!stop && tty->Termios.Has(InputFlags.IXANY)))
        {
            TtyOutput.Start(tty);
        }
        else if (stop)
        {
            TtyOutput.Stop(tty);
        }

        return start || stop;
    }

    private static int SignalOf(ref Termios termios, byte value) =>
        !termios.Has(LocalFlags.ISIG) ? 0
        : termios.Is(value, ControlCharacter.VINTR) ? Signal.SIGINT
        : termios.Is(value, ControlCharacter.VQUIT) ? Signal.SIGQUIT
        : termios.Is(value, ControlCharacter.VSUSP) ? Signal.SIGTSTP
        : 0;

    // Linux: n_tty_receive_signal_char.
    private static void SendSignal(TtyStruct* tty, byte value, int signal)
    {
        if (!tty->Termios.Has(LocalFlags.NOFLSH))
        {
            tty->Input.Clear();
            if (tty->Stopped != 0)
            {
                tty->Output.Clear();
            }
        }

        TtyOutput.Start(tty);
        LineDiscipline.Echo(tty, value);
        JobControl.Signal(tty, signal);
    }
}
