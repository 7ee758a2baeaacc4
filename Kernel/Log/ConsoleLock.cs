// ConsoleLock: how a console takes its lock when the kernel may just be failing.
//
// Linux: the oops_in_progress branch of a console's write. Any context but NMI; nothing sleeps. Interrupts are off while the lock is held.
// In an oops the holder may be the code that failed, so it is not waited for for ever. Most often it is another CPU, which will be ready soon: so it is waited
// for a while. Then the console does without; whoever holds the lock now will hold it for the next line too, so that one is not waited for again.

namespace CSharpOS.Log;

/// <summary>The lock of a console's driver.</summary>
public static class ConsoleLock
{
    private const int LongestWait = 1_000_000;

    /// <summary>Takes <paramref name="spinLock"/> with interrupts off.</summary>
    /// <param name="spinLock">The lock.</param>
    /// <param name="hopeless">Beside the lock, false at first: an oops has waited in vain.</param>
    /// <param name="flags">For <see cref="Release"/>.</param>
    /// <returns>False: this is an oops, and the lock was not to be had. Interrupts are off all the same.</returns>
    public static bool Acquire(ref SpinLock spinLock, ref bool hopeless, out ulong flags)
    {
        if (!KernelLog.OopsInProgress)
        {
            flags = spinLock.LockIrqSave();
            return true;
        }

        flags = LocalIrqSave();
        bool locked = spinLock.TryLock();
        for (int i = 0; !locked && !hopeless && i < LongestWait; i++)
        {
            CpuRelax();
            locked = spinLock.TryLock();
        }

        hopeless = !locked;
        return locked;
    }

    /// <summary>Undoes <see cref="Acquire"/>, whose result is <paramref name="locked"/>.</summary>
    public static void Release(ref SpinLock spinLock, bool locked, ulong flags)
    {
        if (locked)
        {
            spinLock.UnlockIrqRestore(flags);
        }
        else
        {
            LocalIrqRestore(flags);
        }
    }
}
