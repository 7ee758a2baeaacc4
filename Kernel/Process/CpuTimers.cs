// CpuTimers: signals after so much time of the processor: SIGVTALRM for time in user mode, SIGPROF for all of it.
//
// Linux: ITIMER_VIRTUAL and ITIMER_PROF, kernel/itimer.c, update_process_times. Set and Get: process context. Tick: the clock's interrupt, interrupts off. Lock: the
// process's Lock. Time is counted in ticks, over all threads: whoever runs when the clock ticks has used that tick.

namespace CSharpOS.Processes;

/// <summary>One such timer, in ticks; 0: off.</summary>
internal struct CpuTimer
{
    internal long Left;
    internal long Interval;
}

/// <summary>setitimer(ITIMER_VIRTUAL) and setitimer(ITIMER_PROF).</summary>
/// <rows>TIME-06</rows>
internal static unsafe class CpuTimers
{
    /// <summary>A tick of a thread of <paramref name="process"/>, which runs on this CPU and has not begun to end.</summary>
    internal static void Tick(Process* process, bool userMode)
    {
        bool counts = Shared.ReadOnce(ref process->ProfTimer.Left) != 0 || (userMode && Shared.ReadOnce(ref process->VirtualTimer.Left) != 0);
        if (!counts)
        {
            return;
        }

        process->Lock.Lock();
        bool whole = Count(ref process->ProfTimer);
        bool user = userMode && Count(ref process->VirtualTimer);
        process->Lock.Unlock();
        if (whole)
        {
            Signals.Send(process, Signal.SIGPROF, Signals.FromKernel());
        }

        if (user)
        {
            Signals.Send(process, Signal.SIGVTALRM, Signals.FromKernel());
        }
    }

    /// <summary>Sets a timer to <paramref name="value"/> nanoseconds from now, 0 for off, then every <paramref name="interval"/>: never early, so the tick that
    /// has begun already does not count.</summary>
    internal static void Set(Process* process, ref CpuTimer timer, long value, long interval, out long oldValue, out long oldInterval)
    {
        process->Lock.LockIrq();
        Read(timer, out oldValue, out oldInterval);
        timer.Interval = value == 0 ? 0 : Ticks(interval);
        Shared.WriteOnce(ref timer.Left, value == 0 ? 0 : Ticks(value) + 1);
        process->Lock.UnlockIrq();
    }

    /// <summary>What is left, in nanoseconds, and the interval.</summary>
    internal static void Get(Process* process, ref CpuTimer timer, out long value, out long interval)
    {
        process->Lock.LockIrq();
        Read(timer, out value, out interval);
        process->Lock.UnlockIrq();
    }

    private static void Read(in CpuTimer timer, out long value, out long interval)
    {
        value = timer.Left == 0 ? 0 : Nanoseconds(Math.Max(1, timer.Left - 1));
        interval = Nanoseconds(timer.Interval);
    }

    private static bool Count(ref CpuTimer timer)
    {
        if (timer.Left == 0 || --timer.Left != 0)
        {
            return false;
        }

        timer.Left = timer.Interval;
        return true;
    }

    private static long Nanoseconds(long ticks) => ticks > long.MaxValue / Clock.TickNanoseconds ? long.MaxValue : ticks * Clock.TickNanoseconds;

    private static long Ticks(long nanoseconds) => (nanoseconds / Clock.TickNanoseconds) + (nanoseconds % Clock.TickNanoseconds != 0 ? 1 : 0);
}
