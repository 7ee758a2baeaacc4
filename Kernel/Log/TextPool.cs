// TextPool: the buffers in which messages are put together.
//
// Linux: printk_buf. Any context, NMI included; never sleeps, never allocates, no lock: a word of 32 bits, one per buffer, changed
// by compare-exchange only. A claim may be interrupted by a claim; whoever wins the compare-exchange has the buffer.
// Invariants: a set bit belongs to exactly one TextHandler, from its constructor to Release. It does not matter on which CPU the
// owner runs or whether it sleeps in between: buffers belong to handlers, not to CPUs. The last buffers are kept for oops and panic, so
// that a report is possible when everything else is in use. An oops may end a function in the middle of a message: it gives back the
// buffers whose handlers lie in frames that are gone (ReclaimDead); that is why a buffer knows the address of its handler.

using System.Runtime.CompilerServices;

namespace CSharpOS.Log;

/// <summary>Lends buffers to <see cref="TextHandler"/>.</summary>
internal static unsafe class TextPool
{
    /// <summary>Bytes of a message at most; more is cut.</summary>
    public const int BufferSize = 1024;

    /// <summary>No buffer: the text is lost.</summary>
    public const int None = -1;

    private const int Count = 32;
    private const int KeptForOops = 4;

    private static int s_claimed;
    private static int s_exhausted;
    private static Storage s_storage;
    private static Owners s_owners;

    /// <summary>How often a message found no buffer.</summary>
    public static int Exhausted => Shared.ReadOnce(ref s_exhausted);

    /// <summary>Buffers in use.</summary>
    public static int InUse => System.Numerics.BitOperations.PopCount((uint)Shared.ReadOnce(ref s_claimed));

    public static void Init()
    {
        s_claimed = 0;
        s_exhausted = 0;
        s_owners = default;
    }

    /// <summary>A buffer's number, or <see cref="None"/>. <paramref name="owner"/> is the address of the handler that will hold
    /// it.</summary>
    public static int Claim(nuint owner)
    {
        int slot = TryClaim(owner);
        if (slot == None)
        {
            Shared.AddReturn(ref s_exhausted, 1);
        }

        return slot;
    }

    /// <summary>The memory of buffer <paramref name="slot"/>; empty for <see cref="None"/>.</summary>
    public static Span<byte> Buffer(int slot)
    {
        if (slot == None)
        {
            return default;
        }

        return new Span<byte>((byte*)Unsafe.AsPointer(ref s_storage) + (slot * BufferSize), BufferSize);
    }

    public static void Free(int slot)
    {
        if (slot != None)
        {
            s_owners[slot] = 0;
            Shared.ClearBit(slot, ref s_claimed);
        }
    }

    /// <summary>Frees the buffers whose owners lie on the stack of <paramref name="task"/> below <paramref name="frame"/>: an oops has
    /// ended the functions down there.</summary>
    public static void ReclaimDead(TaskStruct* task, nuint frame)
    {
        if (task == null || task->Stack == null)
        {
            return;
        }

        for (int slot = 0; slot < Count; slot++)
        {
            nuint owner = s_owners[slot];
            if (owner >= (nuint)task->Stack && owner < frame && owner < (nuint)task->Stack + AsmOffsets.THREAD_SIZE)
            {
                Free(slot);
            }
        }
    }

    private static int TryClaim(nuint owner)
    {
        int usable = KernelLog.OopsInProgress ? Count : Count - KeptForOops;
        int claimed = Shared.ReadOnce(ref s_claimed);
        while (true)
        {
            int slot = System.Numerics.BitOperations.TrailingZeroCount(~(uint)claimed);
            if (slot >= usable)
            {
                return None;
            }

            int before = Shared.CompareExchange(ref s_claimed, claimed | (1 << slot), claimed);
            if (before == claimed)
            {
                s_owners[slot] = owner;
                return slot;
            }

            claimed = before;
        }
    }

    [InlineArray(Count * BufferSize)]
    private struct Storage
    {
        private byte _first;
    }

    [InlineArray(Count)]
    private struct Owners
    {
        private nuint _first;
    }
}
