// Search.Races: what each step comes after, and which earlier choice a race calls into question.
//
// Two steps race if they concern the same word, one changes it, and nothing orders them. For each race the search must also see the other
// order: at the node before the earlier step, a process is added that leads to the later one first (a source set: if one that
// would do is there already, none is added). A sleep set holds transitions that an earlier run has covered from here; one wakes up when a step concerns it.
// Taking a lock races with taking it before, never with giving it back: while it is held nobody can take it.
// An interrupt concerns every step of its CPU; where it could be taken, both are tried: so only raising it races, with the steps of the
// target that it could have interrupted.
// Two list operations that race are a data race in the kernel: lists are guarded by locks, always.

namespace CSharpOS.Explorer;

internal sealed unsafe partial class Search
{
    private const int MaxRaces = 32;

    private readonly VectorClock[] _process = new VectorClock[VectorClock.Processes];
    private readonly int[] _lastInterruptible = new int[Machine.MaxCpus];
    private readonly int[,] _raisedBy = new int[Machine.MaxCpus, Machine.Vectors];
    private readonly Accesses _words = new();
    private readonly int[] _races = new int[MaxRaces];
    private int _pendingRaces;
    private bool _dataRace;

    /// <summary>A CPU has come to cpu_relax. What it read in vain is as good as not read: it will read again.</summary>
    public void SpinArrived(SimulatedCpu cpu)
    {
        for (int i = 0; cpu.Watch.Precise && i < cpu.Watch.Count; i++)
        {
            ref Access word = ref _words[cpu.Watch.Address(i)];
            if (word.Reads[cpu.Number] == cpu.Watch.Event(i))
            {
                word.Reads[cpu.Number] = -1;
            }
        }
    }

    /// <summary>The step that is being made raises an interrupt.</summary>
    public void Raised(int cpu, int vector, bool inStep) => _raisedBy[cpu, vector] = inStep ? LastEvent : -1;

    private void BeginRaces()
    {
        Array.Clear(_process);
        _pendingRaces = 0;
        _dataRace = false;
        Array.Fill(_lastInterruptible, -1);
        _words.Clear();
        for (int cpu = 0; cpu < Machine.MaxCpus; cpu++)
        {
            for (int vector = 0; vector < Machine.Vectors; vector++)
            {
                _raisedBy[cpu, vector] = -1;
            }
        }
    }

    // Makes the step: its clock, its races, the sleep set behind it.
    private void Make(int transition)
    {
        int process = transition / Alternatives;
        int alternative = transition % Alternatives;
        int index = _depth;
        bool isCpu = process < Machine.MaxCpus;
        SimulatedCpu cpu = Machine.Cpus[isCpu ? process : process - Machine.MaxCpus];
        Op op = !isCpu ? new Op { Kind = OpKind.Commit, Address = StoreBuffers.Next(cpu.Number), What = "store reaches memory" }
            : alternative == 0 ? cpu.Pending
            : new Op { Kind = OpKind.Deliver, What = Machine.VectorName(alternative - 1) };
        if (Verbose)
        {
            Report.Add(Describe(cpu, op));
        }

        ref Step step = ref _steps[index];
        step.Process = process;
        step.Kind = op.Kind;
        step.Context = isCpu ? Identity(cpu) : -1;
        VectorClock clock = _process[process];
        switch (op.Kind)
        {
            case OpKind.Deliver when _raisedBy[cpu.Number, alternative - 1] >= 0:
                clock.Join(_steps[_raisedBy[cpu.Number, alternative - 1]].Clock);
                break;
            case OpKind.Send:
                clock.Join(_process[Machine.MaxCpus + process]);
                int interruptible = _lastInterruptible[(int)op.Address];
                if ((int)op.Address != process && interruptible >= 0)
                {
                    Consider(interruptible, ref clock, join: false);
                }

                break;
            case OpKind.Spin:
                JoinWaker(cpu, ref clock);
                break;
            case OpKind.Fence:
                clock.Join(_process[Machine.MaxCpus + process]);
                break;
            case OpKind.Commit:
                clock.Join(_steps[StoreBuffers.NextEvent(cpu.Number)].Clock);
                Touch(process, index, op, ref clock);
                break;
            case OpKind.Local or OpKind.Gate or OpKind.Deliver:
                break;
            case OpKind.Free:
                foreach (nuint address in _words.Within(op.Address, op.Length))
                {
                    Op access = new() { Kind = OpKind.Rmw, Address = address };
                    Touch(process, index, access, ref clock);
                }

                break;
            default:
                if (StoreBuffers.Active && (op.Kind is OpKind.Write or OpKind.Unlock || StoreBuffers.Forwards(cpu.Number, op.Address)))
                {
                    // Stays in the CPU's own buffer.
                    break;
                }

                if (StoreBuffers.Active && op.Kind is OpKind.Rmw or OpKind.Lock or OpKind.TryLock)
                {
                    clock.Join(_process[Machine.MaxCpus + process]);
                }

                Touch(process, index, op, ref clock);
                break;
        }

        if (isCpu)
        {
            cpu.Watch.Note(op, index);
            cpu.Context!.LastSpin = op.Kind == OpKind.Spin ? index : cpu.Context.LastSpin;
            if (cpu.InterruptsEnabled)
            {
                _lastInterruptible[process] = index;
            }
        }

        clock[process] = index + 1;
        step.Clock = clock;
        _process[process] = clock;
        _depth++;
        for (int i = 0; i < _pendingRaces; i++)
        {
            Reverse(_races[i], index);
        }

        _pendingRaces = 0;
        Sleepers(process, op);
    }

    // Everything that this word's history means for a step.
    private void Touch(int process, int index, in Op op, ref VectorClock clock)
    {
        ref Access word = ref _words[op.Address];
        bool isLock = word.Acquire >= 0;
        bool free = op.Kind != OpKind.TryLock || StoreBuffers.IsFree(op.Address);
        if (op.Kind is OpKind.Read or OpKind.ListRead or OpKind.IsLocked || !free)
        {
            Consider(word.Write, ref clock, join: true);
            word.Reads[process] = index;
            return;
        }

        for (int other = 0; other < VectorClock.Processes; other++)
        {
            Consider(word.Reads[other], ref clock, join: true, list: op.Kind == OpKind.ListWrite);
        }

        switch (op.Kind)
        {
            case OpKind.Lock:
                Join(word.Write, ref clock, word.Acquire);
                break;
            case OpKind.Unlock:
            case OpKind.Commit when isLock:
                Join(word.Write, ref clock, -1);
                break;
            default:
                Consider(word.Write, ref clock, join: true, list: op.Kind == OpKind.ListWrite);
                break;
        }

        word.Write = index;
        word.Acquire = op.Kind is OpKind.Lock or OpKind.TryLock ? index : word.Acquire;
        word.ForgetReads();
    }

    // A lock's last change: orders, and does not race; what races is taking it before.
    private void Join(int write, ref VectorClock clock, int acquire)
    {
        if (acquire >= 0)
        {
            Consider(acquire, ref clock, join: false);
        }

        if (write >= 0)
        {
            clock.Join(_steps[write].Clock);
        }
    }

    private void Consider(int earlier, ref VectorClock clock, bool join, bool list = false)
    {
        if (earlier < 0)
        {
            return;
        }

        ref Step step = ref _steps[earlier];
        if (clock[step.Process] < earlier + 1)
        {
            if (list && step.Kind == OpKind.ListWrite)
            {
                _dataRace = true;
            }

            if (_options.Bound < 0 && _pendingRaces < MaxRaces)
            {
                _races[_pendingRaces++] = earlier;
            }
        }

        if (join)
        {
            clock.Join(step.Clock);
        }
    }

    // Adds to the node before step j what leads to step n first.
    private void Reverse(int j, int n)
    {
        if (n < _forced - 1)
        {
            return;
        }

        int owner = _steps[j].Process;
        byte seen = 0;
        byte initials = 0;
        for (int k = j + 1; k <= n; k++)
        {
            int process = _steps[k].Process;
            if ((k != n && _steps[k].Clock[owner] > j) || (seen & (1 << process)) != 0)
            {
                continue;
            }

            seen |= (byte)(1 << process);
            bool first = true;
            for (int m = j + 1; m < k && first; m++)
            {
                bool among = _steps[m].Clock[owner] <= j;
                first = !among || _steps[k].Clock[_steps[m].Process] <= m;
            }

            initials |= first ? (byte)(1 << process) : (byte)0;
        }

        ref Node node = ref _nodes[j];
        if ((node.Backtrack & initials) != 0)
        {
            return;
        }

        int wanted = _steps[n].Process;
        node.Backtrack |= (initials & (1 << wanted)) != 0 ? (byte)(1 << wanted)
            : initials != 0 ? (byte)(1 << System.Numerics.BitOperations.TrailingZeroCount(initials))
            : byte.MaxValue;
    }

    // What slept before this step, and what has been tried instead of it, sleeps on unless the step concerns it.
    private void Sleepers(int process, in Op op)
    {
        if (_options.Bound >= 0)
        {
            return;
        }

        ref Node node = ref _nodes[_depth - 1];
        ulong asleep = node.Sleep | node.Done;
        _sleep = 0;
        while (asleep != 0)
        {
            int transition = System.Numerics.BitOperations.TrailingZeroCount(asleep);
            asleep &= asleep - 1;
            int sleeper = transition / Alternatives;
            if (sleeper != process && !Concerns(op, sleeper, transition % Alternatives))
            {
                _sleep |= 1UL << transition;
            }
        }
    }

    private static bool Concerns(in Op op, int sleeper, int alternative)
    {
        if (sleeper >= Machine.MaxCpus)
        {
            return TouchesSame(op, OpKind.Commit, StoreBuffers.Next(sleeper - Machine.MaxCpus));
        }

        if (op.Kind == OpKind.Send && (int)op.Address == sleeper)
        {
            return alternative != 0;
        }

        Op next = Machine.Cpus[sleeper].Pending;
        return alternative == 0 && (next.Kind == OpKind.Spin
            || (next.Kind == OpKind.Free && IsMemory(op.Kind) && op.Address - next.Address < (nuint)next.Length)
            || (next.Kind == OpKind.Send && op.Kind == OpKind.Send && next.Address == op.Address)
            || TouchesSame(op, next.Kind, next.Address));
    }

    private static bool TouchesSame(in Op op, OpKind kind, nuint address)
    {
        if (op.Kind == OpKind.Free)
        {
            return IsMemory(kind) && address - op.Address < (nuint)op.Length;
        }

        if (op.Address != address || !IsMemory(op.Kind) || !IsMemory(kind))
        {
            return false;
        }

        bool reads = op.Kind is OpKind.Read or OpKind.ListRead or OpKind.IsLocked;
        return !(reads && kind is OpKind.Read or OpKind.ListRead or OpKind.IsLocked);
    }

    private static bool IsMemory(OpKind kind) =>
        kind is OpKind.Read or OpKind.Write or OpKind.Rmw or OpKind.ListRead or OpKind.ListWrite or OpKind.Lock or OpKind.Unlock or OpKind.TryLock
            or OpKind.IsLocked or OpKind.Commit;

    private struct Step
    {
        public int Process;
        public int Context;
        public OpKind Kind;
        public VectorClock Clock;
    }
}
