// WorkqueueStruct: a work queue, its part on each CPU, and its workers.
//
// Linux: struct workqueue_struct and cpu_workqueue_struct, kernel/workqueue.c. A queue has a CpuWorkqueueStruct for every CPU, each with one worker
// bound there; a single-threaded or unbound queue has one for all CPUs, and an unbound one may have several workers.
// Lock: each CpuWorkqueueStruct's own, taken with interrupts off, guards everything in it and the Running of its workers; the locks of its wait queues
// and the run queues' nest inside. Invariant: Worklist is in the order of Sequence.

using System.Runtime.InteropServices;

namespace CSharpOS.Workqueues;

/// <summary>A work queue.</summary>
/// <linux>workqueue_struct</linux>
/// <rows>WORK-01</rows>
public unsafe struct WorkqueueStruct
{
    internal const int NameSize = 40;

    /// <summary>One for every CPU, or one for all if <see cref="IsShared"/>.</summary>
    internal CpuWorkqueueStruct* CpuWq;

    internal int CpuCount;

    /// <summary>Link in the list of all work queues.</summary>
    internal ListHead List;

    internal WorkqueueFlags Flags;

    /// <summary>Most workers of an unbound queue; 1 for others: one per CPU.</summary>
    internal int MaxActive;

    internal fixed byte NameBytes[NameSize];

    /// <summary>The name as a span.</summary>
    public readonly ReadOnlySpan<byte> Name
    {
        get
        {
            fixed (byte* name = NameBytes)
            {
                int length = 0;
                while (length < NameSize && name[length] != 0)
                {
                    length++;
                }

                return new ReadOnlySpan<byte>(name, length);
            }
        }
    }

    /// <summary>True if all CPUs put their works into one list.</summary>
    /// <linux>singlethread</linux>
    internal readonly bool IsShared => (Flags & (WorkqueueFlags.SingleThread | WorkqueueFlags.Unbound)) != 0;

    /// <linux>freezeable</linux>
    internal readonly bool IsFreezable => (Flags & WorkqueueFlags.Freezable) != 0;

    /// <summary>The part that CPU <paramref name="cpu"/> puts its works into.</summary>
    /// <linux>wq_per_cpu</linux>
    internal static CpuWorkqueueStruct* PerCpu(WorkqueueStruct* wq, int cpu) => wq->IsShared ? wq->CpuWq : wq->CpuWq + cpu;
}

/// <summary>What a work queue is to be like.</summary>
[Flags]
public enum WorkqueueFlags
{
    /// <summary>One worker on every CPU.</summary>
    None = 0,

    /// <summary>One worker for the whole machine: works never run at the same time.</summary>
    SingleThread = 1,

    /// <summary>Workers that run on any CPU, as many as max_active.</summary>
    /// <linux>WQ_UNBOUND</linux>
    Unbound = 2,

    /// <summary>Stops between freeze and thaw.</summary>
    /// <linux>WQ_FREEZABLE</linux>
    Freezable = 4,

    /// <summary>Workers of nice -20.</summary>
    /// <linux>WQ_HIGHPRI</linux>
    HighPriority = 16,

    /// <summary>Unbound if the boot option <c>workqueue.power_efficient</c> is set: an idle CPU is not woken for works.</summary>
    /// <linux>WQ_POWER_EFFICIENT</linux>
    PowerEfficient = 128,

    /// <summary>Workers with a real-time priority.</summary>
    /// <linux>create_rt_workqueue</linux>
    RealTime = 256,
}

/// <summary>A work queue's part on one CPU.</summary>
/// <linux>cpu_workqueue_struct</linux>
/// <rows>WORK-01</rows>
[StructLayout(LayoutKind.Sequential, Size = 192)]
public unsafe struct CpuWorkqueueStruct
{
    internal SpinLock Lock;

    /// <summary>Whose part it is; -1: that of all.</summary>
    internal int Cpu;

    internal ListHead Worklist;

    /// <summary>Workers that sleep for want of works, the one that has slept longest first.</summary>
    /// <linux>idle_list</linux>
    internal ListHead IdleWorkers;

    /// <summary>Those who wait for works to be done: see Workqueue.Wait.cs.</summary>
    internal ListHead Waiters;

    internal int WorkerCount;

    /// <summary>The number of the work that is queued next; the first is 1.</summary>
    internal ulong NextSequence;

    internal ulong Executed;
    internal ListHead Workers;
    internal WorkqueueStruct* Wq;
}

/// <summary>A worker thread.</summary>
/// <linux>worker</linux>
internal unsafe struct Worker
{
    public ListHead Link;

    /// <summary>In the list of idle workers, or empty. Who wakes the worker takes it off.</summary>
    public ListHead IdleLink;

    public CpuWorkqueueStruct* Cwq;
    public TaskStruct* Thread;

    /// <summary>The work being done; null while idle.</summary>
    public RunningWork* Running;

    public int RunDepth;
}

/// <summary>A work being done, on its worker's stack. A handler that flushes its own queue runs others inside of itself.</summary>
internal unsafe struct RunningWork
{
    public RunningWork* Outer;
    public WorkStruct* Work;
    public delegate*<WorkStruct*, void> Function;
    public ulong Sequence;
}
