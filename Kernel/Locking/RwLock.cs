// RwLock: a spin lock that many may hold for reading, or one for writing.
//
// Linux: rwlock_t. Any context; holding one turns preemption off: never sleep. A lock that a handler takes for reading only may be taken for reading
// with interrupts on, but for writing only with interrupts off (WriteLockIrq); one that a handler takes for writing is taken with interrupts off
// everywhere. A reader cannot become a writer without giving the lock back first: two that tried would wait for each other.
//
// Fairness. Who finds the lock taken waits in a queue (a ticket lock), readers and writers in order of arrival. Its first waits for the lock itself:
// a writer says so (WriterWaits), which sends new readers to the queue, so it waits only for the readers that are in; a reader waits for the
// writer that is in. Nobody starves.
// Two kinds of readers must not queue behind a writer that waits, since that writer may be waiting for this very CPU: an interrupt, which may have
// interrupted the queue, and a reader on a CPU that holds a lock for reading already. They wait only for a writer that is in. So readers may
// recurse, and a handler may read, as in Linux.
//
// _state: bit 0 a writer is in, bit 1 the first of the queue is a writer, from bit 2 on the number of readers. Invariant: bit 0 is set only while
// no reader is in; readers count themselves before they look at it, and uncount themselves if they queue.
// UP builds keep only the preemption and interrupt control.

using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

/// <summary>A reader-writer spin lock. Zero is unlocked, so a static or zeroed one is ready for use.</summary>
/// <linux>rwlock_t</linux>
/// <rows>SYNC-02</rows>
public unsafe partial struct RwLock
{
#if SMP || DEBUG_CHECKS
    private const int WriterIn = 1;
    private const int WriterWaits = 2;
    private const int ReaderOne = 4;

    private static ReadDepths s_depths;

    private int _state;
    private SpinLock _queue;
#endif
#if DEBUG_CHECKS
    internal LockMap Map;
#endif
#if SMP || DEBUG_CHECKS

    // How many locks this CPU holds for reading. Preemption is off.
    private static ref int ReadDepth
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref ((Depth*)Unsafe.AsPointer(ref s_depths))[SmpProcessorId()].Value;
    }
#endif

    /// <summary>Takes the lock for reading. Any context; spins while a writer has it; turns preemption off. Nests.</summary>
    /// <linux>read_lock</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReadLock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        PreemptDisable(file, line);
        AcquireRead(file, line);
    }

    /// <summary>Gives a lock taken for reading back.</summary>
    /// <linux>read_unlock</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReadUnlock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (ReleaseRead(file, line))
        {
            PreemptEnable();
        }
    }

    /// <summary>Takes the lock for reading if no writer has it or waits for it. True if it did.</summary>
    /// <linux>read_trylock</linux>
    public bool ReadTryLock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        PreemptDisable(file, line);
#if SMP || DEBUG_CHECKS
        int busy = MayQueue() ? WriterIn | WriterWaits : WriterIn;
        if ((Shared.AddReturn(ref _state, ReaderOne) & busy) != 0)
        {
            Shared.AddReturn(ref _state, -ReaderOne);
            PreemptEnable();
            return false;
        }

        ReadDepth++;
#endif
        NoteTried(LockKind.RecursiveRead, file, line);
        return true;
    }

    /// <summary>Takes the lock for writing. Any context; spins while anybody has it; turns preemption off.</summary>
    /// <linux>write_lock</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteLock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        PreemptDisable(file, line);
        AcquireWrite(file, line);
    }

    /// <summary>Gives a lock taken for writing back.</summary>
    /// <linux>write_unlock</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteUnlock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (ReleaseWrite(file, line))
        {
            PreemptEnable();
        }
    }

    /// <summary>Takes the lock for writing if nobody has it or waits for it. True if it did.</summary>
    /// <linux>write_trylock</linux>
    public bool WriteTryLock([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        PreemptDisable(file, line);
#if SMP || DEBUG_CHECKS
        if (Shared.CompareExchange(ref _state, WriterIn, 0) != 0)
        {
            PreemptEnable();
            return false;
        }
#endif
        NoteTried(LockKind.Exclusive, file, line);
        return true;
    }

    /// <summary>True if a reader would get in now. In UP release builds always.</summary>
    /// <linux>read_can_lock</linux>
    public bool ReadCanLock()
    {
#if SMP || DEBUG_CHECKS
        return (Shared.ReadOnce(ref _state) & (WriterIn | WriterWaits)) == 0;
#else
        return true;
#endif
    }

    /// <summary>True if a writer would get in now. In UP release builds always.</summary>
    /// <linux>write_can_lock</linux>
    public bool WriteCanLock()
    {
#if SMP || DEBUG_CHECKS
        return Shared.ReadOnce(ref _state) == 0;
#else
        return true;
#endif
    }

#if !DEBUG_CHECKS
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AcquireRead(string file, int line)
    {
#if SMP
        if ((Shared.AddReturn(ref _state, ReaderOne) & (WriterIn | WriterWaits)) != 0)
        {
            WaitToRead();
        }

        ReadDepth++;
#endif
    }

    // Always true: the debug builds have a case in which it is false.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool ReleaseRead(string file, int line)
    {
#if SMP
        ReadDepth--;
        Shared.AddReturn(ref _state, -ReaderOne);
#endif
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AcquireWrite(string file, int line)
    {
#if SMP
        if (Shared.CompareExchange(ref _state, WriterIn, 0) != 0)
        {
            WaitToWrite();
        }
#endif
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool ReleaseWrite(string file, int line)
    {
#if SMP
        Shared.AddReturn(ref _state, -WriterIn);
#endif
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void NoteTried(LockKind kind, string file, int line)
    {
    }
#endif

#if SMP || DEBUG_CHECKS
    private static bool MayQueue() => !InInterrupt() && ReadDepth == 0;

    // The count stands while this waits for a writer that is in: no other gets in after it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WaitToRead()
    {
        if (!MayQueue())
        {
            WaitForWriter();
            return;
        }

        Shared.AddReturn(ref _state, -ReaderOne);
        _queue.LockInner();
        Shared.AddReturn(ref _state, ReaderOne);
        WaitForWriter();
        _queue.ReleaseInner();
    }

    private void WaitForWriter()
    {
        while ((Shared.ReadOnce(ref _state) & WriterIn) != 0)
        {
            CpuRelax();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WaitToWrite()
    {
        _queue.LockInner();
        Shared.AddReturn(ref _state, WriterWaits);
        while (Shared.ReadOnce(ref _state) != WriterWaits
            || Shared.CompareExchange(ref _state, WriterIn, WriterWaits) != WriterWaits)
        {
            CpuRelax();
        }

        _queue.ReleaseInner();
    }

    // A line of the cache each: no CPU disturbs another.
    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Sequential, Size = 64)]
    private struct Depth
    {
        public int Value;
    }

    [InlineArray(Cpu.MaxCpus)]
    private struct ReadDepths
    {
        private Depth _first;
    }
#endif
}
