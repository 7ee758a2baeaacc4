// RandomTests: /dev/random and /dev/urandom, and the interrupts that feed them. Part of the suite chardev; process context.
//
// Nobody but these tests interrupts at a line whose handler has SA_SAMPLE_RANDOM meanwhile: nobody presses keys. What comes in is counted therefore.

namespace CSharpOS.Suites;

internal static unsafe class RandomTests
{
    private const int Line = IrqTests.Line;
    private const int Wanted = 16;

    private static long s_result;
    private static int s_poll;

    /// <summary>Part of the suite chardev.</summary>
    internal static void Run()
    {
        Test.Run("a read of /dev/random waits until interrupts have brought something"u8, "IRQ-14 DRV-03"u8, &Waits);
        Test.Run("a signal ends the wait for randomness"u8, "IRQ-14"u8, &Interrupted);
        Test.Run("both devices give what the pool has: its estimate goes down by that"u8, "IRQ-14"u8, &Credits);
    }

    /// <summary>Takes all that is in the pool.</summary>
    internal static void Empty()
    {
        byte* bytes = stackalloc byte[64];
        for (int i = 0; i < 100 && EntropyPool.EntropyCount != 0; i++)
        {
            EntropyPool.GetRandomBytes(new Span<byte>(bytes, 64));
        }
    }

    private static void Waits()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        Empty();
        s_result = 0;
        Shared.WriteOnce(ref s_poll, 0);
        SchedThread reader = default, poller = default;
        bool started = SchedThread.Run(&reader, -1, &Read, null) && SchedThread.Run(&poller, -1, &Poll, null);
        Check.True(started);
        if (!started)
        {
            return;
        }

        // Interrupts of a line whose handler does not ask for it bring nothing, however many.
        Interrupts(IrqFlags.None, 300);
        Check.Equal(0, EntropyPool.EntropyCount);
        Check.False(SchedThread.IsDone(&reader) || SchedThread.IsDone(&poller));
        Interrupts(IrqFlags.SaSampleRandom, 300);
        Join(&reader);
        Check.Between(8, Wanted, s_result);

        // The reader may have taken so much that the one who polls has to wait for more.
        Interrupts(IrqFlags.SaSampleRandom, 300);
        Join(&poller);
        Check.Equal((int)PollEvents.POLLIN, s_poll);
    }

    // If nothing has come in it would wait for ever: a signal ends it, and its result is wrong.
    private static void Join(SchedThread* thread)
    {
        if (!SchedThread.IsDone(thread) && EntropyPool.EntropyCount < 64)
        {
            Shared.WriteOnce(ref thread->Task->AllowedSignals, 2);
            Signals.Send(thread->Task, 2);
        }

        SchedThread.Join(thread);
    }

    private static void Interrupted()
    {
        Empty();
        s_result = 0;
        SchedThread reader = default;
        if (SchedThread.Run(&reader, -1, &Read, null))
        {
            Check.True(SchedThread.Asleep(&reader));
            Shared.WriteOnce(ref reader.Task->AllowedSignals, 2);
            Signals.Send(reader.Task, 2);
            SchedThread.Join(&reader);
            Check.Equal(-ERESTARTSYS, s_result);
        }
    }

    private static void Credits()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        Empty();
        Interrupts(IrqFlags.SaSampleRandom, 400);
        int there = EntropyPool.EntropyCount;
        Check.Between(192, EntropyPool.MaxEntropy, there);
        byte* bytes = stackalloc byte[Wanted];
        Check.Equal(0, Vfs.Open("/dev/urandom\0"u8, OpenFlags.O_RDONLY, 0, out File* file));
        Check.Equal(5, Vfs.KernelRead(file, bytes, 5, 0));
        Check.Equal(there - 40, EntropyPool.EntropyCount);
        Files.Put(file);
        Check.Equal(0, Vfs.Open("/dev/random\0"u8, OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK, 0, out file));
        Check.Equal(8, Vfs.KernelRead(file, bytes, 8, 0));
        Check.Equal(there - 104, EntropyPool.EntropyCount);
        Files.Put(file);

        // Urandom gives without having anything.
        Empty();
        Check.Equal(0, Vfs.Open("/dev/urandom\0"u8, OpenFlags.O_RDONLY, 0, out file));
        Check.Equal(Wanted, Vfs.KernelRead(file, bytes, Wanted, 0));
        Files.Put(file);
    }

    // So many edges at irregular moments.
    private static void Interrupts(IrqFlags flags, int count)
    {
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, flags, "random"u8, null));
        for (int i = 1; i <= count; i++)
        {
            IrqTests.ResetCounts();
            Ndelay((uint)(i * i % 4000));
            IrqTests.Pulse(Line);
            IrqTests.WaitForCalls(1);
        }

        FreeIrq(Line, null);
    }

    private static void Read(void* unused)
    {
        byte* bytes = stackalloc byte[Wanted];
        int error = Vfs.Open("/dev/random\0"u8, OpenFlags.O_RDONLY, 0, out File* file);
        s_result = error != 0 ? error : Vfs.KernelRead(file, bytes, Wanted, 0);
        Files.Put(file);
    }

    private static void Poll(void* unused)
    {
        Current->Files = FilesStruct.New();
        long fd = Current->Files == null ? -ENOMEM : FdTests.Open("/dev/random\0"u8, OpenFlags.O_RDONLY);
        PollFd poll = new() { Fd = (int)fd, Events = (ushort)PollEvents.POLLIN };
        int ticks = MaxScheduleTimeout;
        Shared.WriteOnce(ref s_poll, fd >= 0 && PollCalls.Poll(&poll, 1, ref ticks) == 1 ? poll.Happened : -1);
        FilesStruct.Exit(Current);
    }
}
