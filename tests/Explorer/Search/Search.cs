// Search: depth first through the schedules of a scenario, each run from the start (stateless model checking).
//
// A node is the state before a step: which transitions are possible there, which was taken, which remain. After a run the deepest node with a
// transition left takes that one, and the next run repeats what leads there. Which transitions are tried:
//   Reduction: those that a race in some run asked for (source-set dynamic partial-order reduction, with sleep sets). Two schedules that
//              differ only in the order of steps that do not concern each other count as one, and of those one is run.
//   Bounded:   all, as long as at most so many switches away from a CPU that could go on are made. No reduction.
// A process is a CPU (0 to 2) or a store buffer (3 to 5); a transition is a process and an alternative: 0 the next step, 1 + v interrupt v.
// What a step depends on is in Search.Races.cs.

using System.Numerics;

namespace CSharpOS.Explorer;

/// <summary>A walk through all schedules.</summary>
internal sealed partial class Search
{
    internal const int Alternatives = 8;
    private const int MaxSteps = 3000;

    private readonly SearchOptions _options;
    private Node[] _nodes = new Node[1024];
    private Step[] _steps = new Step[1024];
    private int _forced;
    private int _depth;
    private ulong _sleep;
    private int _last;
    private bool _begun;

    public Search(SearchOptions options) => _options = options;

    /// <summary>True if the last run was cut off because an earlier one had covered it.</summary>
    public bool Pruned { get; private set; }

    /// <summary>What is wrong with the run that Next has ended.</summary>
    public string? Failure { get; private set; }

    /// <summary>The step that is being made; -1 before the first.</summary>
    public int LastEvent => _depth - 1;

    /// <summary>Steps of the last run.</summary>
    public int Depth => _depth;

    /// <summary>Steps of all runs.</summary>
    public long Steps { get; private set; }

    /// <summary>Note what each step is, for a report.</summary>
    public bool Verbose { get; set; }

    /// <summary>What the steps of the last run were.</summary>
    public List<string> Report { get; } = [];

    /// <summary>The transitions of the last run, in order.</summary>
    public IEnumerable<int> Transitions
    {
        get
        {
            for (int i = 0; i < _depth; i++)
            {
                yield return _nodes[i].Chosen;
            }
        }
    }

    /// <summary>Follow these transitions first.</summary>
    public void Force(IReadOnlyList<int> transitions)
    {
        _forced = transitions.Count;
        while (_nodes.Length < _forced)
        {
            Grow();
        }

        for (int i = 0; i < _forced; i++)
        {
            _nodes[i] = new Node { Chosen = transitions[i], Backtrack = 0, Enabled = ulong.MaxValue };
        }
    }

    /// <summary>The run begins.</summary>
    public void Begin()
    {
        _depth = 0;
        _sleep = 0;
        _last = -1;
        _begun = true;
        Pruned = false;
        Failure = null;
        _loneSpins = 0;
        Report.Clear();
        BeginRaces();
    }

    /// <summary>The run has ended.</summary>
    public void Finish() => Steps += _depth;

    /// <summary>Decides the next step of a CPU; -1 if the run ends here.</summary>
    public int Next()
    {
        while (true)
        {
            if (_depth > 0)
            {
                Machine.CheckInvariant();
            }

            ulong enabled = Enabled();
            enabled = enabled != 0 ? enabled : LoneSpinners();
            if (enabled == 0)
            {
                Failure = Machine.ThreadsLeft == 0 ? null : Stuck();
                return -1;
            }

            if (_depth == MaxSteps)
            {
                Failure = $"no end in sight after {MaxSteps} steps (a livelock)";
                return -1;
            }

            int transition = Choose(enabled);
            if (transition < 0)
            {
                return -1;
            }

            int process = transition / Alternatives;
            Make(transition);
            _last = process;
            if (_dataRace)
            {
                Failure = "two CPUs change a list, and nothing orders them (a lock is missing)";
                return -1;
            }

            if (process < Machine.MaxCpus)
            {
                return transition;
            }

            StoreBuffers.Commit(process - Machine.MaxCpus);
        }
    }

    /// <summary>Prepares the next run. False: all schedules have been tried.</summary>
    public bool Advance()
    {
        if (!_begun)
        {
            return false;
        }

        for (int i = _depth - 1; i >= 0; i--)
        {
            ref Node node = ref _nodes[i];
            node.Done |= 1UL << node.Chosen;
            ulong left = node.Enabled & ~node.Done & ~node.Sleep & TransitionsOf(node.Backtrack) & Affordable(node);
            if (left != 0)
            {
                node.Chosen = BitOperations.TrailingZeroCount(left);
                _forced = i + 1;
                return true;
            }
        }

        return false;
    }

    private int Choose(ulong enabled)
    {
        if (_depth >= _nodes.Length)
        {
            Grow();
        }

        ref Node node = ref _nodes[_depth];
        if (_depth < _forced)
        {
            if ((enabled & (1UL << node.Chosen)) == 0 || (node.Enabled != ulong.MaxValue && node.Enabled != enabled))
            {
                Failure = $"the scenario does not repeat itself: step {_depth} differs from the run before (state that Setup does not reset?)";
                return -1;
            }

            node.Enabled = enabled;
            return node.Chosen;
        }

        ulong free = enabled & ~_sleep;
        if (free == 0)
        {
            Pruned = true;
            return -1;
        }

        int chosen = Default(free);
        int spent = _depth == 0 ? 0 : _nodes[_depth - 1].Spent + Cost(_nodes[_depth - 1], _nodes[_depth - 1].Chosen);
        node = new Node
        {
            Chosen = chosen,
            Enabled = enabled,
            Sleep = _sleep,
            Last = _last,
            Spent = spent,
            Backtrack = _options.Bound >= 0 ? byte.MaxValue : (byte)(1 << (chosen / Alternatives)),
        };
        return chosen;
    }

    // Buffered stores first, as if there were no buffers; then the CPU that ran last; interrupts only where nothing else is left to do.
    private int Default(ulong free)
    {
        ulong commits = free >> (Machine.MaxCpus * Alternatives) << (Machine.MaxCpus * Alternatives);
        if (commits != 0)
        {
            return BitOperations.TrailingZeroCount(commits);
        }

        if (_last is >= 0 and < Machine.MaxCpus)
        {
            ulong same = free & TransitionsOf((byte)(1 << _last));
            if (same != 0)
            {
                return BitOperations.TrailingZeroCount(same);
            }
        }

        return BitOperations.TrailingZeroCount(free);
    }

    private ulong Affordable(in Node node)
    {
        if (_options.Bound < 0)
        {
            return ulong.MaxValue;
        }

        ulong affordable = 0;
        for (int transition = 0; transition < Alternatives * VectorClock.Processes; transition++)
        {
            affordable |= node.Spent + Cost(node, transition) <= _options.Bound ? 1UL << transition : 0;
        }

        return affordable;
    }

    // Leaving a CPU that could have gone on costs one. Interrupts and stores that reach memory are free.
    private static int Cost(in Node node, int transition)
    {
        int process = transition / Alternatives;
        bool goesOn = node.Last is >= 0 and < Machine.MaxCpus && (node.Enabled & (1UL << (node.Last * Alternatives))) != 0;
        return goesOn && process != node.Last && process < Machine.MaxCpus ? 1 : 0;
    }

    private static ulong TransitionsOf(byte processes)
    {
        ulong transitions = 0;
        for (int process = 0; process < VectorClock.Processes; process++)
        {
            transitions |= (processes & (1 << process)) != 0 ? 0xffUL << (process * Alternatives) : 0;
        }

        return transitions;
    }

    private void Grow()
    {
        Array.Resize(ref _nodes, 2 * _nodes.Length);
        Array.Resize(ref _steps, 2 * _steps.Length);
    }

    private struct Node
    {
        public int Chosen;
        public int Last;
        public int Spent;
        public byte Backtrack;
        public ulong Enabled, Done, Sleep;
    }
}

/// <summary>How to search.</summary>
/// <param name="Bound">At most so many preemptions, without reduction; -1: no bound, with reduction.</param>
internal sealed record SearchOptions(int Bound);
