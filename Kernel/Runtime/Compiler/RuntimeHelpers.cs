// RuntimeHelpers and RawData: questions that the compiler answers while it compiles.
//
// Any context. Every generic question becomes a constant; CreateSpan becomes the address of constant data in the image.

namespace System.Runtime.CompilerServices;

#pragma warning disable CS0649 // fields of objects that the allocator and the compiler lay out

/// <summary>What the C# compiler and generic code ask the compiler behind it.</summary>
public static class RuntimeHelpers
{
    /// <summary>Bytes from a string object's start to its first character.</summary>
    public static int OffsetToStringData => 12;

    /// <summary>True if <typeparamref name="T"/> is a reference or has one inside.</summary>
    [Intrinsic]
    public static bool IsReferenceOrContainsReferences<T>()
        where T : allows ref struct => IsReferenceOrContainsReferences<T>();

    /// <summary>True if equal values of <typeparamref name="T"/> have equal bits.</summary>
    [Intrinsic]
    internal static bool IsBitwiseEquatable<T>() => IsBitwiseEquatable<T>();

    /// <summary>The constant data of a span of constants.</summary>
    [Intrinsic]
    public static ReadOnlySpan<T> CreateSpan<T>(RuntimeFieldHandle handle) => CreateSpan<T>(handle);

    /// <summary>Fills a new array with constant data.</summary>
    [Intrinsic]
    public static void InitializeArray(Array array, RuntimeFieldHandle handle) => InitializeArray(array, handle);
}

/// <summary>Any object, seen as bytes behind its method table.</summary>
internal class RawData
{
    public byte Data;
}

/// <summary>Any array, seen as bytes behind its length.</summary>
internal class RawArrayData
{
    public uint Length;
    public uint Padding;
    public byte Data;
}
