// EntryCases: the two ways into the kernel.

namespace CSharpOS.User.Programs;

internal static unsafe class EntryCases
{
    private const int Registers64 = 15;
    private const int Words = Registers64 + 32;
    private const int Ni = 17;
    private const int FirstUnused = 1000;

    internal static void Getpid()
    {
        int pid = _syscall0(__NR_getpid);
        Expect.True(pid > 1);
        Expect.Equal(pid, Syscall64(SyscallNumbers64.__NR_getpid));
        Expect.Equal(pid, _syscall0(__NR_gettid));
        Expect.Equal(pid, Syscall64(SyscallNumbers64.__NR_gettid));
        Expect.Equal(1, _syscall0(__NR_getppid));
    }

    internal static void Numbers()
    {
        Expect.Error(ENOSYS, _syscall0(Ni));
        Expect.Error(ENOSYS, _syscall0(FirstUnused));
        Expect.Error(ENOSYS, _syscall0(int.MaxValue));
        Expect.Error(ENOSYS, _syscall0(-1));
        Expect.Error(ENOSYS, _syscall0(int.MinValue));
        Expect.Equal(-ENOSYS, Syscall64(FirstUnused));
        Expect.Equal(-ENOSYS, Syscall64(-1));
        Expect.Equal(-ENOSYS, Syscall64(int.MinValue));

        // 64 bits wide by one way, 32 by the other.
        ulong* block = stackalloc ulong[Words];
        Assembly.RegistersInt80(block, 0xdeadbeef00000000 | __NR_getpid);
        Expect.Equal(_syscall0(__NR_getpid), (long)block[0]);
        Assembly.RegistersSyscall(block, 0xdeadbeef00000000 | SyscallNumbers64.__NR_getpid);
        Expect.Equal(-ENOSYS, (long)block[0]);
        Assembly.RegistersInt80(block, 0xffffffff);
        Expect.Equal(-ENOSYS, (int)block[0]);
    }

    internal static void Registers()
    {
        ulong* block = stackalloc ulong[Words];
        for (int round = 0; round < 100; round++)
        {
            Assembly.RegistersInt80(block, __NR_getpid);
            Survived(block, syscall: false);
            Assembly.RegistersInt80(block, FirstUnused);
            Survived(block, syscall: false);
            Assembly.RegistersInt80(block, __NR_sched_yield);
            Survived(block, syscall: false);
            Assembly.RegistersSyscall(block, SyscallNumbers64.__NR_getpid);
            Survived(block, syscall: true);
            Assembly.RegistersSyscall(block, FirstUnused);
            Survived(block, syscall: true);
            Assembly.RegistersSyscall(block, SyscallNumbers64.__NR_sched_yield);
            Survived(block, syscall: true);
        }
    }

    // With the test's device: every instruction from an "a" to its "c" is interrupted once, one in each turn.
    internal static void Sweep()
    {
        int device = Open("/dev/sweep", O_WRONLY);
        Expect.True(device >= 0);
        ulong* first = stackalloc ulong[Words];
        ulong* second = stackalloc ulong[Words];
        int pid = _syscall0(__NR_getpid);
        int turns = 0;
        int struck;
        do
        {
            Expect.Equal(1, Write(device, "a"u8));
            Assembly.RegistersInt80(first, __NR_getpid);
            Assembly.RegistersSyscall(second, SyscallNumbers64.__NR_getpid);
            struck = Write(device, "c"u8);
            Survived(first, syscall: false);
            Survived(second, syscall: true);
            Expect.Equal(pid, (int)first[0]);
            Expect.Equal(pid, (int)second[0]);
            turns++;
        }
        while (struck == 1);
        Expect.Equal(0, struck);
        Expect.True(turns > 300);
    }

    // Flags that a program may set and the kernel must not work with: direction, nested task, alignment check.
    internal static void Flags()
    {
        int pid = _syscall0(__NR_getpid);
        Expect.Equal(pid, Assembly.Flags(0x400, __NR_getpid));
        Expect.Equal(pid, Assembly.Flags(0x4000, __NR_getpid));
        Expect.Equal(pid, Assembly.Flags(0x40000, __NR_getpid));
        Expect.True(Assembly.Flags(0x400, __NR_fork) is int child and >= 0 && (child != 0 || End()));
        Expect.True(Waitpid(-1, out int status) > 0);
        Expect.Equal(0, status);
    }

    private static bool End()
    {
        Exit(0);
        return true;
    }

    /// <summary>Compares with what calls.asm has put into the registers.</summary>
    internal static void Survived(ulong* block, bool syscall)
    {
        Expect.Equal(0x111111111111110e, (long)block[1]);
        for (int i = 2; i < Registers64; i++)
        {
            // rcx and r11 are the instruction's.
            if (!syscall || i is not (3 or 10))
            {
                Expect.Equal(0x1111111111111100 + i - 1, (long)block[i]);
            }
        }

        Vectors(block);
    }

    /// <summary>xmm0-15.</summary>
    internal static void Vectors(ulong* block)
    {
        for (int i = 0; i < 32; i++)
        {
            Expect.Equal((long)Assembly.Pattern(i), (long)block[Registers64 + i]);
        }
    }
}
