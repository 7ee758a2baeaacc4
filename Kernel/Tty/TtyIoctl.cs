// TtyIoctl: the settings of a terminal, as programs see them.
//
// Linux: tty_ioctl, n_tty_ioctl_helper, tty_mode_ioctl (drivers/char/tty_io.c, tty_ioctl.c). Process context, sleeps. Lock: TtyStruct.Lock. The numbers and structures are
// the same for 32-bit and 64-bit callers. Changes are for the foreground, as TOSTOP's writes are.
// Output goes to the device as it is written, so there is nothing to wait for in TCSETSW and tcdrain.

namespace CSharpOS.Tty;

/// <summary>ioctl on terminals.</summary>
internal static unsafe class TtyIoctl
{
    private const uint TCGETS = 0x5401;
    private const uint TCSETS = 0x5402, TCSETSW = 0x5403, TCSETSF = 0x5404;
    private const uint TCSBRK = 0x5409, TCXONC = 0x540a, TCFLSH = 0x540b;
    private const uint TIOCSCTTY = 0x540e, TIOCGPGRP = 0x540f, TIOCSPGRP = 0x5410, TIOCOUTQ = 0x5411;
    private const uint TIOCGWINSZ = 0x5413, TIOCSWINSZ = 0x5414;
    private const uint FIONREAD = 0x541b, TIOCNOTTY = 0x5422, TCSBRKP = 0x5425, TIOCGSID = 0x5429, TIOCVHANGUP = 0x5437;
    private const ulong TCIFLUSH = 0, TCOFLUSH = 1, TCIOFLUSH = 2;
    private const ulong TCOOFF = 0, TCOON = 1, TCIOFF = 2, TCION = 3;

    /// <summary>The Ioctl of a terminal. -ENOTTY for what it does not know.</summary>
    /// <linux>tty_ioctl</linux>
    internal static long Ioctl(File* file, uint command, ulong argument)
    {
        TtyStruct* tty = TtyFiles.Of(file);
        if (TtyFiles.IsHungUp(file))
        {
            return -EIO;
        }

        if (command is TCSETS or TCSETSW or TCSETSF or TCSBRK or TCSBRKP or TCXONC or TCFLSH)
        {
            int error = JobControl.Check(tty, Signal.SIGTTOU);
            return error != 0 ? error : Change(tty, command, argument);
        }

        switch (command)
        {
            case TCGETS:
                return Uaccess.PutUser(GetTermios(tty), (Termios*)argument);
            case TIOCGWINSZ:
                return Uaccess.PutUser(GetWindow(tty), (WindowSize*)argument);
            case TIOCSWINSZ:
                int bad = Uaccess.GetUser(out WindowSize window, (WindowSize*)argument);
                return bad != 0 ? bad : SetWindow(tty, window);
            case FIONREAD:
                return Uaccess.PutUser(CountReadable(tty), (int*)argument);
            case TIOCOUTQ:
                return Uaccess.PutUser(tty->Output.Count, (int*)argument);
            case TIOCSCTTY:
                return JobControl.SetControlling(tty, argument == 1);
            case TIOCNOTTY:
                return JobControl.GiveUp(tty);
            case TIOCGPGRP:
                return Give(JobControl.Foreground(tty), argument);
            case TIOCGSID:
                return Give(JobControl.SessionOf(tty), argument);
            case TIOCSPGRP:
                int unreadable = Uaccess.GetUser(out int group, (int*)argument);
                return unreadable != 0 ? unreadable : JobControl.SetForeground(tty, group);
            case TIOCVHANGUP:
                return VirtualHangUp(tty);
            default:
                return -ENOTTY;
        }
    }

    /// <summary>The settings.</summary>
    internal static Termios GetTermios(TtyStruct* tty)
    {
        tty->Lock.Lock();
        Termios termios = tty->Termios;
        tty->Lock.Unlock();
        return termios;
    }

    /// <summary>Changes them. <paramref name="flush"/>: what was typed is forgotten.</summary>
    /// <linux>set_termios, n_tty_set_termios</linux>
    internal static void SetTermios(TtyStruct* tty, in Termios wanted, bool flush)
    {
        tty->Lock.Lock();
        bool was = tty->IsCanonical;
        tty->Termios = wanted;
        if (flush)
        {
            tty->Input.Clear();
        }

        if (was != tty->IsCanonical)
        {
            tty->Input.Rescan(tty->IsCanonical);
            tty->LineColumn = tty->Column;
        }

        if (!tty->Termios.Has(InputFlags.IXON))
        {
            // No key could start it again.
            TtyOutput.Start(tty);
        }

        TtyReceive.Publish(tty);
        TtyReceive.Unthrottle(tty);
        tty->Lock.Unlock();
    }

    /// <summary>The size of the screen.</summary>
    internal static WindowSize GetWindow(TtyStruct* tty)
    {
        tty->Lock.Lock();
        WindowSize window = tty->Window;
        tty->Lock.Unlock();
        return window;
    }

    /// <summary>Changes it; if it is another, the foreground gets SIGWINCH. 0.</summary>
    /// <linux>tty_do_resize</linux>
    internal static int SetWindow(TtyStruct* tty, WindowSize window)
    {
        tty->Lock.Lock();
        bool same = new ReadOnlySpan<byte>(&window, sizeof(WindowSize)).SequenceEqual(new ReadOnlySpan<byte>(&tty->Window, sizeof(WindowSize)));
        tty->Window = window;
        tty->Lock.Unlock();
        if (!same)
        {
            JobControl.Signal(tty, Signal.SIGWINCH);
        }

        return 0;
    }

    /// <summary>Bytes that can be read at once.</summary>
    internal static int CountReadable(TtyStruct* tty)
    {
        tty->Lock.Lock();
        int count = tty->Input.Readable(tty->IsCanonical);
        tty->Lock.Unlock();
        return count;
    }

    /// <summary>Forgets what was typed, or what waits to be shown. 0 or -EINVAL.</summary>
    /// <linux>tty_perform_flush</linux>
    internal static int Flush(TtyStruct* tty, ulong queue)
    {
        if (queue > TCIOFLUSH)
        {
            return -EINVAL;
        }

        tty->Lock.Lock();
        if (queue is TCIFLUSH or TCIOFLUSH)
        {
            tty->Input.Clear();
            TtyReceive.Publish(tty);
            TtyReceive.Unthrottle(tty);
        }

        if (queue is TCOFLUSH or TCIOFLUSH)
        {
            tty->Output.Clear();
        }

        tty->Lock.Unlock();
        return 0;
    }

    /// <summary>Stops and starts the output, or sends the character that stops or starts the other side. 0 or -EINVAL.</summary>
    /// <linux>TCXONC</linux>
    internal static int Flow(TtyStruct* tty, ulong action)
    {
        if (action > TCION)
        {
            return -EINVAL;
        }

        tty->Lock.Lock();
        if (action == TCOOFF)
        {
            TtyOutput.Stop(tty);
        }
        else if (action == TCOON)
        {
            TtyOutput.Start(tty);
        }
        else
        {
            byte character = tty->Termios[action == TCIOFF ? ControlCharacter.VSTOP : ControlCharacter.VSTART];
            tty->Ops->Write(tty, &character, character == 0 ? 0 : 1);
        }

        tty->Lock.Unlock();
        return 0;
    }

    private static long Change(TtyStruct* tty, uint command, ulong argument)
    {
        switch (command)
        {
            case TCXONC:
                return Flow(tty, argument);
            case TCFLSH:
                return Flush(tty, argument);
            case TCSBRK:
            case TCSBRKP:
                return 0;
        }

        int error = Uaccess.GetUser(out Termios wanted, (Termios*)argument);
        if (error == 0)
        {
            SetTermios(tty, wanted, flush: command == TCSETSF);
        }

        return error;
    }

    private static long Give(int value, ulong argument) => value < 0 ? value : Uaccess.PutUser(value, (int*)argument);

    private static int VirtualHangUp(TtyStruct* tty)
    {
        if (!Capabilities.Capable(Capability.SysAdmin))
        {
            return -EPERM;
        }

        TtyFiles.HangUp(tty);
        return 0;
    }
}
