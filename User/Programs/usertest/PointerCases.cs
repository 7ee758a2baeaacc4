// PointerCases: addresses and descriptors that are wrong. Every call answers, none harms the kernel.

using CSharpOS.User;

namespace CSharpOS.User.Programs;

internal static unsafe class PointerCases
{
    private const int Page = 4096;

    private static nint s_noted;

    /// <summary>Anonymous memory with these rights.</summary>
    internal static byte* Map(int pages, int protection, int flags = 0x22) =>
        (byte*)(nuint)Raw(__NR_mmap2, 0, pages * Page, protection, flags, -1, 0);

    private static byte* MapAt(nint address, int pages)
    {
        const int Private = 2, Fixed = 0x10, Anonymous = 0x20;
        byte* memory = (byte*)(nuint)Raw(__NR_mmap2, address, pages * Page, 3, Private | Fixed | Anonymous, -1, 0);
        Expect.Equal(address, (nint)memory);
        return memory;
    }

    internal static void Addresses()
    {
        // Null, the first page, below the kernel's half, wrapped around; by int 0x80 they have 32 bits.
        PointerCalls.TryAll(0, false);
        PointerCalls.TryAll(8, false);
        PointerCalls.TryAll(unchecked((nint)0xfffffffffffffff8), false);
        PointerCalls.TryAll(unchecked((nint)0xffffffff80200000), false);
        PointerCalls.TryAll(unchecked((nint)0xffff888000000000), false);
        PointerCalls.TryAll(unchecked((nint)0x00007ffffffff000), false);
        PointerCalls.TryAll(unchecked((nint)0x0000800000000000), false);
        PointerCalls.TryAll(unchecked((nint)0x8000000000000000), false);

        byte* none = Map(1, 0);
        PointerCalls.TryAll((nint)none, false);
        byte* readOnly = Map(1, 1);
        PointerCalls.TryAll((nint)readOnly, true);
        // Holes where the heap does not grow into them meanwhile.
        byte* gone = MapAt(0x51200000, 1);
        Expect.Equal(0, _syscall2(__NR_munmap, gone, Page));
        PointerCalls.TryAll((nint)gone, false);
        byte* text = (byte*)(delegate*<void>)&Assembly.Cli;
        PointerCalls.TryAll((nint)text, true);

        // The last byte of a page before nothing.
        byte* two = MapAt(0x51300000, 2);
        two[Page - 1] = (byte)'a';
        Expect.Equal(0, _syscall2(__NR_munmap, two + Page, Page));
        PointerCalls.TryAll((nint)two + Page - 1, false);

        // What only takes note of an address: clone writes to it in parent and child, the end of the child clears it. One that is wrong is no error there.
        nint* noted = stackalloc nint[] { 8, unchecked((nint)0xffffffff80200000), (nint)gone, (nint)readOnly, (nint)two + Page - 1 };
        for (int i = 0; i < 5; i++)
        {
            s_noted = noted[i];
            Expect.Good(&NotedLater);
        }
    }

    private static void NotedLater()
    {
        const int ParentSetTid = 0x100000, ChildClearTid = 0x200000, ChildSetTid = 0x1000000, Sigchld = 17;
        Expect.True(Syscall64(SyscallNumbers64.__NR_set_tid_address, s_noted) > 0);
        long pid = Syscall64(SyscallNumbers64.__NR_clone, ParentSetTid | ChildClearTid | ChildSetTid | Sigchld, 0, s_noted, s_noted);
        if (pid == 0)
        {
            Exit(0);
        }

        Expect.True(pid > 0);
        Expect.Equal(0, Expect.Wait((int)pid));
    }

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
