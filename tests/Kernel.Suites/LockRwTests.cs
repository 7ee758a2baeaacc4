// LockRwTests: reader-writer spin locks and sequence locks. Part of the suite lock.

namespace CSharpOS.Suites;

internal static unsafe partial class LockRwTests
{
    private static RwLock s_lock;
    private static SeqLock s_seqLock;
    private static SeqCount s_seqCount;
    private static long s_first, s_second;
    private static long s_reads;
    private static int s_turns;
    private static int s_torn;
    private static int s_go;
    private static int s_result;
    private static int s_writing;

    private static int Once =>
#if PREEMPT || DEBUG_CHECKS
        1;
#else
        0;
#endif

    internal static void TryLock()
    {
        s_lock.Init();
        s_lock.ReadLock();
        s_lock.ReadLock();
        Check.True(s_lock.ReadTryLock());
        Check.True(s_lock.ReadCanLock());
#if SMP || DEBUG_CHECKS
        Check.False(s_lock.WriteTryLock());
        Check.False(s_lock.WriteCanLock());
#endif
        Check.Equal(3 * Once, PreemptCount());
        s_lock.ReadUnlock();
        s_lock.ReadUnlock();
        s_lock.ReadUnlock();

        Check.True(s_lock.WriteTryLock());
#if SMP || DEBUG_CHECKS
        Check.False(s_lock.WriteTryLock());
        Check.False(s_lock.ReadTryLock());
        Check.False(s_lock.ReadCanLock());
#endif
        Check.Equal(Once, PreemptCount());
        s_lock.WriteUnlock();
        Check.Equal(0, PreemptCount());
        Check.True(s_lock.WriteCanLock());
        if (Smp.CpuCount > 1)
        {
            // Another CPU reads while this one does.
            s_lock.ReadLock();
            Smp.SmpCallFunctionSingle(1, &TryReadAndWrite, null, true);
            s_lock.ReadUnlock();
            Check.Equal(1, s_result);
            s_lock.WriteLock();
            Smp.SmpCallFunctionSingle(1, &TryReadAndWrite, null, true);
            s_lock.WriteUnlock();
            Check.Equal(0, s_result);
        }
    }

    // CPU 1 comes while this one has the lock: it must not get in before it is given back. (Counting alone would notice only where the two meet by chance.)
    internal static void Waits()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        s_lock.Init();
        for (int i = 0; i < 20; i++)
        {
            bool writes = i % 2 == 0;
            Shared.WriteOnce(ref s_go, 0);
            Shared.WriteOnce(ref s_result, 0);
            OnCpu other;
            if (!OnCpu.Start(&other, 1, writes ? &ReadWhenTold : &WriteWhenTold, null))
            {
                return;
            }

            if (writes)
            {
                s_lock.WriteLock();
            }
            else
            {
                s_lock.ReadLock();
            }

            Shared.WriteOnce(ref s_go, 1);
            bool came = SmpTests.Becomes(ref s_go, 2);

            // Time enough to get in, if it could.
            for (int turns = 0; turns < 1000; turns++)
            {
                CpuRelax();
            }

            int early = Shared.ReadOnce(ref s_result);
            if (writes)
            {
                s_lock.WriteUnlock();
            }
            else
            {
                s_lock.ReadUnlock();
            }

            OnCpu.Wait(&other);
            Check.True(came);
            Check.Equal(0, early);
            Check.Equal(1, s_result);
        }
    }

    private static void ReadWhenTold(void* unused)
    {
        AwaitGo();
        s_lock.ReadLock();
        Shared.WriteOnce(ref s_result, 1);
        s_lock.ReadUnlock();
    }

    private static void WriteWhenTold(void* unused)
    {
        AwaitGo();
        s_lock.WriteLock();
        Shared.WriteOnce(ref s_result, 1);
        s_lock.WriteUnlock();
    }

    private static void AwaitGo()
    {
        while (Shared.ReadOnce(ref s_go) != 1)
        {
            CpuRelax();
        }

        Shared.WriteOnce(ref s_go, 2);
    }

    internal static void Contexts()
    {
        s_lock.Init();
        s_lock.ReadLockBh();
        CheckContext(SoftirqOffset + Once, irqsOff: false);
        s_lock.ReadUnlockBh();
        s_lock.ReadLockIrq();
        CheckContext(Once, irqsOff: true);
        s_lock.ReadUnlockIrq();
        CheckContext(0, irqsOff: false);
        ulong flags = s_lock.ReadLockIrqSave();
        CheckContext(Once, irqsOff: true);
        ulong inner = s_lock.ReadLockIrqSave();
        s_lock.ReadUnlockIrqRestore(inner);
        CheckContext(Once, irqsOff: true);
        s_lock.ReadUnlockIrqRestore(flags);
        CheckContext(0, irqsOff: false);

        s_lock.WriteLockBh();
        CheckContext(SoftirqOffset + Once, irqsOff: false);
        s_lock.WriteUnlockBh();
        s_lock.WriteLockIrq();
        CheckContext(Once, irqsOff: true);
        s_lock.WriteUnlockIrq();
        CheckContext(0, irqsOff: false);
        flags = s_lock.WriteLockIrqSave();
        CheckContext(Once, irqsOff: true);
        s_lock.WriteUnlockIrqRestore(flags);
        CheckContext(0, irqsOff: false);

        using (s_lock.ReadGuard())
        {
            CheckContext(Once, irqsOff: false);
        }

        using (s_lock.ReadIrqSaveGuard())
        {
            CheckContext(Once, irqsOff: true);
        }

        using (s_lock.WriteBhGuard())
        {
            CheckContext(SoftirqOffset + Once, irqsOff: false);
        }

        using (s_lock.WriteIrqGuard())
        {
            CheckContext(Once, irqsOff: true);
        }

        CheckContext(0, irqsOff: false);
        Check.True(s_lock.WriteCanLock());
    }

    internal static void Counting()
    {
        s_lock.Init();
        s_first = 0;
        s_second = 0;
        s_torn = 0;
        s_turns = LockTests.Turns(2000);
        Crew.RunAll(&ReadAndWrite);
        long writes = (long)s_turns / 4 * LockTests.CrewSize;
        Check.Equal(writes, s_first);
        Check.Equal(writes, s_second);
        Check.Equal(0, s_torn);
        Check.True(s_lock.WriteCanLock());
    }

    // CPU 1 wants to write while CPU 0 reads. Whoever reads already goes on reading, and so does an interrupt; nobody else gets in before the writer.
    internal static void Fair()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        s_lock.Init();
        Shared.WriteOnce(ref s_go, 0);
        Shared.WriteOnce(ref s_writing, 0);
        OnCpu writer;
        if (!OnCpu.Start(&writer, 1, &WriteOnce, null))
        {
            return;
        }

        OnCpu third;
        bool hasThird = Smp.CpuCount > 2 && OnCpu.Start(&third, 2, &TryWhenTold, null);
        s_lock.ReadLock();
        Shared.WriteOnce(ref s_writing, 1);
        ulong start = MonotonicMicroseconds();
        while (s_lock.ReadCanLock() && MonotonicMicroseconds() - start < 5_000_000)
        {
            CpuRelax();
        }

        bool waits = !s_lock.ReadCanLock();
        s_lock.ReadLock();
        bool nested = s_lock.ReadTryLock();
        Smp.SmpCallFunctionSingle(1, &ReadInInterrupt, null, true);
        if (hasThird)
        {
            Shared.WriteOnce(ref s_go, 1);
            Check.True(SmpTests.Becomes(ref s_go, 2));
            Check.Equal(0, s_result);
        }

        bool early = Shared.ReadOnce(ref s_writing) != 1;
        if (nested)
        {
            s_lock.ReadUnlock();
        }

        s_lock.ReadUnlock();
        s_lock.ReadUnlock();
        OnCpu.Wait(&writer);

        // The handler read what its CPU was waiting to write, with interrupts on. That the writer could not get in meanwhile only this test knew.
        ValidatorTests.Reported(ValidatorTests.Present ? 1 : 0);
        if (hasThird)
        {
            OnCpu.Wait(&third);
        }

        Check.True(waits);
        Check.True(nested);
        Check.False(early);
        Check.Equal(2, s_writing);
    }

    private static void CheckContext(int preemptCount, bool irqsOff)
    {
        Check.Equal(preemptCount, PreemptCount());
        Check.True(IrqsDisabled() == irqsOff);
    }

    private static void TryReadAndWrite(void* unused)
    {
        s_result = 0;
        if (s_lock.ReadTryLock())
        {
            s_result = 1;
            s_lock.ReadUnlock();
        }

        if (s_lock.WriteTryLock())
        {
            s_result = 2;
            s_lock.WriteUnlock();
        }
    }

    private static void ReadAndWrite(int number)
    {
        for (int i = 0; i < s_turns; i++)
        {
            if (i % 4 == 3)
            {
                s_lock.WriteLock();
                Shared.WriteOnce(ref s_first, Shared.ReadOnce(ref s_first) + 1);
                CpuRelax();
                Shared.WriteOnce(ref s_second, Shared.ReadOnce(ref s_second) + 1);
                s_lock.WriteUnlock();
                continue;
            }

            s_lock.ReadLock();
            long first = Shared.ReadOnce(ref s_first);
            CpuRelax();
            if (first != Shared.ReadOnce(ref s_second))
            {
                Shared.AddReturn(ref s_torn, 1);
            }

            s_lock.ReadUnlock();
        }
    }

    private static void WriteOnce(void* unused)
    {
        while (Shared.ReadOnce(ref s_writing) == 0)
        {
            CpuRelax();
        }

        s_lock.WriteLock();
        Shared.WriteOnce(ref s_writing, 2);
        s_lock.WriteUnlock();
    }

    private static void TryWhenTold(void* unused)
    {
        while (Shared.ReadOnce(ref s_go) == 0)
        {
            CpuRelax();
        }

        s_result = 0;
        if (s_lock.ReadTryLock())
        {
            s_result = 1;
            s_lock.ReadUnlock();
        }

        Shared.WriteOnce(ref s_go, 2);
    }

    // On the CPU whose thread waits to write.
    private static void ReadInInterrupt(void* unused)
    {
        s_lock.ReadLock();
        s_lock.ReadUnlock();
    }
}
