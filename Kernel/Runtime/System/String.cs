// String: literals. They are frozen data in the image: no allocation, no initialisation, valid from the first instruction on.
//
// Any context. Kernel text is UTF-8 ("..."u8); strings serve file names from CallerFilePath and the like. Nothing makes new strings.
// The compiler looks for the fields _stringLength and _firstChar by their names.

using System.Collections;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace System;

#pragma warning disable CS0649 // the fields are written by the compiler, in the image
#pragma warning disable CS0660, CS0661 // Object has no virtual Equals and GetHashCode that could go with the operators

/// <summary>Text of UTF-16 code units that never changes.</summary>
public sealed partial class String : IEquatable<string?>, IEnumerable<char>
{
    public const string Empty = "";

    private readonly int _stringLength;
    private readonly char _firstChar;

    private String()
    {
    }

    /// <summary>Code units in the text.</summary>
    public int Length
    {
        [Intrinsic]
        get => _stringLength;
    }

    /// <summary>The code unit at <paramref name="index"/>.</summary>
    [IndexerName("Chars")]
    public char this[int index]
    {
        [Intrinsic]
        get
        {
            if ((uint)index >= (uint)_stringLength)
            {
                ThrowHelper.IndexOutOfRange();
            }

            return Unsafe.Add(ref Unsafe.AsRef(in _firstChar), index);
        }
    }

    public static bool operator ==(string? left, string? right) => Equals(left, right);

    public static bool operator !=(string? left, string? right) => !Equals(left, right);

    public static implicit operator ReadOnlySpan<char>(string? value) => value is null ? default : value.AsSpan();

    public static bool Equals(string? left, string? right)
    {
        if (ReferenceEquals(left, right))
        {
            return true;
        }

        return left is not null && right is not null && left.AsSpan().SequenceEqual(right.AsSpan());
    }

    public static bool IsNullOrEmpty([NotNullWhen(false)] string? value) => value is null || value.Length == 0;

    public bool Equals(string? other) => Equals(this, other);

    /// <summary>The first code unit; what <c>fixed</c> pins. A zero follows the last one.</summary>
    public ref readonly char GetPinnableReference() => ref _firstChar;

    // The C# compiler compiles foreach over a string to an index loop, but asks for the interfaces first.
    IEnumerator<char> IEnumerable<char>.GetEnumerator()
    {
        ThrowHelper.NotSupported();
        return null!;
    }

    IEnumerator IEnumerable.GetEnumerator()
    {
        ThrowHelper.NotSupported();
        return null!;
    }

    internal ReadOnlySpan<char> AsSpan() => new(ref Unsafe.AsRef(in _firstChar), _stringLength);
}
