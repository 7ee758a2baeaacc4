// LockSleepTests: semaphores and mutexes. Part of the suite lock.

namespace CSharpOS.Suites;

internal static unsafe class LockSleepTests
{
    private const int Waiters = 4;

    private static Semaphore s_semaphore;
    private static Semaphore s_back;
    private static Mutex s_mutex;
    private static RwSemaphore s_rwSemaphore;
    private static long s_counter;
    private static int s_turns;
    private static int s_served;
    private static PerCpuNumbers s_order;

    internal static void SemaphoreCounts()
    {
        // 0 is success, as in Linux.
        s_semaphore.Init(2);
        Check.Equal(0, s_semaphore.DownTrylock());
        s_semaphore.Down();
        Check.Equal(1, s_semaphore.DownTrylock());
        s_semaphore.Up();
        Check.Equal(0, s_semaphore.DownInterruptible());
        Check.Equal(1, s_semaphore.DownTrylock());
        s_semaphore.InitMutexLocked();
        Check.Equal(1, s_semaphore.DownTrylock());
        s_semaphore.InitMutex();
        using (s_semaphore.Guard())
        {
            Check.Equal(1, s_semaphore.DownTrylock());
        }

        s_counter = 0;
        s_turns = LockTests.Turns(1000);
        Crew.RunAll(&CountUnderSemaphore, bound: false);
        Check.Equal((long)s_turns * LockTests.CrewSize, s_counter);
        Check.Equal(0, s_semaphore.DownTrylock());
        Check.Equal(1, s_semaphore.DownTrylock());
    }

    internal static void SemaphoreOrder()
    {
        s_semaphore.Init(0);
        s_served = 0;
        Crew crew;
        Queue(&crew, &DownInTurn);
        for (int i = 0; i < Waiters; i++)
        {
            // Each Up lets the next one go, and one only.
            s_semaphore.Up();
            Check.True(Served(i + 1));
        }

        Crew.WaitAll(&crew);
        CheckOrder();
        Check.Equal(1, s_semaphore.DownTrylock());
    }

    internal static void PingPong()
    {
        s_semaphore.Init(0);
        s_back.Init(0);
        s_counter = 0;
        s_turns = LockTests.Turns(1000);
        Crew.RunAll(&PassTheBall);
        Check.Equal(2L * s_turns, s_counter);
    }

    internal static void UpFromInterrupt()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        s_semaphore.Init(0);
        s_served = 0;
        Crew crew;
        Queue(&crew, &DownInTurn);
        for (int i = 0; i < Waiters; i++)
        {
            Smp.SmpCallFunctionSingle(1, &Up, null, true);
            Check.True(Served(i + 1));
        }

        Crew.WaitAll(&crew);
        CheckOrder();
        Check.NotLogged("BUG:"u8);
    }

    internal static void MutexCounts()
    {
        s_mutex.Init();
        Check.True(s_mutex.TryLock());
        Check.True(s_mutex.IsLocked());
        Check.False(s_mutex.TryLock());
        s_mutex.Unlock();
        Check.False(s_mutex.IsLocked());
        Check.Equal(0, s_mutex.LockInterruptible());
        s_mutex.Unlock();
        using (s_mutex.Guard())
        {
            Check.False(s_mutex.TryLock());
        }

        s_counter = 0;
        s_turns = LockTests.Turns(1000);
        Crew.RunAll(&CountUnderMutex, bound: false);
        Check.Equal((long)s_turns * LockTests.CrewSize, s_counter);
        Check.False(s_mutex.IsLocked());
        Check.NotLogged("BUG:"u8);
    }

    internal static void MutexOrder()
    {
        s_mutex.Init();
        s_mutex.Lock();
        s_served = 0;
        Crew crew;
        Queue(&crew, &LockInTurn);
        s_mutex.Unlock();

        // It went to the first, not to who asks next.
        Check.False(s_mutex.TryLock() && s_served < Waiters);
        Crew.WaitAll(&crew);
        CheckOrder();
        if (s_mutex.IsLocked())
        {
            s_mutex.Unlock();
        }
    }

    internal static void MutexMisuse()
    {
#if DEBUG_CHECKS
        s_mutex.Init();
        s_mutex.Unlock();
        Check.Logged("BUG: mutex: unlock of a lock that is not held"u8);
        Check.False(s_mutex.IsLocked());
        Check.NotLogged("another task holds"u8);

        // A thread locks twice, and waits for itself; somebody else helps it out.
        Crew crew;
        Crew.Begin(&crew, &LockTwice);
        Crew.Add(&crew, 0);
        Crew.Go(&crew);
        Check.True(Crew.WaitAsleep(&crew, 0));
        Check.Logged("BUG: mutex: the holder takes the lock again, and waits for itself"u8);
        Check.Logged("LockSleepTests.LockTwice"u8);
        Check.NotLogged("another task holds"u8);
        s_mutex.Unlock();
        Check.Logged("BUG: mutex: unlock of a lock that another task holds"u8);
        Crew.WaitAll(&crew);
        Check.False(s_mutex.IsLocked());
        ValidatorTests.Reported(1);

        // For the validator it still has what the other one gave back: it says so at its end, which comes after the crew has counted it.
        while (Check.CountLogged("BUG: lock held at task exit time by lock_test/0"u8) == 0)
        {
            Scheduler.Yield();
        }

        if (Smp.CpuCount > 1)
        {
            Check.NotLogged("used in interrupt context"u8);
            Smp.SmpCallFunctionSingle(1, &UseMutexInInterrupt, null, true);
            Check.Logged("BUG: mutex: used in interrupt context"u8);
        }
#else
        Test.Skip("locks are not checked in this build"u8);
#endif
    }

    internal static void Atomic()
    {
#if DEBUG_CHECKS
        s_semaphore.Init(2);
        s_mutex.Init();
        s_rwSemaphore.Init();
        PreemptDisable();
        s_semaphore.Down();
        Check.Logged("invalid context at Kernel/Locking/Semaphore.cs"u8);
        Check.ForgetLog();
        s_semaphore.DownInterruptible();
        Check.Logged("invalid context at Kernel/Locking/Semaphore.cs"u8);
        s_mutex.Lock();
        Check.Logged("invalid context at Kernel/Locking/Mutex.cs"u8);
        s_mutex.Unlock();
        Check.ForgetLog();
        s_mutex.LockInterruptible();
        Check.Logged("invalid context at Kernel/Locking/Mutex.cs"u8);
        s_mutex.Unlock();
        s_rwSemaphore.DownRead();
        Check.Logged("invalid context at Kernel/Locking/RwSemaphore.cs"u8);
        s_rwSemaphore.UpRead();
        Check.ForgetLog();
        s_rwSemaphore.DownWrite();
        Check.Logged("invalid context at Kernel/Locking/RwSemaphore.cs"u8);
        s_rwSemaphore.UpWrite();
        Check.ForgetLog();

        // These do not sleep.
        s_semaphore.Up();
        s_semaphore.DownTrylock();
        s_mutex.TryLock();
        s_mutex.Unlock();
        s_rwSemaphore.DownReadTrylock();
        s_rwSemaphore.UpRead();
        s_rwSemaphore.DownWriteTrylock();
        s_rwSemaphore.DowngradeWrite();
        s_rwSemaphore.UpRead();
        Check.NotLogged("invalid context"u8);
        PreemptEnable();
#else
        Test.Skip("contexts are not checked in this build"u8);
#endif
    }

    // Threads that wait one behind the other, in the order of their numbers.
    private static void Queue(Crew* crew, delegate*<int, void> function)
    {
        Crew.Begin(crew, function);
        Crew.Go(crew);
        for (int i = 0; i < Waiters; i++)
        {
            Crew.Add(crew, (i + 1) % Smp.CpuCount);
            Check.True(Crew.WaitAsleep(crew, i));
        }
    }

    // Waits, at most five seconds, until so many have been served.
    private static bool Served(int count)
    {
        ulong start = MonotonicMicroseconds();
        while (Shared.ReadOnce(ref s_served) < count && MonotonicMicroseconds() - start < 5_000_000)
        {
            Scheduler.Yield();
        }

        return Shared.ReadOnce(ref s_served) == count;
    }

    private static void CheckOrder()
    {
        Check.Equal(Waiters, s_served);
        for (int i = 0; i < Waiters; i++)
        {
            Check.Equal(i + 1, s_order[i]);
        }
    }

    private static void DownInTurn(int number)
    {
        Crew.AboutToSleep(number);
        s_semaphore.Down();
        s_order[number] = Shared.AddReturn(ref s_served, 1);
    }

    private static void LockInTurn(int number)
    {
        Crew.AboutToSleep(number);
        s_mutex.Lock();
        s_order[number] = Shared.AddReturn(ref s_served, 1);
        s_mutex.Unlock();
    }

    private static void LockTwice(int number)
    {
        s_mutex.Lock();
        Crew.AboutToSleep(number);
        s_mutex.Lock();
        s_mutex.Unlock();
    }

    private static void CountUnderSemaphore(int number)
    {
        for (int i = 0; i < s_turns; i++)
        {
            if ((i & 1) == 0)
            {
                s_semaphore.Down();
            }
            else
            {
                s_semaphore.DownInterruptible();
            }

            Count(i);
            s_semaphore.Up();
        }
    }

    private static void CountUnderMutex(int number)
    {
        for (int i = 0; i < s_turns; i++)
        {
            if (i % 4 == 3)
            {
                while (!s_mutex.TryLock())
                {
                    Scheduler.Yield();
                }
            }
            else
            {
                s_mutex.Lock();
            }

            Count(i);
            s_mutex.Unlock();
        }
    }

    // Sometimes gives the CPU away in the middle, as one may under these locks.
    private static void Count(int turn)
    {
        long value = Shared.ReadOnce(ref s_counter);
        if ((turn & 7) == 0)
        {
            Scheduler.Yield();
        }

        Shared.WriteOnce(ref s_counter, value + 1);
    }

    // Two play: each waits for the other at every turn. The rest of the crew has nothing to do.
    private static void PassTheBall(int number)
    {
        for (int i = 0; i < s_turns && number < 2; i++)
        {
            if (number == 0)
            {
                s_semaphore.Up();
                s_back.Down();
            }
            else
            {
                s_semaphore.Down();
                s_back.Up();
            }

            Shared.AddReturn(ref s_counter, 1);
        }
    }

    private static void Up(void* unused) => s_semaphore.Up();

    private static void UseMutexInInterrupt(void* unused)
    {
        if (s_mutex.TryLock())
        {
            s_mutex.Unlock();
        }
    }
}
