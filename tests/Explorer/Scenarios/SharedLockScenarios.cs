// Locks with readers and writers, and locks that sleep: two words that change together are never seen apart, and nobody sleeps for ever.

using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Explorer.Scenarios;

public sealed unsafe class SharedLockScenarios(ITestOutputHelper output) : ScenarioTests(output)
{
    [Theory]
    [Trait("Row", "SYNC-02")]
    [InlineData("read lock", 1, null)]
    [InlineData("read lock", 2, null)]
    [InlineData("no lock", 1, "torn")]
    public void ReadersAndAWriterOfARwLock(string variant, int readers, string? fault) => Explore(() => new RwScenario(variant, readers), fault);

    [Theory]
    [Trait("Row", "SYNC-02")]
    [InlineData("retry", null)]
    [InlineData("retry: stores reach memory late", null)]
    [InlineData("no retry", "torn")]
    public void AReaderOfASeqLock(string variant, string? fault) => Explore(() => new SeqScenario(variant), fault);

    [Theory]
    [Trait("Row", "SYNC-03")]
    [InlineData("mutex", null)]
    [InlineData("look, then sleep", "nobody can run")]
    public void TwoTakersOfAMutex(string variant, string? fault) => Explore(() => new MutexScenario(variant), fault);

    [Theory]
    [Trait("Row", "SYNC-03")]
    [InlineData("semaphore", null)]
    [InlineData("look, then sleep", "nobody can run")]
    public void UpFromAnInterruptAgainstDown(string variant, string? fault) => Explore(() => new SemaphoreScenario(variant), fault);

    [Theory]
    [Trait("Row", "SYNC-03")]
    [InlineData("down_read", null)]
    [InlineData("no lock", "torn")]
    public void AReaderAndAWriterOfARwSemaphore(string variant, string? fault) => Explore(() => new RwSemaphoreScenario(variant), fault);

    // Two words that a writer changes one after the other, and a reader that must not see them apart.
    private abstract class PairScenario : Scenario
    {
        private int* _first, _second;

        protected void SetUpPair()
        {
            _first = Machine.Allocate<int>();
            _second = Machine.Allocate<int>();
        }

        protected void Change()
        {
            Shared.WriteOnce(ref *_first, 1);
            Shared.WriteOnce(ref *_second, 1);
        }

        protected bool Same() => Shared.ReadOnce(ref *_first) == Shared.ReadOnce(ref *_second);

        protected void Look()
        {
            if (!Same())
            {
                throw Machine.Fail("the pair is torn");
            }
        }
    }

    private sealed class RwScenario(string variant, int readers) : PairScenario
    {
        private RwLock* _lock;

        public override int Cpus => 1 + readers;

        public override void Setup()
        {
            SetUpPair();
            _lock = Machine.Allocate<RwLock>();
            Thread(0, "writer", () =>
            {
                _lock->WriteLock();
                Change();
                _lock->WriteUnlock();
            });
            for (int cpu = 1; cpu <= readers; cpu++)
            {
                Thread(cpu, $"reader {cpu}", () =>
                {
                    if (variant == "read lock")
                    {
                        _lock->ReadLock();
                    }

                    Look();
                    if (variant == "read lock")
                    {
                        _lock->ReadUnlock();
                    }
                });
            }
        }
    }

    private sealed class SeqScenario(string variant) : PairScenario
    {
        private SeqLock* _lock;

        public override bool StoreBuffers => variant.Contains(':');

        public override void Setup()
        {
            SetUpPair();
            _lock = Machine.Allocate<SeqLock>();
            Thread(0, "writer", () =>
            {
                _lock->WriteLock();
                Change();
                _lock->WriteUnlock();
            });
            Thread(1, "reader", () =>
            {
                bool same;
                int start;
                do
                {
                    start = _lock->ReadBegin();
                    same = Same();
                }
                while (variant != "no retry" && _lock->ReadRetry(start));
                if (!same)
                {
                    throw Machine.Fail("the pair is torn");
                }
            });
        }
    }

    private sealed class MutexScenario(string variant) : Scenario
    {
        private Mutex* _mutex;
        private Atomic* _inside;
        private OwnLock* _own;

        public override bool UsesScheduler => true;

        public override void Setup()
        {
            _mutex = Machine.Allocate<Mutex>();
            _inside = Machine.Allocate<Atomic>();
            _own = Machine.Allocate<OwnLock>();
            WaitQueue.Init(&_own->Wait);
            Thread(0, "taker 0", Take);
            Thread(1, "taker 1", Take);
        }

        public override void End() => Scheduling.CheckAtRest();

        private void Take()
        {
            if (variant == "mutex")
            {
                _mutex->Lock();
            }
            else
            {
                while (Shared.CompareExchange(ref _own->Value, 1, 0) != 0)
                {
                    OwnLock.Sleep(_own);
                }
            }

            Check(_inside->IncReturn() == 1, "one is inside");
            _inside->Dec();
            if (variant == "mutex")
            {
                _mutex->Unlock();
            }
            else
            {
                Shared.WriteOnce(ref _own->Value, 0);
                WaitQueue.WakeUp(&_own->Wait);
            }
        }
    }

    private sealed class SemaphoreScenario(string variant) : Scenario
    {
        private Semaphore* _semaphore;
        private OwnLock* _own;

        public override bool UsesScheduler => true;

        public override void Setup()
        {
            _semaphore = Machine.Allocate<Semaphore>();
            _semaphore->InitMutexLocked();
            _own = Machine.Allocate<OwnLock>();
            WaitQueue.Init(&_own->Wait);
            Thread(0, "waiter", () =>
            {
                if (variant == "semaphore")
                {
                    _semaphore->Down();
                    return;
                }

                while (Shared.Exchange(ref _own->Value, 0) == 0)
                {
                    OwnLock.Sleep(_own);
                }
            });
            Interrupt(1, "device", () =>
            {
                if (variant == "semaphore")
                {
                    _semaphore->Up();
                    return;
                }

                Shared.WriteOnce(ref _own->Value, 1);
                WaitQueue.WakeUp(&_own->Wait);
            });
        }

        public override void End() => Scheduling.CheckAtRest();
    }

    private sealed class RwSemaphoreScenario(string variant) : PairScenario
    {
        private RwSemaphore* _semaphore;

        public override bool UsesScheduler => true;

        public override void Setup()
        {
            SetUpPair();
            _semaphore = Machine.Allocate<RwSemaphore>();
            Thread(0, "writer", () =>
            {
                _semaphore->DownWrite();
                Change();
                _semaphore->UpWrite();
            });
            Thread(1, "reader", () =>
            {
                if (variant == "down_read")
                {
                    _semaphore->DownRead();
                }

                Look();
                if (variant == "down_read")
                {
                    _semaphore->UpRead();
                }
            });
        }

        public override void End() => Scheduling.CheckAtRest();
    }

    // A lock that sleeps, as one might write it: it does not look again once it is on the list.
    private struct OwnLock
    {
        public int Value;
        public WaitQueueHead Wait;

        public static void Sleep(OwnLock* self)
        {
            WaitQueueEntry wait = WaitQueueEntry.ForCurrent();
            WaitQueue.PrepareToWait(&self->Wait, &wait, TaskState.Uninterruptible);
            Scheduler.Schedule();
            WaitQueue.FinishWait(&self->Wait, &wait);
        }
    }
}
