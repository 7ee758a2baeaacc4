// TimerRuleTests: which softirq calls timers, and the demonstration of two mistakes. Part of the suite timer; process context.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class TimerRuleTests
{
    private static TimerList s_timer;
    private static int s_runs;

    /// <summary>Part of the suite timer.</summary>
    internal static void Run()
    {
        OnCpuZero.Run("the tick raises TIMER_SOFTIRQ, and that calls the function"u8, "TIME-03"u8, &InTimerSoftirq);
        Test.Run("demo timer-race: both mistakes go wrong, both remedies do not"u8, "TIME-02"u8, &RaceDemo);
    }

    private static TimerList* Timer => (TimerList*)Unsafe.AsPointer(ref s_timer);

    private static void Count(ulong unused) => Shared.AddReturn(ref s_runs, 1);

    // Softirqs are held back: the tick comes, and the function does not.
    private static void InTimerSoftirq()
    {
        s_runs = 0;
        SetupTimer(Timer, &Count, 0);
        LocalBhDisable();
        ModTimer(Timer, Jiffies + 1);
        uint due = Jiffies + 3;
        while (TimeBefore(Jiffies, due) || (LocalSoftirqPending() & (1u << (int)TimerSoftirq)) == 0)
        {
            CpuRelax();
        }

        Check.Equal(0, Shared.ReadOnce(ref s_runs));
        Check.True(TimerPending(Timer));
        LocalBhEnable();
        Check.Equal(1, Shared.ReadOnce(ref s_runs));
        Check.Equal(0, DelTimerSync(Timer));
    }

    private static void RaceDemo()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            Check.Equal(-ENODEV, Monitor.Execute("demo timer-race"u8));
            return;
        }

        Check.Equal(0, OutputCapture.Execute("demo timer-race"u8));
        Check.True(OutputCapture.NumberAfter("del_timer, set, add_timer: "u8) > 0);
        Check.Equal(20, OutputCapture.NumberAfter("del_timer and free, 20 times while the function ran: "u8));
        Check.Equal(0, OutputCapture.NumberAfter("del_timer_sync and free, 20 times while the function ran: "u8));
    }
}
