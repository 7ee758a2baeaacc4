// LimitCalls: what a process may use of everything. The limits are the kernel's own, the same for all, and nobody can change them: programs ask.
//
// Linux: kernel/sys.c (getrlimit, old_getrlimit, prlimit64). Process context; constants, so no locks.

using System.Runtime;
using System.Runtime.InteropServices;

namespace CSharpOS.Syscalls;

/// <summary>getrlimit and its like.</summary>
/// <rows>SYS-12</rows>
internal static unsafe class LimitCalls
{
    private const uint Stack = 3, Core = 4, OpenFiles = 7, Nice = 13, RealTimePriority = 14, Count = 16;
    private const ulong Infinity = ulong.MaxValue;
    private const uint OldInfinity = 0x7fffffff;

    [RuntimeExport("sys_getrlimit")]
    private static long SysGetrlimit(uint resource, Limit64* limit)
    {
        if (resource >= Count)
        {
            return -EINVAL;
        }

        ulong value = Of(resource);
        return Uaccess.PutUser(new Limit64 { Current = value, Maximum = value }, limit);
    }

    // The same with 32 bits, in which infinity is all ones as well.
    [RuntimeExport("compat_sys_getrlimit")]
    private static long CompatSysGetrlimit(uint resource, Limit32* limit) => Narrow(resource, limit, uint.MaxValue);

    // The first form of it, where a limit was a signed number.
    [RuntimeExport("sys_old_getrlimit")]
    private static long SysOldGetrlimit(uint resource, Limit32* limit) => Narrow(resource, limit, OldInfinity);

    [RuntimeExport("sys_prlimit64")]
    private static long SysPrlimit64(int pid, uint resource, Limit64* wanted, Limit64* limit)
    {
        if (resource >= Count)
        {
            return -EINVAL;
        }

        if (pid != 0 && pid != Current->Tgid)
        {
            ulong flags = ProcessTree.TreeLock.LockIrqSave();
            bool exists = ProcessTree.Find(pid) != null;
            ProcessTree.TreeLock.UnlockIrqRestore(flags);
            if (!exists)
            {
                return -ESRCH;
            }
        }

        if (wanted != null)
        {
            return Uaccess.GetUser(out Limit64 _, wanted) != 0 ? -EFAULT : -EPERM;
        }

        return limit == null ? 0 : SysGetrlimit(resource, limit);
    }

    private static long Narrow(uint resource, Limit32* limit, uint infinity)
    {
        if (resource >= Count)
        {
            return -EINVAL;
        }

        uint value = (uint)Math.Min(Of(resource), infinity);
        return Uaccess.PutUser(new Limit32 { Current = value, Maximum = value }, limit);
    }

    private static ulong Of(uint resource) => resource switch
    {
        Stack => UserFault.MaxStack,
        OpenFiles => Fs.FilesStruct.MaxFiles,

        // Nothing of it: no core files; nice values below 0 and real-time priorities are a matter of capabilities.
        Core or Nice or RealTimePriority => 0,
        _ => Infinity,
    };

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit64
    {
        public ulong Current, Maximum;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit32
    {
        public uint Current, Maximum;
    }
}
