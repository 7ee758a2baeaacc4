// UserHelp: running programs for the suite user.

using CSharpOS.Processes;

namespace CSharpOS.Suites;

internal static unsafe class UserHelp
{
    /// <summary>Runs a case of usertest, all of whose checks must hold. The name ends with a zero.</summary>
    internal static void Good(ReadOnlySpan<byte> name) => Check.Equal(0, Run("/bin/usertest\0"u8, name));

    /// <summary>Runs a program with up to two arguments, each ended by a zero, to its end: the status that wait gives, or an error.</summary>
    internal static int Run(ReadOnlySpan<byte> path, ReadOnlySpan<byte> first = default, ReadOnlySpan<byte> second = default, UmhWait wait = UmhWait.WaitProc)
    {
        fixed (byte* program = path, one = first, two = second, home = "HOME=/\0"u8, search = "PATH=/bin\0"u8)
        {
            byte** argv = stackalloc byte*[4];
            byte** envp = stackalloc byte*[3];
            argv[0] = program;
            argv[1] = one;
            argv[2] = two;
            argv[3] = null;
            envp[0] = home;
            envp[1] = search;
            envp[2] = null;
            return UserModeHelper.CallUsermodehelper(program, argv, envp, wait);
        }
    }
}
