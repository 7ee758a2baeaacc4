// FIFOs by name, poll and select. Part of the suite pipe.

namespace CSharpOS.Suites;

internal static unsafe partial class PipeTests
{
    private static void Fifo()
    {
        Check.Equal(0, FsHelp.Mknod("/fifo\0"u8, FileModes.S_IFIFO | 0x1b6, 0));
        Check.Equal(-ENXIO, FsHelp.Open("/fifo\0"u8, OpenFlags.O_WRONLY | OpenFlags.O_NONBLOCK));
        long lonely = FdTests.Open("/fifo\0"u8, OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK);
        Check.True(lonely >= 0);
        byte one = 0;
        Check.Equal(0, FdTests.Read(lonely, &one, 1));
        FdTests.Close(lonely);
        s_files = Current->Files;
        SchedThread thread = default;
        if (Start(&thread, &FifoReader))
        {
            Check.True(SchedThread.Asleep(&thread));
            long writer = FdTests.Open("/fifo\0"u8, OpenFlags.O_WRONLY);
            Check.True(writer >= 0);
            Check.Equal(4, FdTests.Write(writer, "fifo"u8));
            FdTests.Close(writer);
            SchedThread.Join(&thread);
            Check.Equal(4, s_result);
        }

        Check.Equal(0, FsHelp.Remove("/fifo\0"u8));
    }

    private static void FifoReader(void* unused)
    {
        Enter();
        byte* bytes = stackalloc byte[8];
        long fd = FdTests.Open("/fifo\0"u8, OpenFlags.O_RDONLY);
        s_result = FdTests.Read(fd, bytes, 8);
        s_result += FdTests.Read(fd, bytes, 8);
        FdTests.Close(fd);
        Leave();
    }

    private static void Polls()
    {
        Make();
        PollFd* fds = stackalloc PollFd[2];
        fds[0] = new PollFd { Fd = s_first, Events = (ushort)PollEvents.POLLIN };
        fds[1] = new PollFd { Fd = s_second, Events = (ushort)PollEvents.POLLOUT };
        int ticks = 0;
        Check.Equal(1, PollCalls.Poll(fds, 2, ref ticks));
        Check.True(fds[0].Happened == 0 && fds[1].Happened == PollEvents.POLLOUT);
        SchedThread thread = default;
        if (Start(&thread, &PollOne))
        {
            Check.True(SchedThread.Asleep(&thread));
            Check.Equal(1, FdTests.Write(s_second, "x"u8));
            SchedThread.Join(&thread);
            Check.Equal(100 + PollEvents.POLLIN, s_result);
        }

        Check.Equal(2, PollCalls.Poll(fds, 2, ref ticks));
        Close();
    }

    private static void PollOne(void* unused)
    {
        Enter();
        PollFd fd = new() { Fd = s_first, Events = (ushort)PollEvents.POLLIN };
        int ticks = MaxScheduleTimeout;
        int found = PollCalls.Poll(&fd, 1, ref ticks);
        s_result = found < 0 ? found : (found * 100) + fd.Happened;
        Leave();
    }

    private static void PollEnds()
    {
        Make();
        PollFd* fds = stackalloc PollFd[2];
        int ticks = 2;
        fds[0] = new PollFd { Fd = s_first, Events = (ushort)PollEvents.POLLIN };
        Check.Equal(0, PollCalls.Poll(fds, 1, ref ticks));
        Check.Equal(0, ticks);
        fds[1] = new PollFd { Fd = 900, Events = (ushort)PollEvents.POLLIN };
        ticks = MaxScheduleTimeout;
        Check.Equal(1, PollCalls.Poll(fds, 2, ref ticks));
        Check.Equal(PollEvents.POLLNVAL, fds[1].Happened);
        fds[1].Fd = -5;
        ticks = 0;
        Check.Equal(0, PollCalls.Poll(fds, 2, ref ticks));
        SchedThread thread = default;
        if (Start(&thread, &PollOne))
        {
            Check.True(SchedThread.Asleep(&thread));
            Shared.WriteOnce(ref thread.Task->AllowedSignals, 2);
            Signals.Send(thread.Task, 2);
            SchedThread.Join(&thread);
            Check.Equal(-EINTR, s_result);
        }

        if (Start(&thread, &PollOne))
        {
            Check.True(SchedThread.Asleep(&thread));
            FdTests.Close(s_second);
            SchedThread.Join(&thread);
            Check.Equal(100 + PollEvents.POLLHUP, s_result);
        }

        FdTests.Close(s_first);
        Make();
        FdTests.Close(s_first);
        fds[0] = new PollFd { Fd = s_second };
        Check.Equal(1, PollCalls.Poll(fds, 1, ref ticks));
        Check.Equal(PollEvents.POLLERR, fds[0].Happened);
        FdTests.Close(s_second);
    }

    private static void PollStorm()
    {
        Make(OpenFlags.O_NONBLOCK);
        SchedThread thread = default;
        if (Start(&thread, &PollReader))
        {
            for (int i = 0; i < 3000; i++)
            {
                while (FdTests.Write(s_second, "x"u8) == -EAGAIN)
                {
                    SchedThread.GiveWay();
                }
            }

            FdTests.Close(s_second);
            SchedThread.Join(&thread);
            Check.Equal(3000, s_result);
        }

        FdTests.Close(s_first);
    }

    private static void PollReader(void* unused)
    {
        Enter();
        byte one;
        PollFd fd = new() { Fd = s_first, Events = (ushort)PollEvents.POLLIN };
        int ticks = MaxScheduleTimeout;
        while (PollCalls.Poll(&fd, 1, ref ticks) == 1 && FdTests.Read(s_first, &one, 1) == 1)
        {
            s_result++;
        }

        Leave();
    }

    private static void Selects()
    {
        Make();
        ulong* sets = stackalloc ulong[3 * 16];
        new Span<ulong>(sets, 48).Clear();
        sets[s_first / 64] |= 1ul << (s_first & 63);
        sets[16 + (s_second / 64)] |= 1ul << (s_second & 63);
        int ticks = MaxScheduleTimeout;
        Check.Equal(1, PollCalls.Select(s_second + 1, sets, ref ticks));
        Check.True(sets[s_first / 64] == 0 && sets[16 + (s_second / 64)] == 1ul << (s_second & 63));
        new Span<ulong>(sets, 48).Clear();
        sets[s_first / 64] |= 1ul << (s_first & 63);
        ticks = 2;
        Check.Equal(0, PollCalls.Select(s_second + 1, sets, ref ticks));
        Check.Equal(0ul, sets[s_first / 64]);
        FdTests.Close(s_second);
        sets[s_first / 64] |= 1ul << (s_first & 63);
        ticks = MaxScheduleTimeout;
        Check.Equal(1, PollCalls.Select(s_first + 1, sets, ref ticks));
        sets[14] = 1;
        Check.Equal(-EBADF, PollCalls.Select(1024, sets, ref ticks));
        FdTests.Close(s_first);

        // Never a tick too early: the one that has begun does not count.
        Check.Equal(0, PollCalls.Ticks(0));
        Check.Equal(MaxScheduleTimeout, PollCalls.Ticks(-1));
        Check.Equal((HZ / 10) + 1, PollCalls.Ticks(100));
        Check.Equal(MaxScheduleTimeout, PollCalls.Ticks(long.MaxValue));
    }
}
