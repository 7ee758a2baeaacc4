// SoftirqMachine: a simulated CPU with softirqs and tasklets, interrupts on, on which an interrupt can strike at any arch call.

using CSharpOS.Hosted.Mm;
using CSharpOS.Init;
using Xunit;

namespace CSharpOS.Hosted.Softirqs;

/// <summary>The machine under test.</summary>
public sealed unsafe class SoftirqMachine
{
    private int _calls;

    public SoftirqMachine()
    {
        CommandLine.Init(default);
        SimulatedMemory.Start();
        Clock.Init();
        Simulation.InterruptsEnabled = false;
        Softirq.Init();
        Tasklet.Init();
        Simulation.InterruptsEnabled = true;
    }

    /// <summary>What the CPU does with an interrupt whose handler is <paramref name="handler"/>.</summary>
    public static void Interrupt(Action handler)
    {
        Assert.True(Simulation.InterruptsEnabled);
        int count = PreemptCount();
        Simulation.InterruptsEnabled = false;
        IrqEnter();
        handler();
        IrqExit();
        Assert.False(Simulation.InterruptsEnabled, "irq_exit returned with interrupts on");
        Assert.Equal(count, PreemptCount());
        Simulation.InterruptsEnabled = true;
    }

    /// <summary>Runs <paramref name="path"/> with one interrupt, at the arch call number <paramref name="place"/>, or at the first after it that has
    /// interrupts on. False: there are not so many, so every place has been tried.</summary>
    public bool InterruptAt(int place, Action path, Action handler)
    {
        _calls = 0;
        bool struck = false;
        Simulation.OnArchCall = () =>
        {
            if (_calls++ >= place && !struck && Simulation.InterruptsEnabled)
            {
                struck = true;
                Interrupt(handler);
            }
        };
        path();
        Simulation.OnArchCall = null;
        return struck;
    }

    /// <summary>What must hold when nothing is going on.</summary>
    public static void AssertQuiet()
    {
        Assert.Equal(0u, LocalSoftirqPending());
        Assert.Equal(0, PreemptCount());
        Assert.True(Simulation.InterruptsEnabled);
    }
}
