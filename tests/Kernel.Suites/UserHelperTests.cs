// UserHelperTests: programs that the kernel runs. Part of the suite user.

using CSharpOS.Processes;

namespace CSharpOS.Suites;

internal static unsafe class UserHelperTests
{
    private const uint Patience = 20 * HZ;

    private static int s_result;

    /// <summary>Part of the suite user.</summary>
    internal static void Run()
    {
        Test.Run("call_usermodehelper: each way to wait"u8, "KT-06"u8, &Waits);
        Test.Run("call_usermodehelper: what cannot be executed"u8, "KT-06"u8, &Errors);
        Test.Run("call_usermodehelper: UMH_WAIT_EXEC does not wait for the end, UMH_KILLABLE ends with a signal"u8, "KT-06"u8, &Killable);
        Test.Run("call_usermodehelper: -ENOMEM at every step"u8, "KT-06"u8, &NoMemory);
        Test.Run("argv_split and argv_free"u8, "KT-06"u8, &Splits);
    }

    private static void Waits()
    {
        Check.Equal(0, UserHelp.Run("/bin/true\0"u8));
        Check.Equal(1 << 8, UserHelp.Run("/bin/false\0"u8));
        Check.Equal(42 << 8, UserHelp.Run("/bin/sh\0"u8, "-c\0"u8, "exit 42\0"u8));
        Check.Equal(9, UserHelp.Run("/bin/sh\0"u8, "-c\0"u8, "kill -9 $$\0"u8));
        Check.Equal(1 << 8, UserHelp.Run("/bin/false\0"u8, wait: UmhWait.WaitProc | UmhWait.Killable));
        Check.Equal(0, UserHelp.Run("/bin/false\0"u8, wait: UmhWait.WaitExec));
        Check.Equal(0, UserHelp.Run("/bin/false\0"u8, wait: UmhWait.NoWait));

        // khelper works in order: behind this one the other has been started.
        Check.Equal(0, UserHelp.Run("/bin/true\0"u8));
    }

    private static void Errors()
    {
        Check.Equal(-ENOENT, UserHelp.Run("/bin/nothing\0"u8));
        Check.Equal(-ENOENT, UserHelp.Run("/bin/nothing\0"u8, wait: UmhWait.WaitExec));
        Check.Equal(0, UserHelp.Run("/bin/nothing\0"u8, wait: UmhWait.NoWait));
        Check.Equal(-EACCES, UserHelp.Run("/bin\0"u8));
        Check.Equal(-EACCES, UserHelp.Run("/etc/passwd\0"u8));
        byte* path = stackalloc byte[301];
        new Span<byte>(path, 300).Fill((byte)'/');
        path[300] = 0;
        Check.Equal(-ENAMETOOLONG, UserModeHelper.CallUsermodehelper(path, null, null, UmhWait.WaitExec));
    }

    // The program reads a pipe until nobody has it open for writing: what can be opened so without waiting has a reader. Who waits for its end is a
    // kernel thread that lets SIGINT through.
    private static void Killable()
    {
        FsHelp.Mkdir("/tmp\0"u8);
        Check.Equal(0, FsHelp.Mknod("/tmp/helper.pipe\0"u8, FileModes.S_IFIFO | 0x180, 0));
        Check.Equal(0, UserHelp.Run("/bin/cat\0"u8, "/tmp/helper.pipe\0"u8, wait: UmhWait.WaitExec));
        Files.Put(OpenWhen(0));
        OpenWhen(-ENXIO);

        s_result = 1;
        SchedThread asker = default;
        if (SchedThread.Run(&asker, -1, &Ask, null))
        {
            File* writer = OpenWhen(0);
            Check.True(SchedThread.Asleep(&asker));
            Check.Equal(1, Shared.ReadOnce(ref s_result));
            Check.Equal(0, Signals.Send(asker.Task, Signal.SIGINT));
            SchedThread.Join(&asker);
            Check.Equal(-EINTR, s_result);

            // The program goes on, and nobody is told of its end.
            Check.Equal(1, writer == null ? 0 : FsHelp.Write(writer, "x"u8, 0));
            Files.Put(writer);
            OpenWhen(-ENXIO);
        }

        FsHelp.Remove("/tmp/helper.pipe\0"u8);
    }

    private static void Ask(void* unused)
    {
        KernelThread.AllowSignal(Signal.SIGINT);
        Shared.WriteOnce(ref s_result, UserHelp.Run("/bin/cat\0"u8, "/tmp/helper.pipe\0"u8, wait: UmhWait.WaitProc | UmhWait.Killable));
        KernelThread.FlushSignals();
    }

    // Waits until opening the pipe for writing gives this.
    private static File* OpenWhen(int expected)
    {
        uint start = Jiffies;
        File* file;
        int error;
        while ((error = Vfs.Open("/tmp/helper.pipe\0"u8, OpenFlags.O_WRONLY | OpenFlags.O_NONBLOCK, 0, out file)) != expected && Jiffies - start < Patience)
        {
            Files.Put(file);
            SchedThread.GiveWay();
        }

        Check.Equal(expected, error);
        return file;
    }

    private static void NoMemory()
    {
#if DEBUG_CHECKS
        Fails((nuint)sizeof(UserModeHelper.Request));
        Fails((nuint)sizeof(Process));
        Fails((nuint)sizeof(TaskStruct));
        Fails((nuint)sizeof(FilesStruct));
        Fails((nuint)sizeof(MmStruct));
        AllocationFailure.Clear();
        AllocationFailure.FailEvery(1);
        byte** none = UserModeHelper.ArgvSplit(GfpFlags.Kernel, "/bin/true"u8, out _);
        AllocationFailure.Clear();
        Check.True(none == null);
        Check.Equal(0, UserHelp.Run("/bin/true\0"u8));
#else
        Test.Skip("allocations do not fail on purpose in this build"u8);
#endif
    }

#if DEBUG_CHECKS
    // Only what a helper needs has this size; it is asked for by whoever asks, by khelper or by the thread that becomes the program.
    private static void Fails(nuint size)
    {
        int tasks = SchedMemory.QuietTasks();
        foreach (UmhWait wait in (ReadOnlySpan<UmhWait>)[UmhWait.WaitExec, UmhWait.WaitProc])
        {
            AllocationFailure.Clear();
            AllocationFailure.OnlySizes(size, size);
            AllocationFailure.FailEvery(1);
            int result = UserHelp.Run("/bin/true\0"u8, wait: wait);
            int failures = AllocationFailure.Failures;
            AllocationFailure.Clear();
            Check.Equal(-ENOMEM, result);
            Check.True(failures > 0);
        }

        Check.True(Leave(tasks));
    }

    private static bool Leave(int tasks)
    {
        uint start = Jiffies;
        while (Tasks.Count > tasks && Jiffies - start < Patience)
        {
            SchedThread.GiveWay();
        }

        return Tasks.Count == tasks;
    }
#endif

    private static void Splits()
    {
        byte** argv = UserModeHelper.ArgvSplit(GfpFlags.Kernel, " /bin/sh  -c\tx \n"u8, out int count);
        Check.Equal(3, count);
        Check.True(Is(argv[0], "/bin/sh"u8) && Is(argv[1], "-c"u8) && Is(argv[2], "x"u8) && argv[3] == null);
        UserModeHelper.ArgvFree(argv);
        argv = UserModeHelper.ArgvSplit(GfpFlags.Kernel, "  "u8, out count);
        Check.True(count == 0 && argv != null && argv[0] == null);
        UserModeHelper.ArgvFree(argv);
        UserModeHelper.ArgvFree(null);
        argv = UserModeHelper.ArgvSplit(GfpFlags.Kernel, "/bin/false and more"u8, out _);
        Check.Equal(1 << 8, UserModeHelper.CallUsermodehelper(argv[0], argv, null, UmhWait.WaitProc));
        UserModeHelper.ArgvFree(argv);
    }

    private static bool Is(byte* text, ReadOnlySpan<byte> expected) =>
        new ReadOnlySpan<byte>(text, expected.Length).SequenceEqual(expected) && text[expected.Length] == 0;
}
