// Array: the base of every T[].
//
// Element access, Length and foreach over a T[] are instructions of the compiler, not calls. Arrays come from boot-time singletons and
// constant tables; kernel objects use spans, inline arrays and memory of the allocators.

using System.Runtime.CompilerServices;

namespace System;

#pragma warning disable CS0649 // written by the allocator, through the object's layout

/// <summary>The base of arrays: the count of elements comes first.</summary>
public abstract class Array
{
    private readonly int _numComponents;

    private protected Array()
    {
    }

    /// <summary>Elements in the array.</summary>
    public int Length
    {
        [Intrinsic]
        get => _numComponents;
    }

    /// <summary>Sets every element to its default.</summary>
    public static void Clear<T>(T[] array) => new Span<T>(array).Clear();

    /// <summary>Sets every element to <paramref name="value"/>.</summary>
    public static void Fill<T>(T[] array, T value) => new Span<T>(array).Fill(value);
}

/// <summary>What the compiler takes the members of T[] from. It has none: arrays implement no interfaces here.</summary>
internal abstract class Array<T> : Array
{
}
