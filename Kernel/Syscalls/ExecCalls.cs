// ExecCalls: execve. Linux: sys_execve, compat_sys_execve (fs/exec.c). Process context of a program; sleeps.

using System.Runtime;

namespace CSharpOS.Syscalls;

/// <summary>Executing programs.</summary>
/// <rows>SYS-12</rows>
internal static unsafe class ExecCalls
{
    private const int PathMax = 4096;

    [RuntimeExport("sys_execve")]
    private static long SysExecve(byte* path, byte* argv, byte* envp) => Execve(path, argv, envp, 8);

    [RuntimeExport("compat_sys_execve")]
    private static long CompatSysExecve(byte* path, byte* argv, byte* envp) => Execve(path, argv, envp, 4);

    private static long Execve(byte* path, byte* argv, byte* envp, int width)
    {
        byte* name = (byte*)Kmalloc(PathMax, GfpFlags.Kernel);
        if (name == null)
        {
            return -ENOMEM;
        }

        nint length = Uaccess.StrncpyFromUser(name, path, PathMax);
        long result = length < 0 ? length : length == PathMax ? -ENAMETOOLONG : length == 0 ? -ENOENT
            : Exec.Run(new ReadOnlySpan<byte>(name, (int)length), argv, envp, width);
        Kfree(name);
        return result;
    }
}
