// JobControl: sessions, groups and their terminal: who may use it, and who gets its signals.
//
// Linux: tty_check_change, job_control, proc_set_tty, disassociate_ctty, tiocsctty, tiocspgrp (drivers/char/tty_io.c), is_current_pgrp_orphaned (kernel/exit.c).
// Process context, but Signal: any. Lock: ProcessTree.TreeLock guards Process.Terminal, TtyStruct.Session and ForegroundGroup, so that a group is looked up and
// made the foreground in one step; it is given back before a group is signalled.
// Invariant: a terminal controls at most one session, and a session has at most one terminal. A kernel thread has neither.

namespace CSharpOS.Tty;

/// <summary>Job control.</summary>
/// <rows>SYS-12</rows>
internal static unsafe class JobControl
{
    /// <summary>The terminal of the running process's session; null: none.</summary>
    /// <linux>get_current_tty</linux>
    internal static TtyStruct* OfSession
    {
        get
        {
            Process* mine = Current->Process;
            if (mine == null)
            {
                return null;
            }

            ulong flags = ProcessTree.TreeLock.LockIrqSave();
            var tty = (TtyStruct*)mine->Terminal;
            ProcessTree.TreeLock.UnlockIrqRestore(flags);
            return tty;
        }
    }

    /// <summary>Signals the foreground group. Any context.</summary>
    /// <linux>isig</linux>
    internal static void Signal(TtyStruct* tty, int signal) => SignalGroup(Shared.ReadOnce(ref tty->ForegroundGroup), signal);

    /// <summary>Asks whether the running process may do something that only the foreground may.</summary>
    /// <param name="tty">The terminal.</param>
    /// <param name="signal">What its group gets if it may not: SIGTTIN or SIGTTOU.</param>
    /// <returns>0: it may; it is in the foreground, or on another terminal, or does not listen to SIGTTOU. -ERESTARTSYS: the group has been signalled.
    /// -EIO: it may not, and stopping it would be no use: nobody would continue it, or it does not listen to SIGTTIN.</returns>
    /// <linux>job_control, tty_check_change</linux>
    internal static int Check(TtyStruct* tty, int signal)
    {
        Process* mine = Current->Process;
        if (mine == null)
        {
            return 0;
        }

        int result = 0;
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        int group = mine->Group;
        if (mine->Terminal == tty && tty->ForegroundGroup != 0 && tty->ForegroundGroup != group)
        {
            result = IsDeafTo(mine, signal) ? (signal == Processes.Signal.SIGTTIN ? -EIO : 0) : IsOrphaned(group) ? -EIO : -ERESTARTSYS;
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        if (result == -ERESTARTSYS)
        {
            SignalGroup(group, signal);
        }

        return result;
    }

    /// <summary>A session leader without a terminal gets this one, if it is nobody's. Opening it does that.</summary>
    /// <linux>tty_open_proc_set_tty</linux>
    internal static void TakeIfFree(TtyStruct* tty)
    {
        Process* mine = Current->Process;
        if (mine == null)
        {
            return;
        }

        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        if (mine->Session == mine->Pid && mine->Terminal == null && tty->Session == 0)
        {
            Take(tty, mine);
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
    }

    /// <summary>The running process, a session leader, makes this its terminal.</summary>
    /// <param name="tty">The terminal.</param>
    /// <param name="steal">Even from another session, if the process may administrate.</param>
    /// <returns>0; -EPERM.</returns>
    /// <linux>tiocsctty</linux>
    internal static int SetControlling(TtyStruct* tty, bool steal)
    {
        Process* mine = Current->Process;
        if (mine == null)
        {
            return -EPERM;
        }

        int result = 0;
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        bool leader = mine->Session == mine->Pid;
        bool has = leader && mine->Terminal == tty && tty->Session == mine->Session;
        if (!has && (!leader || mine->Terminal != null))
        {
            result = -EPERM;
        }
        else if (!has && tty->Session != 0)
        {
            result = steal && Capabilities.Capable(Capability.SysAdmin) ? 0 : -EPERM;
            if (result == 0)
            {
                TakeFromSession(tty);
            }
        }

        if (result == 0 && !has)
        {
            Take(tty, mine);
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        return result;
    }

    /// <summary>The running process gives its terminal up; if it is the session leader, the whole session does.</summary>
    /// <returns>0; -ENOTTY: it is not its terminal.</returns>
    /// <linux>TIOCNOTTY</linux>
    internal static int GiveUp(TtyStruct* tty)
    {
        Process* mine = Current->Process;
        if (mine == null || OfSession != tty)
        {
            return -ENOTTY;
        }

        if (mine->Session == mine->Pid)
        {
            Free(tty);
        }
        else
        {
            ulong flags = ProcessTree.TreeLock.LockIrqSave();
            mine->Terminal = null;
            ProcessTree.TreeLock.UnlockIrqRestore(flags);
        }

        return 0;
    }

    /// <summary>The terminal controls nobody any more: its session loses it, and the leader and the foreground group get SIGHUP and SIGCONT.</summary>
    /// <linux>disassociate_ctty</linux>
    internal static void Free(TtyStruct* tty)
    {
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        int group = tty->ForegroundGroup;
        for (Process* process = ProcessTree.Next(null); process != null; process = ProcessTree.Next(process))
        {
            if (process->Terminal == tty && process->Session == process->Pid && process->Group != group)
            {
                Signals.Send(process, Processes.Signal.SIGHUP, Signals.FromKernel());
                Signals.Send(process, Processes.Signal.SIGCONT, Signals.FromKernel());
            }
        }

        TakeFromSession(tty);
        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        SignalGroup(group, Processes.Signal.SIGHUP);
        SignalGroup(group, Processes.Signal.SIGCONT);
    }

    /// <summary>A session leader ends: its terminal is hung up. Process context, without a thread of its process; sleeps.</summary>
    /// <linux>disassociate_ctty(1)</linux>
    internal static void LeaderEnds(Process* leader)
    {
        var tty = (TtyStruct*)leader->Terminal;
        if (tty != null && leader->Session == leader->Pid)
        {
            TtyFiles.HangUp(tty);
        }
    }

    /// <summary>The foreground group, for a process of the session.</summary>
    /// <returns>The group, 0 for none, or -ENOTTY.</returns>
    /// <linux>tiocgpgrp</linux>
    internal static int Foreground(TtyStruct* tty) => OfSession == tty ? Shared.ReadOnce(ref tty->ForegroundGroup) : -ENOTTY;

    /// <summary>The session, for a process of it.</summary>
    /// <linux>tiocgsid</linux>
    internal static int SessionOf(TtyStruct* tty)
    {
        int session = Shared.ReadOnce(ref tty->Session);
        return OfSession == tty && session != 0 ? session : -ENOTTY;
    }

    /// <summary>Makes a group of the session the foreground.</summary>
    /// <returns>0; -ENOTTY: the terminal is not that of the running process; -EINVAL; -ESRCH: no such group; -EPERM: it is in another session; or as
    /// <see cref="Check"/>.</returns>
    /// <linux>tiocspgrp</linux>
    internal static int SetForeground(TtyStruct* tty, int group)
    {
        int result = Check(tty, Processes.Signal.SIGTTOU);
        if (result != 0)
        {
            return result;
        }

        Process* mine = Current->Process;
        if (mine == null)
        {
            return -ENOTTY;
        }

        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        result = mine->Terminal != tty || tty->Session != mine->Session ? -ENOTTY : group < 0 ? -EINVAL : -ESRCH;
        for (Process* process = ProcessTree.Next(null); result == -ESRCH && process != null; process = ProcessTree.Next(process))
        {
            if (process->Group == group)
            {
                result = process->Session == mine->Session ? 0 : -EPERM;
            }
        }

        if (result == 0)
        {
            Shared.WriteOnce(ref tty->ForegroundGroup, group);
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        return result;
    }

    private static void SignalGroup(int group, int signal)
    {
        if (group != 0)
        {
            Signals.SendToGroup(group, signal);
        }
    }

    // TreeLock is held.
    private static void Take(TtyStruct* tty, Process* leader)
    {
        leader->Terminal = tty;
        Shared.WriteOnce(ref tty->Session, leader->Session);
        Shared.WriteOnce(ref tty->ForegroundGroup, leader->Group);
    }

    // TreeLock is held.
    private static void TakeFromSession(TtyStruct* tty)
    {
        for (Process* process = ProcessTree.Next(null); process != null; process = ProcessTree.Next(process))
        {
            if (process->Terminal == tty)
            {
                process->Terminal = null;
            }
        }

        Shared.WriteOnce(ref tty->Session, 0);
        Shared.WriteOnce(ref tty->ForegroundGroup, 0);
    }

    private static bool IsDeafTo(Process* process, int signal)
    {
        process->Lock.Lock();
        bool deaf = Signals.IsIgnored(process, signal) || (Current->Signals.Blocked & Processes.Signal.Mask(signal)) != 0;
        process->Lock.Unlock();
        return deaf;
    }

    // Nobody outside the group, but of the same session, is the parent of one of it: nobody would continue it. TreeLock is held.
    private static bool IsOrphaned(int group)
    {
        for (Process* process = ProcessTree.Next(null); process != null; process = ProcessTree.Next(process))
        {
            Process* parent = process->Parent;
            if (process->Group == group && process->State == ProcessState.Alive && parent != null && parent != ProcessTree.Init
                && parent->Group != group && parent->Session == process->Session)
            {
                return false;
            }
        }

        return true;
    }
}
