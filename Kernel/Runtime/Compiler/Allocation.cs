// Allocation: what `new` and stores of references call, by names that ilc knows.
//
// Allocation: boot and process context, see ManagedHeap. Stores: any context; without a collector a write barrier is the write itself.

using System;
using System.Runtime;
using CSharpOS.Runtime;

namespace Internal.Runtime.CompilerHelpers;

internal static unsafe class Allocation
{
    // An object's own bytes leave out the word that .NET keeps in front of each.
    private const uint HeaderInFront = 8;

    [RuntimeExport("RhpNewFast")]
    private static void* NewObject(MethodTable* type)
    {
        void** block = (void**)ManagedHeap.Allocate(type->BaseSize - HeaderInFront);
        *block = type;
        return block;
    }

    [RuntimeExport("RhpNewArrayFast")]
    private static void* NewArray(MethodTable* type, nint length)
    {
        if ((nuint)length > int.MaxValue)
        {
            ThrowHelper.Overflow();
        }

        nuint size = type->BaseSize - HeaderInFront + ((nuint)length * type->ComponentSize);
        void** block = (void**)ManagedHeap.Allocate(size);
        block[0] = type;
        *(int*)(block + 1) = (int)length;
        return block;
    }

    [RuntimeExport("RhpNewPtrArrayFast")]
    private static void* NewReferenceArray(MethodTable* type, nint length) => NewArray(type, length);

    [RuntimeExport("RhpAssignRef")]
    private static void AssignRef(void** destination, void* value) => *destination = value;

    [RuntimeExport("RhpCheckedAssignRef")]
    private static void CheckedAssignRef(void** destination, void* value) => *destination = value;

    // The compiler asks for it after a failed stack check.
    [RuntimeExport("RhpFallbackFailFast")]
    private static void FallbackFailFast() => RuntimeFailure.Fail("stack buffer overrun"u8);

    // Around methods with UnmanagedCallersOnly. There is no collector that would have to know who is in managed code.
    [RuntimeExport("RhpReversePInvoke")]
    private static void ReversePInvoke(void* frame)
    {
    }

    [RuntimeExport("RhpReversePInvokeReturn")]
    private static void ReversePInvokeReturn(void* frame)
    {
    }

    // Before calls through unmanaged[SuppressGCTransition], if the word RhpTrapThreads is not zero, which it always is.
    [RuntimeExport("RhpGcPoll")]
    private static void GcPoll()
    {
    }

    // Placeholders that the C# compiler writes throw; nothing calls them.
    [RuntimeExport("RhpThrowEx")]
    private static void ThrowException(void* exception) => RuntimeFailure.Fail("an exception was thrown"u8);
}
