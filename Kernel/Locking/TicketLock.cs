// TicketLock: the word inside a spin lock, and nothing else: no preemption, no interrupt flag.
//
// Linux: raw_spinlock_t with ticket locks (2.6.25), __raw_spin_lock. Two 16-bit halves of one word: the next ticket to hand out and the ticket
// being served. A taker adds one to "next" and waits until "serving" shows its number, so waiters are served in order of arrival.
// Any context. The schedule explorer replaces this file by a lock that it knows as one, and explores this one by itself.

using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

/// <summary>Tickets. Zero is unlocked.</summary>
/// <linux>raw_spinlock_t</linux>
internal unsafe struct TicketLock
{
    private const int TicketShift = 16;
    private const int TicketOne = 1 << TicketShift;

    private int _tickets;

    /// <summary>True while somebody holds it.</summary>
    /// <linux>__raw_spin_is_locked</linux>
    public bool IsLocked
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            int tickets = Shared.ReadOnce(ref _tickets);
            return (ushort)(tickets >> TicketShift) != (ushort)tickets;
        }
    }

    /// <summary>How many wait for it at this moment.</summary>
    public int WaiterCount
    {
        get
        {
            int tickets = Shared.ReadOnce(ref _tickets);
            int taken = (ushort)((tickets >> TicketShift) - tickets);
            return taken > 1 ? taken - 1 : 0;
        }
    }

    /// <summary>The ticket being served: another number, another holder.</summary>
    public int Served => (ushort)Shared.ReadOnce(ref _tickets);

    /// <summary>Takes it; spins.</summary>
    /// <linux>__raw_spin_lock</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Acquire()
    {
        // Equal halves before: nobody holds it and nobody waits.
        int before = Shared.AddReturn(ref Unsafe.As<TicketLock, int>(ref this), TicketOne) - TicketOne;
        if (before != (int)System.Numerics.BitOperations.RotateLeft((uint)before, TicketShift))
        {
            Wait((ushort)(before >> TicketShift));
        }
    }

    /// <summary>Takes it if it is free; true if it was.</summary>
    /// <linux>__raw_spin_trylock</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAcquire()
    {
        int tickets = Shared.ReadOnce(ref _tickets);
        return (ushort)(tickets >> TicketShift) == (ushort)tickets
            && Shared.CompareExchange(ref _tickets, tickets + TicketOne, tickets) == tickets;
    }

    /// <summary>Gives it back.</summary>
    /// <linux>__raw_spin_unlock</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release() =>
        // Only the holder changes the lower half, so it needs no locked instruction: a 16-bit store that no waiter's add can tear.
        Shared.IncrementLow16(ref _tickets);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Wait(ushort ticket)
    {
        void* self = Unsafe.AsPointer(ref this);
        TracePoints.ContentionBegin(self);
        while ((ushort)Shared.ReadOnce(ref _tickets) != ticket)
        {
            Cpu.CpuRelax();
        }

        TracePoints.ContentionEnd(self);
    }
}
