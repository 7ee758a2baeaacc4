// Interlocked and Volatile of the explored kernel: what Kernel/Arch/Atomic.cs stands on, each a scheduling point. They hide those of the host.
//
// In store-buffer mode plain writes go to the CPU's buffer (StoreBuffers); locked operations wait until it is empty.

using System.Runtime.CompilerServices;
using CSharpOS.Explorer;

namespace CSharpOS.Arch;

internal static class Volatile
{
    public static int Read(ref int location) => (int)Word.Read(ref Unsafe.As<int, byte>(ref location), sizeof(int));

    public static uint Read(ref uint location) => (uint)Word.Read(ref Unsafe.As<uint, byte>(ref location), sizeof(uint));

    public static long Read(ref long location) => Word.Read(ref Unsafe.As<long, byte>(ref location), sizeof(long));

    public static ulong Read(ref ulong location) => (ulong)Word.Read(ref Unsafe.As<ulong, byte>(ref location), sizeof(ulong));

    public static nint Read(ref nint location) => (nint)Word.Read(ref Unsafe.As<nint, byte>(ref location), sizeof(long));

    public static bool Read(ref bool location) => (byte)Word.Read(ref Unsafe.As<bool, byte>(ref location), sizeof(byte)) != 0;

    public static void Write(ref int location, int value) => Word.Write(ref Unsafe.As<int, byte>(ref location), value, sizeof(int));

    public static void Write(ref uint location, uint value) => Word.Write(ref Unsafe.As<uint, byte>(ref location), value, sizeof(uint));

    public static void Write(ref long location, long value) => Word.Write(ref Unsafe.As<long, byte>(ref location), value, sizeof(long));

    public static void Write(ref ulong location, ulong value) => Word.Write(ref Unsafe.As<ulong, byte>(ref location), (long)value, sizeof(ulong));

    public static void Write(ref nint location, nint value) => Word.Write(ref Unsafe.As<nint, byte>(ref location), value, sizeof(long));

    public static void Write(ref bool location, bool value) => Word.Write(ref Unsafe.As<bool, byte>(ref location), value ? 1 : 0, sizeof(byte));

    // Half a word: as a locked operation, for a buffered store could not be merged with the other half.
    public static void Write(ref ushort location, ushort value)
    {
        ref int word = ref Unsafe.As<ushort, int>(ref location);
        Word.Locked(ref word, "write 16 bits");
        location = value;
    }

    public static void ReadBarrier()
    {
    }

    public static void WriteBarrier()
    {
    }
}

internal static class Interlocked
{
    public static void MemoryBarrier() => Word.Fence("smp_mb");

    public static int Increment(ref int location) => Add(ref location, 1);

    public static long Increment(ref long location) => Add(ref location, 1);

    public static int Decrement(ref int location) => Add(ref location, -1);

    public static long Decrement(ref long location) => Add(ref location, -1);

    public static int Add(ref int location, int value)
    {
        Word.Locked(ref location, "add");
        return location += value;
    }

    public static long Add(ref long location, long value)
    {
        Word.Locked(ref location, "add");
        return location += value;
    }

    public static int Exchange(ref int location, int value)
    {
        if (Word.IsWeak(ref location))
        {
            // The test double of a barrier left out: the same store without a lock prefix.
            int old = Volatile.Read(ref location);
            Volatile.Write(ref location, value);
            return old;
        }

        Word.Locked(ref location, "exchange");
        int before = location;
        location = value;
        return before;
    }

    public static long Exchange(ref long location, long value)
    {
        Word.Locked(ref location, "exchange");
        long before = location;
        location = value;
        return before;
    }

    public static int CompareExchange(ref int location, int value, int comparand)
    {
        Word.Locked(ref location, "compare-exchange");
        int before = location;
        location = before == comparand ? value : before;
        return before;
    }

    public static long CompareExchange(ref long location, long value, long comparand)
    {
        Word.Locked(ref location, "compare-exchange");
        long before = location;
        location = before == comparand ? value : before;
        return before;
    }

    public static ulong CompareExchange(ref ulong location, ulong value, ulong comparand)
    {
        Word.Locked(ref location, "compare-exchange");
        ulong before = location;
        location = before == comparand ? value : before;
        return before;
    }

    public static int Or(ref int location, int bits)
    {
        Word.Locked(ref location, "or");
        int before = location;
        location = before | bits;
        return before;
    }

    public static uint Or(ref uint location, uint bits)
    {
        Word.Locked(ref location, "or");
        uint before = location;
        location = before | bits;
        return before;
    }

    public static ulong Or(ref ulong location, ulong bits)
    {
        Word.Locked(ref location, "or");
        ulong before = location;
        location = before | bits;
        return before;
    }

    public static int And(ref int location, int bits)
    {
        Word.Locked(ref location, "and");
        int before = location;
        location = before & bits;
        return before;
    }

    public static uint And(ref uint location, uint bits)
    {
        Word.Locked(ref location, "and");
        uint before = location;
        location = before & bits;
        return before;
    }

    public static ulong And(ref ulong location, ulong bits)
    {
        Word.Locked(ref location, "and");
        ulong before = location;
        location = before & bits;
        return before;
    }
}

/// <summary>A scheduling point, and the access in the same step.</summary>
internal static unsafe class Word
{
    public static long Read(ref byte location, int size)
    {
        var address = (nuint)Unsafe.AsPointer(ref location);
        Machine.Point(OpKind.Read, address, "read");
        long value = StoreBuffers.Read(address, size);
        Machine.NoteValue(value);
        return value;
    }

    public static void Write(ref byte location, long value, int size)
    {
        var address = (nuint)Unsafe.AsPointer(ref location);
        Machine.Point(OpKind.Write, address, "write");
        Machine.NoteValue(value);
        StoreBuffers.Store(address, value, size);
    }

    public static void Locked<T>(ref T location, string what)
        where T : unmanaged
    {
        var address = (nuint)Unsafe.AsPointer(ref location);
        Machine.Point(OpKind.Rmw, address, what);
        StoreBuffers.BeginLocked(address, sizeof(T));
    }

    public static bool IsWeak(ref int location) => Faults.IsWeak((nuint)Unsafe.AsPointer(ref location));

    public static void Fence(string what)
    {
        if (!Faults.NoBarriers)
        {
            Machine.Point(OpKind.Fence, 0, what);
        }
    }
}
