// MethodTable: what ilc writes for every type, read for allocation and casts.
//
// The layout is ilc's contract of release 10: flags and component size, base size, related type, counts, hash code, then the virtual
// method slots, then the interfaces. Any context; read only.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Internal.Runtime;

#pragma warning disable CS0649 // written by the compiler, in the image

/// <summary>The compiler's description of a type.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct MethodTable
{
    private const uint HasComponentSize = 0x80000000;
    private const uint KindMask = 0x00030000;
    private const uint KindParameterized = 0x00020000;
    private const int ElementTypeShift = 26;
    private const uint ElementTypeMask = 0x1f;
    private const uint ElementInterface = 0x15;
    private const uint ElementSzArray = 0x18;

    private readonly uint _flags;
    private readonly uint _baseSize;
    private readonly MethodTable* _relatedType;
    private readonly ushort _numVtableSlots;
    private readonly ushort _numInterfaces;
    private readonly uint _hashCode;

    /// <summary>Bytes of an object without elements, with the word in front that .NET keeps for its collector.</summary>
    internal readonly uint BaseSize => _baseSize;

    /// <summary>Bytes of an array's or a string's element.</summary>
    internal readonly uint ComponentSize => (_flags & HasComponentSize) != 0 ? _flags & 0xffff : 0;

    internal readonly bool IsInterface => ((_flags >> ElementTypeShift) & ElementTypeMask) == ElementInterface;

    internal readonly bool IsArray => ((_flags >> ElementTypeShift) & ElementTypeMask) >= ElementSzArray - 1
        && ((_flags >> ElementTypeShift) & ElementTypeMask) <= ElementSzArray;

    internal readonly bool IsParameterized => (_flags & KindMask) == KindParameterized;

    /// <summary>An array's element type, or a class's base class.</summary>
    internal readonly MethodTable* RelatedType => _relatedType;

    internal readonly int InterfaceCount => _numInterfaces;

    /// <summary>The method table of <typeparamref name="T"/>, as a constant.</summary>
    [Intrinsic]
    internal static MethodTable* Of<T>() => Of<T>();

    internal MethodTable* Interface(int index)
    {
        MethodTable* self = (MethodTable*)Unsafe.AsPointer(ref this);
        void** slots = (void**)(self + 1);
        return (MethodTable*)slots[_numVtableSlots + index];
    }
}
