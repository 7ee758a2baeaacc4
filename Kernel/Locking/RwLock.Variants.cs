// RwLock.Variants: the _bh, _irq and _irqsave forms of the reader-writer spin lock, and the guards.
//
// Linux: include/linux/spinlock.h. Contexts as in RwLock.cs; nothing sleeps.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CSharpOS.Softirqs;

namespace CSharpOS.Locking;

public unsafe partial struct RwLock
{
    /// <summary>Takes the lock for reading with bottom halves off on this CPU.</summary>
    /// <linux>read_lock_bh</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReadLockBh()
    {
        BottomHalves.LocalBhDisable();
        ReadLock();
    }

    /// <summary>Undoes <see cref="ReadLockBh"/>.</summary>
    /// <linux>read_unlock_bh</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReadUnlockBh()
    {
        ReleaseRead();
        PreemptEnableNoResched();
        BottomHalves.LocalBhEnable();
    }

    /// <summary>Takes the lock for reading with interrupts off on this CPU. Only where they are known to be on before.</summary>
    /// <linux>read_lock_irq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReadLockIrq()
    {
        Cpu.LocalIrqDisable();
        ReadLock();
    }

    /// <summary>Gives the lock back and turns interrupts on.</summary>
    /// <linux>read_unlock_irq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReadUnlockIrq()
    {
        ReleaseRead();
        Cpu.LocalIrqEnable();
        PreemptEnable();
    }

    /// <summary>Takes the lock for reading with interrupts off on this CPU; gives the flags of before.</summary>
    /// <linux>read_lock_irqsave</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ReadLockIrqSave()
    {
        ulong flags = Cpu.LocalIrqSave();
        ReadLock();
        return flags;
    }

    /// <summary>Gives the lock back and the interrupt flag as it was.</summary>
    /// <linux>read_unlock_irqrestore</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReadUnlockIrqRestore(ulong flags)
    {
        ReleaseRead();
        Cpu.LocalIrqRestore(flags);
        PreemptEnable();
    }

    /// <summary>Takes the lock for writing with bottom halves off on this CPU.</summary>
    /// <linux>write_lock_bh</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteLockBh()
    {
        BottomHalves.LocalBhDisable();
        WriteLock();
    }

    /// <summary>Undoes <see cref="WriteLockBh"/>.</summary>
    /// <linux>write_unlock_bh</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteUnlockBh()
    {
        ReleaseWrite();
        PreemptEnableNoResched();
        BottomHalves.LocalBhEnable();
    }

    /// <summary>Takes the lock for writing with interrupts off on this CPU. Only where they are known to be on before.</summary>
    /// <linux>write_lock_irq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteLockIrq()
    {
        Cpu.LocalIrqDisable();
        WriteLock();
    }

    /// <summary>Gives the lock back and turns interrupts on.</summary>
    /// <linux>write_unlock_irq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteUnlockIrq()
    {
        ReleaseWrite();
        Cpu.LocalIrqEnable();
        PreemptEnable();
    }

    /// <summary>Takes the lock for writing with interrupts off on this CPU; gives the flags of before.</summary>
    /// <linux>write_lock_irqsave</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong WriteLockIrqSave()
    {
        ulong flags = Cpu.LocalIrqSave();
        WriteLock();
        return flags;
    }

    /// <summary>Gives the lock back and the interrupt flag as it was.</summary>
    /// <linux>write_unlock_irqrestore</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteUnlockIrqRestore(ulong flags)
    {
        ReleaseWrite();
        Cpu.LocalIrqRestore(flags);
        PreemptEnable();
    }

    /// <summary>ReadLock and its counterpart as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadHolder ReadGuard() => new(ref this, LockForm.Plain);

    /// <summary>ReadLockBh and its counterpart as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadHolder ReadBhGuard() => new(ref this, LockForm.Bh);

    /// <summary>ReadLockIrq and its counterpart as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadHolder ReadIrqGuard() => new(ref this, LockForm.Irq);

    /// <summary>ReadLockIrqSave and its counterpart as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadHolder ReadIrqSaveGuard() => new(ref this, LockForm.IrqSave);

    /// <summary>WriteLock and its counterpart as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WriteHolder WriteGuard() => new(ref this, LockForm.Plain);

    /// <summary>WriteLockBh and its counterpart as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WriteHolder WriteBhGuard() => new(ref this, LockForm.Bh);

    /// <summary>WriteLockIrq and its counterpart as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WriteHolder WriteIrqGuard() => new(ref this, LockForm.Irq);

    /// <summary>WriteLockIrqSave and its counterpart as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WriteHolder WriteIrqSaveGuard() => new(ref this, LockForm.IrqSave);

    /// <summary>Holds a lock for reading until disposed.</summary>
    public readonly ref struct ReadHolder
    {
        private readonly ref RwLock _lock;
        private readonly ulong _flags;
        private readonly LockForm _form;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal ReadHolder(ref RwLock rwLock, LockForm form)
        {
            _lock = ref rwLock;
            _form = form;
            _flags = LockContext.Enter(form);
            rwLock.ReadLock();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose()
        {
            _lock.ReleaseRead();
            LockContext.Leave(_form, _flags);
        }
    }

    /// <summary>Holds a lock for writing until disposed.</summary>
    public readonly ref struct WriteHolder
    {
        private readonly ref RwLock _lock;
        private readonly ulong _flags;
        private readonly LockForm _form;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal WriteHolder(ref RwLock rwLock, LockForm form)
        {
            _lock = ref rwLock;
            _form = form;
            _flags = LockContext.Enter(form);
            rwLock.WriteLock();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose()
        {
            _lock.ReleaseWrite();
            LockContext.Leave(_form, _flags);
        }
    }
}
