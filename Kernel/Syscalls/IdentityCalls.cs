// IdentityCalls: who a process is: numbers, users, groups, sessions, priorities.
//
// Linux: kernel/timer.c (getpid), kernel/sys.c. Process context. Locks: ProcessTree.TreeLock for groups and sessions; the user numbers are the process's own.

using System.Runtime;

namespace CSharpOS.Syscalls;

/// <summary>getpid and its like.</summary>
internal static unsafe class IdentityCalls
{
    [RuntimeExport("sys_getpid")]
    private static long SysGetpid() => Current->Tgid;

    [RuntimeExport("sys_gettid")]
    private static long SysGettid() => Current->Pid;

    [RuntimeExport("sys_getppid")]
    private static long SysGetppid()
    {
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        Process* parent = Current->Process->Parent;
        int pid = parent == null ? 0 : parent->Pid;
        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        return pid;
    }

    [RuntimeExport("sys_set_tid_address")]
    private static long SysSetTidAddress(int* address)
    {
        Current->ClearChildTid = address;
        return Current->Pid;
    }

    [RuntimeExport("sys_getuid")]
    private static long SysGetuid() => Current->Process->Uid;

    [RuntimeExport("sys_geteuid")]
    private static long SysGeteuid() => Current->Process->Euid;

    [RuntimeExport("sys_getgid")]
    private static long SysGetgid() => Current->Process->Gid;

    [RuntimeExport("sys_getegid")]
    private static long SysGetegid() => Current->Process->Egid;

    [RuntimeExport("sys_setuid")]
    private static long SysSetuid(int uid)
    {
        Process* process = Current->Process;
        if (Capabilities.Capable(Capability.SetUid))
        {
            process->Uid = process->Suid = uid;
        }
        else if (uid != process->Uid && uid != process->Suid)
        {
            return -EPERM;
        }

        process->Euid = uid;
        return 0;
    }

    [RuntimeExport("sys_setgid")]
    private static long SysSetgid(int gid)
    {
        Process* process = Current->Process;
        if (Capabilities.Capable(Capability.SetGid))
        {
            process->Gid = process->Sgid = gid;
        }
        else if (gid != process->Gid && gid != process->Sgid)
        {
            return -EPERM;
        }

        process->Egid = gid;
        return 0;
    }

    // A process has its one group and no others.
    [RuntimeExport("sys_getgroups")]
    private static long SysGetgroups(int size, void* groups) => size < 0 ? -EINVAL : 0;

    [RuntimeExport("sys_getpgrp")]
    private static long SysGetpgrp() => Current->Process->Group;

    [RuntimeExport("sys_getpgid")]
    private static long SysGetpgid(int pid) => OfProcess(pid, session: false);

    [RuntimeExport("sys_getsid")]
    private static long SysGetsid(int pid) => OfProcess(pid, session: true);

    [RuntimeExport("sys_setpgid")]
    private static long SysSetpgid(int pid, int group)
    {
        Process* mine = Current->Process;
        if (group < 0)
        {
            return -EINVAL;
        }

        long result;
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        Process* process = pid == 0 ? mine : ProcessTree.Find(pid);
        if (process == null || (process != mine && process->Parent != mine))
        {
            result = -ESRCH;
        }
        else if (process != mine && process->HasExecuted)
        {
            result = -EACCES;
        }
        else if (process->Session == process->Pid || process->Session != mine->Session)
        {
            result = -EPERM;
        }
        else
        {
            group = group == 0 ? process->Pid : group;
            result = group == process->Pid || ExistsInSession(group, mine->Session) ? 0 : -EPERM;
            process->Group = result == 0 ? group : process->Group;
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        return result;
    }

    [RuntimeExport("sys_setsid")]
    private static long SysSetsid()
    {
        Process* mine = Current->Process;
        long result = mine->Pid;
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        for (Process* process = ProcessTree.Next(null); process != null; process = ProcessTree.Next(process))
        {
            if (process->Group == mine->Pid)
            {
                result = -EPERM;
            }
        }

        if (result > 0)
        {
            mine->Session = mine->Group = mine->Pid;
            mine->Terminal = null;
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        return result;
    }

    [RuntimeExport("sys_nice")]
    private static long SysNice(int increment)
    {
        int nice = Math.Min(19, Math.Max(-20, Current->Nice + Math.Min(40, Math.Max(-40, increment))));
        if (increment < 0 && !Capabilities.Capable(Capability.SysNice))
        {
            return -EPERM;
        }

        Scheduler.SetUserNice(Current, nice);
        return 0;
    }

    [RuntimeExport("sys_getpriority")]
    private static long SysGetpriority(int which, int who)
    {
        if (which != 0)
        {
            return which is 1 or 2 ? -ESRCH : -EINVAL;
        }

        TaskStruct* task = Tasks.Find(who == 0 ? Current->Pid : who);
        if (task == null)
        {
            return -ESRCH;
        }

        // 40 to 1, so that no nice value looks like an error.
        long result = 20 - task->Nice;
        Tasks.Put(task);
        return result;
    }

    [RuntimeExport("sys_setpriority")]
    private static long SysSetpriority(int which, int who, int nice)
    {
        if (which != 0)
        {
            return which is 1 or 2 ? -ESRCH : -EINVAL;
        }

        nice = Math.Min(19, Math.Max(-20, nice));
        TaskStruct* task = Tasks.Find(who == 0 ? Current->Pid : who);
        if (task == null)
        {
            return -ESRCH;
        }

        long result = nice < task->Nice && !Capabilities.Capable(Capability.SysNice) ? -EACCES : 0;
        if (result == 0)
        {
            Scheduler.SetUserNice(task, nice);
        }

        Tasks.Put(task);
        return result;
    }

    [RuntimeExport("sys_sched_yield")]
    private static long SysSchedYield()
    {
        Scheduler.Yield();
        return 0;
    }

    private static long OfProcess(int pid, bool session)
    {
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        Process* process = pid == 0 ? Current->Process : ProcessTree.Find(pid);
        long result = process == null ? -ESRCH : session ? process->Session : process->Group;
        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        return result;
    }

    private static bool ExistsInSession(int group, int session)
    {
        for (Process* process = ProcessTree.Next(null); process != null; process = ProcessTree.Next(process))
        {
            if (process->Group == group && process->Session == session)
            {
                return true;
            }
        }

        return false;
    }
}
