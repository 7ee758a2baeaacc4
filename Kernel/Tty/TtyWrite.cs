// TtyWrite: write to a terminal.
//
// Linux: tty_write, n_tty_write. Process context, sleeps. Locks: TtyStruct.WriteLock for the whole write, so that two writes do not mix; TtyStruct.Lock for each
// piece of it: echo and signals come in between, and no piece keeps interrupts off for longer than the driver takes for so many bytes.
// A write waits while the output is stopped; a signal ends it between two pieces.

namespace CSharpOS.Tty;

/// <summary>Writing.</summary>
internal static unsafe class TtyWrite
{
    private const int PieceSize = 256;

    /// <summary>The Write of a terminal.</summary>
    /// <returns>Bytes; -EIO: hung up, or in the background with TOSTOP and nobody to continue it; -EAGAIN: stopped; -ERESTARTSYS; -EFAULT.</returns>
    /// <linux>tty_write, n_tty_write</linux>
    internal static long Write(File* file, IoBuffer* buffer, long* position)
    {
        TtyStruct* tty = TtyFiles.Of(file);
        if (TtyFiles.IsHungUp(file))
        {
            return -EIO;
        }

        int error = TtyIoctl.GetTermios(tty).Has(LocalFlags.TOSTOP) ? JobControl.Check(tty, Signal.SIGTTOU) : 0;
        if (error != 0)
        {
            return error;
        }

        if (file->NonBlocking)
        {
            if (!tty->WriteLock.TryLock())
            {
                return -EAGAIN;
            }
        }
        else if (tty->WriteLock.LockInterruptible() != 0)
        {
            return -ERESTARTSYS;
        }

        long result = Write(file, tty, buffer);
        tty->WriteLock.Unlock();
        return result;
    }

    private static long Write(File* file, TtyStruct* tty, IoBuffer* buffer)
    {
        long written = 0;
        long error = 0;
        byte* piece = stackalloc byte[PieceSize];
        while (error == 0 && buffer->Left != 0)
        {
            nuint wanted = Math.Min(buffer->Left, PieceSize);
            nuint taken = buffer->Take(piece, wanted);
            error = taken == 0 ? -EFAULT : Begin(file, tty);
            if (error != 0)
            {
                break;
            }

            for (nuint i = 0; i < taken; i++)
            {
                TtyOutput.Put(tty, piece[i]);
            }

            TtyOutput.Flush(tty);
            tty->Lock.Unlock();
            written += (long)taken;
            error = taken == wanted ? 0 : -EFAULT;
            Scheduler.CondResched();
        }

        return written != 0 ? written : error;
    }

    // Takes Lock as soon as the output is not stopped; not, if there is an error.
    private static int Begin(File* file, TtyStruct* tty)
    {
        while (true)
        {
            if (Scheduler.SignalPending(Current))
            {
                return -ERESTARTSYS;
            }

            if (TtyFiles.IsHungUp(file))
            {
                return -EIO;
            }

            tty->Lock.Lock();
            if (tty->Stopped == 0)
            {
                return 0;
            }

            tty->Lock.Unlock();
            if (file->NonBlocking)
            {
                return -EAGAIN;
            }

            int error = WaitQueue.WaitEventInterruptible(&tty->WriteQueue, &MayGoOn, file);
            if (error != 0)
            {
                return error;
            }
        }
    }

    private static bool MayGoOn(void* argument)
    {
        var file = (File*)argument;
        return Shared.ReadOnce(ref TtyFiles.Of(file)->Stopped) == 0 || TtyFiles.IsHungUp(file);
    }
}
