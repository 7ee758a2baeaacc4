// LockMachine: the simulated machine for tests of locks, with a way to act on other CPUs while one of them spins.

using CSharpOS.Hosted.Log;
using Xunit;

namespace CSharpOS.Hosted.Locking;

/// <summary>Base of the tests of locks.</summary>
public abstract unsafe class LockMachine : LogFixture
{
    protected LockMachine()
    {
        for (int cpu = 0; cpu < 4; cpu++)
        {
            Simulation.SwitchTo(cpu);
            Simulation.InterruptsEnabled = true;
            *Simulation.Hot(cpu)->Current = default;
        }

        Simulation.SwitchTo(0);
    }

    /// <summary>Runs something on another CPU.</summary>
    protected static void On(int cpu, Action action)
    {
        int before = Simulation.CurrentCpu;
        Simulation.SwitchTo(cpu);
        action();
        Simulation.SwitchTo(before);
    }

    /// <summary>Runs something in a hard interrupt of a CPU.</summary>
    protected static void Interrupt(int cpu, Action action) => On(cpu, () =>
    {
        Cpu.PreemptCountAdd(HardirqOffset);
        action();
        Cpu.PreemptCountAdd(-HardirqOffset);
    });

    /// <summary>Runs something that spins; what the others do meanwhile runs step by step, one each time it looks again.</summary>
    protected static void WhileSpinning(Action spins, params Action[] steps)
    {
        int next = 0;
        Simulation.OnRelax = () =>
        {
            Assert.True(next < steps.Length, "it spins for ever");
            int cpu = Simulation.CurrentCpu;
            steps[next++]();
            Simulation.SwitchTo(cpu);
        };
        spins();
        Simulation.OnRelax = null;
        Assert.Equal(steps.Length, next);
    }

    /// <summary>How many records of the log hold a text.</summary>
    protected static int Logged(ReadOnlySpan<byte> text)
    {
        int count = 0;
        LogReader reader = new(0);
        while (reader.MoveNext())
        {
            count += reader.Current.Text.IndexOf(text) >= 0 ? 1 : 0;
        }

        return count;
    }
}
