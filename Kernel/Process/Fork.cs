// Fork: making a process or a thread from the running one.
//
// Linux: do_fork, copy_process (kernel/fork.c). Process context of a program; sleeps. What is shared and what is copied is the caller's choice (CLONE_*); a
// child that cannot be made leaves nothing behind.

using System.Runtime;
using CSharpOS.Fs;

namespace CSharpOS.Processes;

/// <summary>What a child shares with its parent.</summary>
/// <linux>CLONE_VM and its like</linux>
[Flags]
public enum CloneFlags : uint
{
    None = 0,

    /// <summary>The lowest byte: the signal that the parent gets when it ends.</summary>
    /// <linux>CSIGNAL</linux>
    ExitSignal = 0xff,

    /// <linux>CLONE_VM</linux>
    Vm = 0x100,

    /// <linux>CLONE_FS</linux>
    Fs = 0x200,

    /// <linux>CLONE_FILES</linux>
    Files = 0x400,

    /// <linux>CLONE_SIGHAND</linux>
    SigHand = 0x800,

    /// <linux>CLONE_VFORK</linux>
    Vfork = 0x4000,

    /// <linux>CLONE_PARENT</linux>
    Parent = 0x8000,

    /// <linux>CLONE_THREAD</linux>
    Thread = 0x10000,

    /// <linux>CLONE_SETTLS</linux>
    SetTls = 0x80000,

    /// <linux>CLONE_PARENT_SETTID</linux>
    ParentSetTid = 0x100000,

    /// <linux>CLONE_CHILD_CLEARTID</linux>
    ChildClearTid = 0x200000,

    /// <linux>CLONE_CHILD_SETTID</linux>
    ChildSetTid = 0x1000000,
}

/// <summary>Making tasks of programs.</summary>
public static unsafe class Fork
{
    /// <summary>Makes a child of the running task and starts it.</summary>
    /// <param name="flags">What is shared, and the exit signal.</param>
    /// <param name="stack">The child's user stack; 0 for the parent's.</param>
    /// <param name="parentTid">With <see cref="CloneFlags.ParentSetTid"/>: where the pid goes, in the parent's memory.</param>
    /// <param name="childTid">With ChildSetTid and ChildClearTid: where it goes in the child's, and is cleared at its end.</param>
    /// <param name="tls">With <see cref="CloneFlags.SetTls"/>: the base of fs, or a descriptor of a 32-bit program.</param>
    /// <returns>The child's pid; -ENOMEM, -EAGAIN, -EINVAL.</returns>
    /// <linux>do_fork</linux>
    public static int Do(CloneFlags flags, ulong stack, int* parentTid, int* childTid, ulong tls)
    {
        bool thread = (flags & CloneFlags.Thread) != 0;
        if ((thread && (flags & CloneFlags.SigHand) == 0) || ((flags & CloneFlags.SigHand) != 0 && (flags & CloneFlags.Vm) == 0))
        {
            return -EINVAL;
        }

        TaskStruct* child = Tasks.Allocate();
        if (child == null)
        {
            return -ENOMEM;
        }

        // A signal to the caller's group may start the child, and end it, as soon as it is in the tree: it is held, and complete before that.
        bool vfork = (flags & CloneFlags.Vfork) != 0;
        Completion done;
        Completion.Init(&done);
        child->VforkDone = vfork ? &done : null;
        Tasks.Get(child);
        int error = Copy(child, flags, stack, childTid, tls);
        if (error != 0)
        {
            Abandon(child);
            Tasks.Put(child);
            return error;
        }

        int pid = child->Pid;
        if ((flags & CloneFlags.ParentSetTid) != 0)
        {
            Uaccess.PutUser(pid, parentTid);
        }

        Scheduler.WakeUpProcess(child);
        if (vfork)
        {
            // The child works in the caller's memory, on its stack: until it has a program of its own or has ended, the caller waits.
            Completion.Wait(&done);
        }

        Tasks.Put(child);
        return pid;
    }

    private static int Copy(TaskStruct* child, CloneFlags flags, ulong stack, int* childTid, ulong tls)
    {
        TaskStruct* parent = Current;
        Start(child, parent);
        int error = UserSwitch.AllocateFpu(child);
        error = error != 0 ? error : CopyMemory(child, flags);
        error = error != 0 ? error : CopyFiles(child, flags);
        error = error != 0 ? error : CopyProcess(child, flags);
        if (error != 0)
        {
            return error;
        }

        UserSwitch.Copy(child);
        PtRegs* regs = ContextSwitch.PrepareFork(child);
        regs->Rax = 0;
        if (stack != 0)
        {
            regs->Rsp = stack;
        }

        if ((flags & CloneFlags.SetTls) != 0)
        {
            error = ThreadArea.SetForChild(child, regs, tls);
            if (error != 0)
            {
                return error;
            }
        }

        child->ClearChildTid = (flags & CloneFlags.ChildClearTid) != 0 ? childTid : null;
        child->SetChildTid = (flags & CloneFlags.ChildSetTid) != 0 ? childTid : null;
        return Publish(child, flags);
    }

    // The first code of a child, on its way to user mode.
    [RuntimeExport("arch_fork_tail")]
    private static void ForkTail(TaskStruct* last)
    {
        Scheduler.ScheduleTail(last);
        if (Current->SetChildTid != null)
        {
            Uaccess.PutUser(Current->Pid, Current->SetChildTid);
        }
    }

    // What every task begins with; half of the time slice is the child's, so that nobody gains by forking.
    private static void Start(TaskStruct* child, TaskStruct* parent)
    {
        child->State = (int)TaskState.Stopped;
        child->Policy = parent->Policy;
        child->StaticPrio = parent->StaticPrio;
        child->RtPriority = parent->RtPriority;
        child->SleepAverage = parent->SleepAverage;
        child->CpusAllowed = parent->CpusAllowed;
        child->Parent = parent;
        child->Timestamp = Clock.SchedClock();
        child->StartTime = Clock.MonotonicMicroseconds();
        child->MmLock.Init();
        ListHead.Init(&child->ThreadLink);
        KernelThread.SetName(child, parent->Name);
        ulong flags = LocalIrqSave();
        child->TimeSlice = (parent->TimeSlice + 1) >> 1;
        parent->TimeSlice >>= 1;
        child->Prio = Priority.Effective(child);
        child->Cpu = SmpProcessorId();
        if (parent->TimeSlice == 0)
        {
            parent->TimeSlice = 1;
        }

        LocalIrqRestore(flags);
    }

    private static int CopyMemory(TaskStruct* child, CloneFlags flags)
    {
        MmStruct* mm = Current->Mm;
        if ((flags & CloneFlags.Vm) != 0)
        {
            AddressSpaces.Get(mm);
        }
        else
        {
            mm = AddressSpaces.Duplicate(mm);
        }

        child->Mm = mm;
        return mm == null ? -ENOMEM : 0;
    }

    private static int CopyFiles(TaskStruct* child, CloneFlags flags)
    {
        TaskStruct* parent = Current;
        if ((flags & CloneFlags.Files) != 0)
        {
            child->Files = FilesStruct.Share(parent->Files);
        }
        else
        {
            int error = FilesStruct.Copy(parent->Files, out FilesStruct* files);
            if (error != 0)
            {
                return error;
            }

            child->Files = files;
        }

        child->FsInfo = (flags & CloneFlags.Fs) != 0 ? FsStruct.Share(parent->FsInfo) : FsStruct.Copy(parent->FsInfo);
        return child->FsInfo == null ? -ENOMEM : 0;
    }

    private static int CopyProcess(TaskStruct* child, CloneFlags flags)
    {
        Process* mine = Current->Process;
        child->Signals.Blocked = Current->Signals.Blocked;
        if ((flags & CloneFlags.Thread) != 0)
        {
            ProcessTree.Get(mine);
            child->Process = mine;
            return 0;
        }

        Process* process = ProcessTree.Allocate(child);
        if (process == null)
        {
            return -ENOMEM;
        }

        process->Handlers = mine->Handlers;
        process->Group = mine->Group;
        process->Session = mine->Session;
        process->Terminal = mine->Terminal;
        process->Uid = mine->Uid;
        process->Euid = mine->Euid;
        process->Suid = mine->Suid;
        process->Gid = mine->Gid;
        process->Egid = mine->Egid;
        process->Sgid = mine->Sgid;
        process->ExitSignal = (int)(flags & CloneFlags.ExitSignal);
        child->Process = process;
        child->Signals.StackBottom = Current->Signals.StackBottom;
        child->Signals.StackSize = Current->Signals.StackSize;
        return 0;
    }

    private static int Publish(TaskStruct* child, CloneFlags flags)
    {
        int error = Tasks.Publish(child);
        if (error != 0)
        {
            return error;
        }

        Process* process = child->Process;
        if ((flags & CloneFlags.Thread) == 0)
        {
            // The table's hold on a leader goes when the process has been waited for.
            Tasks.Get(child);
            child->Tgid = child->Pid;
            ProcessTree.Enter(process, (flags & CloneFlags.Parent) != 0 ? Current->Process->Parent : Current->Process);
            return 0;
        }

        child->Tgid = process->Pid;
        ulong irq = ProcessTree.TreeLock.LockIrqSave();
        process->Lock.Lock();
        bool exiting = process->Exiting || process->Executing != null;
        if (!exiting)
        {
            ListHead.AddTail(&child->ThreadLink, &process->Threads);
            process->ThreadCount++;
            Signals.Recalculate(child);
        }

        process->Lock.Unlock();
        ProcessTree.TreeLock.UnlockIrqRestore(irq);
        if (!exiting)
        {
            return 0;
        }

        Tasks.Withdraw(child);
        return -ERESTARTNOINTR;
    }

    private static void Abandon(TaskStruct* child)
    {
        if (child->Mm != null)
        {
            AddressSpaces.Put(child->Mm);
            child->Mm = null;
        }

        FilesStruct.Exit(child);
        FsStruct.Exit(child);
        if (child->Process != null)
        {
            ProcessTree.Put(child->Process);
        }

        UserSwitch.FreeFpu(child);
        Tasks.Put(child);
    }
}
