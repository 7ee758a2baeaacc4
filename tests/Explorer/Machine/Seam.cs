// Seam: what Atomic and Shared do to memory here: first the scheduling point, then the access, in one step of the machine.
//
// In store-buffer mode plain writes go to the CPU's buffer (StoreBuffers); read-modify-writes wait until it is empty.

using System.Runtime.CompilerServices;

namespace CSharpOS.Explorer;

internal static unsafe class Seam
{
    internal static int Read(ref int location, string what, string expression, string file, int line)
    {
        int* address = (int*)Unsafe.AsPointer(ref location);
        Machine.Point(OpKind.Read, (nuint)address, what, expression, file, line);
        return StoreBuffers.Active ? (int)StoreBuffers.Read((nuint)address, sizeof(int)) : *address;
    }

    internal static long Read(ref long location, string what, string expression, string file, int line)
    {
        long* address = (long*)Unsafe.AsPointer(ref location);
        Machine.Point(OpKind.Read, (nuint)address, what, expression, file, line);
        return StoreBuffers.Active ? StoreBuffers.Read((nuint)address, sizeof(long)) : *address;
    }

    internal static void Write(ref int location, int value, string what, string expression, string file, int line)
    {
        int* address = (int*)Unsafe.AsPointer(ref location);
        Machine.Point(OpKind.Write, (nuint)address, what, expression, file, line);
        StoreBuffers.Store((nuint)address, value, sizeof(int));
    }

    internal static void Write(ref long location, long value, string what, string expression, string file, int line)
    {
        long* address = (long*)Unsafe.AsPointer(ref location);
        Machine.Point(OpKind.Write, (nuint)address, what, expression, file, line);
        StoreBuffers.Store((nuint)address, value, sizeof(long));
    }

    internal static int Add(ref int location, int value, string what, string expression, string file, int line)
    {
        int* address = Locked(ref location, what, expression, file, line);
        return *address += value;
    }

    internal static long Add(ref long location, long value, string what, string expression, string file, int line)
    {
        long* address = Locked(ref location, what, expression, file, line);
        return *address += value;
    }

    internal static int Exchange(ref int location, int value, string what, string expression, string file, int line)
    {
        if (Faults.IsWeak(expression))
        {
            // The test double of a barrier left out: the same store without a lock prefix.
            int old = Read(ref location, what, expression, file, line);
            Write(ref location, value, what, expression, file, line);
            return old;
        }

        int* address = Locked(ref location, what, expression, file, line);
        int before = *address;
        *address = value;
        return before;
    }

    internal static long Exchange(ref long location, long value, string what, string expression, string file, int line)
    {
        long* address = Locked(ref location, what, expression, file, line);
        long before = *address;
        *address = value;
        return before;
    }

    internal static int CompareExchange(ref int location, int value, int comparand, string what, string expression, string file, int line)
    {
        int* address = Locked(ref location, what, expression, file, line);
        int before = *address;
        *address = before == comparand ? value : before;
        return before;
    }

    internal static long CompareExchange(ref long location, long value, long comparand, string what, string expression, string file, int line)
    {
        long* address = Locked(ref location, what, expression, file, line);
        long before = *address;
        *address = before == comparand ? value : before;
        return before;
    }

    internal static int Or(ref int location, int bits, string what, string expression, string file, int line)
    {
        int* address = Locked(ref location, what, expression, file, line);
        int before = *address;
        *address = before | bits;
        return before;
    }

    internal static int And(ref int location, int bits, string what, string expression, string file, int line)
    {
        int* address = Locked(ref location, what, expression, file, line);
        int before = *address;
        *address = before & bits;
        return before;
    }

    internal static void IncrementLow16(ref int location, string expression, string file, int line)
    {
        // A store of half a word: as a locked operation here, for a buffered one could not be merged with the other half.
        ushort* address = (ushort*)Locked(ref location, "IncrementLow16", expression, file, line);
        (*address)++;
    }

    private static int* Locked(ref int location, string what, string expression, string file, int line)
    {
        int* address = (int*)Unsafe.AsPointer(ref location);
        Machine.Point(OpKind.Rmw, (nuint)address, what, expression, file, line);
        return address;
    }

    private static long* Locked(ref long location, string what, string expression, string file, int line)
    {
        long* address = (long*)Unsafe.AsPointer(ref location);
        Machine.Point(OpKind.Rmw, (nuint)address, what, expression, file, line);
        return address;
    }
}
