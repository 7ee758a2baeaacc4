// SeqLock: a SeqCount with the lock that its writers need.
//
// Linux: seqlock_t, include/linux/seqlock.h. For small data that is read often and written seldom, such as the time of day. Readers never hold
// a writer up; they pay by reading again. Any context, never sleeps. If a handler reads, write with interrupts off: it would wait for ever for
// the writer that it interrupted. Lock: _lock, around the change, innermost as far as this class goes.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

/// <summary>A sequence lock. Zero is unlocked, so a static or zeroed one is ready for use.</summary>
/// <linux>seqlock_t</linux>
/// <rows>SYNC-02</rows>
public unsafe struct SeqLock
{
    private SeqCount _count;
    private SpinLock _lock;

    /// <summary>The writers' lock.</summary>
    internal ref SpinLock Inner
    {
        [UnscopedRef]
        get => ref _lock;
    }

    /// <summary>Starts reading; waits while a writer is at work. Any context.</summary>
    /// <linux>read_seqbegin</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ReadBegin() => _count.ReadBegin();

    /// <summary>True if a writer came between: read again.</summary>
    /// <linux>read_seqretry</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool ReadRetry(int start) => _count.ReadRetry(start);

    /// <summary>Starts reading with interrupts off on this CPU.</summary>
    /// <linux>read_seqbegin_irqsave</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ReadBeginIrqSave(out ulong flags)
    {
        flags = Cpu.LocalIrqSave();
        return _count.ReadBegin();
    }

    /// <summary>As <see cref="ReadRetry"/>, and the interrupt flag as it was.</summary>
    /// <linux>read_seqretry_irqrestore</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool ReadRetryIrqRestore(int start, ulong flags)
    {
        bool again = _count.ReadRetry(start);
        Cpu.LocalIrqRestore(flags);
        return again;
    }

    /// <summary>Starts a change. Spins while another writer is at it; turns preemption off.</summary>
    /// <linux>write_seqlock</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteLock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        _lock.Lock(file, line);
        _count.WriteBegin();
    }

    /// <summary>Ends a change.</summary>
    /// <linux>write_sequnlock</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteUnlock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        _count.WriteEnd();
        _lock.Unlock(file, line);
    }

    /// <summary>Starts a change unless another writer is at it. True if it did.</summary>
    /// <linux>write_tryseqlock</linux>
    public bool WriteTryLock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (!_lock.TryLock(file, line))
        {
            return false;
        }

        _count.WriteBegin();
        return true;
    }

    /// <summary>Starts a change with bottom halves off on this CPU: if a softirq reads.</summary>
    /// <linux>write_seqlock_bh</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteLockBh([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        _lock.LockBh(file, line);
        _count.WriteBegin();
    }

    /// <summary>Undoes <see cref="WriteLockBh"/>.</summary>
    /// <linux>write_sequnlock_bh</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteUnlockBh([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        _count.WriteEnd();
        _lock.UnlockBh(file, line);
    }

    /// <summary>Starts a change with interrupts off on this CPU: if a handler reads. Only where they are known to be on before.</summary>
    /// <linux>write_seqlock_irq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteLockIrq([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        _lock.LockIrq(file, line);
        _count.WriteBegin();
    }

    /// <summary>Ends a change and turns interrupts on.</summary>
    /// <linux>write_sequnlock_irq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteUnlockIrq([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        _count.WriteEnd();
        _lock.UnlockIrq(file, line);
    }

    /// <summary>Starts a change with interrupts off on this CPU; gives the flags of before.</summary>
    /// <linux>write_seqlock_irqsave</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong WriteLockIrqSave([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ulong flags = _lock.LockIrqSave(file, line);
        _count.WriteBegin();
        return flags;
    }

    /// <summary>Ends a change; the interrupt flag as it was.</summary>
    /// <linux>write_sequnlock_irqrestore</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteUnlockIrqRestore(ulong flags, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        _count.WriteEnd();
        _lock.UnlockIrqRestore(flags, file, line);
    }

    /// <summary><c>using (s_lock.WriteGuard()) { ... }</c>: WriteLock and WriteUnlock as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WriteHolder WriteGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(ref this, LockForm.Plain, file, line);

    /// <summary>WriteLockBh and WriteUnlockBh as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WriteHolder WriteBhGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(ref this, LockForm.Bh, file, line);

    /// <summary>WriteLockIrq and WriteUnlockIrq as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WriteHolder WriteIrqGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(ref this, LockForm.Irq, file, line);

    /// <summary>WriteLockIrqSave and WriteUnlockIrqRestore as a block.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WriteHolder WriteIrqSaveGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new(ref this, LockForm.IrqSave, file, line);

    /// <summary>A change, until disposed.</summary>
    public readonly ref struct WriteHolder
    {
        private readonly ref SeqLock _lock;
        private readonly ulong _flags;
        private readonly LockForm _form;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal WriteHolder(ref SeqLock seqLock, LockForm form, string file, int line)
        {
            _lock = ref seqLock;
            _form = form;
            _flags = LockContext.Enter(form, file, line);
            seqLock.WriteLock(file, line);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose()
        {
            // One more preemption off than the lock's own: the form decides when it may happen.
            PreemptDisable();
            _lock.WriteUnlock();
            LockContext.Leave(_form, _flags);
        }
    }
}
