// LockDemo: demo locks: a list with one lock beside a list with a lock in each node. Process context; sleeps.
//
// Two figures decide between them. The gain: how often all CPUs together can work on some node, on 1, 2 and 4 CPUs. The overhead: what one walk along the list costs
// on one CPU with nobody in the way, where the lock per node is taken and given back at every step (the next node's before the last one's is given back, so that
// no node is freed or moved underfoot).
// Locks, for this file: s_listLock alone; or two Node.Lock at once, in the order of the list.

using System.Runtime.CompilerServices;

namespace CSharpOS.Demo;

/// <summary>What a walk along the list costs, in counts of the time stamp counter.</summary>
internal struct LockCosts
{
    public ulong OneLock;
    public ulong LockPerNode;
}

internal static unsafe class LockDemo
{
    /// <summary>The nodes of the list: one for each CPU that may want one.</summary>
    internal const int Nodes = Cpu.MaxCpus;

    private const ulong Microseconds = 200_000;
    private const int Walks = 200;
    private const int NextInOrder = 1;

    private static NodeArray s_nodes;
    private static SpinLock s_listLock;
    private static ulong s_sum;

    private static Node* First => (Node*)Unsafe.AsPointer(ref s_nodes);

    /// <summary>Gain and overhead.</summary>
    /// <rows>SYNC-08</rows>
    public static int Run()
    {
        LockCosts costs = Costs();
        MonitorOutput.Write($"Overhead: a walk along {Nodes} nodes, counts of the time stamp counter: one lock {costs.OneLock}, a lock per node {costs.LockPerNode}\n");
        MonitorOutput.Write($"Gain: {SideBySide.BusyMicroseconds} us of work on a node, in {Microseconds / 1000} ms:\n");
        MonitorOutput.Write("CPUs   one lock   lock per node\n"u8);
        int error = 0;
        for (int cpus = 1; cpus <= 4 && cpus <= Smp.CpuCount && error == 0; cpus *= 2)
        {
            error = Measure(cpus, perNode: false, out SideBySideResult one);
            if (error == 0)
            {
                error = Measure(cpus, perNode: true, out SideBySideResult perNode);
                MonitorOutput.Write($"{cpus,-7}{one.Runs,-11}{perNode.Runs}\n");
            }
        }

        return error;
    }

    /// <summary>The least that a walk took in each of the two ways.</summary>
    internal static LockCosts Costs()
    {
        Make();
        LockCosts least = new() { OneLock = ulong.MaxValue, LockPerNode = ulong.MaxValue };
        for (int i = 0; i < Walks; i++)
        {
            LocalIrqDisable();
            ulong start = ReadTsc();
            WalkOneLock();
            ulong middle = ReadTsc();
            WalkLockPerNode();
            ulong end = ReadTsc();
            LocalIrqEnable();
            least.OneLock = middle - start < least.OneLock ? middle - start : least.OneLock;
            least.LockPerNode = end - middle < least.LockPerNode ? end - middle : least.LockPerNode;
        }

        return least;
    }

    /// <summary>The CPUs below <paramref name="cpus"/> work on a node each, as often as it goes.</summary>
    internal static int Measure(int cpus, bool perNode, out SideBySideResult result)
    {
        Make();
        return SideBySide.Run(cpus, perNode ? &WorkOnNode : &WorkOnList, Microseconds, out result);
    }

    /// <summary>Each once, waiting inside for the others.</summary>
    internal static int Meet(int cpus, bool perNode, out SideBySideResult result)
    {
        Make();
        return SideBySide.Meet(cpus, perNode ? &WorkOnNode : &WorkOnList, perNode ? 0 : 1000u, out result);
    }

    private static void Make()
    {
        s_listLock.Init();
        for (int i = 0; i < Nodes; i++)
        {
            Node* node = First + i;
            node->Lock.Init();
            node->Next = i + 1 < Nodes ? node + 1 : null;
            node->Value = (ulong)i;
        }
    }

    private static void WorkOnList(int cpu)
    {
        s_listLock.Lock();
        SideBySide.Busy();
        s_listLock.Unlock();
    }

    private static void WorkOnNode(int cpu)
    {
        Node* node = First + cpu;
        node->Lock.Lock();
        SideBySide.Busy();
        node->Lock.Unlock();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WalkOneLock()
    {
        ulong sum = 0;
        s_listLock.Lock();
        for (Node* node = First; node != null; node = node->Next)
        {
            sum += node->Value;
        }

        s_listLock.Unlock();
        s_sum = sum;
    }

    // Interrupts off.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WalkLockPerNode()
    {
        ulong sum = 0;
        Node* node = First;
        node->Lock.Lock();
        while (node != null)
        {
            sum += node->Value;
            Node* next = node->Next;
            if (next != null)
            {
                next->Lock.LockNested(NextInOrder);
            }

            node->Lock.Unlock();
            if (next != null)
            {
                next->Lock.HeldAlone();
            }

            node = next;
        }

        s_sum = sum;
    }

    private struct Node
    {
        public SpinLock Lock;
        public Node* Next;
        public ulong Value;
    }

    [InlineArray(Nodes)]
    private struct NodeArray
    {
        private Node _first;
    }
}
