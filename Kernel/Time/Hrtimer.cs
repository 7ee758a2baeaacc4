// Hrtimer: one high-resolution timer, which lies inside the object that it serves.
//
// Linux: struct hrtimer, include/linux/hrtimer.h (2.6.21). The user fills Function after HrtimerInit and leaves the rest alone. Lock: that of the base to
// which Base points (Hrtimers.LockBase).
// Invariant: a timer is in its base's tree (Enqueued), in its base's list of those whose softirq is due (Pending), or in neither (Inactive), never in two.

namespace CSharpOS.Time;

/// <summary>What becomes of a timer after its function.</summary>
/// <linux>hrtimer_restart</linux>
public enum HrtimerRestart
{
    /// <summary>Nothing: it is inactive. The function may have freed it.</summary>
    /// <linux>HRTIMER_NORESTART</linux>
    NoRestart,

    /// <summary>It is armed again for the time that the function has set with <see cref="Hrtimers.HrtimerForward"/>.</summary>
    /// <linux>HRTIMER_RESTART</linux>
    Restart,
}

/// <summary>How a time is meant.</summary>
/// <linux>hrtimer_mode</linux>
public enum HrtimerMode
{
    /// <summary>A point in time, compared with <see cref="Clock.KtimeGet"/>.</summary>
    /// <linux>HRTIMER_MODE_ABS</linux>
    Abs,

    /// <summary>From now.</summary>
    /// <linux>HRTIMER_MODE_REL</linux>
    Rel,
}

/// <summary>Where a timer's function runs.</summary>
/// <linux>hrtimer_cb_mode</linux>
public enum HrtimerCallbackMode
{
    /// <summary>In HRTIMER_SOFTIRQ, interrupts on.</summary>
    /// <linux>HRTIMER_CB_SOFTIRQ</linux>
    Softirq,

    /// <summary>In the clock's hard interrupt, interrupts off.</summary>
    /// <linux>HRTIMER_CB_IRQSAFE</linux>
    HardIrq,
}

/// <summary>A function that is to be called at a certain nanosecond. Zeroed memory is not a timer yet: <see cref="Hrtimers.HrtimerInit"/>.</summary>
/// <linux>hrtimer</linux>
/// <rows>TIME-06</rows>
public unsafe struct Hrtimer
{
    internal RbNode Node;

    // The next one whose softirq is due.
    internal ListHead Link;

    /// <summary>When it is due, by <see cref="Clock.KtimeGet"/>.</summary>
    /// <linux>hrtimer_get_expires</linux>
    public long Expires { get; internal set; }

    /// <summary>Called with the timer, on the CPU where it was started. Must not sleep.</summary>
    public delegate*<Hrtimer*, HrtimerRestart> Function;

    /// <summary>In which context.</summary>
    public HrtimerCallbackMode CallbackMode;

    internal HrtimerState State;
    internal HrtimerBase* Base;

    internal static HrtimerBase* Moving => (HrtimerBase*)1;
}

/// <summary>In which list a timer is.</summary>
internal enum HrtimerState
{
    Inactive,
    Enqueued,
    Pending,
}
