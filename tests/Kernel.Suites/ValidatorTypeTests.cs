// ValidatorTypeTests: locks of every type are followed. Part of the suite validator.

namespace CSharpOS.Suites;

internal static unsafe class ValidatorTypeTests
{
    private static SpinLock s_spin;
    private static RwLock s_rw;
    private static Mutex s_mutex;
    private static RwSemaphore s_semaphore;
    private static SeqLock s_sequence;

    internal static void EveryType()
    {
#if DEBUG_CHECKS
        Init();

        // The order of the list, then for each pair the other one.
        for (int outer = 0; outer < 5; outer++)
        {
            for (int inner = outer + 1; inner < 5; inner++)
            {
                Nest(outer, inner);
            }
        }

        Check.Equal(0, LockValidator.HeldCount);
        ValidatorTests.Reported(0);
        for (int outer = 1; outer < 5; outer++)
        {
            Check.ForgetLog();
            Nest(outer, outer - 1);
            Check.Logged("INFO: possible circular locking dependency detected"u8);
            ValidatorTests.Reported(1);
        }

        // Reading again: rwlock_t may, rw_semaphore may not.
        s_rw.ReadLock();
        s_rw.ReadLock();
        s_rw.ReadUnlock();
        s_rw.ReadUnlock();
        ValidatorTests.Reported(0);
        s_semaphore.DownRead();
        s_semaphore.DownRead();
        ValidatorTests.Reported(1);
        s_semaphore.UpRead();
        s_semaphore.UpRead();
        Check.Equal(0, LockValidator.HeldCount);
#else
        ValidatorTests.HasValidator();
#endif
    }

    internal static void SleepingInversion()
    {
        if (!ValidatorTests.HasValidator())
        {
            return;
        }

        Init();
        s_mutex.Lock();
        s_semaphore.DownRead();
        s_semaphore.UpRead();
        s_mutex.Unlock();
        s_semaphore.DownWrite();
        s_mutex.Lock();
        s_mutex.Unlock();
        s_semaphore.UpWrite();
        Check.Logged("-> #1 (ValidatorTypeTests.s_semaphore)"u8);
        Check.Logged("-> #0 (ValidatorTypeTests.s_mutex)"u8);
        ValidatorTests.Reported(1);
    }

    private static void Init()
    {
        s_spin.Init();
        s_rw.Init();
        s_mutex.Init();
        s_semaphore.Init();
        s_sequence.Init();
    }

#if DEBUG_CHECKS
    // A sleeping lock under a spinning one is reported as well, by MightSleep; nobody waits, so it does no harm.
    private static void Nest(int outer, int inner)
    {
        Take(outer);
        Take(inner);
        Give(inner);
        Give(outer);
    }

    private static void Take(int type)
    {
        switch (type)
        {
            case 0:
                s_mutex.Lock();
                break;
            case 1:
                s_semaphore.DownWrite();
                break;
            case 2:
                s_rw.WriteLock();
                break;
            case 3:
                s_sequence.WriteLock();
                break;
            default:
                s_spin.Lock();
                break;
        }
    }

    private static void Give(int type)
    {
        switch (type)
        {
            case 0:
                s_mutex.Unlock();
                break;
            case 1:
                s_semaphore.UpWrite();
                break;
            case 2:
                s_rw.WriteUnlock();
                break;
            case 3:
                s_sequence.WriteUnlock();
                break;
            default:
                s_spin.Unlock();
                break;
        }
    }
#endif
}
