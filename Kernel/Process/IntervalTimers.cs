// IntervalTimers: SIGALRM after a while, once or again and again.
//
// Linux: it_real_fn, do_setitimer (kernel/itimer.c). Set and Get: process context. The timer's function runs in HRTIMER_SOFTIRQ and only sends a signal. The
// process outlives its timer: Stop waits for the function. Lock: the process's Lock guards Interval.

namespace CSharpOS.Processes;

/// <summary>The real-time timer of a process.</summary>
internal unsafe struct IntervalTimer
{
    internal Hrtimer Timer;

    // To get from the timer to its process, and how often, in nanoseconds; 0: once.
    internal Process* Process;
    internal long Interval;
}

/// <summary>setitimer(ITIMER_REAL) and alarm.</summary>
/// <rows>TIME-06</rows>
internal static unsafe class IntervalTimers
{
    internal static void Init(Process* process)
    {
        process->RealTimer.Process = process;
        process->RealTimer.Interval = 0;
        HrtimerInit(&process->RealTimer.Timer, &Expired);
    }

    /// <summary>Ends the timer for good.</summary>
    internal static void Stop(Process* process) => HrtimerCancel(&process->RealTimer.Timer);

    /// <summary>Sets the timer to <paramref name="value"/> nanoseconds from now, 0 for off, then every <paramref name="interval"/>.</summary>
    internal static void Set(Process* process, long value, long interval, out long oldValue, out long oldInterval)
    {
        Get(process, out oldValue, out oldInterval);
        HrtimerCancel(&process->RealTimer.Timer);
        process->Lock.LockIrq();
        process->RealTimer.Interval = value == 0 ? 0 : interval;
        process->Lock.UnlockIrq();
        if (value != 0)
        {
            HrtimerStart(&process->RealTimer.Timer, value, HrtimerMode.Rel);
        }
    }

    /// <summary>What is left, in nanoseconds, and the interval.</summary>
    internal static void Get(Process* process, out long value, out long interval)
    {
        value = 0;
        if (HrtimerActive(&process->RealTimer.Timer))
        {
            // One that is due but has not run yet is not off.
            value = Math.Max(1, HrtimerGetRemaining(&process->RealTimer.Timer));
        }

        interval = process->RealTimer.Interval;
    }

    private static HrtimerRestart Expired(Hrtimer* timer)
    {
        var real = (IntervalTimer*)timer;
        Process* process = real->Process;
        ulong flags = process->Lock.LockIrqSave();
        bool useless = (process->Pending.Sent & Signal.Mask(Signal.SIGALRM)) != 0 || Signals.IsIgnored(process, Signal.SIGALRM);
        process->Lock.UnlockIrqRestore(flags);
        Signals.Send(process, Signal.SIGALRM, Signals.FromKernel());
        long interval = Shared.ReadOnce(ref real->Interval);
        if (interval == 0)
        {
            return HrtimerRestart.NoRestart;
        }

        // While the program does not act on it, not more often than the clock ticks: the shortest interval would keep the CPU busy.
        HrtimerForward(timer, KtimeGet() + (useless ? Clock.TickNanoseconds : 0), interval);
        return HrtimerRestart.Restart;
    }
}
