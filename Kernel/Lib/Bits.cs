// Bits: bitmaps, and the bits of a word.
//
// Linux: asm/bitops.h, lib/find_next_bit.c, lib/bitmap.c. Any context, never sleeps, no locks. A bitmap is an array of 64-bit words; bit n is
// bit n % 64 of word n / 64. The plain names are atomic towards other CPUs and full barriers. Those with NonAtomic in their names (__set_bit and
// so on in Linux) are a few instructions cheaper and need a lock, or a bitmap that nobody else sees. Finding looks at each word once: with
// others at work its answer is true for a moment, so take what it found with TestAndSetBit.

using System.Numerics;
using System.Runtime.CompilerServices;

namespace CSharpOS.Lib;

/// <summary>Operations on bitmaps of any length.</summary>
/// <rows>SYNC-01</rows>
public static unsafe class Bits
{
    /// <summary>Bits in a word of a bitmap.</summary>
    /// <linux>BITS_PER_LONG</linux>
    public const int BitsPerLong = 64;

    /// <summary>Words for a bitmap of <paramref name="bits"/> bits.</summary>
    /// <linux>BITS_TO_LONGS</linux>
    public static int BitsToLongs(int bits) => (bits + BitsPerLong - 1) / BitsPerLong;

    /// <linux>set_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetBit(int bit, ulong* bitmap) => Shared.Or(ref bitmap[bit >> 6], Mask(bit));

    /// <linux>clear_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ClearBit(int bit, ulong* bitmap) => Shared.And(ref bitmap[bit >> 6], ~Mask(bit));

    /// <summary>Turns the bit over.</summary>
    /// <linux>change_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ChangeBit(int bit, ulong* bitmap) => Shared.Xor(ref bitmap[bit >> 6], Mask(bit));

    /// <linux>test_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TestBit(int bit, ulong* bitmap) => (Shared.ReadOnce(ref bitmap[bit >> 6]) & Mask(bit)) != 0;

    /// <summary>Sets the bit; true if it was set before.</summary>
    /// <linux>test_and_set_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TestAndSetBit(int bit, ulong* bitmap) => (Shared.Or(ref bitmap[bit >> 6], Mask(bit)) & Mask(bit)) != 0;

    /// <summary>Clears the bit; true if it was set before.</summary>
    /// <linux>test_and_clear_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TestAndClearBit(int bit, ulong* bitmap) => (Shared.And(ref bitmap[bit >> 6], ~Mask(bit)) & Mask(bit)) != 0;

    /// <summary>Turns the bit over; true if it was set before.</summary>
    /// <linux>test_and_change_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TestAndChangeBit(int bit, ulong* bitmap) => (Shared.Xor(ref bitmap[bit >> 6], Mask(bit)) & Mask(bit)) != 0;

    /// <linux>__set_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetBitNonAtomic(int bit, ulong* bitmap) => bitmap[bit >> 6] |= Mask(bit);

    /// <linux>__clear_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ClearBitNonAtomic(int bit, ulong* bitmap) => bitmap[bit >> 6] &= ~Mask(bit);

    /// <linux>__change_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ChangeBitNonAtomic(int bit, ulong* bitmap) => bitmap[bit >> 6] ^= Mask(bit);

    /// <linux>__test_and_set_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TestAndSetBitNonAtomic(int bit, ulong* bitmap)
    {
        ulong before = bitmap[bit >> 6];
        bitmap[bit >> 6] = before | Mask(bit);
        return (before & Mask(bit)) != 0;
    }

    /// <linux>__test_and_clear_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TestAndClearBitNonAtomic(int bit, ulong* bitmap)
    {
        ulong before = bitmap[bit >> 6];
        bitmap[bit >> 6] = before & ~Mask(bit);
        return (before & Mask(bit)) != 0;
    }

    /// <linux>__test_and_change_bit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TestAndChangeBitNonAtomic(int bit, ulong* bitmap)
    {
        ulong before = bitmap[bit >> 6];
        bitmap[bit >> 6] = before ^ Mask(bit);
        return (before & Mask(bit)) != 0;
    }

    /// <summary>The number of the first set bit of the first <paramref name="size"/>; <paramref name="size"/> if there is none.</summary>
    /// <linux>find_first_bit</linux>
    public static int FindFirstBit(ulong* bitmap, int size) => Find(bitmap, size, 0, 0);

    /// <summary>The same from bit <paramref name="from"/> on, that one included.</summary>
    /// <linux>find_next_bit</linux>
    public static int FindNextBit(ulong* bitmap, int size, int from) => Find(bitmap, size, from, 0);

    /// <summary>The number of the first clear bit of the first <paramref name="size"/>; <paramref name="size"/> if there is none.</summary>
    /// <linux>find_first_zero_bit</linux>
    public static int FindFirstZeroBit(ulong* bitmap, int size) => Find(bitmap, size, 0, ulong.MaxValue);

    /// <summary>The same from bit <paramref name="from"/> on, that one included.</summary>
    /// <linux>find_next_zero_bit</linux>
    public static int FindNextZeroBit(ulong* bitmap, int size, int from) => Find(bitmap, size, from, ulong.MaxValue);

    /// <summary>How many of the first <paramref name="size"/> bits are set.</summary>
    /// <linux>bitmap_weight</linux>
    public static int Weight(ulong* bitmap, int size)
    {
        int count = 0;
        for (int first = 0; first < size; first += BitsPerLong)
        {
            ulong word = Shared.ReadOnce(ref bitmap[first >> 6]);
            count += BitOperations.PopCount(size - first < BitsPerLong ? word & (Mask(size) - 1) : word);
        }

        return count;
    }

    /// <summary>The number of the lowest set bit plus one; 0 for 0.</summary>
    /// <linux>ffs</linux>
    public static int Ffs(int word) => word == 0 ? 0 : BitOperations.TrailingZeroCount(word) + 1;

    /// <summary>The number of the highest set bit plus one; 0 for 0.</summary>
    /// <linux>fls</linux>
    public static int Fls(int word) => 32 - BitOperations.LeadingZeroCount((uint)word);

    /// <summary>The number of the lowest clear bit. Not of a word without one.</summary>
    /// <linux>ffz</linux>
    public static int Ffz(ulong word) => BitOperations.TrailingZeroCount(~word);

    // With flip all ones it is the clear bits that are looked for.
    private static int Find(ulong* bitmap, int size, int from, ulong flip)
    {
        if (from >= size)
        {
            return size;
        }

        int index = from >> 6;
        ulong word = (Shared.ReadOnce(ref bitmap[index]) ^ flip) & (ulong.MaxValue << (from & 63));
        while (word == 0)
        {
            index++;
            if (index << 6 >= size)
            {
                return size;
            }

            word = Shared.ReadOnce(ref bitmap[index]) ^ flip;
        }

        return Math.Min(size, (index << 6) + BitOperations.TrailingZeroCount(word));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mask(int bit) => 1UL << (bit & 63);
}
