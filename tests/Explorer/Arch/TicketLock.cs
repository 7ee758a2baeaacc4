// TicketLock of the explored kernel: a lock that the explorer knows as one. Who waits for it cannot run; there is no spinning to explore.
//
// The word is 1 while somebody holds it. Exclusion is the explorer's; the real ticket lock is explored by itself (Scenarios/LockScenarios.cs).

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
            Machine.Point(OpKind.IsLocked, (nuint)word, "spin_is_locked", "", "", 0);
            return *word != 0;
        }
    }

    private int* Word => (int*)Unsafe.AsPointer(ref Unsafe.AsRef(in _held));

    public void Acquire()
    {
        int* word = Word;
        if (Faults.IsDropped((nuint)word))
        {
            return;
        }

        Machine.Point(OpKind.Lock, (nuint)word, "lock", "", "", 0);
        if (*word != 0)
        {
            throw Machine.Fail("a lock was taken that is held: nobody could ever give it back");
        }

        *word = 1;
    }

    public bool TryAcquire()
    {
        int* word = Word;
        Machine.Point(OpKind.TryLock, (nuint)word, "trylock", "", "", 0);
        bool free = *word == 0;
        *word = 1;
        return free;
    }

    public void Release()
    {
        int* word = Word;
        if (Faults.IsDropped((nuint)word))
        {
            return;
        }

        Machine.Point(OpKind.Unlock, (nuint)word, "unlock", "", "", 0);
        if (*word == 0)
        {
            throw Machine.Fail("a lock was given back that nobody held");
        }

        StoreBuffers.Store((nuint)word, 0, sizeof(int));
    }
}
