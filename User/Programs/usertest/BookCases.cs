// BookCases: the book's calls, pipes between processes, lines of the shell.

namespace CSharpOS.User.Programs;

internal static unsafe class BookCases
{
    private const int StackSize = 16384;

    private static int s_read, s_write;
    private static string s_line = "";

    internal static void Examples()
    {
        Expect.Equal(StackSize, _syscall0(__NR_foo));
        ulong from = 0x0123456789abcdef;
        ulong to = 0;
        Expect.Equal(8, _syscall3(__NR_silly_copy, &from, &to, 8));
        Expect.Equal((long)from, (long)to);
        Expect.Error(EINVAL, _syscall3(__NR_silly_copy, &from, &to, 4));
        Expect.Error(EINVAL, _syscall3(__NR_silly_copy, 0, 0, 16));
        Expect.Error(EFAULT, _syscall3(__NR_silly_copy, &from, 8, 8));
        Expect.Error(EFAULT, _syscall3(__NR_silly_copy, 8, &to, 8));
        Expect.Equal(0, _syscall0(__NR_am_i_popular));
        Expect.Good(&Unprivileged);
        Expect.Equal(0, _syscall0(__NR_am_i_popular));
    }

    private static void Unprivileged()
    {
        int parent = _syscall0(__NR_getppid);
        Expect.Equal(0, _syscall1(__NR_setuid32, 1000));
        Expect.Error(EPERM, _syscall0(__NR_am_i_popular));
        Expect.Error(EPERM, _syscall1(__NR_setuid32, 0));
        Expect.Error(EPERM, _syscall1(__NR_nice, -1));
        Expect.Error(EPERM, Kill(parent, SIGTERM));
        Expect.Error(EPERM, Kill(1, 0));
        Expect.Error(EPERM, _syscall3(__NR_reboot, unchecked((int)0xfee1dead), 672274793, 0));
        Expect.Error(EPERM, _syscall2(__NR_sethostname, &parent, 1));
        int time = 5;
        Expect.Error(EPERM, _syscall1(__NR_stime, &time));
    }

    internal static void Pipes()
    {
        Expect.Equal(0, Pipe(out s_read, out s_write));
        int pid = Expect.Start(&Produce);
        Close(s_write);
        byte* buffer = stackalloc byte[777];
        int total = 0;
        int count;
        while ((count = Read(s_read, new Span<byte>(buffer, 777))) > 0)
        {
            for (int i = 0; i < count; i++)
            {
                Expect.Equal((byte)((total + i) * 7), buffer[i]);
            }

            total += count;
        }

        Expect.Equal(100_000, total);
        Expect.Equal(0, Expect.Wait(pid));

        // Memory that ends: as much as there is, and an error where there is none. What a reader cannot take stays in the pipe.
        const int Page = 4096;
        Expect.Equal(0, Pipe(out s_read, out s_write));
        byte* end = PointerCases.Map(2, 3) + Page;
        Expect.Equal(0, _syscall2(__NR_munmap, end, Page));
        new Span<byte>(end - 10, 10).Fill((byte)'e');

        // In the second round the pipe has its page already.
        for (int round = 0; round < 2; round++)
        {
            Expect.Equal(10, Write(s_write, new ReadOnlySpan<byte>(end - 10, 20)));
            Expect.Error(EFAULT, Write(s_write, new ReadOnlySpan<byte>(end, 20)));
            Expect.Error(EFAULT, Read(s_read, new Span<byte>(end, 5)));
            Expect.Equal(4, Read(s_read, new Span<byte>(end - 4, 8)));
            Expect.Equal(6, Read(s_read, new Span<byte>(buffer, 777)));
            Expect.True(new ReadOnlySpan<byte>(buffer, 6).SequenceEqual("eeeeee"u8));
        }

        Close(s_write);
        Expect.Equal(0, Read(s_read, new Span<byte>(buffer, 777)));
        Close(s_read);

        // Nobody reads any more.
        Expect.Equal(0, Pipe(out s_read, out s_write));
        Close(s_read);
        Expect.Dies(SIGPIPE, &WriteToNobody);
        Signal(SIGPIPE, SignalIgnore);
        Expect.Error(EPIPE, Write(s_write, "x"u8));
    }

    private static void Produce()
    {
        byte* buffer = stackalloc byte[1000];
        for (int block = 0; block < 100; block++)
        {
            for (int i = 0; i < 1000; i++)
            {
                buffer[i] = (byte)(((block * 1000) + i) * 7);
            }

            Expect.Equal(0, WriteAll(s_write, new ReadOnlySpan<byte>(buffer, 1000)));
        }
    }

    private static void WriteToNobody() => Write(s_write, "x"u8);

    internal static void Shell()
    {
        Line("true", 0);
        Line("false", 1);
        Line("exit 42", 42);
        Line("cat /proc/interrupts | grep timer > /dev/null", 0);
        Line("cat /proc/interrupts | grep nothing-like-this", 1);
        Line("echo one two | wc > /tmp/usertest-wc && cat < /tmp/usertest-wc | grep 8 > /dev/null", 0);
        Line("echo a > /tmp/usertest-sh; echo b >> /tmp/usertest-sh; cat /tmp/usertest-sh | grep b > /dev/null && rm /tmp/usertest-sh", 0);
        Line("cat /tmp/usertest-sh 2> /dev/null", 1);
        Line("false; exit $?", 1);
        Line("false || exit 7", 7);
        Line("exit $(echo 12)", 12);
        Line("/bin/nothing 2> /dev/null", 127);
        Line("sleep 100 & kill $!; wait; exit 5", 5);
        Line("foo | grep '^The kernel stack size is 16384$' > /dev/null", 0);
        Line("am_i_popular | grep '^You are popular.$' > /dev/null", 0);
        Line("silly_copy 2> /dev/null | grep '^silly_copy: 8 bytes, 0x123456789abcdef$' > /dev/null", 0);
        Line("silly_copy 2>&1 | grep '^silly_copy of 4 bytes: Invalid argument$' > /dev/null", 0);
        Line("silly_copy 2>&1 | grep '^silly_copy to address 8: Bad address$' > /dev/null", 0);
        Line("ls /nothing 2>&1 | grep '/nothing: No such file or directory$' > /dev/null", 0);
    }

    /// <summary>A line of the shell, and the status with which it ends.</summary>
    internal static void Line(string line, int status)
    {
        s_line = line;
        int found = Expect.InChild(&Interpret);
        if (found != status << 8)
        {
            Console.Error.WriteLine($"usertest: {line}");
        }

        Expect.Equal(status << 8, found);
    }

    private static void Interpret() => Execvp(["/bin/sh", "-c", s_line]);
}
