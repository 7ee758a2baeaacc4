// TaskStruct: a task.
//
// Linux: struct task_struct, include/linux/sched.h. Kernel stacks are THREAD_SIZE bytes above a guard page.
// Who may touch what: the scheduling fields (from State to Cpu) belong to the run queue that the task is on and are written under its
// lock, except State, which the task itself sets before it sleeps. The lists of all tasks belong to Tasks.Lock. The rest is the task's own.
// Lifetime: Usage counts references; the last PutTask frees the structure and the stack.

using System.Runtime.InteropServices;

namespace CSharpOS.Sched;

/// <summary>What the kernel knows of one task.</summary>
/// <linux>task_struct</linux>
/// <rows>KT-04</rows>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct TaskStruct
{
    /// <summary>Stack pointer while the task does not run.</summary>
    internal ulong SavedRsp;

    /// <summary>Signals to be acted on: those that are pending, for the task or its process, and that it does not block. Bit n - 1 for signal n.</summary>
    /// <linux>TIF_SIGPENDING</linux>
    internal ulong PendingSignals;

    /// <summary>Lowest byte of the kernel stack.</summary>
    public byte* Stack;

    /// <summary>preempt_count while the task does not run.</summary>
    internal int SavedPreemptCount;

    /// <summary>References. The task itself holds one while it lives.</summary>
    internal Atomic Usage;

    /// <summary>Whether it runs, sleeps, or is dead. Set with <see cref="Scheduler.SetCurrentState"/>.</summary>
    /// <linux>state</linux>
    internal int State;

    /// <summary>Process number.</summary>
    public int Pid;

    /// <summary>Which scheduling policy.</summary>
    public SchedPolicy Policy;

    /// <summary>Priority from nice alone: 100 + 20 + nice; 0-99 for real-time tasks.</summary>
    /// <linux>static_prio</linux>
    internal int StaticPrio;

    /// <summary>Priority with which it stands in the run queue: static priority and the bonus for sleeping.</summary>
    /// <linux>prio</linux>
    internal int Prio;

    /// <summary>1 (low) to 99 (high) for the real-time policies, else 0.</summary>
    /// <linux>rt_priority</linux>
    internal int RtPriority;

    /// <summary>What is left of the time slice, in ticks.</summary>
    /// <linux>time_slice</linux>
    internal int TimeSlice;

    /// <summary>How much it has slept lately, in microseconds: raises the dynamic priority.</summary>
    /// <linux>sleep_avg</linux>
    internal uint SleepAverage;

    /// <summary>When it last went to sleep or began to run, in microseconds.</summary>
    internal ulong Timestamp;

    /// <summary>The array it stands in, null while it is not runnable.</summary>
    internal PriorityArray* Array;

    /// <summary>Link in the array's queue.</summary>
    internal ListHead RunList;

    /// <summary>CPUs it may run on, one bit each.</summary>
    /// <linux>cpus_allowed</linux>
    internal uint CpusAllowed;

    /// <summary>The CPU whose run queue it belongs to.</summary>
    internal int Cpu;

    /// <summary>Ticks it ran.</summary>
    /// <linux>stime</linux>
    public ulong Ticks;

    /// <summary>Switches because it slept or yielded, and because it was preempted.</summary>
    public ulong VoluntarySwitches, InvoluntarySwitches;

    /// <summary>Link in the list of all tasks.</summary>
    internal ListHead AllTasks;

    /// <summary>The task that made it; kthreadd for kernel threads.</summary>
    public TaskStruct* Parent;

    /// <summary>What the thread function returned.</summary>
    internal int ExitCode;

    /// <summary>Bits of <see cref="TaskFlags"/>.</summary>
    internal TaskFlags Flags;

    /// <summary>What kthread_create keeps of it; empty for others.</summary>
    internal KthreadInfo Kthread;

    /// <summary>What a kernel thread began with; null for a program.</summary>
    internal void* ThreadFunction;

    /// <summary>Where objects of new are noted, so that they can be freed: while the task starts a module. Else null: they stay for good.</summary>
    internal ManagedBlock** NewBlocks;

    /// <summary>Where a fault in this task unwinds to: the innermost <see cref="Init.Recovery.Call"/>.</summary>
    internal void* RecoveryPoint;

    /// <summary>Signals that a kernel thread lets through (allow_signal), one bit each.</summary>
    internal ulong AllowedSignals;

    /// <summary>The address space; null for kernel threads.</summary>
    /// <linux>mm</linux>
    public MmStruct* Mm;

    /// <summary>Guards <see cref="Mm"/>, <see cref="Files"/> and <see cref="FsInfo"/> against those who look from outside.</summary>
    /// <linux>alloc_lock</linux>
    internal SpinLock MmLock;

    /// <summary>Segment registers, thread-local storage, floating point.</summary>
    /// <linux>thread</linux>
    public UserContext User;

    /// <summary>The process: what all threads of a thread group share; null for kernel threads.</summary>
    /// <linux>signal</linux>
    public Processes.Process* Process;

    /// <summary>Signals of this thread alone.</summary>
    internal Processes.TaskSignals Signals;

    /// <summary>Number of the process: the pid of its first thread.</summary>
    /// <linux>tgid</linux>
    public int Tgid;

    /// <summary>Where a new thread writes its number.</summary>
    /// <linux>set_child_tid</linux>
    internal int* SetChildTid;

    /// <summary>Where the kernel writes 0 and wakes a futex when the thread ends.</summary>
    /// <linux>clear_child_tid</linux>
    internal int* ClearChildTid;

    /// <summary>Link in <see cref="Processes.Process.Threads"/>.</summary>
    /// <linux>thread_group</linux>
    internal ListHead ThreadLink;

    /// <summary>Link of a leader in the list of all processes.</summary>
    internal ListHead ProcessLink;

    /// <summary>The call that restart_syscall goes on with.</summary>
    /// <linux>restart_block</linux>
    internal Syscalls.RestartBlock Restart;

    /// <summary>Told when a vfork child lets go of its parent's memory.</summary>
    /// <linux>vfork_done</linux>
    internal Completion* VforkDone;

    /// <summary>Ticks in user mode; the others are in <see cref="Ticks"/> too.</summary>
    /// <linux>utime</linux>
    public ulong UserTicks;

    /// <summary>When it was made, in microseconds since boot.</summary>
    /// <linux>start_time</linux>
    public ulong StartTime;

    /// <summary>Its file descriptors; null for kernel threads. Set by the task itself.</summary>
    /// <linux>files</linux>
    internal FilesStruct* Files;

    /// <summary>Its root, working directory and umask; null: the root of all.</summary>
    /// <linux>fs</linux>
    internal FsStruct* FsInfo;

#if DEBUG_CHECKS
    /// <summary>The locks it holds.</summary>
    internal HeldLocks Held;
#endif

    /// <summary>Name, UTF-8, ended by a zero byte.</summary>
    public fixed byte Comm[TaskName.Size];

    /// <summary>The name as a span.</summary>
    /// <linux>comm</linux>
    public readonly ReadOnlySpan<byte> Name
    {
        get
        {
            fixed (byte* name = Comm)
            {
                int length = 0;
                while (length < TaskName.Size - 1 && name[length] != 0)
                {
                    length++;
                }

                return new ReadOnlySpan<byte>(name, length);
            }
        }
    }

    /// <summary>True for the idle task of a CPU.</summary>
    internal readonly bool IsIdle => (Flags & TaskFlags.Idle) != 0;

    /// <summary>nice, -20 to 19.</summary>
    /// <linux>task_nice</linux>
    public readonly int Nice => StaticPrio - Priority.MaxRealTime - 20;
}

/// <summary>The size of a task's name.</summary>
public static class TaskName
{
    /// <summary>Bytes, the zero byte included.</summary>
    /// <linux>TASK_COMM_LEN</linux>
    public const int Size = 16;
}

/// <summary>What a task is doing.</summary>
[Flags]
public enum TaskState
{
    /// <summary>Runs or wants to.</summary>
    Running = 0,

    /// <summary>Sleeps until woken or signalled.</summary>
    Interruptible = 1,

    /// <summary>Sleeps until woken.</summary>
    Uninterruptible = 2,

    /// <summary>Made, never yet started.</summary>
    Stopped = 4,

    /// <summary>Has ended; only its memory is left.</summary>
    Dead = 64,
}

/// <summary>Scheduling policies with Linux's numbers.</summary>
public enum SchedPolicy
{
    /// <summary>Time sharing by nice.</summary>
    /// <linux>SCHED_NORMAL</linux>
    Normal = 0,

    /// <summary>Real time: runs until it sleeps or yields.</summary>
    /// <linux>SCHED_FIFO</linux>
    Fifo = 1,

    /// <summary>Real time with time slices among equals.</summary>
    /// <linux>SCHED_RR</linux>
    RoundRobin = 2,
}

/// <summary>Lasting properties of a task.</summary>
[Flags]
public enum TaskFlags
{
    None = 0,

    /// <summary>The idle task of a CPU.</summary>
    Idle = 1,

    /// <summary>A kernel thread.</summary>
    /// <linux>PF_KTHREAD</linux>
    KernelThread = 2,

    /// <summary>Bound to its CPU for good.</summary>
    /// <linux>PF_THREAD_BOUND</linux>
    Bound = 4,

    /// <summary>On its way out.</summary>
    /// <linux>PF_EXITING</linux>
    Exiting = 8,
}
