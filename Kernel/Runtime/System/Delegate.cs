// Delegate and MulticastDelegate: the compiler insists on them. Kernel code uses function pointers.
//
// The compiler looks for the fields and the initialisers by their names; they follow its contract of release 10.

namespace System;

#pragma warning disable CS0649 // also written by compiled code

/// <summary>A function with its target. Creating one allocates, so kernel code uses function pointers instead.</summary>
public abstract class Delegate
{
    internal object? _firstParameter;
    internal object? _helperObject;
    internal nint _extraFunctionPointerOrData;
    internal nint _functionPointer;

    private protected Delegate()
    {
    }

    private protected void InitializeClosedInstance(object? firstParameter, nint functionPointer)
    {
        _functionPointer = functionPointer;
        _firstParameter = firstParameter;
    }

    private protected void InitializeOpenStaticThunk(object? firstParameter, nint functionPointer, nint functionPointerThunk)
    {
        _firstParameter = this;
        _functionPointer = functionPointerThunk;
        _extraFunctionPointerOrData = functionPointer;
    }
}

/// <summary>The base of every delegate type.</summary>
public abstract class MulticastDelegate : Delegate
{
    private protected MulticastDelegate()
    {
    }
}
