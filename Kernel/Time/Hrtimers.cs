// Hrtimers: calling a function at a certain nanosecond.
//
// Linux: kernel/hrtimer.c (2.6.16 to 2.6.2x). The class is spread over files by aspect:
//   Hrtimers.cs       init, start, cancel, forward
//   Hrtimers.Run.cs   the clock interrupt and the softirq
//   Hrtimers.Tick.cs  high-resolution mode, and the tick in it
//   Hrtimers.Sleep.cs sleeping
// with Hrtimer.cs, one timer, HrtimerBase.cs, those of one CPU, and ClockEvents.cs, the device that interrupts. Any context; nothing here sleeps.
// Against kernel timers (Timers.cs): those are for time-outs, which are mostly deleted before they expire and need no precision; these are for
// what is waited for. They cost a few steps in a tree, and in high-resolution mode an interrupt of their own.
// Lock: that of the timer's base; never two. As with kernel timers, a timer whose function runs stays on that CPU.

using System.Runtime.CompilerServices;

namespace CSharpOS.Time;

/// <summary>High-resolution timers.</summary>
/// <rows>TIME-06</rows>
public static unsafe partial class Hrtimers
{
    private static PerCpu<HrtimerBase> s_bases;

    /// <summary>Forgets all timers. At boot, before the first tick; interrupts off.</summary>
    /// <linux>hrtimers_init</linux>
    internal static void Init()
    {
        s_bases = PerCpu<HrtimerBase>.Allocate();
        InitTick();
        InitCpu(SmpProcessorId());
        OpenSoftirq(HrtimerSoftirq, &RunHrtimerSoftirq);
    }

    /// <summary>Gives CPU <paramref name="cpu"/>, which does not run yet, its base.</summary>
    internal static void InitCpu(int cpu) => HrtimerBase.Init(s_bases.On(cpu), cpu);

    /// <summary>Makes an inactive timer of any memory.</summary>
    /// <linux>hrtimer_init</linux>
    public static void HrtimerInit(
        Hrtimer* timer, delegate*<Hrtimer*, HrtimerRestart> function, HrtimerCallbackMode callbackMode = HrtimerCallbackMode.Softirq)
    {
        *timer = default;
        timer->Function = function;
        timer->CallbackMode = callbackMode;
        timer->Base = s_bases.This;
    }

    /// <summary>Arms a timer on this CPU, whether it was active or not. Never called before its time.</summary>
    /// <param name="timer">The timer.</param>
    /// <param name="time">Nanoseconds: when, or from now on.</param>
    /// <param name="mode">Which of both.</param>
    /// <returns>0 if it was inactive, 1 if it was active.</returns>
    /// <linux>hrtimer_start</linux>
    /// <rows>TIME-06</rows>
    public static int HrtimerStart(Hrtimer* timer, long time, HrtimerMode mode)
    {
        HrtimerBase* timers = LockBase(timer, out ulong flags);
        int active = 0;
        if (timer->State != HrtimerState.Inactive)
        {
            HrtimerBase.Dequeue(timers, timer);
            active = 1;
        }

        HrtimerBase* target = s_bases.This;
        if (timers != target && timers->RunningSoft != timer && timers->RunningHard != timer)
        {
            SetBase(timer, Hrtimer.Moving);
            timers->Lock.Unlock();
            target->Lock.Lock();
            SetBase(timer, target);
            timers = target;
        }

        timer->Expires = mode == HrtimerMode.Rel ? Later(KtimeGet(), time) : time;
        TracePoints.HrtimerStart(timer, mode);
        if (HrtimerBase.Enqueue(timers, timer) && timers == target)
        {
            Program(timers, KtimeGet());
        }

        timers->Lock.UnlockIrqRestore(flags);
        return active;
    }

    /// <summary>Makes a timer inactive unless its function runs at this moment. Any context.</summary>
    /// <returns>0 if it was inactive, 1 if it was active; -1: its function runs, and nothing was changed.</returns>
    /// <linux>hrtimer_try_to_cancel</linux>
    /// <rows>TIME-06</rows>
    public static int HrtimerTryToCancel(Hrtimer* timer)
    {
        HrtimerBase* timers = LockBase(timer, out ulong flags);
        int result = -1;
        if (timers->RunningSoft != timer && timers->RunningHard != timer)
        {
            result = 0;
            if (timer->State != HrtimerState.Inactive)
            {
                // The clock may interrupt once for nothing: cheaper than to tell it.
                HrtimerBase.Dequeue(timers, timer);
                TracePoints.HrtimerCancel(timer);
                result = 1;
            }
        }

        timers->Lock.UnlockIrqRestore(flags);
        return result;
    }

    /// <summary>Makes a timer inactive and waits until its function runs nowhere, also if that wants a restart. Not from the function itself, nor from an
    /// interrupt that may have interrupted it: reported, and then it does not wait.</summary>
    /// <returns>0 if it was inactive, 1 if it was active.</returns>
    /// <linux>hrtimer_cancel</linux>
    /// <rows>TIME-06</rows>
    public static int HrtimerCancel(Hrtimer* timer)
    {
        while (true)
        {
            int result = HrtimerTryToCancel(timer);
            if (result >= 0)
            {
                return result;
            }

            PreemptDisable();
            HrtimerBase* here = s_bases.This;
            bool mine = Shared.ReadOnce(&here->RunningSoft) == timer || Shared.ReadOnce(&here->RunningHard) == timer;
            PreemptEnable();
            if (mine)
            {
                Printk(LogLevel.Error, $"BUG: hrtimer_cancel: timer {(ulong)timer:x16}: its own function would wait for itself\n");
                DumpStack();
                return 0;
            }

            CpuRelax();
        }
    }

    /// <summary>Moves the time of an inactive timer, one whose function runs for instance, forward by whole intervals until it lies behind
    /// <paramref name="now"/>: a periodic timer keeps its phase however late it was.</summary>
    /// <param name="timer">The timer.</param>
    /// <param name="now">Nanoseconds.</param>
    /// <param name="interval">Nanoseconds, more than 0.</param>
    /// <returns>By how many intervals: 0 if its time was not over.</returns>
    /// <linux>hrtimer_forward</linux>
    /// <rows>TIME-06</rows>
    public static ulong HrtimerForward(Hrtimer* timer, long now, long interval)
    {
        long late = now - timer->Expires;
        if (late < 0 || interval <= 0)
        {
            return 0;
        }

        long intervals = (late / interval) + 1;
        timer->Expires = Later(timer->Expires, intervals * interval);
        return (ulong)intervals;
    }

    /// <summary>True while a timer is armed, waits for its softirq, or its function runs. For a moment only.</summary>
    /// <linux>hrtimer_active</linux>
    public static bool HrtimerActive(Hrtimer* timer)
    {
        HrtimerBase* timers = LockBase(timer, out ulong flags);
        bool active = timer->State != HrtimerState.Inactive || timers->RunningSoft == timer || timers->RunningHard == timer;
        timers->Lock.UnlockIrqRestore(flags);
        return active;
    }

    /// <summary>Nanoseconds until a timer is due; negative if it is over.</summary>
    /// <linux>hrtimer_get_remaining</linux>
    public static long HrtimerGetRemaining(Hrtimer* timer)
    {
        HrtimerBase* timers = LockBase(timer, out ulong flags);
        long remaining = timer->Expires - KtimeGet();
        timers->Lock.UnlockIrqRestore(flags);
        return remaining;
    }

    // As late as can be said, if that is too late to be said.
    private static long Later(long time, long nanoseconds) =>
        nanoseconds > 0 && time > long.MaxValue - nanoseconds ? long.MaxValue : time + nanoseconds;

    private static void SetBase(Hrtimer* timer, HrtimerBase* timers) => Shared.WriteOnce(&timer->Base, timers);

    // Linux: lock_hrtimer_base.
    private static HrtimerBase* LockBase(Hrtimer* timer, out ulong flags)
    {
        while (true)
        {
            HrtimerBase* timers = Shared.ReadOnce(&timer->Base);
            if (timers != Hrtimer.Moving)
            {
                flags = timers->Lock.LockIrqSave();
                if (Shared.ReadOnce(&timer->Base) == timers)
                {
                    return timers;
                }

                timers->Lock.UnlockIrqRestore(flags);
            }

            CpuRelax();
        }
    }
}
