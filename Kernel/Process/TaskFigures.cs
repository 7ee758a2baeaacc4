// TaskFigures: what is known of a task at one moment, gathered with its locks held, for those who look from outside: /proc/PID/stat and status, ps.
//
// Linux: do_task_stat, task_state, task_sig (fs/proc/array.c). Process context. The caller holds the task. Locks: ProcessTree.TreeLock, inside it the process's Lock.

namespace CSharpOS.Processes;

/// <summary>Figures of a task, or of its whole process.</summary>
internal unsafe struct TaskFigures
{
    /// <summary>Number of the process, of the parent, and of the thread itself.</summary>
    internal int Tgid, ParentPid, Pid;
    internal int Group, Session, Threads, ExitSignal;
    internal int Uid, Euid, Suid, Gid, Egid, Sgid;

    /// <summary>R, S, D, T, Z or X.</summary>
    internal byte State;

    /// <summary>Ticks, of all threads if the whole process was asked for, and of children that have been waited for.</summary>
    internal ulong UserTicks, SystemTicks, ChildUserTicks, ChildSystemTicks;

    /// <summary>Sets of signals.</summary>
    internal ulong Pending, SharedPending, Blocked, Ignored, Caught;

    /// <summary>Descriptors that there is room for now.</summary>
    internal int FdSize;

    /// <summary>All capabilities or none.</summary>
    internal ulong Capabilities;

    // CAP_CHOWN to CAP_MAC_ADMIN, which is the last one of Linux 2.6.
    private const ulong AllCapabilities = (1ul << 34) - 1;

    /// <summary>Gathers them; <paramref name="whole"/>: times of all threads, not of this one.</summary>
    internal static TaskFigures Of(TaskStruct* task, bool whole)
    {
        TaskFigures figures = new()
        {
            Pid = task->Pid,
            Tgid = task->Tgid != 0 ? task->Tgid : task->Pid,
            Threads = 1,
            State = Letter(task),
            UserTicks = Shared.ReadOnce(ref task->UserTicks),
            Blocked = task->Signals.Blocked,
            Pending = task->Signals.Pending.Set,
        };
        figures.SystemTicks = Shared.ReadOnce(ref task->Ticks) - figures.UserTicks;
        FilesStruct* files = FilesStruct.OfTask(task);
        figures.FdSize = FilesStruct.Size(files);
        FilesStruct.Put(files);
        Process* process = ProcessTree.GetOf(task);
        if (process == null)
        {
            figures.OfKernelThread(task);
            return figures;
        }

        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        figures.ParentPid = process->Parent == null ? 0 : process->Parent->Pid;
        process->Lock.Lock();
        figures.OfProcess(process, whole);
        process->Lock.Unlock();
        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        ProcessTree.Put(process);
        return figures;
    }

    /// <summary>The letter for what a task is doing.</summary>
    /// <linux>get_task_state</linux>
    internal static byte Letter(TaskStruct* task) => (TaskState)Shared.ReadOnce(ref task->State) switch
    {
        TaskState.Running => (byte)'R',
        TaskState.Interruptible => (byte)'S',
        TaskState.Uninterruptible => (byte)'D',
        TaskState.Stopped => (byte)'T',
        _ => task->Tgid != 0 ? (byte)'Z' : (byte)'X',
    };

    // A kernel thread blocks all signals but those that it has allowed; these it handles itself, so they count as caught.
    private void OfKernelThread(TaskStruct* task)
    {
        ParentPid = task->Parent == null ? 0 : task->Parent->Pid;
        Pending = Shared.ReadOnce(ref task->PendingSignals);
        Blocked = ~task->AllowedSignals;
        Caught = task->AllowedSignals;
        Capabilities = AllCapabilities;
    }

    private void OfProcess(Process* process, bool whole)
    {
        Group = process->Group;
        Session = process->Session;
        Threads = process->ThreadCount;
        ExitSignal = process->ExitSignal;
        Uid = process->Uid;
        Euid = process->Euid;
        Suid = process->Suid;
        Gid = process->Gid;
        Egid = process->Egid;
        Sgid = process->Sgid;
        SharedPending = process->Pending.Set;
        ChildUserTicks = process->ChildUserTicks;
        ChildSystemTicks = process->ChildSystemTicks;
        Capabilities = process->Euid == 0 ? AllCapabilities : 0;
        State = process->State != ProcessState.Alive ? (byte)'Z' : process->Stopped && State != 'R' ? (byte)'T' : State;
        for (int signal = 1; signal <= Signal.Count; signal++)
        {
            ulong handler = process->Action(signal).Handler;
            Ignored |= handler == SigAction.Ignore ? Signal.Mask(signal) : 0;
            Caught |= handler is not SigAction.Ignore and not SigAction.Default ? Signal.Mask(signal) : 0;
        }

        if (!whole)
        {
            return;
        }

        UserTicks = process->UserTicks;
        SystemTicks = process->SystemTicks;
        for (ListHead* link = process->Threads.Next; link != &process->Threads; link = link->Next)
        {
            TaskStruct* thread = Processes.Threads.Of(link);
            ulong user = Shared.ReadOnce(ref thread->UserTicks);
            UserTicks += user;
            SystemTicks += Shared.ReadOnce(ref thread->Ticks) - user;
        }
    }
}
