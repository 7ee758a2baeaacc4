// RuntimeExports: boxing, by the names that the compiler's scan looks for. Generic code of the core library has boxes that never run.
//
// A box that does run ends the program: user code has no use for values as objects.

using Internal.Runtime;

namespace System.Runtime;

internal static unsafe class RuntimeExports
{
    internal static object? RhBox(MethodTable* type, ref byte data) => Refuse();

    internal static object? RhBoxAny(ref byte data, MethodTable* type) => Refuse();

    internal static ref byte RhUnbox2(MethodTable* type, object value)
    {
        Refuse();
        return ref System.Runtime.CompilerServices.Unsafe.NullRef<byte>();
    }

    internal static void RhUnbox(object? value, ref byte data, MethodTable* type) => Refuse();

    internal static void RhUnboxNullable(ref byte data, MethodTable* type, object? value) => Refuse();

    private static object? Refuse()
    {
        CSharpOS.Runtime.RuntimeFailure.Fail("a value as an object: boxing is not supported"u8);
        return null;
    }
}
