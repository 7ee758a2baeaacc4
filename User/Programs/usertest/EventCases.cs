// EventCases: a semaphore as a file descriptor, by int 0x80 and by syscall.

using CSharpOS.User;

namespace CSharpOS.User.Programs;

internal static unsafe class EventCases
{
    private const int Semaphore = 1;
    private const int Page = 4096;

    private static int s_fd, s_back;

    internal static void Events()
    {
        Both();
        Inherited();
        Polled();
        Pointers();
        Closed();
    }

    private static long Take(int fd)
    {
        long value = 0;
        int length = _syscall3(__NR_read, fd, &value, 8);
        return length == 8 ? value : -errno;
    }

    private static long Take64(int fd)
    {
        long value = 0;
        long length = Syscall64(SyscallNumbers64.__NR_read, fd, (nint)(&value), 8);
        return length == 8 ? value : length;
    }

    private static int Give(int fd, ulong value) => _syscall3(__NR_write, fd, &value, 8);

    // The four calls; the counter has 64 bits for both kinds of caller.
    private static void Both()
    {
        int old = _syscall1(__NR_eventfd, 5);
        int semaphore = _syscall2(__NR_eventfd2, 2, Semaphore | O_NONBLOCK | O_CLOEXEC);
        int old64 = (int)Syscall64(SyscallNumbers64.__NR_eventfd, 7);
        int semaphore64 = (int)Syscall64(SyscallNumbers64.__NR_eventfd2, 1, Semaphore | O_NONBLOCK);
        Expect.True(old > 2 && semaphore > 2 && old64 > 2 && semaphore64 > 2);
        Expect.Equal(5, Take64(old));
        Expect.Equal(7, Take(old64));
        Expect.Equal(8, Give(old, 0x123456789abcdef0));
        Expect.Equal(0x123456789abcdef0, Take64(old));
        ulong large = 0xfedcba9876543210;
        Expect.Equal(8, Syscall64(SyscallNumbers64.__NR_write, old64, (nint)(&large), 8));
        Expect.Equal(unchecked((long)large), Take(old64));
        Expect.Equal(1, Take(semaphore));
        Expect.Equal(1, Take64(semaphore));
        Expect.Equal(-EAGAIN, Take(semaphore));
        Expect.Equal(-EAGAIN, Take64(semaphore) == -EAGAIN ? -EAGAIN : 0);
        Expect.Equal(1, Take(semaphore64));
        Expect.Equal(-EAGAIN, Take64(semaphore64));
        Expect.Error(EINVAL, Give(semaphore, ulong.MaxValue));
        Expect.Equal(8, Give(semaphore, ulong.MaxValue - 1));
        Expect.Error(EAGAIN, Give(semaphore, 1));
        Expect.Error(EINVAL, _syscall2(__NR_eventfd2, 0, 2));
        Expect.Equal(-EINVAL, Syscall64(SyscallNumbers64.__NR_eventfd2, 0, 4));

        // The upper half of the first argument counts for nobody: it is an unsigned int.
        int narrow = (int)Syscall64(SyscallNumbers64.__NR_eventfd2, unchecked((nint)0x700000009), O_NONBLOCK);
        Expect.Equal(9, Take(narrow));
        Span<byte> name = stackalloc byte[64];
        fixed (byte* to = name)
        {
            Expect.True(narrow < 10);
            byte* path = Utf8.Allocate("/proc/self/fd/0");
            path[14] = (byte)('0' + narrow);
            Expect.Equal(20, _syscall3(__NR_readlink, path, to, 64));
            Expect.True(name.Slice(0, 20).SequenceEqual("anon_inode:[eventfd]"u8));
        }

        foreach (int fd in (ReadOnlySpan<int>)[old, semaphore, old64, semaphore64, narrow])
        {
            Expect.Equal(0, Close(fd));
        }
    }

    // A child waits for what the parent gives: the descriptor is inherited, and it is the same counter.
    private static void Inherited()
    {
        s_fd = _syscall2(__NR_eventfd2, 0, Semaphore);
        s_back = _syscall2(__NR_eventfd2, 0, 0);
        int child = Expect.Start(&TakeThree);
        for (int i = 1; i <= 3; i++)
        {
            Expect.Equal(8, Give(s_fd, 1));
            Expect.Equal(i, Take(s_back));
        }

        Expect.Equal(0, Expect.Wait(child));
        Close(s_fd);
        Close(s_back);
    }

    private static void TakeThree()
    {
        for (int i = 1; i <= 3; i++)
        {
            Expect.Equal(1, Take(s_fd));
            Expect.Equal(8, Give(s_back, (ulong)i));
        }
    }

    private static void Polled()
    {
        int fd = _syscall2(__NR_eventfd2, 0, Semaphore);
        Expect.Equal(0, PollInput(fd, 0));
        Expect.Equal(8, Give(fd, 2));
        Expect.Equal(1, PollInput(fd, 0));
        Expect.Equal(1, Take(fd));
        Expect.Equal(1, PollInput(fd, 0));
        Expect.Equal(1, Take(fd));
        Expect.Equal(0, PollInput(fd, 0));
        Close(fd);
    }

    // A read that faults takes nothing, a write that faults gives nothing.
    private static void Pointers()
    {
        int fd = _syscall2(__NR_eventfd2, 1, Semaphore | O_NONBLOCK);
        byte* readOnly = PointerCases.Map(1, 1);
        byte* none = PointerCases.Map(1, 0);
        byte* gone = PointerCases.Map(1, 3);
        byte* two = PointerCases.Map(2, 3);
        Expect.Equal(0, _syscall2(__NR_munmap, gone, Page));
        Expect.Equal(0, _syscall2(__NR_munmap, two + Page, Page));
        foreach (ulong bad in (ReadOnlySpan<ulong>)[0, 8, 0xfffffffffffffff8, 0xffffffff80200000, 0xffff888000000000, 0x00007ffffffff000, 0x0000800000000000,
            (ulong)none, (ulong)gone, (ulong)two + Page - 1, (ulong)two + Page - 7])
        {
            Expect.Equal(-EFAULT, Syscall64(SyscallNumbers64.__NR_read, fd, (nint)bad, 8));
            Expect.Equal(-EFAULT, Syscall64(SyscallNumbers64.__NR_write, fd, (nint)bad, 8));
            int low = bad >> 32 != 0 ? 0 : (int)bad;
            Expect.Error(EFAULT, _syscall3(__NR_read, fd, low, 8));
            Expect.Error(EFAULT, _syscall3(__NR_write, fd, low, 8));
        }

        Expect.Equal(-EFAULT, Syscall64(SyscallNumbers64.__NR_read, fd, (nint)readOnly, 8));
        Expect.Equal(8, Syscall64(SyscallNumbers64.__NR_write, fd, (nint)readOnly, 8));
        Expect.Equal(1, Take(fd));
        Expect.Equal(-EAGAIN, Take(fd));
        Close(fd);
    }

    // EFD_CLOEXEC: a program that is executed does not have it.
    private static void Closed()
    {
        s_fd = _syscall2(__NR_eventfd2, 1, O_CLOEXEC);
        s_back = _syscall2(__NR_eventfd2, 1, 0);
        Expect.Equal(1, _syscall3(__NR_fcntl64, s_fd, 1, 0));
        Expect.Equal(0, _syscall3(__NR_fcntl64, s_back, 1, 0));
        Close(s_fd);
        Close(s_back);
    }
}
