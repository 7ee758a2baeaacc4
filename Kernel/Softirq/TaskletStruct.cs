// TaskletStruct: a tasklet.
//
// Linux: struct tasklet_struct, DECLARE_TASKLET, include/linux/interrupt.h. Who owns what: Next belongs to whoever set Scheduled until it is cleared again
// (Tasklet.Run.cs); State and Count are shared and changed by atomic operations only; Func and Data never change while it may run.

namespace CSharpOS.Softirqs;

/// <summary>A function that runs soon after it was scheduled, with interrupts on, never on two CPUs at once. Zero is a tasklet without a function:
/// <see cref="Tasklet.TaskletInit"/>, or one of the two declarations here.</summary>
/// <linux>tasklet_struct</linux>
/// <rows>TASKLET-01</rows>
public unsafe struct TaskletStruct
{
    /// <summary>The next one of the CPU's list, while it is scheduled.</summary>
    internal TaskletStruct* Next;

    /// <summary>Bits of <see cref="TaskletState"/>; 0 when it is idle.</summary>
    internal int State;

    /// <summary>How often it is disabled: it runs only while this is zero.</summary>
    internal Atomic Count;

    /// <summary>What runs.</summary>
    public delegate*<ulong, void> Func;

    /// <summary>The argument of the function.</summary>
    public ulong Data;

#if DEBUG_CHECKS
    /// <summary>The CPU that runs it, while it is running.</summary>
    internal int RunningCpu;

    /// <summary>Its place in <see cref="TaskletTracker"/> while it is scheduled.</summary>
    internal int TrackerSlot;
#endif

    /// <summary>An enabled tasklet, as the initial value of a static:
    /// <c>private static TaskletStruct s_tasklet = TaskletStruct.DeclareTasklet(&amp;Handler, 0);</c></summary>
    /// <param name="func">What runs.</param>
    /// <param name="data">Its argument.</param>
    /// <linux>DECLARE_TASKLET</linux>
    /// <rows>TASKLET-01</rows>
    public static TaskletStruct DeclareTasklet(delegate*<ulong, void> func, ulong data) => new() { Func = func, Data = data };

    /// <summary>The same, disabled: it runs only after <see cref="Tasklet.TaskletEnable"/>.</summary>
    /// <param name="func">What runs.</param>
    /// <param name="data">Its argument.</param>
    /// <linux>DECLARE_TASKLET_DISABLED</linux>
    /// <rows>TASKLET-01</rows>
    public static TaskletStruct DeclareTaskletDisabled(delegate*<ulong, void> func, ulong data) =>
        new() { Func = func, Data = data, Count = new Atomic(1) };

    /// <summary>True from being scheduled until it begins to run.</summary>
    /// <linux>TASKLET_STATE_SCHED</linux>
    public bool IsScheduled => (Shared.ReadOnce(ref State) & (int)TaskletState.Scheduled) != 0;

    /// <summary>True while it runs. Builds for one CPU do not keep this.</summary>
    /// <linux>TASKLET_STATE_RUN</linux>
    public bool IsRunning => (Shared.ReadOnce(ref State) & (int)TaskletState.Running) != 0;
}

/// <summary>What a tasklet is doing: bits of its state.</summary>
[Flags]
public enum TaskletState
{
    /// <summary>On a CPU's list, to be run.</summary>
    /// <linux>TASKLET_STATE_SCHED</linux>
    Scheduled = 1 << ScheduledBit,

    /// <summary>Running on some CPU: keeps the others from running it too.</summary>
    /// <linux>TASKLET_STATE_RUN</linux>
    Running = 1 << RunningBit,

    /// <summary>Somebody is in <see cref="Tasklet.TaskletKill"/>: until that returns it cannot be scheduled.</summary>
    Killed = 1 << KilledBit,

    /// <summary>Number of the bit <see cref="Scheduled"/>.</summary>
    ScheduledBit = 0,

    /// <summary>Number of the bit <see cref="Running"/>.</summary>
    RunningBit = 1,

    /// <summary>Number of the bit <see cref="Killed"/>.</summary>
    KilledBit = 2,
}
