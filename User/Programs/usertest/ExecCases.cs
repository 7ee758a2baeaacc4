// ExecCases: programs that become other programs, and files that are none.

using System.Runtime.CompilerServices;

namespace CSharpOS.User.Programs;

internal static unsafe class ExecCases
{
    private const string Self = "/bin/usertest";
    private const string Broken = "/tmp/usertest-broken";
    private const int HeaderSize = 64, ProgramHeaderSize = 56;
    private const int TypeAt = 16, MachineAt = 18, EntryAt = 24, HeadersAt = 32, HeaderSizeAt = 54, CountAt = 56;
    private const int FileOffsetAt = 8, AddressAt = 16, FileSizeAt = 32, MemorySizeAt = 40, AlignAt = 48;

    private static readonly byte[] s_good = new byte[128 << 10];
    private static readonly byte[] s_image = new byte[128 << 10];
    private static int s_length;
    private static int s_kept;
    private static bool s_changed;

    /// <summary>The other side: usertest, executed by a case.</summary>
    internal static int Arrived(string[] args)
    {
        if (args.Length == 4 && args[0] == "arrived" && args[1].Length == 0 && args[2] == "two words" && Getenv("KEY") == "value" && Getenv("PATH") == null &&
            Auxiliary(6) == 4096 && Auxiliary(9) != 0 && Auxiliary(3) != 0)
        {
            return 44;
        }

        if (args[0] == "close-on-exec" && args.Length == 3)
        {
            Number.TryParse(args[1], out int kept);
            Number.TryParse(args[2], out int closed);
            return _syscall3(__NR_fcntl64, kept, 1, 0) == 0 && _syscall3(__NR_fcntl64, closed, 1, 0) == -1 && errno == EBADF ? 45 : 1;
        }

        Console.Error.WriteLine($"usertest: no case {args[0]}");
        return 255;
    }

    // A value of the auxiliary vector, behind the environment.
    private static ulong Auxiliary(ulong wanted)
    {
        byte** entry = ProgramStart.InitialEnvironment();
        while (*entry != null)
        {
            entry++;
        }

        for (ulong* pair = (ulong*)(entry + 1); pair[0] != 0; pair += 2)
        {
            if (pair[0] == wanted)
            {
                return pair[1];
            }
        }

        return 0;
    }

    internal static void Arguments()
    {
        Expect.Equal(44 << 8, Expect.InChild(&BecomeArguments));
        Expect.Equal(45 << 8, Expect.InChild(&BecomeDescriptors));
    }

    private static void BecomeArguments()
    {
        fixed (byte* variable = "KEY=value\0"u8)
        {
            byte** environment = stackalloc byte*[2];
            environment[0] = variable;
            environment[1] = null;
            Execve(Self, [Self, "arrived", "", "two words", "last"], environment);
        }
    }

    private static void BecomeDescriptors()
    {
        int kept = Open("/dev/zero", O_RDONLY);
        int closed = Open("/dev/zero", O_RDONLY | O_CLOEXEC);
        Execvp([Self, "close-on-exec", new StringBuilder().Append(kept).ToString(), new StringBuilder().Append(closed).ToString()]);
    }

    internal static void Scripts()
    {
        Make(Broken, "#!/bin/sh\nexit 3\n"u8, 0x1ed);
        Expect.Equal(3 << 8, Expect.InChild(&BecomeBroken));
        Make(Broken, "#! /bin/false with one argument\nexit 3\n"u8, 0x1ed);
        Expect.Equal(1 << 8, Expect.InChild(&BecomeBroken));
        Refused("#!/bin/nothing\n"u8, ENOENT);
        Refused("#!\n"u8, ENOEXEC);
        Refused("#!/tmp/usertest-broken\n"u8, ENOEXEC, ELOOP);
        Refused("exit 3\n"u8, ENOEXEC);
        Refused(default, ENOEXEC);
        Expect.Equal(0, Unlink(Broken));
    }

    private static void BecomeBroken()
    {
        Execvp([Broken]);
        Exit(Math.Min(errno, 255));
    }

    internal static void NotExecutable()
    {
        Make(Broken, "#!/bin/sh\nexit 3\n"u8, 0x1a4);
        Expect.Error(EACCES, Execvp([Broken]));
        Expect.Error(EACCES, Execvp(["/bin/"]));
        Expect.Error(EACCES, Execvp(["/dev/zero"]));
        Expect.Error(ENOENT, Execvp(["/bin/nothing"]));
        Expect.Error(ENOTDIR, Execvp(["/bin/true/nothing"]));
        Expect.Equal(0, Unlink(Broken));
    }

    // Each of these leaves the caller alive with an error, or the child dead of a signal when it was too late for an error.
    internal static void BrokenFiles()
    {
        s_length = ReadFile("/bin/true", s_good);
        Expect.True(s_length is > 1024 and < (128 << 10));
        s_kept = s_length;
        Expect.True(Attempt(0, 0, 0, s_length) == 0);
        for (int length = 0; length < 512; length += 13)
        {
            Expect.True(Attempt(0, 0, 0, length) != 0);
        }

        for (int i = 0; i < 11; i++)
        {
            ulong value = Odd(i);
            Attempt(TypeAt, 2, value, s_kept);
            Attempt(MachineAt, 2, value, s_kept);
            Attempt(EntryAt, 8, value, s_kept);
            Attempt(HeadersAt, 8, value, s_kept);
            Attempt(HeaderSizeAt, 2, value, s_kept);
            Attempt(CountAt, 2, value, s_kept);
            for (int header = 0; header < 3; header++)
            {
                int at = HeaderSize + (header * ProgramHeaderSize);
                Attempt(at, 4, value, s_kept);
                Attempt(at + FileOffsetAt, 8, value, s_kept);
                Attempt(at + AddressAt, 8, value, s_kept);
                Attempt(at + FileSizeAt, 8, value, s_kept);
                Attempt(at + MemorySizeAt, 8, value, s_kept);
                Attempt(at + AlignAt, 8, value, s_kept);
            }
        }

        Refusals();

        // The good one still runs.
        Expect.Equal(0, Attempt(0, 0, 0, s_kept));
        Expect.Equal(0, Unlink(Broken));
    }

    // What each of these files claims cannot be: -ENOEXEC, and the caller lives.
    private static void Refusals()
    {
        int first = Loaded(0), second = Loaded(first + 1);
        int end = 0;
        for (int i = first; i >= 0; i = Loaded(i + 1))
        {
            end = Math.Max(end, (int)(Field(i, FileOffsetAt) + Field(i, FileSizeAt)));
        }

        ulong inPage = Field(second, AddressAt) & 0xfff;
        NotOne(0, 0, 0, end - 1);
        NotOne(0, 0, 0, HeaderSize + ProgramHeaderSize);
        NotOne(EntryAt, 8, 0, s_kept);
        NotOne(EntryAt, 8, 0x7f000000, s_kept);
        NotOne(EntryAt, 8, FaultCases.KernelText, s_kept);
        NotOne(HeadersAt, 8, (ulong)s_kept, s_kept);
        NotOne(HeadersAt, 8, ulong.MaxValue - 8, s_kept);
        NotOne(HeaderSizeAt, 2, 0xffff, s_kept);
        NotOne(CountAt, 2, 0xffff, s_kept);
        NotOne(CountAt, 2, 0, s_kept);
        NotOne(At(second) + AddressAt, 8, (Field(first, AddressAt) & ~0xffful) | inPage, s_kept);
        NotOne(At(second) + AddressAt, 8, 0xffffffff80400000 | inPage, s_kept);
        NotOne(At(second) + AddressAt, 8, inPage, s_kept);
        NotOne(At(second) + FileOffsetAt, 8, Field(second, FileOffsetAt) + 0x10000000, s_kept);
        NotOne(At(first) + MemorySizeAt, 8, Field(second, AddressAt) - Field(first, AddressAt) + 1, s_kept);
        NotOne(At(second) + MemorySizeAt, 8, ulong.MaxValue, s_kept);
        NotOne(At(second) + FileSizeAt, 8, ulong.MaxValue, s_kept);
    }

    private static void NotOne(int at, int size, ulong value, int length, [CallerLineNumber] int line = 0) =>
        Expect.Equal(ENOEXEC << 8, Attempt(at, size, value, length), "", line);

    // The program header from this one on that loads something, or -1.
    private static int Loaded(int index)
    {
        int count = s_good[CountAt];
        while (index < count && Field(index, 0) << 32 != 1ul << 32)
        {
            index++;
        }

        return index < count ? index : -1;
    }

    private static int At(int header) => HeaderSize + (header * ProgramHeaderSize);

    private static ulong Field(int header, int at)
    {
        ulong value = 0;
        for (int i = 7; i >= 0; i--)
        {
            value = (value << 8) | s_good[At(header) + at + i];
        }

        return value;
    }

    private static ulong Odd(int index) => index switch
    {
        0 => 0,
        1 => 1,
        2 => 0x7f,
        3 => 0x1000,
        4 => 0x400000,
        5 => 0x7fffffff,
        6 => 0xffffffff,
        7 => 0x7ffffffff000,
        8 => 0x800000000000,
        9 => 0xffffffff80200000,
        _ => ulong.MaxValue,
    };

    // /bin/true with a changed field, or cut off: the status of a child that executes it.
    private static int Attempt(int at, int size, ulong value, int length)
    {
        s_changed = size != 0;
        s_good.AsSpan().CopyTo(s_image);
        for (int i = 0; i < size; i++)
        {
            s_image[at + i] = (byte)(value >> (8 * i));
        }

        Make(Broken, s_image.AsSpan(0, length), 0x1ed);
        return Expect.InChild(&BecomeBrokenAlone);
    }

    // Whatever it does, it says nothing and ends.
    private static void BecomeBrokenAlone()
    {
        int nothing = Open("/dev/null", O_RDWR);
        Dup2(nothing, 0);
        Dup2(nothing, 1);
        Dup2(nothing, 2);
        if (s_changed)
        {
            // It may run for ever.
            Timeval* times = stackalloc Timeval[2];
            times[0] = default;
            times[1] = new Timeval { Microseconds = 50_000 };
            _syscall3(__NR_setitimer, 0, times, null);
        }

        BecomeBroken();
    }

    private static void Refused(ReadOnlySpan<byte> content, int error, int other = 0)
    {
        Make(Broken, content, 0x1ed);
        Expect.Equal(-1, Execvp([Broken]));
        Expect.True(errno == error || errno == other);
    }

    private static void Make(string path, ReadOnlySpan<byte> content, int mode)
    {
        Unlink(path);
        int fd = Open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
        Expect.True(fd > 2);
        Expect.Equal(0, WriteAll(fd, content));
        Close(fd);
    }
}
