// LockSpinTests: spin locks. Part of the suite lock.

namespace CSharpOS.Suites;

internal static unsafe class LockSpinTests
{
    private static SpinLock s_lock;
    private static SpinLock s_other;
    private static long s_counter;
    private static int s_turns;
    private static int s_go;
    private static int s_held;
    private static int s_released;
    private static int s_arrived;
    private static PerCpuNumbers s_order;

    // preempt_count is kept in these builds only.
    private static int Once =>
#if PREEMPT || DEBUG_CHECKS
        1;
#else
        0;
#endif

    internal static void Contexts()
    {
        s_lock.Init();
        s_lock.Lock();
        CheckContext(Once, irqsOff: false);
        s_lock.Unlock();
        CheckContext(0, irqsOff: false);

        s_lock.LockBh();
        CheckContext(SoftirqOffset + Once, irqsOff: false);
        Check.True(InSoftirq());
        s_lock.UnlockBh();
        CheckContext(0, irqsOff: false);

        s_lock.LockIrq();
        CheckContext(Once, irqsOff: true);
        s_lock.UnlockIrq();
        CheckContext(0, irqsOff: false);

        ulong flags = s_lock.LockIrqSave();
        CheckContext(Once, irqsOff: true);
        ulong inner = s_other.LockIrqSave();
        s_other.UnlockIrqRestore(inner);
        CheckContext(Once, irqsOff: true);
        s_lock.UnlockIrqRestore(flags);
        CheckContext(0, irqsOff: false);

        using (s_lock.Guard())
        {
            CheckContext(Once, irqsOff: false);
        }

        using (s_lock.BhGuard())
        {
            CheckContext(SoftirqOffset + Once, irqsOff: false);
        }

        using (s_lock.IrqGuard())
        {
            CheckContext(Once, irqsOff: true);
        }

        using (s_lock.IrqSaveGuard())
        {
            CheckContext(Once, irqsOff: true);
        }

        CheckContext(0, irqsOff: false);
        Check.False(s_lock.IsLocked());
    }

    internal static void TryLock()
    {
        s_lock.Init();
        Check.True(s_lock.TryLock());
        CheckContext(Once, irqsOff: false);
#if SMP || DEBUG_CHECKS
        Check.True(s_lock.IsLocked());
        Check.False(s_lock.IsContended());
        Check.False(s_lock.TryLock());
        Check.False(s_lock.TryLockBh());
        CheckContext(Once, irqsOff: false);
        Check.False(s_lock.TryLockIrq());
        Check.False(s_lock.TryLockIrqSave(out _));
        CheckContext(Once, irqsOff: false);
#endif
        s_lock.Unlock();
        Check.False(s_lock.IsLocked());

        Check.True(s_lock.TryLockBh());
        CheckContext(SoftirqOffset + Once, irqsOff: false);
        s_lock.UnlockBh();
        Check.True(s_lock.TryLockIrq());
        CheckContext(Once, irqsOff: true);
        s_lock.UnlockIrq();
        Check.True(s_lock.TryLockIrqSave(out ulong flags));
        CheckContext(Once, irqsOff: true);
        s_lock.UnlockIrqRestore(flags);
        CheckContext(0, irqsOff: false);
    }

    internal static void Counting()
    {
        s_lock.Init();
        s_counter = 0;
        s_turns = LockTests.Turns(2000);
        Crew.RunAll(&CountInEveryForm);
        Check.Equal((long)s_turns * LockTests.CrewSize, s_counter);
        Check.False(s_lock.IsLocked());
    }

    // The others arrive one after the other. Then the lock is given back and wanted again at once: they were here before.
    internal static void Fair()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        s_lock.Init();
        Shared.WriteOnce(ref s_go, 0);
        Shared.WriteOnce(ref s_arrived, 0);
        OnCpu* jobs = stackalloc OnCpu[Cpu.MaxCpus];
        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Start(&jobs[cpu], cpu, &TakeInTurn, (void*)cpu);
        }

        bool waited = true;
        s_lock.Lock();
        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            Shared.WriteOnce(ref s_go, cpu);
            ulong start = MonotonicMicroseconds();
            while (s_lock.WaiterCount < cpu && MonotonicMicroseconds() - start < 5_000_000)
            {
                CpuRelax();
            }

            waited &= s_lock.WaiterCount == cpu && s_lock.IsContended();
        }

        s_lock.Unlock();
        s_lock.Lock();
        int served = s_arrived;
        s_lock.Unlock();
        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Wait(&jobs[cpu]);
            Check.Equal(cpu, s_order[cpu]);
        }

        Check.True(waited);
        Check.Equal(Smp.CpuCount - 1, served);
    }

    internal static void UnlockWait()
    {
        s_lock.Init();
        s_lock.UnlockWait();
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        for (int i = 0; i < 20; i++)
        {
            Shared.WriteOnce(ref s_go, 0);
            Shared.WriteOnce(ref s_held, 0);
            Shared.WriteOnce(ref s_released, 0);
            OnCpu thread;
            if (!OnCpu.Start(&thread, 1, &HoldUntilTold, null))
            {
                return;
            }

            Check.True(SmpTests.Becomes(ref s_held, 1));
            Shared.WriteOnce(ref s_go, 1);
            s_lock.UnlockWait();
            Check.Equal(1, Shared.ReadOnce(ref s_released));
            OnCpu.Wait(&thread);
        }
    }

    private static void CheckContext(int preemptCount, bool irqsOff)
    {
        Check.Equal(preemptCount, PreemptCount());
        Check.True(IrqsDisabled() == irqsOff);
    }

    private static void CountInEveryForm(int number)
    {
        for (int i = 0; i < s_turns; i++)
        {
            switch ((i + number) % 8)
            {
                case 0:
                    s_lock.Lock();
                    CountUnderLock();
                    s_lock.Unlock();
                    break;
                case 1:
                    s_lock.LockBh();
                    CountUnderLock();
                    s_lock.UnlockBh();
                    break;
                case 2:
                    s_lock.LockIrq();
                    CountUnderLock();
                    s_lock.UnlockIrq();
                    break;
                case 3:
                    ulong flags = s_lock.LockIrqSave();
                    CountUnderLock();
                    s_lock.UnlockIrqRestore(flags);
                    break;
                case 4:
                    while (!s_lock.TryLock())
                    {
                        CpuRelax();
                    }

                    CountUnderLock();
                    s_lock.Unlock();
                    break;
                case 5:
                    while (!s_lock.TryLockBh())
                    {
                        CpuRelax();
                    }

                    CountUnderLock();
                    s_lock.UnlockBh();
                    break;
                case 6:
                    using (s_lock.BhGuard())
                    {
                        CountUnderLock();
                    }

                    break;
                default:
                    using (s_lock.IrqSaveGuard())
                    {
                        CountUnderLock();
                    }

                    break;
            }
        }
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

    private static void TakeInTurn(void* argument)
    {
        int cpu = (int)argument;
        while (Shared.ReadOnce(ref s_go) < cpu)
        {
            CpuRelax();
        }

        s_lock.Lock();
        s_order[cpu] = ++s_arrived;
        s_lock.Unlock();
    }

    private static void HoldUntilTold(void* unused)
    {
        s_lock.Lock();
        Shared.WriteOnce(ref s_held, 1);
        while (Shared.ReadOnce(ref s_go) == 0)
        {
            CpuRelax();
        }

        Ndelay(2000);
        Shared.WriteOnce(ref s_released, 1);
        s_lock.Unlock();
    }
}
