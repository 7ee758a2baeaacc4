// Scenario: a few short threads and interrupts on one to three CPUs, and what must hold. The explorer runs it once for each schedule.
//
// Write a class with fields for the state, put the threads together in Setup, check in the threads, in Invariant and in End. A new object is made
// for each run. What is kept in statics of the kernel is reset by the machine; statics of your own you reset in Setup.
// Only seams (Cpu, Atomic, Shared, locks, lists, interrupts) are scheduling points: fields of the scenario change together with the step before them.

using System.Runtime.CompilerServices;

namespace CSharpOS.Explorer;

/// <summary>What is explored.</summary>
public abstract unsafe class Scenario
{
    private int _vectors = Machine.FirstScenarioVector;

    /// <summary>How many CPUs the machine has, one to three.</summary>
    public virtual int Cpus => 2;

    /// <summary>True: threads are tasks of the kernel's own scheduler, and may sleep. False: one bare thread on each CPU, far fewer schedules.</summary>
    public virtual bool UsesScheduler => false;

    /// <summary>True: stores reach memory late, as on x86 (the store-buffer mode).</summary>
    public virtual bool StoreBuffers => false;

    internal List<ScenarioThread> Threads { get; } = [];

    /// <summary>Makes the state, the threads and the interrupts. Quiet: nothing here is a scheduling point. May not sleep.</summary>
    public abstract void Setup();

    /// <summary>Must hold between any two steps. With reduction not every intermediate state is visited: prefer <see cref="Check"/> in the threads.</summary>
    public virtual void Invariant()
    {
    }

    /// <summary>Must hold when all threads have ended and nothing can happen any more.</summary>
    public virtual void End()
    {
    }

    /// <summary>A thread on CPU <paramref name="cpu"/>. Without the scheduler at most one on each.</summary>
    protected ScenarioThread Thread(int cpu, string name, Action body)
    {
        ScenarioThread thread = new(cpu, name, body);
        Threads.Add(thread);
        return thread;
    }

    /// <summary>An interrupt of CPU <paramref name="cpu"/> that is pending from the start and strikes once, wherever interrupts are on; after the
    /// threads' end at the latest. The body runs in hard interrupt context.</summary>
    protected Interrupt Interrupt(int cpu, string name, Action body)
    {
        Interrupt interrupt = LaterInterrupt(cpu, name, body);
        interrupt.Raise();
        return interrupt;
    }

    /// <summary>The same, but pending only when somebody calls Raise.</summary>
    protected Interrupt LaterInterrupt(int cpu, string name, Action body)
    {
        Machine.SetVector(_vectors, name, body);
        return new Interrupt(cpu, _vectors++);
    }

    /// <summary>A device's interrupt on line <paramref name="irq"/>: the kernel's own DoIrq serves it. Pending when somebody calls Raise.</summary>
    protected Interrupt DeviceInterrupt(int cpu, int irq)
    {
        Machine.SetVector(_vectors, $"irq {irq}", () =>
        {
            PtRegs regs = new() { OrigRax = (ulong)(irq - 256), Cs = 0x10, Eflags = 0x202 };
            DoIrq(&regs);
        }, isEntry: true);
        return new Interrupt(cpu, _vectors++);
    }

    /// <summary>Fails the run if <paramref name="condition"/> does not hold.</summary>
    protected static void Check(bool condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        if (!condition)
        {
            throw Machine.Fail($"does not hold: {what}");
        }
    }
}

/// <summary>A thread of a scenario.</summary>
public sealed unsafe class ScenarioThread(int cpu, string name, Action body)
{
    /// <summary>The CPU it is bound to, or begins on.</summary>
    public int Cpu { get; } = cpu;

    public string Name { get; } = name;

    /// <summary>True: any CPU may run it.</summary>
    public bool AnyCpu { get; init; }

    /// <summary>True: its end is explored too. Otherwise it sleeps for good where its body ends.</summary>
    public bool Exits { get; set; }

    /// <summary>Real-time priority (first in, first out), 1 to 99; 0: an ordinary thread.</summary>
    public int RealTimePriority { get; set; }

    /// <summary>True: somebody else wakes it for the first time.</summary>
    public bool StartsStopped { get; set; }

    /// <summary>True: it runs before the exploration begins, up to its first sleep.</summary>
    public bool BeginsEarly { get; set; }

    /// <summary>The kernel's task; null without the scheduler.</summary>
    public TaskStruct* Task { get; internal set; }

    internal Action Body { get; } = body;
}

/// <summary>An interrupt of a scenario.</summary>
public sealed class Interrupt(int cpu, int vector)
{
    /// <summary>Raises it: it strikes at some time from now on. Raising it again before it strikes does nothing.</summary>
    public void Raise() => Machine.Raise(cpu, vector);
}
