// Atomic, ReadOnce, WriteOnce: the only ways in which kernel code shares data without a lock.
//
// Linux: atomic_t, READ_ONCE, WRITE_ONCE, asm/bitops.h. Any context, never sleeps. Every read-modify-write is a locked instruction
// and a full barrier, stronger than Linux promises for the void forms; x86 gives that for nothing. So the smp_mb__before_atomic_inc
// family has no counterpart here: there is nothing that it could add. Read and Set are one plain access each and no barrier:
// see Cpu.Barriers.cs for what x86 keeps in order by itself.
// 64-bit counters: Locking/Atomic64.cs. Bitmaps: Lib/Bits.cs. Both stand on Shared.
// These are the seams of the schedule explorer: the hosted kernel replaces this file, so kernel code never uses Interlocked or
// Volatile directly.

using System.Runtime.CompilerServices;
using System.Threading;

namespace CSharpOS.Arch;

/// <summary>A 32-bit counter that many CPUs may change at once.</summary>
/// <linux>atomic_t</linux>
/// <rows>SYNC-01</rows>
public struct Atomic
{
    private int _value;

    public Atomic(int value) => _value = value;

    /// <linux>atomic_read</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Read() => Volatile.Read(ref _value);

    /// <linux>atomic_set</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set(int value) => Volatile.Write(ref _value, value);

    /// <linux>atomic_add</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int value) => Interlocked.Add(ref _value, value);

    /// <linux>atomic_sub</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Sub(int value) => Interlocked.Add(ref _value, -value);

    /// <linux>atomic_inc</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Inc() => Interlocked.Increment(ref _value);

    /// <linux>atomic_dec</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Dec() => Interlocked.Decrement(ref _value);

    /// <linux>atomic_add_return</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int AddReturn(int value) => Interlocked.Add(ref _value, value);

    /// <linux>atomic_sub_return</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int SubReturn(int value) => Interlocked.Add(ref _value, -value);

    /// <linux>atomic_inc_return</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int IncReturn() => Interlocked.Increment(ref _value);

    /// <linux>atomic_dec_return</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int DecReturn() => Interlocked.Decrement(ref _value);

    /// <summary>Takes one away; true if nothing is left.</summary>
    /// <linux>atomic_dec_and_test</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool DecAndTest() => Interlocked.Decrement(ref _value) == 0;

    /// <summary>Adds one; true if that made it zero.</summary>
    /// <linux>atomic_inc_and_test</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IncAndTest() => Interlocked.Increment(ref _value) == 0;

    /// <summary>Takes <paramref name="value"/> away; true if nothing is left.</summary>
    /// <linux>atomic_sub_and_test</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool SubAndTest(int value) => Interlocked.Add(ref _value, -value) == 0;

    /// <summary>Adds <paramref name="value"/>; true if the sum is negative.</summary>
    /// <linux>atomic_add_negative</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool AddNegative(int value) => Interlocked.Add(ref _value, value) < 0;

    /// <summary>Adds <paramref name="value"/> unless the counter is <paramref name="unless"/>, in one step; true if it added.</summary>
    /// <linux>atomic_add_unless</linux>
    public bool AddUnless(int value, int unless)
    {
        int seen = Volatile.Read(ref _value);
        while (seen != unless)
        {
            int before = Interlocked.CompareExchange(ref _value, seen + value, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    /// <summary>Adds one unless the counter is zero: a reference to something that may be dying. True if it added.</summary>
    /// <linux>atomic_inc_not_zero</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IncNotZero() => AddUnless(1, 0);

    /// <summary>Clears the bits that are set in <paramref name="mask"/>.</summary>
    /// <linux>atomic_clear_mask</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ClearMask(int mask) => Interlocked.And(ref _value, ~mask);

    /// <summary>Sets the bits that are set in <paramref name="mask"/>.</summary>
    /// <linux>atomic_set_mask</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SetMask(int mask) => Interlocked.Or(ref _value, mask);

    /// <summary>Stores <paramref name="value"/> and gives what was there.</summary>
    /// <linux>atomic_xchg</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Exchange(int value) => Interlocked.Exchange(ref _value, value);

    /// <summary>Stores <paramref name="value"/> if <paramref name="comparand"/> is there; gives what was there.</summary>
    /// <linux>atomic_cmpxchg</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int CompareExchange(int value, int comparand) => Interlocked.CompareExchange(ref _value, value, comparand);
}

/// <summary>Shared words: one untorn access each, and locked operations on words that are not an <see cref="Atomic"/>.</summary>
public static unsafe class Shared
{
    /// <summary>Reads exactly once, as one access.</summary>
    /// <linux>READ_ONCE</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ReadOnce(ref int location) => Volatile.Read(ref location);

    /// <inheritdoc cref="ReadOnce(ref int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ReadOnce(ref uint location) => Volatile.Read(ref location);

    /// <inheritdoc cref="ReadOnce(ref int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ReadOnce(ref long location) => Volatile.Read(ref location);

    /// <inheritdoc cref="ReadOnce(ref int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ReadOnce(ref ulong location) => Volatile.Read(ref location);

    /// <inheritdoc cref="ReadOnce(ref int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T* ReadOnce<T>(T** location)
        where T : unmanaged => (T*)Volatile.Read(ref *(nint*)location);

    /// <summary>Writes exactly once, as one access.</summary>
    /// <linux>WRITE_ONCE</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteOnce(ref int location, int value) => Volatile.Write(ref location, value);

    /// <inheritdoc cref="WriteOnce(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteOnce(ref uint location, uint value) => Volatile.Write(ref location, value);

    /// <inheritdoc cref="WriteOnce(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteOnce(ref long location, long value) => Volatile.Write(ref location, value);

    /// <inheritdoc cref="WriteOnce(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteOnce(ref ulong location, ulong value) => Volatile.Write(ref location, value);

    /// <inheritdoc cref="WriteOnce(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteOnce<T>(T** location, T* value)
        where T : unmanaged => Volatile.Write(ref *(nint*)location, (nint)value);

    /// <summary>Adds and gives the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int AddReturn(ref int location, int value) => Interlocked.Add(ref location, value);

    /// <inheritdoc cref="AddReturn(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long AddReturn(ref long location, long value) => Interlocked.Add(ref location, value);

    /// <summary>Stores and gives what was there.</summary>
    /// <linux>xchg</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Exchange(ref int location, int value) => Interlocked.Exchange(ref location, value);

    /// <inheritdoc cref="Exchange(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Exchange(ref long location, long value) => Interlocked.Exchange(ref location, value);

    /// <summary>Stores if <paramref name="comparand"/> is there; gives what was there.</summary>
    /// <linux>cmpxchg</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CompareExchange(ref int location, int value, int comparand) => Interlocked.CompareExchange(ref location, value, comparand);

    /// <inheritdoc cref="CompareExchange(ref int, int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long CompareExchange(ref long location, long value, long comparand) =>
        Interlocked.CompareExchange(ref location, value, comparand);

    /// <summary>Sets the bits of <paramref name="bits"/>; gives what was there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Or(ref ulong location, ulong bits) => Interlocked.Or(ref location, bits);

    /// <summary>Keeps only the bits of <paramref name="bits"/>; gives what was there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong And(ref ulong location, ulong bits) => Interlocked.And(ref location, bits);

    /// <summary>Turns the bits of <paramref name="bits"/> over; gives what was there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Xor(ref ulong location, ulong bits)
    {
        ref long word = ref Unsafe.As<ulong, long>(ref location);
        long seen = Volatile.Read(ref word);
        while (true)
        {
            long before = Interlocked.CompareExchange(ref word, seen ^ (long)bits, seen);
            if (before == seen)
            {
                return (ulong)seen;
            }

            seen = before;
        }
    }

    /// <linux>set_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetBit(int bit, ref int word) => Interlocked.Or(ref word, 1 << bit);

    /// <linux>clear_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ClearBit(int bit, ref int word) => Interlocked.And(ref word, ~(1 << bit));

    /// <summary>Sets the bit; true if it was set before.</summary>
    /// <linux>test_and_set_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TestAndSetBit(int bit, ref int word) => (Interlocked.Or(ref word, 1 << bit) & (1 << bit)) != 0;

    /// <summary>Clears the bit; true if it was set before.</summary>
    /// <linux>test_and_clear_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TestAndClearBit(int bit, ref int word) => (Interlocked.And(ref word, ~(1 << bit)) & (1 << bit)) != 0;

    /// <linux>test_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TestBit(int bit, ref int word) => (Volatile.Read(ref word) & (1 << bit)) != 0;

    /// <summary>Adds one to the low 16 bits with a plain 16-bit store; nobody else may write them meanwhile. The upper half is untouched.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void IncrementLow16(ref int location)
    {
        ref ushort low = ref Unsafe.As<int, ushort>(ref location);
        Volatile.Write(ref low, (ushort)(low + 1));
    }
}
