// Spin locks, reader-writer locks and sequence locks between simulated CPUs: every interleaving is written down in the test.

using Xunit;

namespace CSharpOS.Hosted.Locking;

public sealed unsafe class SpinningLockTests : LockMachine
{
    private static SpinLock s_spin;
    private static RwLock s_rw;
    private static SeqLock s_seq;

    public SpinningLockTests()
    {
        s_spin.Init();
        s_rw.Init();
        s_seq.Init();
    }

    [Fact]
    [Trait("Row", "SYNC-02")]
    public void ASpinLockIsServedInOrderOfArrival()
    {
        s_spin.Lock();
        On(1, () => Assert.False(s_spin.TryLock()));
        On(1, () => WhileSpinning(
            () => s_spin.Lock(),
            () => Assert.Equal(1, s_spin.WaiterCount),
            () => On(2, () => Assert.False(s_spin.TryLock())),
            () => On(0, () => s_spin.Unlock())));
        Assert.True(s_spin.IsLocked());
        Assert.False(s_spin.IsContended());
        On(0, () => WhileSpinning(() => s_spin.UnlockWait(), () => { }, () => On(1, () => s_spin.Unlock())));
        Assert.False(s_spin.IsLocked());
    }

    [Fact]
    [Trait("Row", "SYNC-02")]
    public void TicketsGoRoundTheirSixteenBits()
    {
        for (int i = 0; i < 70_000; i++)
        {
            s_spin.Lock();
            Assert.False(s_spin.TryLock());
            s_spin.Unlock();
        }

        Assert.False(s_spin.IsLocked());
        Assert.Equal(0, Cpu.PreemptCount());
    }

    [Fact]
    [Trait("Row", "SYNC-02")]
    public void AWaitingWriterStopsNewReadersOnly()
    {
        s_rw.ReadLock();
        On(1, () => WhileSpinning(
            () => s_rw.WriteLock(),
            () => On(2, () => Assert.False(s_rw.ReadTryLock())),
            () => On(2, () => Assert.False(s_rw.WriteTryLock())),
            () => On(0, () =>
            {
                // It reads already.
                s_rw.ReadLock();
                Assert.True(s_rw.ReadTryLock());
                s_rw.ReadUnlock();
                s_rw.ReadUnlock();
            }),
            () => Interrupt(1, () =>
            {
                // The writer waits on this very CPU: queueing behind it would never end.
                s_rw.ReadLock();
                s_rw.ReadUnlock();
            }),
            () => Interrupt(2, () =>
            {
                Assert.True(s_rw.ReadTryLock());
                s_rw.ReadUnlock();
            }),
            () => On(0, () => s_rw.ReadUnlock())));
        Assert.False(s_rw.ReadCanLock());
        On(2, () => Assert.False(s_rw.ReadTryLock()));
        Interrupt(2, () => Assert.False(s_rw.ReadTryLock()));
        On(1, () => s_rw.WriteUnlock());
        Assert.True(s_rw.WriteCanLock());
    }

    [Fact]
    [Trait("Row", "SYNC-02")]
    public void AReaderThatFindsAWriterWaitsForItOnly()
    {
        s_rw.WriteLock();
        On(1, () => WhileSpinning(
            () => s_rw.ReadLock(),
            () => On(2, () => Assert.False(s_rw.WriteTryLock())),
            () => On(0, () => s_rw.WriteUnlock())));
        On(2, () =>
        {
            Assert.False(s_rw.WriteTryLock());
            Assert.True(s_rw.ReadTryLock());
            s_rw.ReadUnlock();
        });
        On(1, () => s_rw.ReadUnlock());
        Assert.True(s_rw.WriteCanLock());
    }

    [Fact]
    [Trait("Row", "SYNC-02")]
    public void AnInterruptThatReadsWaitsForAWriterThatIsIn()
    {
        s_rw.WriteLock();
        Interrupt(1, () => WhileSpinning(() => s_rw.ReadLock(), () => On(0, () => s_rw.WriteUnlock())));
        Assert.True(s_rw.ReadCanLock());
        Assert.False(s_rw.WriteCanLock());
    }

    [Fact]
    [Trait("Row", "SYNC-02")]
    public void ASequenceReaderReadsAgainAfterAWriter()
    {
        int start = s_seq.ReadBegin();
        On(1, () =>
        {
            s_seq.WriteLock();
            s_seq.WriteUnlock();
        });
        Assert.True(s_seq.ReadRetry(start));
        start = s_seq.ReadBegin();
        Assert.False(s_seq.ReadRetry(start));
        Assert.Equal(0, start & 1);
    }

    [Fact]
    [Trait("Row", "SYNC-02")]
    public void ASequenceReaderWaitsForAWriterAtWork()
    {
        On(1, () => s_seq.WriteLock());
        int start = -1;
        WhileSpinning(
            () => start = s_seq.ReadBegin(),
            () => { },
            () => On(1, () => s_seq.WriteUnlock()));
        Assert.False(s_seq.ReadRetry(start));
    }

    [Fact]
    [Trait("Row", "SYNC-02")]
    public void GivingBackWhatIsNotHeldIsReportedTenTimesOnly()
    {
        for (int i = 0; i < 12; i++)
        {
            PreemptDisable();
            s_spin.Unlock();
        }

        Assert.Equal(10, Logged("BUG: spin lock: unlock of a lock that is not held"u8));
        On(1, () => s_rw.ReadLock());
        PreemptDisable();

        // Somebody reads, but not this CPU.
        s_rw.ReadUnlock();
        Assert.Equal(1, Logged("BUG: read lock: unlock of a lock that is not held"u8));
        On(1, () => s_rw.ReadUnlock());
        Assert.True(s_rw.WriteCanLock());
    }
}
