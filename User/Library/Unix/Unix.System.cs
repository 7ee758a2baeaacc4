// Unix: time, terminals, and the machine. See Unix.cs.

using static CSharpOS.User.SyscallNumbers;
using static CSharpOS.User.Syscalls;

namespace CSharpOS.User;

public static unsafe partial class Unix
{
    public const int CLOCK_REALTIME = 0;
    public const int CLOCK_MONOTONIC = 1;

    private const int Tcgets = 0x5401;
    private const int Tcsets = 0x5402;
    private const int Tiocsctty = 0x540e;
    private const int Tiocgpgrp = 0x540f;
    private const int Tiocspgrp = 0x5410;
    private const int Tiocgwinsz = 0x5413;
    private const int RebootMagic1 = unchecked((int)0xfee1dead);
    private const int RebootMagic2 = 672274793;

    /// <summary>Sleeps; -1 if a signal came, with what is left in <paramref name="time"/>.</summary>
    public static int Nanosleep(ref Timespec time)
    {
        fixed (Timespec* both = &time)
        {
            return _syscall2(__NR_nanosleep, both, both);
        }
    }

    /// <summary>A clock's time.</summary>
    public static int ClockGettime(int clock, out Timespec time)
    {
        time = default;
        fixed (Timespec* to = &time)
        {
            return _syscall2(__NR_clock_gettime, clock, to);
        }
    }

    /// <summary>Milliseconds of the monotonic clock.</summary>
    public static long Milliseconds()
    {
        ClockGettime(CLOCK_MONOTONIC, out Timespec time);
        return (time.Seconds * 1000L) + (time.Nanoseconds / 1_000_000);
    }

    /// <summary>Waits until there is something to read, at most so many milliseconds; 1 if there is, 0 if not, -1 for a signal.</summary>
    public static int PollInput(int descriptor, int milliseconds)
    {
        int* request = stackalloc int[2];
        request[0] = descriptor;
        request[1] = 1;
        return _syscall3(__NR_poll, request, 1, milliseconds);
    }

    /// <summary>True if the descriptor is a terminal.</summary>
    public static bool Isatty(int descriptor) => Tcgetattr(descriptor, out _) == 0;

    /// <summary>A terminal's settings.</summary>
    public static int Tcgetattr(int descriptor, out Termios settings)
    {
        settings = default;
        fixed (Termios* to = &settings)
        {
            return Ioctl(descriptor, Tcgets, to);
        }
    }

    /// <summary>Sets a terminal's settings at once.</summary>
    public static int Tcsetattr(int descriptor, in Termios settings)
    {
        fixed (Termios* from = &settings)
        {
            return Ioctl(descriptor, Tcsets, from);
        }
    }

    /// <summary>The group of processes that a terminal's ^C goes to.</summary>
    public static int Tcgetpgrp(int descriptor)
    {
        int group = 0;
        return Ioctl(descriptor, Tiocgpgrp, &group) < 0 ? -1 : group;
    }

    /// <summary>Brings a group of processes to the foreground of a terminal.</summary>
    public static int Tcsetpgrp(int descriptor, int group) => Ioctl(descriptor, Tiocspgrp, &group);

    /// <summary>Makes a terminal the controlling one of the caller's session.</summary>
    public static int SetControllingTerminal(int descriptor) => Ioctl(descriptor, Tiocsctty, null);

    /// <summary>A terminal's size; 24 lines of 80 if it does not know.</summary>
    public static WindowSize GetWindowSize(int descriptor)
    {
        WindowSize size = default;
        if (Ioctl(descriptor, Tiocgwinsz, &size) < 0 || size.Rows == 0 || size.Columns == 0)
        {
            size.Rows = 24;
            size.Columns = 80;
        }

        return size;
    }

    /// <summary>Memory, load and uptime.</summary>
    public static int GetSysInfo(out SysInfo info)
    {
        info = default;
        fixed (SysInfo* to = &info)
        {
            return _syscall1(__NR_sysinfo, to);
        }
    }

    /// <summary>The kernel's log: reads all of it (3), clears it (5), its size (10).</summary>
    public static int Syslog(int action, Span<byte> buffer)
    {
        fixed (byte* to = buffer)
        {
            return _syscall3(__NR_syslog, action, to, buffer.Length);
        }
    }

    /// <summary>Ends everything.</summary>
    public static int Reboot(RebootCommand command) => _syscall4(__NR_reboot, RebootMagic1, RebootMagic2, (int)command, null);
}
