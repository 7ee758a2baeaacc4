// LockRwsemTests: reader-writer semaphores. Part of the suite lock.

namespace CSharpOS.Suites;

internal static unsafe class LockRwsemTests
{
    private static RwSemaphore s_semaphore;
    private static long s_first, s_second;
    private static int s_turns;
    private static int s_torn;
    private static int s_served;
    private static int s_writers;
    private static int s_go;
    private static PerCpuNumbers s_order;

    internal static void Counting()
    {
        s_semaphore.Init();
        Check.True(s_semaphore.DownReadTrylock());
        Check.True(s_semaphore.DownReadTrylock());
        Check.False(s_semaphore.DownWriteTrylock());
        Check.True(s_semaphore.IsLocked());
        s_semaphore.UpRead();
        s_semaphore.UpRead();
        Check.True(s_semaphore.DownWriteTrylock());
        Check.False(s_semaphore.DownWriteTrylock());
        Check.False(s_semaphore.DownReadTrylock());
        s_semaphore.UpWrite();
        using (s_semaphore.ReadGuard())
        {
            Check.False(s_semaphore.DownWriteTrylock());
        }

        using (s_semaphore.WriteGuard())
        {
            Check.False(s_semaphore.DownReadTrylock());
        }

        s_first = 0;
        s_second = 0;
        s_torn = 0;
        s_turns = LockTests.Turns(800);
        Crew.RunAll(&ReadAndWrite, bound: false);
        long writes = (long)s_turns / 4 * LockTests.CrewSize;
        Check.Equal(writes, s_first);
        Check.Equal(writes, s_second);
        Check.Equal(0, s_torn);
        Check.False(s_semaphore.IsLocked());
        Check.NotLogged("BUG:"u8);
    }

    // While this reads, a writer comes, then two readers, then a writer again: they are served in this order, the two readers together.
    internal static void Order()
    {
        s_semaphore.Init();
        s_served = 0;
        s_writers = 0b1001;
        Shared.WriteOnce(ref s_go, 0);
        s_semaphore.DownRead();
        Crew crew;
        Crew.Begin(&crew, &TakeInTurn);
        Crew.Go(&crew);
        for (int i = 0; i < 4; i++)
        {
            Crew.Add(&crew, (i + 1) % Smp.CpuCount);
            Check.True(Crew.WaitAsleep(&crew, i));

            // Nobody passes the writer that waits, not even this reader.
            Check.False(s_semaphore.DownReadTrylock());
        }

        Check.Equal(0, s_served);
        s_semaphore.UpRead();
        Crew.WaitAll(&crew);
        Check.Equal(1, s_order[0]);
        Check.Equal(5, s_order[1] + s_order[2]);
        Check.Equal(4, s_order[3]);
        Check.False(s_semaphore.IsLocked());
    }

    internal static void Downgrade()
    {
        s_semaphore.Init();
        s_served = 0;
        s_writers = 0b10;
        Shared.WriteOnce(ref s_go, 2);
        s_semaphore.DownWrite();
        Crew crew;
        Crew.Begin(&crew, &TakeInTurn);
        Crew.Go(&crew);
        for (int i = 0; i < 2; i++)
        {
            Crew.Add(&crew, (i + 1) % Smp.CpuCount);
            Check.True(Crew.WaitAsleep(&crew, i));
        }

        s_semaphore.DowngradeWrite();
        Crew.Wait(&crew, 0);
        Check.Equal(1, s_served);
        Check.True(s_semaphore.IsLocked());
        s_semaphore.UpRead();
        Crew.Wait(&crew, 1);
        Check.Equal(2, s_served);
        Check.False(s_semaphore.IsLocked());
        Check.NotLogged("BUG:"u8);
    }

    internal static void Misuse()
    {
#if DEBUG_CHECKS
        s_semaphore.Init();
        s_semaphore.UpRead();
        Check.Logged("BUG: rw_semaphore: unlock of a lock that is not held"u8);
        Check.ForgetLog();
        s_semaphore.UpWrite();
        Check.Logged("BUG: rw_semaphore: unlock of a lock that is not held"u8);
        Check.ForgetLog();
        s_semaphore.DownRead();
        s_semaphore.UpWrite();
        Check.Logged("BUG: rw_semaphore: unlock of a lock that is not held"u8);
        s_semaphore.UpRead();
        Check.False(s_semaphore.IsLocked());

        Crew crew;
        Crew.Begin(&crew, &TakeForOthers);
        Crew.Add(&crew, 0);
        Crew.Go(&crew);
        Crew.WaitAll(&crew);
        Check.NotLogged("another task holds"u8);
        s_semaphore.UpWrite();
        Check.Logged("BUG: rw_semaphore: unlock of a lock that another task holds"u8);
        Check.False(s_semaphore.IsLocked());
#else
        Test.Skip("locks are not checked in this build"u8);
#endif
    }

    private static void ReadAndWrite(int number)
    {
        for (int i = 0; i < s_turns; i++)
        {
            bool pause = (i & 15) < 2;
            if (i % 4 == 3)
            {
                s_semaphore.DownWrite();
                Shared.WriteOnce(ref s_first, Shared.ReadOnce(ref s_first) + 1);
                Pause(i % 16 == 3);
                Shared.WriteOnce(ref s_second, Shared.ReadOnce(ref s_second) + 1);
                s_semaphore.UpWrite();
                continue;
            }

            s_semaphore.DownRead();
            long first = Shared.ReadOnce(ref s_first);
            Pause(pause);
            if (first != Shared.ReadOnce(ref s_second))
            {
                Shared.AddReturn(ref s_torn, 1);
            }

            s_semaphore.UpRead();
        }
    }

    private static void Pause(bool now)
    {
        if (now)
        {
            Scheduler.Yield();
        }
    }

    // Readers leave only when the other reader is in as well, if there is another.
    private static void TakeInTurn(int number)
    {
        Crew.AboutToSleep(number);
        if ((s_writers & (1 << number)) != 0)
        {
            s_semaphore.DownWrite();
            s_order[number] = Shared.AddReturn(ref s_served, 1);
            s_semaphore.UpWrite();
            return;
        }

        s_semaphore.DownRead();
        s_order[number] = Shared.AddReturn(ref s_served, 1);
        Shared.AddReturn(ref s_go, 1);
        while (Shared.ReadOnce(ref s_go) < 2)
        {
            Scheduler.Yield();
        }

        s_semaphore.UpRead();
    }

    private static void TakeForOthers(int number) => s_semaphore.DownWrite();
}
