// Rcu: readers that take no lock, and writers that wait until no reader can still see what they have taken out.
//
// Linux: include/linux/rcupdate.h and kernel/rcupdate.c (classic RCU, 2.6). The class is spread over files by aspect: Rcu.cs what users call,
// Rcu.GracePeriod.cs when a grace period ends and who calls the callbacks. Readers, CallRcu: any context but an NMI (readers there, too), never sleep.
// SynchronizeRcu and RcuBarrier: process context, sleep.
// Locks: s_lock (Rcu.GracePeriod.cs), and the mutex s_barrierMutex, which nothing else is taken under but what sleeping takes.
// A reader is a stretch with preemption off, in kernels with preemption, too: so a CPU that has switched tasks, is idle, or was in user mode has left
// all the readers that it was in before. That is the whole bookkeeping of readers: there is none.

using System.Runtime.CompilerServices;

namespace CSharpOS.ReadCopyUpdate;

/// <summary>Read-copy-update.</summary>
/// <rows>SYNC-03</rows>
public static unsafe partial class Rcu
{
    private static Mutex s_barrierMutex;
    private static Atomic s_barriersLeft;
    private static Completion s_barrierDone;

    /// <summary>From here to <see cref="RcuReadUnlock"/> nothing that was reachable is freed by somebody who waits for a grace period. Nests. Any
    /// context, never waits; until then the reader may not sleep and is not preempted. Costs what <see cref="PreemptDisable"/> costs: nothing
    /// at all in a release build without preemption.</summary>
    /// <linux>rcu_read_lock</linux>
    /// <rows>SYNC-03</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RcuReadLock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        PreemptDisable(file, line);
#if DEBUG_CHECKS
        LockValidator.RcuReadLocked();
#endif
    }

    /// <summary>Undoes one <see cref="RcuReadLock"/>. What was read is not used any more. One too many is reported and does nothing (builds with checks).</summary>
    /// <linux>rcu_read_unlock</linux>
    /// <rows>SYNC-03</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RcuReadUnlock()
    {
#if DEBUG_CHECKS
        if (!LockValidator.RcuReadUnlocked())
        {
            return;
        }
#endif
        PreemptEnable();
    }

    /// <summary>Reads a pointer that writers may change at any moment: once, and with what it points at complete. Inside a reader: where the task could
    /// be preempted it is reported (builds with checks).</summary>
    /// <linux>rcu_dereference</linux>
    /// <rows>SYNC-03</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T* RcuDereference<T>(T** location)
        where T : unmanaged
    {
#if DEBUG_CHECKS
        LockValidator.CheckRcuReader();
#endif
        return Shared.ReadOnce(location);
    }

    /// <summary>Publishes what <paramref name="value"/> points at: a reader that finds the pointer finds everything that was written there before. The
    /// writers' own lock is held.</summary>
    /// <linux>rcu_assign_pointer</linux>
    /// <rows>SYNC-03</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RcuAssignPointer<T>(T** location, T* value)
        where T : unmanaged => Shared.WriteOnce(location, value);

    /// <summary>Has <paramref name="function"/> called after a grace period: when every reader that may have found the object before it was taken out
    /// has ended. Any context but an NMI, never sleeps. Callbacks of one CPU are called on it, in order.</summary>
    /// <param name="head">Lies in the object; not queued already.</param>
    /// <param name="function">Called in RCU_SOFTIRQ with <paramref name="head"/>: frees the object, may not sleep.</param>
    /// <linux>call_rcu</linux>
    /// <rows>SYNC-03</rows>
    public static void CallRcu(RcuHead* head, delegate*<RcuHead*, void> function)
    {
        head->Function = function;
        ulong flags = LocalIrqSave();
        RcuData* data = s_data.This;
        data->Next.Append(head);
        if (++data->Count > HighMark)
        {
            // More come than go: call them as they are, and let what is less urgent wait.
            data->Beyond = NoLimit;
        }

        LocalIrqRestore(flags);
    }

    /// <summary>Waits for a grace period: all readers that run now have ended when it returns. Process context, sleeps for a few ticks; inside a reader
    /// it is reported.</summary>
    /// <linux>synchronize_rcu</linux>
    /// <rows>SYNC-03</rows>
    public static void SynchronizeRcu()
    {
        MightSleep();
        Waiter waiter = default;
        Completion.Init(&waiter.Done);
        CallRcu(&waiter.Head, &Wake);
        Completion.Wait(&waiter.Done);
    }

    /// <summary>Waits until every callback that was queued before, on any CPU, has been called: for those whose code or memory goes away. Process context,
    /// sleeps.</summary>
    /// <linux>rcu_barrier</linux>
    /// <rows>SYNC-03</rows>
    public static void RcuBarrier()
    {
        MightSleep();
        s_barrierMutex.Lock();
        fixed (Completion* done = &s_barrierDone)
        {
            Completion.Init(done);

            // One for ourselves: or the first CPU's might be the last before the second's is queued.
            s_barriersLeft.Set(1);
            Smp.OnEachCpu(&QueueBarrier, null, wait: true);
            BarrierPassed(null);
            Completion.Wait(done);
        }

        s_barrierMutex.Unlock();
    }

    private static void QueueBarrier(void* unused)
    {
        s_barriersLeft.Inc();
        CallRcu(&s_data.This->Barrier, &BarrierPassed);
    }

    private static void BarrierPassed(RcuHead* head)
    {
        if (s_barriersLeft.DecAndTest())
        {
            Completion.Complete((Completion*)Unsafe.AsPointer(ref s_barrierDone));
        }
    }

    private static void Wake(RcuHead* head) => Completion.Complete(&((Waiter*)head)->Done);

    // On the stack of who waits. The head stands first.
    private struct Waiter
    {
        public RcuHead Head;
        public Completion Done;
    }
}
