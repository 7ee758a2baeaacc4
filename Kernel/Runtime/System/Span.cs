// Span<T>: a stretch of memory with its length. Every access through it is checked; the check is one comparison, often hoisted.
//
// Any context, no locks. A ref struct: it lives on the stack only. The compiler knows the two fields by their order.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace System;

#pragma warning disable CS8500 // pointers to any T
#pragma warning disable CS0660, CS0661 // Object has no virtual Equals and GetHashCode that could go with the operators

/// <summary>A stretch of memory that may be written.</summary>
public readonly unsafe ref struct Span<T>
{
    private readonly ref T _reference;
    private readonly int _length;

    /// <summary>The whole array; nothing for null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span(T[]? array)
    {
        if (array is null)
        {
            this = default;
            return;
        }

        _reference = ref MemoryMarshal.GetArrayDataReference(array);
        _length = array.Length;
    }

    /// <summary>A part of the array.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span(T[]? array, int start, int length)
    {
        this = new Span<T>(array).Slice(start, length);
    }

    /// <summary><paramref name="length"/> elements at <paramref name="pointer"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span(void* pointer, int length)
    {
        if (length < 0)
        {
            ThrowHelper.ArgumentOutOfRange();
        }

        _reference = ref *(T*)pointer;
        _length = length;
    }

    /// <summary>One element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span(ref T reference)
    {
        _reference = ref reference;
        _length = 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Span(ref T reference, int length)
    {
        _reference = ref reference;
        _length = length;
    }

    public static Span<T> Empty => default;

    /// <summary>Elements in the span.</summary>
    public int Length
    {
        [Intrinsic]
        get => _length;
    }

    public bool IsEmpty
    {
        get => _length == 0;
    }

    /// <summary>The element at <paramref name="index"/>; out of range is a fatal error.</summary>
    public ref T this[int index]
    {
        [Intrinsic]
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if ((uint)index >= (uint)_length)
            {
                ThrowHelper.IndexOutOfRange();
            }

            return ref Unsafe.Add(ref _reference, (nint)(uint)index);
        }
    }

    /// <summary>True if both are the same memory.</summary>
    public static bool operator ==(Span<T> left, Span<T> right) =>
        left._length == right._length && Unsafe.AreSame(ref left._reference, ref right._reference);

    public static bool operator !=(Span<T> left, Span<T> right) => !(left == right);

    public static implicit operator Span<T>(T[]? array) => new(array);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator ReadOnlySpan<T>(Span<T> span) => new(ref span._reference, span._length);

    /// <summary>From <paramref name="start"/> to the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<T> Slice(int start)
    {
        if ((uint)start > (uint)_length)
        {
            ThrowHelper.ArgumentOutOfRange();
        }

        return new Span<T>(ref Unsafe.Add(ref _reference, (nint)(uint)start), _length - start);
    }

    /// <summary><paramref name="length"/> elements from <paramref name="start"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<T> Slice(int start, int length)
    {
        // The sum of two unsigned 32-bit numbers cannot overflow in 64 bits: one comparison checks both.
        if ((ulong)(uint)start + (uint)length > (uint)_length)
        {
            ThrowHelper.ArgumentOutOfRange();
        }

        return new Span<T>(ref Unsafe.Add(ref _reference, (nint)(uint)start), length);
    }

    /// <summary>Sets every element to its default.</summary>
    public void Clear()
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            // References are words, so zero bytes are null references; nothing else watches them here.
            SpanHelpers.ClearBytes((byte*)Unsafe.AsPointer(ref _reference), (nuint)(uint)_length * (nuint)sizeof(T));
            return;
        }

        SpanHelpers.ClearWithoutReferences(ref Unsafe.As<T, byte>(ref _reference), (nuint)(uint)_length * (nuint)sizeof(T));
    }

    /// <summary>Sets every element to <paramref name="value"/>.</summary>
    public void Fill(T value)
    {
        if (sizeof(T) == 1)
        {
            SpanHelpers.Fill(ref Unsafe.As<T, byte>(ref _reference), Unsafe.As<T, byte>(ref value), (uint)_length);
            return;
        }

        ref T place = ref _reference;
        for (nint i = 0; i < _length; i++)
        {
            Unsafe.Add(ref place, i) = value;
        }
    }

    /// <summary>Copies into <paramref name="destination"/>, which must be long enough. They may overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CopyTo(Span<T> destination)
    {
        if ((uint)_length > (uint)destination._length)
        {
            ThrowHelper.DestinationTooShort();
        }

        SpanHelpers.MoveElements(ref destination._reference, ref _reference, (uint)_length);
    }

    /// <summary>Copies into <paramref name="destination"/>; false, and nothing is copied, if it is too short.</summary>
    public bool TryCopyTo(Span<T> destination)
    {
        if ((uint)_length > (uint)destination._length)
        {
            return false;
        }

        SpanHelpers.MoveElements(ref destination._reference, ref _reference, (uint)_length);
        return true;
    }

    /// <summary>What <c>fixed</c> pins; a null reference if the span is empty.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref T GetPinnableReference()
    {
        ref T reference = ref Unsafe.NullRef<T>();
        if (_length != 0)
        {
            reference = ref _reference;
        }

        return ref reference;
    }

    public Enumerator GetEnumerator() => new(this);

    internal ref T Reference
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _reference;
    }

    /// <summary>What <c>foreach</c> uses where it cannot use an index.</summary>
    public ref struct Enumerator
    {
        private readonly Span<T> _span;
        private int _index;

        internal Enumerator(Span<T> span)
        {
            _span = span;
            _index = -1;
        }

        public readonly ref T Current => ref _span[_index];

        public bool MoveNext()
        {
            int index = _index + 1;
            if (index >= _span.Length)
            {
                return false;
            }

            _index = index;
            return true;
        }
    }
}
