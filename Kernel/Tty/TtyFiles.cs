// TtyFiles: open, close, poll and hang-up of terminals.
//
// Linux: tty_open, release_dev, tty_poll, do_tty_hangup (drivers/char/tty_io.c). Process context, sleeps. Lock: TtyStruct.Lock.
// A hang-up does not look for the files that are open: it counts TtyStruct.HangUps up, and every file knows at which count it was opened. A dead file reads as
// ended, and everything else on it gives -EIO. As in Linux, what was opened as /dev/console does not die: pid 1 keeps its standard input and output when the
// shell that it started there ends. Nor does opening /dev/console make it the controlling terminal: TIOCSCTTY does, or opening it by another name.

using System.Runtime.CompilerServices;

namespace CSharpOS.Tty;

/// <summary>What a terminal keeps of one opening.</summary>
internal unsafe struct TtyFile
{
    internal TtyStruct* Tty;
    internal uint HangUps;
    internal bool IsConsole;
}

/// <summary>Files on terminals.</summary>
internal static unsafe class TtyFiles
{
    private static FileOperations s_operations;

    /// <summary>What can be done with them.</summary>
    /// <linux>tty_fops</linux>
    internal static FileOperations* Operations => (FileOperations*)Unsafe.AsPointer(ref s_operations);

    /// <summary>Once, at boot.</summary>
    internal static void Init() => s_operations = new FileOperations
    {
        Open = &Open,
        Release = &Release,
        Read = &TtyRead.Read,
        Write = &TtyWrite.Write,
        Poll = &Poll,
        Ioctl = &TtyIoctl.Ioctl,
        Fasync = &Fasync,
    };

    /// <summary>The terminal behind a file.</summary>
    internal static TtyStruct* Of(File* file) => ((TtyFile*)file->PrivateData)->Tty;

    /// <summary>True if the file died in a hang-up.</summary>
    /// <linux>tty_hung_up_p</linux>
    internal static bool IsHungUp(File* file)
    {
        var opened = (TtyFile*)file->PrivateData;
        return !opened->IsConsole && opened->HangUps != Shared.ReadOnce(ref opened->Tty->HangUps);
    }

    /// <summary>Hangs up: files die, what was typed is forgotten, the settings are those of the beginning, and the session is without a terminal; its leader and
    /// the foreground group get SIGHUP and SIGCONT.</summary>
    /// <linux>tty_vhangup, do_tty_hangup</linux>
    internal static void HangUp(TtyStruct* tty)
    {
        tty->Lock.Lock();
        Shared.WriteOnce(ref tty->HangUps, tty->HangUps + 1);
        bool used = tty->Opens != 0;
        tty->Opens = tty->ConsoleOpens;
        tty->Termios = Termios.Standard();
        Forget(tty);
        TellDriver(tty, used);
        tty->Lock.Unlock();
        JobControl.Free(tty);
        WaitQueue.WakeUpAll(&tty->ReadQueue);
        WaitQueue.WakeUpAll(&tty->WriteQueue);
    }

    /// <summary>Takes a terminal for a file. <paramref name="isConsole"/>: by the name /dev/console.</summary>
    /// <returns>0; -ENOMEM.</returns>
    internal static int Open(TtyStruct* tty, File* file, bool isConsole)
    {
        TtyFile* opened = Kzalloc<TtyFile>(GfpFlags.Kernel);
        if (opened == null)
        {
            return -ENOMEM;
        }

        tty->Lock.Lock();
        opened->Tty = tty;
        opened->HangUps = tty->HangUps;
        opened->IsConsole = isConsole;
        bool used = tty->Opens != 0;
        tty->Opens++;
        tty->ConsoleOpens += isConsole ? 1 : 0;
        TellDriver(tty, used);
        tty->Lock.Unlock();
        file->PrivateData = opened;
        return Files.NonSeekable(file);
    }

    private static int Open(Inode* inode, File* file)
    {
        bool isConsole = inode->Device == TtyDevices.Console;
        bool isOwn = inode->Device == TtyDevices.Own;
        TtyStruct* tty = isOwn ? JobControl.OfSession : TtyDevices.Find(inode->Device);
        if (tty == null)
        {
            return isOwn ? -ENXIO : -ENODEV;
        }

        int error = Open(tty, file, isConsole);
        if (error == 0 && !isConsole && !isOwn && (file->Flags & OpenFlags.O_NOCTTY) == 0)
        {
            JobControl.TakeIfFree(tty);
        }

        return error;
    }

    private static int Release(Inode* inode, File* file)
    {
        var opened = (TtyFile*)file->PrivateData;
        TtyStruct* tty = opened->Tty;
        tty->Lock.Lock();
        if (!IsHungUp(file))
        {
            tty->Opens--;
            tty->ConsoleOpens -= opened->IsConsole ? 1 : 0;
            if (tty->Opens == 0)
            {
                Forget(tty);
            }

            TellDriver(tty, true);
        }

        tty->Lock.Unlock();
        Kfree(opened);
        return 0;
    }

    private static uint Poll(File* file, PollTable* table)
    {
        TtyStruct* tty = Of(file);
        PollTable.Wait(file, &tty->ReadQueue, table);
        PollTable.Wait(file, &tty->WriteQueue, table);
        if (IsHungUp(file))
        {
            return PollEvents.Always | PollEvents.POLLERR | PollEvents.POLLHUP;
        }

        tty->Lock.Lock();

        // A read that would wait for more than one byte is not ready with one, unless a time ends it.
        bool counts = !tty->IsCanonical && tty->Termios[ControlCharacter.VTIME] == 0;
        int least = counts ? Math.Max(1, (int)tty->Termios[ControlCharacter.VMIN]) : 1;
        uint events = tty->Readable >= least ? PollEvents.POLLIN | PollEvents.POLLRDNORM : 0;
        events |= tty->Stopped == 0 ? PollEvents.POLLOUT | PollEvents.POLLWRNORM : 0;
        tty->Lock.Unlock();
        return events;
    }

    private static int Fasync(int fd, File* file, bool on) => FasyncHelper.Change(file, on, &Of(file)->Fasync);

    // Lock is held.
    private static void Forget(TtyStruct* tty)
    {
        tty->Input.Clear();
        tty->Output.Clear();
        tty->LiteralNext = false;
        TtyOutput.Start(tty);
        TtyReceive.Publish(tty);
    }

    private static void TellDriver(TtyStruct* tty, bool used)
    {
        bool uses = tty->Opens != 0;
        if (used != uses && tty->Ops->Opened != null)
        {
            tty->Ops->Opened(tty, uses);
        }
    }
}
