// ManagedHeap: the memory behind `new` in a user program. The user-side counterpart of Kernel/Runtime/ManagedHeap.cs.
//
// Blocks come from the program break, in steps of 64 KB, one behind the other. Nothing collects them: the end of the program gives everything
// back. A program that runs for long and allocates per round (the shell, top) brackets the round with Mark and Release, which moves the
// border back. What must outlive the round is copied into memory of Malloc, or made before the mark. Every block is zero and 16-byte aligned.
// One thread.

using System;

namespace CSharpOS.Runtime;

/// <summary>The memory of managed objects.</summary>
public static unsafe class ManagedHeap
{
    private const nuint Alignment = 16;
    private const nuint Step = 65536;

    private static byte* s_next;
    private static byte* s_end;

    // Everything from here on has never been written: no need to clear it.
    private static byte* s_fresh;

    /// <summary>Where the next block will be. Give it to <see cref="Release"/>.</summary>
    public static void* Mark() => s_next;

    /// <summary>Takes back everything allocated since <see cref="Mark"/> gave <paramref name="mark"/>. No object from then may be used any
    /// more.</summary>
    public static void Release(void* mark) => s_next = (byte*)mark;

    /// <summary>A zeroed block. Running out ends the program.</summary>
    internal static void* Allocate(nuint size)
    {
        size = (size + (Alignment - 1)) & ~(Alignment - 1);
        if ((nuint)(s_end - s_next) < size)
        {
            Grow(size);
        }

        byte* block = s_next;
        s_next += size;
        if (block < s_fresh)
        {
            nuint used = (nuint)(s_fresh - block);
            SpanHelpers.Set(block, 0, used < size ? used : size);
        }

        if (s_next > s_fresh)
        {
            s_fresh = s_next;
        }

        return block;
    }

    private static void Grow(nuint size)
    {
        if (s_next == null)
        {
            byte* start = (byte*)(((nuint)User.Unix.Brk(null) + (Alignment - 1)) & ~(Alignment - 1));
            s_next = start;
            s_end = start;
            s_fresh = start;
        }

        nuint missing = size - (nuint)(s_end - s_next);
        byte* wanted = s_end + ((missing + (Step - 1)) & ~(Step - 1));
        if (size > 0x40000000 || User.Unix.Brk(wanted) < wanted)
        {
            ThrowHelper.OutOfMemory();
        }

        s_end = wanted;
    }
}
