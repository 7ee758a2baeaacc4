using System.Runtime;

namespace CSharpOS.Syscalls;

internal static unsafe class InterimWrite
{
    [RuntimeExport("sys_write")]
    private static long SysWrite(int fd, byte* text, nuint count)
    {
        byte* copy = stackalloc byte[256];
        nuint n = Math.Min((uint)count, 255);
        if (Uaccess.CopyFromUser(copy, text, n) != 0)
        {
            return -EFAULT;
        }

        Printk(LogLevel.Info, $"{new ReadOnlySpan<byte>(copy, (int)n)}");
        return (long)n;
    }
}
