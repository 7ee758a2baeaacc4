// ProcessStop: stopping a process by a signal, and going on.
//
// Linux: do_signal_stop, finish_stop (kernel/signal.c). Process context of a thread of the process. Stopped is set under the process's Lock; every thread
// finds it on its way to user mode and sleeps there until SIGCONT clears it (Signals.Prepare).

namespace CSharpOS.Processes;

/// <summary>Job control's stop.</summary>
internal static unsafe class ProcessStop
{
    /// <summary>The running thread's process stops.</summary>
    internal static void Stop(int signal)
    {
        Process* process = Current->Process;
        process->Lock.LockIrq();
        process->Stopped = true;
        process->StopReported = false;
        process->Continued = false;
        process->StopSignal = signal;
        for (ListHead* link = process->Threads.Next; link != &process->Threads; link = link->Next)
        {
            TaskStruct* thread = Threads.Of(link);
            Signals.Recalculate(thread);
            if (thread != Current)
            {
                Signals.Wake(thread, signal);
            }
        }

        process->Lock.UnlockIrq();
        TellParent(process);
    }

    /// <summary>Sleeps as long as the process is stopped.</summary>
    internal static void Wait()
    {
        Process* process = Current->Process;
        while (true)
        {
            Scheduler.SetCurrentState(TaskState.Stopped);
            process->Lock.LockIrq();
            bool stopped = process->Stopped && !process->Exiting;
            process->Lock.UnlockIrq();
            if (!stopped)
            {
                break;
            }

            Scheduler.Schedule();
        }

        Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
        process->Lock.LockIrq();
        Signals.Recalculate(Current);
        process->Lock.UnlockIrq();
    }

    private static void TellParent(Process* process)
    {
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        Process* parent = process->Parent;
        if (parent != null)
        {
            if ((parent->Action(Signal.SIGCHLD).Flags & SigAction.NoChildStop) == 0)
            {
                Signals.Send(parent, Signal.SIGCHLD, new SigInfo
                {
                    Code = SigInfo.CLD_STOPPED,
                    Pid = process->Pid,
                    Uid = process->Uid,
                    Status = process->StopSignal,
                });
            }

            WaitQueue.WakeUpAll(&parent->ChildExit);
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
    }
}
