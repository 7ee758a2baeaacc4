// SpinLock: mutual exclusion for short stretches, fair, usable in every context.
//
// Linux: spinlock_t. The word that excludes is a TicketLock; this adds the control of preemption and of interrupts.
// Holding one means preemption is off: never sleep. A lock that a handler takes must be taken with interrupts off everywhere else.
// UP builds (no SMP constant) keep only the preemption and interrupt control; there nobody can wait for anybody.
// This file: the plain, _irq and _irqsave forms. SpinLock.Variants.cs: _bh, the other trylocks, what one can ask of a lock.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

/// <summary>A spin lock. Zero is unlocked, so a static or zeroed one is ready for use.</summary>
/// <linux>spinlock_t</linux>
/// <rows>SYNC-02</rows>
public unsafe partial struct SpinLock
{
#if SMP || DEBUG_CHECKS
    private TicketLock _ticket;
#endif

    /// <summary>Takes the lock. Any context; spins; turns preemption off.</summary>
    /// <linux>spin_lock</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Lock()
    {
        Preempt.PreemptDisable();
        Acquire();
    }

    /// <summary>Gives the lock back.</summary>
    /// <linux>spin_unlock</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Unlock()
    {
        Release();
        Preempt.PreemptEnable();
    }

    /// <summary>Takes the lock if it is free. True if it was.</summary>
    /// <linux>spin_trylock</linux>
    public bool TryLock()
    {
        Preempt.PreemptDisable();
#if SMP || DEBUG_CHECKS
        if (!_ticket.TryAcquire())
        {
            Preempt.PreemptEnable();
            return false;
        }
#endif

        return true;
    }

    /// <summary>Takes the lock with interrupts off on this CPU. Only where interrupts are known to be on before.</summary>
    /// <linux>spin_lock_irq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void LockIrq()
    {
        Cpu.LocalIrqDisable();
        Lock();
    }

    /// <summary>Gives the lock back and turns interrupts on.</summary>
    /// <linux>spin_unlock_irq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void UnlockIrq()
    {
        Release();
        Cpu.LocalIrqEnable();
        Preempt.PreemptEnable();
    }

    /// <summary>Takes the lock with interrupts off on this CPU; gives the flags of before.</summary>
    /// <linux>spin_lock_irqsave</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong LockIrqSave()
    {
        ulong flags = Cpu.LocalIrqSave();
        Lock();
        return flags;
    }

    /// <summary>Gives the lock back and the interrupt flag as it was.</summary>
    /// <linux>spin_unlock_irqrestore</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void UnlockIrqRestore(ulong flags)
    {
        Release();
        Cpu.LocalIrqRestore(flags);
        Preempt.PreemptEnable();
    }

    /// <summary>True while somebody holds the lock. In UP release builds always false.</summary>
    /// <linux>spin_is_locked</linux>
    public bool IsLocked()
    {
#if SMP || DEBUG_CHECKS
        return _ticket.IsLocked;
#else
        return false;
#endif
    }

    /// <summary><c>using (s_lock.IrqSaveGuard()) { ... }</c>: the pair LockIrqSave and UnlockIrqRestore as a block.</summary>
    [UnscopedRef]
    public IrqSaveHolder IrqSaveGuard() => new(ref this);

    /// <summary><c>using (s_lock.Guard()) { ... }</c>: the pair Lock and Unlock as a block.</summary>
    [UnscopedRef]
    public Holder Guard() => new(ref this);

    /// <summary>Takes the lock and leaves preempt_count alone: for the scheduler, interrupts being off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void LockNoPreempt() => Acquire();

    /// <summary>Undoes <see cref="LockNoPreempt"/>, perhaps on the stack of another task.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void ReleaseNoPreempt() => Release();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Acquire()
    {
#if SMP || DEBUG_CHECKS
        _ticket.Acquire();
#endif
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Release()
    {
#if DEBUG_CHECKS
        if (!IsLocked())
        {
            LockReport.NotHeld("spin lock"u8);
            return;
        }
#endif
#if SMP || DEBUG_CHECKS
        _ticket.Release();
#endif
    }

    /// <summary>Holds a lock with interrupts off until disposed.</summary>
    public readonly ref struct IrqSaveHolder
    {
        private readonly ref SpinLock _lock;
        private readonly ulong _flags;

        internal IrqSaveHolder(ref SpinLock spinLock)
        {
            _lock = ref spinLock;
            _flags = spinLock.LockIrqSave();
        }

        public void Dispose() => _lock.UnlockIrqRestore(_flags);
    }

    /// <summary>Holds a lock until disposed.</summary>
    public readonly ref struct Holder
    {
        private readonly ref SpinLock _lock;

        internal Holder(ref SpinLock spinLock)
        {
            _lock = ref spinLock;
            spinLock.Lock();
        }

        public void Dispose() => _lock.Unlock();
    }
}
