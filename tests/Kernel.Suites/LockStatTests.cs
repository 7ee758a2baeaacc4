// LockStatTests: the figures of /proc/lock_stat, and the command locks. Part of the suite validator.

namespace CSharpOS.Suites;

internal static unsafe class LockStatTests
{
    private const int Taken = 17;

    private static SpinLock s_counted, s_contended;
#if DEBUG_CHECKS
    private static Mutex s_mutex;
#endif

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
        s_counted.Init();
        s_counted.Lock();
        s_counted.Unlock();
        Check.Equal(0, OutputCapture.Execute("locks"u8));
        Check.True(OutputCapture.Contains("LockStatTests.s_contended: "u8));
        Check.False(OutputCapture.Contains("LockStatTests.s_counted: "u8));
#else
        ValidatorTests.HasValidator();
#endif
    }

    // locks at the monitor's prompt.
    internal static void Command()
    {
#if DEBUG_CHECKS
        Check.Equal(0, OutputCapture.Execute("locks clear"u8));
        Check.True(OutputCapture.Is(""u8));
        s_counted.Init();
        s_counted.Lock();
        s_counted.Unlock();
        Check.Equal(0, OutputCapture.Execute("locks all"u8));
        Check.True(OutputCapture.Text.StartsWith("lock_stat version 0.3\n"u8));
        Check.True(OutputCapture.Contains("LockStatTests.s_counted: "u8));
        int classes = LockValidator.Summary(out int orders, out int chains);
        Check.True(orders > 0 && chains >= orders);
        Span<byte> bytes = stackalloc byte[96];
        TextBuffer summary = new(bytes);
        summary.Append($"\n{classes} lock classes, {orders} orders, {chains} chains\n");
        Check.True(OutputCapture.Text.EndsWith(summary.Written));

        s_mutex.Init();
        s_mutex.Lock();
        Check.Equal(0, OutputCapture.Execute("locks held"u8));
        s_mutex.Unlock();
        Check.True(OutputCapture.Contains("1 lock held by init/1:\n"u8));
        Check.True(OutputCapture.Contains(" #0:  (LockStatTests.s_mutex){"u8));
        Check.True(OutputCapture.Contains("}, at: tests/Kernel.Suites/LockStatTests.cs:"u8));
        Check.Equal(0, OutputCapture.Execute("locks held"u8));
        Check.False(OutputCapture.Contains("init/1"u8));

        foreach (bool two in (ReadOnlySpan<bool>)[false, true])
        {
            Check.Equal(-EINVAL, OutputCapture.Execute(two ? "locks all all"u8 : "locks some"u8));
            Check.True(OutputCapture.Is("usage: locks [all | clear | held]\n"u8));
        }
#else
        Check.Equal(-ENOSYS, OutputCapture.Execute("locks"u8));
        Check.True(OutputCapture.Is("locks: this build does not count (it has no DEBUG_CHECKS)\n"u8));
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
