// Volatile: one access each, with acquire and release order. See Interlocked.cs.
//
// Any context. On x86 these are plain loads and stores that the compiler neither drops, doubles nor moves across each other.
// C# has no volatile fields of 64 bits, except of pointer size: those stand in.

using System.Runtime.CompilerServices;

namespace System.Threading;

#pragma warning disable CS0649 // only reached by reinterpreting references

/// <summary>Reads with acquire order and writes with release order.</summary>
public static class Volatile
{
    /// <summary>Keeps the reads before it before the accesses behind it. No instruction on x86: only the compiler is held.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void ReadBarrier()
    {
    }

    /// <summary>Keeps the accesses before it before the writes behind it. No instruction on x86: only the compiler is held.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void WriteBarrier()
    {
    }

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Read(ref readonly bool location) => Unsafe.As<bool, WordBool>(ref Unsafe.AsRef(in location)).Value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref bool location, bool value) => Unsafe.As<bool, WordBool>(ref location).Value = value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static sbyte Read(ref readonly sbyte location) => Unsafe.As<sbyte, WordSByte>(ref Unsafe.AsRef(in location)).Value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref sbyte location, sbyte value) => Unsafe.As<sbyte, WordSByte>(ref location).Value = value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte Read(ref readonly byte location) => Unsafe.As<byte, WordByte>(ref Unsafe.AsRef(in location)).Value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref byte location, byte value) => Unsafe.As<byte, WordByte>(ref location).Value = value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static short Read(ref readonly short location) => Unsafe.As<short, WordInt16>(ref Unsafe.AsRef(in location)).Value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref short location, short value) => Unsafe.As<short, WordInt16>(ref location).Value = value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Read(ref readonly ushort location) => Unsafe.As<ushort, WordUInt16>(ref Unsafe.AsRef(in location)).Value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref ushort location, ushort value) => Unsafe.As<ushort, WordUInt16>(ref location).Value = value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Read(ref readonly int location) => Unsafe.As<int, WordInt32>(ref Unsafe.AsRef(in location)).Value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref int location, int value) => Unsafe.As<int, WordInt32>(ref location).Value = value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Read(ref readonly uint location) => Unsafe.As<uint, WordUInt32>(ref Unsafe.AsRef(in location)).Value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref uint location, uint value) => Unsafe.As<uint, WordUInt32>(ref location).Value = value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Read(ref readonly long location) => Unsafe.As<long, WordIntPtr>(ref Unsafe.AsRef(in location)).Value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref long location, long value) => Unsafe.As<long, WordIntPtr>(ref location).Value = (nint)value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Read(ref readonly ulong location) => Unsafe.As<ulong, WordUIntPtr>(ref Unsafe.AsRef(in location)).Value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref ulong location, ulong value) => Unsafe.As<ulong, WordUIntPtr>(ref location).Value = (nuint)value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Read(ref readonly nint location) => Unsafe.As<nint, WordIntPtr>(ref Unsafe.AsRef(in location)).Value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref nint location, nint value) => Unsafe.As<nint, WordIntPtr>(ref location).Value = value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint Read(ref readonly nuint location) => Unsafe.As<nuint, WordUIntPtr>(ref Unsafe.AsRef(in location)).Value;

    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref nuint location, nuint value) => Unsafe.As<nuint, WordUIntPtr>(ref location).Value = value;

    private struct WordBool
    {
        public volatile bool Value;
    }

    private struct WordSByte
    {
        public volatile sbyte Value;
    }

    private struct WordByte
    {
        public volatile byte Value;
    }

    private struct WordInt16
    {
        public volatile short Value;
    }

    private struct WordUInt16
    {
        public volatile ushort Value;
    }

    private struct WordInt32
    {
        public volatile int Value;
    }

    private struct WordUInt32
    {
        public volatile uint Value;
    }

    private struct WordIntPtr
    {
        public volatile nint Value;
    }

    private struct WordUIntPtr
    {
        public volatile nuint Value;
    }
}
