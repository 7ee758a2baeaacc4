// NiSyscall: what stands in the holes of the table. Linux: kernel/sys_ni.c. Any number without a method ends here.

using System.Runtime;

namespace CSharpOS.Syscalls;

/// <summary>Calls that are not implemented.</summary>
/// <rows>SYS-02</rows>
internal static class NiSyscall
{
    [RuntimeExport("sys_ni_syscall")]
    private static long SysNiSyscall() => -ENOSYS;
}
