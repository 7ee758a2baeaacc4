// String: what the kernel's core library leaves out, since the kernel makes no strings. Names and meaning as in .NET, ordinal everywhere.

using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Internal.Runtime;

namespace System;

#pragma warning disable CS0660, CS0661 // Object has no virtual Equals and GetHashCode that could go with the operators

public sealed unsafe partial class String
{
    // The compiler turns `new string(...)` into a call of the Ctor with the same parameters.
    [MethodImpl(MethodImplOptions.InternalCall)]
    public extern String(char[]? value);

    [MethodImpl(MethodImplOptions.InternalCall)]
    public extern String(ReadOnlySpan<char> value);

    [MethodImpl(MethodImplOptions.InternalCall)]
    public extern String(char c, int count);

    public static string Concat(string? first, string? second) => Concat((ReadOnlySpan<char>)first, (ReadOnlySpan<char>)second, default, default);

    public static string Concat(string? first, string? second, string? third) =>
        Concat((ReadOnlySpan<char>)first, (ReadOnlySpan<char>)second, (ReadOnlySpan<char>)third, default);

    public static string Concat(string? first, string? second, string? third, string? fourth) =>
        Concat((ReadOnlySpan<char>)first, (ReadOnlySpan<char>)second, (ReadOnlySpan<char>)third, (ReadOnlySpan<char>)fourth);

    public static string Concat(ReadOnlySpan<char> first, ReadOnlySpan<char> second) => Concat(first, second, default, default);

    public static string Concat(ReadOnlySpan<char> first, ReadOnlySpan<char> second, ReadOnlySpan<char> third) =>
        Concat(first, second, third, default);

    public static string Concat(ReadOnlySpan<char> first, ReadOnlySpan<char> second, ReadOnlySpan<char> third, ReadOnlySpan<char> fourth)
    {
        string result = Allocate(first.Length + second.Length + third.Length + fourth.Length);
        Span<char> to = Content(result);
        first.CopyTo(to);
        second.CopyTo(to.Slice(first.Length));
        third.CopyTo(to.Slice(first.Length + second.Length));
        fourth.CopyTo(to.Slice(first.Length + second.Length + third.Length));
        return result;
    }

    public static string Concat(params string?[] values)
    {
        int length = 0;
        foreach (string? value in values)
        {
            length += value is null ? 0 : value.Length;
        }

        string result = Allocate(length);
        Span<char> to = Content(result);
        foreach (string? value in values)
        {
            ReadOnlySpan<char> from = value;
            from.CopyTo(to);
            to = to.Slice(from.Length);
        }

        return result;
    }

    public static string Join(char separator, string[] values)
    {
        Text.StringBuilder text = new();
        for (int i = 0; i < values.Length; i++)
        {
            if (i != 0)
            {
                text.Append(separator);
            }

            text.Append(values[i]);
        }

        return text.ToString();
    }

    /// <summary>Less than, equal to or greater than zero, by code units.</summary>
    public static int CompareOrdinal(string? left, string? right) => ((ReadOnlySpan<char>)left).SequenceCompareTo((ReadOnlySpan<char>)right);

    public string Substring(int startIndex) => new(AsSpan().Slice(startIndex));

    public string Substring(int startIndex, int length) => length == Length ? this : new(AsSpan().Slice(startIndex, length));

    public int IndexOf(char value) => AsSpan().IndexOf(value);

    public int IndexOf(char value, int startIndex)
    {
        int found = AsSpan().Slice(startIndex).IndexOf(value);
        return found < 0 ? -1 : found + startIndex;
    }

    public int LastIndexOf(char value) => AsSpan().LastIndexOf(value);

    /// <summary>Ordinal, unlike .NET's.</summary>
    public bool StartsWith(string value) => AsSpan().StartsWith(value.AsSpan());

    /// <summary>Ordinal, unlike .NET's.</summary>
    public bool EndsWith(string value) => AsSpan().EndsWith(value.AsSpan());

    public bool Contains(char value) => IndexOf(value) >= 0;

    public bool StartsWith(char value) => Length != 0 && this[0] == value;

    public bool EndsWith(char value) => Length != 0 && this[Length - 1] == value;

    public string Trim() => new(AsSpan().Trim());

    /// <summary>The parts between the separators, empty ones too.</summary>
    public string[] Split(char separator)
    {
        string[] parts = new string[AsSpan().Count(separator) + 1];
        int start = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            int end = IndexOf(separator, start);
            end = end < 0 ? Length : end;
            parts[i] = Substring(start, end - start);
            start = end + 1;
        }

        return parts;
    }

    /// <summary>A string of zeros, to be filled through <see cref="Content"/> before anyone else sees it.</summary>
    internal static string Allocate(int length)
    {
        if (length == 0)
        {
            return Empty;
        }

        nint block = NewArray(MethodTable.Of<string>(), length);
        return Unsafe.As<nint, string>(ref block);
    }

    internal static Span<char> Content(string text) => new(ref Unsafe.AsRef(in text._firstChar), text.Length);

    private static string Ctor(char[]? value) => Ctor(new ReadOnlySpan<char>(value));

    private static string Ctor(ReadOnlySpan<char> value)
    {
        string result = Allocate(value.Length);
        value.CopyTo(Content(result));
        return result;
    }

    private static string Ctor(char c, int count)
    {
        string result = Allocate(count);
        Content(result).Fill(c);
        return result;
    }

    // A string is laid out as an array of characters: its length, then the elements; a zero stands behind the last one.
    [RuntimeImport("*", "RhpNewArrayFast")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern nint NewArray(MethodTable* type, nint length);
}
