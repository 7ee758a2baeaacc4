// TicketLock of the explored kernel: a lock that the explorer knows as one. Who waits for it cannot run; there is no spinning to explore.
//
// The word is the number of the CPU that holds it, plus one; 0: free. Exclusion is the explorer's; the real ticket lock is explored by itself (Scenarios/LockScenarios.cs).

using System.Runtime.CompilerServices;
using CSharpOS.Explorer;

namespace CSharpOS.Locking;

internal unsafe struct TicketLock
{
    private int _held;

    public bool IsLocked
    {
        get
        {
            int* word = Word;
            if (*word == Mine || Faults.IsDropped((nuint)word))
            {
                // That this CPU holds it is nothing that others could change.
                return true;
            }

            Machine.Point(OpKind.IsLocked, (nuint)word, "spin_is_locked");
            return *word != 0;
        }
    }

    /// <summary>Nobody waits here: who cannot have the lock does not run.</summary>
    public int WaiterCount => 0;

    public int Served => IsLocked ? 0 : 1;

    private static int Mine => Machine.CurrentCpu + 1;

    private int* Word => (int*)Unsafe.AsPointer(ref Unsafe.AsRef(in _held));

    public void Acquire()
    {
        int* word = Word;
        if (Faults.IsDropped((nuint)word))
        {
            return;
        }

        Machine.Point(OpKind.Lock, (nuint)word, "lock");
        if (*word != 0)
        {
            throw Machine.Fail("a lock was taken that is held: nobody could ever give it back");
        }

        *word = Mine;
    }

    public bool TryAcquire()
    {
        int* word = Word;
        Machine.Point(OpKind.TryLock, (nuint)word, "trylock");
        bool free = StoreBuffers.IsFree((nuint)word);
        *word = free ? Mine : *word;
        return free;
    }

    public void Release()
    {
        int* word = Word;
        if (Faults.IsDropped((nuint)word))
        {
            return;
        }

        Machine.Point(OpKind.Unlock, (nuint)word, "unlock");
        if (*word == 0)
        {
            throw Machine.Fail("a lock was given back that nobody held");
        }

        StoreBuffers.Store((nuint)word, 0, sizeof(int));
    }
}
