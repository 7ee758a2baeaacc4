// HostSyscalls: the calls of a program that was built to run on the build machine's own Linux (-p:UserSystemCalls=linux64), where int 0x80 may not be
// there. The numbers are translated by the list; calls whose arguments or structures differ between i386 and x86-64 are translated here. For trying
// a program out, and for tests of the shell without a kernel; nothing of this is in the programs that CSharpOS boots with.

#if LINUX64
using static CSharpOS.User.SyscallNumbers;

namespace CSharpOS.User;

/// <summary>i386 system calls on Linux/x86-64.</summary>
internal static unsafe class HostSyscalls
{
    private const int Map32Bit = 0x40;

    internal static uint Call(int number, nint a, nint b, nint c, nint d, nint e, nint f)
    {
        switch (number)
        {
            case __NR_brk:
                return Break((byte*)a);
            default:
                int there = SyscallNumbers64.FromI386(number);
                return there < 0 ? unchecked((uint)-ENOSYS) : (uint)Syscalls.Syscall64(there, a, b, c, d, e, f);
        }
    }

    // The real break may lie above 4 GB: a piece of memory below it takes its place.
    private static uint Break(byte* wanted)
    {
        const int Size = 64 << 20;
        if (s_break == null)
        {
            s_break = (byte*)Syscalls.Syscall64(9, 0, Size, 3, 0x22 | Map32Bit, -1, 0);
            s_end = s_break;
        }

        if (wanted >= s_break && wanted <= s_break + Size)
        {
            s_end = wanted;
        }

        return (uint)s_end;
    }

    private static byte* s_break;
    private static byte* s_end;
}
#endif
