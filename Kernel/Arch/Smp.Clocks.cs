// Smp.Clocks: do all CPUs' time stamp counters show the same?
//
// Linux: check_tsc_sync_source and check_tsc_sync_target, arch/x86/kernel/tsc_sync.c. While a CPU starts: CompareClocks on the one that starts it, AnswerClocks on
// the new one, interrupts off there. s_clockRound passes the turn from one to the other: odd numbers ask, even ones answer.

namespace CSharpOS.Arch;

public static unsafe partial class Smp
{
    private const int ClockRounds = 4;

    private static int s_clockRound;
    private static long s_clockReading;

    /// <summary>How far a reading lies outside of the interval in which it was taken; 0 if inside.</summary>
    public static long ClockError(long before, long reading, long after) =>
        reading < before ? reading - before : reading > after ? reading - after : 0;

    // The kernel takes the time stamp counters of all CPUs for one. What the other CPU reads between two readings of ours must lie between
    // them. Linux: check_tsc_sync_source.
    private static bool CompareClocks(int cpu)
    {
        long worst = 0;
        Shared.WriteOnce(ref s_clockRound, 0);
        Shared.WriteOnce(ref s_phase, Comparing);
        for (int round = 1; round < 2 * ClockRounds; round += 2)
        {
            long before = (long)ReadTsc();
            Shared.WriteOnce(ref s_clockRound, round);
            while (Shared.ReadOnce(ref s_clockRound) != round + 1)
            {
                if (Late((ulong)before, Patience))
                {
                    return false;
                }

                CpuRelax();
            }

            long off = ClockError(before, Shared.ReadOnce(ref s_clockReading), (long)ReadTsc());
            worst = Math.Abs(off) > Math.Abs(worst) ? off : worst;
        }

        if (worst != 0)
        {
            Printk(LogLevel.Warning, $"CPU {cpu}: its time stamp counter is {worst} counts off: times taken on different CPUs do not compare\n");
            ClockSources.MarkTscUnstable();
        }

        return true;
    }

    // Linux: check_tsc_sync_target.
    private static void AnswerClocks()
    {
        AwaitPhase(Comparing, Alive);
        for (int round = 1; round < 2 * ClockRounds; round += 2)
        {
            while (Shared.ReadOnce(ref s_clockRound) != round)
            {
                AwaitPhase(Comparing, Comparing);
                CpuRelax();
            }

            Shared.WriteOnce(ref s_clockReading, (long)ReadTsc());
            Shared.WriteOnce(ref s_clockRound, round + 1);
        }
    }

    // Waits for the boot CPU to leave phase before for phase; stops if it has given this CPU up instead.
    private static void AwaitPhase(int phase, int before)
    {
        int now;
        while ((now = Shared.ReadOnce(ref s_phase)) != phase)
        {
            if (now != before)
            {
                HaltForever();
            }

            CpuRelax();
        }
    }
}
