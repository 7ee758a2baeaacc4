// LoadAverage: how many tasks want to run, averaged over one, five and fifteen minutes.
//
// Linux: calc_load, avenrun (kernel/timer.c). A timer looks every five seconds at the number of tasks that run, want to, or sleep uninterruptibly, and moves
// each average by the share of the new value that five seconds are in its time. Fixed point with eleven bits. The timer function (softirq) writes, any context
// reads: each average is a single word. Counting the sleepers walks the table of tasks: once in five seconds.

using System.Runtime.CompilerServices;

namespace CSharpOS.Sched;

/// <summary>The load averages.</summary>
/// <linux>avenrun</linux>
public static unsafe class LoadAverage
{
    /// <summary>1 in fixed point.</summary>
    /// <linux>FIXED_1</linux>
    public const uint One = 1 << Shift;

    /// <linux>FSHIFT</linux>
    private const int Shift = 11;
    private const int Seconds = 5;

    // One / e^(5 s / 60 s), / e^(5 s / 300 s), / e^(5 s / 900 s).
    private const uint Decay1 = 1884, Decay5 = 2014, Decay15 = 2037;

    private static TimerList s_timer;
    private static uint s_load1, s_load5, s_load15;

    /// <summary>The average over a minute, in fixed point. Any context.</summary>
    public static uint OneMinute => Shared.ReadOnce(ref s_load1);

    /// <summary>Over five minutes.</summary>
    public static uint FiveMinutes => Shared.ReadOnce(ref s_load5);

    /// <summary>Over fifteen minutes.</summary>
    public static uint FifteenMinutes => Shared.ReadOnce(ref s_load15);

    /// <summary>An average in hundredths, rounded.</summary>
    public static uint Hundredths(uint load) => (uint)((((ulong)load * 100) + (One / 2)) >> Shift);

    /// <summary>Begins at zero and starts the timer. Once, at boot, process context.</summary>
    internal static void Start()
    {
        s_load1 = s_load5 = s_load15 = 0;
        var timer = (TimerList*)Unsafe.AsPointer(ref s_timer);
        SetupTimer(timer, &Sample, 0);
        ModTimer(timer, Jiffies + (Seconds * HZ));
    }

    /// <summary>The average after one more sample of <paramref name="active"/> tasks.</summary>
    /// <linux>CALC_LOAD</linux>
    internal static uint Next(uint load, uint decay, uint active) => (uint)((((ulong)load * decay) + ((ulong)active * One * (One - decay))) >> Shift);

    /// <summary>Takes a sample into all three.</summary>
    internal static void Add(uint active)
    {
        Shared.WriteOnce(ref s_load1, Next(s_load1, Decay1, active));
        Shared.WriteOnce(ref s_load5, Next(s_load5, Decay5, active));
        Shared.WriteOnce(ref s_load15, Next(s_load15, Decay15, active));
    }

    private static void Sample(ulong unused)
    {
        Add((uint)(Scheduler.RunningTasks() + Tasks.CountInState(TaskState.Uninterruptible)));
        ModTimer((TimerList*)Unsafe.AsPointer(ref s_timer), Jiffies + (Seconds * HZ));
    }
}
