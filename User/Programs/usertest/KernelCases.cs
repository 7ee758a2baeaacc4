// KernelCases: the programs' halves of tests in the kernel, which has put devices into /dev for them (tests/Kernel.Suites/UserContextTests.cs).

namespace CSharpOS.User.Programs;

internal static unsafe class KernelCases
{
    private static int s_read, s_write;

    /// <summary>Two processes meet inside the call read; each is told who it is there.</summary>
    internal static void Inside()
    {
        int one = Expect.Start(&Meet);
        int two = Expect.Start(&Meet);
        Expect.Equal(0, Expect.Wait(one));
        Expect.Equal(0, Expect.Wait(two));
    }

    private static void Meet()
    {
        int who = 0;
        int fd = Open("/dev/usertest-meet", O_RDONLY);
        Expect.True(fd > 2);
        Expect.Equal(sizeof(int), _syscall3(__NR_read, fd, &who, sizeof(int)));
        Expect.Equal(Unix.Getpid(), who);
    }

    /// <summary>Computes until it is killed.</summary>
    internal static void Spin()
    {
        int who = 0;
        int fd = Open("/dev/usertest-spin", O_RDONLY);
        Expect.True(fd > 2);
        Expect.Equal(sizeof(int), _syscall3(__NR_read, fd, &who, sizeof(int)));
        Assembly.Spin();
    }

    /// <summary>Is inside a call, then ends.</summary>
    internal static void Visit()
    {
        int who = 0;
        int fd = Open("/dev/usertest-visit", O_RDONLY);
        Expect.True(fd > 2);
        Expect.Equal(sizeof(int), _syscall3(__NR_read, fd, &who, sizeof(int)));
        Expect.Equal(Unix.Getpid(), who);
    }

    /// <summary>Signals for two kernel threads, one of which has allowed SIGINT.</summary>
    internal static void KillThreads()
    {
        int* pids = stackalloc int[2];
        int fd = Open("/dev/usertest-threads", O_RDONLY);
        Expect.True(fd > 2);
        Expect.Equal(2 * sizeof(int), _syscall3(__NR_read, fd, pids, 2 * sizeof(int)));
        int listens = pids[0];
        int deaf = pids[1];
        Expect.True(listens > 2 && deaf > 2);
        SignalCases.Sleeping(listens);
        SignalCases.Sleeping(deaf);
        foreach (int signal in (ReadOnlySpan<byte>)[SIGKILL, SIGTERM, 19, SIGINT])
        {
            Expect.Equal(0, Kill(deaf, signal));
            SignalCases.Sleeping(deaf);
        }

        Expect.Equal(0, Kill(listens, SIGKILL));
        SignalCases.Sleeping(listens);
        Expect.Equal(0, Kill(listens, 0));
        Expect.Equal(0, Kill(listens, SIGINT));
        while (Kill(listens, 0) == 0)
        {
            _syscall0(__NR_sched_yield);
        }

        Expect.Equal(ESRCH, errno);
        Expect.Equal(0, Kill(deaf, 0));
        Expect.Good(&WithoutRights);
    }

    private static void WithoutRights()
    {
        Expect.Equal(0, _syscall1(__NR_setuid32, 1000));
        Expect.Error(EPERM, Kill(2, SIGINT));
    }

    /// <summary>reboot(2) switches what Ctrl-Alt-Del does, for root alone; off at the end.</summary>
    internal static void CtrlAltDel()
    {
        Expect.Equal(0, Reboot((RebootCommand)unchecked((int)0x89abcdef)));
        Expect.Equal('1', CtrlAltDelRestarts());
        Expect.Equal(0, Reboot(RebootCommand.CtrlAltDelTellsInit));
        Expect.Equal('0', CtrlAltDelRestarts());
        Expect.Good(&CtrlAltDelWithoutRights);
        Expect.Equal('0', CtrlAltDelRestarts());
    }

    private static void CtrlAltDelWithoutRights()
    {
        Expect.Equal(0, _syscall1(__NR_setuid32, 1000));
        Expect.Error(EPERM, Reboot((RebootCommand)unchecked((int)0x89abcdef)));
        Expect.Error(EACCES, Open("/proc/sys/kernel/ctrl-alt-del", O_WRONLY));
    }

    private static int CtrlAltDelRestarts()
    {
        Span<byte> text = stackalloc byte[8];
        Expect.Equal(2, ReadFile("/proc/sys/kernel/ctrl-alt-del", text));
        return text[0];
    }

    /// <summary>The book's select: its five arguments lie behind one register.</summary>
    internal static void OldSelect()
    {
        Expect.Equal(0, Pipe(out s_read, out s_write));
        uint* sets = stackalloc uint[32];
        uint* time = stackalloc uint[2];
        uint* block = stackalloc uint[5];
        new Span<uint>(sets, 32).Clear();
        time[0] = time[1] = 0;
        block[0] = (uint)s_read + 1;
        block[1] = (uint)(nuint)sets;
        block[2] = block[3] = 0;
        block[4] = (uint)(nuint)time;
        sets[0] = 1u << s_read;
        Expect.Equal(0, _syscall1(__NR_select, block));
        Expect.Equal(0, sets[0]);
        Expect.Equal(1, Write(s_write, "x"u8));
        sets[0] = 1u << s_read;
        Expect.Equal(1, _syscall1(__NR_select, block));
        Expect.Equal(1u << s_read, sets[0]);
        Expect.Error(EFAULT, _syscall1(__NR_select, 8));
        block[1] = 8;
        Expect.Error(EFAULT, _syscall1(__NR_select, block));
    }
}
