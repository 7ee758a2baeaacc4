// Reduction loses nothing: random small programs have the same outcomes with it as without, sequentially consistent and with store buffers.

using System.Linq;
using System.Text;
using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Explorer.Scenarios;

public sealed unsafe class ReductionTests(ITestOutputHelper output) : ScenarioTests(output)
{
    private const int Programs = 12;
    private const int FullRuns = 2500;

    [Theory]
    [InlineData(2, false, false)]
    [InlineData(3, false, false)]
    [InlineData(2, true, false)]
    [InlineData(2, false, true)]
    public void RandomProgramsHaveTheSameOutcomes(int cpus, bool interrupts, bool buffers)
    {
        long full = 0;
        long reduced = 0;
        for (int seed = 0; seed < (Exploration.Soak ? 3 * Programs : Programs); seed++)
        {
            int program = seed;
            HashSet<string> all = [];
            HashSet<string> some = [];
            Result complete = Exploration.Explore(() => new RandomProgram(program, cpus, interrupts, buffers, all), bound: 1000, maxRuns: Exploration.Soak ? 8 * FullRuns : FullRuns);
            Result less = Exploration.Explore(() => new RandomProgram(program, cpus, interrupts, buffers, some));
            Assert.True(less.Exhausted, $"program {seed}");
            Assert.True(less.Failure == complete.Failure, $"program {seed}: {less.Failure} against {complete.Failure}");
            full += complete.Runs;
            reduced += less.Runs + less.Pruned;

            // What the full search did not come to may only be more.
            string missing = string.Join("; ", all.Except(some));
            Assert.True(missing.Length == 0, $"program {seed}: lost with reduction: {missing}\n{new RandomProgram(program, cpus, interrupts, buffers, all).Text}");
            Assert.True(!complete.Exhausted || all.Count == some.Count, $"program {seed}: outcomes that do not exist");
        }

        Output.WriteLine($"{full} schedules without reduction, {reduced} with it");
    }

    private sealed class RandomProgram : Scenario
    {
        private const int Words = 2;
        private readonly List<int[]> _code = [];
        private readonly StringBuilder[] _seen;
        private readonly bool _buffers;
        private readonly bool _interrupts;
        private readonly HashSet<string> _outcomes;
        private int* _words;
        private SpinLock* _lock;

        public RandomProgram(int seed, int cpus, bool interrupts, bool buffers, HashSet<string> outcomes)
        {
            Random random = new(seed);
            int threads = cpus + (interrupts ? 1 : 0);
            for (int thread = 0; thread < threads; thread++)
            {
                _code.Add([.. Enumerable.Range(0, threads == 2 ? 3 : 2).Select(_ => random.Next(16))]);
            }

            _seen = [.. _code.Select(_ => new StringBuilder())];
            Cpus = cpus;
            _interrupts = interrupts;
            _buffers = buffers;
            _outcomes = outcomes;
        }

        public override int Cpus { get; }

        public override bool StoreBuffers => _buffers;

        public string Text => string.Join("\n", _code.Select(code => string.Join(", ", code)));

        public override void Setup()
        {
            _words = (int*)Heap.Allocate(sizeof(int) * Words);
            _lock = Machine.Allocate<SpinLock>();
            for (int cpu = 0; cpu < Cpus; cpu++)
            {
                int thread = cpu;
                Thread(cpu, $"thread {cpu}", () => Run(thread));
            }

            if (_interrupts)
            {
                Interrupt(0, "device", () => Run(Cpus));
            }
        }

        public override void End() => _outcomes.Add(string.Join("|", _seen.Select(seen => seen.ToString())) + $"|{_words[0]} {_words[1]}");

        private void Run(int thread)
        {
            for (int i = 0; i < _code[thread].Length; i++)
            {
                int op = _code[thread][i];
                ref int word = ref _words[op & 1];
                int value = (10 * (thread + 1)) + i;
                switch (op >> 1)
                {
                    case 0 or 1:
                        Note(thread, Shared.ReadOnce(ref word));
                        break;
                    case 2 or 3:
                        Shared.WriteOnce(ref word, value);
                        break;
                    case 4:
                        Note(thread, Shared.Exchange(ref word, value));
                        break;
                    case 5:
                        Note(thread, Shared.AddReturn(ref word, 100));
                        break;
                    case 6:
                        // Two words that change together for whoever takes the lock.
                        ulong flags = _lock->LockIrqSave();
                        Note(thread, Shared.ReadOnce(ref word));
                        Shared.WriteOnce(ref word, value);
                        _lock->UnlockIrqRestore(flags);
                        break;
                    default:
                        flags = LocalIrqSave();
                        bool taken = _lock->TryLock();
                        Note(thread, taken ? 1 : 0);
                        if (taken)
                        {
                            Shared.WriteOnce(ref word, value);
                            _lock->Unlock();
                        }

                        LocalIrqRestore(flags);
                        break;
                }
            }
        }

        private void Note(int thread, int value) => _seen[thread].Append(value).Append(' ');
    }
}
