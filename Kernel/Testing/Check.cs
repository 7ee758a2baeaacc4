// Check: the assertions of in-kernel tests. A failed one is reported with its place and marks the test; the test goes on.
//
// Any context in which the test runs, interrupt handlers too.

using System.Runtime.CompilerServices;

namespace CSharpOS.Testing;

/// <summary>Assertions.</summary>
public static class Check
{
    private static ulong s_logStart;

    /// <summary>Both numbers are the same.</summary>
    public static void Equal(long expected, long actual, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (expected != actual)
        {
            Test.Fail();
            Test.Diagnose($"    # {file}:{line}: expected {expected}, got {actual}\n");
        }
    }

    /// <inheritdoc cref="Equal(long, long, string, int)"/>
    public static void Equal(ulong expected, ulong actual, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (expected != actual)
        {
            Test.Fail();
            Test.Diagnose($"    # {file}:{line}: expected {expected:x}, got {actual:x}\n");
        }
    }

    /// <summary>The condition holds.</summary>
    public static void True(
        bool condition,
        [CallerArgumentExpression(nameof(condition))] string text = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        if (!condition)
        {
            Test.Fail();
            Test.Diagnose($"    # {file}:{line}: false: {text}\n");
        }
    }

    /// <summary>The condition does not hold.</summary>
    public static void False(
        bool condition,
        [CallerArgumentExpression(nameof(condition))] string text = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        if (condition)
        {
            Test.Fail();
            Test.Diagnose($"    # {file}:{line}: true: {text}\n");
        }
    }

    /// <summary>The number lies in [low, high].</summary>
    public static void Between(long low, long high, long actual, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (actual < low || actual > high)
        {
            Test.Fail();
            Test.Diagnose($"    # {file}:{line}: expected {low} to {high}, got {actual}\n");
        }
    }

    /// <summary>The text stands in the log since the test began (or since <see cref="ForgetLog"/>).</summary>
    public static void Logged(ReadOnlySpan<byte> text, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (CountLogged(text) == 0)
        {
            Test.Fail();
            Test.Diagnose($"    # {file}:{line}: not in the log: {text}\n");
        }
    }

    /// <summary>The text does not stand in the log since the test began.</summary>
    public static void NotLogged(ReadOnlySpan<byte> text, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (CountLogged(text) != 0)
        {
            Test.Fail();
            Test.Diagnose($"    # {file}:{line}: in the log: {text}\n");
        }
    }

    /// <summary>In how many log records since the test began the text stands.</summary>
    public static int CountLogged(ReadOnlySpan<byte> text)
    {
        int count = 0;
        LogReader reader = new(s_logStart);
        while (reader.MoveNext())
        {
            count += reader.Current.Text.IndexOf(text) >= 0 ? 1 : 0;
        }

        return count;
    }

    /// <summary>Log checks look from here on.</summary>
    public static void ForgetLog() => s_logStart = KernelLog.NextSequence;

    internal static void Begin() => ForgetLog();
}
