// TimerLifeCases: the end of POSIX timers, and what races with it.

using CSharpOS.User;
using static CSharpOS.User.Programs.TimerCases;

namespace CSharpOS.User.Programs;

internal static unsafe class TimerLifeCases
{
    private const int Millisecond = 1_000_000;
    private const long Second = 1_000_000_000;
    private const int Threads = 4, Timers = 6, Rounds = 1500, MostRounds = 1_000_000;

    private static int s_seen, s_wrong;

    // A program that is executed has no timers, not even those that have expired; the interval timers it keeps.
    internal static void Execute()
    {
        Expect.Equal(0, Expect.InChild(&BecomesUntimed));
        Expect.Equal(0, Expect.InChild(&BecomesTimed));
        Expect.Equal(0, Expect.InChild(&DoesNotInherit));
    }

    private static void BecomesUntimed()
    {
        Mask(Block, SIGUSR1);
        Mask(Block, SIGALRM);
        Arm(Make(SIGUSR1), 1, 1);
        Sleep(Millisecond);
        Expect.True(IsPending(SIGUSR1));
        Arm(Make(SIGALRM), 30 * Millisecond);
        Execvp(["/bin/usertest", "untimed"]);
    }

    /// <summary>What <see cref="BecomesUntimed"/> becomes.</summary>
    internal static void Untimed()
    {
        Expect.True(!IsPending(SIGUSR1));
        NoTimers();
        Sleep(60 * Millisecond);
        Expect.True(!IsPending(SIGUSR1) && !IsPending(SIGALRM));
    }

    private static void BecomesTimed()
    {
        SetIntervals();
        Execvp(["/bin/usertest", "timed"]);
    }

    /// <summary>What <see cref="BecomesTimed"/> becomes.</summary>
    internal static void Timed()
    {
        for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++)
        {
            Expect.Equal(0, Getitimer(which, out Itimerval times));
            Expect.True(times.Value.Seconds is > 900 and <= 1000 && times.Interval.Seconds is >= 76 and <= 77);
        }
    }

    private static void DoesNotInherit()
    {
        SetIntervals();
        Expect.Good(&HasNone);
    }

    private static void SetIntervals()
    {
        Itimerval later = default;
        later.Value.Seconds = 1000;
        later.Interval.Seconds = 77;
        for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++)
        {
            Expect.Equal(0, Setitimer(which, later, out _));
        }
    }

    private static void HasNone()
    {
        for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++)
        {
            Expect.Equal(0, Getitimer(which, out Itimerval times));
            Expect.Equal(0, times.Value.Seconds | times.Value.Microseconds | times.Interval.Seconds | times.Interval.Microseconds);
        }
    }

    // Processes end while their timers expire on other CPUs; and are killed by them.
    internal static void Exits()
    {
        for (int i = 0; i < 40; i++)
        {
            Expect.Good(&LeavesTimers);
            Expect.Equal(SIGKILL, Expect.InChild(&KilledByTimers));
        }
    }

    private static void LeavesTimers()
    {
        Expect.Equal(0, Signal(SIGUSR1, SignalIgnore));
        Mask(Block, SIGUSR2);
        for (int i = 0; i < 8; i++)
        {
            Arm(Make((i & 1) == 0 ? SIGUSR1 : SIGUSR2), 1 + (i * 5000), 1000);
        }
    }

    private static void KilledByTimers()
    {
        for (int i = 0; i < 8; i++)
        {
            Arm(Make(SIGKILL), 200_000, 1000);
        }

        while (true)
        {
            Syscall64(SyscallNumbers64.__NR_sched_yield);
        }
    }

    // Threads make, set, read and delete the same timers, which expire all the while. What a call gives is one of what it may give, and a handler is
    // told of a timer that there may be.
    internal static void Races()
    {
        Expect.Equal(0, Signal(SIGUSR1, (delegate*<int, void>)(delegate*<int, int*, void>)&Sees));
        for (int i = 0; i < Threads; i++)
        {
            ThreadCases.Start(i, &Plays);
        }

        for (int i = 0; i < Threads; i++)
        {
            ThreadCases.Join(i);
        }

        for (int id = 0; id < Limit; id++)
        {
            Syscall64(SyscallNumbers64.__NR_timer_delete, id);
        }

        Expect.Equal(0, s_wrong);
        Expect.True(s_seen > 0);

        // Nothing comes from timers that are gone.
        int seen = s_seen;
        Sleep(5 * Millisecond);
        Expect.Equal(seen, s_seen);
        Expect.True(!IsPending(SIGUSR1));
        NoTimers();
    }

    private static void Sees(int signal, int* info)
    {
        Check(info[2] == -2 && info[4] >= 0 && info[4] < Limit && info[5] >= 0 && *(long*)(info + 6) == 77);
        System.Threading.Interlocked.Increment(ref s_seen);
    }

    private static void Check(bool good)
    {
        if (!good)
        {
            System.Threading.Interlocked.Increment(ref s_wrong);
        }
    }

    private static void Plays(nint index)
    {
        ulong* notify = stackalloc ulong[8];
        long* times = stackalloc long[4];
        ulong random = (ulong)index + 88172645463325252;

        // Long enough for an expiry, where timers are looked at once a tick.
        for (int i = 0; i < Rounds || (i < MostRounds && System.Threading.Volatile.Read(ref s_seen) == 0); i++)
        {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            int id = (int)(random >> 40) % Timers;
            long result;
            switch ((random >> 32) & 7)
            {
                case 0:
                case 1:
                    notify[0] = 77;
                    notify[1] = SIGUSR1;
                    result = Syscall64(SyscallNumbers64.__NR_timer_create, CLOCK_MONOTONIC, (nint)notify, (nint)times);
                    Check(result is 0 or -EAGAIN);
                    break;
                case 2:
                    result = Syscall64(SyscallNumbers64.__NR_timer_delete, id);
                    Check(result is 0 or -EINVAL);
                    break;
                case 3:
                    result = Syscall64(SyscallNumbers64.__NR_timer_gettime, id, (nint)times);
                    Check(result == -EINVAL || (result == 0 && times[2] == 0 && times[3] is >= 0 and <= 200_000));
                    result = Syscall64(SyscallNumbers64.__NR_timer_getoverrun, id);
                    Check(result is -EINVAL or >= 0);
                    break;
                default:
                    times[0] = times[2] = 0;
                    times[1] = (long)((random >> 20) & 3) * 50_000;
                    times[3] = (long)((random >> 12) & 3) * 20_000;
                    result = Syscall64(SyscallNumbers64.__NR_timer_settime, id, 0, (nint)times);
                    Check(result is 0 or -EINVAL);
                    break;
            }
        }
    }
}
