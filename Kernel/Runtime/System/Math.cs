// Math: integers only. Any context, no locks. The kernel computes without floating point.

using System.Runtime.CompilerServices;

namespace System;

/// <summary>Integer arithmetic.</summary>
public static class Math
{
    public static sbyte Min(sbyte left, sbyte right) => left < right ? left : right;

    public static byte Min(byte left, byte right) => left < right ? left : right;

    public static short Min(short left, short right) => left < right ? left : right;

    public static ushort Min(ushort left, ushort right) => left < right ? left : right;

    public static int Min(int left, int right) => left < right ? left : right;

    public static uint Min(uint left, uint right) => left < right ? left : right;

    public static long Min(long left, long right) => left < right ? left : right;

    public static ulong Min(ulong left, ulong right) => left < right ? left : right;

    public static nint Min(nint left, nint right) => left < right ? left : right;

    public static nuint Min(nuint left, nuint right) => left < right ? left : right;

    public static sbyte Max(sbyte left, sbyte right) => left > right ? left : right;

    public static byte Max(byte left, byte right) => left > right ? left : right;

    public static short Max(short left, short right) => left > right ? left : right;

    public static ushort Max(ushort left, ushort right) => left > right ? left : right;

    public static int Max(int left, int right) => left > right ? left : right;

    public static uint Max(uint left, uint right) => left > right ? left : right;

    public static long Max(long left, long right) => left > right ? left : right;

    public static ulong Max(ulong left, ulong right) => left > right ? left : right;

    public static nint Max(nint left, nint right) => left > right ? left : right;

    public static nuint Max(nuint left, nuint right) => left > right ? left : right;

    public static sbyte Clamp(sbyte value, sbyte min, sbyte max)
    {
        if (min > max)
        {
            ThrowHelper.ArgumentOutOfRange();
        }

        return value < min ? min : value > max ? max : value;
    }

    public static byte Clamp(byte value, byte min, byte max)
    {
        if (min > max)
        {
            ThrowHelper.ArgumentOutOfRange();
        }

        return value < min ? min : value > max ? max : value;
    }

    public static short Clamp(short value, short min, short max)
    {
        if (min > max)
        {
            ThrowHelper.ArgumentOutOfRange();
        }

        return value < min ? min : value > max ? max : value;
    }

    public static ushort Clamp(ushort value, ushort min, ushort max)
    {
        if (min > max)
        {
            ThrowHelper.ArgumentOutOfRange();
        }

        return value < min ? min : value > max ? max : value;
    }

    public static int Clamp(int value, int min, int max)
    {
        if (min > max)
        {
            ThrowHelper.ArgumentOutOfRange();
        }

        return value < min ? min : value > max ? max : value;
    }

    public static uint Clamp(uint value, uint min, uint max)
    {
        if (min > max)
        {
            ThrowHelper.ArgumentOutOfRange();
        }

        return value < min ? min : value > max ? max : value;
    }

    public static long Clamp(long value, long min, long max)
    {
        if (min > max)
        {
            ThrowHelper.ArgumentOutOfRange();
        }

        return value < min ? min : value > max ? max : value;
    }

    public static ulong Clamp(ulong value, ulong min, ulong max)
    {
        if (min > max)
        {
            ThrowHelper.ArgumentOutOfRange();
        }

        return value < min ? min : value > max ? max : value;
    }

    public static nint Clamp(nint value, nint min, nint max)
    {
        if (min > max)
        {
            ThrowHelper.ArgumentOutOfRange();
        }

        return value < min ? min : value > max ? max : value;
    }

    public static nuint Clamp(nuint value, nuint min, nuint max)
    {
        if (min > max)
        {
            ThrowHelper.ArgumentOutOfRange();
        }

        return value < min ? min : value > max ? max : value;
    }

    /// <summary>The distance from 0. The least int has none: a fatal error.</summary>
    public static int Abs(int value)
    {
        if (value < 0)
        {
            value = -value;
            if (value < 0)
            {
                ThrowHelper.Overflow();
            }
        }

        return value;
    }

    /// <summary>The distance from 0. The least long has none: a fatal error.</summary>
    public static long Abs(long value)
    {
        if (value < 0)
        {
            value = -value;
            if (value < 0)
            {
                ThrowHelper.Overflow();
            }
        }

        return value;
    }

    /// <summary>The distance from 0. The least nint has none: a fatal error.</summary>
    public static nint Abs(nint value)
    {
        if (value < 0)
        {
            value = -value;
            if (value < 0)
            {
                ThrowHelper.Overflow();
            }
        }

        return value;
    }

    public static int Sign(int value) => value < 0 ? -1 : value > 0 ? 1 : 0;

    public static int Sign(long value) => value < 0 ? -1 : value > 0 ? 1 : 0;

    public static int Sign(nint value) => value < 0 ? -1 : value > 0 ? 1 : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (int Quotient, int Remainder) DivRem(int left, int right)
    {
        int quotient = left / right;
        return (quotient, left - (quotient * right));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (uint Quotient, uint Remainder) DivRem(uint left, uint right)
    {
        uint quotient = left / right;
        return (quotient, left - (quotient * right));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (long Quotient, long Remainder) DivRem(long left, long right)
    {
        long quotient = left / right;
        return (quotient, left - (quotient * right));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (ulong Quotient, ulong Remainder) DivRem(ulong left, ulong right)
    {
        ulong quotient = left / right;
        return (quotient, left - (quotient * right));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (nint Quotient, nint Remainder) DivRem(nint left, nint right)
    {
        nint quotient = left / right;
        return (quotient, left - (quotient * right));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (nuint Quotient, nuint Remainder) DivRem(nuint left, nuint right)
    {
        nuint quotient = left / right;
        return (quotient, left - (quotient * right));
    }

    /// <summary>The whole product of two 32-bit numbers.</summary>
    public static long BigMul(int left, int right) => (long)left * right;

    /// <inheritdoc cref="BigMul(int, int)"/>
    public static ulong BigMul(uint left, uint right) => (ulong)left * right;

    /// <summary>The whole product of two 64-bit numbers: its upper half, and the lower in <paramref name="low"/>.</summary>
    public static ulong BigMul(ulong left, ulong right, out ulong low)
    {
        ulong lowLow = (ulong)(uint)left * (uint)right;
        ulong highLow = (left >> 32) * (uint)right;
        ulong lowHigh = (uint)left * (right >> 32);
        ulong middle = highLow + (lowLow >> 32) + (uint)lowHigh;
        low = left * right;
        return ((left >> 32) * (right >> 32)) + (middle >> 32) + (lowHigh >> 32);
    }
}
