// Signals: sending them.
//
// Linux: kernel/signal.c (send_signal, complete_signal, kill_pgrp, force_sig). Any context but NMI; never sleeps. Lock: the process's Lock, with
// interrupts off. A signal for a process is pending there until a thread that does not block it takes it; TaskStruct.PendingSignals is what a
// thread has to act on, brought up to date under the lock by whoever changes one of its causes.
// A kernel thread has no process: it gets exactly the signals that it has allowed.



namespace CSharpOS.Processes;

/// <summary>Sending signals.</summary>
public static unsafe partial class Signals
{
    /// <summary>Sends a signal to the process of <paramref name="task"/>, or to a kernel thread.</summary>
    /// <returns>0; -EINVAL for a bad number.</returns>
    /// <linux>send_sig</linux>
    public static int Send(TaskStruct* task, int signal) => Send(task, signal, FromKernel());

    /// <summary>The same, saying who and why.</summary>
    /// <linux>group_send_sig_info</linux>
    public static int Send(TaskStruct* task, int signal, SigInfo info)
    {
        if (!Signal.IsValid(signal))
        {
            return -EINVAL;
        }

        // A thread that ends leaves its process under this lock.
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        if (task->Process == null)
        {
            SendToKernelThread(task, signal);
        }
        else
        {
            Send(task->Process, signal, info);
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        return 0;
    }

    /// <summary>Sends a signal to a process.</summary>
    internal static void Send(Process* process, int signal, SigInfo info)
    {
        ulong flags = process->Lock.LockIrqSave();
        if (Prepare(process, signal) && (process->Pending.Sent & Signal.Mask(signal)) == 0)
        {
            Add(ref process->Pending, signal);
            process->Info(signal) = info;
            WakeOne(process, signal);
        }

        process->Lock.UnlockIrqRestore(flags);
    }

    /// <summary>Sends a signal to one thread of a process.</summary>
    /// <linux>specific_send_sig_info</linux>
    internal static void SendToThread(TaskStruct* task, int signal, SigInfo info)
    {
        Process* process = task->Process;
        ulong flags = process->Lock.LockIrqSave();
        if (Prepare(process, signal))
        {
            Add(ref task->Signals.Pending, signal);
            task->Signals.Info = info;
            Recalculate(task);
            Wake(task, signal);
        }

        process->Lock.UnlockIrqRestore(flags);
    }

    /// <summary>The same for whoever has that number, if anybody has.</summary>
    /// <linux>kill_pid</linux>
    public static void SendToPid(int pid, int signal)
    {
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        Process* process = ProcessTree.Find(pid);
        if (process != null)
        {
            Send(process, signal, FromKernel());
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        TaskStruct* task = process == null ? Tasks.Find(pid) : null;
        if (task != null)
        {
            Send(task, signal);
            Tasks.Put(task);
        }
    }

    /// <summary>Sends a signal to every process of a group.</summary>
    /// <returns>0; -ESRCH if there is none.</returns>
    /// <linux>kill_pgrp</linux>
    public static int SendToGroup(int group, int signal) => SendToGroup(group, signal, FromKernel());

    /// <summary>The same, saying who and why.</summary>
    internal static int SendToGroup(int group, int signal, SigInfo info)
    {
        int result = -ESRCH;
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        for (Process* process = ProcessTree.Next(null); process != null; process = ProcessTree.Next(process))
        {
            if (process->Group == group && process->State == ProcessState.Alive)
            {
                Send(process, signal, info);
                result = 0;
            }
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        return result;
    }

    /// <summary>Brings <see cref="TaskStruct.PendingSignals"/> up to date. The process's lock is held.</summary>
    /// <linux>recalc_sigpending</linux>
    internal static void Recalculate(TaskStruct* task)
    {
        ulong waiting = (task->Signals.Pending.Set | task->Process->Pending.Set) & ~task->Signals.Blocked;

        // A thread of a process that stops or ends has to see to that.
        if (task->Process->Stopped || task->Process->Exiting)
        {
            waiting |= Signal.Mask(Signal.SIGKILL);
        }

        Shared.WriteOnce(ref task->PendingSignals, waiting);
    }

    /// <summary>Wakes a thread for <paramref name="signal"/>: from an interruptible sleep, and for SIGKILL from having been stopped.</summary>
    /// <linux>signal_wake_up</linux>
    internal static void Wake(TaskStruct* task, int signal)
    {
        TaskState states = TaskState.Interruptible | (signal is Signal.SIGKILL or Signal.SIGCONT ? TaskState.Stopped : TaskState.Running);
        if (!Scheduler.TryToWakeUp(task, states))
        {
            Scheduler.Kick(task);
        }
    }

    /// <summary>True if the process does nothing on this signal. The lock is held.</summary>
    /// <linux>sig_ignored</linux>
    internal static bool IsIgnored(Process* process, int signal)
    {
        ulong handler = process->Action(signal).Handler;
        return handler == SigAction.Ignore || (handler == SigAction.Default && (Signal.IgnoreSet & Signal.Mask(signal)) != 0);
    }

    // Sent, by whomever.
    internal static void Add(ref SigPending pending, int signal)
    {
        pending.Set |= Signal.Mask(signal);
        pending.Sent |= Signal.Mask(signal);
    }

    internal static SigInfo FromKernel() => new() { Code = SigInfo.SI_KERNEL };

    // What a stop or continue signal does the moment it is sent; false if the signal need not be delivered. The lock is held.
    internal static bool Prepare(Process* process, int signal)
    {
        if (process->State != ProcessState.Alive)
        {
            return false;
        }

        if ((Signal.StopSet & Signal.Mask(signal)) != 0)
        {
            Forget(process, Signal.Mask(Signal.SIGCONT));
        }
        else if (signal is Signal.SIGCONT or Signal.SIGKILL)
        {
            Forget(process, Signal.StopSet);
            Continue(process);
        }

        return !IsIgnored(process, signal) || IsBlockedByAll(process, signal);
    }

    private static void Continue(Process* process)
    {
        if (!process->Stopped)
        {
            return;
        }

        process->Stopped = false;
        process->Continued = true;
        for (ListHead* link = process->Threads.Next; link != &process->Threads; link = link->Next)
        {
            TaskStruct* thread = Threads.Of(link);
            Recalculate(thread);
            Wake(thread, Signal.SIGCONT);
        }
    }

    internal static void Forget(Process* process, ulong set)
    {
        TimerSignals.Forget(&process->Pending, set);
        for (ListHead* link = process->Threads.Next; link != &process->Threads; link = link->Next)
        {
            TaskStruct* thread = Threads.Of(link);
            TimerSignals.Forget(&thread->Signals.Pending, set);
            Recalculate(thread);
        }
    }

    private static bool IsBlockedByAll(Process* process, int signal)
    {
        for (ListHead* link = process->Threads.Next; link != &process->Threads; link = link->Next)
        {
            if ((Threads.Of(link)->Signals.Blocked & Signal.Mask(signal)) == 0)
            {
                return false;
            }
        }

        return true;
    }

    // A thread that takes it: for SIGKILL, all; else the first that does not block it, the leader before others.
    internal static void WakeOne(Process* process, int signal)
    {
        for (ListHead* link = process->Threads.Next; link != &process->Threads; link = link->Next)
        {
            TaskStruct* thread = Threads.Of(link);
            if ((thread->Signals.Blocked & Signal.Mask(signal)) != 0)
            {
                continue;
            }

            Recalculate(thread);
            Wake(thread, signal);
            if (signal != Signal.SIGKILL)
            {
                return;
            }
        }
    }

    private static void SendToKernelThread(TaskStruct* task, int signal)
    {
        if ((Shared.ReadOnce(ref task->AllowedSignals) & Signal.Mask(signal)) != 0)
        {
            Shared.Or(ref task->PendingSignals, Signal.Mask(signal));
            Scheduler.TryToWakeUp(task, TaskState.Interruptible);
        }
    }
}
