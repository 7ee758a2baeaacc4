// Unix: interval timers and POSIX timers. See Unix.cs.

using System.Runtime.InteropServices;
using static CSharpOS.User.SyscallNumbers;
using static CSharpOS.User.Syscalls;

namespace CSharpOS.User;

/// <summary>How often, and when next: i386's struct itimerspec.</summary>
public struct Itimerspec
{
    public Timespec Interval;
    public Timespec Value;
}

/// <summary>The same in microseconds: i386's struct itimerval.</summary>
public struct Itimerval
{
    public Timeval Interval;
    public Timeval Value;
}

/// <summary>What a POSIX timer does when it expires: i386's struct sigevent.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
public struct Sigevent
{
    public const int SIGEV_SIGNAL = 0;
    public const int SIGEV_NONE = 1;
    public const int SIGEV_THREAD_ID = 4;

    /// <summary>For the handler.</summary>
    public uint Value;
    public int Signal;

    /// <summary>One of the constants.</summary>
    public int Notify;

    /// <summary>For SIGEV_THREAD_ID.</summary>
    public int Thread;
}

public static unsafe partial class Unix
{
    public const int ITIMER_REAL = 0;
    public const int ITIMER_VIRTUAL = 1;
    public const int ITIMER_PROF = 2;
    public const int TIMER_ABSTIME = 1;

    /// <summary>SIGALRM after so many seconds, 0 for never; what was left.</summary>
    public static int Alarm(int seconds) => _syscall1(__NR_alarm, seconds);

    /// <summary>Sets one of the three interval timers.</summary>
    public static int Setitimer(int which, in Itimerval value, out Itimerval old)
    {
        old = default;
        fixed (Itimerval* from = &value, to = &old)
        {
            return _syscall3(__NR_setitimer, which, from, to);
        }
    }

    /// <summary>What is left of one.</summary>
    public static int Getitimer(int which, out Itimerval value)
    {
        value = default;
        fixed (Itimerval* to = &value)
        {
            return _syscall2(__NR_getitimer, which, to);
        }
    }

    /// <summary>Makes a timer, which is not armed.</summary>
    public static int TimerCreate(int clock, in Sigevent notify, out int id)
    {
        id = -1;
        fixed (Sigevent* from = &notify)
        fixed (int* to = &id)
        {
            return _syscall3(__NR_timer_create, clock, from, to);
        }
    }

    /// <summary>Arms a timer, or disarms it if the value is 0.</summary>
    public static int TimerSettime(int id, int flags, in Itimerspec value, out Itimerspec old)
    {
        old = default;
        fixed (Itimerspec* from = &value, to = &old)
        {
            return _syscall4(__NR_timer_settime, id, flags, from, to);
        }
    }

    /// <summary>What is left of a timer.</summary>
    public static int TimerGettime(int id, out Itimerspec value)
    {
        value = default;
        fixed (Itimerspec* to = &value)
        {
            return _syscall2(__NR_timer_gettime, id, to);
        }
    }

    /// <summary>The expiries of which no signal of its own told, before the last signal.</summary>
    public static int TimerGetoverrun(int id) => _syscall1(__NR_timer_getoverrun, id);

    /// <summary>Deletes a timer.</summary>
    public static int TimerDelete(int id) => _syscall1(__NR_timer_delete, id);
}
