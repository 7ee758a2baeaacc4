// Clocks: the clocks that programs name by number.
//
// Linux: kernel/posix-timers.c. Any context; Set: process context of a program. Lock: none of its own; Set walks the tree of processes under its lock.

namespace CSharpOS.Syscalls;

/// <summary>The clocks of clock_gettime and its like.</summary>
/// <rows>TIME-06</rows>
internal static unsafe class Clocks
{
    /// <linux>CLOCK_REALTIME</linux>
    internal const int Realtime = 0;

    /// <linux>TIMER_ABSTIME</linux>
    internal const int TimerAbsolute = 1;

    /// <linux>CLOCK_MONOTONIC</linux>
    internal const int Monotonic = 1;

    private const int ProcessTime = 2, ThreadTime = 3, MonotonicRaw = 4, RealtimeCoarse = 5, MonotonicCoarse = 6, Boottime = 7;
    private const long Second = 1_000_000_000;

    /// <summary>A clock's time in nanoseconds, or -EINVAL.</summary>
    internal static long Read(int clock) => clock switch
    {
        Realtime or RealtimeCoarse => Now(),
        Monotonic or MonotonicRaw or MonotonicCoarse or Boottime => KtimeGet(),
        ThreadTime => (long)Current->Ticks * (Second / HZ),
        ProcessTime => (long)ProcessTicks() * (Second / HZ),
        _ => -EINVAL,
    };

    /// <summary>True for clocks that one can sleep and have timers by.</summary>
    internal static bool CanWait(int clock) => clock is Realtime or Monotonic or Boottime;

    /// <summary>The time of day, in nanoseconds since 1970.</summary>
    internal static long Now() => (Xtime.Seconds * Second) + Xtime.Nanoseconds;

    /// <summary>What to add to a time of day for the time of KtimeGet at which the time of day, as programs read it, is not before that: it counts in
    /// ticks, and may be up to one behind.</summary>
    internal static long RealtimeShift() => KtimeGet() - Now() + Clock.TickNanoseconds;

    /// <summary>A time of day as a time of KtimeGet; the end of all time if it does not fit.</summary>
    internal static long FromRealtime(long time)
    {
        long shift = RealtimeShift();
        return shift > 0 && time > long.MaxValue - shift ? long.MaxValue : time + shift;
    }

    /// <summary>Sets the time of day for a program: 0, -EINVAL or -EPERM.</summary>
    internal static long Set(bool valid, long seconds, long nanoseconds) =>
        !valid ? -EINVAL : Capabilities.Capable(Capability.SysTime) ? SetXtime(seconds, nanoseconds) : -EPERM;

    /// <summary>Sets the time of day, and timers for a time of day by it. 0 or -EINVAL.</summary>
    internal static long SetXtime(long seconds, long nanoseconds)
    {
        int error = Clock.SetXtime(seconds, nanoseconds);
        if (error != 0)
        {
            return error;
        }

        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        for (Process* process = ProcessTree.Next(null); process != null; process = ProcessTree.Next(process))
        {
            process->Lock.Lock();
            PosixTimers.ClockWasSet(process, RealtimeShift());
            process->Lock.Unlock();
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        return 0;
    }

    private static ulong ProcessTicks()
    {
        Process* process = Current->Process;
        process->Lock.LockIrq();
        ulong ticks = process->UserTicks + process->SystemTicks;
        for (ListHead* link = process->Threads.Next; link != &process->Threads; link = link->Next)
        {
            ticks += Threads.Of(link)->Ticks;
        }

        process->Lock.UnlockIrq();
        return ticks;
    }
}
