// MemoryFill: clearing and filling memory.
//
// Linux: clear_page and memset, arch/x86/lib. Any context, no locks.

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

/// <summary>Fills memory.</summary>
internal static unsafe class MemoryFill
{
    private const nuint LargestPart = 1U << 30;

    /// <summary>Clears <paramref name="size"/> bytes.</summary>
    /// <linux>clear_page</linux>
    internal static void Clear(void* start, nuint size) => Fill(start, 0, size);

    /// <summary>Sets <paramref name="size"/> bytes to <paramref name="value"/>.</summary>
    internal static void Fill(void* start, byte value, nuint size)
    {
        byte* next = (byte*)start;
        while (size > LargestPart)
        {
            Unsafe.InitBlockUnaligned(next, value, (uint)LargestPart);
            next += LargestPart;
            size -= LargestPart;
        }

        Unsafe.InitBlockUnaligned(next, value, (uint)size);
    }

    /// <summary>True if all <paramref name="size"/> bytes are <paramref name="value"/>; else <paramref name="offset"/> says which is the first
    /// that is not.</summary>
    /// <linux>memchr_inv</linux>
    internal static bool Check(void* start, byte value, nuint size, out nuint offset)
    {
        byte* bytes = (byte*)start;
        ulong word = value * 0x0101010101010101UL;
        offset = 0;
        while (offset + 8 <= size && Unsafe.ReadUnaligned<ulong>(bytes + offset) == word)
        {
            offset += 8;
        }

        while (offset < size && bytes[offset] == value)
        {
            offset++;
        }

        return offset == size;
    }
}
