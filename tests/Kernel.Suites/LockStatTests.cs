// LockStatTests: the figures of /proc/lock_stat. Part of the suite validator.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class LockStatTests
{
    private const int Taken = 17;

    private static SpinLock s_counted, s_contended;
    private static Row s_row;
    private static int s_rowLength;
    private static int s_pointSeen;
    private static int s_stop;

    internal static void Acquisitions()
    {
#if DEBUG_CHECKS
        s_counted.Init();
        for (int i = 0; i < Taken; i++)
        {
            s_counted.Lock();
            s_counted.Unlock();
        }

        Find("LockStatTests.s_counted:"u8);
        Check.Equal(0, Number(1));
        Check.Equal(Taken, Number(6));
        Check.True(Number(7) <= Number(8) && Number(8) <= Number(9) && Number(9) > 0);
        LockStat.Clear();
        Find("LockStatTests.s_counted:"u8);
        Check.Equal(0, s_rowLength);
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
        Shared.WriteOnce(ref s_stop, 0);
        PreemptDisable();
        int other = SmpProcessorId() == 0 ? 1 : 0;
        PreemptEnable();
        TaskStruct* thread = Kthread.Create(&Contend, null, $"contend", out int error);
        Check.Equal(0, error);
        Kthread.Bind(thread, other);
        Tasks.Get(thread);
        s_contended.Lock();
        Scheduler.WakeUpProcess(thread);
        while (Shared.ReadOnce(ref s_stop) == 0)
        {
            CpuRelax();
        }

        Udelay(100);
        s_contended.Unlock();
        Kthread.Stop(thread);
        Tasks.Put(thread);
        Find("LockStatTests.s_contended:"u8);
        Check.Equal(1, Number(0));
        Check.Equal(1, Number(1));
        Check.True(Number(2) > 0 && Number(2) == Number(3) && Number(3) == Number(4));
        Check.Equal(1, Number(5));
        Check.Equal(2, Number(6));
        Check.Equal(1, s_pointSeen);
#else
        ValidatorTests.HasValidator();
#endif
    }

#if DEBUG_CHECKS
    private static int s_wanted;

    private static ReadOnlySpan<byte> Wanted => s_wanted == 0 ? "LockStatTests.s_counted:"u8 : "LockStatTests.s_contended:"u8;

    private static int Contend(void* unused)
    {
        PreemptDisable();
        Shared.WriteOnce(ref s_stop, 1);
        s_contended.Lock();
        s_contended.Unlock();
        PreemptEnable();
        return 0;
    }

    private static void Find(ReadOnlySpan<byte> name)
    {
        s_wanted = name.SequenceEqual("LockStatTests.s_counted:"u8) ? 0 : 1;
        s_rowLength = 0;
        s_pointSeen = 0;
        LockStat.Write(&Look);
    }

    private static void Look(ReadOnlySpan<byte> row)
    {
        if (row.IndexOf(Wanted) >= 0)
        {
            s_rowLength = row.Length;
            row.CopyTo(new Span<byte>(Unsafe.AsPointer(ref s_row), Row.Size));
        }

        s_pointSeen += row.IndexOf("s_contended "u8) >= 0 && row.IndexOf("at tests/Kernel.Suites/LockStatTests.cs:"u8) >= 0 ? 1 : 0;
    }

    // The figure of a column, times in hundredths of a microsecond.
    private static long Number(int column)
    {
        ReadOnlySpan<byte> row = new(Unsafe.AsPointer(ref s_row), s_rowLength);
        int at = row.IndexOf((byte)':') + 1;
        for (; at < row.Length; column--)
        {
            while (at < row.Length && row[at] == ' ')
            {
                at++;
            }

            long value = 0;
            for (; at < row.Length && row[at] > ' '; at++)
            {
                value = row[at] == '.' ? value : (value * 10) + (row[at] - '0');
            }

            if (column == 0)
            {
                return value;
            }
        }

        return -1;
    }
#endif

    [InlineArray(Size)]
    private struct Row
    {
        internal const int Size = 400;
        private byte _first;
    }
}
