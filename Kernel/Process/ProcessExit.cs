// ProcessExit: the end of a thread, and of a process with its last thread.
//
// Linux: do_exit, do_group_exit, exit_notify, forget_original_parent (kernel/exit.c). Process context; does not return. Locks: ProcessTree.TreeLock for the
// tree, the process's Lock for what signals see. A process that has ended is a zombie until its parent has waited for it (ProcessWait).

using System.Diagnostics.CodeAnalysis;
using CSharpOS.Fs;

namespace CSharpOS.Processes;

/// <summary>Ending.</summary>
public static unsafe class ProcessExit
{
    /// <summary>Ends the whole process of the running thread.</summary>
    /// <param name="status">As wait gives it: exit code shifted by 8, or a signal.</param>
    /// <linux>do_group_exit</linux>
    [DoesNotReturn]
    public static void ExitGroup(int status)
    {
        Process* process = Current->Process;
        process->Lock.LockIrq();
        if (process->Exiting)
        {
            // Somebody was faster: that is the status.
            status = process->ExitCode;
        }
        else
        {
            process->Exiting = true;
            process->ExitCode = status;
            KillOthers(process);
        }

        process->Lock.UnlockIrq();
        ExitThread(status);
    }

    /// <summary>Ends the running thread; the process too if it is the last one.</summary>
    /// <linux>do_exit</linux>
    [DoesNotReturn]
    public static void ExitThread(int status)
    {
        TaskStruct* task = Current;
        Process* process = task->Process;
        if (process == ProcessTree.Init && process->ThreadCount == 1)
        {
            Panic($"Attempted to kill init! status {status:x}\n");
        }

        task->Flags |= TaskFlags.Exiting;
        ReleaseMemory(task);
        ReleaseFiles(task);
        UserSwitch.FreeFpu(task);
        LeaveProcess(task, process, status);
        KernelThread.Die(task);
    }

    /// <summary>The running task is done with its descriptors and its place in the tree; a kernel thread may have none. Process context, may sleep.</summary>
    /// <linux>exit_files, exit_fs</linux>
    internal static void ReleaseFiles(TaskStruct* task)
    {
        FilesStruct.Exit(task);
        FsStruct.Exit(task);
    }

    /// <summary>The running task gives its address space up, at its end or for a new one: whoever shares it or waited for that is told.</summary>
    /// <linux>mm_release, exit_mm</linux>
    internal static void ReleaseMemory(TaskStruct* task)
    {
        MmStruct* mm = task->Mm;
        if (mm == null)
        {
            return;
        }

        if (task->ClearChildTid != null && mm->Users.Read() > 1)
        {
            Uaccess.PutUser(0, task->ClearChildTid);
            Futex.Wake((uint*)task->ClearChildTid, 1);
        }

        task->ClearChildTid = null;
        if (task->VforkDone != null)
        {
            Completion* done = task->VforkDone;
            task->VforkDone = null;
            Completion.Complete(done);
        }

        task->MmLock.LockIrq();
        task->Mm = null;
        task->MmLock.UnlockIrq();
        UserSwitch.Deactivate();
        AddressSpaces.Put(mm);
    }

    /// <summary>Makes every other thread end. The process's lock is held.</summary>
    internal static void KillOthers(Process* process)
    {
        for (ListHead* link = process->Threads.Next; link != &process->Threads; link = link->Next)
        {
            TaskStruct* thread = Threads.Of(link);
            if (thread != Current)
            {
                thread->Signals.Pending.Set |= Signal.Mask(Signal.SIGKILL);
                Signals.Recalculate(thread);
                Signals.Wake(thread, Signal.SIGKILL);
            }
        }
    }

    private static void LeaveProcess(TaskStruct* task, Process* process, int status)
    {
        // Once the parent has been told it may reap the process at any moment.
        ProcessTree.Get(process);
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        bool last = LeaveThreads(task, process, status);
        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        if (last)
        {
            // Before the parent is told: whoever it starts next may want the terminal.
            JobControl.LeaderEnds(process);
            PosixTimers.DeleteAll(process);
        }

        bool unwanted = false;
        ListHead unwantedChildren;
        ListHead.Init(&unwantedChildren);
        flags = ProcessTree.TreeLock.LockIrqSave();
        if (last)
        {
            OrphanChildren(process, &unwantedChildren);
            unwanted = TellParent(process);
        }
        else
        {
            // Perhaps another thread waits to be alone, for execve.
            WaitQueue.WakeUpAll(&process->ChildExit);
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        if (last)
        {
            IntervalTimers.Stop(process);
            UserModeHelper.Ended(process);
        }

        // The leader's number stays taken until the process has been waited for, also if another thread is the last.
        if (task != process->Leader)
        {
            Tasks.Withdraw(task);
            LetGo(task);
        }

        while (!ListHead.Empty(&unwantedChildren))
        {
            Process* child = ProcessWait.ChildOf(unwantedChildren.Next);
            ListHead.DelInit(&child->Sibling);
            ProcessWait.Release(child);
        }

        if (unwanted)
        {
            ProcessWait.Release(process);
        }

        ProcessTree.Put(process);
    }

    // A thread that nobody finds any more: its hold on the process goes with it.
    private static void LetGo(TaskStruct* task)
    {
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        Process* process = task->Process;
        task->Process = null;
        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        ProcessTree.Put(process);
    }

    // True if it was the last thread. TreeLock is held.
    private static bool LeaveThreads(TaskStruct* task, Process* process, int status)
    {
        process->Lock.Lock();
        ListHead.DelInit(&task->ThreadLink);
        bool last = --process->ThreadCount == 0;
        process->UserTicks += task->UserTicks;
        process->SystemTicks += task->Ticks - task->UserTicks;
        TimerSignals.Forget(&task->Signals.Pending, ulong.MaxValue);
        Shared.WriteOnce(ref task->PendingSignals, 0);
        if (last && !process->Exiting)
        {
            process->ExitCode = status;
            process->Exiting = true;
        }

        process->Lock.Unlock();
        return last;
    }

    // Children go to pid 1, which is told about those that have ended already: it may sleep until a signal comes. Those that it does not want to wait for
    // are put into a list. TreeLock is held.
    // Linux: reparent_leader.
    private static void OrphanChildren(Process* process, ListHead* unwanted)
    {
        Process* heir = ProcessTree.Init;
        while (!ListHead.Empty(&process->Children))
        {
            Process* child = ProcessWait.ChildOf(process->Children.Next);
            ListHead.Del(&child->Sibling);
            child->Parent = heir;
            child->ExitSignal = Signal.SIGCHLD;
            ListHead.AddTail(&child->Sibling, &heir->Children);
            if (child->State == ProcessState.Zombie && TellParent(child))
            {
                ListHead.AddTail(&child->Sibling, unwanted);
            }
        }
    }

    // True if nobody will wait for it. TreeLock is held.
    private static bool TellParent(Process* process)
    {
        Process* parent = process->Parent;
        process->State = ProcessState.Zombie;
        int signal = process->ExitSignal;
        bool ignored = process->Helper != null || (signal == Signal.SIGCHLD &&
            (parent->Action(signal).Handler == SigAction.Ignore || (parent->Action(signal).Flags & SigAction.NoChildWait) != 0));
        if (ignored)
        {
            process->State = ProcessState.Reaped;
            ProcessTree.Leave(process);
        }
        else if (signal != 0)
        {
            int code = process->ExitCode;
            Signals.Send(parent, signal, new SigInfo
            {
                Code = (code & 0x7f) == 0 ? SigInfo.CLD_EXITED : SigInfo.CLD_KILLED,
                Pid = process->Pid,
                Uid = process->Uid,
                Status = (code & 0x7f) == 0 ? code >> 8 : code & 0x7f,
            });
        }

        WaitQueue.WakeUpAll(&parent->ChildExit);
        return ignored;
    }
}
