// SoftirqNr: the softirqs there are.
//
// Linux: the enum in include/linux/interrupt.h. The number is the priority: of the pending ones the lowest runs first. A new softirq is one line here;
// most likely its place is between BlockSoftirq and TaskletSoftirq. Constants only, no code.

using CSharpOS.Runtime;

namespace CSharpOS.Softirqs;

/// <summary>The softirqs, most urgent first.</summary>
/// <rows>SIRQ-01 SIRQ-10</rows>
[PrintNames]
public enum SoftirqNr
{
    /// <summary>High-priority tasklets.</summary>
    /// <linux>HI_SOFTIRQ</linux>
    HiSoftirq,

    /// <summary>Timers.</summary>
    /// <linux>TIMER_SOFTIRQ</linux>
    TimerSoftirq,

    /// <summary>Packets to send.</summary>
    /// <linux>NET_TX_SOFTIRQ</linux>
    NetTxSoftirq,

    /// <summary>Packets received.</summary>
    /// <linux>NET_RX_SOFTIRQ</linux>
    NetRxSoftirq,

    /// <summary>Block device requests that are done.</summary>
    /// <linux>BLOCK_SOFTIRQ</linux>
    BlockSoftirq,

    /// <summary>Tasklets.</summary>
    /// <linux>TASKLET_SOFTIRQ</linux>
    TaskletSoftirq,

    /// <summary>Load balancing.</summary>
    /// <linux>SCHED_SOFTIRQ</linux>
    SchedSoftirq,

    /// <summary>High-resolution timers.</summary>
    /// <linux>HRTIMER_SOFTIRQ</linux>
    HrtimerSoftirq,

    /// <summary>RCU callbacks: after everything that may have used what they free.</summary>
    /// <linux>RCU_SOFTIRQ</linux>
    RcuSoftirq,
}

/// <summary>The rules of the list. One that is broken is a build error: "constant value '-1' cannot be converted to a 'byte'".</summary>
/// <rows>SIRQ-10</rows>
internal static class SoftirqOrder
{
    internal const byte HiSoftirqIsFirst = SoftirqNr.HiSoftirq == 0 ? 1 : -1;
    internal const byte RcuSoftirqIsLast = (int)SoftirqNr.RcuSoftirq == SoftirqNrNames.Count - 1 ? 1 : -1;
    internal const byte TheyFitIntoThePendingMask = SoftirqNrNames.Count <= Softirq.NrSoftirqs ? 1 : -1;
}
