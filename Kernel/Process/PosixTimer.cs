// PosixTimer: one timer that a program has made with timer_create.
//
// Linux: struct k_itimer, include/linux/posix-timers.h. Lock: the process's Lock, with interrupts off. The hrtimer lies first: its function gets from one
// to the other. Lifetime: until timer_delete, execve or the end of the process; whoever frees it has taken it out of the process's list, out of the
// list of pending signals, and has waited for the hrtimer's function.

namespace CSharpOS.Processes;

/// <summary>A POSIX timer.</summary>
/// <linux>k_itimer</linux>
internal unsafe struct PosixTimer
{
    internal Hrtimer Timer;

    /// <summary>Whose it is, and the next one of that process, which has a higher number.</summary>
    internal Process* Process;
    internal PosixTimer* Next;

    /// <summary>Its number in that process.</summary>
    /// <linux>it_id</linux>
    internal int Id;

    /// <summary>The program has been told the number: before that nobody finds it.</summary>
    internal bool Ready;

    /// <summary>It is about to be freed: it sends nothing any more.</summary>
    internal bool Deleted;

    /// <summary>One of the clock_* calls' clocks.</summary>
    /// <linux>it_clock</linux>
    internal int Clock;

    /// <summary>The signal that it sends, 0 for none, and what the handler is told.</summary>
    /// <linux>sigev_signo, sigev_value</linux>
    internal int Signo;
    internal ulong Value;

    /// <summary>The thread that gets the signal, held; null: the process.</summary>
    /// <linux>SIGEV_THREAD_ID</linux>
    internal TaskStruct* Thread;

    /// <summary>Its time is still to come, or will come again.</summary>
    internal bool Armed;

    /// <summary>Nanoseconds; 0: once.</summary>
    /// <linux>it.real.interval</linux>
    internal long Interval;

    /// <summary>It is for a time of day, which is this much less than KtimeGet's time, and changes when the clock is set.</summary>
    internal bool FollowsWall;
    internal long Shift;

    /// <summary>The list of pending signals that it is in, and the next one there; null: in none.</summary>
    internal SigPending* Pending;
    internal PosixTimer* NextPending;

    /// <summary>Expiries of which no signal told, up to now; and up to the last signal that was acted on.</summary>
    /// <linux>it_overrun, it_overrun_last</linux>
    internal ulong Overruns;
    internal int LastOverruns;
}
