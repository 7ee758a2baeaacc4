// Tasklet: scheduling tasklets.
//
// Linux: tasklet_schedule, tasklet_hi_schedule, tasklet_init of kernel/softirq.c. Any context but an NMI; nothing here sleeps. No locks: a list belongs to
// its CPU, which changes it with interrupts off; the state of a tasklet is changed by atomic operations.
// Invariants:
// - Scheduled is set exactly while the tasklet is on one list of one CPU, or on its way there or from there. Whoever sets it owns Next.
// - A list that is not empty has its softirq pending, or is being run.

using System.Runtime.CompilerServices;

namespace CSharpOS.Softirqs;

/// <summary>Tasklets: softirqs for everybody. Made at run time, as many as wanted, and one by itself never runs on two CPUs at once.</summary>
/// <rows>TASKLET-02</rows>
public static unsafe partial class Tasklet
{
    private static PerCpu<TaskletHead> s_vec;
    private static PerCpu<TaskletHead> s_hiVec;

    /// <summary>No tasklet is scheduled; the two softirqs are theirs. Once, at boot, after <see cref="Softirq.Init"/>.</summary>
    /// <linux>softirq_init</linux>
    internal static void Init()
    {
        s_vec = PerCpu<TaskletHead>.Allocate();
        s_hiVec = PerCpu<TaskletHead>.Allocate();
#if DEBUG_CHECKS
        TaskletTracker.Init();
#endif
        OpenSoftirq(TaskletSoftirq, &TaskletAction);
        OpenSoftirq(HiSoftirq, &TaskletHiAction);
    }

    /// <summary>Prepares a tasklet made at run time: enabled, not scheduled. Any context.</summary>
    /// <param name="tasklet">Memory that stays valid until it is killed.</param>
    /// <param name="func">What runs: with interrupts on, in a softirq; it may not sleep.</param>
    /// <param name="data">Its argument.</param>
    /// <linux>tasklet_init</linux>
    /// <rows>TASKLET-01</rows>
    public static void TaskletInit(TaskletStruct* tasklet, delegate*<ulong, void> func, ulong data) =>
        *tasklet = TaskletStruct.DeclareTasklet(func, data);

    /// <summary>Has the tasklet run once, soon, on this CPU. If it is scheduled already, nothing changes; if it runs just now, it runs again. Of
    /// several the last scheduled runs first. Any context but an NMI.</summary>
    /// <linux>tasklet_schedule</linux>
    /// <rows>TASKLET-02</rows>
    public static void TaskletSchedule(TaskletStruct* tasklet)
    {
        if (TakeToSchedule(tasklet))
        {
            __TaskletSchedule(tasklet);
        }
    }

    /// <summary>The same, before all ordinary tasklets and all other softirqs.</summary>
    /// <linux>tasklet_hi_schedule</linux>
    /// <rows>TASKLET-02</rows>
    public static void TaskletHiSchedule(TaskletStruct* tasklet)
    {
        if (TakeToSchedule(tasklet))
        {
            __TaskletHiSchedule(tasklet);
        }
    }

    /// <summary>Puts a tasklet whose Scheduled bit the caller has set at the head of this CPU's list.</summary>
    /// <linux>__tasklet_schedule</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void __TaskletSchedule(TaskletStruct* tasklet)
    {
        ulong flags = LocalIrqSave();
        Put(s_vec.This, tasklet);
        RaiseSoftirqIrqoff(TaskletSoftirq);
        LocalIrqRestore(flags);
    }

    /// <summary>The same for the list of urgent ones.</summary>
    /// <linux>__tasklet_hi_schedule</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void __TaskletHiSchedule(TaskletStruct* tasklet)
    {
        ulong flags = LocalIrqSave();
        Put(s_hiVec.This, tasklet);
        RaiseSoftirqIrqoff(HiSoftirq);
        LocalIrqRestore(flags);
    }

    // Sets Scheduled. True for the one caller who did it and must put the tasklet on a list; false if it is on one, or being killed. A kill that begins
    // between the two steps waits for the run that this leads to.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TakeToSchedule(TaskletStruct* tasklet) =>
        Shared.CompareExchange(ref tasklet->State, (int)TaskletState.Scheduled, 0) == 0 || TakeFromOthers(tasklet);

    // One that is not idle: it is scheduled, runs, or is being killed.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TakeFromOthers(TaskletStruct* tasklet) =>
        (Shared.ReadOnce(ref tasklet->State) & (int)TaskletState.Killed) == 0
        && !Shared.TestAndSetBit((int)TaskletState.ScheduledBit, ref tasklet->State);

    // Interrupts off.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(TaskletHead* head, TaskletStruct* tasklet)
    {
#if DEBUG_CHECKS
        TaskletTracker.Add(tasklet);
#endif
        tasklet->Next = head->First;
        head->First = tasklet;
    }

    /// <summary>The tasklets scheduled on one CPU, the last scheduled first.</summary>
    /// <linux>tasklet_head</linux>
    private struct TaskletHead
    {
        public TaskletStruct* First;
    }
}
