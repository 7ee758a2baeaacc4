// Priority: nice, time slices and the bonus for tasks that sleep.
//
// Linux: the macros at the head of kernel/sched.c (2.6, the O(1) scheduler). Pure functions; any context.
// 140 priorities, 0 the most urgent: 0-99 real time, 100-139 nice -20 to 19.

using System.Runtime.CompilerServices;

namespace CSharpOS.Sched;

/// <summary>The numbers of the O(1) scheduler.</summary>
public static unsafe class Priority
{
    /// <summary>Real-time priorities lie below this one.</summary>
    /// <linux>MAX_RT_PRIO</linux>
    public const int MaxRealTime = 100;

    /// <summary>How many priorities there are.</summary>
    /// <linux>MAX_PRIO</linux>
    public const int Count = 140;

    /// <summary>Sleeping more than this does not count, in microseconds.</summary>
    /// <linux>MAX_SLEEP_AVG</linux>
    public const uint MaxSleepAverage = 1_000_000;

    private const int MaxBonus = 10;
    private const int InteractiveDelta = 2;
    private const int DefaultNicePriority = 120;

    /// <summary>The priority of a nice value.</summary>
    /// <linux>NICE_TO_PRIO</linux>
    public static int FromNice(int nice) => MaxRealTime + 20 + nice;

    /// <summary>The time slice for a priority, in ticks: 5 ms per step for nice above zero (100 ms at 0, 5 ms at 19), 20 ms per step below
    /// (800 ms at -20).</summary>
    /// <linux>task_timeslice</linux>
    public static int TimeSlice(int staticPrio)
    {
        int milliseconds = (Count - staticPrio) * (staticPrio < DefaultNicePriority ? 20 : 5);
        int ticks = milliseconds * Clock.HZ / 1000;
        return ticks < 1 ? 1 : ticks;
    }

    /// <summary>The dynamic priority: up to five better for a task that mostly sleeps, up to five worse for one that never does.</summary>
    /// <linux>effective_prio</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Effective(TaskStruct* task)
    {
        if (task->Policy != SchedPolicy.Normal)
        {
            return MaxRealTime - 1 - task->RtPriority;
        }

        int prio = task->StaticPrio - Bonus(task) + (MaxBonus / 2);
        return (uint)(prio - MaxRealTime) < Count - MaxRealTime ? prio : prio < MaxRealTime ? MaxRealTime : Count - 1;
    }

    /// <summary>True if the task earned enough bonus to go on after its slice, ahead of the expired ones. Nice values above zero earn it hardly.</summary>
    /// <linux>TASK_INTERACTIVE</linux>
    public static bool IsInteractive(TaskStruct* task) =>
        task->Prio <= task->StaticPrio - InteractiveDelta - (task->Nice * MaxBonus / 40);

    private static int Bonus(TaskStruct* task) => (int)(task->SleepAverage * MaxBonus / MaxSleepAverage);
}
