// HostSyscalls: the calls of a program that was built to run on the build machine's own Linux (-p:UserSystemCalls=linux64), where int 0x80
// may not be there. The numbers are translated by the list; calls whose structures differ between i386 and x86-64 are translated here. For
// trying a program out, and for the tests of the shell without a kernel; nothing of this is in the programs that CSharpOS boots with.

#if LINUX64
using static CSharpOS.User.SyscallNumbers;

namespace CSharpOS.User;

/// <summary>i386 system calls on Linux/x86-64.</summary>
internal static unsafe class HostSyscalls
{
    private const int HeapSize = 64 << 20;

    private static byte* s_break;
    private static byte* s_end;

    internal static uint Call(int number, nint a, nint b, nint c, nint d, nint e, nint f)
    {
        long* words = stackalloc long[32];
        switch (number)
        {
            case __NR_brk:
                return Break((byte*)a);
            case __NR_nice:
                long priority = Syscalls.Syscall64(140, 0, 0);
                long set = Syscalls.Syscall64(141, 0, 0, (nint)(20 - priority + a));
                return set < 0 ? (uint)set : (uint)(20 - priority + a);
            case __NR_stat64:
            case __NR_lstat64:
                return Stat(Syscalls.Syscall64(number == __NR_stat64 ? 4 : 6, a, (nint)words), words, (Stat*)b);
            case __NR_wait4:
                long pid = Syscalls.Syscall64(61, a, b, c, (nint)words);
                Times(words, (int*)d, 4);
                return (uint)pid;
            case __NR_nanosleep:
                words[0] = ((int*)a)[0];
                words[1] = ((int*)a)[1];
                uint slept = (uint)Syscalls.Syscall64(35, (nint)words, (nint)words);
                Times(words, (int*)b, 2);
                return slept;
            case __NR_clock_gettime:
                uint gotten = (uint)Syscalls.Syscall64(228, a, (nint)words);
                Times(words, (int*)b, 2);
                return gotten;
            case __NR_sysinfo:
                return SystemInfo(words, (SysInfo*)a);
            case __NR_rt_sigaction:
                uint* action = (uint*)b;
                words[0] = action[0];
                words[1] = action[1];
                words[2] = action[2];
                words[3] = 0;
                return (uint)Syscalls.Syscall64(13, a, (nint)words, 0, 8);
            case __NR_fcntl64:
                return (uint)Syscalls.Syscall64(72, a, b, c);
            default:
                int there = SyscallNumbers64.FromI386(number);
                return there < 0 ? unchecked((uint)-ENOSYS) : (uint)Syscalls.Syscall64(there, a, b, c, d, e, f);
        }
    }

    // The real break may lie above 4 GB: a piece of memory below it takes its place.
    private static uint Break(byte* wanted)
    {
        if (s_break == null)
        {
            s_break = (byte*)Syscalls.Syscall64(9, 0, HeapSize, 3, 0x62, -1, 0);
            s_end = s_break;
        }

        if (wanted >= s_break && wanted <= s_break + HeapSize)
        {
            s_end = wanted;
        }

        return (uint)s_end;
    }

    private static void Times(long* from, int* to, int count)
    {
        for (int i = 0; i < count; i++)
        {
            to[i] = (int)from[i];
        }
    }

    private static uint Stat(long result, long* from, Stat* to)
    {
        to->Device = (ulong)from[0];
        to->Inode = (ulong)from[1];
        to->Links = (uint)from[2];
        to->Mode = (uint)from[3];
        to->User = (uint)(from[3] >> 32);
        to->Group = (uint)from[4];
        to->SpecialDevice = (ulong)from[5];
        to->Size = from[6];
        to->BlockSize = (uint)from[7];
        to->Blocks = (ulong)from[8];
        to->Modified.Seconds = (int)from[11];
        return (uint)result;
    }

    private static uint SystemInfo(long* words, SysInfo* to)
    {
        long result = Syscalls.Syscall64(99, (nint)words);
        to->Uptime = (int)words[0];
        to->Load1 = (uint)words[1];
        to->Load5 = (uint)words[2];
        to->Load15 = (uint)words[3];
        to->TotalMemory = (uint)(words[4] >> 12);
        to->FreeMemory = (uint)(words[5] >> 12);
        to->Processes = (ushort)words[10];
        to->Unit = 4096;
        return (uint)result;
    }
}
#endif
