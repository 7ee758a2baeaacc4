// TimerWheel: a simulated machine whose ticks the test makes itself, and timers that note what becomes of them.

using System.Runtime.InteropServices;
using CSharpOS.Hosted.Mm;
using Xunit;

namespace CSharpOS.Hosted.Time;

/// <summary>The machine of the timer tests.</summary>
internal static unsafe class TimerWheel
{
    /// <summary>What ran, in order: the timer's number, the tick, the CPU.</summary>
    public static List<(int Timer, uint Jiffies, int Cpu)> Calls { get; } = [];

    /// <summary>What the function of a timer does besides noting that it ran.</summary>
    public static Dictionary<int, Action> Scripts { get; } = [];

    private static TimerList* s_timers;
    private static int s_count;

    /// <summary>Two CPUs, time at its beginning, <paramref name="count"/> timers that are set up and inactive.</summary>
    public static void Start(int count = 8)
    {
        SimulatedMemory.Start();
        Arch.Smp.Reset();
        Arch.Smp.OnlineMask = 3;
        Clock.Init();
        Timers.Init();
        Timers.InitCpu(1);
        Calls.Clear();
        Scripts.Clear();
        NativeMemory.Free(s_timers);
        s_timers = (TimerList*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(TimerList));
        s_count = count;
        for (int i = 0; i < count; i++)
        {
            SetupTimer(Timer(i), &Note, (ulong)i);
        }
    }

    /// <summary>One CPU again, for whoever comes next.</summary>
    public static void Stop() => Arch.Smp.Reset();

    public static TimerList* Timer(int number)
    {
        Assert.InRange(number, 0, s_count - 1);
        return s_timers + number;
    }

    /// <summary>Arms a timer for <paramref name="ticks"/> from now.</summary>
    public static void Arm(int number, uint ticks) => ModTimer(Timer(number), Jiffies + ticks);

    /// <summary>One tick of the machine and of both CPUs.</summary>
    public static void OneTick()
    {
        Clock.Tick();
        Serve(0);
        Serve(1);
    }

    public static void Ticks(uint count)
    {
        for (uint i = 0; i < count; i++)
        {
            OneTick();
        }
    }

    /// <summary>Lets a CPU call what is due on it.</summary>
    public static void Serve(int cpu)
    {
        int before = Simulation.CurrentCpu;
        Simulation.SwitchTo(cpu);
        bool enabled = Simulation.InterruptsEnabled;
        Simulation.InterruptsEnabled = true;
        PreemptCountAdd(SoftirqOffset);
        Timers.RunExpired();
        PreemptCountAdd(-SoftirqOffset);
        Assert.Equal(0, PreemptCount());
        Assert.True(Simulation.InterruptsEnabled);
        Simulation.InterruptsEnabled = enabled;
        Simulation.SwitchTo(before);
    }

    private static void Note(ulong data)
    {
        Assert.True(InSoftirq());
        Assert.False(IrqsDisabled());
        Calls.Add(((int)data, Jiffies, Simulation.CurrentCpu));
        if (Scripts.TryGetValue((int)data, out Action? script))
        {
            script();
        }
    }
}
