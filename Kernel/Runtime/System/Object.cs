// Object, ValueType, Enum, Void: the roots of the type system.
//
// Object has no virtual members. Virtual Equals and GetHashCode would make the compiler write a field-by-field comparison for every
// struct and enum of the kernel, and a virtual ToString would ask for text that nobody reads.
// The compiler looks for the field m_pEEType by its name.

using Internal.Runtime;

namespace System;

/// <summary>The base of every class: nothing but the pointer to its method table.</summary>
public unsafe class Object
{
    internal MethodTable* m_pEEType;

    public Object()
    {
    }

    /// <summary>True if both are the same object.</summary>
    public static bool ReferenceEquals(object? first, object? second) => first == second;
}

/// <summary>The base of every struct.</summary>
public abstract class ValueType
{
}

/// <summary>The base of every enum. Names come from <see cref="CSharpOS.Runtime.PrintNamesAttribute"/>, not from metadata.</summary>
public abstract class Enum : ValueType
{
}

/// <summary>What a method without a result gives.</summary>
public struct Void
{
}
