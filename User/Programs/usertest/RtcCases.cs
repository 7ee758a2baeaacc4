// RtcCases: /dev/rtc, from int 0x80 and from syscall. Nothing here depends on how fast time goes: reads wait for interrupts, whenever they come.

namespace CSharpOS.User.Programs;

internal static unsafe class RtcCases
{
    private const int AlarmOn = 0x7001, AlarmOff = 0x7002, UpdateOn = 0x7003, UpdateOff = 0x7004, PeriodicOn = 0x7005, PeriodicOff = 0x7006;
    private const int AlarmSet = 0x40247007, AlarmRead = unchecked((int)0x80247008);
    private const int ReadTime = unchecked((int)0x80247009), SetTime = 0x4024700a;
    private const int FrequencyRead = unchecked((int)0x8004700b), FrequencySet = 0x4004700c;
    private const uint FrequencyRead64 = 0x8008700b, FrequencySet64 = 0x4008700c;
    private const uint Periodic = 0xc0, Alarm = 0xa0, Update = 0x90;
    private const int Sigio = 29, F_SETFL = 4, F_SETOWN = 8, F_GETOWN = 9, O_ASYNC = 0x2000;
    private const int Read64 = 0, Ioctl64 = 16;

    private static int s_clock;
    private static int s_signals;

    internal static void Rtc()
    {
        Opens();
        Sizes();
        Frequencies();
        Interrupts();
        Times();
        Signals();
        Expect.Good(&Unprivileged);
        Closes();
    }

    // One at a time; a descriptor that a child has inherited counts.
    private static void Opens()
    {
        Expect.Equal(0, Stat("/dev/rtc", out Stat node));
        Expect.Equal(0x2180, node.Mode);
        Expect.Equal(0xa87, (long)node.SpecialDevice);
        s_clock = Open("/dev/rtc", O_RDONLY);
        Expect.True(s_clock >= 0);
        Expect.Error(EBUSY, Open("/dev/rtc", O_RDONLY));
    }

    private static void Sizes()
    {
        Span<byte> bytes = stackalloc byte[16];
        Expect.Error(EINVAL, Read(s_clock, bytes[..3]));
        Expect.Error(EINVAL, Read(s_clock, bytes[..16]));
        Expect.Error(EINVAL, Read(s_clock, bytes[..0]));
        Expect.Error(EBADF, Write(s_clock, bytes[..4]));
        Expect.Error(ESPIPE, Lseek(s_clock, 0, SEEK_SET));
        Expect.Error(ENOTTY, Ioctl(s_clock, 0x5401, null));
        Expect.Error(ENOTTY, Ioctl(s_clock, unchecked((int)FrequencyRead64), null));
        ulong wide = 0;
        SetFlags(O_NONBLOCK);
        Expect.Error(EAGAIN, Read(s_clock, bytes[..4]));
        Expect.Equal(-EAGAIN, Syscalls.Syscall64(Read64, s_clock, (nint)(&wide), 8));
        Expect.Equal(0, PollInput(s_clock, 0));
        SetFlags(0);
    }

    private static void Frequencies()
    {
        foreach (byte bad in (ReadOnlySpan<byte>)[0, 1, 3, 100, 255])
        {
            Expect.Error(EINVAL, Ioctl(s_clock, FrequencySet, (void*)bad));
        }

        Expect.Error(EINVAL, Ioctl(s_clock, FrequencySet, (void*)16384));

        uint* narrow = stackalloc uint[2];
        narrow[1] = 0x55555555;
        for (int hertz = 2; hertz <= 8192; hertz *= 2)
        {
            Expect.Equal(0, Ioctl(s_clock, FrequencySet, (void*)hertz));
            Expect.Equal(0, Ioctl(s_clock, FrequencyRead, narrow));
            Expect.Equal(hertz, narrow[0]);
        }

        Expect.Equal(0x55555555, narrow[1]);
        ulong wide = ulong.MaxValue;
        Expect.Equal(-EINVAL, Syscalls.Syscall64(Ioctl64, s_clock, (nint)FrequencySet64, unchecked((nint)0x100000040)));
        Expect.Equal(0, Syscalls.Syscall64(Ioctl64, s_clock, (nint)FrequencySet64, 64));
        Expect.Equal(0, Syscalls.Syscall64(Ioctl64, s_clock, unchecked((nint)FrequencyRead64), (nint)(&wide)));
        Expect.Equal(64, (long)wide);
        Expect.Error(EFAULT, Ioctl(s_clock, FrequencyRead, (void*)8));
    }

    // Reads that wait, of both sizes, and polls; off it is silent.
    private static void Interrupts()
    {
        int pid = Expect.Start(&WaitsInVain);
        SignalCases.Sleeping(pid);
        Kill(pid, SIGUSR1);
        Expect.Equal(0, Expect.Wait(pid));

        Expect.Equal(0, Ioctl(s_clock, PeriodicOn, null));
        Expect.Equal(1, PollInput(s_clock, -1));
        for (int i = 0; i < 10; i++)
        {
            Expect.True(Next(Periodic) >= 1);
        }

        ulong wide;
        do
        {
            wide = ulong.MaxValue;
            Expect.Equal(8, Syscalls.Syscall64(Read64, s_clock, (nint)(&wide), 8));
        }
        while ((wide & 0xf0) == 0);
        Expect.Equal(Periodic, (long)wide & Periodic);
        Expect.True(wide >> 8 is >= 1 and < 1000000);
        Expect.Equal(0, Ioctl(s_clock, PeriodicOff, null));
        Expect.Equal(0, PollInput(s_clock, 50));

        // Interrupts that nobody has read yet are counted.
        Expect.Equal(0, Ioctl(s_clock, PeriodicOn, null));
        ReadOnlySpan<byte> before = Line();
        int from = Count(before);
        while (Count(Line()) - from < 5)
        {
        }

        Expect.True(Next(Periodic) >= 4);
        Expect.Equal(0, Ioctl(s_clock, PeriodicOff, null));
        Expect.Equal(0, Ioctl(s_clock, UpdateOn, null));
        Expect.Equal(1, PollInput(s_clock, -1));
        Expect.True(Next(Update) >= 1);
        Expect.Equal(0, Ioctl(s_clock, UpdateOff, null));
    }

    private static void Ignores(int signal)
    {
    }

    private static void WaitsInVain()
    {
        uint data;
        Signal(SIGUSR1, &Ignores, restart: false);
        Expect.Error(EINTR, Read(s_clock, new Span<byte>(&data, 4)));
    }

    // Reads: the flags must be there. How many interrupts. Where the host is busy, the driver's timer may have counted interrupts that the chip owes: then
    // none of its flags is up, and it is read once more.
    private static uint Next(uint flags)
    {
        uint data;
        int length;
        do
        {
            length = Read(s_clock, new Span<byte>(&data, 4));
        }
        while (length < 0 ? errno == EINTR : length == 4 && (data & 0xf0) == 0);
        Expect.Equal(4, length);
        Expect.Equal(flags, data & flags);
        Expect.Equal(0, data & 0xf);
        return data >> 8;
    }

    private static ReadOnlySpan<byte> Line()
    {
        byte[] text = new byte[4096];
        int length = ReadFile("/proc/interrupts", text);
        Expect.True(length > 0);
        ReadOnlySpan<byte> all = new(text, 0, length);
        int name = all.IndexOf("rtc\n"u8);
        Expect.True(name > 0);
        int start = all[..name].LastIndexOf((byte)'\n') + 1;
        return all[start..name];
    }

    // Of all CPUs: the numbers behind the colon.
    private static int Count(ReadOnlySpan<byte> line)
    {
        int total = 0;
        int at = line.IndexOf((byte)':') + 1;
        while (true)
        {
            while (line[at] == ' ')
            {
                at++;
            }

            if (line[at] is < (byte)'0' or > (byte)'9')
            {
                return total;
            }

            int number = 0;
            while (line[at] is >= (byte)'0' and <= (byte)'9')
            {
                number = (number * 10) + line[at++] - '0';
            }

            total += number;
        }
    }

    private static void Times()
    {
        int* now = stackalloc int[9];
        int* time = stackalloc int[9];
        Expect.Equal(0, Ioctl(s_clock, ReadTime, now));
        Expect.True(now[5] is >= 124 and < 270 && now[4] is >= 0 and <= 11 && now[3] is >= 1 and <= 31);
        Set(time, 0, 8, 7, 6, 4, 131);
        Expect.Equal(0, Ioctl(s_clock, SetTime, time));
        Set(time, 99, 99, 99, 99, 99, 99);
        Expect.Equal(0, Ioctl(s_clock, ReadTime, time));
        Expect.True(time[5] == 131 && time[4] == 4 && time[3] == 6 && time[2] == 7 && time[1] is 8 or 9 && time[8] == 0);
        Set(time, 0, 0, 0, 29, 1, 131);
        Expect.Error(EINVAL, Ioctl(s_clock, SetTime, time));
        Set(time, 0, 0, 0, 1, int.MaxValue, int.MaxValue);
        Expect.Error(EINVAL, Ioctl(s_clock, SetTime, time));
        Expect.Equal(0, Ioctl(s_clock, SetTime, now));
        Expect.Error(EFAULT, Ioctl(s_clock, SetTime, (void*)8));
        Expect.Error(EFAULT, Ioctl(s_clock, ReadTime, (void*)8));

        Set(time, 56, 34, 12, 0, 0, 0);
        Expect.Equal(0, Ioctl(s_clock, AlarmSet, time));
        Set(time, 0, 0, 0, 0, 0, 0);
        Expect.Equal(0, Ioctl(s_clock, AlarmRead, time));
        Expect.True(time[0] == 56 && time[1] == 34 && time[2] == 12);

        // Any hour, minute and second: the next one.
        Set(time, -1, -1, -1, 0, 0, 0);
        Expect.Equal(0, Ioctl(s_clock, AlarmSet, time));
        Expect.Equal(0, Ioctl(s_clock, AlarmRead, time));
        Expect.True(time[0] == -1 && time[1] == -1 && time[2] == -1);
        Expect.Equal(0, Ioctl(s_clock, AlarmOn, null));
        Expect.True(Next(Alarm) >= 1);
        Expect.Equal(0, Ioctl(s_clock, AlarmOff, null));
    }

    private static void Set(int* time, int second, int minute, int hour, int day, int month, int year)
    {
        time[0] = second;
        time[1] = minute;
        time[2] = hour;
        time[3] = day;
        time[4] = month;
        time[5] = year;
        time[8] = 0;
    }

    private static void Counts(int signal) => s_signals += signal == Sigio ? 1 : 100000;

    private static void SetFlags(int flags) => Expect.Equal(0, _syscall3(__NR_fcntl64, s_clock, F_SETFL, flags));

    private static void Signals()
    {
        Expect.Equal(0, Signal(Sigio, &Counts));
        Expect.Equal(0, Ioctl(s_clock, PeriodicOn, null));
        Next(Periodic);
        Expect.Equal(0, s_signals);
        Expect.Equal(0, _syscall3(__NR_fcntl64, s_clock, F_SETOWN, Getpid()));
        Expect.Equal(Getpid(), _syscall3(__NR_fcntl64, s_clock, F_GETOWN, 0));
        Next(Periodic);
        Expect.Equal(0, s_signals);
        SetFlags(O_ASYNC);
        for (int i = 0; i < 1000 && s_signals < 3; i++)
        {
            Next(Periodic);
        }

        Expect.True(s_signals >= 3);
        SetFlags(0);
        int sent = s_signals;
        for (int i = 0; i < 5; i++)
        {
            Next(Periodic);
        }

        Expect.Equal(sent, s_signals);
        Expect.Equal(0, Ioctl(s_clock, PeriodicOff, null));
    }

    // With a descriptor from before: 64 Hz and no more, and no change of the time.
    private static void Unprivileged()
    {
        int* time = stackalloc int[9];
        Expect.Equal(0, Ioctl(s_clock, FrequencySet, (void*)128));
        Expect.Equal(0, Ioctl(s_clock, ReadTime, time));
        Expect.Equal(0, _syscall1(__NR_setuid32, 1000));
        Expect.Error(EACCES, Open("/dev/rtc", O_RDONLY));
        Expect.Error(EACCES, Ioctl(s_clock, PeriodicOn, null));
        Expect.Error(EACCES, Ioctl(s_clock, FrequencySet, (void*)128));
        Expect.Error(EACCES, Ioctl(s_clock, SetTime, time));
        Expect.Equal(0, Ioctl(s_clock, FrequencySet, (void*)64));
        Expect.Equal(0, Ioctl(s_clock, PeriodicOn, null));
        Expect.True(Next(Periodic) >= 1);
    }

    // The last close turns the interrupts off, and takes the file off the list of those who get signals.
    private static void Closes()
    {
        SetFlags(O_ASYNC);
        Expect.Equal(0, Ioctl(s_clock, PeriodicOn, null));
        Expect.Equal(0, Close(s_clock));
        int sent = s_signals;
        s_clock = Open("/dev/rtc", O_RDONLY | O_NONBLOCK);
        Expect.True(s_clock >= 0);
        uint data;
        Expect.Error(EAGAIN, Read(s_clock, new Span<byte>(&data, 4)));
        Expect.Equal(0, PollInput(s_clock, 50));
        Expect.Equal(sent, s_signals);
        Expect.Equal(0, Close(s_clock));
    }
}
