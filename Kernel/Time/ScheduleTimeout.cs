// ScheduleTimeout: sleeping for a time.
//
// Linux: schedule_timeout, process_timeout, msleep, msleep_interruptible, kernel/timer.c (2.6). Process context; all of it sleeps, but for a
// schedule_timeout whose caller did not set its state. No lock of its own. The timer lies on the sleeper's stack: it is deleted, with its function over,
// before the sleeper goes on.

using System.Runtime.CompilerServices;

namespace CSharpOS.Time;

/// <summary>Sleeping until a number of ticks is over.</summary>
/// <rows>TIME-05</rows>
public static unsafe class Timeouts
{
    /// <summary>For <see cref="ScheduleTimeout"/>: without an end. A jiffies counter of 32 bits tells past from future over half its range.</summary>
    /// <linux>MAX_SCHEDULE_TIMEOUT</linux>
    /// <rows>TIME-05</rows>
    public const int MaxScheduleTimeout = int.MaxValue;

    /// <summary>Sleeps until <paramref name="timeout"/> ticks are over, or somebody wakes the task, or, if its state is
    /// <see cref="TaskState.Interruptible"/>, a signal comes. The caller has set its state before: a task that is still
    /// <see cref="TaskState.Running"/> does not sleep. On return the state is Running. Process context; no lock may be held: reported.</summary>
    /// <param name="timeout">Ticks, 0 or more: a negative number is reported, and then nobody sleeps.
    /// <see cref="MaxScheduleTimeout"/>: sleep until woken.</param>
    /// <param name="file">Leave it to the compiler.</param>
    /// <param name="line">Leave it to the compiler.</param>
    /// <returns>The ticks that are left; 0 if the time is over. <see cref="MaxScheduleTimeout"/> for that one.</returns>
    /// <linux>schedule_timeout</linux>
    /// <rows>TIME-05</rows>
    public static int ScheduleTimeout(int timeout, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        MightSleep(file, line);
        if (timeout == MaxScheduleTimeout)
        {
            Scheduler.Schedule();
            return timeout;
        }

        if (timeout < 0)
        {
            Printk(LogLevel.Error, $"schedule_timeout: wrong timeout value {timeout} from {Debugging.ContextReport.Trim(file)}:{line}\n");
            DumpStack();
            Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
            return 0;
        }

        TimerList timer;
        SetupTimer(&timer, &WakeSleeper, (ulong)Current);
        uint expires = Jiffies + (uint)timeout;
        ModTimer(&timer, expires);
        Scheduler.Schedule();
        DelTimerSync(&timer);
        int left = (int)(expires - Jiffies);
        return left < 0 ? 0 : left;
    }

    /// <summary>Sleeps for <paramref name="timeout"/> ticks; a signal or a wake-up ends it.</summary>
    /// <returns>The ticks that are left.</returns>
    /// <linux>schedule_timeout_interruptible</linux>
    /// <rows>TIME-05</rows>
    public static int ScheduleTimeoutInterruptible(int timeout, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Scheduler.SetCurrentStateNoBarrier(TaskState.Interruptible);
        return ScheduleTimeout(timeout, file, line);
    }

    /// <summary>Sleeps for <paramref name="timeout"/> ticks; only a wake-up ends it earlier.</summary>
    /// <returns>The ticks that are left.</returns>
    /// <linux>schedule_timeout_uninterruptible</linux>
    /// <rows>TIME-05</rows>
    public static int ScheduleTimeoutUninterruptible(int timeout, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Scheduler.SetCurrentStateNoBarrier(TaskState.Uninterruptible);
        return ScheduleTimeout(timeout, file, line);
    }

    /// <summary>Sleeps for at least <paramref name="milliseconds"/>, whatever wake-ups or signals come. Process context.</summary>
    /// <linux>msleep</linux>
    /// <rows>TIME-05</rows>
    public static void Msleep(uint milliseconds, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        for (ulong left = TicksFor(milliseconds); left != 0;)
        {
            int part = Longest(left);
            left -= (ulong)(part - ScheduleTimeoutUninterruptible(part, file, line));
        }
    }

    /// <summary>Sleeps for at least <paramref name="milliseconds"/> unless a signal is or becomes pending. Process context.</summary>
    /// <returns>0; or, after a signal, the milliseconds that are left.</returns>
    /// <linux>msleep_interruptible</linux>
    /// <rows>TIME-05</rows>
    public static uint MsleepInterruptible(uint milliseconds, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ulong left = TicksFor(milliseconds);
        while (left != 0 && !Scheduler.SignalPending(Current))
        {
            int part = Longest(left);
            left -= (ulong)(part - ScheduleTimeoutInterruptible(part, file, line));
        }

        return (uint)(left * 1000 / HZ);
    }

    /// <summary>Sleeps for at least <paramref name="seconds"/>. Process context.</summary>
    /// <linux>ssleep</linux>
    /// <rows>TIME-05</rows>
    public static void Ssleep(uint seconds, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        for (; seconds != 0; seconds--)
        {
            Msleep(1000, file, line);
        }
    }

    // One more: the tick that is under way is not a whole one.
    private static ulong TicksFor(uint milliseconds) => ((((ulong)milliseconds * HZ) + 999) / 1000) + 1;

    private static int Longest(ulong ticks) => ticks < MaxScheduleTimeout ? (int)ticks : MaxScheduleTimeout - 1;

    // Linux: process_timeout.
    private static void WakeSleeper(ulong task) => Scheduler.WakeUpProcess((TaskStruct*)task);
}
