// HrtimerBase: the high-resolution timers of one CPU, in order.
//
// Linux: struct hrtimer_cpu_base, kernel/hrtimer.c. Any context. Lock: Lock, taken with interrupts off; nothing is taken inside it and it is not held while a
// function runs.
// Invariants: First is the leftmost node of Tree. Where the CPU's clock is in one-shot mode, it has been told to interrupt when First or the next
// tick is due, or earlier. Timers of one moment run in the order in which they were started.

namespace CSharpOS.Time;

/// <summary>One CPU's high-resolution timers.</summary>
/// <linux>hrtimer_cpu_base</linux>
internal unsafe struct HrtimerBase
{
    internal SpinLock Lock;
    internal int Cpu;
    internal RbTree Tree;
    internal Hrtimer* First;

    /// <summary>Timers that are due and wait for HRTIMER_SOFTIRQ, in order.</summary>
    internal ListHead Pending;

    /// <summary>The timers whose functions run on this CPU; one in the softirq, and above it one in the hard interrupt. Only compared: they may be free
    /// memory already.</summary>
    internal Hrtimer* RunningSoft, RunningHard;

    /// <summary>The CPU's clock interrupts when the first timer is due, not at fixed ticks.</summary>
    internal bool HighResolution;

    /// <summary>When the CPU's next tick is due, in high-resolution mode.</summary>
    internal long NextTick;

    internal int Count;
    internal ulong Expired, Interrupts;

    internal static void Init(HrtimerBase* timers, int cpu)
    {
        *timers = default;
        timers->Cpu = cpu;
        ListHead.Init(&timers->Pending);
    }

    /// <summary>Puts an inactive timer into the tree. The base is locked.</summary>
    /// <returns>True if it is the first one now.</returns>
    /// <linux>enqueue_hrtimer</linux>
    internal static bool Enqueue(HrtimerBase* timers, Hrtimer* timer)
    {
        RbNode* parent = null;
        bool left = false;
        bool first = true;
        for (RbNode* node = timers->Tree.Root; node != null; node = left ? node->Left : node->Right)
        {
            parent = node;
            left = timer->Expires < ((Hrtimer*)node)->Expires;
            first &= left;
        }

        RbTree.Insert(&timers->Tree, &timer->Node, parent, left);
        timer->State = HrtimerState.Enqueued;
        timers->Count++;
        if (first)
        {
            timers->First = timer;
        }

        return first;
    }

    /// <summary>Makes an active timer inactive. The base is locked.</summary>
    /// <returns>True if it was the first one.</returns>
    /// <linux>__remove_hrtimer</linux>
    internal static bool Dequeue(HrtimerBase* timers, Hrtimer* timer)
    {
        bool first = timers->First == timer;
        if (timer->State == HrtimerState.Pending)
        {
            ListHead.Del(&timer->Link);
        }
        else
        {
            if (first)
            {
                timers->First = (Hrtimer*)RbTree.Next(&timer->Node);
            }

            RbTree.Erase(&timers->Tree, &timer->Node);
        }

        timer->State = HrtimerState.Inactive;
        timers->Count--;
        return first;
    }
}
