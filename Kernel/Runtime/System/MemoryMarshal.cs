// MemoryMarshal: spans over other shapes of the same memory.
//
// Any context, no locks. CreateSpan trusts its caller; the rest checks lengths.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace System.Runtime.InteropServices;

/// <summary>Spans made of references, and spans seen as other types.</summary>
public static unsafe class MemoryMarshal
{
    /// <summary>The first element, whether there is one or not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T GetReference<T>(Span<T> span) => ref span.Reference;

    /// <inheritdoc cref="GetReference{T}(Span{T})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T GetReference<T>(ReadOnlySpan<T> span) => ref span.Reference;

    /// <summary>The first element of the array, whether there is one or not.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T GetArrayDataReference<T>(T[] array) => ref Unsafe.As<byte, T>(ref Unsafe.As<RawArrayData>(array).Data);

    /// <summary>A span from a reference on. The caller vouches for the length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Span<T> CreateSpan<T>(scoped ref T reference, int length) => new(ref Unsafe.AsRef(in reference), length);

    /// <inheritdoc cref="CreateSpan{T}(ref T, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReadOnlySpan<T> CreateReadOnlySpan<T>(scoped ref readonly T reference, int length) =>
        new(ref Unsafe.AsRef(in reference), length);

    /// <summary>The bytes from <paramref name="value"/> to the zero that ends them.</summary>
    public static ReadOnlySpan<byte> CreateReadOnlySpanFromNullTerminated(byte* value)
    {
        if (value == null)
        {
            return default;
        }

        int length = 0;
        while (value[length] != 0)
        {
            length++;
        }

        return new ReadOnlySpan<byte>(value, length);
    }

    /// <summary>The same memory as bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Span<byte> AsBytes<T>(Span<T> span)
        where T : struct => new(ref Unsafe.As<T, byte>(ref span.Reference), checked(span.Length * Unsafe.SizeOf<T>()));

    /// <inheritdoc cref="AsBytes{T}(Span{T})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReadOnlySpan<byte> AsBytes<T>(ReadOnlySpan<T> span)
        where T : struct => new(ref Unsafe.As<T, byte>(ref span.Reference), checked(span.Length * Unsafe.SizeOf<T>()));

    /// <summary>The same memory as elements of another type; a rest that does not fill one is left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Span<TTo> Cast<TFrom, TTo>(Span<TFrom> span)
        where TFrom : struct
        where TTo : struct => new(
            ref Unsafe.As<TFrom, TTo>(ref span.Reference),
            CastLength(span.Length, Unsafe.SizeOf<TFrom>(), Unsafe.SizeOf<TTo>()));

    /// <inheritdoc cref="Cast{TFrom, TTo}(Span{TFrom})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReadOnlySpan<TTo> Cast<TFrom, TTo>(ReadOnlySpan<TFrom> span)
        where TFrom : struct
        where TTo : struct => new(
            ref Unsafe.As<TFrom, TTo>(ref span.Reference),
            CastLength(span.Length, Unsafe.SizeOf<TFrom>(), Unsafe.SizeOf<TTo>()));

    /// <summary>The bytes' first <typeparamref name="T"/>, by reference.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T AsRef<T>(Span<byte> span)
        where T : struct
    {
        RequireLength(span.Length, Unsafe.SizeOf<T>());
        return ref Unsafe.As<byte, T>(ref span.Reference);
    }

    /// <inheritdoc cref="AsRef{T}(Span{byte})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref readonly T AsRef<T>(ReadOnlySpan<byte> span)
        where T : struct
    {
        RequireLength(span.Length, Unsafe.SizeOf<T>());
        return ref Unsafe.As<byte, T>(ref span.Reference);
    }

    /// <summary>Reads a <typeparamref name="T"/> from the bytes, whatever their alignment.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(ReadOnlySpan<byte> source)
        where T : struct
    {
        RequireLength(source.Length, Unsafe.SizeOf<T>());
        return Unsafe.ReadUnaligned<T>(ref source.Reference);
    }

    /// <summary>Reads a <typeparamref name="T"/>; false if there are too few bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead<T>(ReadOnlySpan<byte> source, out T value)
        where T : struct
    {
        if (source.Length < Unsafe.SizeOf<T>())
        {
            value = default;
            return false;
        }

        value = Unsafe.ReadUnaligned<T>(ref source.Reference);
        return true;
    }

    /// <summary>Writes a <typeparamref name="T"/> into the bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<T>(Span<byte> destination, in T value)
        where T : struct
    {
        RequireLength(destination.Length, Unsafe.SizeOf<T>());
        Unsafe.WriteUnaligned(ref destination.Reference, value);
    }

    /// <summary>Writes a <typeparamref name="T"/>; false if there is too little room.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryWrite<T>(Span<byte> destination, in T value)
        where T : struct
    {
        if (destination.Length < Unsafe.SizeOf<T>())
        {
            return false;
        }

        Unsafe.WriteUnaligned(ref destination.Reference, value);
        return true;
    }

    private static void RequireLength(int length, int required)
    {
        if (length < required)
        {
            ThrowHelper.ArgumentOutOfRange();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int CastLength(int length, int from, int to)
    {
        if (from == to)
        {
            return length;
        }

        ulong count = (ulong)(uint)length * (uint)from / (uint)to;
        if (count > int.MaxValue)
        {
            ThrowHelper.Overflow();
        }

        return (int)count;
    }
}
