// Unsafe: references without rules.
//
// Any context. Every method is known to the compiler, which puts a few instructions, or none, in its place. The bodies here say what
// they mean; the compiler uses its own.

namespace System.Runtime.CompilerServices;

#pragma warning disable CS8500 // pointers to any T: that is what this class is for
#pragma warning disable CS9080, CS9082, CS9087, CS9091, CS9092, CS9094 // and so is letting references escape

/// <summary>References and pointers without the compiler's checks.</summary>
public static unsafe class Unsafe
{
    /// <summary>The address of what <paramref name="value"/> refers to.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* AsPointer<T>(ref readonly T value)
        where T : allows ref struct
    {
        fixed (void* pointer = &As<T, byte>(ref AsRef(in value)))
        {
            return pointer;
        }
    }

    /// <summary>Bytes of one <typeparamref name="T"/>.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SizeOf<T>()
        where T : allows ref struct => sizeof(T);

    /// <summary>The object, taken for a <typeparamref name="T"/> without a check.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(value))]
    public static T? As<T>(object? value)
        where T : class?
    {
        return *(T*)&value;
    }

    /// <summary>The reference, taken for one to <typeparamref name="TTo"/>.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref TTo As<TFrom, TTo>(ref TFrom source)
        where TFrom : allows ref struct
        where TTo : allows ref struct
    {
        fixed (TFrom* pointer = &source)
        {
            return ref *(TTo*)pointer;
        }
    }

    /// <summary>The same bits as another type of the same size.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TTo BitCast<TFrom, TTo>(TFrom source)
        where TFrom : allows ref struct
        where TTo : allows ref struct
    {
        if (sizeof(TFrom) != sizeof(TTo))
        {
            ThrowHelper.NotSupported();
        }

        return *(TTo*)&source;
    }

    /// <summary>A reference to what <paramref name="source"/> points at.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T AsRef<T>(void* source)
        where T : allows ref struct => ref *(T*)source;

    /// <summary>The reference, writable.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T AsRef<T>(scoped ref readonly T source)
        where T : allows ref struct
    {
        fixed (T* pointer = &source)
        {
            return ref *pointer;
        }
    }

    /// <summary>A reference to nothing.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T NullRef<T>()
        where T : allows ref struct => ref *(T*)null;

    /// <summary>True for a reference to nothing.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsNullRef<T>(ref readonly T source)
        where T : allows ref struct => AsPointer(in source) == null;

    /// <summary>Leaves the variable as it is, for the compiler to believe that it was set.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SkipInit<T>(out T value)
        where T : allows ref struct
    {
        // The compiler's own body is empty. This one is only for reading.
        value = default!;
    }

    /// <summary>True if both refer to the same place.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreSame<T>(ref readonly T left, ref readonly T right)
        where T : allows ref struct => AsPointer(in left) == AsPointer(in right);

    /// <summary>True if the left one lies higher in memory.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsAddressGreaterThan<T>(ref readonly T left, ref readonly T right)
        where T : allows ref struct => AsPointer(in left) > AsPointer(in right);

    /// <summary>True if the left one lies lower in memory.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsAddressLessThan<T>(ref readonly T left, ref readonly T right)
        where T : allows ref struct => AsPointer(in left) < AsPointer(in right);

    /// <summary>Bytes from <paramref name="origin"/> to <paramref name="target"/>.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint ByteOffset<T>(ref readonly T origin, ref readonly T target)
        where T : allows ref struct => (nint)((byte*)AsPointer(in target) - (byte*)AsPointer(in origin));

    /// <summary>The reference so many elements further.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T Add<T>(ref T source, int elementOffset)
        where T : allows ref struct => ref AddByteOffset(ref source, (nint)elementOffset * sizeof(T));

    /// <inheritdoc cref="Add{T}(ref T, int)"/>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T Add<T>(ref T source, nint elementOffset)
        where T : allows ref struct => ref AddByteOffset(ref source, elementOffset * sizeof(T));

    /// <inheritdoc cref="Add{T}(ref T, int)"/>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T Add<T>(ref T source, nuint elementOffset)
        where T : allows ref struct => ref AddByteOffset(ref source, elementOffset * (nuint)sizeof(T));

    /// <inheritdoc cref="Add{T}(ref T, int)"/>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Add<T>(void* source, int elementOffset)
        where T : allows ref struct => (byte*)source + ((nint)elementOffset * sizeof(T));

    /// <summary>The reference so many bytes further.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T AddByteOffset<T>(ref T source, nint byteOffset)
        where T : allows ref struct => ref *(T*)((byte*)AsPointer(ref source) + byteOffset);

    /// <inheritdoc cref="AddByteOffset{T}(ref T, nint)"/>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T AddByteOffset<T>(ref T source, nuint byteOffset)
        where T : allows ref struct => ref *(T*)((byte*)AsPointer(ref source) + byteOffset);

    /// <summary>The reference so many elements back.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T Subtract<T>(ref T source, int elementOffset)
        where T : allows ref struct => ref AddByteOffset(ref source, -((nint)elementOffset * sizeof(T)));

    /// <inheritdoc cref="Subtract{T}(ref T, int)"/>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T Subtract<T>(ref T source, nint elementOffset)
        where T : allows ref struct => ref AddByteOffset(ref source, -(elementOffset * sizeof(T)));

    /// <summary>Reads a <typeparamref name="T"/> from any address.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ReadUnaligned<T>(void* source)
        where T : allows ref struct => *(T*)source;

    /// <inheritdoc cref="ReadUnaligned{T}(void*)"/>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ReadUnaligned<T>(scoped ref readonly byte source)
        where T : allows ref struct => *(T*)AsPointer(in source);

    /// <summary>Writes a <typeparamref name="T"/> to any address.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteUnaligned<T>(void* destination, T value)
        where T : allows ref struct => *(T*)destination = value;

    /// <inheritdoc cref="WriteUnaligned{T}(void*, T)"/>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteUnaligned<T>(ref byte destination, T value)
        where T : allows ref struct => *(T*)AsPointer(ref destination) = value;

    /// <summary>Reads a <typeparamref name="T"/>.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(void* source)
        where T : allows ref struct => *(T*)source;

    /// <summary>Writes a <typeparamref name="T"/>.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<T>(void* destination, T value)
        where T : allows ref struct => *(T*)destination = value;

    /// <summary>Copies bytes; the areas must not overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyBlock(void* destination, void* source, uint byteCount) =>
        SpanHelpers.Copy((byte*)destination, (byte*)source, byteCount);

    /// <inheritdoc cref="CopyBlock(void*, void*, uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyBlock(ref byte destination, ref readonly byte source, uint byteCount) =>
        SpanHelpers.Memmove(ref destination, ref AsRef(in source), byteCount);

    /// <summary>Sets bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InitBlock(void* startAddress, byte value, uint byteCount) => SpanHelpers.Set((byte*)startAddress, value, byteCount);

    /// <inheritdoc cref="InitBlock(void*, byte, uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InitBlock(ref byte startAddress, byte value, uint byteCount) => SpanHelpers.Fill(ref startAddress, value, byteCount);

    /// <inheritdoc cref="CopyBlock(void*, void*, uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyBlockUnaligned(void* destination, void* source, uint byteCount) =>
        SpanHelpers.Copy((byte*)destination, (byte*)source, byteCount);

    /// <inheritdoc cref="InitBlock(void*, byte, uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InitBlockUnaligned(void* startAddress, byte value, uint byteCount) =>
        SpanHelpers.Set((byte*)startAddress, value, byteCount);

    /// <summary>A reference to the value in a box.</summary>
    [Intrinsic]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T Unbox<T>(object box)
        where T : struct => ref As<byte, T>(ref As<RawData>(box).Data);
}
