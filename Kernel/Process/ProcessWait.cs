// ProcessWait: waiting for children.
//
// Linux: do_wait, wait_task_zombie (kernel/exit.c). Process context; sleeps. Lock: ProcessTree.TreeLock. No end of a child is missed: the waiter is in the
// parent's queue before it looks.

using CSharpOS.Syscalls;

namespace CSharpOS.Processes;

/// <summary>The wait calls.</summary>
public static unsafe class ProcessWait
{
    private const int NoHang = 1, Untraced = 2, ContinuedToo = 8, AllKinds = 0x40000000, Clones = unchecked((int)0x80000000), NoThread = 0x20000000;
    private const int StatusContinued = 0xffff, StatusStopped = 0x7f;

    /// <summary>Waits for a child.</summary>
    /// <param name="pid">Above 0: that one. -1: any. 0: any of the caller's group. Below -1: any of the group -pid.</param>
    /// <param name="options">WNOHANG, WUNTRACED, WCONTINUED.</param>
    /// <param name="status">How it is.</param>
    /// <param name="usage">What it has used, children included.</param>
    /// <returns>Its pid; 0 with WNOHANG if there is nothing to tell; -ECHILD, -EINVAL, -ERESTARTSYS.</returns>
    /// <linux>do_wait</linux>
    public static int Wait(int pid, int options, out int status, out ProcessUsage usage)
    {
        status = 0;
        usage = default;
        if ((options & ~(NoHang | Untraced | ContinuedToo | AllKinds | Clones | NoThread)) != 0)
        {
            return -EINVAL;
        }

        Process* parent = Current->Process;
        WaitQueueEntry wait = WaitQueueEntry.ForCurrent();
        while (true)
        {
            WaitQueue.PrepareToWait(&parent->ChildExit, &wait, TaskState.Interruptible);
            int result = Look(parent, pid, options, out status, out usage);
            if (result == 0 && (options & NoHang) == 0)
            {
                if (!Scheduler.SignalPending(Current))
                {
                    Scheduler.Schedule();
                    continue;
                }

                result = -ERESTARTSYS;
            }

            WaitQueue.FinishWait(&parent->ChildExit, &wait);
            return result;
        }
    }

    /// <summary>The process whose <see cref="Process.Sibling"/> this is.</summary>
    internal static Process* ChildOf(ListHead* link)
    {
        var origin = (Process*)link;
        return (Process*)((byte*)link - ((byte*)&origin->Sibling - (byte*)origin));
    }

    /// <summary>The last of a process that has left the tree: its number and its memory. Process context.</summary>
    /// <linux>release_task</linux>
    internal static void Release(Process* process)
    {
        TaskStruct* leader = process->Leader;
        Tasks.Withdraw(leader);

        // Under the lock: ProcessTree.GetOf may just be looking.
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        leader->Process = null;
        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        Tasks.Put(leader);
        ProcessTree.Put(process);
    }

    // A child to tell about: its pid. 0: there are such children, but none has anything new. -ECHILD.
    private static int Look(Process* parent, int pid, int options, out int status, out ProcessUsage usage)
    {
        status = 0;
        usage = default;
        int result = -ECHILD;
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        for (ListHead* link = parent->Children.Next; link != &parent->Children; link = link->Next)
        {
            Process* child = ChildOf(link);
            if (!IsMeant(child, pid))
            {
                continue;
            }

            result = 0;
            if (child->State == ProcessState.Zombie)
            {
                status = child->ExitCode;
                result = child->Pid;
                usage = UsageOf(child);
                Account(parent, child);
                child->State = ProcessState.Reaped;
                ProcessTree.Leave(child);
                ProcessTree.TreeLock.UnlockIrqRestore(flags);
                Release(child);
                return result;
            }

            if (ReportStop(child, options, out status))
            {
                result = child->Pid;
                break;
            }
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        return result;
    }

    private static bool IsMeant(Process* child, int pid) =>
        pid == -1 || (pid > 0 ? child->Pid == pid : pid == 0 ? child->Group == Current->Process->Group : child->Group == -pid);

    private static bool ReportStop(Process* child, int options, out int status)
    {
        bool reported = false;
        status = 0;
        child->Lock.Lock();
        if ((options & Untraced) != 0 && child->Stopped && !child->StopReported)
        {
            child->StopReported = true;
            status = (child->StopSignal << 8) | StatusStopped;
            reported = true;
        }
        else if ((options & ContinuedToo) != 0 && child->Continued)
        {
            child->Continued = false;
            status = StatusContinued;
            reported = true;
        }

        child->Lock.Unlock();
        return reported;
    }

    private static ProcessUsage UsageOf(Process* child) => new()
    {
        UserTicks = child->UserTicks + child->ChildUserTicks,
        SystemTicks = child->SystemTicks + child->ChildSystemTicks,
    };

    private static void Account(Process* parent, Process* child)
    {
        parent->ChildUserTicks += child->UserTicks + child->ChildUserTicks;
        parent->ChildSystemTicks += child->SystemTicks + child->ChildSystemTicks;
    }
}

/// <summary>CPU time of a process.</summary>
/// <linux>rusage</linux>
public struct ProcessUsage
{
    public ulong UserTicks, SystemTicks;
}
