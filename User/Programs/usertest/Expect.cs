// Expect: the checks of usertest, and children that make them.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CSharpOS.User.Programs;

internal static unsafe class Expect
{
    private static int s_number;

    /// <summary>A condition.</summary>
    internal static void True(bool condition, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        s_number++;
        if (!condition)
        {
            Console.Error.WriteLine($"usertest: {file}:{line}: check {s_number} does not hold (errno {errno})");
            Fail();
        }
    }

    /// <summary>A value.</summary>
    internal static void Equal(long expected, long actual, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        s_number++;
        if (expected != actual)
        {
            Console.Error.WriteLine($"usertest: {file}:{line}: check {s_number}: 0x{(ulong)expected:x} expected, 0x{(ulong)actual:x} found (errno {errno})");
            Fail();
        }
    }

    /// <summary>A call that the kernel refuses with this error.</summary>
    internal static void Error(int error, int result, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        s_number++;
        if (result != -1 || errno != error)
        {
            Console.Error.WriteLine($"usertest: {file}:{line}: check {s_number}: error {error} expected, result {result}, errno {errno}");
            Fail();
        }
    }

    /// <summary>A child that runs a function and ends with 0.</summary>
    internal static int Start(delegate*<void> body)
    {
        int pid = Fork();
        if (pid == 0)
        {
            body();
            Exit(0);
        }

        True(pid > 0);
        return pid;
    }

    /// <summary>Waits for a child; its status.</summary>
    internal static int Wait(int pid, [CallerLineNumber] int line = 0)
    {
        int status;
        int found;
        do
        {
            found = Waitpid(pid, out status);
        }
        while (found < 0 && errno == EINTR);
        Equal(pid, found, "child of ", line);
        return status;
    }

    /// <summary>Runs a function in a child; its status.</summary>
    internal static int InChild(delegate*<void> body, [CallerLineNumber] int line = 0) => Wait(Start(body), line);

    /// <summary>Runs a function in a child whose checks must hold.</summary>
    internal static void Good(delegate*<void> body, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Equal(0, InChild(body, line), file, line);

    /// <summary>Runs a function in a child, which dies of this signal.</summary>
    internal static void Dies(int signal, delegate*<void> body, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Equal(signal, InChild(body, line) & 0x7f, file, line);

    /// <summary>Runs a function in a child, which fills its stack: 8 MB, or all the memory of a machine that is too small for that.</summary>
    internal static void DiesOfFullStack(delegate*<void> body, int status, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        int found = InChild(body, line);
        Equal(IsSmallMachine() && found == SIGKILL ? SIGKILL : status, found & ~0x80, file, line);
    }

    // Less than 32 MB: sysinfo of i386 gives the memory in pages, as its fifth word.
    private static bool IsSmallMachine()
    {
        uint* info = stackalloc uint[32];
        return _syscall1(__NR_sysinfo, info) == 0 && info[4] < 8192;
    }

    [DoesNotReturn]
    private static void Fail() => Exit(Math.Min(s_number, 255));
}
