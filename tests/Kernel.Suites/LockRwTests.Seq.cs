// Sequence locks. Part of the suite lock.

namespace CSharpOS.Suites;

internal static unsafe partial class LockRwTests
{
    internal static void SeqLockBasics()
    {
        s_seqLock.Init();
        int start = s_seqLock.ReadBegin();
        Check.False(s_seqLock.ReadRetry(start));
        Check.True(s_seqLock.WriteTryLock());
        CheckContext(Once, irqsOff: false);
#if SMP || DEBUG_CHECKS
        Check.False(s_seqLock.WriteTryLock());
#endif
        Check.True(s_seqLock.ReadRetry(start));
        s_seqLock.WriteUnlock();
        Check.True(s_seqLock.ReadRetry(start));
        start = s_seqLock.ReadBeginIrqSave(out ulong flags);
        CheckContext(0, irqsOff: true);
        Check.False(s_seqLock.ReadRetryIrqRestore(start, flags));
        CheckContext(0, irqsOff: false);

        s_seqLock.WriteLockBh();
        CheckContext(SoftirqOffset + Once, irqsOff: false);
        s_seqLock.WriteUnlockBh();
        s_seqLock.WriteLockIrq();
        CheckContext(Once, irqsOff: true);
        s_seqLock.WriteUnlockIrq();
        flags = s_seqLock.WriteLockIrqSave();
        CheckContext(Once, irqsOff: true);
        s_seqLock.WriteUnlockIrqRestore(flags);
        using (s_seqLock.WriteGuard())
        {
            CheckContext(Once, irqsOff: false);
        }

        using (s_seqLock.WriteBhGuard())
        {
            CheckContext(SoftirqOffset + Once, irqsOff: false);
        }

        using (s_seqLock.WriteIrqGuard())
        {
            CheckContext(Once, irqsOff: true);
        }

        using (s_seqLock.WriteIrqSaveGuard())
        {
            CheckContext(Once, irqsOff: true);
        }

        CheckContext(0, irqsOff: false);
        Check.True(s_seqLock.ReadRetry(start));

        s_seqCount.Init();
        start = s_seqCount.ReadBegin();
        s_seqCount.WriteBegin();
        s_seqCount.WriteEnd();
        Check.True(s_seqCount.ReadRetry(start));
    }

    internal static void SeqLockTorn()
    {
        s_seqLock.Init();
        s_first = 0;
        s_second = 0;
        s_torn = 0;
        s_reads = 0;
        s_turns = LockTests.Turns(20_000);
        Crew.RunAll(&ReadOrWritePair);
        long writes = (long)s_turns * ((LockTests.CrewSize + 1) / 2);
        Check.Equal(writes, s_first);
        Check.Equal(-writes, s_second);
        Check.Equal(0, s_torn);
        Check.Equal((long)s_turns * (LockTests.CrewSize / 2), s_reads);
    }

    // Even numbers write, odd ones read: with plain accesses, which the lock's barriers keep in order.
    private static void ReadOrWritePair(int number)
    {
        for (int i = 0; i < s_turns; i++)
        {
            if ((number & 1) == 0)
            {
                s_seqLock.WriteLock();
                s_first++;
                if ((i & 3) == 0)
                {
                    CpuRelax();
                }

                s_second--;
                s_seqLock.WriteUnlock();
                continue;
            }

            long first, second;
            int start;
            do
            {
                start = s_seqLock.ReadBegin();
                first = s_first;
                if ((i & 3) == 0)
                {
                    CpuRelax();
                }

                second = s_second;
            }
            while (s_seqLock.ReadRetry(start));

            if (first != -second)
            {
                Shared.AddReturn(ref s_torn, 1);
            }

            Shared.AddReturn(ref s_reads, 1);
        }
    }
}
