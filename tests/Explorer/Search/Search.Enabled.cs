// Search.Enabled: which transitions are possible now, and what a CPU that has none waits for.

using System.Text;

namespace CSharpOS.Explorer;

internal sealed partial class Search
{
    private const int MaxLoneSpins = 20;
    private int _loneSpins;

    private ulong Enabled()
    {
        ulong enabled = 0;
        foreach (SimulatedCpu cpu in Machine.Cpus.AsSpan(0, Machine.CpuCount))
        {
            int first = cpu.Number * Alternatives;
            enabled |= CanStep(cpu) ? 1UL << first : 0;
            enabled |= cpu.InterruptsEnabled ? (ulong)cpu.Raised << (first + 1) : 0;
            enabled |= !StoreBuffers.Active || StoreBuffers.IsEmpty(cpu.Number) ? 0 : 1UL << ((Machine.MaxCpus + cpu.Number) * Alternatives);
        }

        return enabled;
    }

    // Nobody else can run: whoever spins in a loop that does more than look may go on, for it may get on by itself. Not for ever.
    private ulong LoneSpinners()
    {
        if (++_loneSpins > MaxLoneSpins)
        {
            return 0;
        }

        ulong spinners = 0;
        foreach (SimulatedCpu cpu in Machine.Cpus.AsSpan(0, Machine.CpuCount))
        {
            spinners |= cpu.Pending.Kind == OpKind.Spin && !cpu.Watch.Precise ? 1UL << (cpu.Number * Alternatives) : 0;
        }

        return spinners;
    }

    private bool CanStep(SimulatedCpu cpu) => cpu.Pending.Kind switch
    {
        OpKind.Halt or OpKind.End => false,
        OpKind.Spin => SpinGoesOn(cpu),
        OpKind.Lock => Drained(cpu) && StoreBuffers.IsFree(cpu.Pending.Address),
        OpKind.Rmw or OpKind.TryLock or OpKind.Fence or OpKind.Send => Drained(cpu),
        _ => true,
    };

    private static bool Drained(SimulatedCpu cpu) => !StoreBuffers.Active || StoreBuffers.IsEmpty(cpu.Number);

    private bool SpinGoesOn(SimulatedCpu cpu) => (!cpu.Watch.Precise && cpu.Context!.LastSpin < 0) || Waker(cpu) >= 0;

    // The step that lets a spinning CPU go on; -1: none yet.
    private int Waker(SimulatedCpu cpu)
    {
        if (cpu.Watch.Precise)
        {
            for (int i = 0; i < cpu.Watch.Count; i++)
            {
                int write = _words[cpu.Watch.Address(i)].Write;
                if (write > cpu.Watch.Event(i))
                {
                    return write;
                }
            }

            return -1;
        }

        // What its own stores do when they reach memory it has seen before.
        int self = Identity(cpu);
        int ownBuffer = Machine.MaxCpus + cpu.Number;
        for (int i = cpu.Context!.LastSpin + 1; i < _depth; i++)
        {
            if (_steps[i].Context != self && _steps[i].Process != ownBuffer && new Op { Kind = _steps[i].Kind }.ChangesMemory)
            {
                return i;
            }
        }

        return -1;
    }

    // Who makes a step: a stack, and how deep in interrupts.
    private static int Identity(SimulatedCpu cpu) => (cpu.Context!.Number * 16) + cpu.Depth;

    private void JoinWaker(SimulatedCpu cpu, ref VectorClock clock)
    {
        int waker = Waker(cpu);
        if (waker >= 0)
        {
            clock.Join(_steps[waker].Clock);
        }
    }

    private static string Stuck()
    {
        StringBuilder text = new("nobody can run:");
        foreach (SimulatedCpu cpu in Machine.Cpus.AsSpan(0, Machine.CpuCount))
        {
            ref Op op = ref cpu.Pending;
            text.Append($" CPU {cpu.Number} ({cpu.Context!.Name}) ").Append(op.Kind switch
            {
                OpKind.Halt => "is idle",
                OpKind.End => "has ended",
                OpKind.Lock => "waits for a lock that is never given back",
                OpKind.Spin => $"spins for ever at {SourceText.Place(op.File, op.Line)}",
                _ => $"is at {op.What}",
            }).Append(';');
        }

        return text.Append($" {Machine.ThreadsLeft} threads have not ended").ToString();
    }

    private static string Describe(SimulatedCpu cpu, in Op op)
    {
        string who = cpu.Context!.Name + (cpu.Depth > 0 ? " in interrupt" : "");
        string what = op.Kind == OpKind.Deliver ? $"--- interrupt: {op.What} ---" : op.What;
        return op.File == null ? $"cpu {cpu.Number}  {who,-22} {what}"
            : $"cpu {cpu.Number}  {who,-22} {what,-19} {SourceText.Place(op.File, op.Line),-40} {SourceText.Line(op.File, op.Line)}";
    }
}
