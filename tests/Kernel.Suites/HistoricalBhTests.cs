// HistoricalBhTests: BHs. Part of the suite historical. The numbers from 20 on are nobody else's.

using CSharpOS.Historical;

namespace CSharpOS.Suites;

internal static unsafe class HistoricalBhTests
{
    /// <summary>Numbers for tests.</summary>
    internal const int First = 20, Second = 21, PerCpuFirst = 12;

    private const int MarksPerCpu = 2000;

    private static int s_runs, s_otherRuns;
    private static int s_order;
    private static int s_entered, s_release;
    private static int s_inside, s_mostInside;
    private static bool s_contextIsRight;
    private static PerCpuNumbers s_wanted, s_seen;

    internal static void Numbers()
    {
        Check.Equal(32, BottomHalf.Count);
        Check.Equal(0, BottomHalf.InitBh(31, &Count));
        Check.Equal(-EINVAL, BottomHalf.InitBh(32, &Count));
        Check.Logged("init_bh: no BH 32"u8);
        Check.Equal(-EINVAL, BottomHalf.MarkBh(32));
        Check.Logged("mark_bh: no BH 32"u8);
        Check.Equal(-EINVAL, BottomHalf.MarkBh(-1));
        Check.Equal(-EINVAL, BottomHalf.RemoveBh(32));
        s_runs = 0;
        MarkAndRun(31);
        Check.Equal(1, s_runs);
        Check.Equal(0, BottomHalf.RemoveBh(31));
    }

    internal static void Context()
    {
        BottomHalf.InitBh(First, &NoteContext);
        s_order = s_runs = 0;
        s_contextIsRight = false;
        TaskletInit(TaskletTests.Of(0), &AfterBh, 0);
        uint before = SoftirqStatistics.OfThisCpu[(int)HiSoftirq];
        LocalBhDisable();
        TaskletSchedule(TaskletTests.Of(0));
        BottomHalf.MarkBh(First);
        LocalBhEnable();
        Check.True(s_contextIsRight);
        Check.Equal(before + 1, SoftirqStatistics.OfThisCpu[(int)HiSoftirq]);
        Check.Equal(2, s_order);
        Check.Equal(1, s_runs);
        BottomHalf.RemoveBh(First);
    }

    internal static void Once()
    {
        BottomHalf.InitBh(First, &Count);
        s_runs = 0;
        LocalBhDisable();
        BottomHalf.MarkBh(First);
        BottomHalf.MarkBh(First);
        LocalBhEnable();
        Check.Equal(1, s_runs);
        BottomHalf.InitBh(First, &CountAndMark);
        s_runs = 0;
        MarkAndRun(First);
        Check.Equal(3, s_runs);
        BottomHalf.RemoveBh(First);
    }

    internal static void FromHandler()
    {
        BottomHalf.InitBh(First, &Count);
        s_runs = s_otherRuns = 0;
        if (SoftirqTests.InHandler(&MarkInHandler))
        {
            Check.True(SmpTests.Becomes(ref s_runs, 1));
            Check.Equal(0, s_otherRuns);
        }

        BottomHalf.RemoveBh(First);
    }

    internal static void Removed()
    {
        BottomHalf.InitBh(First, &Count);
        s_runs = 0;
        Check.Equal(0, BottomHalf.RemoveBh(First));
        MarkAndRun(First);
        Check.Equal(0, s_runs);
        BottomHalf.InitBh(First, &Count);
        MarkAndRun(First);
        Check.Equal(1, s_runs);
        BottomHalf.RemoveBh(First);
    }

    internal static void RemoveWaits()
    {
        OnCpu other;
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        HoldOnCpuOne(&other);
        Shared.WriteOnce(ref s_release, 2);
        BottomHalf.RemoveBh(First);
        Check.Equal(1, Shared.ReadOnce(ref s_runs));
        OnCpu.Wait(&other);
    }

    internal static void OtherWaits()
    {
        OnCpu other;
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        HoldOnCpuOne(&other);
        BottomHalf.InitBh(Second, &CountOther);
        s_order = s_otherRuns = 0;
        TaskletInit(TaskletTests.Of(0), &AfterBh, 0);
        LocalBhDisable();
        BottomHalf.MarkBh(Second);
        TaskletSchedule(TaskletTests.Of(0));
        LocalBhEnable();
        Check.Equal(1, s_order);
        Check.Equal(0, Shared.ReadOnce(ref s_otherRuns));
        Check.Equal(0, Shared.ReadOnce(ref s_runs));
        Shared.WriteOnce(ref s_release, 1);
        Check.True(SmpTests.Becomes(ref s_otherRuns, 1));
        Check.Equal(1, Shared.ReadOnce(ref s_runs));
        OnCpu.Wait(&other);
        BottomHalf.RemoveBh(First);
        BottomHalf.RemoveBh(Second);
    }

    internal static void NeverTwo()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        s_inside = s_mostInside = s_runs = 0;
        s_wanted = s_seen = default;
        OnCpu* jobs = stackalloc OnCpu[MaxCpus];
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            BottomHalf.InitBh(PerCpuFirst + cpu, &Alone);
            OnCpu.Start(jobs + cpu, cpu, &MarkOften, null);
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Wait(jobs + cpu);
        }

        // What was marked last runs at the latest when ksoftirqd gets round to it.
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            long wanted = s_wanted[cpu];
            uint start = Jiffies;
            while (Shared.ReadOnce(ref s_seen[cpu]) != wanted && Jiffies - start < 60 * HZ)
            {
                Scheduler.Yield();
            }

            Check.Equal(wanted, Shared.ReadOnce(ref s_seen[cpu]));
            BottomHalf.RemoveBh(PerCpuFirst + cpu);
        }

        Check.Equal(1, s_mostInside);
    }

    /// <summary>Has the BH First run on CPU 1 until <see cref="Release"/>.</summary>
    internal static void HoldOnCpuOne(OnCpu* other)
    {
        s_entered = s_release = s_runs = 0;
        BottomHalf.InitBh(First, &Hold);
        OnCpu.Start(other, 1, &MarkAndRunFirst, null);
        Check.True(SmpTests.Becomes(ref s_entered, 1));
    }

    /// <summary>Lets it go: 1 at once, 2 a little later.</summary>
    internal static void Release(int how) => Shared.WriteOnce(ref s_release, how);

    /// <summary>True when it has come to its end.</summary>
    internal static bool HasLeft => Shared.ReadOnce(ref s_runs) == 1;

    internal static void MarkAndRun(int nr)
    {
        LocalBhDisable();
        BottomHalf.MarkBh(nr);
        LocalBhEnable();
    }

    private static void MarkAndRunFirst(void* unused) => MarkAndRun(First);

    private static void Hold()
    {
        Shared.WriteOnce(ref s_entered, 1);
        ulong start = MonotonicMicroseconds();
        while (Shared.ReadOnce(ref s_release) == 0 && MonotonicMicroseconds() - start < 20_000_000)
        {
            CpuRelax();
        }

        if (Shared.ReadOnce(ref s_release) == 2)
        {
            SmpLine.Delay(500);
        }

        Shared.AddReturn(ref s_runs, 1);
    }

    private static void MarkOften(void* unused)
    {
        int cpu = SmpProcessorId();
        for (int i = 1; i <= SmpTests.Rounds(MarksPerCpu); i++)
        {
            Shared.WriteOnce(ref s_wanted[cpu], i);
            MarkAndRun(PerCpuFirst + cpu);
        }
    }

    // No lock: there is never another BH.
    private static void Alone()
    {
        int inside = Shared.AddReturn(ref s_inside, 1);
        s_mostInside = inside > s_mostInside ? inside : s_mostInside;
        s_runs++;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Shared.WriteOnce(ref s_seen[cpu], Shared.ReadOnce(ref s_wanted[cpu]));
        }

        Shared.AddReturn(ref s_inside, -1);
    }

    private static void NoteContext()
    {
        s_contextIsRight = InSoftirq() && !InIrq() && !IrqsDisabled() && InAtomic();
        s_order = s_order == 0 ? 1 : -1;
        s_runs++;
    }

    private static void AfterBh(ulong unused) => s_order++;

    private static void Count() => Shared.AddReturn(ref s_runs, 1);

    private static void CountOther() => Shared.AddReturn(ref s_otherRuns, 1);

    private static void CountAndMark()
    {
        if (++s_runs < 3)
        {
            BottomHalf.MarkBh(First);
        }
    }

    // The handler itself sees no run.
    private static void MarkInHandler()
    {
        BottomHalf.MarkBh(First);
        DoSoftirq();
        s_otherRuns = s_runs;
    }
}
