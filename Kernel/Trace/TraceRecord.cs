// TraceRecord: one event, as it lies in a trace ring.
//
// Linux: struct trace_entry and the events of include/trace/events. Plain data. A record is complete when Sequence is its number in the ring plus one; it
// is zero while the record is being written, so a reader that copies it sees whether it was disturbed.

using System.Runtime.InteropServices;

namespace CSharpOS.Tracing;

/// <summary>What happened.</summary>
public enum TraceEvent : ushort
{
    /// <summary>A = line, B and C = address and length of the handler's name.</summary>
    IrqHandlerEntry,

    /// <summary>A = line, B = what the handler returned.</summary>
    IrqHandlerExit,

    /// <summary>A = number.</summary>
    SoftirqRaise,

    /// <inheritdoc cref="SoftirqRaise"/>
    SoftirqEntry,

    /// <inheritdoc cref="SoftirqRaise"/>
    SoftirqExit,

    /// <summary>A = tasklet, B = function.</summary>
    TaskletEntry,

    /// <inheritdoc cref="TaskletEntry"/>
    TaskletExit,

    /// <summary>A = timer, B = function, C = expires.</summary>
    TimerStart,

    /// <summary>A = timer.</summary>
    TimerCancel,

    /// <summary>A = timer, B = function, C = now.</summary>
    TimerExpireEntry,

    /// <inheritdoc cref="TimerCancel"/>
    TimerExpireExit,

    /// <summary>A = timer, B = function, C = expires; Number = mode.</summary>
    HrtimerStart,

    /// <summary>A = timer.</summary>
    HrtimerCancel,

    /// <summary>A = timer, B = function, C = now.</summary>
    HrtimerExpireEntry,

    /// <inheritdoc cref="HrtimerCancel"/>
    HrtimerExpireExit,

    /// <summary>A = work, B = function, C = queue; Number and Other = CPU asked for and CPU.</summary>
    WorkqueueQueueWork,

    /// <summary>A = work.</summary>
    WorkqueueActivateWork,

    /// <summary>A = work, B = function.</summary>
    WorkqueueExecuteStart,

    /// <inheritdoc cref="WorkqueueExecuteStart"/>
    WorkqueueExecuteEnd,

    /// <summary>Name, A = pid, B = priority, C = CPU.</summary>
    SchedWakeup,

    /// <summary>From the running task to Name; A = its pid, B = both priorities, C = state of the running task.</summary>
    SchedSwitch,

    /// <summary>A = lock.</summary>
    ContentionBegin,

    /// <inheritdoc cref="ContentionBegin"/>
    ContentionEnd,
}

/// <summary>One event.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TraceRecord
{
    public ulong Sequence;

    /// <summary>Time stamp counter.</summary>
    public ulong Time;

    public TraceEvent Event;

    /// <summary>1: interrupts off, 2: need_resched.</summary>
    public byte Flags;

    private readonly byte _unused;

    /// <summary>preempt_count when it happened.</summary>
    public int PreemptCount;

    /// <summary>The running task.</summary>
    public int Pid;

    public int Number;
    public fixed byte Comm[TaskName.Size];

    /// <summary>Another task's name.</summary>
    public fixed byte Name[TaskName.Size];

    public ulong A, B, C;
}
