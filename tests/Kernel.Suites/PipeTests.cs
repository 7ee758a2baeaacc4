// PipeTests: pipes, FIFOs, poll and select. Two tasks share a table of descriptors, as threads of a process do.

namespace CSharpOS.Suites;

internal static unsafe partial class PipeTests
{
    private const int Volume = 300000;
    private const int Sigpipe = 13;

    private static int s_first;
    private static int s_second;
    private static long s_result;
    private static int s_done;
    private static FilesStruct* s_files;

    [TestSuite("pipe")]
    private static void Suite()
    {
        Test.Run("bytes in order; empty, closed, full without waiting"u8, "SYS-12 SYS-13"u8, &Basics);
        Test.Run("a reader waits for the writer"u8, "SYS-12"u8, &ReaderWaits);
        Test.Run("a writer waits for room, and all of it arrives"u8, "SYS-12"u8, &Streams);
        Test.Run("nobody reads: EPIPE and SIGPIPE"u8, "SYS-12"u8, &Broken);
        Test.Run("the last writer goes while a reader waits"u8, "SYS-12"u8, &WriterGoes);
        Test.Run("a signal ends the wait"u8, "SYS-12"u8, &Interrupted);
        Test.Run("PIPE_BUF bytes of several writers are not torn"u8, "SYS-12"u8, &Atomic);
        Test.Run("no wake-up is lost in a ping-pong"u8, "SYS-12"u8, &PingPong);
        Test.Run("FIFO: both sides wait for each other"u8, "SYS-12 SYS-13"u8, &Fifo);
        Test.Run("poll: what is ready, and what becomes ready"u8, "SYS-12"u8, &Polls);
        Test.Run("poll: hang-up, error, not open, time over, signal"u8, "SYS-12 SYS-13"u8, &PollEnds);
        Test.Run("poll loses no wake-up"u8, "SYS-12"u8, &PollStorm);
        Test.Run("select"u8, "SYS-12 SYS-13"u8, &Selects);
    }

    private static void Make(uint flags = 0)
    {
        int* fds = stackalloc int[2];
        Check.Equal(0, FileCalls.MakePipe(fds, flags));
        s_first = fds[0];
        s_second = fds[1];
        s_files = Current->Files;
        s_done = 0;
        s_result = 0;
    }

    private static void Close()
    {
        FdTests.Close(s_first);
        FdTests.Close(s_second);
    }

    // A thread that shares the descriptors of the test.
    private static bool Start(SchedThread* thread, delegate*<void*, void> function, int cpu = -1) => SchedThread.Run(thread, cpu, function, null);

    private static void Enter() => Current->Files = FilesStruct.Share(s_files);

    private static void Leave()
    {
        FilesStruct.Exit(Current);
        Shared.WriteOnce(ref s_done, 1);
    }

    private static void Basics()
    {
        byte* bytes = stackalloc byte[16];
        ulong pages = PageAllocator.FreePageCount();
        Make(OpenFlags.O_NONBLOCK);
        Check.Equal(-EAGAIN, FdTests.Read(s_first, bytes, 1));
        Check.Equal(0, FdTests.Read(s_first, bytes, 0));
        Check.Equal(5, FdTests.Write(s_second, "hello"u8));
        Check.Equal(5, FdTests.Write(s_second, "world"u8));
        Check.Equal(3, FdTests.Read(s_first, bytes, 3));
        Check.Equal(7, FdTests.Read(s_first, bytes, 16));
        Check.True(new ReadOnlySpan<byte>(bytes, 7).SequenceEqual("loworld"u8));
        Check.Equal(-EBADF, FdTests.Write(s_first, "x"u8));
        Check.Equal(-EBADF, FdTests.Read(s_second, bytes, 1));
        byte* page = (byte*)Kzalloc(4097, GfpFlags.Kernel);
        long total = 0;
        long written;
        while ((written = FdTests.Write(s_second, new ReadOnlySpan<byte>(page, 4096))) > 0)
        {
            total += written;
        }

        Check.Equal(-EAGAIN, written);
        Check.Equal(65536, total);
        Check.Equal(1, FdTests.Read(s_first, bytes, 1));

        // One byte is free: not enough for a write that must be whole, enough for one that need not.
        Check.Equal(-EAGAIN, FdTests.Write(s_second, "ab"u8));
        Check.Equal(1, FdTests.Write(s_second, new ReadOnlySpan<byte>(page, 4097)));
        FdTests.Close(s_second);
        while ((written = FdTests.Read(s_first, page, 4096)) > 0)
        {
            total -= written;
        }

        Check.Equal(0, written);
        Check.Equal(0, total);
        FdTests.Close(s_first);
        Kfree(page);
        Check.True(PageAllocator.FreePageCount() + 16 > pages);
    }

    private static void ReaderWaits()
    {
        Make();
        SchedThread thread = default;
        if (Start(&thread, &ReadOne))
        {
            Check.True(SchedThread.Asleep(&thread));
            Check.Equal(1, FdTests.Write(s_second, "w"u8));
            SchedThread.Join(&thread);
            Check.Equal('w', s_result);
        }

        Close();
    }

    private static void ReadOne(void* unused)
    {
        Enter();
        byte one = 0;
        long length = FdTests.Read(s_first, &one, 1);
        s_result = length == 1 ? one : length;
        Leave();
    }

    private static void Streams()
    {
        Make();
        SchedThread thread = default;
        if (Start(&thread, &WriteVolume))
        {
            byte* bytes = (byte*)Kmalloc(10000, GfpFlags.Kernel);
            long at = 0;
            bool right = true;
            long length;
            while ((length = FdTests.Read(s_first, bytes, (nuint)(1 + (at % 9999)))) > 0)
            {
                for (int i = 0; i < length; i++)
                {
                    right &= bytes[i] == (byte)((at + i) * 7 >> 3);
                }

                at += length;
            }

            Check.Equal(0, length);
            Check.Equal(Volume, at);
            Check.True(right);
            SchedThread.Join(&thread);
            Check.Equal(Volume, s_result);
            Kfree(bytes);
        }

        FdTests.Close(s_first);
    }

    private static void WriteVolume(void* unused)
    {
        Enter();
        byte* bytes = (byte*)Vmalloc.Alloc(Volume);
        for (int i = 0; i < Volume; i++)
        {
            bytes[i] = (byte)(i * 7 >> 3);
        }

        s_result = FdTests.Write(s_second, new ReadOnlySpan<byte>(bytes, Volume));
        FdTests.Close(s_second);
        Vmalloc.Free(bytes);
        Leave();
    }

    private static void Broken()
    {
        Make();
        FdTests.Close(s_first);
        Shared.WriteOnce(ref Current->AllowedSignals, 1ul << (Sigpipe - 1));
        Check.Equal(-EPIPE, FdTests.Write(s_second, "x"u8));
        Check.Equal(1ul << (Sigpipe - 1), Shared.ReadOnce(ref Current->PendingSignals));
        Forget();
        FdTests.Close(s_second);
    }

    private static void Forget()
    {
        Current->Process->Pending = default;
        Shared.WriteOnce(ref Current->PendingSignals, 0);
        Shared.WriteOnce(ref Current->AllowedSignals, 0);
    }

    private static void WriterGoes()
    {
        Make();
        SchedThread thread = default;
        if (Start(&thread, &ReadOne))
        {
            Check.True(SchedThread.Asleep(&thread));
            FdTests.Close(s_second);
            SchedThread.Join(&thread);
            Check.Equal(0, s_result);
        }

        FdTests.Close(s_first);

        // And a writer that waits learns that the reader has gone.
        Make();
        if (Start(&thread, &WriteVolume))
        {
            Check.True(SchedThread.Asleep(&thread));
            FdTests.Close(s_first);
            SchedThread.Join(&thread);
            Check.Equal(65536, s_result);
        }
    }

    private static void Interrupted()
    {
        Make();
        SchedThread thread = default;
        if (Start(&thread, &ReadOne))
        {
            Check.True(SchedThread.Asleep(&thread));
            Shared.WriteOnce(ref thread.Task->AllowedSignals, 2);
            Signals.Send(thread.Task, 2);
            SchedThread.Join(&thread);
            Check.Equal(-ERESTARTSYS, s_result);
        }

        Close();
    }

    private static void Atomic()
    {
        Make();
        SchedThread* writers = stackalloc SchedThread[3];
        for (int i = 0; i < 3; i++)
        {
            SchedThread.Run(writers + i, -1, &WriteBlocks, (void*)(i + 1));
        }

        byte* bytes = (byte*)Kmalloc(4096, GfpFlags.Kernel);
        int blocks = 0;
        bool whole = true;
        while (blocks < 3 * 40)
        {
            int filled = 0;
            while (filled < 3000)
            {
                filled += (int)FdTests.Read(s_first, bytes + filled, (nuint)(3000 - filled));
            }

            for (int i = 1; i < 3000; i++)
            {
                whole &= bytes[i] == bytes[0];
            }

            blocks++;
        }

        Check.True(whole);
        for (int i = 0; i < 3; i++)
        {
            SchedThread.Join(writers + i);
        }

        Kfree(bytes);
        Close();
    }

    private static void WriteBlocks(void* mark)
    {
        Enter();
        byte* bytes = (byte*)Kmalloc(3000, GfpFlags.Kernel);
        new Span<byte>(bytes, 3000).Fill((byte)(ulong)mark);
        for (int i = 0; i < 40; i++)
        {
            FdTests.Write(s_second, new ReadOnlySpan<byte>(bytes, 3000));
        }

        Kfree(bytes);
        Leave();
    }

    private static int s_back;
    private static int s_forth;

    private static void PingPong()
    {
        int* back = stackalloc int[2];
        Check.Equal(0, FileCalls.MakePipe(back, 0));
        Make();
        s_back = back[0];
        s_forth = back[1];
        SchedThread thread = default;
        if (Start(&thread, &Pong))
        {
            byte one = 1;
            bool right = true;
            for (int i = 0; i < 5000; i++)
            {
                right &= FdTests.Write(s_second, "p"u8) == 1 && FdTests.Read(s_back, &one, 1) == 1;
            }

            Check.True(right);
            FdTests.Close(s_second);
            SchedThread.Join(&thread);
        }

        FdTests.Close(s_first);
        FdTests.Close(s_back);
        FdTests.Close(s_forth);
    }

    private static void Pong(void* unused)
    {
        Enter();
        byte one;
        while (FdTests.Read(s_first, &one, 1) == 1)
        {
            FdTests.Write(s_forth, "q"u8);
        }

        Leave();
    }
}
