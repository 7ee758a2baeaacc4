// ProcessCalls: the system calls that make, end and wait for processes.
//
// Linux: arch/x86/kernel/process.c, kernel/exit.c, sys_ia32.c. Process context of a program; may sleep. The work is done in Kernel/Process.

using System.Runtime;

namespace CSharpOS.Syscalls;

/// <summary>fork, clone, exit, wait.</summary>
/// <rows>SYS-12</rows>
internal static unsafe class ProcessCalls
{
    [RuntimeExport("sys_exit")]
    private static long SysExit(int code)
    {
        ProcessExit.ExitThread((code & 0xff) << 8);
        return 0;
    }

    [RuntimeExport("sys_exit_group")]
    private static long SysExitGroup(int code)
    {
        ProcessExit.ExitGroup((code & 0xff) << 8);
        return 0;
    }

    [RuntimeExport("sys_fork")]
    private static long SysFork() => Fork.Do((CloneFlags)Signal.SIGCHLD, 0, null, null, 0);

    [RuntimeExport("sys_vfork")]
    private static long SysVfork() => Fork.Do(CloneFlags.Vfork | CloneFlags.Vm | (CloneFlags)Signal.SIGCHLD, 0, null, null, 0);

    [RuntimeExport("sys_clone")]
    private static long SysClone(ulong flags, ulong stack, int* parentTid, int* childTid, ulong tls) =>
        Fork.Do((CloneFlags)flags, stack, parentTid, childTid, tls);

    // The last two the other way round.
    [RuntimeExport("compat_sys_clone")]
    private static long CompatSysClone(ulong flags, ulong stack, int* parentTid, ulong tls, int* childTid) =>
        Fork.Do((CloneFlags)flags, stack, parentTid, childTid, tls);

    // Of its many operations the two that programs cannot do without: their own name.
    [RuntimeExport("sys_prctl")]
    private static long SysPrctl(int operation, byte* name)
    {
        const int SetName = 15, GetName = 16;
        byte* copy = stackalloc byte[TaskName.Size];
        new Span<byte>(copy, TaskName.Size).Clear();
        switch (operation)
        {
            case SetName:
                nint length = Uaccess.StrncpyFromUser(copy, name, TaskName.Size);
                if (length < 0)
                {
                    return -EFAULT;
                }

                KernelThread.SetName(Current, new ReadOnlySpan<byte>(copy, (int)Math.Min(length, TaskName.Size - 1)));
                return 0;
            case GetName:
                Current->Name.CopyTo(new Span<byte>(copy, TaskName.Size));
                return Uaccess.CopyToUser(name, copy, TaskName.Size) == 0 ? 0 : -EFAULT;
            default:
                return -EINVAL;
        }
    }

    [RuntimeExport("sys_waitpid")]
    private static long SysWaitpid(int pid, int* status, int options) => Wait(pid, status, options, out _);

    [RuntimeExport("sys_wait4")]
    private static long SysWait4(int pid, int* status, int options, Rusage64* usage)
    {
        long result = Wait(pid, status, options, out ProcessUsage used);
        if (result > 0 && usage != null)
        {
            Rusage64 value = new() { UserTime = TimevalOf(used.UserTicks), SystemTime = TimevalOf(used.SystemTicks) };
            result = Uaccess.PutUser(value, usage) == 0 ? result : -EFAULT;
        }

        return result;
    }

    [RuntimeExport("compat_sys_wait4")]
    private static long CompatSysWait4(int pid, int* status, int options, Rusage32* usage)
    {
        long result = Wait(pid, status, options, out ProcessUsage used);
        if (result > 0 && usage != null)
        {
            result = Uaccess.PutUser(Compat(used), usage) == 0 ? result : -EFAULT;
        }

        return result;
    }

    [RuntimeExport("sys_getrusage")]
    private static long SysGetrusage(int who, Rusage64* usage)
    {
        if (who is not (0 or -1))
        {
            return -EINVAL;
        }

        ProcessUsage used = UsageOf(who);
        return Uaccess.PutUser(new Rusage64 { UserTime = TimevalOf(used.UserTicks), SystemTime = TimevalOf(used.SystemTicks) }, usage);
    }

    [RuntimeExport("compat_sys_getrusage")]
    private static long CompatSysGetrusage(int who, Rusage32* usage) =>
        who is not (0 or -1) ? -EINVAL : Uaccess.PutUser(Compat(UsageOf(who)), usage);

    [RuntimeExport("sys_times")]
    private static long SysTimes(ulong* times)
    {
        ProcessUsage self = UsageOf(0), children = UsageOf(-1);
        ulong* values = stackalloc ulong[4] { Clocks(self.UserTicks), Clocks(self.SystemTicks), Clocks(children.UserTicks), Clocks(children.SystemTicks) };
        if (times != null && Uaccess.CopyToUser(times, values, 4 * sizeof(ulong)) != 0)
        {
            return -EFAULT;
        }

        return (long)Clocks(Jiffies64);
    }

    [RuntimeExport("compat_sys_times")]
    private static long CompatSysTimes(uint* times)
    {
        ProcessUsage self = UsageOf(0), children = UsageOf(-1);
        uint* values = stackalloc uint[4]
        {
            (uint)Clocks(self.UserTicks), (uint)Clocks(self.SystemTicks), (uint)Clocks(children.UserTicks), (uint)Clocks(children.SystemTicks),
        };
        if (times != null && Uaccess.CopyToUser(times, values, 4 * sizeof(uint)) != 0)
        {
            return -EFAULT;
        }

        // A large count must not look like an error.
        return (long)(Clocks(Jiffies64) & 0x7fffffff);
    }

    private static long Wait(int pid, int* status, int options, out ProcessUsage usage)
    {
        int result = ProcessWait.Wait(pid, options, out int value, out usage);
        return result > 0 && status != null && Uaccess.PutUser(value, status) != 0 ? -EFAULT : result;
    }

    private static ProcessUsage UsageOf(int who)
    {
        Process* process = Current->Process;
        if (who != 0)
        {
            return new ProcessUsage { UserTicks = process->ChildUserTicks, SystemTicks = process->ChildSystemTicks };
        }

        ulong user = process->UserTicks, system = process->SystemTicks;
        process->Lock.LockIrq();
        for (ListHead* link = process->Threads.Next; link != &process->Threads; link = link->Next)
        {
            TaskStruct* thread = Threads.Of(link);
            user += thread->UserTicks;
            system += thread->Ticks - thread->UserTicks;
        }

        process->Lock.UnlockIrq();
        return new ProcessUsage { UserTicks = user, SystemTicks = system };
    }

    private static Rusage32 Compat(ProcessUsage used) => new()
    {
        UserTime = Timeval32.FromNanoseconds((long)used.UserTicks * (1_000_000_000 / HZ)),
        SystemTime = Timeval32.FromNanoseconds((long)used.SystemTicks * (1_000_000_000 / HZ)),
    };

    private static Timeval64 TimevalOf(ulong ticks) => Timeval64.FromNanoseconds((long)ticks * (1_000_000_000 / HZ));

    // In units of 1/100 s, whatever HZ is.
    private static ulong Clocks(ulong ticks) => ticks * 100 / HZ;
}
