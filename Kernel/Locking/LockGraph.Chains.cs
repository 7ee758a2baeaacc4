// LockGraph.Chains: sequences of held classes that have been checked, and the check of a new one.
//
// Linux: lookup_chain_cache, check_prevs_add. Interrupts off. The table is open addressed and only added to; when it is three quarters full new
// chains are checked every time, which costs time and nothing else.

using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

#if DEBUG_CHECKS
internal static unsafe partial class LockGraph
{
    private const int ChainSlots = 8192;

    private static Chains s_chains;
    private static int s_chainCount;

    /// <summary>Chains that have been checked.</summary>
    internal static int ChainCount => s_chainCount;

    private static void InitChains()
    {
        s_chains = default;
        s_chainCount = 0;
    }

    /// <summary>The hash of a chain with one more lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Extend(ulong chain, ref HeldLock taken)
    {
        ulong mixed = (chain ^ (((ulong)taken.Class << 8) | ((ulong)taken.Kind << 4) | taken.Context)) * 0x9e3779b97f4a7c15;
        return mixed ^ (mixed >> 29);
    }

    /// <summary>True if this chain has been checked. Without the lock.</summary>
    internal static bool ChainKnown(ulong chain)
    {
        for (uint slot = Slot(chain); ; slot = (slot + 1) % ChainSlots)
        {
            ulong there = Shared.ReadOnce(ref *ChainAt(slot));
            if (there == chain || there == 0)
            {
                return there != 0;
            }
        }
    }

    /// <summary>Checks the orders that taking <paramref name="taken"/> makes, learns them, and remembers the chain.</summary>
    internal static void CheckChain(HeldLocks* held, ref HeldLock taken, ulong chain)
    {
        Enter();
        if (LockValidator.Armed && Learn(held, ref taken))
        {
            Remember(chain);
        }

        Leave();
    }

    // Behind the last lock that was waited for, the earlier ones follow from orders that are known; unless that one is held by a recursing
    // reader, over which not every way goes on.
    private static bool Learn(HeldLocks* held, ref HeldLock taken)
    {
        for (int i = held->Depth - 1; i >= 0; i--)
        {
            HeldLock* before = HeldLocks.At(held, i);
            if (before->Context != taken.Context)
            {
                break;
            }

            if (before->Class == 0 || before->Class == taken.Class)
            {
                continue;
            }

            if (!LearnOrder(held, ref taken, before))
            {
                return false;
            }

            if ((before->Flags & HeldFlags.TryLock) == 0 && before->Kind != LockKind.RecursiveRead)
            {
                break;
            }
        }

        return true;
    }

    private static bool LearnOrder(HeldLocks* held, ref HeldLock taken, HeldLock* before)
    {
        int way = WayOf(before->Kind, taken.Kind);
        int known = FindEdge(before->Class, taken.Class);
        if (known != 0 && (EdgeAt(known)->Ways & (1 << way)) != 0)
        {
            return true;
        }

        Match match = new() { Rule = MatchRule.Target, Target = before->Class, TargetShared = before->Kind != LockKind.Exclusive };
        if (Search(taken.Class, taken.Kind == LockKind.RecursiveRead, forward: true, ref match))
        {
            LockValidator.OrderWouldDeadlock(held, ref taken, before, ref match);
            return false;
        }

        if (!LockValidator.CheckOrder(held, ref taken, before, 0) || !LockValidator.CheckOrder(held, ref taken, before, LockValidator.ToSoftirqs))
        {
            return false;
        }

        AddEdge(before->Class, taken.Class, way);
        return true;
    }

    private static void Remember(ulong chain)
    {
        if (s_chainCount >= ChainSlots / 4 * 3)
        {
            return;
        }

        uint slot = Slot(chain);
        while (*ChainAt(slot) != 0)
        {
            if (*ChainAt(slot) == chain)
            {
                return;
            }

            slot = (slot + 1) % ChainSlots;
        }

        s_chainCount++;
        Shared.WriteOnce(ref *ChainAt(slot), chain);
    }

    private static uint Slot(ulong chain) => (uint)(chain >> 40) % ChainSlots;

    private static ulong* ChainAt(uint slot) => (ulong*)Unsafe.AsPointer(ref s_chains) + slot;

    [InlineArray(ChainSlots)]
    private struct Chains
    {
        private ulong _first;
    }
}
#endif
