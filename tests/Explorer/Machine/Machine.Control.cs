// Machine.Control: who runs: scheduling points, task switches, and the end of a run.

using System.Diagnostics;

namespace CSharpOS.Explorer;

public static unsafe partial class Machine
{
    private const int SettleLimit = 200_000;
    private static int s_settleSteps;

    /// <summary>A scheduling point: returns when this CPU may take the step that is described. Everything up to the next one belongs to it.</summary>
    internal static void Point(OpKind kind, nuint address, string what)
    {
        if (s_mode is Mode.Quiet or Mode.Over)
        {
            if (kind is OpKind.Spin or OpKind.Halt && s_mode == Mode.Quiet)
            {
                throw Fail($"Setup, Invariant and End may not wait ({what})");
            }

            return;
        }

        Op op = new() { Kind = kind, Address = address, What = what };
        Point(ref op, -1);
    }

    /// <summary>For the report: what the step that is being made has read or written.</summary>
    internal static void NoteValue(long value)
    {
        if (s_mode == Mode.Explore && s_search!.Verbose)
        {
            s_search.Report[^1] += value is >= 0 and < 100_000 ? $"   // {value}" : $"   // 0x{value:x}";
        }
    }

    /// <summary>Gives a block of memory back.</summary>
    internal static void Free(void* block)
    {
        if (s_mode is Mode.Settle or Mode.Explore && block != null)
        {
            Op op = new() { Kind = OpKind.Free, Address = (nuint)block, What = "free memory", Length = Heap.LengthOf((nuint)block) };
            Point(ref op, -1);
        }

        Heap.Free(block);
    }

    /// <summary>cpu_relax, at a place in the source.</summary>
    internal static void Spin(string file, int line)
    {
        if (s_mode is Mode.Settle or Mode.Explore)
        {
            Op op = new() { Kind = OpKind.Spin, What = "cpu_relax", File = file, Line = line };
            Point(ref op, -1);
        }
        else if (s_mode == Mode.Quiet)
        {
            throw Fail($"Setup, Invariant and End may not wait (cpu_relax at {SourceText.Place(file, line)})");
        }
    }

    /// <summary>A scheduling point on a hot word of whichever CPU it turns out to be.</summary>
    internal static void PointOnHot(OpKind kind, int offset, string what)
    {
        if (s_mode is Mode.Settle or Mode.Explore)
        {
            Op op = new() { Kind = kind, What = what };
            Point(ref op, offset);
        }
    }

    /// <summary>Raises an interrupt on a CPU.</summary>
    internal static void Send(int cpu, int vector, string what)
    {
        Point(OpKind.Send, (nuint)cpu, what);
        s_cpus[cpu].Raised |= 1u << vector;
        s_search?.Raised(cpu, vector, s_mode == Mode.Explore);
    }

    /// <summary>Raises an interrupt of the scenario.</summary>
    internal static void Raise(int cpu, int vector) => Send(cpu, vector, "raise interrupt");

    internal static TaskStruct* SwitchTask(TaskStruct* previous, TaskStruct* next)
    {
        if (s_mode == Mode.Over)
        {
            throw new RunOverException();
        }

        if (s_mode == Mode.Quiet)
        {
            throw Fail("Setup, Invariant and End may not sleep");
        }

        SimulatedCpu cpu = s_current;
        Context me = cpu.Context!;
        Context other = s_contexts[(nint)next];
        cpu.Context = other;
        other.Previous = previous;
        other.Wake();
        me.Wait();
        return me.Previous;
    }

    internal static void PrepareTask(TaskStruct* task, delegate*<void*, int> function, void* argument)
    {
        AddTask(task, System.Text.Encoding.UTF8.GetString(task->Name), () =>
        {
            s_scheduleTail(s_contexts[(nint)task].Previous);
            KernelThread.Exit(function(argument));
        });
    }

    /// <summary>A context ended by an exception.</summary>
    internal static void Crashed(Exception failure)
    {
        s_failure ??= failure is ScheduleFailureException ? failure.Message : $"{failure.GetType().Name}: {failure.Message} {failure.StackTrace}";
    }

    /// <summary>Lets the test's own thread go on: the run is over, or a stack is unwound.</summary>
    internal static void ReturnToTest() => s_test.Give();

    private static void Point(ref Op op, int hotOffset)
    {
        StoreBuffers.EndLocked();
        while (true)
        {
            SimulatedCpu cpu = s_current;
            op.Address = hotOffset >= 0 ? (nuint)cpu.Hot + (nuint)hotOffset : op.Address;
            CheckNotFreed(ref op);

            if (s_search!.Verbose && !op.Placed)
            {
                Place(ref op);
            }

            cpu.Pending = op;
            if (op.Kind == OpKind.Spin)
            {
                cpu.Watch.Arrive(op);
                s_search!.SpinArrived(cpu);
            }

            int transition = Decide(cpu);
            SimulatedCpu target = s_cpus[transition / Search.Alternatives];
            if (target != cpu)
            {
                Context me = cpu.Context!;
                target.Chosen = transition;
                s_current = target;
                target.Context!.Wake();
                me.Wait();
                cpu = s_current;
                transition = cpu.Chosen;
            }

            int alternative = transition % Search.Alternatives;
            if (alternative == 0)
            {
                CheckNotFreed(ref op);
                return;
            }

            TakeInterrupt(cpu, alternative - 1);
            if (op.Kind == OpKind.Halt)
            {
                return;
            }
        }
    }

    private static void CheckNotFreed(ref Op op)
    {
        if (Heap.IsFreed(op.Address))
        {
            Place(ref op);
            throw Fail($"use after free: {op.What} at {SourceText.Place(op.File, op.Line)}");
        }
    }

    // The next transition of a CPU. The running context is that of cpu.
    private static int Decide(SimulatedCpu cpu)
    {
        if (s_mode == Mode.Explore)
        {
            int transition = s_search!.Next();
            if (transition >= 0)
            {
                return transition;
            }

            s_failure ??= s_search.Failure;
        }
        else
        {
            int transition = NextToSettle(cpu);
            if (transition >= 0)
            {
                return transition;
            }
        }

        // Either this is the end of the run, or Settle has come to its end and exploration begins.
        ReturnToTest();
        cpu.Context!.Wait();
        return s_current.Chosen;
    }

    // Interrupts at once, then the same CPU as long as it can, then the others in order.
    private static int NextToSettle(SimulatedCpu cpu)
    {
        if (++s_settleSteps > SettleLimit)
        {
            s_failure ??= "the machine does not come to rest after Setup";
            return -1;
        }

        for (int i = 0; i < CpuCount; i++)
        {
            SimulatedCpu candidate = s_cpus[(cpu.Number + i) % CpuCount];
            if (candidate.InterruptsEnabled && candidate.Raised != 0 && !IsScenarioVector(candidate.Raised))
            {
                return (candidate.Number * Search.Alternatives) + 1 + System.Numerics.BitOperations.TrailingZeroCount(candidate.Raised);
            }

            if (candidate.Pending.Kind is not (OpKind.Halt or OpKind.End or OpKind.Gate)
                && (candidate.Pending.Kind != OpKind.Lock || *(int*)candidate.Pending.Address == 0)
                && (candidate.Pending.Kind != OpKind.Spin || candidate != cpu))
            {
                return candidate.Number * Search.Alternatives;
            }
        }

        return -1;
    }

    private static bool IsScenarioVector(uint raised) => System.Numerics.BitOperations.TrailingZeroCount(raised) >= FirstScenarioVector;

    private static void Settle()
    {
        s_settleSteps = 0;
        s_mode = Mode.Settle;

        // Every CPU has a first step: whatever its context does until its first scheduling point.
        foreach (SimulatedCpu cpu in s_cpus[..CpuCount])
        {
            s_current = cpu;
            cpu.Context!.Wake();
            s_test.Await();
            if (s_failure != null)
            {
                return;
            }
        }
    }

    // From the test's thread: the first decision, and then waiting for the end.
    private static void StartFromTest()
    {
        int transition = s_search!.Next();
        if (transition < 0)
        {
            s_failure ??= s_search.Failure;
            return;
        }

        SimulatedCpu target = s_cpus[transition / Search.Alternatives];
        target.Chosen = transition;
        s_current = target;
        target.Context!.Wake();
        s_test.Await();
    }

    private static void TakeInterrupt(SimulatedCpu cpu, int vector)
    {
        cpu.Raised &= ~(1u << vector);
        cpu.InterruptsEnabled = false;
        cpu.Depth++;
        s_vectors[vector]!();
        s_current.Depth--;

        // The way out of the entry stub.
        if (Cpu.PreemptionDue())
        {
            s_preemptScheduleIrq();
        }

        s_current.InterruptsEnabled = true;
    }

    // For a report: where in the kernel the step stands, beneath the types that are seams.
    private static void Place(ref Op op)
    {
        op.Placed = true;
        foreach (StackFrame frame in new StackTrace(1, true).GetFrames())
        {
            string file = frame.GetFileName()?.Replace('\\', '/') ?? "";
            if (file.Length != 0 && !SourceText.IsSeam(file))
            {
                op.File = file;
                op.Line = frame.GetFileLineNumber();
                return;
            }
        }
    }

    private static void UnwindAll()
    {
        s_mode = Mode.Over;
        foreach (Context context in Context.Pool)
        {
            if (context.Live)
            {
                context.Wake();
                s_test.Await();
            }
        }

        Context.ReleaseAll();
        s_mode = Mode.Quiet;
    }
}
