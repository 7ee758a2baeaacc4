// Console: standard output, standard error and standard input, in UTF-8. Names as in .NET; formatted text needs no memory.

using CSharpOS.User;

namespace System;

/// <summary>The standard streams.</summary>
public static class Console
{
    /// <summary>Standard output, with a buffer: a terminal gets whole lines, anything else whole blocks.</summary>
    public static readonly TextOutput Out = new(1, buffered: true);

    /// <summary>Standard error: every call is one write.</summary>
    public static readonly TextOutput Error = new(2, buffered: false);

    /// <summary>Standard input.</summary>
    public static readonly LineReader In = new(0);

    public static void Write(string? text) => Out.Write(text);

    public static void Write(ReadOnlySpan<byte> text) => Out.Write(text);

    public static void Write(char c) => Out.Write(c);

    public static void Write(ref OutputHandler text) => Out.Write(ref text);

    public static void WriteLine() => Out.WriteLine();

    public static void WriteLine(string? text) => Out.WriteLine(text);

    public static void WriteLine(ReadOnlySpan<byte> text) => Out.WriteLine(text);

    public static void WriteLine(ref OutputHandler text) => Out.WriteLine(ref text);

    /// <summary>The next line of standard input without its end; null when there is none.</summary>
    public static string? ReadLine() => In.ReadLine();
}
