// LockStatTests: the figures of /proc/lock_stat. Part of the suite validator.

namespace CSharpOS.Suites;

internal static unsafe class LockStatTests
{
    private const int Taken = 17;

    private static SpinLock s_counted, s_contended;

    internal static void Acquisitions()
    {
#if DEBUG_CHECKS
        s_counted.Init();
        for (int i = 0; i < Taken; i++)
        {
            s_counted.Lock();
            s_counted.Unlock();
        }

        ReadOnlySpan<byte> row = Find("LockStatTests.s_counted:"u8);
        Check.Equal(0, Number(row, 1));
        Check.Equal(Taken, Number(row, 6));
        Check.True(Number(row, 7) <= Number(row, 8) && Number(row, 8) <= Number(row, 9) && Number(row, 9) > 0);
        LockStat.Clear();
        Check.Equal(0, Find("LockStatTests.s_counted:"u8).Length);
        ProcHelp.Free();
#else
        ValidatorTests.HasValidator();
#endif
    }

    // One CPU holds the lock until it sees that another waits.
    internal static void Contention()
    {
#if DEBUG_CHECKS
        if (Smp.CpuCount == 1)
        {
            Test.Skip("one CPU"u8);
            return;
        }

        s_contended.Init();
        PreemptDisable();
        int other = SmpProcessorId() == 0 ? 1 : 0;
        PreemptEnable();
        TaskStruct* thread = Kthread.Create(&Contend, null, $"contend", out int error);
        Check.Equal(0, error);
        Kthread.Bind(thread, other);
        Tasks.Get(thread);
        s_contended.Lock();
        Scheduler.WakeUpProcess(thread);
        while (!s_contended.IsContended())
        {
            CpuRelax();
        }

        Udelay(100);
        s_contended.Unlock();
        Kthread.Stop(thread);
        Tasks.Put(thread);
        ReadOnlySpan<byte> row = Find("LockStatTests.s_contended:"u8);
        Check.Equal(1, Number(row, 0));
        Check.Equal(1, Number(row, 1));
        Check.True(Number(row, 2) > 50_00 && Number(row, 2) == Number(row, 3) && Number(row, 3) == Number(row, 4));
        Check.Equal(1, Number(row, 5));
        Check.Equal(2, Number(row, 6));
        Check.True(Number(row, 8) > 50_00);

        // The place where it was waited for.
        ReadOnlySpan<byte> place = Find("s_contended "u8);
        Check.True(place.IndexOf("at tests/Kernel.Suites/LockStatTests.cs:"u8) > 0);
        ProcHelp.Free();
#else
        ValidatorTests.HasValidator();
#endif
    }

#if DEBUG_CHECKS
    private static int Contend(void* unused)
    {
        PreemptDisable();
        s_contended.Lock();
        s_contended.Unlock();
        PreemptEnable();
        return 0;
    }

    // What stands behind the name in its line of the file; empty if no line has it.
    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> name)
    {
        Check.Equal(0, ProcHelp.Read("/proc/lock_stat\0"u8));
        int at = ProcHelp.Text.IndexOf(name);
        ReadOnlySpan<byte> rest = at < 0 ? default : ProcHelp.Text[(at + name.Length)..];
        int end = rest.IndexOf((byte)'\n');
        return end < 0 ? rest : rest[..end];
    }

    // The figure of a column, times in hundredths of a microsecond.
    private static long Number(ReadOnlySpan<byte> row, int column)
    {
        long value = 0;
        foreach (byte digit in ProcHelp.Word(row, column))
        {
            value = digit == '.' ? value : (value * 10) + (digit - '0');
        }

        return value;
    }
#endif
}
