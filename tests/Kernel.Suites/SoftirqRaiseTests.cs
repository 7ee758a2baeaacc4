// SoftirqRaiseTests: the table of softirqs and the mask of pending ones. Part of the suite softirq.

namespace CSharpOS.Suites;

internal static unsafe class SoftirqRaiseTests
{
    private static SoftirqAction* s_entry;
    private static int s_runs;
    private static int s_lines;
    private static bool s_headSeen;
    private static bool s_netSeen;
    private static bool s_lastSeen;

    internal static void Numbers()
    {
        Check.Equal(32, NrSoftirqs);
        Check.Equal(9, SoftirqNrNames.Count);
        Check.Equal(0, (int)HiSoftirq);
        Check.Equal(1, (int)TimerSoftirq);
        Check.Equal(2, (int)NetTxSoftirq);
        Check.Equal(3, (int)NetRxSoftirq);
        Check.Equal(4, (int)BlockSoftirq);
        Check.Equal(5, (int)TaskletSoftirq);
        Check.Equal(6, (int)SchedSoftirq);
        Check.Equal(7, (int)HrtimerSoftirq);
        Check.Equal(8, (int)RcuSoftirq);
    }

    internal static void BadOpen()
    {
        Check.Equal(-EINVAL, OpenSoftirq((SoftirqNr)32, &Count));
        Check.Equal(-EINVAL, OpenSoftirq((SoftirqNr)(-1), &Count));
        Check.Equal(-EINVAL, OpenSoftirq(SoftirqTests.First, null));
        Check.Logged("open_softirq: no softirq 32"u8);
        Check.Equal(0, OpenSoftirq(SoftirqTests.First, &Count));
    }

    internal static void OwnEntry()
    {
        s_entry = null;
        Check.Equal(0, OpenSoftirq(SoftirqTests.Second, &NoteEntry));
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.Second);
        LocalBhEnable();
        Check.True(s_entry == SoftirqVec + (int)SoftirqTests.Second);
    }

    internal static void KeepsFlag()
    {
        Prepare();
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.First);
        Check.False(IrqsDisabled());
        ulong flags = LocalIrqSave();
        RaiseSoftirq(SoftirqTests.First);
        Check.True(IrqsDisabled());
        LocalIrqRestore(flags);
        LocalBhEnable();
        Check.Equal(1, s_runs);
    }

    internal static void IrqoffReported()
    {
#if DEBUG_CHECKS
        Prepare();
        LocalBhDisable();
        ulong flags = LocalIrqSave();
        RaiseSoftirqIrqoff(SoftirqTests.First);
        LocalIrqRestore(flags);
        Check.NotLogged("raise_softirq_irqoff"u8);
        RaiseSoftirqIrqoff(SoftirqTests.First);
        LocalBhEnable();
        Check.Logged("BUG: raise_softirq_irqoff(28) with interrupts on"u8);
        Check.Equal(1, s_runs);
#else
        Test.Skip("not checked in this build"u8);
#endif
    }

    internal static void Mask()
    {
        Prepare();
        ulong flags = LocalIrqSave();
        uint others = LocalSoftirqPending();
        LocalBhDisable();
        RaiseSoftirqIrqoff(SoftirqTests.First);
        Check.Equal(others | (1u << 28), LocalSoftirqPending());
        RaiseSoftirqIrqoff(SoftirqTests.Second);
        Check.Equal(others | (3u << 28), LocalSoftirqPending());
        Check.Equal(others | (3u << 28), SoftirqPending(SmpProcessorId()));
        SetSoftirqPending(others);
        Check.Equal(others, LocalSoftirqPending());
        LocalIrqRestore(flags);
        LocalBhEnable();
        Check.Equal(0, s_runs);
        Check.Equal(0u, SoftirqPending(Cpu.MaxCpus - 1) & (3u << 28));
    }

    internal static void Unopened()
    {
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.Never);
        LocalBhEnable();
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.Never);
        LocalBhEnable();
        Check.Between(0, 1, Check.CountLogged("softirq 31"u8));
        Check.Equal(0u, LocalSoftirqPending() & (1u << 31));
    }

    internal static void Counted()
    {
        Prepare();
        uint before = SoftirqStatistics.Softirqs(SoftirqTests.First, 0);
        for (int i = 0; i < 5; i++)
        {
            LocalBhDisable();
            RaiseSoftirq(SoftirqTests.First);
            LocalBhEnable();
        }

        Check.Equal(5u, SoftirqStatistics.Softirqs(SoftirqTests.First, 0) - before);
        Check.Equal(0u, SoftirqStatistics.Softirqs((SoftirqNr)32, 0));
        s_lines = 0;
        s_headSeen = s_netSeen = s_lastSeen = false;
        SoftirqStatistics.Write(&LookAtLine, Smp.CpuCount);
        Check.Equal(10, s_lines);
        Check.True(s_headSeen);
        Check.True(s_netSeen);
        Check.True(s_lastSeen);
    }

    private static void LookAtLine(ReadOnlySpan<byte> line)
    {
        s_headSeen |= s_lines == 0 && line.StartsWith("                    CPU0       "u8);
        s_netSeen |= s_lines == 3 && line.StartsWith("      NET_TX: "u8) && line.Length == 13 + (11 * Smp.CpuCount) + 1;
        s_lastSeen |= s_lines == 9 && line.StartsWith("         RCU: "u8);
        s_lines++;
    }

    private static void Prepare()
    {
        s_runs = 0;
        Check.Equal(0, OpenSoftirq(SoftirqTests.First, &Count));
        Check.Equal(0, OpenSoftirq(SoftirqTests.Second, &Count));
    }

    private static void Count(SoftirqAction* entry) => s_runs++;

    private static void NoteEntry(SoftirqAction* entry) => s_entry = entry;
}
