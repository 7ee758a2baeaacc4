// LockContextTests: spinning locks against interrupts, softirqs and sleep on their own CPU, and given back without being held. Part of the suite lock.

using System.Runtime.CompilerServices;
using CSharpOS.Softirqs;

namespace CSharpOS.Suites;

internal static unsafe class LockContextTests
{
    private static SpinLock s_lock;
    private static RwLock s_rwLock;
    private static SeqLock s_seqLock;
    private static TaskletStruct s_tasklet;
    private static long s_counter;
    private static int s_turns;
    private static int s_go;
    private static int s_counted;

    // A thread and an interrupt of the same CPU: with interrupts on under the lock, the handler would wait for ever.
    internal static void WithInterrupt()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        s_lock.Init();
        s_counter = 0;
        s_turns = SmpTests.Rounds(300);
        Shared.WriteOnce(ref s_go, 0);
        OnCpu thread;
        if (!OnCpu.Start(&thread, 1, &CountUntilTold, null))
        {
            return;
        }

        for (int i = 0; i < s_turns; i++)
        {
            Smp.SmpCallFunctionSingle(1, &CountInInterrupt, null, true);
        }

        Shared.WriteOnce(ref s_go, 1);
        OnCpu.Wait(&thread);
        Check.Equal(s_turns + Shared.ReadOnce(ref s_counted), s_counter);
    }

    // A thread and a tasklet of the same CPU: raised under the lock, the tasklet has to wait until the lock is given back, and then runs at once.
    internal static void WithTasklet()
    {
        s_lock.Init();
        s_rwLock.Init();
        s_seqLock.Init();
        s_counter = 0;
        s_tasklet = TaskletStruct.DeclareTasklet(&CountInTasklet, 0);
        var tasklet = (TaskletStruct*)Unsafe.AsPointer(ref s_tasklet);
        long expected = 0;
        for (int form = 0; form < 6; form++)
        {
            switch (form)
            {
                case 0:
                    s_lock.LockBh();
                    expected += RaiseUnderLock(tasklet);
                    s_lock.UnlockBh();
                    break;
                case 1:
                    Check.True(s_lock.TryLockBh());
                    expected += RaiseUnderLock(tasklet);
                    s_lock.UnlockBh();
                    break;
                case 2:
                    using (s_lock.BhGuard())
                    {
                        expected += RaiseUnderLock(tasklet);
                    }

                    break;
                case 3:
                    s_rwLock.ReadLockBh();
                    expected += RaiseUnderLock(tasklet);
                    s_rwLock.ReadUnlockBh();
                    break;
                case 4:
                    using (s_rwLock.WriteBhGuard())
                    {
                        expected += RaiseUnderLock(tasklet);
                    }

                    break;
                default:
                    s_seqLock.WriteLockBh();
                    expected += RaiseUnderLock(tasklet);
                    s_seqLock.WriteUnlockBh();
                    break;
            }

            Check.Equal(expected, s_counter);
        }

        Tasklet.TaskletKill(tasklet);
    }

    internal static void NotHeld()
    {
#if DEBUG_CHECKS
        s_lock.Init();
        s_lock.Unlock();
        Check.Logged("BUG: spin lock: unlock of a lock that is not held"u8);
        Check.Logged("LockContextTests.NotHeld"u8);

        // The report has changed nothing: the lock can be taken.
        Check.True(s_lock.TryLock());
        s_lock.Unlock();

        s_rwLock.Init();
        s_rwLock.ReadUnlock();
        Check.Logged("BUG: read lock: unlock of a lock that is not held"u8);
        s_rwLock.WriteUnlock();
        Check.Logged("BUG: write lock: unlock of a lock that is not held"u8);
        Check.True(s_rwLock.WriteCanLock());
#else
        Test.Skip("locks are not checked in this build"u8);
#endif
    }

    internal static void Sleeping()
    {
#if DEBUG_CHECKS
        // Classes of their own: the tasklet took those of the tests above.
        s_lock.Init();
        s_rwLock.Init();
        s_seqLock.Init();
        s_lock.Lock();
        SleepReported();
        s_lock.Unlock();
        s_lock.LockBh();
        SleepReported();
        s_lock.UnlockBh();
        s_lock.LockIrq();
        SleepReported();
        s_lock.UnlockIrq();
        s_rwLock.ReadLock();
        SleepReported();
        s_rwLock.ReadUnlock();
        s_rwLock.WriteLock();
        SleepReported();
        s_rwLock.WriteUnlock();
        s_seqLock.WriteLock();
        SleepReported();
        s_seqLock.WriteUnlock();
        MightSleep();
        Check.Equal(0, Check.CountLogged("sleeping function called from invalid context"u8));
#else
        Test.Skip("contexts are not checked in this build"u8);
#endif
    }

    private static void SleepReported()
    {
        MightSleep();
        Check.Equal(1, Check.CountLogged("sleeping function called from invalid context at tests/Kernel.Suites/LockContextTests.cs"u8));
        Check.ForgetLog();
    }

    private static void CountUntilTold(void* unused)
    {
        int count = 0;
        while (Shared.ReadOnce(ref s_go) == 0)
        {
            ulong flags = s_lock.LockIrqSave();
            CountUnderLock();
            s_lock.UnlockIrqRestore(flags);
            count++;
        }

        Shared.WriteOnce(ref s_counted, count);
    }

    private static void CountInInterrupt(void* unused)
    {
        s_lock.Lock();
        CountUnderLock();
        s_lock.Unlock();
    }

    // Two: the thread counts now, the tasklet when it may.
    private static long RaiseUnderLock(TaskletStruct* tasklet)
    {
        long before = s_counter;
        Tasklet.TaskletSchedule(tasklet);
        CountUnderLock();
        Check.Equal(before + 1, s_counter);
        return 2;
    }

    private static void CountInTasklet(ulong unused)
    {
        s_lock.Lock();
        s_rwLock.WriteLock();
        s_seqLock.WriteLock();
        CountUnderLock();
        s_seqLock.WriteUnlock();
        s_rwLock.WriteUnlock();
        s_lock.Unlock();
    }

    // Now and then long enough for another CPU to come between, if it could.
    private static void CountUnderLock()
    {
        long value = Shared.ReadOnce(ref s_counter);
        if ((value & 7) == 0)
        {
            CpuRelax();
        }

        Shared.WriteOnce(ref s_counter, value + 1);
    }
}
