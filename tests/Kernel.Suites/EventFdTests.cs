// EventFdTests: a counter as a file descriptor. Several tasks share a table of descriptors, as threads of a process do. What programs see of it is in the
// suite user.

namespace CSharpOS.Suites;

internal static unsafe class EventFdTests
{
    private const ulong Most = ulong.MaxValue - 1;
    private const long TakenMost = unchecked((long)Most);
    private const int Workers = 4;
    private const int Rounds = 500;

    private static int s_fd, s_other;
    private static long s_result;
    private static int s_inside, s_most, s_entered;
    private static FilesStruct* s_files;

    [TestSuite("eventfd")]
    private static void Suite()
    {
        Test.Run("a counter: a read takes all, a write adds"u8, "SYS-11"u8, &Counter);
        Test.Run("a semaphore: a read takes one"u8, "SYS-11"u8, &Takes);
        Test.Run("the largest value, and what would go beyond it"u8, "SYS-11 SYS-13"u8, &Overflow);
        Test.Run("sizes, flags, positions"u8, "SYS-11 SYS-13"u8, &Wrong);
        Test.Run("a reader waits for a writer, a writer for a reader; signals end the waits"u8, "SYS-11"u8, &Waits);
        Test.Run("poll: readable while it is not 0, writable below the largest value"u8, "SYS-11"u8, &Polls);
        Test.Run("no more tasks are inside than the semaphore lets in"u8, "SYS-11"u8, &Crowd);
        Test.Run("no wake-up is lost in a ping-pong"u8, "SYS-11"u8, &PingPong);
        Test.Run("memory that ends leaves nothing behind"u8, "SYS-11"u8, &NoMemory);
    }

    private static void Make(uint count, uint flags)
    {
        long fd = EventFd.Open(count, flags);
        Check.True(fd >= 0);
        s_fd = (int)fd;
        s_files = Current->Files;
        s_result = 1;
    }

    // What a read gives: its result if it is an error, else the value.
    private static long Take(long fd)
    {
        ulong value = 0;
        long length = FdTests.Read(fd, (byte*)&value, sizeof(ulong));
        return length == sizeof(ulong) ? (long)value : length;
    }

    private static long Give(long fd, ulong value) => FdTests.Write(fd, new ReadOnlySpan<byte>(&value, sizeof(ulong)));

    private static void Counter()
    {
        Make(3, EventFd.EFD_NONBLOCK);
        Check.Equal(3, Take(s_fd));
        Check.Equal(-EAGAIN, Take(s_fd));
        Check.Equal(8, Give(s_fd, 40));
        Check.Equal(8, Give(s_fd, 2));
        Check.Equal(8, Give(s_fd, 0));
        Check.Equal(42, Take(s_fd));
        Check.Equal(-EAGAIN, Take(s_fd));
        FdTests.Close(s_fd);
        Make(uint.MaxValue, 0);
        Check.Equal(uint.MaxValue, Take(s_fd));
        FdTests.Close(s_fd);
    }

    private static void Takes()
    {
        Make(2, EventFd.EFD_SEMAPHORE | EventFd.EFD_NONBLOCK);
        Check.Equal(1, Take(s_fd));
        Check.Equal(1, Take(s_fd));
        Check.Equal(-EAGAIN, Take(s_fd));
        Check.Equal(8, Give(s_fd, 3));
        Check.Equal(1, Take(s_fd));
        Check.Equal(8, Give(s_fd, 1));
        Check.Equal(1, Take(s_fd));
        Check.Equal(1, Take(s_fd));
        Check.Equal(1, Take(s_fd));
        Check.Equal(-EAGAIN, Take(s_fd));
        FdTests.Close(s_fd);
    }

    private static void Overflow()
    {
        Make(0, EventFd.EFD_NONBLOCK);
        Check.Equal(-EINVAL, Give(s_fd, ulong.MaxValue));
        Check.Equal(8, Give(s_fd, Most));
        Check.Equal(8, Give(s_fd, 0));
        Check.Equal(-EAGAIN, Give(s_fd, 1));
        Check.Equal(-EAGAIN, Give(s_fd, Most));
        Check.Equal(-EINVAL, Give(s_fd, ulong.MaxValue));
        Check.Equal(TakenMost, Take(s_fd));
        Check.Equal(8, Give(s_fd, 1));
        Check.Equal(-EAGAIN, Give(s_fd, Most));
        Check.Equal(8, Give(s_fd, Most - 1));
        Check.Equal(TakenMost, Take(s_fd));
        FdTests.Close(s_fd);
    }

    private static void Wrong()
    {
        Check.Equal(-EINVAL, EventFd.Open(0, 2));
        Check.Equal(-EINVAL, EventFd.Open(0, 0x80000000));
        Check.Equal(-EINVAL, EventFd.Open(0, OpenFlags.O_APPEND));
        Make(1, EventFd.EFD_NONBLOCK | EventFd.EFD_CLOEXEC | EventFd.EFD_SEMAPHORE);
        byte* bytes = stackalloc byte[24];
        for (nuint size = 0; size < 8; size++)
        {
            Check.Equal(-EINVAL, FdTests.Read(s_fd, bytes, size));
            Check.Equal(-EINVAL, FdTests.Write(s_fd, new ReadOnlySpan<byte>(bytes, (int)size)));
        }

        // More than eight bytes: eight of them count.
        new Span<byte>(bytes, 24).Fill(0xee);
        Check.Equal(8, FdTests.Read(s_fd, bytes, 24));
        Check.Equal(1, *(long*)bytes);
        Check.Equal(0xee, bytes[8]);
        Check.Equal(8, FdTests.Write(s_fd, new ReadOnlySpan<byte>(bytes, 24)));
        Check.Equal(1, Take(s_fd));
        Check.Equal(-ESPIPE, FileCalls.Lseek((uint)s_fd, 0, 0));
        Check.Equal(-ENOTTY, FileCalls.SysIoctl((uint)s_fd, 0x541b, 0));
        Check.Equal(1, FileCalls.Fcntl((uint)s_fd, 1, 0));
        FdTests.Close(s_fd);
        Make(0, 0);
        Check.Equal(0, FileCalls.Fcntl((uint)s_fd, 1, 0));
        FdTests.Close(s_fd);
    }

    private static void Waits()
    {
        Make(0, 0);
        SchedThread thread = default;
        if (Start(&thread, &TakeOnce))
        {
            Check.True(SchedThread.Asleep(&thread));
            Check.Equal(8, Give(s_fd, 0));
            Check.True(SchedThread.Asleep(&thread));
            Check.Equal(8, Give(s_fd, 7));
            SchedThread.Join(&thread);
            Check.Equal(7, s_result);
        }

        if (Start(&thread, &TakeOnce))
        {
            EndBySignal(&thread);
            Check.Equal(-ERESTARTSYS, s_result);
        }

        // A writer for whom there is no room, until all has been taken.
        Check.Equal(8, Give(s_fd, Most));
        if (Start(&thread, &GiveOnce))
        {
            Check.True(SchedThread.Asleep(&thread));
            Check.Equal(TakenMost, Take(s_fd));
            SchedThread.Join(&thread);
            Check.Equal(8, s_result);
            Check.Equal(5, Take(s_fd));
        }

        Check.Equal(8, Give(s_fd, Most));
        if (Start(&thread, &GiveOnce))
        {
            EndBySignal(&thread);
            Check.Equal(-ERESTARTSYS, s_result);
            Check.Equal(TakenMost, Take(s_fd));
        }

        FdTests.Close(s_fd);
    }

    private static void EndBySignal(SchedThread* thread)
    {
        Check.True(SchedThread.Asleep(thread));
        Shared.WriteOnce(ref thread->Task->AllowedSignals, 2);
        Signals.Send(thread->Task, 2);
        SchedThread.Join(thread);
    }

    private static void Polls()
    {
        Make(0, 0);
        Check.Equal(PollEvents.POLLOUT, Ready());
        Check.Equal(8, Give(s_fd, 1));
        Check.Equal(PollEvents.POLLIN | PollEvents.POLLOUT, Ready());
        Check.Equal(8, Give(s_fd, Most - 1));
        Check.Equal(PollEvents.POLLIN, Ready());
        Check.Equal(TakenMost, Take(s_fd));
        SchedThread thread = default;
        if (Start(&thread, &PollIn))
        {
            Check.True(SchedThread.Asleep(&thread));
            Check.Equal(8, Give(s_fd, 1));
            SchedThread.Join(&thread);
            Check.Equal(100 + PollEvents.POLLIN, s_result);
        }

        Check.Equal(8, Give(s_fd, Most - 1));
        if (Start(&thread, &PollOut))
        {
            Check.True(SchedThread.Asleep(&thread));
            Check.Equal(TakenMost, Take(s_fd));
            SchedThread.Join(&thread);
            Check.Equal(100 + PollEvents.POLLOUT, s_result);
        }

        FdTests.Close(s_fd);
    }

    private static uint Ready()
    {
        PollFd poll = new() { Fd = s_fd, Events = (ushort)(PollEvents.POLLIN | PollEvents.POLLOUT) };
        int ticks = 0;
        Check.Equal(1, PollCalls.Poll(&poll, 1, ref ticks));
        return poll.Happened;
    }

    // Two may be inside at once; four want to. The semaphore is what the second descriptor of another process would be, too.
    private static void Crowd()
    {
        s_inside = s_most = s_entered = 0;
        Make(2, EventFd.EFD_SEMAPHORE);
        SchedThread* threads = stackalloc SchedThread[Workers];
        for (int i = 0; i < Workers; i++)
        {
            threads[i] = default;
            Start(threads + i, &GoInside);
        }

        for (int i = 0; i < Workers; i++)
        {
            SchedThread.Join(threads + i);
        }

        Check.Equal(Workers * Rounds, s_entered);
        Check.Between(1, 2, s_most);
        Check.Equal(8, Give(s_fd, 1));
        Check.Equal(1, Take(s_fd));
        Check.Equal(1, Take(s_fd));
        Check.Equal(1, Take(s_fd));
        FdTests.Close(s_fd);
    }

    private static void GoInside(void* unused)
    {
        Enter();
        for (int i = 0; i < Rounds; i++)
        {
            if (Take(s_fd) != 1)
            {
                break;
            }

            int inside = Shared.AddReturn(ref s_inside, 1);
            if (inside > Shared.ReadOnce(ref s_most))
            {
                Shared.WriteOnce(ref s_most, inside);
            }

            Scheduler.Yield();
            Shared.AddReturn(ref s_inside, -1);
            Shared.AddReturn(ref s_entered, 1);
            Give(s_fd, 1);
        }

        FilesStruct.Exit(Current);
    }

    private static void PingPong()
    {
        Make(0, 0);
        s_other = s_fd;
        Make(0, 0);
        SchedThread thread = default;
        if (Start(&thread, &Pong))
        {
            bool right = true;
            for (ulong i = 1; i <= 3000; i++)
            {
                right &= Give(s_fd, i) == 8 && Take(s_other) == (long)i + 1;
            }

            Check.True(right);
            Check.Equal(8, Give(s_fd, Most));
            SchedThread.Join(&thread);
        }

        FdTests.Close(s_fd);
        FdTests.Close(s_other);
    }

    private static void Pong(void* unused)
    {
        Enter();
        long value;
        while ((value = Take(s_fd)) is > 0 and <= 3000)
        {
            Give(s_other, (ulong)value + 1);
        }

        FilesStruct.Exit(Current);
    }

    private static void NoMemory()
    {
#if DEBUG_CHECKS
        Make(0, 0);
        FdTests.Close(s_fd);
        SchedMemory before = SchedMemory.Now(SchedMemory.QuietTasks());
        int failures = 0;
        for (int n = 1; n < 20; n++)
        {
            AllocationFailure.Clear();
            AllocationFailure.FailNth(n);
            long fd = EventFd.Open(0, 0);
            bool failed = AllocationFailure.Failures != 0;
            AllocationFailure.Clear();
            if (!failed)
            {
                FdTests.Close(fd);
                break;
            }

            failures++;
            Check.True(fd is -ENOMEM or -ENFILE);
            before.Compare(SchedMemory.Now(SchedMemory.QuietTasks()));
        }

        // The file, the counter, the inode.
        Check.True(failures >= 3);
        before.Compare(SchedMemory.Now(SchedMemory.QuietTasks()));
#else
        Test.Skip("allocations do not fail on purpose in this build"u8);
#endif
    }

    private static bool Start(SchedThread* thread, delegate*<void*, void> function) => SchedThread.Run(thread, -1, function, null);

    private static void Enter() => Current->Files = FilesStruct.Share(s_files);

    private static void TakeOnce(void* unused)
    {
        Enter();
        s_result = Take(s_fd);
        FilesStruct.Exit(Current);
    }

    private static void GiveOnce(void* unused)
    {
        Enter();
        s_result = Give(s_fd, 5);
        FilesStruct.Exit(Current);
    }

    private static void PollIn(void* unused) => PollFor(PollEvents.POLLIN);

    private static void PollOut(void* unused) => PollFor(PollEvents.POLLOUT);

    private static void PollFor(uint events)
    {
        Enter();
        PollFd fd = new() { Fd = s_fd, Events = (ushort)events };
        int ticks = MaxScheduleTimeout;
        int found = PollCalls.Poll(&fd, 1, ref ticks);
        s_result = found < 0 ? found : (found * 100) + fd.Happened;
        FilesStruct.Exit(Current);
    }
}
