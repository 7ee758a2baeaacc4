// TimerCases: timers of timer_create: what they answer, and what they refuse.

using CSharpOS.User;

namespace CSharpOS.User.Programs;

internal static unsafe class TimerCases
{
    internal const int Block = 0, Unblock = 1;
    internal const int Limit = 256;
    private const int Second = 1_000_000_000;

    /// <summary>A timer that sends a signal.</summary>
    internal static int Make(int signal, uint value = 0, int clock = CLOCK_MONOTONIC, int notify = Sigevent.SIGEV_SIGNAL, int thread = 0)
    {
        Sigevent notice = new() { Signal = signal, Value = value, Notify = notify, Thread = thread };
        Expect.Equal(0, TimerCreate(clock, notice, out int id));
        return id;
    }

    /// <summary>Arms one, in nanoseconds.</summary>
    internal static void Arm(int id, long value, long interval = 0, int flags = 0) => Expect.Equal(0, TimerSettime(id, flags, Times(value, interval), out _));

    internal static Itimerspec Times(long value, long interval) => new()
    {
        Value = new Timespec { Seconds = (int)(value / Second), Nanoseconds = (int)(value % Second) },
        Interval = new Timespec { Seconds = (int)(interval / Second), Nanoseconds = (int)(interval % Second) },
    };

    /// <summary>A clock's nanoseconds.</summary>
    internal static long Now(int clock = CLOCK_MONOTONIC)
    {
        Expect.Equal(0, ClockGettime(clock, out Timespec time));
        return Nanoseconds(time);
    }

    internal static long Nanoseconds(Timespec time) => (time.Seconds * (long)Second) + time.Nanoseconds;

    internal static void Mask(int how, int signal)
    {
        ulong set = 1ul << (signal - 1);
        Expect.Equal(0, _syscall4(__NR_rt_sigprocmask, how, &set, null, 8));
    }

    internal static bool IsPending(int signal)
    {
        ulong set = 0;
        Expect.Equal(0, _syscall2(__NR_rt_sigpending, &set, 8));
        return (set & (1ul << (signal - 1))) != 0;
    }

    internal static void Sleep(long nanoseconds)
    {
        Timespec time = Times(nanoseconds, 0).Value;
        while (Nanosleep(ref time) != 0)
        {
        }
    }

    // What timers answer while none expires.
    internal static void Answers()
    {
        // Numbers: the smallest that is free.
        Expect.Equal(0, Make(SIGUSR1));
        Expect.Equal(1, Make(SIGUSR1, 5, CLOCK_REALTIME));
        Expect.Equal(2, Make(SIGUSR1, 5, 7));
        Expect.Equal(3, Make(0, notify: Sigevent.SIGEV_NONE));
        Expect.Equal(0, TimerDelete(1));
        Expect.Error(EINVAL, TimerDelete(1));
        Expect.Equal(1, Make(64));
        Expect.Equal(0, TimerGettime(0, out Itimerspec times));
        Expect.Equal(0, Nanoseconds(times.Value) + Nanoseconds(times.Interval));

        // What is left, and the interval; settime gives the old ones.
        Arm(0, 1000L * Second, (2L * Second) + 7);
        Expect.Equal(0, TimerGettime(0, out times));
        Expect.True(Nanoseconds(times.Value) is > 900L * Second and <= 1000L * Second);
        Expect.Equal((2L * Second) + 7, Nanoseconds(times.Interval));
        Expect.Equal(0, TimerSettime(0, 0, Times(0, 5), out times));
        Expect.True(Nanoseconds(times.Value) is > 900L * Second and <= 1000L * Second);
        Expect.Equal((2L * Second) + 7, Nanoseconds(times.Interval));
        Expect.Equal(0, TimerGettime(0, out times));
        Expect.Equal(0, Nanoseconds(times.Value) + Nanoseconds(times.Interval));
        Arm(0, Now() + (1000L * Second), 0, TIMER_ABSTIME);
        Expect.Equal(0, TimerGettime(0, out times));
        Expect.True(Nanoseconds(times.Value) is > 900L * Second and <= 1000L * Second);
        Expect.Equal(0, TimerGetoverrun(0));

        // The widest times that there are.
        long* wide = stackalloc long[4];
        wide[0] = wide[2] = long.MaxValue;
        wide[1] = wide[3] = Second - 1;
        Expect.Equal(0, Syscall64(SyscallNumbers64.__NR_timer_settime, 0, 0, (nint)wide));
        wide[0] = wide[2] = 0;
        Expect.Equal(0, Syscall64(SyscallNumbers64.__NR_timer_gettime, 0, (nint)wide));
        Expect.True(wide[2] > 1L << 33 && wide[0] > 1L << 33);

        // Without a signal it only counts.
        Arm(3, 20_000_000, 20_000_000);
        Sleep(50_000_000);
        Expect.Equal(0, TimerGettime(3, out times));
        Expect.True(Nanoseconds(times.Value) is > 0 and <= 20_000_000);
        Arm(3, 1);
        Sleep(1_000_000);
        Expect.Equal(0, TimerGettime(3, out times));
        Expect.Equal(0, Nanoseconds(times.Value));
        Expect.Equal(0, TimerGetoverrun(3));

        // A child has none, and the parent's go on.
        Expect.Good(&NoTimers);
        Expect.Equal(0, TimerGettime(3, out _));
    }

    /// <summary>A process without timers; its first one has number 0.</summary>
    internal static void NoTimers()
    {
        for (int id = 0; id < 4; id++)
        {
            Expect.Error(EINVAL, TimerGettime(id, out _));
        }

        Expect.Equal(0, Make(SIGUSR1));
    }

    internal static void Refusals()
    {
        Sigevent good = new() { Signal = SIGUSR1 };
        foreach (int clock in (ReadOnlySpan<sbyte>)[-1, 2, 3, 4, 5, 6, 8, 99, -128])
        {
            Expect.Error(EINVAL, TimerCreate(clock, good, out _));
        }

        foreach (int signal in (ReadOnlySpan<sbyte>)[0, -1, 65, 127, -128])
        {
            Expect.Error(EINVAL, TimerCreate(CLOCK_MONOTONIC, new Sigevent { Signal = signal }, out _));
        }

        foreach (int notify in (ReadOnlySpan<sbyte>)[2, 3, 5, -1])
        {
            Expect.Error(EINVAL, TimerCreate(CLOCK_MONOTONIC, new Sigevent { Signal = SIGUSR1, Notify = notify, Thread = Getpid() }, out _));
        }

        // Threads of somebody else, and of nobody.
        ProcessCases.Pipes();
        int child = Expect.Start(&ProcessCases.WaitForParent);
        for (int i = 0; i < 6; i++)
        {
            int thread = i switch { 0 => 0, 1 => -1, 2 => 1, 3 => 2, 4 => child, _ => int.MaxValue };
            Expect.Error(EINVAL, TimerCreate(CLOCK_MONOTONIC, new Sigevent { Signal = SIGUSR1, Notify = Sigevent.SIGEV_THREAD_ID, Thread = thread }, out _));
        }

        ProcessCases.TellChild();
        Expect.Equal(0, Expect.Wait(child));

        // What was refused has left nothing: also a number that could not be told.
        Expect.Error(EFAULT, _syscall3(__NR_timer_create, CLOCK_MONOTONIC, &good, null));
        Expect.Error(EFAULT, _syscall3(__NR_timer_create, CLOCK_MONOTONIC, 8, null));
        Expect.Equal(0, Make(SIGUSR1));
        for (int i = 0; i < 6; i++)
        {
            int id = i switch { 0 => -1, 1 => 1, 2 => 255, 3 => 256, 4 => int.MaxValue, _ => int.MinValue };
            Expect.Error(EINVAL, TimerSettime(id, 0, Times(1, 1), out _));
            Expect.Error(EINVAL, TimerGettime(id, out _));
            Expect.Error(EINVAL, TimerGetoverrun(id));
            Expect.Error(EINVAL, TimerDelete(id));
        }

        Arm(0, 1000L * Second);
        for (int i = 0; i < 4; i++)
        {
            int wrong = i switch { 0 => Second, 1 => -1, 2 => int.MaxValue, _ => int.MinValue };
            Itimerspec times = Times(Second, Second);
            times.Value.Nanoseconds = wrong;
            Expect.Error(EINVAL, TimerSettime(0, 0, times, out _));
            times = Times(Second, Second);
            times.Interval.Nanoseconds = wrong;
            Expect.Error(EINVAL, TimerSettime(0, TIMER_ABSTIME, times, out _));
            long* wide = stackalloc long[4];
            wide[0] = wide[1] = wide[2] = 0;
            wide[3] = wrong;
            Expect.Equal(-EINVAL, Syscall64(SyscallNumbers64.__NR_timer_settime, 0, 0, (nint)wide));
        }

        Itimerspec negative = default;
        negative.Value.Seconds = -1;
        Expect.Error(EINVAL, TimerSettime(0, 0, negative, out _));
        negative = Times(Second, 0);
        negative.Interval.Seconds = -1;
        Expect.Error(EINVAL, TimerSettime(0, 0, negative, out _));
        Expect.Error(EINVAL, _syscall4(__NR_timer_settime, 0, 0, null, null));

        // The timer is as it was.
        Expect.Equal(0, TimerGettime(0, out Itimerspec left));
        Expect.True(Nanoseconds(left.Value) > 900L * Second);

        // As many as there may be, and one more; and after one less.
        for (int id = 1; id < Limit; id++)
        {
            Expect.Equal(id, Make(SIGUSR1));
            Arm(id, (1000L + id) * Second);
        }

        Expect.Error(EAGAIN, TimerCreate(CLOCK_MONOTONIC, good, out _));
        Expect.Equal(0, TimerDelete(100));
        Expect.Equal(100, Make(SIGUSR1));
        Expect.Error(EAGAIN, TimerCreate(CLOCK_MONOTONIC, good, out _));
    }
}
