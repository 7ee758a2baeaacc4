// SpanHelpers: copying and setting memory. memcpy, memmove, memset and memcmp are the same functions under their C names.
//
// Linux: arch/x86/lib/memcpy_64.S and its siblings. Any context, no locks.
// The compiler calls Memmove, Fill and ClearWithoutReferences by name for big structs, so nothing in here may contain such a copy itself:
// blocks are at most 64 bytes, which the compiler writes as 16-byte moves. Up to RepThreshold bytes the loops win on hardware and
// by far on emulators, which take string instructions byte by byte; above it the CPU's own microcode is left to it.
// Copies of at most 32 bytes, and the tail of longer ones, load everything before they store: overlap needs no thought there.

using System.Runtime;
using System.Runtime.CompilerServices;

namespace System;

internal static unsafe class SpanHelpers
{
    private const nuint RepThreshold = 8192;

    /// <summary>Copies bytes; the areas may overlap.</summary>
    [Intrinsic]
    internal static void Memmove(ref byte destination, ref byte source, nuint count) =>
        Move((byte*)Unsafe.AsPointer(ref destination), (byte*)Unsafe.AsPointer(ref source), count);

    /// <summary>Sets bytes to zero.</summary>
    [Intrinsic]
    internal static void ClearWithoutReferences(ref byte destination, nuint count) =>
        Set((byte*)Unsafe.AsPointer(ref destination), 0, count);

    /// <summary>Sets bytes.</summary>
    [Intrinsic]
    internal static void Fill(ref byte destination, byte value, nuint count) => Set((byte*)Unsafe.AsPointer(ref destination), value, count);

    /// <summary>Sets words to zero where references may lie.</summary>
    internal static void ClearBytes(byte* destination, nuint count) => Set(destination, 0, count);

    /// <summary>Copies elements; the areas may overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void MoveElements<T>(ref T destination, ref T source, nuint count) =>
        Memmove(ref Unsafe.As<T, byte>(ref destination), ref Unsafe.As<T, byte>(ref source), count * (nuint)Unsafe.SizeOf<T>());

    [RuntimeExport("memmove")]
    internal static byte* Move(byte* destination, byte* source, nuint count)
    {
        // Unsigned: true when the destination starts inside the source.
        if ((nuint)destination - (nuint)source < count && count > 32)
        {
            MoveBackward(destination, source, count);
            return destination;
        }

        return Copy(destination, source, count);
    }

    /// <summary>Copies upwards: right for areas apart, and for a destination below the source.</summary>
    [RuntimeExport("memcpy")]
    internal static byte* Copy(byte* destination, byte* source, nuint count)
    {
        if (count <= 16)
        {
            CopySmall(destination, source, count);
            return destination;
        }

        byte* to = destination;
        byte* from = source;
        if (count > RepThreshold)
        {
            RepMovsb(to, from, count);
            return destination;
        }

        // The last 16 bytes, loaded now: the loop may overwrite them when the areas overlap.
        ulong last0 = *(ulong*)(from + count - 16);
        ulong last1 = *(ulong*)(from + count - 8);
        byte* end = to + count - 16;
        while (count > 64)
        {
            CopyBlock64(to, from);
            to += 64;
            from += 64;
            count -= 64;
        }

        while (to < end)
        {
            ulong first = *(ulong*)from;
            ulong second = *(ulong*)(from + 8);
            *(ulong*)to = first;
            *(ulong*)(to + 8) = second;
            to += 16;
            from += 16;
        }

        *(ulong*)end = last0;
        *(ulong*)(end + 8) = last1;
        return destination;
    }

    [RuntimeExport("memset")]
    private static byte* MemsetExport(byte* destination, int value, nuint count)
    {
        Set(destination, (byte)value, count);
        return destination;
    }

    internal static void Set(byte* destination, byte value, nuint count)
    {
        ulong pattern = value * 0x0101010101010101ul;
        if (count <= 16)
        {
            SetSmall(destination, pattern, count);
            return;
        }

        if (count > RepThreshold)
        {
            RepStosb(destination, value, count);
            return;
        }

        if (value == 0)
        {
            SetZero(destination, count);
            return;
        }

        Block16 block;
        block.First = pattern;
        block.Second = pattern;
        byte* end = destination + count - 16;
        while (destination + 48 < end)
        {
            *(Block16*)destination = block;
            *(Block16*)(destination + 16) = block;
            *(Block16*)(destination + 32) = block;
            *(Block16*)(destination + 48) = block;
            destination += 64;
        }

        while (destination < end)
        {
            *(Block16*)destination = block;
            destination += 16;
        }

        *(Block16*)end = block;
    }

    /// <summary>Less than, equal to or greater than zero, by the first byte that differs.</summary>
    [RuntimeExport("memcmp")]
    internal static int Compare(byte* left, byte* right, nuint count)
    {
        while (count >= 8 && *(ulong*)left == *(ulong*)right)
        {
            left += 8;
            right += 8;
            count -= 8;
        }

        while (count != 0)
        {
            if (*left != *right)
            {
                return *left - *right;
            }

            left++;
            right++;
            count--;
        }

        return 0;
    }

    /// <summary>True if the areas hold the same bytes.</summary>
    internal static bool BytesEqual(ref byte left, ref byte right, nuint count) =>
        Compare((byte*)Unsafe.AsPointer(ref left), (byte*)Unsafe.AsPointer(ref right), count) == 0;

    private static void MoveBackward(byte* destination, byte* source, nuint count)
    {
        // Each block is loaded whole before it is stored, from the top down; the lowest 16 bytes last, loaded first.
        ulong first0 = *(ulong*)source;
        ulong first1 = *(ulong*)(source + 8);
        while (count > 16)
        {
            count -= 16;
            ulong low = *(ulong*)(source + count);
            ulong high = *(ulong*)(source + count + 8);
            *(ulong*)(destination + count) = low;
            *(ulong*)(destination + count + 8) = high;
        }

        *(ulong*)destination = first0;
        *(ulong*)(destination + 8) = first1;
    }

    private static void CopySmall(byte* to, byte* from, nuint count)
    {
        if (count >= 8)
        {
            ulong first = *(ulong*)from;
            ulong last = *(ulong*)(from + count - 8);
            *(ulong*)to = first;
            *(ulong*)(to + count - 8) = last;
        }
        else if (count >= 4)
        {
            uint first = *(uint*)from;
            uint last = *(uint*)(from + count - 4);
            *(uint*)to = first;
            *(uint*)(to + count - 4) = last;
        }
        else if (count >= 2)
        {
            ushort first = *(ushort*)from;
            ushort last = *(ushort*)(from + count - 2);
            *(ushort*)to = first;
            *(ushort*)(to + count - 2) = last;
        }
        else if (count != 0)
        {
            *to = *from;
        }
    }

    // Zero fits one 16-byte register, which the compiler makes for itself; other patterns it keeps in two words. More than 16 bytes.
    private static void SetZero(byte* destination, nuint count)
    {
        byte* end = destination + count - 16;
        while (destination + 112 < end)
        {
            *(Block16*)destination = default;
            *(Block16*)(destination + 16) = default;
            *(Block16*)(destination + 32) = default;
            *(Block16*)(destination + 48) = default;
            *(Block16*)(destination + 64) = default;
            *(Block16*)(destination + 80) = default;
            *(Block16*)(destination + 96) = default;
            *(Block16*)(destination + 112) = default;
            destination += 128;
        }

        while (destination < end)
        {
            *(Block16*)destination = default;
            destination += 16;
        }

        *(Block16*)end = default;
    }

    private static void SetSmall(byte* to, ulong pattern, nuint count)
    {
        if (count >= 8)
        {
            *(ulong*)to = pattern;
            *(ulong*)(to + count - 8) = pattern;
        }
        else if (count >= 4)
        {
            *(uint*)to = (uint)pattern;
            *(uint*)(to + count - 4) = (uint)pattern;
        }
        else if (count >= 2)
        {
            *(ushort*)to = (ushort)pattern;
            *(ushort*)(to + count - 2) = (ushort)pattern;
        }
        else if (count != 0)
        {
            *to = (byte)pattern;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyBlock64(byte* to, byte* from)
    {
        *(Block16*)to = *(Block16*)from;
        *(Block16*)(to + 16) = *(Block16*)(from + 16);
        *(Block16*)(to + 32) = *(Block16*)(from + 32);
        *(Block16*)(to + 48) = *(Block16*)(from + 48);
    }

    [RuntimeImport("*", "arch_rep_movsb")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void RepMovsb(byte* destination, byte* source, nuint count);

    [RuntimeImport("*", "arch_rep_stosb")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void RepStosb(byte* destination, int value, nuint count);

    private struct Block16
    {
        public ulong First;
        public ulong Second;
    }
}

/// <summary>What the compiler calls to copy structs with references inside. Nothing watches references here.</summary>
internal static unsafe class Buffer
{
    internal static void BulkMoveWithWriteBarrier(ref byte destination, ref byte source, nuint byteCount) =>
        SpanHelpers.Memmove(ref destination, ref source, byteCount);
}
