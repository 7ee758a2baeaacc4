// TypeCast: casts, type tests, and stores into arrays of references, by names that ilc knows.
//
// Any context. Kernel objects are structs and need none of this; boot-time singletons and tests may. No variance: an array of a derived
// class is not an array of its base class here.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Internal.Runtime;

namespace System.Runtime;

internal static unsafe class TypeCast
{
    internal static object? IsInstanceOfAny(MethodTable* target, object? value) =>
        value is not null && Is(value.m_pEEType, target) ? value : null;

    internal static object? IsInstanceOfInterface(MethodTable* target, object? value) => IsInstanceOfAny(target, value);

    internal static object? IsInstanceOfClass(MethodTable* target, object? value) => IsInstanceOfAny(target, value);

    internal static bool IsInstanceOfException(MethodTable* target, object? value) => IsInstanceOfAny(target, value) is not null;

    internal static object? CheckCastAny(MethodTable* target, object? value)
    {
        if (value is not null && !Is(value.m_pEEType, target))
        {
            ThrowHelper.InvalidCast();
        }

        return value;
    }

    internal static object? CheckCastInterface(MethodTable* target, object? value) => CheckCastAny(target, value);

    internal static object? CheckCastClass(MethodTable* target, object? value) => CheckCastAny(target, value);

    internal static object? CheckCastClassSpecial(MethodTable* target, object? value) => CheckCastAny(target, value);

    /// <summary>Stores into an array of references, whose real element type may be narrower than the code knows.</summary>
    internal static void StelemRef(object?[] array, nint index, object? value)
    {
        if ((nuint)index >= (nuint)array.Length)
        {
            ThrowHelper.IndexOutOfRange();
        }

        if (value is not null && !Is(value.m_pEEType, array.m_pEEType->RelatedType))
        {
            ThrowHelper.ArrayTypeMismatch();
        }

        Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(array), index) = value;
    }

    /// <summary>The address of an element of an array of references, whose element type must be exactly the one asked for.</summary>
    internal static ref object? LdelemaRef(object?[] array, nint index, MethodTable* elementType)
    {
        if ((nuint)index >= (nuint)array.Length)
        {
            ThrowHelper.IndexOutOfRange();
        }

        if (array.m_pEEType->RelatedType != elementType)
        {
            ThrowHelper.ArrayTypeMismatch();
        }

        return ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(array), index);
    }

    private static bool Is(MethodTable* type, MethodTable* target)
    {
        if (type == target)
        {
            return true;
        }

        if (target->IsInterface)
        {
            for (int i = 0; i < type->InterfaceCount; i++)
            {
                if (type->Interface(i) == target)
                {
                    return true;
                }
            }

            return false;
        }

        if (type->IsParameterized)
        {
            // An array is itself, an Array or an object.
            return !target->IsParameterized && (target == MethodTable.Of<Array>() || target == MethodTable.Of<object>());
        }

        for (MethodTable* ancestor = type->RelatedType; ancestor != null; ancestor = ancestor->RelatedType)
        {
            if (ancestor == target)
            {
                return true;
            }
        }

        return false;
    }
}
