// Hrtimers.Sleep: sleeping until a certain nanosecond.
//
// Linux: schedule_hrtimeout, hrtimer_nanosleep, do_nanosleep, kernel/hrtimer.c. Process context; sleeps. No lock of its own. The timer lies on the sleeper's
// stack, and is cancelled, its function over, before the sleeper goes on.

using System.Runtime.CompilerServices;

namespace CSharpOS.Time;

public static unsafe partial class Hrtimers
{
    /// <summary>Sleeps until the time has come, or somebody wakes the task, or, if its state is <see cref="TaskState.Interruptible"/>, a signal comes. The caller has
    /// set its state before, as for <see cref="Timeouts.ScheduleTimeout"/>. On return the state is Running. Process context.</summary>
    /// <returns>0: the time has come; -EINTR: it has not.</returns>
    /// <linux>schedule_hrtimeout</linux>
    /// <rows>TIME-06</rows>
    public static int ScheduleHrtimeout(long time, HrtimerMode mode)
    {
        MightSleep();
        Sleeper sleeper;
        HrtimerInit(&sleeper.Timer, &WakeSleeper);
        sleeper.Task = Current;
        HrtimerStart(&sleeper.Timer, time, mode);
        Scheduler.Schedule();
        HrtimerCancel(&sleeper.Timer);
        Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
        return Shared.ReadOnce(&sleeper.Task) == null ? 0 : -EINTR;
    }

    /// <summary>The kernel's side of nanosleep: sleeps, whatever wake-ups come, until the time has come or a signal is pending. Process context.</summary>
    /// <param name="time">Nanoseconds; nothing below 0 is slept.</param>
    /// <param name="mode">What they mean.</param>
    /// <param name="left">Nanoseconds that are left after a signal, else 0.</param>
    /// <returns>0; -ERESTARTSYS after a signal: the call may be made again for what is left, or end with -EINTR.</returns>
    /// <linux>hrtimer_nanosleep</linux>
    /// <rows>TIME-06</rows>
    public static int HrtimerNanosleep(long time, HrtimerMode mode, out long left)
    {
        left = 0;
        long end = mode == HrtimerMode.Rel ? Later(KtimeGet(), time < 0 ? 0 : time) : time;
        while (KtimeGet() < end)
        {
            Scheduler.SetCurrentState(TaskState.Interruptible);
            if (ScheduleHrtimeout(end, HrtimerMode.Abs) == 0)
            {
                return 0;
            }

            if (Scheduler.SignalPending(Current))
            {
                long now = KtimeGet();
                left = end > now ? end - now : 0;
                return left == 0 ? 0 : -ERESTARTSYS;
            }
        }

        return 0;
    }

    /// <summary>Sleeps for at least <paramref name="microseconds"/>: what <see cref="Clock.Udelay"/> spins for, but without the CPU. Process context.</summary>
    /// <linux>usleep_range</linux>
    /// <rows>TIME-06</rows>
    public static void Usleep(uint microseconds)
    {
        long end = KtimeGet() + (microseconds * 1000L);
        while (KtimeGet() < end)
        {
            Scheduler.SetCurrentState(TaskState.Uninterruptible);
            ScheduleHrtimeout(end, HrtimerMode.Abs);
        }
    }

    // Linux: hrtimer_wakeup.
    private static HrtimerRestart WakeSleeper(Hrtimer* timer)
    {
        var sleeper = (Sleeper*)timer;
        TaskStruct* task = sleeper->Task;
        Shared.WriteOnce(&sleeper->Task, null);
        Scheduler.WakeUpProcess(task);
        return HrtimerRestart.NoRestart;
    }

    private struct Sleeper
    {
        public Hrtimer Timer;

        // Null once the time has come.
        public TaskStruct* Task;
    }
}
