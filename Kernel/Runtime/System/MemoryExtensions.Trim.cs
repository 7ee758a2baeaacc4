// MemoryExtensions, part two: trimming, reversing, counting. Any context, no locks.

namespace System;

public static partial class MemoryExtensions
{
    /// <summary>Without white space at both ends.</summary>
    public static ReadOnlySpan<char> Trim(this ReadOnlySpan<char> span) => TrimEnd(TrimStart(span));

    public static ReadOnlySpan<char> TrimStart(this ReadOnlySpan<char> span)
    {
        int start = 0;
        while (start < span.Length && IsWhiteSpace(span[start]))
        {
            start++;
        }

        return span.Slice(start);
    }

    public static ReadOnlySpan<char> TrimEnd(this ReadOnlySpan<char> span)
    {
        int end = span.Length;
        while (end > 0 && IsWhiteSpace(span[end - 1]))
        {
            end--;
        }

        return span.Slice(0, end);
    }

    /// <summary>Without such elements at both ends.</summary>
    public static ReadOnlySpan<T> Trim<T>(this ReadOnlySpan<T> span, T trimElement)
        where T : IEquatable<T>? => TrimEnd(TrimStart(span, trimElement), trimElement);

    public static ReadOnlySpan<T> TrimStart<T>(this ReadOnlySpan<T> span, T trimElement)
        where T : IEquatable<T>?
    {
        int start = IndexOfAnyExcept(span, trimElement);
        return start < 0 ? default : span.Slice(start);
    }

    public static ReadOnlySpan<T> TrimEnd<T>(this ReadOnlySpan<T> span, T trimElement)
        where T : IEquatable<T>?
    {
        int end = span.Length;
        while (end > 0 && AreEqual(span[end - 1], trimElement))
        {
            end--;
        }

        return span.Slice(0, end);
    }

    /// <inheritdoc cref="Trim{T}(ReadOnlySpan{T}, T)"/>
    public static Span<T> Trim<T>(this Span<T> span, T trimElement)
        where T : IEquatable<T>? => TrimEnd(TrimStart(span, trimElement), trimElement);

    public static Span<T> TrimStart<T>(this Span<T> span, T trimElement)
        where T : IEquatable<T>?
    {
        int start = IndexOfAnyExcept((ReadOnlySpan<T>)span, trimElement);
        return start < 0 ? default : span.Slice(start);
    }

    public static Span<T> TrimEnd<T>(this Span<T> span, T trimElement)
        where T : IEquatable<T>? => span.Slice(0, TrimEnd((ReadOnlySpan<T>)span, trimElement).Length);

    /// <summary>First becomes last.</summary>
    public static void Reverse<T>(this Span<T> span)
    {
        for (int low = 0, high = span.Length - 1; low < high; low++, high--)
        {
            T held = span[low];
            span[low] = span[high];
            span[high] = held;
        }
    }

    /// <summary>How many elements are <paramref name="value"/>.</summary>
    public static int Count<T>(this ReadOnlySpan<T> span, T value)
        where T : IEquatable<T>?
    {
        int count = 0;
        for (int i = 0; i < span.Length; i++)
        {
            if (AreEqual(span[i], value))
            {
                count++;
            }
        }

        return count;
    }

    public static int Count<T>(this Span<T> span, T value)
        where T : IEquatable<T>? => Count((ReadOnlySpan<T>)span, value);

    /// <summary>True if the two stretches of memory share a byte.</summary>
    public static unsafe bool Overlaps<T>(this ReadOnlySpan<T> span, ReadOnlySpan<T> other)
    {
        if (span.IsEmpty || other.IsEmpty)
        {
            return false;
        }

        nint distance = System.Runtime.CompilerServices.Unsafe.ByteOffset(ref span.Reference, ref other.Reference);
        nint size = System.Runtime.CompilerServices.Unsafe.SizeOf<T>();
        return (nuint)distance < (nuint)(span.Length * size) || (nuint)(-distance) < (nuint)(other.Length * size);
    }

    private static bool IsWhiteSpace(char c) => c is ' ' or (>= '\t' and <= '\r');
}
