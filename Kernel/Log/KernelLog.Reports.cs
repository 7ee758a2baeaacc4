// KernelLog, continued: panic, call traces on demand, BUG and WARN.
//
// Linux: kernel/panic.c, dump_stack, include/asm-generic/bug.h. Any context; nothing here sleeps or allocates. Panic does not return.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CSharpOS.Debugging;

namespace CSharpOS.Log;

public static unsafe partial class KernelLog
{
    /// <summary>True on the way down: the machine is about to stop.</summary>
    public static bool PanicInProgress => PanicReport.InProgress;

    /// <summary>Reports that the kernel cannot go on, with a call trace, and stops the machine, or reboots it if <c>panic=N</c> says so.
    /// Any context.</summary>
    /// <linux>panic</linux>
    [DoesNotReturn]
    public static void Panic(scoped ref TextHandler text) => PanicReport.Run(text.Written);

    /// <inheritdoc cref="Panic(ref TextHandler)"/>
    [DoesNotReturn]
    public static void Panic(string text) => Panic($"{text}");

    /// <summary>Logs the call trace of the caller: task, CPU, kernel version and the frames. Any context.</summary>
    /// <linux>dump_stack</linux>
    /// <rows>LOG-02</rows>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void DumpStack() => CallTrace.DumpStack();

    /// <summary>A condition that must never hold: if it does, the running task is ended as by a fault. Any context.</summary>
    /// <linux>BUG_ON</linux>
    public static void BugOn(
        [DoesNotReturnIf(true)] bool condition,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        if (condition)
        {
            Oops.Bug(file, line);
        }
    }

    /// <summary>A condition that should not hold: if it does, it is logged with a call trace, and the kernel goes on. Any
    /// context.</summary>
    /// <returns>The condition.</returns>
    /// <linux>WARN_ON</linux>
    public static bool WarnOn(
        bool condition,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        if (condition)
        {
            ContextReport.Warning(file, line);
        }

        return condition;
    }
}
