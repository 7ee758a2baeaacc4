// TimerSignalCases: the signals of POSIX timers.

using CSharpOS.User;
using static CSharpOS.User.Programs.TimerCases;

namespace CSharpOS.User.Programs;

internal static unsafe class TimerSignalCases
{
    private const int Millisecond = 1_000_000;
    private const long Second = 1_000_000_000;
    private const int SiTimer = -2;
    private const int High = 40;

    private static int s_count, s_timer, s_overruns, s_order, s_code;
    private static ulong s_value;
    private static long s_when, s_thread;
    private static int s_gate;

    // The kernel's siginfo for programs of 64 bits: number, error, code; then of a timer its number, overruns and value.
    private static void Note(int signal, int* info)
    {
        s_when = Now();
        s_code = info[2];
        s_timer = info[4];
        s_overruns = info[5];
        s_value = *(ulong*)(info + 6);
        s_thread = Syscall64(SyscallNumbers64.__NR_gettid);
        s_order = (s_order * 10) + s_timer + 1;
        System.Threading.Volatile.Write(ref s_count, s_count + 1);
    }

    private static void Listen(int signal) => Expect.Equal(0, Signal(signal, (delegate*<int, void>)(delegate*<int, int*, void>)&Note));

    // The signal is blocked; sleeps until it has come that often.
    private static void Await(int signal, int count)
    {
        ulong others = ~(1ul << (signal - 1));
        while (s_count < count)
        {
            Expect.Error(EINTR, _syscall2(__NR_rt_sigsuspend, &others, 8));
        }
    }

    private static void Begin(int signal)
    {
        Mask(Block, signal);
        Listen(signal);
        s_count = s_order = 0;
    }

    // Once, not early, with all that the handler is to be told; by both sets of numbers.
    internal static void Once()
    {
        Begin(SIGUSR1);
        int id = Make(SIGUSR1, 0x89abcdef);
        int other = Make(SIGUSR2);
        for (int i = 1; i <= 5; i++)
        {
            long start = Now();
            Arm(id, i * 700_000);
            Await(SIGUSR1, i);
            Expect.True(s_when >= start + (i * 700_000));
            Expect.Equal(SiTimer, s_code);
            Expect.Equal(id, s_timer);
            Expect.Equal(0, s_overruns);
            Expect.Equal(0x89abcdef, (long)s_value);
            Expect.Equal(0, TimerGettime(id, out Itimerspec left));
            Expect.Equal(0, Nanoseconds(left.Value));
        }

        // Points in time: to come, and over.
        long due = Now() + (3 * Millisecond);
        Arm(id, due, 0, TIMER_ABSTIME);
        Await(SIGUSR1, 6);
        Expect.True(s_when >= due);
        Arm(id, 1, 0, TIMER_ABSTIME);
        Await(SIGUSR1, 7);
        Expect.Equal(0, TimerDelete(id));
        Expect.Equal(0, TimerDelete(other));

        // The value has 64 bits for those who ask by syscall; without a description it is SIGALRM, and the number.
        ulong* notify = stackalloc ulong[8];
        notify[0] = 0xfedcba9876543210;
        notify[1] = SIGUSR1;
        id = -1;
        Expect.Equal(0, Syscall64(SyscallNumbers64.__NR_timer_create, CLOCK_MONOTONIC, (nint)notify, (nint)(&id)));
        long* times = stackalloc long[8];
        for (int i = 0; i < 8; i++)
        {
            times[i] = i < 3 ? 0 : i == 3 ? 500_000 : 1;
        }

        Expect.Equal(0, Syscall64(SyscallNumbers64.__NR_timer_settime, id, 0, (nint)times, (nint)(times + 4)));
        Expect.Equal(0, times[4] | times[5] | times[6] | times[7]);
        Await(SIGUSR1, 8);
        Expect.Equal(unchecked((long)0xfedcba9876543210), (long)s_value);
        Begin(SIGALRM);
        Expect.Equal(0, _syscall3(__NR_timer_create, CLOCK_REALTIME, null, &other));
        Expect.Equal(id + 1, other);
        Arm(other, 1);
        Await(SIGALRM, 1);
        Expect.Equal(other, (long)s_value);
        Expect.Equal(other, s_timer);
        Expect.Equal(SIGALRM, Expect.InChild(&DiesOfTimer));
    }

    private static void DiesOfTimer()
    {
        Expect.Equal(0, Signal(SIGALRM, SignalDefault));
        Mask(Unblock, SIGALRM);
        Arm(Make(SIGALRM), Millisecond);
        Sleep(Second * 100);
    }

    // The signal waits once, and says how many expiries it stands for: neither more nor fewer than there was time for.
    internal static void Overruns()
    {
        Begin(SIGUSR1);
        int id = Make(SIGUSR1);
        for (int i = 0; i < 3; i++)
        {
            int interval = i switch { 0 => Millisecond, 1 => 37_000, _ => 1 };
            s_count = 0;
            long before = Now();
            Arm(id, interval, interval);
            long armed = Now();
            Sleep(20 * Millisecond);
            Expect.True(IsPending(SIGUSR1));
            Expect.Equal(0, s_count);
            Expect.Equal(0, TimerGettime(id, out Itimerspec left));
            Expect.True(Nanoseconds(left.Value) > 0 && Nanoseconds(left.Value) <= interval);
            long start = Now();
            ulong others = ~(1ul << (SIGUSR1 - 1));
            Expect.Error(EINTR, _syscall2(__NR_rt_sigsuspend, &others, 8));
            Expect.Equal(1, s_count);
            long expiries = s_overruns + 1L;
            Expect.True(expiries >= (start - armed) / interval);
            Expect.True(expiries <= (s_when - before) / interval);
            Expect.Equal(s_overruns, TimerGetoverrun(id));

            // And it goes on.
            Await(SIGUSR1, 3);
            Arm(id, 0);
            Expect.Equal(0, TimerGetoverrun(id));
        }

        // More than the number can say.
        s_count = 0;
        Arm(id, 1, 1, TIMER_ABSTIME);
        Sleep(Math.Max(1, (22 * Second / 10) - Now()));
        Await(SIGUSR1, 1);
        Expect.Equal(int.MaxValue, s_overruns);
        Arm(id, 0);

        // Ignored while it waits, it is not pending any more. The next one is far: as long as it is blocked, that one would be.
        Arm(id, Millisecond, 1000L * Second);
        Sleep(3 * Millisecond);
        Expect.True(IsPending(SIGUSR1));
        Expect.Equal(0, Signal(SIGUSR1, SignalIgnore));
        Expect.True(!IsPending(SIGUSR1));
        Listen(SIGUSR1);

        // Ignored, or ignored while it waits: it goes on, and counts. One that comes while it is ignored but still blocked waits, and takes the count along when it
        // is let through to nobody: so the count is known from there on.
        long early = Now();
        Arm(id, Millisecond, Millisecond);
        Sleep(3 * Millisecond);
        Expect.True(IsPending(SIGUSR1));
        Expect.Equal(0, Signal(SIGUSR1, SignalIgnore));
        Mask(Unblock, SIGUSR1);
        long late = Now();
        Sleep(10 * Millisecond);
        Mask(Block, SIGUSR1);
        s_count = 0;
        Listen(SIGUSR1);
        long ready = Now();
        Await(SIGUSR1, 1);
        Expect.True(s_overruns + 1 >= (ready - late) / Millisecond);
        Expect.True(s_overruns + 1 <= (s_when - early) / Millisecond);
    }

    // Timers with one signal do not get into each other's way, nor does kill; deleting and setting take the signal back.
    internal static void Several()
    {
        foreach (int signal in (ReadOnlySpan<byte>)[SIGUSR1, High])
        {
            Begin(signal);
            int first = Make(signal), second = Make(signal), third = Make(signal);
            Arm(third, 1);
            Sleep(Millisecond);
            Arm(first, 1);
            Sleep(Millisecond);
            Arm(second, 1);
            Sleep(Millisecond);
            Expect.True(IsPending(signal));
            Mask(Unblock, signal);
            Expect.Equal(3, s_count);
            Mask(Block, signal);

            // In the order in which they expired.
            Expect.Equal(312, s_order);
            Arm(first, 1);
            Arm(second, 1);
            Sleep(Millisecond);
            Expect.Equal(0, Kill(Getpid(), signal));
            Expect.Equal(0, Kill(Getpid(), signal));
            Mask(Unblock, signal);
            Expect.Equal(6, s_count);
            Mask(Block, signal);
            Arm(first, 1);
            Arm(second, 1);
            Arm(third, 1);
            Sleep(Millisecond);
            Arm(first, 0);
            Expect.Equal(0, TimerDelete(second));
            Expect.True(IsPending(signal));
            Arm(third, 1000 * Second);
            Expect.True(!IsPending(signal));
            Mask(Unblock, signal);
            Expect.Equal(6, s_count);
            Expect.Equal(0, TimerDelete(first));
            Expect.Equal(0, TimerDelete(third));
        }

        // A signal that stops, and the one that goes on, take each other's place, whoever sends them.
        Mask(Block, SIGTSTP);
        int stops = Make(SIGTSTP);
        Arm(stops, 1);
        Sleep(Millisecond);
        Expect.True(IsPending(SIGTSTP));
        Expect.Equal(0, Kill(Getpid(), SIGCONT));
        Expect.True(!IsPending(SIGTSTP));
        Expect.Equal(0, TimerDelete(stops));
    }

    // A timer for one thread interrupts that one; when the thread has ended, the process.
    internal static void ForThread()
    {
        Listen(SIGUSR1);
        ThreadCases.Start(0, &Waits);
        int tid = ThreadCases.Tid(0);
        int id = Make(SIGUSR1, 7, notify: Sigevent.SIGEV_THREAD_ID, thread: tid);
        for (int i = 1; i <= 10; i++)
        {
            s_thread = 0;
            Arm(id, 100_000);
            while (System.Threading.Volatile.Read(ref s_count) < i)
            {
                Syscall64(SyscallNumbers64.__NR_sched_yield);
            }

            Expect.Equal(tid, s_thread);
            Expect.Equal(7, (long)s_value);
        }

        System.Threading.Volatile.Write(ref s_gate, 1);
        ThreadCases.Join(0);
        Mask(Block, SIGUSR1);
        Arm(id, 100_000, Millisecond);
        Await(SIGUSR1, 11);
        Expect.Equal(Getpid(), s_thread);
        Arm(id, 0);
        Expect.Error(EINVAL, TimerCreate(CLOCK_MONOTONIC, new Sigevent { Signal = SIGUSR1, Notify = Sigevent.SIGEV_THREAD_ID, Thread = tid }, out _));

        // The signals that a thread blocks are the ones that its maker blocked. One that ends with the signal pending takes it along, and the timer goes on.
        s_gate = 0;
        ThreadCases.Start(1, &Waits);
        id = Make(SIGUSR1, 8, notify: Sigevent.SIGEV_THREAD_ID, thread: ThreadCases.Tid(1));
        Arm(id, 1, 5 * Millisecond);
        Sleep(Millisecond);
        Expect.True(!IsPending(SIGUSR1));
        System.Threading.Volatile.Write(ref s_gate, 1);
        ThreadCases.Join(1);
        s_count = 0;
        Await(SIGUSR1, 2);
        Expect.Equal(8, (long)s_value);
    }

    private static void Waits(nint index)
    {
        while (System.Threading.Volatile.Read(ref s_gate) == 0)
        {
            Syscall64(SyscallNumbers64.__NR_sched_yield);
        }
    }
}
