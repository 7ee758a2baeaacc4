// ProcessCases: fork, exit, wait.

namespace CSharpOS.User.Programs;

internal static unsafe class ProcessCases
{
    private const int Forks = 200;

    private static int s_word = 1;
    private static int s_toParent, s_fromChild, s_toChild, s_fromParent;

    /// <summary>Two pipes, so that parent and child can take turns.</summary>
    internal static void Pipes()
    {
        Expect.Equal(0, Pipe(out s_fromChild, out s_toParent));
        Expect.Equal(0, Pipe(out s_fromParent, out s_toChild));
    }

    internal static void TellParent() => Tell(s_toParent);

    internal static void TellChild() => Tell(s_toChild);

    internal static void WaitForParent() => Hear(s_fromParent);

    internal static void WaitForChild() => Hear(s_fromChild);

    private static void Tell(int fd) => Expect.Equal(1, Write(fd, "x"u8));

    private static void Hear(int fd)
    {
        Span<byte> one = stackalloc byte[1];
        Expect.Equal(1, Read(fd, one));
    }

    internal static void CopyOnWrite()
    {
        Pipes();
        byte* page = PointerCases.Map(16, 3);
        for (int i = 0; i < 16; i++)
        {
            page[i * 4096] = (byte)i;
        }

        s_page = page;
        int pid = Expect.Start(&WriteCopies);
        WaitForChild();
        for (int i = 0; i < 16; i++)
        {
            Expect.Equal(i, page[i * 4096]);
            page[i * 4096] = (byte)(200 + i);
        }

        Expect.Equal(1, s_word);
        s_word = 3;
        TellChild();
        Expect.Equal(0, Expect.Wait(pid));
        Expect.Equal(3, s_word);
        Expect.Equal(215, page[15 * 4096]);
    }

    private static byte* s_page;

    private static void WriteCopies()
    {
        for (int i = 0; i < 16; i++)
        {
            Expect.Equal(i, s_page[i * 4096]);
            s_page[i * 4096] = (byte)(100 + i);
        }

        s_word = 2;
        TellParent();
        WaitForParent();
        Expect.Equal(2, s_word);
        for (int i = 0; i < 16; i++)
        {
            Expect.Equal(100 + i, s_page[i * 4096]);
        }
    }

    internal static void Statuses()
    {
        for (int status = 0; status < 256; status += 15)
        {
            int pid = Fork();
            if (pid == 0)
            {
                Exit(status);
            }

            Expect.Equal(status << 8, Expect.Wait(pid));
        }

        // Without the flag for a core file: none is written.
        Expect.Equal(SIGABRT, Expect.InChild(&Abort));
        Expect.Error(ECHILD, Waitpid(-1, out _));
        Expect.Error(ECHILD, Waitpid(1, out _));
        Expect.Error(EINVAL, Waitpid(-1, out _, 0x40000));

        Pipes();
        int waits = Expect.Start(&WaitForParent);
        Expect.Equal(0, Waitpid(-1, out _, WNOHANG));
        Expect.Equal(0, Waitpid(waits, out _, WNOHANG));
        Expect.Equal(0, Waitpid(0, out _, WNOHANG));
        TellChild();
        Expect.Equal(waits, Waitpid(-1, out int ended));
        Expect.Equal(0, ended);
        Expect.Error(ECHILD, Waitpid(waits, out _, WNOHANG));
    }

    internal static void Many()
    {
        for (int i = 0; i < Forks; i++)
        {
            Expect.Good(&Nothing);
        }

        // And forty at once.
        for (int i = 0; i < 40; i++)
        {
            Expect.Start(&Nothing);
        }

        for (int i = 0; i < 40; i++)
        {
            Expect.True(Waitpid(-1, out int status) > 0);
            Expect.Equal(0, status);
        }

        Expect.Error(ECHILD, Waitpid(-1, out _));
    }

    internal static void Nothing()
    {
    }

    // The child works in the parent's memory, and the parent goes on when it has ended.
    internal static void Vfork()
    {
        int word = 0;
        int pid = Assembly.Vfork(&word, 42);
        Expect.True(pid > 0);
        Expect.Equal(42, word);
        Expect.Equal(7 << 8, Expect.Wait(pid));
    }

    internal static void Orphan()
    {
        Pipes();
        Expect.Good(&Orphaned);
        TellChild();
        WaitForChild();
    }

    private static void Orphaned()
    {
        s_parent = Getpid();
        Expect.Start(&Grandchild);
    }

    // It has ended before it becomes one: pid 1 is told, and here does not want to know: nothing stays of it.
    internal static void EndedOrphan()
    {
        Expect.Equal(0, Pipe(out int read, out int write));
        s_write = write;
        Expect.Good(&LeavesZombie);
        int zombie;
        Expect.Equal(sizeof(int), Read(read, new Span<byte>(&zombie, sizeof(int))));
        Expect.True(zombie > 1);
        Expect.Error(ESRCH, Kill(zombie, 0));
        Close(read);
        Close(write);
    }

    private static int s_write;

    private static void LeavesZombie()
    {
        int zombie = Expect.Start(&Nothing);
        string path = new StringBuilder().Append("/proc/").Append(zombie).Append("/stat").ToString();
        byte* text = stackalloc byte[512];
        ProcStat stat = default;
        while (stat.State != 'Z')
        {
            int length = ReadFile(path, new Span<byte>(text, 512));
            Expect.True(length > 0 && ProcStat.TryParse(new ReadOnlySpan<byte>(text, length), out stat));
            _syscall0(__NR_sched_yield);
        }

        Expect.Equal(0, Kill(zombie, 0));
        Expect.Equal(sizeof(int), Write(s_write, new ReadOnlySpan<byte>(&zombie, sizeof(int))));
    }

    private static int s_parent;

    private static void Grandchild()
    {
        WaitForParent();
        Expect.Equal(1, _syscall0(__NR_getppid));
        TellParent();
    }
}
