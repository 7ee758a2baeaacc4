// RuntimeProbe, numbers: integer arithmetic and bits against slow loops, shared words against plain arithmetic.

using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;

namespace CSharpOS.Suites;

public static partial class RuntimeProbe
{
    private static void ProbeNumbers(ref Tally tally)
    {
        tally.That(
            int.MinValue == -int.MaxValue - 1 && uint.MaxValue == 0xffffffff && long.MaxValue > 0 && byte.MaxValue == 255,
            "limits"u8);
        tally.That(
            Math.Min(3, -4) == -4 && Math.Max(3u, 4u) == 4 && Math.Clamp(15, 0, 10) == 10 && Math.Clamp(-5L, 0, 10) == 0,
            "Min, Max, Clamp"u8);
        tally.That(Math.Abs(-7) == 7 && Math.Abs(7L) == 7 && Math.Sign(-7) == -1 && Math.Sign(0) == 0, "Abs and Sign"u8);
        (int quotient, int remainder) = Math.DivRem(-17, 5);
        tally.That(quotient == -3 && remainder == -2, "DivRem"u8);
        tally.That(Math.BigMul(uint.MaxValue, uint.MaxValue) == 0xfffffffe00000001, "BigMul, 32 bits"u8);
        ulong high = Math.BigMul(ulong.MaxValue, ulong.MaxValue, out ulong low);
        tally.That(high == ulong.MaxValue - 1 && low == 1, "BigMul, 64 bits"u8);
        high = Math.BigMul(0x123456789abcdef0, 0xfedcba9876543210, out low);
        tally.That(high == 0x121fa00ad77d7422 && low == 0x236d88fe5618cf00, "BigMul, known product"u8);
        tally.That(
            checked((byte)Opaque(255)) == 255 && checked(Opaque(int.MaxValue - 1) + 1) == int.MaxValue,
            "checked arithmetic within range"u8);
        tally.That(unchecked(Opaque(int.MaxValue) + 1) == int.MinValue && (Opaque(-1) >>> 28) == 15, "wrapping and unsigned shift"u8);
        tally.That(5.CompareTo(6) < 0 && 6.Equals(6) && 'a'.CompareTo('b') < 0, "CompareTo and Equals"u8);
    }

    private static void ProbeBits(ref Tally tally)
    {
        bool leading = true;
        bool trailing = true;
        bool counts = true;
        bool logarithms = true;
        bool powers = true;
        bool rotations = true;
        ulong state = 88172645463325252;
        for (int round = 0; round < 2000; round++)
        {
            // Sparse, dense and single-bit values, and zero.
            ulong value = NextRandom(ref state);
            value = (round & 3) switch
            {
                0 => value >> (round & 63),
                1 => value & NextRandom(ref state) & NextRandom(ref state),
                2 => 1ul << (round & 63),
                _ => round == 3 ? 0 : value,
            };
            uint half = (uint)value;
            leading &= BitOperations.LeadingZeroCount(value) == SlowLeading(value, 64)
                && BitOperations.LeadingZeroCount(half) == SlowLeading(half, 32);
            trailing &= BitOperations.TrailingZeroCount(value) == SlowTrailing(value, 64)
                && BitOperations.TrailingZeroCount(half) == SlowTrailing(half, 32);
            counts &= BitOperations.PopCount(value) == SlowCount(value) && BitOperations.PopCount(half) == SlowCount(half);
            logarithms &= BitOperations.Log2(value) == Math.Max(0, 63 - SlowLeading(value, 64))
                && BitOperations.Log2(half) == Math.Max(0, 31 - SlowLeading(half, 32));
            powers &= BitOperations.IsPow2(value) == (SlowCount(value) == 1) && BitOperations.IsPow2(half) == (SlowCount(half) == 1);
            int turn = round % 64;
            ulong turned = turn == 0 ? value : (value << turn) | (value >> (64 - turn));
            rotations &= BitOperations.RotateLeft(value, turn) == turned && BitOperations.RotateRight(turned, turn) == value;
            rotations &= BitOperations.RotateRight(BitOperations.RotateLeft(half, turn & 31), turn & 31) == half;
        }

        tally.That(leading, "LeadingZeroCount"u8);
        tally.That(trailing, "TrailingZeroCount"u8);
        tally.That(counts, "PopCount"u8);
        tally.That(logarithms, "Log2"u8);
        tally.That(powers, "IsPow2"u8);
        tally.That(rotations, "RotateLeft and RotateRight"u8);
        tally.That(BitOperations.RotateLeft(0x80000001u, 4) == 0x18, "RotateLeft, 32 bits"u8);
        tally.That(
            BitOperations.RoundUpToPowerOf2(5u) == 8 && BitOperations.RoundUpToPowerOf2(8ul) == 8
                && BitOperations.RoundUpToPowerOf2(0u) == 0,
            "RoundUpToPowerOf2"u8);
    }

    private static void ProbeShared(ref Tally tally)
    {
        int word = 10;
        long wide = 10;
        uint natural = 10;
        ulong large = 10;
        nint pointer = 10;
        byte small = 10;
        ushort middle = 10;
        tally.That(
            Interlocked.Increment(ref word) == 11 && Interlocked.Decrement(ref word) == 10 && word == 10,
            "Increment and Decrement"u8);
        tally.That(Interlocked.Add(ref word, -20) == -10 && word == -10, "Add, int"u8);
        tally.That(
            Interlocked.Add(ref wide, 1L << 40) == (1L << 40) + 10 && Interlocked.Decrement(ref wide) == (1L << 40) + 9,
            "Add, long"u8);
        tally.That(Interlocked.Add(ref natural, uint.MaxValue) == 9 && Interlocked.Increment(ref large) == 11, "Add, unsigned"u8);
        tally.That(Interlocked.Exchange(ref word, 5) == -10 && word == 5, "Exchange, int"u8);
        tally.That(Interlocked.Exchange(ref pointer, -1) == 10 && pointer == -1, "Exchange, nint"u8);
        tally.That(
            Interlocked.Exchange(ref small, 200) == 10 && small == 200 && Interlocked.Exchange(ref middle, 60000) == 10 && middle == 60000,
            "Exchange, byte and ushort"u8);
        tally.That(Interlocked.CompareExchange(ref word, 6, 4) == 5 && word == 5, "CompareExchange that fails"u8);
        tally.That(Interlocked.CompareExchange(ref word, 6, 5) == 5 && word == 6, "CompareExchange that succeeds"u8);
        tally.That(
            Interlocked.CompareExchange(ref large, 1, 11) == 11 && large == 1
                && Interlocked.CompareExchange(ref pointer, 2, -1) == -1 && pointer == 2,
            "CompareExchange, 64 bits"u8);
        tally.That(
            Interlocked.CompareExchange(ref small, 1, 200) == 200 && small == 1 && Interlocked.CompareExchange(ref middle, 1, 2) == 60000,
            "CompareExchange, narrow"u8);
        word = 0b1100;
        tally.That(Interlocked.Or(ref word, 0b0110) == 0b1100 && word == 0b1110, "Or"u8);
        tally.That(Interlocked.And(ref word, 0b0111) == 0b1110 && word == 0b0110, "And"u8);
        wide = -1;
        tally.That(
            Interlocked.And(ref wide, ~(1L << 50)) == -1 && wide == ~(1L << 50) && Interlocked.Or(ref wide, 1L << 50) != -1 && wide == -1,
            "And and Or, long"u8);
        Volatile.Write(ref word, 77);
        Volatile.Write(ref large, 1ul << 63);
        Interlocked.MemoryBarrier();
        tally.That(Volatile.Read(ref word) == 77 && Volatile.Read(ref large) == 1ul << 63 && Volatile.Read(ref small) == 1, "Volatile"u8);
        tally.That(Interlocked.Read(ref wide) == -1, "Interlocked.Read"u8);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Opaque(int value) => value;

    private static int SlowLeading(ulong value, int width)
    {
        int count = 0;
        while (count < width && ((value >> (width - 1 - count)) & 1) == 0)
        {
            count++;
        }

        return count;
    }

    private static int SlowTrailing(ulong value, int width)
    {
        int count = 0;
        while (count < width && ((value >> count) & 1) == 0)
        {
            count++;
        }

        return count;
    }

    private static int SlowCount(ulong value)
    {
        int count = 0;
        for (int i = 0; i < 64; i++)
        {
            count += (int)((value >> i) & 1);
        }

        return count;
    }
}
