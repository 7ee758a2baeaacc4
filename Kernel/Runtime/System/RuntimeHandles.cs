// Handles and Type: what typeof and ldtoken leave in metadata. The kernel has no reflection: the types are empty.

namespace System;

#pragma warning disable CS0169 // filled by the compiler

/// <summary>A type in an attribute's arguments.</summary>
public abstract class Type
{
    private protected Type()
    {
    }
}

/// <summary>The compiler asks whether a type is this one. It is made nowhere.</summary>
internal sealed class RuntimeType : Type
{
    private RuntimeType()
    {
    }
}

/// <summary>A method table's address.</summary>
public readonly struct RuntimeTypeHandle
{
    private readonly nint _value;
}

/// <summary>A method's handle.</summary>
public readonly struct RuntimeMethodHandle
{
    private readonly nint _value;
}

/// <summary>A field's handle.</summary>
public readonly struct RuntimeFieldHandle
{
    private readonly nint _value;
}
