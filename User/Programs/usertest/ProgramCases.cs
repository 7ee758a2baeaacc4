// ProgramCases: what a student reaches for, and what /proc tells of a program.

namespace CSharpOS.User.Programs;

internal static unsafe class ProgramCases
{
    private const string Folder = "/tmp/usertest-mount";

    private static readonly byte[] s_text = new byte[16384];

    /// <summary>Each program says what it is there to say.</summary>
    internal static void Tools()
    {
        BookCases.Line("echo AB | hexdump | grep '^00000000  41 42 0a .*  |AB.|$' > /dev/null", 0);
        BookCases.Line("echo AB | hexdump | grep '^00000003$' > /dev/null", 0);
        BookCases.Line("nice -n 5 nice | grep '^5$' > /dev/null", 0);
        BookCases.Line("nice -n 19 /bin/nothing 2> /dev/null", 127);
        BookCases.Line("time false 2> /dev/null", 1);
        BookCases.Line("time true 2>&1 | grep '^real.0m' > /dev/null", 0);
        BookCases.Line("time true 2>&1 | grep '^sys.0m' > /dev/null", 0);
        BookCases.Line("mount | grep '^proc /proc proc rw 0 0$' > /dev/null", 0);
        BookCases.Line("mount -t nothing none /tmp 2>&1 | grep '^mount: /tmp: No such device$' > /dev/null", 0);
        BookCases.Line("free | grep '^Mem:   *.* .* .* .*$' > /dev/null", 0);
        BookCases.Line("uptime | grep ' up .* processes, load average: .*, .*, .*' > /dev/null", 0);
        BookCases.Line("ps | grep ' .ksoftirqd/0.$' > /dev/null && ps | grep ' .events/0.$' > /dev/null", 0);
        BookCases.Line("ps | grep ' ps$' > /dev/null", 0);
        BookCases.Line("dmesg | grep . > /dev/null", 0);
        BookCases.Line("top -n 1 < /dev/null | grep 'ksoftirqd/0' > /dev/null", 0);
        BookCases.Line("irqtop -n 1 < /dev/null | grep ' timer' > /dev/null", 0);
        BookCases.Line("irqtop -n 1 < /dev/null | grep 'HRTIMER' > /dev/null", 0);
        BookCases.Line("ls /dev | grep '^urandom$' > /dev/null", 0);
        byte* folder = Utf8.Allocate(Folder);
        Expect.Equal(0, Mkdir(Folder, 0x1ed));
        BookCases.Line("mount -t tmpfs none /tmp/usertest-mount && echo x > /tmp/usertest-mount/x && mount | grep '^none /tmp/usertest-mount tmpfs rw 0 0$' > /dev/null", 0);
        Expect.Equal(0, _syscall1(__NR_umount, folder));
        Expect.Error(ENOENT, Open("/tmp/usertest-mount/x", O_RDONLY));
        Expect.Equal(0, _syscall1(__NR_rmdir, folder));
    }

    /// <summary>/proc/PID of a program: its own, and a child's.</summary>
    internal static void Proc()
    {
        Is(Link("/proc/self/exe"), "/bin/usertest"u8);
        Is(Link("/proc/self/fd/0"), "/dev/console"u8);
        Is(Link("/proc/self/cwd"), "/"u8);
        Is(Whole("/proc/self/cmdline"), "/bin/usertest\0proc\0"u8);
        Is(Whole("/proc/self/environ"), "HOME=/\0PATH=/bin\0"u8);
        Has(Whole("/proc/self/status"), "Name:\tusertest\n"u8);
        Has(Whole("/proc/self/status"), "\nVmSize:\t"u8);
        Has(Whole("/proc/self/status"), "\nThreads:\t1\n"u8);
        Has(Whole("/proc/self/stat"), " (usertest) R "u8);
        ReadOnlySpan<byte> maps = Whole("/proc/self/maps");
        Has(maps, " r-xp "u8);
        Has(maps, " /bin/usertest\n"u8);
        Has(maps, "[stack]\n"u8);

        // Nothing is writable and executable.
        Expect.True(maps.IndexOf(" rwx"u8) < 0);
        int file = Open("/dev/zero", O_RDONLY);
        Is(Link(new StringBuilder().Append("/proc/self/fd/").Append(file).ToString()), "/dev/zero"u8);
        Close(file);

        // execve closes the child's end; then the child sleeps in the new program.
        int* ends = stackalloc int[2];
        byte one;
        Expect.Equal(0, _syscall2(__NR_pipe2, ends, O_CLOEXEC));
        int child = Expect.Start(&Sleeper);
        Close(ends[1]);
        Expect.Equal(0, _syscall3(__NR_read, ends[0], &one, 1));
        Close(ends[0]);
        SignalCases.Sleeping(child);
        string folder = new StringBuilder().Append("/proc/").Append(child).ToString();
        Is(Link(new StringBuilder().Append(folder).Append("/exe").ToString()), "/bin/sleep"u8);
        Is(Whole(new StringBuilder().Append(folder).Append("/cmdline").ToString()), "/bin/sleep\01000\0"u8);
        Has(Whole(new StringBuilder().Append(folder).Append("/status").ToString()), "Name:\tsleep\n"u8);
        Expect.Equal(0, Kill(child, SIGKILL));
        Expect.Equal(SIGKILL, Expect.Wait(child) & 0x7f);
        Expect.True(ReadFile(new StringBuilder().Append(folder).Append("/stat").ToString(), s_text) < 0);
        Expect.Equal(ENOENT, errno);
    }

    private static void Sleeper() => Execvp(["/bin/sleep", "1000"]);

    private static ReadOnlySpan<byte> Whole(string path)
    {
        int length = ReadFile(path, s_text);
        Expect.True(length > 0);
        return s_text.AsSpan(0, length);
    }

    private static ReadOnlySpan<byte> Link(string path)
    {
        fixed (byte* text = s_text)
        {
            int length = _syscall3(__NR_readlink, Utf8.Allocate(path), text, 4096);
            Expect.True(length > 0);
            return s_text.AsSpan(0, length);
        }
    }

    private static void Is(ReadOnlySpan<byte> found, ReadOnlySpan<byte> expected)
    {
        if (!found.SequenceEqual(expected))
        {
            WriteAll(2, found);
        }

        Expect.True(found.SequenceEqual(expected));
    }

    private static void Has(ReadOnlySpan<byte> text, ReadOnlySpan<byte> wanted)
    {
        if (text.IndexOf(wanted) < 0)
        {
            WriteAll(2, text);
        }

        Expect.True(text.IndexOf(wanted) >= 0);
    }
}
