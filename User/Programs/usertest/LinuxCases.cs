// LinuxCases: smaller calls that programs of Linux make and that no program of ours needs: limits, groups, random bytes, one's own name, waiting with a signal mask.

namespace CSharpOS.User.Programs;

internal static unsafe class LinuxCases
{
    private const int Stack = 3, Core = 4, OpenFiles = 7, AddressSpace = 9, Limits = 16;
    private const int StackBytes = 8 << 20, Descriptors = 1024;
    private const int SetName = 15, GetName = 16, NameSize = 16, TextSize = 1024;
    private const ulong User1 = 1u << (SIGUSR1 - 1);

    private static int s_count;

    /// <summary>getrlimit in its three forms, prlimit64, getgroups.</summary>
    internal static void WhatThereIs()
    {
        Limit(Stack, StackBytes);
        Limit(Core, 0);
        Limit(OpenFiles, Descriptors);
        Limit(AddressSpace, uint.MaxValue);
        uint* narrow = stackalloc uint[2];
        ulong* wide = stackalloc ulong[2];
        Expect.Error(EINVAL, _syscall2(__NR_getrlimit, Limits, narrow));
        Expect.Error(EINVAL, _syscall2(__NR_old_getrlimit, Limits, narrow));
        Expect.Error(EINVAL, _syscall4(__NR_prlimit64, 0, Limits, null, wide));
        Expect.Equal(0, _syscall4(__NR_prlimit64, Getpid(), OpenFiles, null, wide));
        Expect.Error(ESRCH, _syscall4(__NR_prlimit64, 0x7ffffffe, OpenFiles, null, wide));
        Expect.Error(EPERM, _syscall4(__NR_prlimit64, 0, OpenFiles, wide, null));

        Expect.Equal(0, _syscall2(__NR_getgroups32, 0, null));
        Expect.Equal(0, _syscall2(__NR_getgroups, 2, narrow));
        Expect.Error(EINVAL, _syscall2(__NR_getgroups32, -1, narrow));
        Expect.Equal(0, Syscall64(SyscallNumbers64.__NR_getgroups32, 0, 0));
    }

    private static void Limit(int resource, uint limit)
    {
        uint* narrow = stackalloc uint[2];
        ulong* wide = stackalloc ulong[2];
        ulong unlimited = limit == uint.MaxValue ? ulong.MaxValue : limit;
        uint old = limit == uint.MaxValue ? int.MaxValue : limit;
        narrow[0] = narrow[1] = 7;
        Expect.Equal(0, _syscall2(__NR_getrlimit, resource, narrow));
        Expect.True(narrow[0] == limit && narrow[1] == limit);
        Expect.Equal(0, _syscall2(__NR_old_getrlimit, resource, narrow));
        Expect.True(narrow[0] == old && narrow[1] == old);
        Expect.Equal(0, Syscall64(SyscallNumbers64.__NR_getrlimit, resource, (nint)wide));
        Expect.True(wide[0] == unlimited && wide[1] == unlimited);
        wide[0] = wide[1] = 7;
        Expect.Equal(0, _syscall4(__NR_prlimit64, 0, resource, null, wide));
        Expect.True(wide[0] == unlimited && wide[1] == unlimited);
    }

    /// <summary>getrandom; prctl with the name, as /proc shows it.</summary>
    internal static void RandomAndName()
    {
        const int Length = 64;
        byte* first = stackalloc byte[Length], second = stackalloc byte[Length];
        new Span<byte>(first, Length).Clear();
        new Span<byte>(second, Length).Clear();
        Expect.Equal(Length, _syscall3(__NR_getrandom, first, Length, 0));
        Expect.Equal(Length, Syscall64(SyscallNumbers64.__NR_getrandom, (nint)second, Length, 1));
        Expect.True(!new ReadOnlySpan<byte>(first, Length).SequenceEqual(new ReadOnlySpan<byte>(second, Length)));
        Expect.True(*(ulong*)(first + Length - 8) != 0);
        Expect.Equal(0, _syscall3(__NR_getrandom, first, 0, 0));
        Expect.Error(EINVAL, _syscall3(__NR_getrandom, first, Length, 8));

        fixed (byte* name = "a (name) that is too long\0"u8)
        {
            Expect.Equal(0, _syscall2(__NR_prctl, SetName, name));
        }

        byte* found = stackalloc byte[NameSize];
        new Span<byte>(found, NameSize).Fill(1);
        Expect.Equal(0, _syscall2(__NR_prctl, GetName, found));
        Expect.True(new ReadOnlySpan<byte>(found, NameSize).SequenceEqual("a (name) that i\0"u8));
        byte* text = stackalloc byte[TextSize];
        Expect.True(ProcStat.TryParse(Text("/proc/self/stat", text), out ProcStat stat));
        Expect.True(stat.Name == "a (name) that i");
        Expect.Error(EINVAL, _syscall2(__NR_prctl, 4711, found));
    }

    /// <summary>pselect6 and ppoll: a signal that only their mask lets through, and the mask of before.</summary>
    internal static void Masks()
    {
        Expect.Equal(0, Pipe(out int read, out int write));
        Expect.Equal(0, Signal(SIGUSR1, &Counts));
        Expect.Equal(0, SetBlockedSignals(User1));
        for (int way = 0; way < 4; way++)
        {
            // Nothing to tell, and no time: the waiting signal goes on waiting.
            s_count = 0;
            Expect.Equal(0, Kill(Getpid(), SIGUSR1));
            Expect.Equal(0, Wait(way, read, User1, forever: false));
            Blocked(0);

            // The other mask lets it come, and holds no longer than the call.
            Expect.Equal(-EINTR, Wait(way, read, 0, forever: true));
            Blocked(1);

            // With something to tell there is an answer.
            Expect.Equal(1, Write(write, "x"u8));
            Expect.Equal(1, Wait(way, read, 0, forever: true));
            Blocked(1);
            byte letter;
            Expect.Equal(1, Read(read, new Span<byte>(&letter, 1)));
        }

        Refusals(read);
        Close(read);
        Close(write);
    }

    /// <summary>sysinfo has the averages of /proc/loadavg.</summary>
    internal static void Load()
    {
        byte* text = stackalloc byte[TextSize], again = stackalloc byte[TextSize];
        SysInfo info = default;
        ulong* wide = stackalloc ulong[16];
        bool changed = true;
        while (changed)
        {
            // Both before and after a sample is taken: then it was taken for neither.
            int length = ReadFile("/proc/loadavg", new Span<byte>(text, TextSize));
            Expect.True(length > 0 && _syscall1(__NR_sysinfo, &info) == 0);
            Expect.Equal(0, Syscall64(SyscallNumbers64.__NR_sysinfo, (nint)wide));
            changed = !Averages(text, length).SequenceEqual(Averages(again, ReadFile("/proc/loadavg", new Span<byte>(again, TextSize))));
        }

        ReadOnlySpan<byte> averages = Averages(text, TextSize);
        Expect.Equal(Figure(ref averages), Hundredths(info.Load1));
        Expect.Equal(Figure(ref averages), Hundredths(info.Load5));
        Expect.Equal(Figure(ref averages), Hundredths(info.Load15));
        Expect.True(wide[1] == info.Load1 && wide[2] == info.Load5 && wide[3] == info.Load15);
    }

    // The first three figures: "0.12 0.08 0.05".
    private static ReadOnlySpan<byte> Averages(byte* text, int length) => new ReadOnlySpan<byte>(text, Math.Min(length, 14));

    private static long Figure(ref ReadOnlySpan<byte> text)
    {
        long whole = (long)Number.Take(ref text);
        text = text.Slice(1);
        return (whole * 100) + (long)Number.Take(ref text);
    }

    private static long Hundredths(uint load) => (((long)load * 100) + (1 << 15)) >> 16;

    private static ReadOnlySpan<byte> Text(string path, byte* buffer)
    {
        int length = ReadFile(path, new Span<byte>(buffer, TextSize));
        Expect.True(length > 0);
        return new ReadOnlySpan<byte>(buffer, length);
    }

    private static void Counts(int signal) => s_count++;

    private static void Blocked(int handled)
    {
        ulong blocked = 0;
        Expect.Equal(0, _syscall4(__NR_rt_sigprocmask, 0, null, &blocked, 8));
        Expect.Equal((long)User1, (long)blocked);
        Expect.Equal(handled, s_count);
    }

    // pselect6 and ppoll, by both ways in; the answer with its sign.
    private static long Wait(int way, int read, ulong mask, bool forever)
    {
        ulong bits = 1ul << read;
        ulong* setAndSize = stackalloc ulong[2];
        setAndSize[0] = (ulong)&mask;
        setAndSize[1] = sizeof(ulong);
        uint* narrowSet = stackalloc uint[2];
        narrowSet[0] = (uint)(ulong)&mask;
        narrowSet[1] = sizeof(ulong);
        long* none = stackalloc long[2];
        none[0] = none[1] = 0;
        ulong entry = (uint)read | (1ul << 32);
        long* time = forever ? null : none;
        return way switch
        {
            0 => Signed(_syscall6(__NR_pselect6, read + 1, &bits, null, null, time, narrowSet)),
            1 => Syscall64(SyscallNumbers64.__NR_pselect6, read + 1, (nint)(&bits), 0, 0, (nint)time, (nint)setAndSize),
            2 => Signed(_syscall5(__NR_ppoll, &entry, 1, time, &mask, sizeof(ulong))),
            _ => Syscall64(SyscallNumbers64.__NR_ppoll, (nint)(&entry), 1, (nint)time, (nint)(&mask), sizeof(ulong)),
        };
    }

    private static long Signed(int result) => result == -1 ? -errno : result;

    private static void Refusals(int read)
    {
        ulong mask = 0, bits = 1ul << read, entry = (uint)read | (1ul << 32);
        uint* narrowSet = stackalloc uint[2];
        narrowSet[0] = (uint)(ulong)&mask;
        narrowSet[1] = 4;
        long* none = stackalloc long[2];
        none[0] = none[1] = 0;
        Expect.Error(EINVAL, _syscall6(__NR_pselect6, read + 1, &bits, null, null, none, narrowSet));
        Expect.Error(EINVAL, _syscall5(__NR_ppoll, &entry, 1, none, &mask, 4));
        narrowSet[0] = 8;
        narrowSet[1] = sizeof(ulong);
        Expect.Error(EFAULT, _syscall6(__NR_pselect6, read + 1, &bits, null, null, none, narrowSet));

        // No mask at all.
        Expect.Equal(0, _syscall6(__NR_pselect6, read + 1, &bits, null, null, none, null));
        narrowSet[0] = 0;
        bits = 1ul << read;
        Expect.Equal(0, _syscall6(__NR_pselect6, read + 1, &bits, null, null, none, narrowSet));
        none[0] = -1;
        Expect.Error(EINVAL, _syscall6(__NR_pselect6, read + 1, &bits, null, null, none, null));
    }
}
