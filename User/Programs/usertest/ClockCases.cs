// ClockCases: the clocks by number, and the interval timers.

using CSharpOS.User;
using static CSharpOS.User.Programs.TimerCases;

namespace CSharpOS.User.Programs;

internal static unsafe class ClockCases
{
    private const int SigVirtual = 26, SigProf = 27;
    private const int ProcessTime = 2, Boottime = 7;
    private const int Millisecond = 1_000_000;
    private const long Second = 1_000_000_000;

    private static int s_alarms, s_virtual, s_prof;
    private static int s_virtualAtProf;

    private static void Counts(int signal)
    {
        s_alarms += signal == SIGALRM ? 1 : 0;
        s_virtual += signal == SigVirtual ? 1 : 0;
        s_virtualAtProf = signal == SigProf && s_prof == 0 ? s_virtual : s_virtualAtProf;
        s_prof += signal == SigProf ? 1 : 0;
    }

    private static Itimerval Interval(int value, int interval) => new()
    {
        Value = new Timeval { Seconds = value / 1_000_000, Microseconds = value % 1_000_000 },
        Interval = new Timeval { Seconds = interval / 1_000_000, Microseconds = interval % 1_000_000 },
    };

    private static long Microseconds(Timeval time) => (time.Seconds * 1_000_000L) + time.Microseconds;

    // A handler may come before the call that waits for it, so the signal is blocked but there.
    private static void AwaitAlarms(int count)
    {
        ulong others = ~(1ul << (SIGALRM - 1));
        while (s_alarms < count)
        {
            Expect.Error(EINTR, _syscall2(__NR_rt_sigsuspend, &others, 8));
        }
    }

    internal static void Intervals()
    {
        Expect.Equal(0, Signal(SIGALRM, &Counts));
        Mask(Block, SIGALRM);
        Expect.Equal(0, Alarm(0));
        Expect.Equal(0, Alarm(1000));
        int left = Alarm(500);
        Expect.True(left is > 900 and <= 1000);
        Expect.Equal(0, Getitimer(ITIMER_REAL, out Itimerval times));
        Expect.True(Microseconds(times.Value) is > 400_000_000 and <= 500_000_000);
        Expect.Equal(0, Microseconds(times.Interval));
        Expect.Equal(0, Setitimer(ITIMER_REAL, default, out times));
        Expect.True(Microseconds(times.Value) is > 400_000_000 and <= 500_000_000);
        Expect.Equal(0, Alarm(0));

        // Once; then again and again; a signal that waits, waits once.
        long start = Now();
        Expect.Equal(0, Setitimer(ITIMER_REAL, Interval(3000, 0), out _));
        AwaitAlarms(1);
        Expect.True(Now() - start >= 3 * Millisecond);
        Expect.Equal(0, Getitimer(ITIMER_REAL, out times));
        Expect.Equal(0, Microseconds(times.Value));
        start = Now();
        Expect.Equal(0, Setitimer(ITIMER_REAL, Interval(1000, 2000), out _));
        AwaitAlarms(4);
        Expect.True(Now() - start >= 5 * Millisecond);
        Expect.Equal(0, Getitimer(ITIMER_REAL, out times));
        Expect.True(Microseconds(times.Value) is >= 0 and <= 2000);
        Expect.Equal(2000, Microseconds(times.Interval));

        // The shortest there is, for a program that does not listen: the CPU is still there for others.
        Expect.Equal(0, Setitimer(ITIMER_REAL, Interval(1, 1), out _));
        Sleep(20 * Millisecond);
        Expect.True(IsPending(SIGALRM));
        Expect.Equal(0, Setitimer(ITIMER_REAL, default, out _));
        int before = s_alarms;
        Mask(Unblock, SIGALRM);
        Expect.Equal(before + 1, s_alarms);
        foreach (int which in (ReadOnlySpan<sbyte>)[-1, 3, -128])
        {
            Expect.Error(EINVAL, Setitimer(which, default, out _));
            Expect.Error(EINVAL, Getitimer(which, out _));
        }

        for (int which = 0; which < 3; which++)
        {
            times = default;
            times.Value.Microseconds = 1_000_000;
            Expect.Error(EINVAL, Setitimer(which, times, out _));
            times = default;
            times.Interval.Microseconds = -1;
            Expect.Error(EINVAL, Setitimer(which, times, out _));
            times = default;
            times.Value.Seconds = -1;
            Expect.Error(EINVAL, Setitimer(which, times, out _));

            // The widest: still to come.
            long* wide = stackalloc long[4];
            wide[0] = wide[1] = 0;
            wide[2] = long.MaxValue;
            wide[3] = 999_999;
            Expect.Equal(0, Syscall64(SyscallNumbers64.__NR_setitimer, which, (nint)wide));
            wide[2] = 0;
            Expect.Equal(0, Syscall64(SyscallNumbers64.__NR_setitimer, which, 0, (nint)wide));
            Expect.True(wide[2] > 1L << 32);
        }
    }

    // Time of the processor: sleeping takes none, user mode counts for both, the kernel for one.
    internal static void Processor()
    {
        Expect.Equal(0, Signal(SigVirtual, &Counts));
        Expect.Equal(0, Signal(SigProf, &Counts));
        for (int which = ITIMER_VIRTUAL; which <= ITIMER_PROF; which++)
        {
            Expect.Equal(0, Setitimer(which, Interval(300_000, 77_000), out Itimerval old));
            Expect.Equal(0, Microseconds(old.Value) + Microseconds(old.Interval));
            Expect.Equal(0, Getitimer(which, out Itimerval times));
            Expect.True(Microseconds(times.Value) is > 0 and <= 310_000);
            Expect.True(Microseconds(times.Interval) is >= 76_900 and <= 90_000);
            Expect.Equal(0, Setitimer(which, default, out times));
            Expect.True(Microseconds(times.Value) is > 0 and <= 310_000);
        }

        Expect.Equal(0, Setitimer(ITIMER_PROF, Interval(500_000, 0), out _));
        Sleep(600 * Millisecond);
        Expect.Equal(0, s_prof);

        // Never early, by the clock of the process; again and again.
        long start = Now(ProcessTime);
        Expect.Equal(0, Setitimer(ITIMER_PROF, default, out _));
        Expect.Equal(0, Setitimer(ITIMER_VIRTUAL, Interval(40_000, 20_000), out _));
        while (System.Threading.Volatile.Read(ref s_virtual) < 3)
        {
        }

        Expect.True(Now(ProcessTime) - start >= 80 * Millisecond);
        Expect.Equal(0, s_prof);
        Expect.Equal(0, Setitimer(ITIMER_VIRTUAL, default, out _));

        // Nearly all of this is the kernel's work: less than half as much in user mode.
        s_virtual = 0;
        byte* memory = PointerCases.Map(64, 3);
        int zero = Open("/dev/zero", O_RDWR);
        start = Now(ProcessTime);
        Expect.Equal(0, Setitimer(ITIMER_VIRTUAL, Interval(100_000, 0), out _));
        Expect.Equal(0, Setitimer(ITIMER_PROF, Interval(200_000, 0), out _));
        while (System.Threading.Volatile.Read(ref s_prof) == 0)
        {
            Syscall64(SyscallNumbers64.__NR_read, zero, (nint)memory, 64 * 4096);
        }

        Expect.True(Now(ProcessTime) - start >= 200 * Millisecond);
        Expect.Equal(0, s_virtualAtProf);
        Expect.Equal(SigVirtual, Expect.InChild(&DiesOfVirtual));
        Expect.Equal(SigProf, Expect.InChild(&DiesOfProf));

        // All threads count.
        s_prof = 0;
        Expect.Equal(0, Setitimer(ITIMER_PROF, Interval(100_000, 0), out _));
        ThreadCases.Start(0, &ComputesUntilProf);
        ThreadCases.Join(0);
        Expect.Equal(1, s_prof);
    }

    private static void ComputesUntilProf(nint index)
    {
        while (System.Threading.Volatile.Read(ref s_prof) == 0)
        {
        }
    }

    private static void DiesOfVirtual() => DiesOf(SigVirtual, ITIMER_VIRTUAL);

    private static void DiesOfProf() => DiesOf(SigProf, ITIMER_PROF);

    private static void DiesOf(int signal, int which)
    {
        Expect.Equal(0, Signal(signal, SignalDefault));
        Expect.Equal(0, Setitimer(which, Interval(10_000, 0), out _));
        while (true)
        {
        }
    }

    internal static void Clocks()
    {
        for (int clock = 0; clock <= Boottime; clock++)
        {
            Reads(clock);
        }

        Timespec wait = default;
        foreach (int clock in (ReadOnlySpan<sbyte>)[-1, 8, 99])
        {
            Expect.Error(EINVAL, ClockGettime(clock, out _));
            Expect.Error(EINVAL, _syscall2(__NR_clock_getres, clock, null));
            Expect.Error(EINVAL, ClockNanosleep(clock, 0, wait));
        }

        Waits(CLOCK_REALTIME);
        Waits(CLOCK_MONOTONIC);
        Waits(Boottime);
    }

    private static void Reads(int clock)
    {
        long* time = stackalloc long[2];
        long now = Now(clock);
        Expect.Equal(0, Syscall64(SyscallNumbers64.__NR_clock_gettime, clock, (nint)time));
        Expect.True(time[1] >= 0 && time[1] < Second);
        Expect.True((time[0] * Second) + time[1] >= now);
        Timespec resolution = default;
        Expect.Equal(0, _syscall2(__NR_clock_getres, clock, &resolution));
        Expect.True(resolution.Seconds == 0 && resolution.Nanoseconds > 0);
        Expect.Equal(0, Syscall64(SyscallNumbers64.__NR_clock_getres, clock, (nint)time));
        Expect.Equal(resolution.Nanoseconds, time[1]);
        Expect.Equal(0, _syscall2(__NR_clock_getres, clock, null));
    }

    // For so long; until then; until a time that is over; for no time at all.
    private static void Waits(int clock)
    {
        long start = Now();
        Expect.Equal(0, ClockNanosleep(clock, 0, Times(2 * Millisecond, 0).Value));
        Expect.True(Now() - start >= 2 * Millisecond);
        long end = Now(clock) + (3 * Millisecond);
        Expect.Equal(0, ClockNanosleep(clock, TIMER_ABSTIME, Times(end, 0).Value));
        Expect.True(Now(clock) >= end);
        Expect.Equal(0, ClockNanosleep(clock, TIMER_ABSTIME, Times(1, 0).Value));
        Expect.Error(EINVAL, ClockNanosleep(clock, 0, new Timespec { Nanoseconds = (int)Second }));
        Expect.Error(EINVAL, ClockNanosleep(clock, 0, new Timespec { Seconds = -1 }));

        // A timer for a time of that clock is not early by it either.
        Mask(Block, SIGUSR1);
        end = Now(clock) + (3 * Millisecond);
        int id = Make(SIGUSR1, clock: clock);
        Arm(id, end, 0, TIMER_ABSTIME);
        while (!IsPending(SIGUSR1))
        {
        }

        Expect.True(Now(clock) >= end);
        Expect.Equal(0, TimerDelete(id));
    }

    private static int ClockNanosleep(int clock, int flags, Timespec time) => _syscall4(__NR_clock_nanosleep, clock, flags, &time, null);

    internal static void SetClock()
    {
        Mask(Block, SIGUSR1);
        Mask(Block, SIGUSR2);
        Mask(Block, SIGALRM);
        int day = Make(SIGUSR1, clock: CLOCK_REALTIME), span = Make(SIGUSR2, clock: CLOCK_REALTIME), monotonic = Make(SIGALRM);
        long now = Now(CLOCK_REALTIME);
        Arm(day, now + (1000 * Second), 0, TIMER_ABSTIME);
        Arm(span, 1000 * Second);
        Arm(monotonic, Now() + (1000 * Second), 0, TIMER_ABSTIME);
        Set(now + (500 * Second));
        Expect.Equal(0, TimerGettime(day, out Itimerspec left));
        Expect.True(Nanoseconds(left.Value) is > 400 * Second and < 501 * Second);
        Set(now + (1001 * Second));
        while (!IsPending(SIGUSR1))
        {
        }

        Expect.True(!IsPending(SIGUSR2) && !IsPending(SIGALRM));
        Arm(day, now + (1001 * Second), 10 * Second, TIMER_ABSTIME);
        while (!IsPending(SIGUSR1))
        {
        }

        // Back: the time was over and told; the next one is as far away as it is.
        Set(now);
        Expect.Equal(0, TimerGettime(span, out left));
        Expect.True(Nanoseconds(left.Value) is > 900 * Second and <= 1000 * Second);
        Expect.Equal(0, Signal(SIGUSR1, &Counts));
        Mask(Unblock, SIGUSR1);
        Expect.Equal(0, TimerGetoverrun(day));
        Expect.Equal(0, TimerGettime(day, out left));
        Expect.True(Nanoseconds(left.Value) is > 900 * Second and <= 1012 * Second);
        Expect.Error(EINVAL, _syscall2(__NR_clock_settime, CLOCK_MONOTONIC, &left));
    }

    private static void Set(long nanoseconds)
    {
        Timespec time = Times(nanoseconds, 0).Value;
        Expect.Equal(0, _syscall2(__NR_clock_settime, CLOCK_REALTIME, &time));
    }
}
