// UserHelperTests: programs that the kernel runs. Part of the suite user.

using CSharpOS.Processes;

namespace CSharpOS.Suites;

internal static unsafe class UserHelperTests
{
    /// <summary>Part of the suite user.</summary>
    internal static void Run()
    {
        Test.Run("call_usermodehelper: each way to wait"u8, "KT-06"u8, &Waits);
        Test.Run("call_usermodehelper: what cannot be executed"u8, "KT-06"u8, &Errors);
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
