// SignalDelivery: what a thread does about its signals on the way back to user mode.
//
// Linux: do_notify_resume, do_signal, get_signal_to_deliver (kernel/signal.c, arch/x86/kernel/signal.c). Process context of the thread itself; sleeps. Called
// by the entry code with interrupts off when PendingSignals or need_resched is set.

using System.Runtime;

namespace CSharpOS.Processes;

/// <summary>Delivery of signals.</summary>
/// <rows>SYS-12</rows>
public static unsafe class SignalDelivery
{
    private const int InstructionLength = 2;

    /// <summary>A fault of the running thread itself: if it blocks or ignores the signal, it ends.</summary>
    /// <linux>force_sig_info</linux>
    internal static void Force(int signal, int code, ulong address)
    {
        TaskStruct* task = Current;
        Process* process = task->Process;
        ulong flags = process->Lock.LockIrqSave();
        ref SigAction action = ref process->Action(signal);
        if (action.Handler == SigAction.Ignore || (task->Signals.Blocked & Signal.Mask(signal)) != 0)
        {
            action.Handler = SigAction.Default;
            task->Signals.Blocked &= ~Signal.Mask(signal);
        }

        Signals.Add(ref task->Signals.Pending, signal);
        task->Signals.Info = new SigInfo { Code = code, Address = address };
        Signals.Recalculate(task);
        process->Lock.UnlockIrqRestore(flags);
    }

    /// <summary>True if <paramref name="signal"/> would end the thread: worth a line in the log.</summary>
    internal static bool IsFatal(TaskStruct* task, int signal) =>
        task->Process->Action(signal).Handler is SigAction.Default or SigAction.Ignore || (task->Signals.Blocked & Signal.Mask(signal)) != 0;

    /// <summary>The way back to user mode, interrupts off: gives the CPU away and acts on signals until there is nothing to do.</summary>
    /// <linux>do_notify_resume</linux>
    /// <rows>IRQ-10</rows>
    [RuntimeExport("arch_exit_to_user_mode")]
    private static void ExitToUserMode(PtRegs* regs)
    {
#if DEBUG_CHECKS
        TraceHardirqsOff();
#endif
        while (true)
        {
            if (Scheduler.NeedResched())
            {
                LocalIrqEnable();
                Scheduler.Schedule();
                LocalIrqDisable();
            }
            else if (Current->PendingSignals != 0)
            {
                LocalIrqEnable();
                DoSignal(regs);
                LocalIrqDisable();
            }
            else
            {
#if DEBUG_CHECKS
                TraceHardirqsOn();
#endif
                return;
            }
        }
    }

    // Every signal that is to be acted on, until one has a handler: that runs first.
    private static void DoSignal(PtRegs* regs)
    {
        TaskStruct* task = Current;
        Process* process = task->Process;
        while (true)
        {
            process->Lock.LockIrq();
            if (process->Exiting)
            {
                int status = process->ExitCode;
                process->Lock.UnlockIrq();
                ProcessExit.ExitThread(status);
            }

            if (process->Executing != null && process->Executing != task)
            {
                process->Lock.UnlockIrq();
                ProcessExit.ExitThread(0);
            }

            if (process->Stopped)
            {
                process->Lock.UnlockIrq();
                ProcessStop.Wait();
                continue;
            }

            int signal = Dequeue(task, process, out SigInfo info);
            if (signal == 0)
            {
                process->Lock.UnlockIrq();
                break;
            }

            SigAction action = process->Action(signal);
            if (action.Handler > SigAction.Ignore && (action.Flags & SigAction.ResetHandler) != 0)
            {
                process->Action(signal).Handler = SigAction.Default;
            }

            process->Lock.UnlockIrq();
            if (action.Handler == SigAction.Ignore)
            {
                continue;
            }

            if (action.Handler == SigAction.Default)
            {
                ActByDefault(signal);
                continue;
            }

            RestartBeforeHandler(regs, action);
            Handle(regs, signal, action, info);
            return;
        }

        RestartWithoutHandler(regs);
        if (task->Signals.RestoreBlocked)
        {
            task->Signals.RestoreBlocked = false;
            SetBlocked(task->Signals.SavedBlocked);
        }
    }

    // A fault of the thread itself first, then by number; the thread's own before the process's.
    private static int Dequeue(TaskStruct* task, Process* process, out SigInfo info)
    {
        info = default;
        ulong own = task->Signals.Pending.Set & ~task->Signals.Blocked, shared = process->Pending.Set & ~task->Signals.Blocked;
        ulong from = (own & Signal.SynchronousSet) != 0 ? own & Signal.SynchronousSet : own != 0 ? own : shared;
        int signal = from == 0 ? 0 : System.Numerics.BitOperations.TrailingZeroCount(from) + 1;
        if (signal != 0)
        {
            bool isOwn = (own & Signal.Mask(signal)) != 0;
            info = isOwn ? task->Signals.Info : process->Info(signal);
            TimerSignals.Take(isOwn ? &task->Signals.Pending : &process->Pending, signal, ref info);
        }

        Signals.Recalculate(task);
        return signal;
    }

    private static void ActByDefault(int signal)
    {
        ulong mask = Signal.Mask(signal);
        if ((Signal.IgnoreSet & mask) != 0)
        {
            return;
        }

        Process* process = Current->Process;
        if (process == ProcessTree.Init && signal != Signal.SIGSEGV && signal != Signal.SIGILL && signal != Signal.SIGBUS && signal != Signal.SIGFPE)
        {
            // Pid 1 dies of nothing but its own mistakes.
            return;
        }

        if ((Signal.StopSet & mask) != 0)
        {
            ProcessStop.Stop(signal);
            return;
        }

        // Without the flag 0x80: it says that a core file has been written, and none is.
        ProcessExit.ExitGroup(signal);
    }

    private static void Handle(PtRegs* regs, int signal, SigAction action, SigInfo info)
    {
        TaskStruct* task = Current;
        ulong blocked = task->Signals.RestoreBlocked ? task->Signals.SavedBlocked : task->Signals.Blocked;
        task->Signals.RestoreBlocked = false;
        if (SignalFrame.Push(regs, signal, action, info, blocked) != 0)
        {
            // No stack to run the handler on.
            Process* process = task->Process;
            process->Lock.LockIrq();
            process->Action(Signal.SIGSEGV).Handler = SigAction.Default;
            process->Lock.UnlockIrq();
            Force(Signal.SIGSEGV, SigInfo.SI_KERNEL, 0);
            return;
        }

        SetBlocked(task->Signals.Blocked | action.BlockedInHandler | ((action.Flags & SigAction.NoDefer) != 0 ? 0 : Signal.Mask(signal)));
    }

    /// <summary>Blocks exactly these, as far as they can be blocked. Process context.</summary>
    /// <linux>set_current_blocked</linux>
    internal static void SetBlocked(ulong set)
    {
        TaskStruct* task = Current;
        task->Process->Lock.LockIrq();
        task->Signals.Blocked = set & ~Signal.Unblockable;
        Signals.Recalculate(task);
        task->Process->Lock.UnlockIrq();
    }

    // A call that the signal has ended is made again, by going back over the instruction, or gives -EINTR.
    private static void RestartBeforeHandler(PtRegs* regs, SigAction action)
    {
        if ((long)regs->OrigRax < 0)
        {
            return;
        }

        switch ((int)regs->Rax)
        {
            case -ERESTARTNOHAND:
            case -ERESTART_RESTARTBLOCK:
                regs->Rax = unchecked((ulong)-EINTR);
                break;
            case -ERESTARTSYS when (action.Flags & SigAction.Restart) == 0:
                regs->Rax = unchecked((ulong)-EINTR);
                break;
            case -ERESTARTSYS:
            case -ERESTARTNOINTR:
                regs->Rax = regs->OrigRax;
                regs->Rip -= InstructionLength;
                break;
        }
    }

    private static void RestartWithoutHandler(PtRegs* regs)
    {
        if ((long)regs->OrigRax < 0)
        {
            return;
        }

        switch ((int)regs->Rax)
        {
            case -ERESTARTNOHAND:
            case -ERESTARTSYS:
            case -ERESTARTNOINTR:
                regs->Rax = regs->OrigRax;
                regs->Rip -= InstructionLength;
                break;
            case -ERESTART_RESTARTBLOCK:
                regs->Rip -= InstructionLength;
                regs->Rax = EnteredBySyscall(regs->Rip) ? 219u : 0u;
                break;
        }

        // Once only: the call that is made again has a result of its own.
        regs->OrigRax = ulong.MaxValue;
    }

    // 0F 05 and not CD 80: the numbers of restart_syscall differ.
    private static bool EnteredBySyscall(ulong rip) => Uaccess.GetUser(out byte first, (byte*)rip) == 0 && first == 0x0f;
}
