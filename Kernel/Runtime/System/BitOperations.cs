// BitOperations: counting and finding bits, on any CPU with SSE2.
//
// Any context. Nothing here needs LZCNT, BMI or POPCNT. In optimised code the compiler puts BSR, BSF and ROL in the place of the marked
// methods; their bodies serve unoptimised code, by a table of constants in the image that a De Bruijn product indexes. PopCount is
// arithmetic everywhere.

using System.Runtime.CompilerServices;

namespace System.Numerics;

/// <summary>Operations on the bits of integers.</summary>
public static class BitOperations
{
    private const ulong DeBruijn = 0x03f79d71b4cb0a89ul;

    private static ReadOnlySpan<byte> LowestBitOfProduct =>
    [
        0, 47, 1, 56, 48, 27, 2, 60, 57, 49, 41, 37, 28, 16, 3, 61,
        54, 58, 35, 52, 50, 42, 21, 44, 38, 32, 29, 23, 17, 11, 4, 62,
        46, 55, 26, 59, 40, 36, 15, 53, 34, 51, 20, 43, 31, 22, 10, 45,
        25, 39, 14, 33, 19, 30, 9, 24, 13, 18, 8, 12, 7, 6, 5, 63,
    ];

    public static bool IsPow2(int value) => (value & (value - 1)) == 0 && value > 0;

    public static bool IsPow2(uint value) => (value & (value - 1)) == 0 && value != 0;

    public static bool IsPow2(long value) => (value & (value - 1)) == 0 && value > 0;

    public static bool IsPow2(ulong value) => (value & (value - 1)) == 0 && value != 0;

    public static bool IsPow2(nint value) => IsPow2((long)value);

    public static bool IsPow2(nuint value) => IsPow2((ulong)value);

    /// <summary>The next power of two that is not below the value; 0 if there is none, and for 0.</summary>
    public static uint RoundUpToPowerOf2(uint value)
    {
        value--;
        value |= value >> 1;
        value |= value >> 2;
        value |= value >> 4;
        value |= value >> 8;
        value |= value >> 16;
        return value + 1;
    }

    /// <inheritdoc cref="RoundUpToPowerOf2(uint)"/>
    public static ulong RoundUpToPowerOf2(ulong value)
    {
        value = Smear(value - 1);
        return value + 1;
    }

    /// <inheritdoc cref="RoundUpToPowerOf2(uint)"/>
    public static nuint RoundUpToPowerOf2(nuint value) => (nuint)RoundUpToPowerOf2((ulong)value);

    /// <summary>Zero bits above the highest set one; the width for 0.</summary>
    [Intrinsic]
    public static int LeadingZeroCount(uint value) => value == 0 ? 32 : 31 - HighestBit(value);

    /// <inheritdoc cref="LeadingZeroCount(uint)"/>
    [Intrinsic]
    public static int LeadingZeroCount(ulong value) => value == 0 ? 64 : 63 - HighestBit(value);

    /// <inheritdoc cref="LeadingZeroCount(uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LeadingZeroCount(nuint value) => LeadingZeroCount((ulong)value);

    /// <summary>The position of the highest set bit; 0 for 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Log2(uint value) => 31 ^ LeadingZeroCount(value | 1);

    /// <inheritdoc cref="Log2(uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Log2(ulong value) => 63 ^ LeadingZeroCount(value | 1);

    /// <inheritdoc cref="Log2(uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Log2(nuint value) => Log2((ulong)value);

    /// <summary>Set bits.</summary>
    [Intrinsic]
    public static int PopCount(uint value)
    {
        value -= (value >> 1) & 0x55555555u;
        value = (value & 0x33333333u) + ((value >> 2) & 0x33333333u);
        value = (value + (value >> 4)) & 0x0f0f0f0fu;
        return (int)((value * 0x01010101u) >> 24);
    }

    /// <inheritdoc cref="PopCount(uint)"/>
    [Intrinsic]
    public static int PopCount(ulong value)
    {
        value -= (value >> 1) & 0x5555555555555555ul;
        value = (value & 0x3333333333333333ul) + ((value >> 2) & 0x3333333333333333ul);
        value = (value + (value >> 4)) & 0x0f0f0f0f0f0f0f0ful;
        return (int)((value * 0x0101010101010101ul) >> 56);
    }

    /// <inheritdoc cref="PopCount(uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PopCount(nuint value) => PopCount((ulong)value);

    /// <summary>Zero bits below the lowest set one; the width for 0.</summary>
    [Intrinsic]
    public static int TrailingZeroCount(uint value) => value == 0 ? 32 : PlaceOf(value & (0u - value));

    /// <inheritdoc cref="TrailingZeroCount(uint)"/>
    [Intrinsic]
    public static int TrailingZeroCount(ulong value) => value == 0 ? 64 : PlaceOf(value & (0ul - value));

    /// <inheritdoc cref="TrailingZeroCount(uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TrailingZeroCount(int value) => TrailingZeroCount((uint)value);

    /// <inheritdoc cref="TrailingZeroCount(uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TrailingZeroCount(long value) => TrailingZeroCount((ulong)value);

    /// <inheritdoc cref="TrailingZeroCount(uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TrailingZeroCount(nint value) => TrailingZeroCount((ulong)value);

    /// <inheritdoc cref="TrailingZeroCount(uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TrailingZeroCount(nuint value) => TrailingZeroCount((ulong)value);

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint RotateLeft(uint value, int offset) => (value << offset) | (value >> (32 - offset));

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong RotateLeft(ulong value, int offset) => (value << offset) | (value >> (64 - offset));

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint RotateRight(uint value, int offset) => (value >> offset) | (value << (32 - offset));

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong RotateRight(ulong value, int offset) => (value >> offset) | (value << (64 - offset));

    // Everything below the highest bit set, then that bit alone, then its place.
    private static int HighestBit(ulong value)
    {
        ulong smeared = Smear(value);
        return PlaceOf(smeared ^ (smeared >> 1));
    }

    // The place of the only set bit.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PlaceOf(ulong singleBit) =>
        LowestBitOfProduct[(int)(((singleBit ^ (singleBit - 1)) * DeBruijn) >> 58)];

    private static ulong Smear(ulong value)
    {
        value |= value >> 1;
        value |= value >> 2;
        value |= value >> 4;
        value |= value >> 8;
        value |= value >> 16;
        return value | (value >> 32);
    }
}
