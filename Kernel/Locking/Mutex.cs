// Mutex: mutual exclusion for stretches that may sleep.
//
// Linux: struct mutex, kernel/mutex.c. Process context; Lock sleeps. The task that locks unlocks; not from an interrupt, not twice. Debug builds know
// the owner and report who breaks that, with a call trace; the lock then does what it was told as far as that makes sense.
// A free mutex is taken, and one that nobody waits for is given back, with one locked instruction. Else _lock (interrupts off; the run-queue
// lock nests inside it) guards the queue, and the lock is handed to whoever has waited longest (LockWaiters.cs).
// _state: Free, Held, or Awaited: held, and the queue is not empty. Only under _lock does it become or cease to be Awaited.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

/// <summary>A sleeping lock with an owner. Zero is unlocked, so a static or zeroed one is ready for use.</summary>
/// <linux>mutex</linux>
/// <rows>SYNC-03</rows>
public unsafe struct Mutex
{
    private const int Free = 0;
    private const int Held = 1;
    private const int Awaited = 2;

    private int _state;
    private SpinLock _lock;
    private LockWaiters _waiters;
#if DEBUG_CHECKS
    private TaskStruct* _owner;
    internal LockMap Map;
#endif

    /// <summary>Takes the mutex; sleeps until it is free, not to be interrupted. Process context.</summary>
    /// <linux>mutex_lock</linux>
    public void Lock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        MightSleep();
        CheckTaker();
        NoteTaking(trylock: false, file, line);
        if (Shared.CompareExchange(ref _state, Held, Free) != Free)
        {
            WaitFor(TaskState.Uninterruptible);
        }

        SetOwner();
    }

    /// <summary>Takes the mutex; sleeps until it is free or a signal comes. Process context.</summary>
    /// <returns>0: taken. -EINTR: a signal came, not taken.</returns>
    /// <linux>mutex_lock_interruptible</linux>
    public int LockInterruptible([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        MightSleep();
        CheckTaker();
        NoteTaking(trylock: false, file, line);
        if (Shared.CompareExchange(ref _state, Held, Free) != Free && !WaitFor(TaskState.Interruptible))
        {
            NoteGiving(file, line);
            return -EINTR;
        }

        SetOwner();
        return 0;
    }

    /// <summary>Takes the mutex if it is free. Process context, does not sleep. True if it was (mutex_trylock's 1).</summary>
    /// <linux>mutex_trylock</linux>
    public bool TryLock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        CheckContext();
        if (Shared.CompareExchange(ref _state, Held, Free) != Free)
        {
            return false;
        }

        NoteTaking(trylock: true, file, line);
        SetOwner();
        return true;
    }

    /// <summary>Gives the mutex back, or to the one who has waited longest. The task that took it, process context; does not sleep.</summary>
    /// <linux>mutex_unlock</linux>
    public void Unlock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        CheckContext();
        NoteGiving(file, line);
        if (!CheckOwner())
        {
            return;
        }

        if (Shared.CompareExchange(ref _state, Free, Held) != Held)
        {
            HandOver();
        }
    }

    /// <summary>True while somebody has it.</summary>
    /// <linux>mutex_is_locked</linux>
    public bool IsLocked() => Shared.ReadOnce(ref _state) != Free;

    /// <summary><c>using (s_mutex.Guard()) { ... }</c>: the pair Lock and Unlock as a block.</summary>
    [UnscopedRef]
    public Holder Guard([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => new(ref this, file, line);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool WaitFor(TaskState state)
    {
        ulong flags = _lock.LockIrqSave();
        bool granted = !Announce();
        if (!granted)
        {
            LockWaiter waiter = default;
            _waiters.Enqueue(&waiter);
#if DEBUG_CHECKS
            ulong since = LockStat.Contended();
#endif
            granted = _waiters.Wait(ref _lock, ref flags, &waiter, state);
#if DEBUG_CHECKS
            LockStat.Waited(Unsafe.AsPointer(ref Map), (LockMap*)Unsafe.AsPointer(ref Map), since);
#endif
            if (!granted && _waiters.Empty)
            {
                Shared.WriteOnce(ref _state, Held);
            }
        }

        _lock.UnlockIrqRestore(flags);
        return granted;
    }

    // Makes the holder notice the queue. False: there is no holder any more, and the mutex is ours.
    private bool Announce()
    {
        while (true)
        {
            int state = Shared.ReadOnce(ref _state);
            if (state == Awaited)
            {
                return true;
            }

            int next = state == Free ? Held : Awaited;
            if (Shared.CompareExchange(ref _state, next, state) == state)
            {
                return next == Awaited;
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void HandOver()
    {
        ulong flags = _lock.LockIrqSave();
        if (_waiters.Empty)
        {
            // The last waiter went away after a signal.
            Shared.WriteOnce(ref _state, Free);
        }
        else
        {
            _waiters.GrantFirst();
            Shared.WriteOnce(ref _state, _waiters.Empty ? Held : Awaited);
        }

        _lock.UnlockIrqRestore(flags);
    }

    private static void CheckContext()
    {
#if DEBUG_CHECKS
        if (InInterrupt())
        {
            LockReport.InInterruptContext("mutex"u8);
        }
#endif
    }

    private void CheckTaker()
    {
#if DEBUG_CHECKS
        CheckContext();
        if (_owner == Current && _owner != null)
        {
            LockReport.Recursive("mutex"u8);
        }
#endif
    }

    // The validator's report comes before the wait; whether there is one does not change what the lock does.
    private void NoteTaking(bool trylock, string file, int line)
    {
#if DEBUG_CHECKS
        LockValidator.Acquire(Unsafe.AsPointer(ref Map), (LockMap*)Unsafe.AsPointer(ref Map), LockKind.Exclusive, 0, trylock, file, line);
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

    // False: nobody holds it, there is nothing to give back.
    private bool CheckOwner()
    {
#if DEBUG_CHECKS
        if (!IsLocked())
        {
            LockReport.NotHeld("mutex"u8);
            return false;
        }

        if (_owner != Current)
        {
            LockReport.NotOwner("mutex"u8);
        }

        _owner = null;
#endif
        return true;
    }

    /// <summary>Holds a mutex until disposed.</summary>
    public readonly ref struct Holder
    {
        private readonly ref Mutex _mutex;

        internal Holder(ref Mutex mutex, string file, int line)
        {
            _mutex = ref mutex;
            mutex.Lock(file, line);
        }

        public void Dispose() => _mutex.Unlock();
    }
}
