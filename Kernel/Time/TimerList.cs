// TimerList: one timer, which lies inside the object that it serves.
//
// Linux: struct timer_list, include/linux/timer.h. The user fills Expires, Function and Data before AddTimer and leaves the rest alone; after
// that Expires is changed by ModTimer only. Lock: that of the base to which Base points (Timers.LockBase).
// Invariants: Link.Next is null exactly while the timer is inactive. Base is null before InitTimer, Moving while a CPU carries the timer from one
// base to another, else one of the per-CPU bases.

using System.Runtime.CompilerServices;

namespace CSharpOS.Time;

/// <summary>A function that is to be called at a certain tick. Zeroed memory is not a timer yet: <see cref="Timers.InitTimer"/>.</summary>
/// <linux>timer_list</linux>
/// <rows>TIME-02</rows>
public unsafe struct TimerList
{
    internal ListHead Link;

    /// <summary>The first tick at which the function may run, compared with <see cref="Clock.Jiffies"/>; wraps as that does.</summary>
    public uint Expires;

    /// <summary>Called with <see cref="Data"/>, as a softirq, interrupts on, on the CPU where the timer was added. Must not sleep. The timer is
    /// inactive by then: the function may arm it again or free it.</summary>
    public delegate*<ulong, void> Function;

    /// <summary>The function's only argument: a number, or a pointer to what the timer serves.</summary>
    public ulong Data;

    internal TimerBase* Base;

    /// <summary>What Base holds while the timer belongs to nobody.</summary>
    internal static TimerBase* Moving
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (TimerBase*)1;
    }
}
