// RuntimeProbe, memory: copying, overlapping and setting, every small size and the borders of the large ones, against byte loops.

using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Suites;

public static unsafe partial class RuntimeProbe
{
    private const int ArenaSize = 20000;

    private static Arena s_actual;
    private static Arena s_expected;

    private static void ProbeMemory(ref Tally tally)
    {
        Span<byte> actual = MemoryMarshal.CreateSpan(ref Unsafe.As<Arena, byte>(ref s_actual), ArenaSize);
        Span<byte> expected = MemoryMarshal.CreateSpan(ref Unsafe.As<Arena, byte>(ref s_expected), ArenaSize);

        bool right = true;
        for (int size = 0; size <= 100; size++)
        {
            for (int at = 8; at < 24; at += 5)
            {
                right &= FillAgrees(actual[..160], expected[..160], at, size, (byte)(size + at + 1));
                right &= FillAgrees(actual[..160], expected[..160], at, size, 0);
            }
        }

        tally.That(right, "Fill of 0 to 100 bytes"u8);

        right = true;
        for (int size = 0; size <= 100; size++)
        {
            for (int distance = -70; distance <= 70; distance++)
            {
                right &= MoveAgrees(actual[..300], expected[..300], 100, 100 + distance, size);
            }
        }

        tally.That(right, "copies of 0 to 100 bytes that overlap by any distance"u8);

        right = true;
        foreach (int size in (ReadOnlySpan<int>)[4095, 4096, 4097, 8191, 8192, 8193, 9001])
        {
            right &= FillAgrees(actual, expected, 17, size, 0xa5);
            right &= FillAgrees(actual, expected, 17, size, 0);
            right &= MoveAgrees(actual, expected, 10000, 17, size);
            right &= MoveAgrees(actual, expected, 3, 10, size);
            right &= MoveAgrees(actual, expected, 10, 3, size);
            right &= MoveAgrees(actual, expected, 500, 500, size);
        }

        tally.That(right, "large fills and copies"u8);

        byte* bytes = (byte*)Unsafe.AsPointer(ref s_actual);
        actual.Clear();
        tally.That(actual.IndexOfAnyExcept((byte)0) < 0, "Clear"u8);
        tally.That(Memset(bytes, 0x1ff, 7) == bytes && bytes[6] == 0xff && bytes[7] == 0, "memset"u8);
        tally.That(Memcpy(bytes + 100, bytes, 8) == bytes + 100 && bytes[106] == 0xff && bytes[107] == 0, "memcpy"u8);
        tally.That(
            Memmove(bytes + 101, bytes + 100, 40) == bytes + 101 && bytes[100] == 0xff && bytes[107] == 0xff && bytes[108] == 0,
            "memmove"u8);
        bytes[200] = 1;
        bytes[300] = 0xff;
        tally.That(Memcmp(bytes + 200, bytes + 300, 1) < 0 && Memcmp(bytes + 300, bytes + 200, 1) > 0, "memcmp: order of unsigned bytes"u8);
        tally.That(Memcmp(bytes + 201, bytes + 301, 50) == 0 && Memcmp(bytes, bytes + 300, 0) == 0, "memcmp: equal"u8);

        Large large = default;
        large.Words[99] = 7;
        Large copy = large;
        large = default;
        tally.That(copy.Words[99] == 7 && copy.Words[0] == 0 && large.Words[99] == 0, "large structs: copy and default"u8);
        nint address = (nint)(&copy);
        tally.That((address & 7) == 0, "alignment of locals"u8);
    }

    private static bool FillAgrees(Span<byte> actual, Span<byte> expected, int at, int size, byte value)
    {
        Scatter(actual);
        Scatter(expected);
        actual.Slice(at, size).Fill(value);
        for (int i = 0; i < size; i++)
        {
            expected[at + i] = value;
        }

        return Same(actual, expected);
    }

    private static bool MoveAgrees(Span<byte> actual, Span<byte> expected, int from, int to, int size)
    {
        Scatter(actual);
        Scatter(expected);
        actual.Slice(from, size).CopyTo(actual.Slice(to, size));
        for (int i = 0; i < size; i++)
        {
            int place = to > from ? size - 1 - i : i;
            expected[to + place] = expected[from + place];
        }

        return Same(actual, expected);
    }

    private static void Scatter(Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)((i * 167) ^ (i >> 8));
        }
    }

    private static bool Same(Span<byte> left, Span<byte> right)
    {
        for (int i = 0; i < left.Length; i++)
        {
            if (left[i] != right[i])
            {
                return false;
            }
        }

        return true;
    }

    [RuntimeImport("*", "memset")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern byte* Memset(byte* destination, int value, nuint count);

    [RuntimeImport("*", "memcpy")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern byte* Memcpy(byte* destination, byte* source, nuint count);

    [RuntimeImport("*", "memmove")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern byte* Memmove(byte* destination, byte* source, nuint count);

    [RuntimeImport("*", "memcmp")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern int Memcmp(byte* left, byte* right, nuint count);

    [InlineArray(ArenaSize)]
    private struct Arena
    {
        private byte _first;
    }

    private struct Large
    {
        internal Hundred Words;
    }

    [InlineArray(100)]
    private struct Hundred
    {
        private long _first;
    }
}
