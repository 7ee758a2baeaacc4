// LockGraph: the orders in which locks have been taken, and the search for ways through them.
//
// Linux: lock_list, lock_chain, check_noncircular (kernel/lockdep.c), in a design of our own. A node is a class, an edge A -> B says that B was
// taken while A was held. An edge knows how A was held (alone or shared) and how B was wanted (by a reader that may recurse, or not): a
// recursing reader does not wait for one who holds the lock shared, so a way that arrives at a class as such a reader and leaves it as a
// sharing holder is no way. Searches therefore walk over pairs (class, how it was reached).
// Lock: s_busy, a raw word, innermost of all, interrupts off; it guards the graph, the classes and the traces. The table of known chains is only
// ever added to and is read without it.

using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

#if DEBUG_CHECKS
/// <summary>What a search looks for.</summary>
internal enum MatchRule
{
    /// <summary>The class Match.Target.</summary>
    Target,

    /// <summary>A class that handlers take.</summary>
    Safe,

    /// <summary>A class that is held while handlers can come.</summary>
    Unsafe,
}

/// <summary>The graph.</summary>
internal static unsafe partial class LockGraph
{
    internal const int MaxEdges = 4096;
    private const int MaxNodes = 2 * LockClasses.Max;

    private static int s_busy;
    private static int s_edgeCount;
    private static uint s_generation;
    private static Edges s_edges;
    private static Nodes s_nodes;
    private static Queue s_queue;

    internal static int EdgeCount => s_edgeCount;

    internal static void Init()
    {
        s_busy = 0;
        s_edgeCount = 0;
        s_generation = 0;
        s_nodes = default;
        InitChains();
    }

    /// <summary>Locks the graph. Interrupts are off.</summary>
    internal static void Enter()
    {
        while (Shared.CompareExchange(ref s_busy, 1, 0) != 0)
        {
            CpuRelax();
        }
    }

    internal static void Leave() => Shared.WriteOnce(ref s_busy, 0);

    internal static Edge* EdgeAt(int number) => (Edge*)Unsafe.AsPointer(ref s_edges) + number;

    /// <summary>The edge from one class to another, 0 if there is none.</summary>
    internal static int FindEdge(int from, int to)
    {
        int number = LockClasses.Of(from)->After;
        while (number != 0 && EdgeAt(number)->To != to)
        {
            number = EdgeAt(number)->NextAfter;
        }

        return number;
    }

    /// <summary>Adds the order, or a new way of it.</summary>
    internal static void AddEdge(int from, int to, int way)
    {
        int number = FindEdge(from, to);
        if (number != 0)
        {
            EdgeAt(number)->Ways |= 1 << way;
            return;
        }

        if (s_edgeCount + 1 >= MaxEdges)
        {
            LockValidator.OutOfRoom("lock orders"u8);
            return;
        }

        number = ++s_edgeCount;
        LockClass* first = LockClasses.Of(from);
        LockClass* second = LockClasses.Of(to);
        *EdgeAt(number) = new Edge
        {
            From = from,
            To = to,
            Ways = 1 << way,
            NextAfter = first->After,
            NextBefore = second->Before,
            Trace = LockTraces.Here(),
        };
        first->After = number;
        second->Before = number;
    }

    /// <summary>How the order from one held lock to the next is taken: bit 1 the first is held shared, bit 0 the second is wanted by a
    /// recursing reader.</summary>
    internal static int WayOf(LockKind first, LockKind second) =>
        (first != LockKind.Exclusive ? 2 : 0) | (second == LockKind.RecursiveRead ? 1 : 0);

    /// <summary>Breadth first, so the way found is a shortest one: from <paramref name="start"/> along the orders, or against them.</summary>
    /// <param name="start">A class.</param>
    /// <param name="state">Forward: it is wanted by a recursing reader. Backward: it is held shared.</param>
    /// <param name="forward">The direction.</param>
    /// <param name="match">What to look for, and what was found.</param>
    internal static bool Search(int start, bool state, bool forward, ref Match match)
    {
        s_generation++;
        int head = 0;
        int tail = 0;
        Reach(start, state, 0, 0, ref tail);
        while (head < tail)
        {
            int node = s_queue[head++];
            int number = node >> 1;
            bool loose = (node & 1) != 0;
            if (Fits(number, loose, forward, ref match))
            {
                match.Node = node;
                return true;
            }

            LockClass* here = LockClasses.Of(number);
            for (int edge = forward ? here->After : here->Before; edge != 0;)
            {
                Edge* e = EdgeAt(edge);
                if (Step(e->Ways, loose, forward, out bool next))
                {
                    Reach(forward ? e->To : e->From, next, node, edge, ref tail);
                }

                edge = forward ? e->NextAfter : e->NextBefore;
            }
        }

        return false;
    }

    /// <summary>The edge by which the last search came to <paramref name="node"/>, and from which node; 0 at its start.</summary>
    internal static int CameBy(int node, out int previous)
    {
        previous = NodeAt(node)->Previous;
        return NodeAt(node)->Edge;
    }

    // Can one go on over this edge, and how is the class behind it reached at worst? The strict way allows all that the loose one does.
    private static bool Step(int ways, bool loose, bool forward, out bool next)
    {
        next = true;
        bool possible = false;
        for (int way = 0; way < 4; way++)
        {
            bool near = (forward ? way & 2 : way & 1) != 0;
            bool far = (forward ? way & 1 : way & 2) != 0;
            if ((ways & (1 << way)) != 0 && !(loose && near))
            {
                possible = true;
                next &= far;
            }
        }

        return possible;
    }

    private static bool Fits(int number, bool loose, bool forward, ref Match match)
    {
        int usage = LockClasses.Of(number)->Usage >> match.Shift;
        switch (match.Rule)
        {
            case MatchRule.Target:
                return number == match.Target && !(loose && match.TargetShared);
            case MatchRule.Safe:
                return (usage & (int)LockUsage.InHardirq) != 0 || ((usage & (int)LockUsage.InHardirqRead) != 0 && !loose);
            default:
                return (usage & (int)LockUsage.HardirqsOn) != 0 || ((usage & (int)LockUsage.HardirqsOnRead) != 0 && !loose);
        }
    }

    private static void Reach(int number, bool loose, int previous, int edge, ref int tail)
    {
        int node = (number << 1) | (loose ? 1 : 0);
        if (NodeAt(number << 1)->Generation == s_generation || NodeAt(node)->Generation == s_generation)
        {
            return;
        }

        *NodeAt(node) = new Node { Generation = s_generation, Previous = previous, Edge = edge };
        s_queue[tail++] = node;
    }

    private static Node* NodeAt(int node) => (Node*)Unsafe.AsPointer(ref s_nodes) + node;

    /// <summary>An order that was seen.</summary>
    internal struct Edge
    {
        public int From, To;

        /// <summary>Bit n: it was seen in way n (<see cref="WayOf"/>).</summary>
        public int Ways;
        public int NextAfter, NextBefore;

        /// <summary>Where the second was taken when the order was first seen.</summary>
        public int Trace;
    }

    /// <summary>What a search looks for, and finds.</summary>
    internal struct Match
    {
        public MatchRule Rule;
        public int Target;
        public bool TargetShared;

        /// <summary>Moves the usage bits to the kind of interrupt in question.</summary>
        public int Shift;

        /// <summary>What was found: the class, twice, plus how it was reached.</summary>
        public int Node;
    }

    private struct Node
    {
        public uint Generation;
        public int Previous;
        public int Edge;
    }

    [InlineArray(MaxEdges)]
    private struct Edges
    {
        private Edge _first;
    }

    [InlineArray(MaxNodes)]
    private struct Nodes
    {
        private Node _first;
    }

    [InlineArray(MaxNodes)]
    private struct Queue
    {
        private int _first;
    }
}
#endif
