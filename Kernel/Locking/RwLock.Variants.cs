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
    public void ReadLockBh([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        BottomHalves.LocalBhDisable();
        ReadLock(file, line);
    }

    /// <summary>Undoes <see cref="ReadLockBh"/>.</summary>
    /// <linux>read_unlock_bh</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReadUnlockBh([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (ReleaseRead(file, line))
        {
            PreemptEnableNoResched();
        }

        BottomHalves.LocalBhEnable();
    }

    /// <summary>Takes the lock for reading with interrupts off on this CPU. Only where they are known to be on before.</summary>
    /// <linux>read_lock_irq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReadLockIrq([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Cpu.LocalIrqDisable(file, line);
        ReadLock(file, line);
    }

    /// <summary>Gives the lock back and turns interrupts on.</summary>
    /// <linux>read_unlock_irq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReadUnlockIrq([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        bool released = ReleaseRead(file, line);
        Cpu.LocalIrqEnable();
        if (released)
        {
            PreemptEnable();
        }
    }

    /// <summary>Takes the lock for reading with interrupts off on this CPU; gives the flags of before.</summary>
    /// <linux>read_lock_irqsave</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ReadLockIrqSave([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ulong flags = Cpu.LocalIrqSave(file, line);
        ReadLock(file, line);
        return flags;
    }

    /// <summary>Gives the lock back and the interrupt flag as it was.</summary>
    /// <linux>read_unlock_irqrestore</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReadUnlockIrqRestore(ulong flags, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        bool released = ReleaseRead(file, line);
        Cpu.LocalIrqRestore(flags);
        if (released)
        {
            PreemptEnable();
        }
    }

    /// <summary>Takes the lock for writing with bottom halves off on this CPU.</summary>
    /// <linux>write_lock_bh</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteLockBh([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        BottomHalves.LocalBhDisable();
        WriteLock(file, line);
    }

    /// <summary>Undoes <see cref="WriteLockBh"/>.</summary>
    /// <linux>write_unlock_bh</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteUnlockBh([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (ReleaseWrite(file, line))
        {
            PreemptEnableNoResched();
        }

        BottomHalves.LocalBhEnable();
    }

    /// <summary>Takes the lock for writing with interrupts off on this CPU. Only where they are known to be on before.</summary>
    /// <linux>write_lock_irq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteLockIrq([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Cpu.LocalIrqDisable(file, line);
        WriteLock(file, line);
    }

    /// <summary>Gives the lock back and turns interrupts on.</summary>
    /// <linux>write_unlock_irq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteUnlockIrq([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        bool released = ReleaseWrite(file, line);
        Cpu.LocalIrqEnable();
        if (released)
        {
            PreemptEnable();
        }
    }

    /// <summary>Takes the lock for writing with interrupts off on this CPU; gives the flags of before.</summary>
    /// <linux>write_lock_irqsave</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong WriteLockIrqSave([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ulong flags = Cpu.LocalIrqSave(file, line);
        WriteLock(file, line);
        return flags;
    }

    /// <summary>Gives the lock back and the interrupt flag as it was.</summary>
    /// <linux>write_unlock_irqrestore</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteUnlockIrqRestore(ulong flags, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        bool released = ReleaseWrite(file, line);
        Cpu.LocalIrqRestore(flags);
        if (released)
        {
            PreemptEnable();
        }
    }

    /// <summary>ReadLock and its counterpart as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadHolder ReadGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(ref this, LockForm.Plain, file, line);

    /// <summary>ReadLockBh and its counterpart as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadHolder ReadBhGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(ref this, LockForm.Bh, file, line);

    /// <summary>ReadLockIrq and its counterpart as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadHolder ReadIrqGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(ref this, LockForm.Irq, file, line);

    /// <summary>ReadLockIrqSave and its counterpart as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadHolder ReadIrqSaveGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(ref this, LockForm.IrqSave, file, line);

    /// <summary>WriteLock and its counterpart as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WriteHolder WriteGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(ref this, LockForm.Plain, file, line);

    /// <summary>WriteLockBh and its counterpart as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WriteHolder WriteBhGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(ref this, LockForm.Bh, file, line);

    /// <summary>WriteLockIrq and its counterpart as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WriteHolder WriteIrqGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(ref this, LockForm.Irq, file, line);

    /// <summary>WriteLockIrqSave and its counterpart as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WriteHolder WriteIrqSaveGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(ref this, LockForm.IrqSave, file, line);

    /// <summary>Holds a lock for reading until disposed.</summary>
    public readonly ref struct ReadHolder
    {
        private readonly ref RwLock _lock;
        private readonly ulong _flags;
        private readonly LockForm _form;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal ReadHolder(ref RwLock rwLock, LockForm form, string file, int line)
        {
            _lock = ref rwLock;
            _form = form;
            _flags = LockContext.Enter(form, file, line);
            rwLock.ReadLock(file, line);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose()
        {
            _lock.ReleaseRead("", 0);
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
        internal WriteHolder(ref RwLock rwLock, LockForm form, string file, int line)
        {
            _lock = ref rwLock;
            _form = form;
            _flags = LockContext.Enter(form, file, line);
            rwLock.WriteLock(file, line);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose()
        {
            _lock.ReleaseWrite("", 0);
            LockContext.Leave(_form, _flags);
        }
    }
}
