// Signals: sending them.
//
// Linux: kernel/signal.c. Any context. No lock: a pending signal is a bit, set with one locked instruction; the waking is ordered by the run queue's lock.

namespace CSharpOS;

/// <summary>Signals for tasks.</summary>
public static unsafe class Signals
{
    /// <summary>Nobody reads the pipe.</summary>
    public const int SIGPIPE = 13;

    /// <summary>A file with O_ASYNC has something.</summary>
    public const int SIGIO = 29;

    /// <summary>Makes a signal pending for a task, and ends its interruptible sleep. A kernel thread gets only those that it allows.</summary>
    /// <linux>send_sig</linux>
    public static void Send(TaskStruct* task, int signal)
    {
        ulong bit = 1ul << (signal - 1);
        if ((task->Flags & TaskFlags.KernelThread) != 0 && (Shared.ReadOnce(ref task->AllowedSignals) & bit) == 0)
        {
            return;
        }

        Shared.Or(ref task->PendingSignals, bit);
        Scheduler.TryToWakeUp(task, TaskState.Interruptible);
    }

    /// <summary>The same for the task with that number, if there is one.</summary>
    /// <linux>kill_pid</linux>
    public static void SendToPid(int pid, int signal)
    {
        TaskStruct* task = Tasks.Find(pid);
        if (task != null)
        {
            Send(task, signal);
            Tasks.Put(task);
        }
    }

    /// <summary>The same for all of a process group; there are none yet.</summary>
    /// <linux>kill_pgrp</linux>
    public static void SendToGroup(int group, int signal)
    {
    }
}
