// ExampleCalls: the system calls that the book adds, as it adds them.
//
// Not in Linux. Process context of a program. Each shows one thing: a call without arguments, one with user memory, one that asks who is calling.
// docs/system-calls.md goes through them.

using System.Runtime;

namespace CSharpOS.Syscalls;

/// <summary>foo, silly_copy and am_i_popular.</summary>
/// <rows>SYS-05</rows>
internal static unsafe class ExampleCalls
{
    /// <summary>The size of the kernel stack.</summary>
    [RuntimeExport("sys_foo")]
    private static long SysFoo() => AsmOffsets.THREAD_SIZE;

    /// <summary>Copies 8 bytes from one place of the program to another, by way of the kernel.</summary>
    /// <returns><paramref name="length"/>; -EINVAL if it is not 8; -EFAULT.</returns>
    [RuntimeExport("sys_silly_copy")]
    private static long SysSillyCopy(ulong* source, ulong* destination, ulong length)
    {
        ulong buffer;
        if (length != sizeof(ulong))
        {
            return -EINVAL;
        }

        if (Uaccess.CopyFromUser(&buffer, source, sizeof(ulong)) != 0)
        {
            return -EFAULT;
        }

        if (Uaccess.CopyToUser(destination, &buffer, sizeof(ulong)) != 0)
        {
            return -EFAULT;
        }

        return (long)length;
    }

    /// <summary>May the caller raise priorities?</summary>
    /// <returns>0 with CAP_SYS_NICE, else -EPERM.</returns>
    [RuntimeExport("sys_am_i_popular")]
    private static long SysAmIPopular() => Capabilities.Capable(Capability.SysNice) ? 0 : -EPERM;
}
