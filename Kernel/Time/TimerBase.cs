// TimerBase: the timers of one CPU, sorted coarsely by the tick at which they are due.
//
// Linux: struct tvec_base, kernel/timer.c (2.6). Lock: Lock, taken with interrupts off; no other lock is taken inside it, and it is never held while a
// timer's function runs. Any context.
// The wheel has five groups of slots. The first has a slot for each of the next 256 ticks; each slot of the next one holds 256 ticks, then 2^14,
// 2^20 and 2^26: together 32 bits, all that jiffies has. A timer goes into the slot of its tick in the finest group that reaches so
// far. Whenever a group has been gone through once, the next slot of the group above it is emptied into the finer ones (Cascade). So adding and
// removing are a few instructions however many timers there are, and each timer is moved at most four times.
// Invariants: Next is the first tick that has not been served; a timer in the first group is due at the next tick whose low byte is its
// slot's number, one in a higher group at Next + 256 or later.

using System.Runtime.CompilerServices;

namespace CSharpOS.Time;

/// <summary>One CPU's timer wheel.</summary>
/// <linux>tvec_base</linux>
/// <rows>TIME-03</rows>
internal unsafe struct TimerBase
{
    internal const int RootBits = 8, GroupBits = 6, UpperGroups = 4;
    internal const uint RootSlots = 1 << RootBits, GroupSlots = 1 << GroupBits;

    // How many ticks a slot of the upper groups holds: 2 to the power of this.
    private const int Shift1 = RootBits, Shift2 = Shift1 + GroupBits, Shift3 = Shift2 + GroupBits, Shift4 = Shift3 + GroupBits;

    // An emptied slot may hold any number of timers: interrupts get in after so many of them.
    private const int CascadeBatch = 32;

    internal SpinLock Lock;

    /// <summary>The number of the CPU.</summary>
    internal int Cpu;

    /// <summary>Active timers.</summary>
    internal int Count;

    /// <summary>The first tick that has not been served.</summary>
    internal uint Next;

    /// <summary>The timer whose function runs on this CPU, or null. Only compared: it may be free memory already.</summary>
    internal TimerList* Running;

    /// <summary>Functions called since boot.</summary>
    internal ulong Expired;

    /// <summary>Timers moved from a coarser group to a finer one since boot.</summary>
    internal ulong Cascaded;

    /// <summary>The timers of the tick that is being served. A list of its own: what is armed meanwhile for 256 ticks later uses the same slot.</summary>
    internal ListHead Due;

    private Slots _slots;

    /// <summary>How many slots there are.</summary>
    internal const int SlotCount = (int)(RootSlots + (UpperGroups * GroupSlots));

    /// <summary>Makes the wheel of CPU <paramref name="cpu"/> empty.</summary>
    internal static void Init(TimerBase* timers, int cpu)
    {
        *timers = default;
        timers->Lock.Init();
        timers->Cpu = cpu;
        timers->Next = Jiffies;
        ListHead.Init(&timers->Due);
        for (int i = 0; i < SlotCount; i++)
        {
            ListHead.Init(Slot(timers, i));
        }
    }

    /// <summary>Slot <paramref name="index"/> of all, the finest group first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ListHead* Slot(TimerBase* timers, int index) => (ListHead*)&timers->_slots + index;

    /// <summary>Puts a timer that is in no list into the slot of its tick, behind those that were there before. The base is locked.</summary>
    /// <linux>internal_add_timer</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Insert(TimerBase* timers, TimerList* timer)
    {
        uint expires = timer->Expires;
        uint distance = expires - timers->Next;
        uint slot;
        if (distance < RootSlots)
        {
            slot = expires % RootSlots;
        }
        else if ((int)distance < 0)
        {
            // Its tick is over: at the next one.
            slot = timers->Next % RootSlots;
        }
        else if (distance < 1u << Shift2)
        {
            slot = RootSlots + ((expires >> Shift1) % GroupSlots);
        }
        else if (distance < 1u << Shift3)
        {
            slot = RootSlots + GroupSlots + ((expires >> Shift2) % GroupSlots);
        }
        else if (distance < 1u << Shift4)
        {
            slot = RootSlots + (2 * GroupSlots) + ((expires >> Shift3) % GroupSlots);
        }
        else
        {
            slot = RootSlots + (3 * GroupSlots) + (expires >> Shift4);
        }

        ListHead.AddTail(&timer->Link, Slot(timers, (int)slot));
    }

    /// <summary>Takes an active timer out of its slot and leaves its link as it is. The base is locked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Unlink(TimerList* timer)
    {
        ListHead* next = timer->Link.Next;
        ListHead* previous = timer->Link.Prev;
        next->Prev = previous;
        previous->Next = next;
    }

    /// <summary>Makes an active timer inactive. The base is locked.</summary>
    /// <linux>detach_timer</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Detach(TimerBase* timers, TimerList* timer)
    {
        Unlink(timer);
        Shared.WriteOnce(&timer->Link.Next, null);
        timers->Count--;
    }

    /// <summary>At a tick whose low byte is zero: brings the timers of the next 256 ticks into the first group, and what is further up closer. The base is
    /// locked, interrupts are off; both are given up for a moment now and then.</summary>
    /// <linux>cascade</linux>
    internal static void Cascade(TimerBase* timers)
    {
        uint tick = timers->Next;
        int group = (int)RootSlots;
        for (int shift = RootBits; shift < 32; shift += GroupBits, group += (int)GroupSlots)
        {
            uint index = (tick >> shift) % GroupSlots;
            Empty(timers, Slot(timers, group + (int)index));
            if (index != 0)
            {
                return;
            }
        }
    }

    // Every timer of the slot is due less than one turn of the finer groups from now, so none comes back to it, neither from here nor
    // from somebody who arms one while the lock is free.
    private static void Empty(TimerBase* timers, ListHead* slot)
    {
        for (int moved = 1; !ListHead.Empty(slot); moved++)
        {
            var timer = (TimerList*)slot->Next;
            Unlink(timer);
            Insert(timers, timer);
            timers->Cascaded++;
            if (moved % CascadeBatch == 0)
            {
                timers->Lock.UnlockIrq();
                timers->Lock.LockIrq();
            }
        }
    }

    [InlineArray(SlotCount)]
    private struct Slots
    {
        private ListHead _first;
    }
}
