// SpinLock.Checked: the spin lock of debug builds, which tells the validator and the statistics what happens to it; and Init.
//
// Linux: spin_lock_init, kernel/spinlock.c with CONFIG_LOCKDEP and CONFIG_LOCK_STAT. Contexts as in SpinLock.cs.
// The validator is asked before the lock is waited for and before it is given back. What its holder takes twice is counted, not waited for; what is
// given back without being held stays as it is: neither stops the machine.

using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

#if DEBUG_CHECKS
public unsafe partial struct SpinLock
{
    private void* Address
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Unsafe.AsPointer(ref this);
    }

    private LockMap* MapAddress
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (LockMap*)Unsafe.AsPointer(ref Map);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Acquire(int subclass, string file, int line)
    {
        if (!LockValidator.Following)
        {
            _ticket.Acquire();
            return;
        }

        if (LockValidator.Acquire(Address, MapAddress, LockKind.Exclusive, subclass, false, file, line) && !_ticket.TryAcquire())
        {
            ulong since = LockStat.Contended();
            _ticket.Acquire();
            LockStat.Waited(Address, MapAddress, since);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool Release(string file, int line)
    {
        LockRelease what = LockValidator.Following || IsLocked() ? LockValidator.Release(Address, MapAddress, file, line) : LockRelease.Refuse;
        if (what == LockRelease.Refuse)
        {
            LockReport.Unbalanced("spin lock"u8, IsLocked());
        }

        if (what != LockRelease.Release)
        {
            return what == LockRelease.Counted;
        }

        _ticket.Release();
        return true;
    }

    private void NoteTried(string file, int line) =>
        LockValidator.Acquire(Address, MapAddress, LockKind.Exclusive, 0, true, file, line);
}
#endif

public unsafe partial struct SpinLock
{
    /// <summary>Takes the lock and leaves preempt_count alone, and the validator out of it: for the inside of another lock, which tells it more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void LockInner()
    {
#if SMP || DEBUG_CHECKS
        _ticket.Acquire();
#endif
    }

    /// <summary>Undoes <see cref="LockInner"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void ReleaseInner()
    {
#if SMP || DEBUG_CHECKS
        _ticket.Release();
#endif
    }

    /// <summary>The lock stays locked and goes to the task that is switched to: it is no longer the running one's. Interrupts off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void HandOver()
    {
#if DEBUG_CHECKS
        LockValidator.HandOver(Address);
#endif
    }

    /// <summary>Taken as the second of two, it is the only one now: the validator sees it as if it had been taken alone. Interrupts off.</summary>
    /// <linux>lock_set_subclass</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void HeldAlone()
    {
#if DEBUG_CHECKS
        LockValidator.ResetSubclass(Address);
#endif
    }

    /// <summary>The other side of <see cref="HandOver"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void TakeOver([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
#if DEBUG_CHECKS
        LockValidator.TakeOver(Address, MapAddress, file, line);
#endif
    }
}

/// <summary>Initialising locks.</summary>
public static unsafe class LockInitialization
{
    /// <summary>Makes a lock free. Its class, for the validator and the statistics, is the place of this call. Any context. A zeroed lock needs no
    /// Init, but is named by the place that first takes it.</summary>
    /// <param name="spinLock">The lock.</param>
    /// <param name="name">Its name in reports: the expression, unless the caller hands on that of its own caller.</param>
    /// <param name="file">The place.</param>
    /// <param name="line">The place.</param>
    /// <linux>spin_lock_init</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Init(
        this ref SpinLock spinLock,
        [CallerArgumentExpression(nameof(spinLock))] string name = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        spinLock = default;
#if DEBUG_CHECKS
        LockValidator.InitMap((LockMap*)Unsafe.AsPointer(ref spinLock.Map), name, file, line);
#endif
    }

    /// <inheritdoc cref="Init(ref SpinLock, string, string, int)"/>
    /// <linux>rwlock_init</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Init(
        this ref RwLock rwLock,
        [CallerArgumentExpression(nameof(rwLock))] string name = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        rwLock = default;
#if DEBUG_CHECKS
        LockValidator.InitMap((LockMap*)Unsafe.AsPointer(ref rwLock.Map), name, file, line);
#endif
    }

    /// <inheritdoc cref="Init(ref SpinLock, string, string, int)"/>
    /// <linux>mutex_init</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Init(
        this ref Mutex mutex,
        [CallerArgumentExpression(nameof(mutex))] string name = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        mutex = default;
#if DEBUG_CHECKS
        LockValidator.InitMap((LockMap*)Unsafe.AsPointer(ref mutex.Map), name, file, line);
#endif
    }

    /// <inheritdoc cref="Init(ref SpinLock, string, string, int)"/>
    /// <linux>init_rwsem</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Init(
        this ref RwSemaphore semaphore,
        [CallerArgumentExpression(nameof(semaphore))] string name = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        semaphore = default;
#if DEBUG_CHECKS
        LockValidator.InitMap((LockMap*)Unsafe.AsPointer(ref semaphore.Map), name, file, line);
#endif
    }

    /// <inheritdoc cref="Init(ref SpinLock, string, string, int)"/>
    /// <linux>seqlock_init</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Init(
        this ref SeqLock seqLock,
        [CallerArgumentExpression(nameof(seqLock))] string name = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        seqLock = default;
        seqLock.Inner.Init(name, file, line);
    }
}
