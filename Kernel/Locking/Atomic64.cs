// Atomic64: a 64-bit counter that many CPUs may change at once.
//
// Linux: atomic64_t. Any context, never sleeps. As Arch/Atomic.cs: every read-modify-write is a locked instruction and a full barrier.
// Stands on Shared, so that what watches Shared in the hosted kernel sees this too.

using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

/// <summary>A 64-bit counter that many CPUs may change at once.</summary>
/// <linux>atomic64_t</linux>
/// <rows>SYNC-01</rows>
public struct Atomic64
{
    private long _value;

    public Atomic64(long value) => _value = value;

    /// <linux>atomic64_read</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Read() => Shared.ReadOnce(ref _value);

    /// <linux>atomic64_set</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set(long value) => Shared.WriteOnce(ref _value, value);

    /// <linux>atomic64_add</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(long value) => Shared.AddReturn(ref _value, value);

    /// <linux>atomic64_sub</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Sub(long value) => Shared.AddReturn(ref _value, -value);

    /// <linux>atomic64_inc</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Inc() => Shared.AddReturn(ref _value, 1L);

    /// <linux>atomic64_dec</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Dec() => Shared.AddReturn(ref _value, -1L);

    /// <linux>atomic64_add_return</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long AddReturn(long value) => Shared.AddReturn(ref _value, value);

    /// <linux>atomic64_sub_return</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long SubReturn(long value) => Shared.AddReturn(ref _value, -value);

    /// <linux>atomic64_inc_return</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long IncReturn() => Shared.AddReturn(ref _value, 1L);

    /// <linux>atomic64_dec_return</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long DecReturn() => Shared.AddReturn(ref _value, -1L);

    /// <summary>Takes one away; true if nothing is left.</summary>
    /// <linux>atomic64_dec_and_test</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool DecAndTest() => DecReturn() == 0;

    /// <summary>Adds one; true if that made it zero.</summary>
    /// <linux>atomic64_inc_and_test</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IncAndTest() => IncReturn() == 0;

    /// <summary>Takes <paramref name="value"/> away; true if nothing is left.</summary>
    /// <linux>atomic64_sub_and_test</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool SubAndTest(long value) => SubReturn(value) == 0;

    /// <summary>Adds <paramref name="value"/>; true if the sum is negative.</summary>
    /// <linux>atomic64_add_negative</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool AddNegative(long value) => AddReturn(value) < 0;

    /// <summary>Stores <paramref name="value"/> and gives what was there.</summary>
    /// <linux>atomic64_xchg</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Exchange(long value) => Shared.Exchange(ref _value, value);

    /// <summary>Stores <paramref name="value"/> if <paramref name="comparand"/> is there; gives what was there.</summary>
    /// <linux>atomic64_cmpxchg</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long CompareExchange(long value, long comparand) => Shared.CompareExchange(ref _value, value, comparand);

    /// <summary>Adds <paramref name="value"/> unless the counter is <paramref name="unless"/>, in one step; true if it added.</summary>
    /// <linux>atomic64_add_unless</linux>
    public bool AddUnless(long value, long unless)
    {
        long seen = Read();
        while (seen != unless)
        {
            long before = CompareExchange(seen + value, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    /// <summary>Adds one unless the counter is zero. True if it added.</summary>
    /// <linux>atomic64_inc_not_zero</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IncNotZero() => AddUnless(1, 0);
}
