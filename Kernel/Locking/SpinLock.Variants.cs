// SpinLock.Variants: the forms of the spin lock beside plain, _irq and _irqsave.
//
// Linux: include/linux/spinlock.h. Contexts as in SpinLock.cs; nothing sleeps.
// LockBh is for data that process context shares with softirqs and tasklets: interrupts stay on, bottom halves wait.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CSharpOS.Softirqs;

namespace CSharpOS.Locking;

public unsafe partial struct SpinLock
{
    /// <summary>How many wait for the lock at this moment. In UP release builds always 0.</summary>
    public int WaiterCount
    {
        get
        {
#if SMP || DEBUG_CHECKS
            return _ticket.WaiterCount;
#else
            return 0;
#endif
        }
    }

    /// <summary>Takes the lock with bottom halves off on this CPU. Process context or softirq.</summary>
    /// <linux>spin_lock_bh</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void LockBh([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        BottomHalves.LocalBhDisable();
        Lock(file, line);
    }

    /// <summary>Gives the lock back and lets bottom halves run; those that were raised meanwhile run now.</summary>
    /// <linux>spin_unlock_bh</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void UnlockBh([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (Release(file, line))
        {
            PreemptEnableNoResched();
        }

        BottomHalves.LocalBhEnable();
    }

    /// <summary>Takes the lock with bottom halves off if it is free. True if it was; else bottom halves are as before.</summary>
    /// <linux>spin_trylock_bh</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryLockBh([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        BottomHalves.LocalBhDisable();
        if (TryLock(file, line))
        {
            return true;
        }

        BottomHalves.LocalBhEnable();
        return false;
    }

    /// <summary>Takes the lock with interrupts off if it is free. True if it was; else interrupts are on.</summary>
    /// <linux>spin_trylock_irq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryLockIrq([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Cpu.LocalIrqDisable(file, line);
        if (TryLock(file, line))
        {
            return true;
        }

        Cpu.LocalIrqEnable();
        return false;
    }

    /// <summary>Takes the lock with interrupts off if it is free. True if it was, <paramref name="flags"/> being those of before; else
    /// the interrupt flag is as before.</summary>
    /// <linux>spin_trylock_irqsave</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryLockIrqSave(out ulong flags, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        flags = Cpu.LocalIrqSave(file, line);
        if (TryLock(file, line))
        {
            return true;
        }

        Cpu.LocalIrqRestore(flags);
        return false;
    }

    /// <summary>True while others wait for the lock: a hint to give it back soon.</summary>
    /// <linux>spin_is_contended</linux>
    public bool IsContended() => WaiterCount > 0;

    /// <summary>Waits until whoever holds the lock now has given it back. Does not take it: others may have by then.</summary>
    /// <linux>spin_unlock_wait</linux>
    public void UnlockWait()
    {
#if SMP || DEBUG_CHECKS
        int served = _ticket.Served;
        while (IsLocked() && _ticket.Served == served)
        {
            Cpu.CpuRelax();
        }
#endif
        Cpu.SmpMb();
    }

    /// <summary><c>using (s_lock.BhGuard()) { ... }</c>: the pair LockBh and UnlockBh as a block.</summary>
    [UnscopedRef]
    public BhHolder BhGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => new(ref this, file, line);

    /// <summary><c>using (s_lock.IrqGuard()) { ... }</c>: the pair LockIrq and UnlockIrq as a block.</summary>
    [UnscopedRef]
    public IrqHolder IrqGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => new(ref this, file, line);

    /// <summary>Holds a lock with bottom halves off until disposed.</summary>
    public readonly ref struct BhHolder
    {
        private readonly ref SpinLock _lock;

        internal BhHolder(ref SpinLock spinLock, string file, int line)
        {
            _lock = ref spinLock;
            spinLock.LockBh(file, line);
        }

        public void Dispose() => _lock.UnlockBh();
    }

    /// <summary>Holds a lock with interrupts off until disposed; then they are on.</summary>
    public readonly ref struct IrqHolder
    {
        private readonly ref SpinLock _lock;

        internal IrqHolder(ref SpinLock spinLock, string file, int line)
        {
            _lock = ref spinLock;
            spinLock.LockIrq(file, line);
        }

        public void Dispose() => _lock.UnlockIrq();
    }
}
