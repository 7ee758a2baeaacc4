// Signals.Owner: signals that a file sends to its owner.
//
// Linux: send_sigio, fs/fcntl.c. Any context but NMI; never sleeps. Locks as in Signals.cs.

namespace CSharpOS.Processes;

public static unsafe partial class Signals
{
    /// <summary>Sends a signal to a file's owner, a process or each process of a group, as far as whoever named the owner might have done so himself.</summary>
    /// <linux>send_sigio</linux>
    internal static void SendFor(Fs.FileOwner owner, int signal)
    {
        if (owner.Pid == 0)
        {
            return;
        }

        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        Process* leader = owner.Pid < 0 ? null : ProcessTree.Find(owner.Pid);
        if (leader != null)
        {
            SendIfAllowed(leader, owner, signal);
        }

        for (Process* process = ProcessTree.Next(null); owner.Pid < 0 && process != null; process = ProcessTree.Next(process))
        {
            if (process->Group == -owner.Pid)
            {
                SendIfAllowed(process, owner, signal);
            }
        }

        TaskStruct* task = leader == null && owner.Pid > 0 ? Tasks.Find(owner.Pid) : null;
        if (task != null && task->Process != null)
        {
            SendIfAllowed(task->Process, owner, signal);
        }
        else if (task != null && owner.MaySignal(0, 0))
        {
            SendToKernelThread(task, signal);
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        if (task != null)
        {
            Tasks.Put(task);
        }
    }

    /// <summary>True if there is such a process or thread, or with a negative number such a group. Any context.</summary>
    internal static bool IsThere(int pid)
    {
        bool found = false;
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        for (Process* process = ProcessTree.Next(null); pid < 0 && !found && process != null; process = ProcessTree.Next(process))
        {
            found = process->Group == -pid;
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        TaskStruct* task = pid > 0 ? Tasks.Find(pid) : null;
        if (task != null)
        {
            Tasks.Put(task);
        }

        return found || task != null;
    }

    // The tree is locked, so the process stays. Who it acts for it may change meanwhile: then this comes before or after.
    private static void SendIfAllowed(Process* process, in Fs.FileOwner owner, int signal)
    {
        if (process->State == ProcessState.Alive && owner.MaySignal(process->Uid, process->Suid))
        {
            Send(process, signal, FromKernel());
        }
    }
}
