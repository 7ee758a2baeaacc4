// The log of the explored kernel: an error message is a failure of the scenario, other messages are dropped. No scheduling points.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;
using CSharpOS.Explorer;

namespace CSharpOS.Log;

public static class KernelLog
{
    public static bool PanicInProgress => false;

    public static bool OopsInProgress => false;

    public static void Printk(scoped ref TextHandler text) => Take(LogLevel.Warning, ref text);

    public static void Printk(LogLevel level, scoped ref TextHandler text) => Take(level, ref text);

    public static void Printk(ReadOnlySpan<byte> text)
    {
    }

    public static void Printk(LogLevel level, ReadOnlySpan<byte> text) => Judge(level, Encoding.UTF8.GetString(text));

    public static void Printk(string text)
    {
    }

    public static void Printk(LogLevel level, string text) => Judge(level, text);

    [DoesNotReturn]
    public static void Panic(scoped ref TextHandler text) => throw Machine.Fail("panic: " + Encoding.UTF8.GetString(text.Written).TrimEnd());

    [DoesNotReturn]
    public static void Panic(string text) => throw Machine.Fail("panic: " + text.TrimEnd());

    public static void DumpStack()
    {
    }

    public static void FlushDeferred()
    {
    }

    public static void BugOn([DoesNotReturnIf(true)] bool condition, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (condition)
        {
            throw Machine.Fail($"BUG_ON at {file}:{line}");
        }
    }

    public static bool WarnOn(bool condition, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        condition ? throw Machine.Fail($"WARN_ON at {file}:{line}") : false;

    private static void Take(LogLevel level, scoped ref TextHandler text)
    {
        string message = Encoding.UTF8.GetString(text.Written);
        text.Release();
        Judge(level, message);
    }

    private static void Judge(LogLevel level, string text)
    {
        if (level <= LogLevel.Error)
        {
            throw Machine.Fail("the kernel says: " + text.TrimEnd());
        }
    }
}

/// <summary>Nobody waits for messages.</summary>
internal static class LogWaiters
{
    internal static void Tick()
    {
    }
}
