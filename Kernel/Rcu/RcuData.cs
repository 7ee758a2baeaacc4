// RcuData: callbacks that wait for a grace period, and what a CPU knows of the current one.
//
// Linux: struct rcu_head and struct rcu_data, include/linux/rcupdate.h and rcuclassic.h. A head lies inside the object that it frees. RcuData is its
// CPU's own: Next, Count and the fields about the grace period are touched with interrupts off, Current and Done only by the CPU's RCU softirq, of
// which there is one at a time. No locks; other CPUs read single words.

namespace CSharpOS.ReadCopyUpdate;

/// <summary>A callback that waits for a grace period. Lies inside the object that is to be freed; needs no initialisation.</summary>
/// <linux>rcu_head</linux>
/// <rows>SYNC-03</rows>
public unsafe struct RcuHead
{
    internal RcuHead* Next;
    internal delegate*<RcuHead*, void> Function;
}

/// <summary>Callbacks in the order in which they were queued. All zero: none.</summary>
internal unsafe struct RcuCallbacks
{
    internal RcuHead* First;
    private RcuHead* _last;

    internal readonly bool IsEmpty => First == null;

    internal void Append(RcuHead* head)
    {
        head->Next = null;
        if (First == null)
        {
            First = head;
        }
        else
        {
            _last->Next = head;
        }

        _last = head;
    }

    /// <summary>Takes all of <paramref name="other"/>, which is empty then, to the end.</summary>
    internal void Take(ref RcuCallbacks other)
    {
        if (other.First == null)
        {
            return;
        }

        if (First == null)
        {
            First = other.First;
        }
        else
        {
            _last->Next = other.First;
        }

        _last = other._last;
        other = default;
    }
}

/// <summary>What RCU keeps for a CPU.</summary>
/// <linux>rcu_data</linux>
internal unsafe struct RcuData
{
    /// <summary>Callbacks for which no grace period has been asked yet.</summary>
    /// <linux>nxtlist</linux>
    internal RcuCallbacks Next;

    /// <summary>Those that wait for the end of grace period <see cref="Batch"/>.</summary>
    /// <linux>curlist</linux>
    internal RcuCallbacks Current;

    /// <summary>Those whose grace period is over.</summary>
    /// <linux>donelist</linux>
    internal RcuCallbacks Done;

    /// <summary>Callbacks in all three lists.</summary>
    /// <linux>qlen</linux>
    internal int Count;

    /// <summary>The grace period that <see cref="Current"/> waits for.</summary>
    /// <linux>batch</linux>
    internal int Batch;

    /// <summary>The newest grace period that this CPU has noticed.</summary>
    /// <linux>quiescbatch</linux>
    internal int Noticed;

    /// <summary>1 while that one waits for this CPU.</summary>
    /// <linux>qs_pending</linux>
    internal int QuiescentPending;

    /// <summary>1 if a tick has seen this CPU outside of all readers since.</summary>
    /// <linux>passed_quiesc</linux>
    internal int Passed;

    /// <summary>Calls of schedule on this CPU, when it noticed.</summary>
    internal ulong Schedules;

    /// <summary>Callbacks that one pass of the softirq calls beyond <see cref="Rcu.BatchLimit"/>: 0, or very many.</summary>
    /// <linux>blimit</linux>
    internal int Beyond;

    /// <summary>Callbacks called on this CPU since boot.</summary>
    internal ulong Invoked;

    /// <summary>What <see cref="Rcu.RcuBarrier"/> queues here.</summary>
    /// <linux>barrier</linux>
    internal RcuHead Barrier;
}
