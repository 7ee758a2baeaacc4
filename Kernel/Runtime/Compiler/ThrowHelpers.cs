// ThrowHelpers: what compiled code calls when a check fails, by names that ilc knows.
//
// Any context. Each one ends in RuntimeFailure. The methods with arguments stand for method bodies that ilc could not compile.

using System.Diagnostics.CodeAnalysis;
using CSharpOS.Runtime;

namespace Internal.Runtime.CompilerHelpers;

internal static class ThrowHelpers
{
    [DoesNotReturn]
    internal static void ThrowIndexOutOfRangeException()
    {
        while (true)
        {
            RuntimeFailure.Fail("index out of range"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowNullReferenceException()
    {
        while (true)
        {
            RuntimeFailure.Fail("null reference"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowDivideByZeroException()
    {
        while (true)
        {
            RuntimeFailure.Fail("division by zero"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowOverflowException()
    {
        while (true)
        {
            RuntimeFailure.Fail("arithmetic overflow"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowArgumentException()
    {
        while (true)
        {
            RuntimeFailure.Fail("invalid argument"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowArgumentOutOfRangeException()
    {
        while (true)
        {
            RuntimeFailure.Fail("argument out of range"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowPlatformNotSupportedException()
    {
        while (true)
        {
            RuntimeFailure.Fail("not supported on this platform"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowNotImplementedException()
    {
        while (true)
        {
            RuntimeFailure.Fail("not implemented"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowNotSupportedException()
    {
        while (true)
        {
            RuntimeFailure.Fail("not supported"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowArrayTypeMismatchException()
    {
        while (true)
        {
            RuntimeFailure.Fail("element of the wrong type in an array"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowInvalidProgramException(int id)
    {
        while (true)
        {
            RuntimeFailure.Fail("invalid program: the compiler refused a method"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowInvalidProgramExceptionWithArgument(int id, string methodName)
    {
        while (true)
        {
            RuntimeFailure.Fail("invalid program: the compiler refused a method"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowTypeLoadException(int id, string className, string typeName)
    {
        while (true)
        {
            RuntimeFailure.Fail("a type could not be loaded"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowMissingMethodException(int id, string methodName)
    {
        while (true)
        {
            RuntimeFailure.Fail("a method is missing"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowMissingFieldException(int id, string fieldName)
    {
        while (true)
        {
            RuntimeFailure.Fail("a field is missing"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowFileNotFoundException(int id, string fileName)
    {
        while (true)
        {
            RuntimeFailure.Fail("an assembly is missing"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowBadImageFormatException(int id)
    {
        while (true)
        {
            RuntimeFailure.Fail("a bad image"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowAmbiguousMatchException(int id)
    {
        while (true)
        {
            RuntimeFailure.Fail("an ambiguous match"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowMarshalDirectiveException(int id)
    {
        while (true)
        {
            RuntimeFailure.Fail("a call that needs marshalling"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowBodyRemoved()
    {
        while (true)
        {
            RuntimeFailure.Fail("a method whose body the compiler removed"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowFeatureBodyRemoved()
    {
        while (true)
        {
            RuntimeFailure.Fail("a method of a feature that is switched off"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowInstanceBodyRemoved()
    {
        while (true)
        {
            RuntimeFailure.Fail("a method of a type that is never made"u8);
        }
    }

    [DoesNotReturn]
    internal static void ThrowUnavailableType()
    {
        while (true)
        {
            RuntimeFailure.Fail("a type that is not available"u8);
        }
    }
}
