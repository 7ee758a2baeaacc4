// Sleeping locks where they do not sleep: results, signals, and what debug builds report. Sleeping itself needs threads: the suite lock in the kernel.

using Xunit;

namespace CSharpOS.Hosted.Locking;

public sealed unsafe class SleepingLockTests : LockMachine
{
    private static Semaphore s_semaphore;
    private static Mutex s_mutex;
    private static RwSemaphore s_rw;

    public SleepingLockTests()
    {
        s_semaphore.Init(0);
        s_mutex.Init();
        s_rw.Init();
    }

    [Fact]
    [Trait("Row", "SYNC-03")]
    public void ASignalEndsTheWaitForASemaphoreAndLeavesNothingBehind()
    {
        Current->PendingSignals = 1;
        Assert.Equal(-EINTR, s_semaphore.DownInterruptible());
        s_semaphore.Up();

        // The count was not handed to the one who left.
        Assert.Equal(0, s_semaphore.DownTrylock());
        Assert.Equal(1, s_semaphore.DownTrylock());
        s_semaphore.Up();
        Assert.Equal(0, s_semaphore.DownInterruptible());
    }

    [Fact]
    [Trait("Row", "SYNC-03")]
    public void ASignalEndsTheWaitForAMutexAndLeavesNothingBehind()
    {
        s_mutex.Lock();
        On(1, () =>
        {
            Current->PendingSignals = 1;
            Assert.Equal(-EINTR, s_mutex.LockInterruptible());
        });
        Assert.True(s_mutex.IsLocked());
        s_mutex.Unlock();
        Assert.False(s_mutex.IsLocked());
        On(1, () =>
        {
            Assert.Equal(0, s_mutex.LockInterruptible());
            s_mutex.Unlock();
        });
        Assert.Equal(0, Logged("BUG"u8));
    }

    [Fact]
    [Trait("Row", "SYNC-03")]
    public void AMutexKnowsItsOwner()
    {
        s_mutex.Lock();
        On(1, () => s_mutex.Unlock());
        Assert.Equal(1, Logged("BUG: mutex: unlock of a lock that another task holds"u8));
        Assert.False(s_mutex.IsLocked());
        s_mutex.Unlock();
        Assert.Equal(1, Logged("BUG: mutex: unlock of a lock that is not held"u8));
        Interrupt(0, () => Assert.True(s_mutex.TryLock()));
        Assert.Equal(1, Logged("BUG: mutex: used in interrupt context"u8));
    }

    [Fact]
    [Trait("Row", "SYNC-03")]
    public void AReaderWriterSemaphoreKnowsItsWriter()
    {
        s_rw.DownWrite();
        On(1, () => Assert.False(s_rw.DownReadTrylock()));
        On(1, () => s_rw.DowngradeWrite());
        Assert.Equal(1, Logged("BUG: rw_semaphore: unlock of a lock that another task holds"u8));
        On(1, () => Assert.True(s_rw.DownReadTrylock()));
        On(1, () => s_rw.UpRead());
        s_rw.UpRead();
        Assert.False(s_rw.IsLocked());
        s_rw.UpRead();
        s_rw.UpWrite();
        Assert.Equal(2, Logged("BUG: rw_semaphore: unlock of a lock that is not held"u8));
    }
}
