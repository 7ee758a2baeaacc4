// RwLock.Checked: the reader-writer spin lock of debug builds, which tells the validator and the statistics what happens to it.
//
// Contexts as in RwLock.cs. Readers recurse, as the validator knows (LockKind.RecursiveRead). What its holder would wait for itself for is counted,
// what is given back without being held stays as it is.

using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

#if DEBUG_CHECKS
public unsafe partial struct RwLock
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
    private void AcquireRead(string file, int line)
    {
        if (!LockValidator.Acquire(Address, MapAddress, LockKind.RecursiveRead, 0, false, file, line))
        {
            return;
        }

        if ((Shared.AddReturn(ref _state, ReaderOne) & (WriterIn | WriterWaits)) != 0)
        {
            ulong since = LockStat.Contended();
            WaitToRead();
            LockStat.Waited(Address, MapAddress, since);
        }

        ReadDepth++;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool ReleaseRead(string file, int line)
    {
        LockRelease what = LockValidator.Release(Address, MapAddress, file, line);
        if (what == LockRelease.Counted)
        {
            return true;
        }

        int state = Shared.ReadOnce(ref _state);
        if (what == LockRelease.Refuse || state < ReaderOne || ReadDepth == 0)
        {
            LockReport.NotHeld("read lock"u8);
            return false;
        }

        ReadDepth--;
        Shared.AddReturn(ref _state, -ReaderOne);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AcquireWrite(string file, int line)
    {
        if (!LockValidator.Acquire(Address, MapAddress, LockKind.Exclusive, 0, false, file, line))
        {
            return;
        }

        if (Shared.CompareExchange(ref _state, WriterIn, 0) != 0)
        {
            ulong since = LockStat.Contended();
            WaitToWrite();
            LockStat.Waited(Address, MapAddress, since);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool ReleaseWrite(string file, int line)
    {
        LockRelease what = LockValidator.Release(Address, MapAddress, file, line);
        if (what == LockRelease.Counted)
        {
            return true;
        }

        bool held = (Shared.ReadOnce(ref _state) & WriterIn) != 0;
        if (what == LockRelease.Refuse || !held)
        {
            LockReport.Unbalanced("write lock"u8, held);
            return false;
        }

        Shared.AddReturn(ref _state, -WriterIn);
        return true;
    }

    private void NoteTried(LockKind kind, string file, int line) =>
        LockValidator.Acquire(Address, MapAddress, kind, 0, true, file, line);
}
#endif
