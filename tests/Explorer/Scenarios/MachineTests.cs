// The explorer itself: it tries all schedules and no two that are the same, finds what it must, and repeats what it found.

using System.Linq;
using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Explorer.Scenarios;

public sealed unsafe class MachineTests(ITestOutputHelper output) : ScenarioTests(output)
{
    [Fact]
    public void TwoThreadsThatDoNotConcernEachOtherAreOneSchedule()
    {
        Result result = Exploration.Explore(() => new Words(same: false));
        Assert.True(result.Exhausted);
        Assert.Equal(1, result.Runs);
    }

    [Fact]
    public void TwoAdditionsToOneWordAreTwoSchedules()
    {
        Result result = Exploration.Explore(() => new Words(same: true));
        Assert.True(result.Exhausted);
        Assert.Equal(2, result.Runs);
    }

    [Fact]
    public void WithoutReductionEveryInterleavingIsRun()
    {
        // Two threads of two steps each (begin, add): 4! / (2! 2!).
        Result result = Exploration.Explore(() => new Words(same: true), bound: 100);
        Assert.True(result.Exhausted);
        Assert.Equal(6, result.Runs);
    }

    [Fact]
    public void ABoundOfPreemptionsLimitsThem()
    {
        Assert.Equal(2, Exploration.Explore(() => new Words(same: true), bound: 0).Runs);
        Assert.Equal(4, Exploration.Explore(() => new Words(same: true), bound: 1).Runs);
    }

    [Fact]
    public void ReductionSeesEveryOutcomeThatTheFullSearchSees()
    {
        HashSet<string> all = [];
        HashSet<string> reduced = [];
        Exploration.Explore(() => new Outcomes(all), bound: 100);
        Result result = Exploration.Explore(() => new Outcomes(reduced));
        Assert.Equal(all.Order(), reduced.Order());
        Output.WriteLine($"{reduced.Count} outcomes in {result.Runs} schedules");
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void StoresPassLoadsOnlyInStoreBufferMode(bool buffers, bool bothZero)
    {
        HashSet<string> outcomes = [];
        Assert.True(Exploration.Explore(() => new StoreThenLoad(outcomes, buffers, fence: false)).Exhausted);
        Assert.Equal(bothZero, outcomes.Contains("0 0"));
        Assert.Contains("0 1", outcomes);
        Assert.Contains("1 0", outcomes);
        Assert.Contains("1 1", outcomes);
    }

    [Fact]
    public void AFenceKeepsTheStoreBeforeTheLoad()
    {
        HashSet<string> outcomes = [];
        Assert.True(Exploration.Explore(() => new StoreThenLoad(outcomes, buffers: true, fence: true)).Exhausted);
        Assert.DoesNotContain("0 0", outcomes);
        Assert.Equal(3, outcomes.Count);
    }

    [Fact]
    public void StoresStayInOrderInStoreBufferMode()
    {
        HashSet<string> outcomes = [];
        Assert.True(Exploration.Explore(() => new MessagePassing(outcomes)).Exhausted);
        Assert.Equal(["0 0", "0 1", "1 1"], outcomes.Order());
    }

    [Fact]
    public void AnInterruptStrikesAtEveryPlaceWhereItMay()
    {
        HashSet<string> outcomes = [];
        Assert.True(Exploration.Explore(() => new Struck(outcomes)).Exhausted);

        // Before the first step, and after each; not between interrupts off and on.
        Assert.Equal(["0", "1", "3", "4"], outcomes.Order());
    }

    [Fact]
    public void AnInterruptThatAnotherCpuRaisesStrikesAtEveryPlaceToo()
    {
        HashSet<string> outcomes = [];
        Assert.True(Exploration.Explore(() => new Kicked(outcomes)).Exhausted);
        Assert.Equal(["0", "1", "2", "3"], outcomes.Order());
    }

    // At the end all is well again: only who looks at each step sees it.
    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void AnInvariantIsCheckedAtEachStep(int bound)
    {
        Result result = Exploration.Explore(() => new Between(), bound);
        Assert.Equal("does not hold: *_word == 0", result.Failure);
        Assert.Equal(result.Failure, Exploration.Replay(() => new Between(), result.Schedule).Failure);
    }

    [Fact]
    public void ALivelockIsFound() => Explore(() => new Livelock(), "livelock");

    [Fact]
    public void AScenarioThatKeepsStateBetweenRunsIsFound() =>
        Assert.Contains("does not repeat itself", Exploration.Explore(() => new Forgetful()).Failure);

    [Fact]
    public void AFailingScheduleIsReadableAndFailsAgain()
    {
        Result result = Exploration.Explore(() => new LostUpdate());
        Assert.Equal("does not hold: _count == 2", result.Failure);
        Assert.Contains("cpu 0  one", result.Report);
        Assert.Contains("Shared.ReadOnce(ref *_word)", result.Report);
        Assert.Contains("MachineTests.cs:", result.Report);
        Assert.Equal(result.Failure, Exploration.Replay(() => new LostUpdate(), result.Schedule).Failure);
        Assert.Null(Exploration.Replay(() => new LostUpdate(), "0*3 1*3").Failure);
    }

    private sealed class Between : Scenario
    {
        private int* _word;

        public override int Cpus => 1;

        public override void Setup()
        {
            _word = Machine.Allocate<int>();
            Thread(0, "one", () =>
            {
                Shared.WriteOnce(ref *_word, 1);
                Shared.WriteOnce(ref *_word, 0);
            });
        }

        public override void Invariant() => Check(*_word == 0);
    }

    private sealed class Words(bool same) : Scenario
    {
        private Atomic* _one, _two;

        public override void Setup()
        {
            _one = Machine.Allocate<Atomic>();
            _two = Machine.Allocate<Atomic>();
            Thread(0, "one", () => _one->Inc());
            Thread(1, "two", () => (same ? _one : _two)->Inc());
        }
    }

    // Three CPUs, reads, writes, locked operations and a lock: enough for a wrong dependency to show.
    private sealed class Outcomes(HashSet<string> outcomes) : Scenario
    {
        private readonly List<int> _seen = [];
        private int* _x, _y;
        private SpinLock* _lock;

        public override int Cpus => 3;

        public override void Setup()
        {
            _x = Machine.Allocate<int>();
            _y = Machine.Allocate<int>();
            _lock = Machine.Allocate<SpinLock>();
            int a = 0, b = 0, c = 0;
            Thread(0, "one", () =>
            {
                Shared.WriteOnce(ref *_x, 1);
                a = Shared.ReadOnce(ref *_y);
            });
            Thread(1, "two", () =>
            {
                _lock->Lock();
                b = Shared.AddReturn(ref *_y, 2);
                _lock->Unlock();
            });
            Thread(2, "three", () =>
            {
                if (_lock->TryLock())
                {
                    c = Shared.ReadOnce(ref *_x);
                    Shared.WriteOnce(ref *_y, 5 + c);
                    _lock->Unlock();
                }
                else
                {
                    c = 9;
                }

                _seen.Clear();
            });
            End_ = () => outcomes.Add($"{a} {b} {c} {*_y}");
        }

        private Action End_ { get; set; } = () => { };

        public override void End() => End_();
    }

    private sealed class StoreThenLoad(HashSet<string> outcomes, bool buffers, bool fence) : Scenario
    {
        private int* _x, _y;
        private int _a, _b;

        public override bool StoreBuffers => buffers;

        public override void Setup()
        {
            _x = Machine.Allocate<int>();
            _y = Machine.Allocate<int>();
            Thread(0, "one", () => _a = Go(_x, _y));
            Thread(1, "two", () => _b = Go(_y, _x));
        }

        public override void End() => outcomes.Add($"{_a} {_b}");

        private int Go(int* mine, int* other)
        {
            Shared.WriteOnce(ref *mine, 1);
            if (fence)
            {
                Mb();
            }

            return Shared.ReadOnce(ref *other);
        }
    }

    private sealed class MessagePassing(HashSet<string> outcomes) : Scenario
    {
        private int* _data, _flag;
        private int _a, _b;

        public override bool StoreBuffers => true;

        public override void Setup()
        {
            _data = Machine.Allocate<int>();
            _flag = Machine.Allocate<int>();
            Thread(0, "sender", () =>
            {
                Shared.WriteOnce(ref *_data, 1);
                Shared.WriteOnce(ref *_flag, 1);
            });
            Thread(1, "receiver", () =>
            {
                _a = Shared.ReadOnce(ref *_flag);
                _b = Shared.ReadOnce(ref *_data);
            });
        }

        public override void End() => outcomes.Add($"{_a} {_b}");
    }

    private sealed class Struck(HashSet<string> outcomes) : Scenario
    {
        private Atomic* _steps;
        private int _at = -1;

        public override int Cpus => 1;

        public override void Setup()
        {
            _steps = Machine.Allocate<Atomic>();
            Thread(0, "thread", () =>
            {
                _steps->Inc();
                ulong flags = LocalIrqSave();
                _steps->Inc();
                _steps->Inc();
                LocalIrqRestore(flags);
                _steps->Inc();
            });
            Interrupt(0, "device", () => _at = _steps->Read());
        }

        public override void End() => outcomes.Add($"{_at}");
    }

    private sealed class Kicked(HashSet<string> outcomes) : Scenario
    {
        private Atomic* _steps;
        private int _at = -1;

        public override void Setup()
        {
            _steps = Machine.Allocate<Atomic>();
            Interrupt kick = LaterInterrupt(0, "kick", () => _at = _steps->Read());
            Thread(0, "thread", () =>
            {
                _steps->Inc();
                _steps->Inc();
                _steps->Inc();
            });
            Thread(1, "kicker", kick.Raise);
        }

        public override void End() => outcomes.Add($"{_at}");
    }

    private sealed class Livelock : Scenario
    {
        private int* _x, _y;

        public override void Setup()
        {
            _x = Machine.Allocate<int>();
            _y = Machine.Allocate<int>();
            Thread(0, "after you", () => Polite(_x, _y));
            Thread(1, "no, after you", () => Polite(_y, _x));
        }

        // Each withdraws when the other is there, and comes again.
        private static void Polite(int* mine, int* other)
        {
            while (true)
            {
                Shared.WriteOnce(ref *mine, 1);
                if (Shared.ReadOnce(ref *other) == 0)
                {
                    Shared.WriteOnce(ref *mine, 0);
                    return;
                }

                Shared.WriteOnce(ref *mine, 0);
                CpuRelax();
            }
        }
    }

    private sealed class Forgetful : Scenario
    {
        private static int s_runs;
        private Atomic* _word;

        public override void Setup()
        {
            _word = Machine.Allocate<Atomic>();
            bool other = ++s_runs % 2 == 0;
            Thread(0, "one", () =>
            {
                _word->Inc();
                if (other)
                {
                    ulong flags = LocalIrqSave();
                    LocalIrqRestore(flags);
                }

                _word->Inc();
            });
            Interrupt(0, "device", () => _word->Inc());
            Thread(1, "two", () => _word->Inc());
        }
    }

    private sealed class LostUpdate : Scenario
    {
        private int* _word;
        private int _count;

        public override void Setup()
        {
            _word = Machine.Allocate<int>();
            Thread(0, "one", AddOne);
            Thread(1, "two", AddOne);
        }

        public override void End()
        {
            _count = *_word;
            Check(_count == 2);
        }

        private void AddOne()
        {
            int value = Shared.ReadOnce(ref *_word);
            Shared.WriteOnce(ref *_word, value + 1);
        }
    }
}
