// PointerCases: addresses and descriptors that are wrong. Every call answers, none harms the kernel.

using CSharpOS.User;

namespace CSharpOS.User.Programs;

internal static unsafe class PointerCases
{
    private const int Page = 4096;

    private static nint s_bad;
    private static bool s_readable;

    /// <summary>Anonymous memory with these rights.</summary>
    internal static byte* Map(int pages, int protection, int flags = 0x22) =>
        (byte*)(nuint)Raw(__NR_mmap2, 0, pages * Page, protection, flags, -1, 0);

    internal static void Addresses()
    {
        // Null, the first page, below the kernel's half, wrapped around; by int 0x80 they have 32 bits.
        TryAll(0, false);
        TryAll(8, false);
        TryAll(unchecked((nint)0xfffffffffffffff8), false);
        TryAll(unchecked((nint)0xffffffff80200000), false);
        TryAll(unchecked((nint)0xffff888000000000), false);
        TryAll(unchecked((nint)0x00007ffffffff000), false);
        TryAll(unchecked((nint)0x0000800000000000), false);
        TryAll(unchecked((nint)0x8000000000000000), false);

        byte* none = Map(1, 0);
        TryAll((nint)none, false);
        byte* readOnly = Map(1, 1);
        TryAll((nint)readOnly, true);
        byte* gone = Map(1, 3);
        Expect.Equal(0, _syscall2(__NR_munmap, gone, Page));
        TryAll((nint)gone, false);
        byte* text = (byte*)(delegate*<void>)&Assembly.Cli;
        TryAll((nint)text, true);

        // The last byte of a page before nothing.
        byte* two = Map(2, 3);
        two[Page - 1] = (byte)'a';
        Expect.Equal(0, _syscall2(__NR_munmap, two + Page, Page));
        TryAll((nint)two + Page - 1, false);
    }

    // Calls that write to an address, and calls that read from it when there is nothing to be read.
    private static void TryAll(nint bad, bool readable)
    {
        s_bad = bad;
        s_readable = readable;
        int zero = Open("/dev/zero", O_RDWR);
        Expect.True(zero > 2);
        Wrong(SyscallNumbers64.__NR_read, zero, bad, 64);
        Wrong(SyscallNumbers64.__NR_pipe, bad);
        Wrong(SyscallNumbers64.__NR_uname, bad);
        Wrong(SyscallNumbers64.__NR_clock_gettime, 1, bad);
        Wrong(SyscallNumbers64.__NR_fstat, zero, bad);
        Wrong(SyscallNumbers64.__NR_getcwd, bad, 4096);
        Wrong(SyscallNumbers64.__NR_sysinfo, bad);
        Wrong(SyscallNumbers64.__NR_getrusage, 0, bad);
        Wrong(SyscallNumbers64.__NR_rt_sigpending, bad, 8);
        if (bad != 0)
        {
            // Null means: not wanted.
            Wrong(SyscallNumbers64.__NR_gettimeofday, bad);
            Wrong(SyscallNumbers64.__NR_times, bad);
            Wrong(SyscallNumbers64.__NR_rt_sigprocmask, 0, 0, bad, 8);
            Wrong(SyscallNumbers64.__NR_rt_sigaction, SIGUSR1, 0, bad, 8);
        }

        Wrong(SyscallNumbers64.__NR_getitimer, 0, bad);
        Wrong(SyscallNumbers64.__NR_getitimer, 1, bad);
        Timers(bad, readable);
        Wrong(SyscallNumbers64.__NR_poll, bad, 1, 0);
        int root = Open("/", O_RDONLY);
        Wrong(SyscallNumbers64.__NR_getdents64, root, bad, 512);
        Close(root);
        if (!readable)
        {
            int into = Open("/tmp/pointers", O_RDWR | O_CREAT | O_TRUNC, 0x1a4);
            Expect.True(into > 2);
            Short(Syscall64(SyscallNumbers64.__NR_write, into, bad, 64));
            Close(into);
            Wrong(SyscallNumbers64.__NR_nanosleep, bad);
            if (bad != 0)
            {
                Wrong(SyscallNumbers64.__NR_rt_sigaction, SIGUSR1, bad, 0, 8);
            }

            Wrong(SyscallNumbers64.__NR_writev, zero, bad, 1);
            Wrong(SyscallNumbers64.__NR_open, bad, 0);
            Wrong(SyscallNumbers64.__NR_stat, bad, bad);
            Wrong(SyscallNumbers64.__NR_mkdir, bad, 0);
            Wrong(SyscallNumbers64.__NR_execve, bad, 0, 0);
            Expect.Error(EFAULT, _syscall3(__NR_open, (int)Low(bad), 0, 0));
        }

        Expect.Error(EFAULT, _syscall1(__NR_uname, (int)Low(bad)));
        Expect.Error(EFAULT, _syscall1(__NR_pipe, (int)Low(bad)));
        Expect.Error(EFAULT, _syscall3(__NR_poll, (int)Low(bad), 1, 0));
        Close(zero);
    }

    // A timer's number, description, times and old times.
    private static void Timers(nint bad, bool readable)
    {
        ulong* notify = stackalloc ulong[8];
        long* times = stackalloc long[4];
        notify[1] = SIGUSR1;
        int id;
        Wrong(SyscallNumbers64.__NR_timer_create, 1, (nint)notify, bad);
        Expect.Equal(0, Syscall64(SyscallNumbers64.__NR_timer_create, 1, (nint)notify, (nint)(&id)));
        Wrong(SyscallNumbers64.__NR_timer_gettime, id, bad);
        Expect.Error(EFAULT, _syscall2(__NR_timer_gettime, id, (int)Low(bad)));
        if (bad != 0)
        {
            // Null means: not wanted, or SIGALRM; null for the times is -EINVAL.
            Wrong(SyscallNumbers64.__NR_timer_settime, id, 0, (nint)times, bad);
            if (!readable)
            {
                Wrong(SyscallNumbers64.__NR_timer_create, 1, bad, (nint)(&id));
                Wrong(SyscallNumbers64.__NR_timer_settime, id, 0, bad, 0);
                Wrong(SyscallNumbers64.__NR_setitimer, 1, bad, 0);
                Wrong(SyscallNumbers64.__NR_clock_nanosleep, 1, 0, bad, 0);
            }
        }

        Expect.Equal(0, Syscall64(SyscallNumbers64.__NR_timer_delete, id));
    }

    // What int 0x80 can say: what does not fit is null.
    private static nint Low(nint address) => (ulong)address >> 32 != 0 ? 0 : address;

    private static void Wrong(int number, nint a, nint b = 0, nint c = 0, nint d = 0)
    {
        long result = Syscall64(number, a, b, c, d);
        if (result > 0 && number is SyscallNumbers64.__NR_read)
        {
            Short(result);
            return;
        }

        if (result != -EFAULT)
        {
            Console.Error.WriteLine($"usertest: call {number}, address 0x{(ulong)s_bad:x}, readable {(s_readable ? 1 : 0)}: {(int)result}");
        }

        Expect.Equal(-EFAULT, result);
    }

    // As much as there was room for.
    private static void Short(long result) => Expect.True(result is -EFAULT or (>= 0 and < 64));

    internal static void Descriptors()
    {
        byte* buffer = stackalloc byte[256];
        for (int i = 0; i < 6; i++)
        {
            int fd = i switch { 0 => -1, 1 => 77, 2 => 1023, 3 => 1024, 4 => int.MaxValue, _ => int.MinValue };
            Expect.Error(EBADF, _syscall3(__NR_read, fd, buffer, 1));
            Expect.Error(EBADF, _syscall3(__NR_write, fd, buffer, 1));
            Expect.Error(EBADF, _syscall1(__NR_close, fd));
            Expect.Error(EBADF, _syscall1(__NR_dup, fd));
            Expect.Error(EBADF, _syscall2(__NR_dup2, fd, 5));
            Expect.Error(EBADF, _syscall3(__NR_lseek, fd, 0, 0));
            Expect.Error(EBADF, _syscall2(__NR_fstat64, fd, buffer));
            Expect.Error(EBADF, _syscall3(__NR_ioctl, fd, 0x5401, buffer));
            Expect.Error(EBADF, _syscall3(__NR_fcntl64, fd, 1, 0));
            Expect.Error(EBADF, _syscall3(__NR_getdents64, fd, buffer, 256));
            Expect.Error(EBADF, _syscall2(__NR_ftruncate, fd, 0));
            Expect.Error(EBADF, _syscall1(__NR_fsync, fd));
        }

        Expect.Error(EBADF, _syscall6(__NR_mmap2, 0, Page, 1, 2, 77, 0));
        Expect.Error(ESRCH, Kill(12345678, 0));
        Expect.Error(EINVAL, Kill(Unix.Getpid(), 65));
        Expect.Error(EINVAL, _syscall2(__NR_pipe2, buffer, 1));
    }
}
