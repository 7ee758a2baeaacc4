// Semaphore: so many may pass, the others sleep until somebody says Up.
//
// Linux: struct semaphore, kernel/semaphore.c. Down and DownInterruptible: process context, sleep. DownTrylock and Up: any context. There is no owner:
// Up may come from another task, or from an interrupt, than Down. For mutual exclusion take a Mutex, which knows its owner and finds mistakes.
// Lock: _lock, interrupts off; the run-queue lock nests inside it. Order of service: that of arrival (LockWaiters.cs).
// Invariant: _count is zero while somebody waits.

using System.Diagnostics.CodeAnalysis;

namespace CSharpOS.Locking;

/// <summary>A counting semaphore. Zero is one whose count is zero: <see cref="Init"/> says how many may pass.</summary>
/// <linux>semaphore</linux>
/// <rows>SYNC-03</rows>
public unsafe struct Semaphore
{
    private SpinLock _lock;
    private int _count;
    private LockWaiters _waiters;

    /// <summary>Lets <paramref name="count"/> pass before the first has to wait. Nobody waits.</summary>
    /// <linux>sema_init</linux>
    public void Init(int count)
    {
        this = default;
        _count = count;
    }

    /// <summary>A semaphore for mutual exclusion, free.</summary>
    /// <linux>init_MUTEX</linux>
    public void InitMutex() => Init(1);

    /// <summary>A semaphore for mutual exclusion, taken: the first Down waits for an Up.</summary>
    /// <linux>init_MUTEX_LOCKED</linux>
    public void InitMutexLocked() => Init(0);

    /// <summary>Passes, or sleeps until it may, not to be interrupted. Process context.</summary>
    /// <linux>down</linux>
    public void Down()
    {
        MightSleep();
        Down(TaskState.Uninterruptible);
    }

    /// <summary>Passes, or sleeps until it may or a signal comes. Process context.</summary>
    /// <returns>0: passed. -EINTR: a signal came, not passed.</returns>
    /// <linux>down_interruptible</linux>
    public int DownInterruptible()
    {
        MightSleep();
        return Down(TaskState.Interruptible) ? 0 : -EINTR;
    }

    /// <summary>Passes if it may at once. Any context.</summary>
    /// <returns>0: passed. 1: not. The other way round than the other trylocks, as in Linux.</returns>
    /// <linux>down_trylock</linux>
    public int DownTrylock()
    {
        ulong flags = _lock.LockIrqSave();
        bool passes = _count > 0;
        _count -= passes ? 1 : 0;
        _lock.UnlockIrqRestore(flags);
        return passes ? 0 : 1;
    }

    /// <summary>Lets the one who has waited longest pass, or the next who comes. Any context.</summary>
    /// <linux>up</linux>
    public void Up()
    {
        ulong flags = _lock.LockIrqSave();
        if (_waiters.Empty)
        {
            _count++;
        }
        else
        {
            _waiters.GrantFirst();
        }

        _lock.UnlockIrqRestore(flags);
    }

    /// <summary><c>using (s_semaphore.Guard()) { ... }</c>: the pair Down and Up as a block.</summary>
    [UnscopedRef]
    public Holder Guard() => new(ref this);

    private bool Down(TaskState state)
    {
        ulong flags = _lock.LockIrqSave();
        bool passes = _count > 0;
        if (passes)
        {
            _count--;
        }
        else
        {
            LockWaiter waiter = default;
            _waiters.Enqueue(&waiter);
            passes = _waiters.Wait(ref _lock, ref flags, &waiter, state);
        }

        _lock.UnlockIrqRestore(flags);
        return passes;
    }

    /// <summary>Has passed, until disposed.</summary>
    public readonly ref struct Holder
    {
        private readonly ref Semaphore _semaphore;

        internal Holder(ref Semaphore semaphore)
        {
            _semaphore = ref semaphore;
            semaphore.Down();
        }

        public void Dispose() => _semaphore.Up();
    }
}
