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
#if DEBUG_CHECKS
    internal LockMap Map;
#endif

    /// <summary>Takes the lock. Any context; spins; turns preemption off.</summary>
    /// <linux>spin_lock</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Lock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Preempt.PreemptDisable(file, line);
        Acquire(0, file, line);
    }

    /// <summary>Gives the lock back.</summary>
    /// <linux>spin_unlock</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Unlock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (Release(file, line))
        {
            Preempt.PreemptEnable();
        }
    }

    /// <summary>Takes the lock if it is free. True if it was.</summary>
    /// <linux>spin_trylock</linux>
    public bool TryLock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Preempt.PreemptDisable(file, line);
#if SMP || DEBUG_CHECKS
        if (!_ticket.TryAcquire())
        {
            Preempt.PreemptEnable();
            return false;
        }
#endif
        NoteTried(file, line);
        return true;
    }

    /// <summary>Takes the lock with interrupts off on this CPU. Only where interrupts are known to be on before.</summary>
    /// <linux>spin_lock_irq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void LockIrq([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Cpu.LocalIrqDisable(file, line);
        Lock(file, line);
    }

    /// <summary>Gives the lock back and turns interrupts on.</summary>
    /// <linux>spin_unlock_irq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void UnlockIrq([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        bool released = Release(file, line);
        Cpu.LocalIrqEnable();
        if (released)
        {
            Preempt.PreemptEnable();
        }
    }

    /// <summary>Takes the lock with interrupts off on this CPU; gives the flags of before.</summary>
    /// <linux>spin_lock_irqsave</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong LockIrqSave([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ulong flags = Cpu.LocalIrqSave(file, line);
        Lock(file, line);
        return flags;
    }

    /// <summary>Gives the lock back and the interrupt flag as it was.</summary>
    /// <linux>spin_unlock_irqrestore</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void UnlockIrqRestore(ulong flags, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        bool released = Release(file, line);
        Cpu.LocalIrqRestore(flags);
        if (released)
        {
            Preempt.PreemptEnable();
        }
    }

    /// <summary>As <see cref="Lock"/>, for the second of several locks of one class: <paramref name="subclass"/> (1 to 7) tells the validator that
    /// the caller keeps an order among them, such as that of CPU numbers.</summary>
    /// <linux>spin_lock_nested</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void LockNested(int subclass, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Preempt.PreemptDisable(file, line);
        Acquire(subclass, file, line);
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
    public IrqSaveHolder IrqSaveGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => new(ref this, file, line);

    /// <summary><c>using (s_lock.Guard()) { ... }</c>: the pair Lock and Unlock as a block.</summary>
    [UnscopedRef]
    public Holder Guard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => new(ref this, file, line);

    /// <summary>Takes the lock and leaves preempt_count alone: for the scheduler, interrupts being off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void LockNoPreempt([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => Acquire(0, file, line);

    /// <summary>The same for a second lock of the class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void LockNestedNoPreempt(int subclass, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Acquire(subclass, file, line);

    /// <summary>Undoes <see cref="LockNoPreempt"/>, perhaps on the stack of another task.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void ReleaseNoPreempt([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => Release(file, line);

#if !DEBUG_CHECKS
    // The tickets are all there is of a lock. Naming the field would cost a test for null.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Acquire(int subclass, string file, int line)
    {
#if SMP
        Unsafe.As<SpinLock, TicketLock>(ref this).Acquire();
#endif
    }

    // Always true: the debug builds have a case in which it is false.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Release(string file, int line)
    {
#if SMP
        _ticket.Release();
#endif
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void NoteTried(string file, int line)
    {
    }
#endif

    /// <summary>Holds a lock with interrupts off until disposed.</summary>
    public readonly ref struct IrqSaveHolder
    {
        private readonly ref SpinLock _lock;
        private readonly ulong _flags;

        internal IrqSaveHolder(ref SpinLock spinLock, string file, int line)
        {
            _lock = ref spinLock;
            _flags = spinLock.LockIrqSave(file, line);
        }

        public void Dispose() => _lock.UnlockIrqRestore(_flags);
    }

    /// <summary>Holds a lock until disposed.</summary>
    public readonly ref struct Holder
    {
        private readonly ref SpinLock _lock;

        internal Holder(ref SpinLock spinLock, string file, int line)
        {
            _lock = ref spinLock;
            spinLock.Lock(file, line);
        }

        public void Dispose() => _lock.Unlock();
    }
}
