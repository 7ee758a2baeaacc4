// ManagedHeap: the memory behind `new` in a user program. The user-side counterpart of Kernel/Runtime/ManagedHeap.cs.
//
// Blocks come from the program break, in steps of 64 KB, one behind the other. Nothing collects them: the end of the program gives
// everything back, and that is enough for most programs. One that runs for long (the shell, top) works in rounds: between BeginRound and
// EndRound objects come from a region of their own, which the next round uses again. What is to outlive the round is made while Keep(true)
// holds. A round that needs more than the region takes the rest from the break for good. Every block is zero and 16-byte aligned. One
// thread.

using System;

namespace CSharpOS.Runtime;

/// <summary>The memory of managed objects.</summary>
public static unsafe class ManagedHeap
{
    private const nuint Alignment = 16;
    private const nuint Step = 65536;
    private const nuint RoundSize = 65536;

    private static byte* s_next;
    private static byte* s_end;
    private static byte* s_round;
    private static byte* s_roundNext;
    private static byte* s_roundUsed;
    private static bool s_inRound;

    /// <summary>From here on objects live until <see cref="EndRound"/>.</summary>
    public static void BeginRound()
    {
        if (s_round == null)
        {
            s_round = (byte*)AllocateForGood(RoundSize);
            s_roundUsed = s_round;
        }

        s_roundNext = s_round;
        s_inRound = true;
    }

    /// <summary>Takes back every object of the round: none may be used any more.</summary>
    public static void EndRound() => s_inRound = false;

    /// <summary>Says whether objects made from here on outlive the round; gives what held before, to be put back.</summary>
    public static bool Keep(bool keep)
    {
        bool before = !s_inRound;
        s_inRound = !keep && s_round != null;
        return before;
    }

    /// <summary>A zeroed block. Running out ends the program.</summary>
    internal static void* Allocate(nuint size)
    {
        size = (size + (Alignment - 1)) & ~(Alignment - 1);
        if (!s_inRound || size > RoundSize - (nuint)(s_roundNext - s_round))
        {
            return AllocateForGood(size);
        }

        // Memory of the region is zero until a round has used it.
        byte* block = s_roundNext;
        s_roundNext += size;
        if (block < s_roundUsed)
        {
            nuint used = (nuint)(s_roundUsed - block);
            SpanHelpers.Set(block, 0, used < size ? used : size);
        }

        if (s_roundNext > s_roundUsed)
        {
            s_roundUsed = s_roundNext;
        }

        return block;
    }

    private static void* AllocateForGood(nuint size)
    {
        if ((nuint)(s_end - s_next) < size)
        {
            Grow(size);
        }

        byte* block = s_next;
        s_next += size;
        return block;
    }

    private static void Grow(nuint size)
    {
        if (s_next == null)
        {
            byte* start = (byte*)(((nuint)User.Unix.Brk(null) + (Alignment - 1)) & ~(Alignment - 1));
            s_next = start;
            s_end = start;
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
