// RwSemaphore: many readers or one writer, in stretches that may sleep.
//
// Linux: struct rw_semaphore, lib/rwsem-spinlock.c. Process context; the Down functions sleep. Readers do not recurse: a second DownRead of the same task
// queues behind a writer that waits for the first. Order of service: that of arrival (LockWaiters.cs); readers that stand together at the head of the
// queue go together. So neither readers nor writers starve.
// Lock: _lock, interrupts off; the run-queue lock nests inside it.
// _active: the number of readers that have it, or Writer. Invariant: while somebody waits, somebody has it.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

/// <summary>A sleeping reader-writer lock. Zero is unlocked, so a static or zeroed one is ready for use.</summary>
/// <linux>rw_semaphore</linux>
/// <rows>SYNC-03</rows>
public unsafe struct RwSemaphore
{
    private const int Writer = -1;

    private SpinLock _lock;
    private int _active;
    private LockWaiters _waiters;
#if DEBUG_CHECKS
    private TaskStruct* _owner;
    internal LockMap Map;
#endif

    /// <summary>Takes it for reading; sleeps while a writer has it or has waited longer. Process context.</summary>
    /// <linux>down_read</linux>
    public void DownRead([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        MightSleep();
        NoteTaking(LockKind.Read, trylock: false, file, line);
        ulong flags = _lock.LockIrqSave();
        if (_active >= 0 && _waiters.Empty)
        {
            _active++;
        }
        else
        {
            WaitFor(ref flags, writer: false);
        }

        _lock.UnlockIrqRestore(flags);
    }

    /// <summary>Takes it for reading if no writer has it and nobody waits. Any context. True if it did (down_read_trylock's 1).</summary>
    /// <linux>down_read_trylock</linux>
    public bool DownReadTrylock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ulong flags = _lock.LockIrqSave();
        bool taken = _active >= 0 && _waiters.Empty;
        _active += taken ? 1 : 0;
        _lock.UnlockIrqRestore(flags);
        if (taken)
        {
            NoteTaking(LockKind.Read, trylock: true, file, line);
        }

        return taken;
    }

    /// <summary>Takes it for writing; sleeps while anybody has it or has waited longer. Process context.</summary>
    /// <linux>down_write</linux>
    public void DownWrite([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        MightSleep();
        CheckTaker();
        NoteTaking(LockKind.Exclusive, trylock: false, file, line);
        ulong flags = _lock.LockIrqSave();
        if (_active == 0)
        {
            _active = Writer;
        }
        else
        {
            WaitFor(ref flags, writer: true);
        }

        SetOwner();
        _lock.UnlockIrqRestore(flags);
    }

    /// <summary>Takes it for writing if nobody has it. Process context, does not sleep. True if it did (down_write_trylock's 1).</summary>
    /// <linux>down_write_trylock</linux>
    public bool DownWriteTrylock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ulong flags = _lock.LockIrqSave();
        bool taken = _active == 0;
        if (taken)
        {
            _active = Writer;
            SetOwner();
        }

        _lock.UnlockIrqRestore(flags);
        if (taken)
        {
            NoteTaking(LockKind.Exclusive, trylock: true, file, line);
        }

        return taken;
    }

    /// <summary>Gives it back after reading. Does not sleep.</summary>
    /// <linux>up_read</linux>
    public void UpRead([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        NoteGiving(file, line);
        ulong flags = _lock.LockIrqSave();
        if (_active > 0)
        {
            _active--;
            Serve();
        }
        else
        {
            ReportNotHeld();
        }

        _lock.UnlockIrqRestore(flags);
    }

    /// <summary>Gives it back after writing. The task that took it; does not sleep.</summary>
    /// <linux>up_write</linux>
    public void UpWrite([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        NoteGiving(file, line);
        ulong flags = _lock.LockIrqSave();
        if (EndWriting())
        {
            _active = 0;
            Serve();
        }

        _lock.UnlockIrqRestore(flags);
    }

    /// <summary>The writer goes on as a reader, without a moment in which another writer could come; readers that wait first in the queue come in. Does
    /// not sleep.</summary>
    /// <linux>downgrade_write</linux>
    public void DowngradeWrite([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        NoteGiving(file, line);
        NoteTaking(LockKind.Read, trylock: true, file, line);
        ulong flags = _lock.LockIrqSave();
        if (EndWriting())
        {
            _active = 1;
            Serve();
        }

        _lock.UnlockIrqRestore(flags);
    }

    /// <summary>True while anybody has it.</summary>
    /// <linux>rwsem_is_locked</linux>
    public bool IsLocked() => Shared.ReadOnce(ref _active) != 0;

    /// <summary><c>using (s_rwsem.ReadGuard()) { ... }</c>: the pair DownRead and UpRead as a block.</summary>
    [UnscopedRef]
    public ReadHolder ReadGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => new(ref this, file, line);

    /// <summary><c>using (s_rwsem.WriteGuard()) { ... }</c>: the pair DownWrite and UpWrite as a block.</summary>
    [UnscopedRef]
    public WriteHolder WriteGuard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => new(ref this, file, line);

    private void WaitFor(ref ulong flags, bool writer)
    {
        LockWaiter waiter = default;
        waiter.Writer = writer;
        _waiters.Enqueue(&waiter);
#if DEBUG_CHECKS
        ulong since = LockStat.Contended();
#endif
        _waiters.Wait(ref _lock, ref flags, &waiter, TaskState.Uninterruptible);
#if DEBUG_CHECKS
        LockStat.Waited(Unsafe.AsPointer(ref Map), (LockMap*)Unsafe.AsPointer(ref Map), since);
#endif
    }

    // Lets in who may come in now: the first writer, if nobody has it, or all readers before the first writer.
    private void Serve()
    {
        while (!_waiters.Empty && _active >= 0)
        {
            if (!_waiters.First->Writer)
            {
                _active++;
            }
            else if (_active == 0)
            {
                _active = Writer;
            }
            else
            {
                return;
            }

            _waiters.GrantFirst();
        }
    }

    // False: no writer has it.
    private bool EndWriting()
    {
        if (_active != Writer)
        {
            ReportNotHeld();
            return false;
        }

#if DEBUG_CHECKS
        if (_owner != Current)
        {
            LockReport.NotOwner("rw_semaphore"u8);
        }

        _owner = null;
#endif
        return true;
    }

    private static void ReportNotHeld()
    {
#if DEBUG_CHECKS
        LockReport.NotHeld("rw_semaphore"u8);
#endif
    }

    private void CheckTaker()
    {
#if DEBUG_CHECKS
        if (_owner == Current && _owner != null)
        {
            LockReport.Recursive("rw_semaphore"u8);
        }
#endif
    }

    // The validator's report comes before the wait; whether there is one does not change what the lock does.
    private void NoteTaking(LockKind kind, bool trylock, string file, int line)
    {
#if DEBUG_CHECKS
        LockValidator.Acquire(Unsafe.AsPointer(ref Map), (LockMap*)Unsafe.AsPointer(ref Map), kind, 0, trylock, file, line);
#endif
    }

    private void NoteGiving(string file, int line)
    {
#if DEBUG_CHECKS
        LockValidator.Release(Unsafe.AsPointer(ref Map), (LockMap*)Unsafe.AsPointer(ref Map), file, line);
#endif
    }

    private void SetOwner()
    {
#if DEBUG_CHECKS
        _owner = Current;
#endif
    }

    /// <summary>Has it for reading until disposed.</summary>
    public readonly ref struct ReadHolder
    {
        private readonly ref RwSemaphore _semaphore;

        internal ReadHolder(ref RwSemaphore semaphore, string file, int line)
        {
            _semaphore = ref semaphore;
            semaphore.DownRead(file, line);
        }

        public void Dispose() => _semaphore.UpRead();
    }

    /// <summary>Has it for writing until disposed.</summary>
    public readonly ref struct WriteHolder
    {
        private readonly ref RwSemaphore _semaphore;

        internal WriteHolder(ref RwSemaphore semaphore, string file, int line)
        {
            _semaphore = ref semaphore;
            semaphore.DownWrite(file, line);
        }

        public void Dispose() => _semaphore.UpWrite();
    }
}
