// SmpCpuTests: the CPUs themselves: that they are there, that they differ, their ticks, the spin lock between them.

namespace CSharpOS.Suites;

internal static unsafe class SmpCpuTests
{
    private static PerCpu<long> s_perCpu;
    private static bool s_allocated;
    private static PerCpuNumbers s_numbers;
    private static SpinLock s_lock;
    private static long s_counter;
    private static int s_rounds;
    private static int s_ready;
    private static int s_done;

    internal static void AllRun()
    {
        Check.Equal(Smp.PossibleCount, Smp.CpuCount);
        Check.Equal((1u << Smp.CpuCount) - 1, Smp.OnlineMask);
        Check.True(Smp.IsOnline(0));
        Check.False(Smp.IsOnline(Smp.CpuCount));
        Check.False(Smp.IsOnline(-1));
        Check.False(Smp.IsOnline(Cpu.MaxCpus));
    }

    internal static void Different()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            s_numbers[cpu] = -1;
            Check.Equal(0, Smp.SmpCallFunctionSingle(cpu, &TellNumber, null, true));
            Check.Equal(cpu, s_numbers[cpu]);
            for (int other = 0; other < cpu; other++)
            {
                Check.True(Smp.ApicId(cpu) != Smp.ApicId(other));
                PerCpuHot* one = PerCpuArea.Hot(cpu);
                PerCpuHot* two = PerCpuArea.Hot(other);
                Check.True(one->Self == one && one != two);
                Check.True(one->PerCpuOffset != two->PerCpuOffset);
                Check.True(one->IrqStackTop == 0 || one->IrqStackTop != two->IrqStackTop);
                for (int i = 0; i < Gdt.ExceptionStacks; i++)
                {
                    Check.True(Gdt.ExceptionStackBottom(cpu, i) != Gdt.ExceptionStackBottom(other, i));
                }
            }
        }
    }

    internal static void PerCpuData()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        // A variable stays for good: one for all runs of the suite.
        if (!s_allocated)
        {
            s_perCpu = PerCpu<long>.Allocate();
            s_allocated = true;
        }

        Check.Equal(0, Smp.OnEachCpu(&WriteNumber, null, true));
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Check.Equal(cpu + 1000, *s_perCpu.On(cpu));
        }
    }

    // An emulator may owe ticks to any CPU while its host is busy, and never makes too many; a wrong divider would be 2 to 128 times off. So one time
    // in which nothing was lost is looked for, a tenth of a second long.
    internal static void LocalTimers()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        const int Windows = 200;
        uint seen = 0;
        uint all = Smp.OnlineMask;
        for (int i = 0; i < Windows && seen != all; i++)
        {
            seen |= TickingCpus();
        }

        Check.Equal(all, seen);
    }

    // The CPUs that had about as many ticks as a tenth of a second has. None may have had more.
    private static uint TickingCpus()
    {
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            s_numbers[cpu] = IrqStatistics.LocalTimers(cpu);
        }

        ulong start = MonotonicMicroseconds();
        while (MonotonicMicroseconds() - start < 100_000)
        {
            CpuRelax();
        }

        uint seen = 0;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            long ticks = IrqStatistics.LocalTimers(cpu) - s_numbers[cpu];
            long most = (long)((MonotonicMicroseconds() - start) * HZ / 1_000_000);
            if (cpu == 0 && !Smp.HasIoApic)
            {
                // Line 0 drives the boot CPU.
                Check.Equal(0, ticks);
                seen |= 1;
                continue;
            }

            // One was late before, one is just due, and the timer was measured to a hundredth at least.
            Check.Between(0, most + 2 + (most / 100), ticks);
            seen |= ticks >= most * 3 / 4 ? 1u << cpu : 0;
        }

        return seen;
    }

    internal static void ClockError()
    {
        Check.Equal(0, Smp.ClockError(10, 10, 10));
        Check.Equal(0, Smp.ClockError(10, 15, 20));
        Check.Equal(-3, Smp.ClockError(10, 7, 20));
        Check.Equal(5, Smp.ClockError(10, 25, 20));
    }

    internal static void SpinLockCounts()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        s_rounds = SmpTests.Rounds(Smp.CpuCount > 2 ? 300 : 5000);
        s_counter = 0;
        s_lock = default;
        Shared.WriteOnce(ref s_ready, 0);
        Shared.WriteOnce(ref s_done, 0);
        Check.Equal(0, Smp.OnEachCpu(&CountLocked, null, false));
        Check.True(SmpTests.Becomes(ref s_done, Smp.CpuCount));
        Check.Equal((long)s_rounds * Smp.CpuCount, s_counter);
        Check.False(s_lock.IsLocked());
    }

    internal static void Reschedule()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        const int Messages = 100;
        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            uint before = IrqStatistics.Reschedules(cpu);
            for (uint i = 1; i <= Messages; i++)
            {
                Smp.SendReschedule(cpu);
                ulong start = MonotonicMicroseconds();
                while (IrqStatistics.Reschedules(cpu) - before < i && MonotonicMicroseconds() - start < 60_000_000)
                {
                    CpuRelax();
                }
            }

            // The scheduler may have sent one of its own.
            Check.Between(Messages, Messages + 5, IrqStatistics.Reschedules(cpu) - before);
        }
    }

    private static void TellNumber(void* unused) => s_numbers[SmpProcessorId()] = Hot->CpuNumber;

    private static void WriteNumber(void* unused) => *s_perCpu.This = SmpProcessorId() + 1000;

    // Begins on all CPUs together.
    private static void CountLocked(void* unused)
    {
        Shared.AddReturn(ref s_ready, 1);
        while (Shared.ReadOnce(ref s_ready) != Smp.CpuCount)
        {
            CpuRelax();
        }

        for (int i = 0; i < s_rounds; i++)
        {
            s_lock.Lock();
            long value = Shared.ReadOnce(ref s_counter);
            if ((i & 7) == 0)
            {
                // Long enough for another CPU to come between, if it could.
                CpuRelax();
            }

            Shared.WriteOnce(ref s_counter, value + 1);
            s_lock.Unlock();
        }

        Shared.AddReturn(ref s_done, 1);
    }
}
