// Process: what the threads of a process share besides memory and files.
//
// Linux: struct signal_struct and sighand_struct, include/linux/sched.h. A process is a thread group: its number is that of its first thread, the leader,
// whose task stays in the table of tasks until the parent has waited for it.
// Locks: the tree (Parent, Children, Threads, group and session numbers, State) is guarded by ProcessTree.TreeLock; signals and handlers by Lock, with interrupts off: a
// signal may come from an interrupt. Order: TreeLock, Lock, a run queue's lock.
// Lifetime: References: the process itself until it has been waited for, and whoever holds it meanwhile.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;


namespace CSharpOS.Processes;

/// <summary>How far a process is.</summary>
internal enum ProcessState
{
    Alive,

    /// <summary>Ended, not yet waited for.</summary>
    /// <linux>EXIT_ZOMBIE</linux>
    Zombie,

    /// <summary>Waited for.</summary>
    /// <linux>EXIT_DEAD</linux>
    Reaped,
}

/// <summary>A process.</summary>
/// <linux>signal_struct</linux>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Process
{
    internal Atomic References;
    internal SpinLock Lock;

    /// <summary>The first thread. Its pid is the process's.</summary>
    /// <linux>group_leader</linux>
    public TaskStruct* Leader;

    /// <summary>Its threads that have not ended, <see cref="TaskStruct.ThreadLink"/>.</summary>
    internal ListHead Threads;
    internal int ThreadCount;
    internal ProcessState State;

    /// <summary>Who waits for it; null for pid 1.</summary>
    /// <linux>real_parent</linux>
    public Process* Parent;
    internal ListHead Children, Sibling;

    /// <summary>Where threads wait for children; also for the end of the other threads at execve.</summary>
    /// <linux>wait_chldexit</linux>
    internal WaitQueueHead ChildExit;

    /// <summary>Process group and session.</summary>
    /// <linux>pgrp, session</linux>
    public int Group, Session;

    /// <summary>The terminal that the session is on; belongs to the terminal's driver.</summary>
    /// <linux>tty</linux>
    public void* Terminal;

    /// <summary>Status for the parent, as wait gives it: exit code shifted by 8, or the signal.</summary>
    internal int ExitCode;

    /// <summary>All threads are to end.</summary>
    /// <linux>SIGNAL_GROUP_EXIT</linux>
    internal bool Exiting;

    /// <summary>The thread that is about to execute a program: all others end, and the process does not.</summary>
    /// <linux>group_exit_task</linux>
    internal TaskStruct* Executing;

    /// <summary>The signal that the parent gets.</summary>
    /// <linux>exit_signal</linux>
    internal int ExitSignal;

    /// <summary>Of a helper of the kernel: who is told at its end instead of the parent.</summary>
    internal UserModeHelper.Request* Helper;

    /// <summary>Signals for whichever thread takes them first.</summary>
    /// <linux>shared_pending</linux>
    internal SigPending Pending;

    /// <summary>Stopped by a signal; which, and whether the parent has been told by wait; it goes on, and whether that has been told.</summary>
    internal int StopSignal;
    internal bool Stopped, StopReported, Continued;

    /// <summary>Has executed a program since it was forked: its parent may not change its group any more.</summary>
    /// <linux>did_exec</linux>
    internal bool HasExecuted;

    /// <summary>Who it acts for.</summary>
    public int Uid, Euid, Suid, Gid, Egid, Sgid;

    /// <summary>Ticks of threads and of children that have ended.</summary>
    internal ulong UserTicks, SystemTicks, ChildUserTicks, ChildSystemTicks;

    /// <summary>The real-time interval timer.</summary>
    /// <linux>real_timer</linux>
    internal IntervalTimer RealTimer;

    /// <summary>Those that count its time of the processor: in user mode, and all.</summary>
    /// <linux>it_virt_expires, it_prof_expires</linux>
    internal CpuTimer VirtualTimer, ProfTimer;

    /// <summary>The timers of timer_create, by number.</summary>
    /// <linux>posix_timers</linux>
    internal PosixTimer* Timers;

    internal Actions Handlers;
    internal Infos PendingInfo;

    /// <summary>Number of the process.</summary>
    /// <linux>tgid</linux>
    public readonly int Pid => Leader->Pid;

    /// <summary>What it does on <paramref name="signal"/>. Lock held.</summary>
    [UnscopedRef]
    internal ref SigAction Action(int signal) => ref Unsafe.Add(ref Unsafe.As<Actions, SigAction>(ref Handlers), signal - 1);

    /// <summary>Why <paramref name="signal"/> is pending. Lock held.</summary>
    [UnscopedRef]
    internal ref SigInfo Info(int signal) => ref Unsafe.Add(ref Unsafe.As<Infos, SigInfo>(ref PendingInfo), signal - 1);

    [InlineArray(Signal.Count)]
    internal struct Actions
    {
        private SigAction _first;
    }

    [InlineArray(Signal.Count)]
    internal struct Infos
    {
        private SigInfo _first;
    }
}
