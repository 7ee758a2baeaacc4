// PointerCalls: every pointer argument of every call, one after the other, is given an address that is wrong; all other arguments are good.
//
// The list says what each argument is. A call of Kernel/Syscalls/syscalls.tbl that takes a pointer and is not in it, or has an argument more, turns
// tests/Csos/PointerCallsTests.cs red.

namespace CSharpOS.User.Programs;

internal static unsafe class PointerCalls
{
    private const string File = "/tmp/pointers", Link = "/tmp/pointers-link", Executable = "/bin/true";
    private const int Page = 4096, Block = 1024, Length = 64, MostArguments = 6;

    private static readonly byte[] s_path = new byte[16], s_link = new byte[24], s_program = new byte[16];
    private static byte* s_good;
    private static nint s_bad;
    private static bool s_readable;
    private static int s_zero, s_file, s_folder;

    /// <summary>Tries one address in all places. <paramref name="readable"/>: only writing to it must fail.</summary>
    internal static void TryAll(nint bad, bool readable)
    {
        s_bad = bad;
        s_readable = readable;
        Begin();
        All();
        Close(s_zero);
        Close(s_file);
        Close(s_folder);
        Expect.Equal(0, Unlink(File));
        Expect.Equal(0, Unlink(Link));
    }

    private static void Begin()
    {
        if (s_good == null)
        {
            s_good = PointerCases.Map(MostArguments * Block / Page + 1, 3);
            Text(File, s_path);
            Text(Link, s_link);
            Text(Executable, s_program);
        }

        Unlink(File);
        Unlink(Link);
        s_zero = Open("/dev/zero", O_RDWR);
        s_file = Open(File, O_RDWR | O_CREAT | O_TRUNC, 0x1a4);
        s_folder = Open("/", O_RDONLY);
        Expect.True(s_zero > 2 && s_file > 2 && s_folder > 2);
        new Span<byte>(s_good, Length).Fill(1);
        Expect.Equal(Length, Write(s_file, new ReadOnlySpan<byte>(s_good, Length)));
        fixed (byte* path = s_path, link = s_link)
        {
            Expect.Equal(0, _syscall2(__NR_symlink, path, link));
        }
    }

    private static void Text(string text, byte[] bytes)
    {
        for (int i = 0; i < text.Length; i++)
        {
            bytes[i] = (byte)text[i];
        }
    }

    // Digits are numbers, A the number given; z, f, o: descriptors of /dev/zero, of a file, of a directory; @ AT_FDCWD; c a child, t a timer; n the length 64.
    // Pointers: W is written to, R read, P a path, L the path of a link, X that of a program, E the description of a timer, F a futex, V memory that
    // holds a pointer that is written to, v one that is read, a an argument vector; w, r, p: as W, R, P, but null is allowed or another error.
    // i: one that the kernel does not use here.
    private static void All()
    {
        Narrow(__NR_waitpid, "cw0");
        Both(__NR_execve, "Xrr");
        Both(__NR_execve, "Xar");
        Both(__NR_execve, "X0a");
        Both(__NR_times, "w");
        Both(__NR_getrusage, "0W");
        Both(__NR_wait4, "cw0w");
        Both(__NR_clone, "00i0i");
        Both(__NR_clone, "00ii0");
        Both(__NR_futex, "F00r00");
        Both(__NR_set_thread_area, "R");
        Both(__NR_get_thread_area, "R");
        Both(__NR_set_tid_address, "i");
        Wide(SyscallNumbers64.__NR_arch_prctl, "AW", 0x1003);
        Narrow(__NR_sigaction, "Arw", SIGUSR1);
        Narrow(__NR_sigpending, "W");
        Narrow(__NR_sigprocmask, "0rw");
        Both(__NR_rt_sigaction, "Arw8", SIGUSR1);
        Both(__NR_rt_sigprocmask, "0rw8");
        Both(__NR_rt_sigpending, "W8");
        Both(__NR_rt_sigsuspend, "R8");
        Both(__NR_sigaltstack, "r0");
        Both(__NR_sigaltstack, "0w");
        Narrow(__NR_old_mmap, "R");
        Times();
        Both(__NR_sethostname, "R3");
        Both(__NR_syslog, "3wA", Block);
        Both(__NR_sysinfo, "W");
        Both(__NR_uname, "W");
        Both(__NR_init_module, "R3R");
        Both(__NR_delete_module, "R0");
        Both(__NR_getrandom, "Wn0");
        Both(__NR_getrlimit, "7W");
        Narrow(__NR_old_getrlimit, "7W");
        Both(__NR_prlimit64, "07r0");
        Both(__NR_prlimit64, "070w");
        Narrow(__NR_getgroups, "0i");
        Both(__NR_getgroups32, "0i");
        Both(__NR_prctl, "AR", 15);
        Both(__NR_prctl, "AW", 16);
        Narrow(__NR_silly_copy, "RW8");
        Data();
        Names();
        Figures();
        Terminals();
    }

    private static void Times()
    {
        Both(__NR_time, "w");
        Narrow(__NR_stime, "R");
        Both(__NR_gettimeofday, "ww");
        Both(__NR_settimeofday, "ri");
        Both(__NR_setitimer, "1rw");
        Both(__NR_getitimer, "1W");
        Both(__NR_nanosleep, "Ri");
        Both(__NR_timer_create, "1EW");
        Both(__NR_timer_settime, "t0rw");
        Both(__NR_timer_gettime, "tW");
        Both(__NR_clock_settime, "0R");
        Both(__NR_clock_gettime, "1W");
        Both(__NR_clock_getres, "1w");
        Both(__NR_clock_nanosleep, "10Ri");
    }

    private static void Data()
    {
        Both(__NR_read, "zWn");
        Both(__NR_write, "fRn");
        Both(__NR_readv, "zR1");
        Both(__NR_readv, "zV1");
        Both(__NR_writev, "fR1");
        Both(__NR_writev, "fv1");
        Both(__NR_pread64, "fWn0");
        Both(__NR_pwrite64, "fRn0");
        Both(__NR_getdents, "oWA", 512);
        Both(__NR_getdents64, "oWA", 512);
        Both(__NR_pipe, "W");
        Both(__NR_pipe2, "W0");
        Narrow(__NR__llseek, "f00W0");
        Wide(SyscallNumbers64.__NR_select, "1wwwr");
        Narrow(__NR_select, "R");
        Narrow(__NR__newselect, "1wwwr");
        Both(__NR_poll, "W10");
        Both(__NR_ppoll, "W1rr8");
        Both(__NR_pselect6, "1wwwrr");
    }

    private static void Names()
    {
        Both(__NR_open, "P00");
        Both(__NR_openat, "@P00");
        Both(__NR_creat, "P0");
        Both(__NR_link, "PP");
        Both(__NR_linkat, "@P@P0");
        Both(__NR_unlink, "P");
        Both(__NR_unlinkat, "@P0");
        Both(__NR_symlink, "PP");
        Both(__NR_symlinkat, "P@P");
        Both(__NR_rename, "PP");
        Both(__NR_renameat, "@P@P");
        Both(__NR_renameat2, "@P@P0");
        Both(__NR_readlink, "LWn");
        Both(__NR_readlinkat, "@LWn");
        Both(__NR_mkdir, "P0");
        Both(__NR_mkdirat, "@P0");
        Both(__NR_mknod, "P00");
        Both(__NR_mknodat, "@P00");
        Both(__NR_rmdir, "P");
        Both(__NR_chdir, "P");
        Both(__NR_chroot, "P");
        Both(__NR_getcwd, "Wn");
        Both(__NR_mount, "pPp0i");
        Narrow(__NR_umount, "P");
        Both(__NR_umount2, "P0");
    }

    private static void Figures()
    {
        Both(__NR_access, "P0");
        Both(__NR_faccessat, "@P0");
        Both(__NR_faccessat2, "@P00");
        Both(__NR_chmod, "P0");
        Both(__NR_fchmodat, "@P0");
        Both(__NR_chown, "P00");
        Both(__NR_lchown, "P00");
        Narrow(__NR_chown32, "P00");
        Narrow(__NR_lchown32, "P00");
        Both(__NR_fchownat, "@P000");
        Both(__NR_utime, "Pr");
        Both(__NR_utimensat, "@pr0");
        Both(__NR_truncate, "P0");
        Narrow(__NR_truncate64, "P00");
        Both(__NR_stat, "PW");
        Both(__NR_lstat, "PW");
        Both(__NR_fstat, "fW");
        Narrow(__NR_stat64, "PW");
        Narrow(__NR_lstat64, "PW");
        Narrow(__NR_fstat64, "fW");
        Narrow(__NR_fstatat64, "@PW0");
        Wide(SyscallNumbers64.__NR_newfstatat, "@PW0");
        Both(__NR_statfs, "PW");
        Both(__NR_fstatfs, "fW");
        Narrow(__NR_statfs64, "PAW", 84);
        Narrow(__NR_fstatfs64, "fAW", 84);
    }

    // TCGETS, TCSETS, TIOCGWINSZ, TIOCSWINSZ, FIONREAD.
    private static void Terminals()
    {
        Both(__NR_ioctl, "0AW", 0x5401);
        Both(__NR_ioctl, "0AR", 0x5402);
        Both(__NR_ioctl, "0AW", 0x5413);
        Both(__NR_ioctl, "0AR", 0x5414);
        Both(__NR_ioctl, "0AW", 0x541b);
    }

    private static void Both(int number, string arguments, int a = 0)
    {
        Narrow(number, arguments, a);
        Wide(SyscallNumbers64.FromI386(number), arguments, a);
    }

    private static void Wide(int number, string arguments, int a = 0)
    {
        Expect.True(number >= 0);
        Each(number, arguments, a, wide: true);
    }

    // Where the address has 32 bits.
    private static void Narrow(int number, string arguments, int a = 0)
    {
        if ((ulong)s_bad >> 32 == 0)
        {
            Each(number, arguments, a, wide: false);
        }
    }

    private static void Each(int number, string arguments, int a, bool wide)
    {
        for (int i = 0; i < arguments.Length; i++)
        {
            if (Applies(arguments[i]))
            {
                Try(number, arguments, i, a, wide);
            }
        }
    }

    private static bool Applies(char argument) => argument switch
    {
        'W' or 'V' => true,
        'w' => s_bad != 0,
        'R' or 'P' or 'L' or 'X' => !s_readable,
        'r' or 'p' or 'v' or 'a' or 'E' => !s_readable && s_bad != 0,
        'F' => !s_readable && (s_bad & 3) == 0,
        _ => false,
    };

    private static void Try(int number, string arguments, int place, int a, bool wide)
    {
        nint* values = stackalloc nint[MostArguments];
        new Span<nint>(values, MostArguments).Clear();
        new Span<byte>(s_good, MostArguments * Block).Clear();
        Expect.Equal(0, Lseek(s_folder, 0, SEEK_SET));
        if ((s_bad & (Page - 1)) == Page - 1)
        {
            // The one byte that is there: the call before may have written to it.
            *(byte*)s_bad = (byte)'a';
        }

        int child = 0, timer = -1;
        for (int i = 0; i < arguments.Length; i++)
        {
            char argument = arguments[i];
            if (argument == 'c')
            {
                child = Expect.Start(&ProcessCases.Nothing);
            }
            else if (argument == 't')
            {
                timer = Timer();
            }

            values[i] = argument is 'c' ? child : argument is 't' ? timer : i == place ? Bad(argument, i, wide) : Good(argument, i, a, wide);
        }

        long result = wide
            ? Syscall64(number, values[0], values[1], values[2], values[3], values[4], values[5])
            : (int)Raw(number, values[0], values[1], values[2], values[3], values[4], values[5]);

        // As much as there was room for, where there was room for a byte.
        bool isShort = result is > 0 and < Length && (s_bad & (Page - 1)) == Page - 1 && (arguments[place] is 'V' or 'v' || Has(arguments, 'n'));
        if (result != -EFAULT && !isShort)
        {
            string way = wide ? "syscall" : "int 0x80";
            Console.Error.WriteLine($"usertest: {way} {number}, argument {place + 1}, address 0x{(ulong)s_bad:x}, readable {(s_readable ? 1 : 0)}: {(int)result}");
        }

        Expect.True(result == -EFAULT || isShort);
        if (child != 0)
        {
            Waitpid(child, out _);
        }

        if (timer >= 0)
        {
            Expect.Equal(0, _syscall1(__NR_timer_delete, timer));
        }
    }

    private static bool Has(string text, char wanted)
    {
        bool found = false;
        foreach (char c in text)
        {
            found |= c == wanted;
        }

        return found;
    }

    private static int Timer()
    {
        uint* notify = stackalloc uint[16];
        new Span<uint>(notify, 16).Clear();
        notify[1] = SIGUSR1;
        int id = -1;
        Expect.Equal(0, _syscall3(__NR_timer_create, 1, notify, &id));
        return id;
    }

    private static nint Bad(char argument, int place, bool wide) => argument is 'V' or 'v' or 'a' ? Holder(s_bad, place, argument == 'a' ? 0 : Length, wide) : s_bad;

    // Memory with a pointer, and with a length behind it.
    private static nint Holder(nint pointer, int place, int length, bool wide)
    {
        byte* block = s_good + (place * Block);
        if (wide)
        {
            ((nint*)block)[0] = pointer;
            ((nint*)block)[1] = length;
        }
        else
        {
            ((int*)block)[0] = (int)pointer;
            ((int*)block)[1] = length;
        }

        return (nint)block;
    }

    private static nint Good(char argument, int place, int a, bool wide)
    {
        byte* block = s_good + (place * Block);
        switch (argument)
        {
            case >= '0' and <= '9':
                return argument - '0';
            case 'A':
                return a;
            case 'n':
                return Length;
            case 'z':
                return s_zero;
            case 'f':
                return s_file;
            case 'o':
                return s_folder;
            case '@':
                return -100;
            case 'P' or 'p':
                return Copy(s_path, block);
            case 'L':
                return Copy(s_link, block);
            case 'X':
                return Copy(s_program, block);
            case 'E':
                ((int*)block)[wide ? 2 : 1] = SIGUSR1;
                return (nint)block;
            default:
                return (nint)block;
        }
    }

    private static nint Copy(byte[] text, byte* block)
    {
        text.AsSpan().CopyTo(new Span<byte>(block, Block));
        return (nint)block;
    }
}
