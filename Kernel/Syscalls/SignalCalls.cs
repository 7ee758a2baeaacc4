// SignalCalls: the system calls about signals.
//
// Linux: kernel/signal.c, arch/x86/ia32/ia32_signal.c. Process context of a program; pause and sigsuspend sleep. Lock: the process's Lock, in Kernel/Signals.

using System.Runtime;
using System.Runtime.InteropServices;

namespace CSharpOS.Syscalls;

/// <summary>kill, sigaction, sigprocmask and their like.</summary>
internal static unsafe partial class SignalCalls
{
    private const int Block = 0, Unblock = 1, SetMask = 2;
    private const int StackOn = 1, StackDisable = 2;
    private const ulong MinimumStack = 2048;

    [RuntimeExport("sys_kill")]
    private static long SysKill(int pid, int signal)
    {
        if (signal != 0 && !Signal.IsValid(signal))
        {
            return -EINVAL;
        }

        SigInfo info = FromUser(SigInfo.SI_USER);
        if (pid > 0)
        {
            return KillOne(pid, signal, info);
        }

        // 0: the caller's group; -1: everybody but pid 1 and the caller; else the group -pid.
        int group = pid == 0 ? Current->Process->Group : -pid;
        long result = -ESRCH;
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        for (Process* process = ProcessTree.Next(null); process != null; process = ProcessTree.Next(process))
        {
            bool meant = pid == -1 ? process != ProcessTree.Init && process != Current->Process : process->Group == group;
            if (!meant)
            {
                continue;
            }

            bool allowed = MaySignal(process, signal);
            result = allowed ? 0 : result == -ESRCH ? -EPERM : result;
            if (allowed && signal != 0)
            {
                Signals.Send(process, signal, info);
            }
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        return result;
    }

    [RuntimeExport("sys_tkill")]
    private static long SysTkill(int tid, int signal) => tid <= 0 ? -EINVAL : KillThread(0, tid, signal);

    [RuntimeExport("sys_tgkill")]
    private static long SysTgkill(int pid, int tid, int signal) => tid <= 0 || pid <= 0 ? -EINVAL : KillThread(pid, tid, signal);

    [RuntimeExport("sys_rt_sigaction")]
    private static long SysRtSigaction(int signal, SigAction64* action, SigAction64* old, nuint size)
    {
        if (size != sizeof(ulong))
        {
            return -EINVAL;
        }

        SigAction64 given = default;
        if (action != null && Uaccess.GetUser(out given, action) != 0)
        {
            return -EFAULT;
        }

        SigAction value = new() { Handler = given.Handler, Flags = (uint)given.Flags, Restorer = given.Restorer, BlockedInHandler = given.Mask };
        long result = SetAction(signal, action != null ? &value : null, out SigAction before);
        if (result == 0 && old != null)
        {
            SigAction64 image = new() { Handler = before.Handler, Flags = before.Flags, Restorer = before.Restorer, Mask = before.BlockedInHandler };
            result = Uaccess.PutUser(image, old);
        }

        return result;
    }

    [RuntimeExport("compat_sys_rt_sigaction")]
    private static long CompatSysRtSigaction(int signal, SigAction32* action, SigAction32* old, nuint size)
    {
        if (size != sizeof(ulong))
        {
            return -EINVAL;
        }

        SigAction32 given = default;
        if (action != null && Uaccess.GetUser(out given, action) != 0)
        {
            return -EFAULT;
        }

        SigAction value = new() { Handler = given.Handler, Flags = given.Flags, Restorer = given.Restorer, BlockedInHandler = given.Mask };
        long result = SetAction(signal, action != null ? &value : null, out SigAction before);
        if (result == 0 && old != null)
        {
            SigAction32 image = new()
            {
                Handler = (uint)before.Handler,
                Flags = before.Flags,
                Restorer = (uint)before.Restorer,
                Mask = before.BlockedInHandler,
            };
            result = Uaccess.PutUser(image, old);
        }

        return result;
    }

    [RuntimeExport("sys_rt_sigprocmask")]
    private static long SysRtSigprocmask(int how, ulong* set, ulong* old, nuint size)
    {
        if (size != sizeof(ulong))
        {
            return -EINVAL;
        }

        ulong before = Current->Signals.Blocked;
        if (set != null)
        {
            if (Uaccess.GetUser(out ulong given, set) != 0)
            {
                return -EFAULT;
            }

            if (how is not (Block or Unblock or SetMask))
            {
                return -EINVAL;
            }

            SignalDelivery.SetBlocked(Change(before, how, given));
        }

        return old != null ? Uaccess.PutUser(before, old) : 0;
    }

    [RuntimeExport("sys_rt_sigpending")]
    private static long SysRtSigpending(ulong* set, nuint size)
    {
        if (size > sizeof(ulong))
        {
            return -EINVAL;
        }

        ulong pending = (Current->Signals.Pending.Set | Current->Process->Pending.Set) & Current->Signals.Blocked;
        return Uaccess.CopyToUser(set, &pending, size) == 0 ? 0 : -EFAULT;
    }

    [RuntimeExport("sys_rt_sigsuspend")]
    private static long SysRtSigsuspend(ulong* set, nuint size)
    {
        if (size != sizeof(ulong))
        {
            return -EINVAL;
        }

        if (Uaccess.GetUser(out ulong given, set) != 0)
        {
            return -EFAULT;
        }

        return Suspend(given);
    }

    [RuntimeExport("sys_pause")]
    private static long SysPause()
    {
        while (!Scheduler.SignalPending(Current))
        {
            Scheduler.SetCurrentState(TaskState.Interruptible);
            Scheduler.Schedule();
        }

        Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
        return -ERESTARTNOHAND;
    }

    [RuntimeExport("sys_rt_sigreturn")]
    private static long SysRtSigreturn()
    {
        PtRegs* regs = ContextSwitch.UserRegs(Current);
        return regs->Cs == AsmOffsets.USER_CS ? SignalFrame.Pop(regs) : SignalFrame32.PopRt(regs);
    }

    [RuntimeExport("sys_sigreturn")]
    private static long SysSigreturn() => SignalFrame32.Pop(ContextSwitch.UserRegs(Current));

    [RuntimeExport("sys_sigaltstack")]
    private static long SysSigaltstack(Stack64* stack, Stack64* old)
    {
        Stack64 given = default;
        if (stack != null && Uaccess.GetUser(out given, stack) != 0)
        {
            return -EFAULT;
        }

        Stack64 before = new() { Pointer = Current->Signals.StackBottom, Flags = StackFlags(), Size = Current->Signals.StackSize };
        long result = stack == null ? 0 : SetStack(given.Pointer, given.Flags, given.Size);
        return result == 0 && old != null ? Uaccess.PutUser(before, old) : result;
    }

    [RuntimeExport("compat_sys_sigaltstack")]
    private static long CompatSysSigaltstack(Stack32* stack, Stack32* old)
    {
        Stack32 given = default;
        if (stack != null && Uaccess.GetUser(out given, stack) != 0)
        {
            return -EFAULT;
        }

        Stack32 before = new() { Pointer = (uint)Current->Signals.StackBottom, Flags = StackFlags(), Size = (uint)Current->Signals.StackSize };
        long result = stack == null ? 0 : SetStack(given.Pointer, given.Flags, given.Size);
        return result == 0 && old != null ? Uaccess.PutUser(before, old) : result;
    }

    // A signal from one process to another needs the same user, or root; SIGCONT also goes within the session.
    private static bool MaySignal(Process* process, int signal)
    {
        Process* mine = Current->Process;
        return mine->Euid == process->Suid || mine->Euid == process->Uid || mine->Uid == process->Suid || mine->Uid == process->Uid ||
            (signal == Signal.SIGCONT && process->Session == mine->Session) || Capabilities.Capable(Capability.Kill);
    }

    private static long KillOne(int pid, int signal, SigInfo info)
    {
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        Process* process = ProcessTree.Find(pid);
        long result = process == null ? -ESRCH : MaySignal(process, signal) ? 0 : -EPERM;
        if (result == 0 && signal != 0)
        {
            Signals.Send(process, signal, info);
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        if (result != -ESRCH)
        {
            return result;
        }

        // A kernel thread, or a thread of a process.
        TaskStruct* task = Tasks.Find(pid);
        if (task == null)
        {
            return -ESRCH;
        }

        result = Capabilities.Capable(Capability.Kill) ? 0 : -EPERM;
        if (result == 0 && signal != 0)
        {
            Signals.Send(task, signal, info);
        }

        Tasks.Put(task);
        return result;
    }

    private static long KillThread(int pid, int tid, int signal)
    {
        if (signal != 0 && !Signal.IsValid(signal))
        {
            return -EINVAL;
        }

        TaskStruct* task = Tasks.Find(tid);
        if (task == null)
        {
            return -ESRCH;
        }

        long result = -ESRCH;
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        Process* process = task->Process;
        if (process != null && (pid == 0 || task->Tgid == pid))
        {
            result = MaySignal(process, signal) ? 0 : -EPERM;
            if (result == 0 && signal != 0)
            {
                Signals.SendToThread(task, signal, FromUser(SigInfo.SI_TKILL));
            }
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        Tasks.Put(task);
        return result;
    }

    private static SigInfo FromUser(int code) => new() { Code = code, Pid = Current->Tgid, Uid = Current->Process->Uid };

    private static long SetAction(int signal, SigAction* action, out SigAction before)
    {
        before = default;
        if (!Signal.IsValid(signal) || (action != null && (Signal.Mask(signal) & Signal.Unblockable) != 0))
        {
            return -EINVAL;
        }

        Process* process = Current->Process;
        process->Lock.LockIrq();
        before = process->Action(signal);
        if (action != null)
        {
            action->BlockedInHandler &= ~Signal.Unblockable;
            process->Action(signal) = *action;
            if (Signals.IsIgnored(process, signal))
            {
                // What is ignored now is not pending any more.
                Signals.Forget(process, Signal.Mask(signal));
            }
        }

        process->Lock.UnlockIrq();
        return 0;
    }

    private static ulong Change(ulong before, int how, ulong given) => how == Block ? before | given : how == Unblock ? before & ~given : given;

    // Other signals are blocked until one has come; then those of before again.
    private static long Suspend(ulong blocked)
    {
        Current->Signals.SavedBlocked = Current->Signals.Blocked;
        Current->Signals.RestoreBlocked = true;
        SignalDelivery.SetBlocked(blocked);
        return SysPause();
    }

    private static int StackFlags()
    {
        ref TaskSignals signals = ref Current->Signals;
        return signals.StackSize == 0 ? StackDisable : ContextSwitch.UserRegs(Current)->Rsp - signals.StackBottom < signals.StackSize ? StackOn : 0;
    }

    private static long SetStack(ulong pointer, int flags, ulong size)
    {
        if (StackFlags() == StackOn)
        {
            return -EPERM;
        }

        if ((flags & ~(StackOn | StackDisable)) != 0)
        {
            return -EINVAL;
        }

        bool disable = (flags & StackDisable) != 0;
        if (!disable && size < MinimumStack)
        {
            return -ENOMEM;
        }

        Current->Signals.StackBottom = disable ? 0 : pointer;
        Current->Signals.StackSize = disable ? 0 : size;
        return 0;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SigAction64
    {
        public ulong Handler, Flags, Restorer, Mask;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct SigAction32
    {
        public uint Handler, Flags, Restorer;
        public ulong Mask;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Stack64
    {
        public ulong Pointer;
        public int Flags;
        public ulong Size;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Stack32
    {
        public uint Pointer;
        public int Flags;
        public uint Size;
    }
}
