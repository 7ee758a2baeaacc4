// ThrowHelper: the failures of the core library itself, one call each.
//
// Any context. A loop without an exit tells the compiler that the call never returns, so callers keep their hot path straight.

using System.Diagnostics.CodeAnalysis;
using CSharpOS.Runtime;

namespace System;

internal static class ThrowHelper
{
    [DoesNotReturn]
    internal static void IndexOutOfRange()
    {
        while (true)
        {
            RuntimeFailure.Fail("index out of range"u8);
        }
    }

    [DoesNotReturn]
    internal static void ArgumentOutOfRange()
    {
        while (true)
        {
            RuntimeFailure.Fail("argument out of range"u8);
        }
    }

    [DoesNotReturn]
    internal static void DestinationTooShort()
    {
        while (true)
        {
            RuntimeFailure.Fail("destination span is too short"u8);
        }
    }

    [DoesNotReturn]
    internal static void NoValue()
    {
        while (true)
        {
            RuntimeFailure.Fail("nullable has no value"u8);
        }
    }

    [DoesNotReturn]
    internal static void NotSupported()
    {
        while (true)
        {
            RuntimeFailure.Fail("operation is not supported for this type"u8);
        }
    }

    [DoesNotReturn]
    internal static void InvalidCast()
    {
        while (true)
        {
            RuntimeFailure.Fail("invalid cast"u8);
        }
    }

    [DoesNotReturn]
    internal static void ArrayTypeMismatch()
    {
        while (true)
        {
            RuntimeFailure.Fail("element of the wrong type stored into an array"u8);
        }
    }

    [DoesNotReturn]
    internal static void Overflow()
    {
        while (true)
        {
            RuntimeFailure.Fail("arithmetic overflow"u8);
        }
    }

    [DoesNotReturn]
    internal static void OutOfMemory()
    {
        while (true)
        {
            RuntimeFailure.Fail("out of memory for managed objects"u8);
        }
    }
}
