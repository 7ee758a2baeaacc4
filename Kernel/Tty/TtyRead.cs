// TtyRead: read from a terminal.
//
// Linux: n_tty_read, drivers/char/n_tty.c. Process context, sleeps. Locks: TtyStruct.ReadLock for the whole read, TtyStruct.Lock for each piece that is taken out
// of the buffer; none of Lock while bytes go to the program. In canonical mode a read gives one line or the beginning of one. In raw mode VMIN and
// VTIME say when it has enough:
//   VMIN > 0, VTIME = 0   when VMIN bytes have come
//   VMIN > 0, VTIME > 0   the same, or when nothing has come for VTIME tenths of a second after the last byte
//   VMIN = 0, VTIME > 0   with the first byte, or after VTIME tenths of a second
//   VMIN = 0, VTIME = 0   at once, with whatever is there

namespace CSharpOS.Tty;

/// <summary>Reading.</summary>
internal static unsafe class TtyRead
{
    private const int PieceSize = 256;
    private const int TicksPerTenth = (int)HZ / 10;

    /// <summary>The Read of a terminal.</summary>
    /// <returns>Bytes; 0: end of file, or hung up; -EAGAIN, -ERESTARTSYS, -EIO: in the background and nobody to continue it; -EFAULT.</returns>
    /// <linux>n_tty_read</linux>
    internal static long Read(File* file, IoBuffer* buffer, long* position)
    {
        TtyStruct* tty = TtyFiles.Of(file);
        if (TtyFiles.IsHungUp(file) || buffer->Left == 0)
        {
            return 0;
        }

        int error = JobControl.Check(tty, Signal.SIGTTIN);
        if (error != 0)
        {
            return error;
        }

        if (file->NonBlocking)
        {
            if (!tty->ReadLock.TryLock())
            {
                return -EAGAIN;
            }
        }
        else if (tty->ReadLock.LockInterruptible() != 0)
        {
            return -ERESTARTSYS;
        }

        long result = Read(file, tty, buffer);
        tty->ReadLock.Unlock();
        return result;
    }

    private static long Read(File* file, TtyStruct* tty, IoBuffer* buffer)
    {
        long read = 0;
        long error = 0;
        byte* piece = stackalloc byte[PieceSize];
        while (true)
        {
            int taken = Take(tty, new Span<byte>(piece, (int)Math.Min(buffer->Left, PieceSize)), out Progress progress);
            nuint given = buffer->Put(piece, (nuint)taken);
            read += (long)given;
            error = (int)given == taken ? 0 : -EFAULT;
            if (error != 0 || progress.Ended || buffer->Left == 0)
            {
                break;
            }

            if (taken == PieceSize)
            {
                // More may be there.
                continue;
            }

            int timeout = progress.Timeout(read);
            if (read >= progress.Least || timeout == 0 || TtyFiles.IsHungUp(file))
            {
                break;
            }

            if (file->NonBlocking)
            {
                error = -EAGAIN;
                break;
            }

            timeout = WaitQueue.WaitEventInterruptibleTimeout(&tty->ReadQueue, &HasNews, file, timeout);
            if (timeout <= 0)
            {
                error = timeout;
                break;
            }
        }

        return read != 0 ? read : error;
    }

    // One piece, and what the settings say about it.
    private static int Take(TtyStruct* tty, Span<byte> piece, out Progress progress)
    {
        tty->Lock.Lock();
        bool canonical = tty->IsCanonical;
        int taken = tty->Input.Take(piece, canonical, out bool ended);
        progress = new Progress
        {
            Ended = ended,
            Least = canonical ? long.MaxValue : Math.Max(1, (int)tty->Termios[ControlCharacter.VMIN]),
            Tenths = canonical ? 0 : tty->Termios[ControlCharacter.VTIME],
            Waits = canonical || tty->Termios[ControlCharacter.VMIN] != 0,
        };
        TtyReceive.Publish(tty);
        TtyReceive.Unthrottle(tty);
        tty->Lock.Unlock();
        return taken;
    }

    private static bool HasNews(void* argument)
    {
        var file = (File*)argument;
        return Shared.ReadOnce(ref TtyFiles.Of(file)->Readable) != 0 || TtyFiles.IsHungUp(file);
    }

    /// <summary>When a read has enough.</summary>
    private struct Progress
    {
        /// <summary>The line has ended.</summary>
        internal bool Ended;

        /// <summary>So many bytes are enough.</summary>
        internal long Least;

        /// <summary>VTIME.</summary>
        internal int Tenths;

        /// <summary>It waits for the first byte as long as it takes.</summary>
        internal bool Waits;

        /// <summary>How many ticks to wait for the next byte, after so many.</summary>
        internal readonly int Timeout(long read) => Waits && (read == 0 || Tenths == 0) ? MaxScheduleTimeout : Tenths * TicksPerTenth;
    }
}
