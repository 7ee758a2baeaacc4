// LogLevel: how important a message is.
//
// Linux: KERN_EMERG ... KERN_DEBUG, include/linux/kernel.h, same numbers. Constants only.

namespace CSharpOS.Log;

/// <summary>The eight levels of <see cref="KernelLog.Printk(LogLevel, ref TextHandler)"/>; the smaller, the more urgent.</summary>
/// <rows>LOG-01</rows>
public enum LogLevel
{
    /// <summary>The machine is unusable.</summary>
    /// <linux>KERN_EMERG</linux>
    Emergency = 0,

    /// <summary>Something must be done at once.</summary>
    /// <linux>KERN_ALERT</linux>
    Alert = 1,

    /// <linux>KERN_CRIT</linux>
    Critical = 2,

    /// <linux>KERN_ERR</linux>
    Error = 3,

    /// <summary>The level of a message that names none.</summary>
    /// <linux>KERN_WARNING</linux>
    Warning = 4,

    /// <linux>KERN_NOTICE</linux>
    Notice = 5,

    /// <linux>KERN_INFO</linux>
    Info = 6,

    /// <summary>Kept in the ring; a console shows it only with <c>debug</c> on the command line.</summary>
    /// <linux>KERN_DEBUG</linux>
    Debug = 7,
}
