// HrtimerMachine: two simulated CPUs whose time the test sets, to the nanosecond, and a clock device that notes what it is told.

using CSharpOS.Hosted.Mm;
using Xunit;

namespace CSharpOS.Hosted.Time;

/// <summary>The machine of the high-resolution timer tests.</summary>
internal static unsafe class HrtimerMachine
{
    private static ClockEventDevice* s_device;

    /// <summary>What ran, in order: the timer's number, the time, the context.</summary>
    public static List<(int Timer, long Time, bool Hard)> Calls { get; } = [];

    /// <summary>What a timer's function does, by its number, and what it returns.</summary>
    public static Dictionary<int, Func<HrtimerRestart>> Scripts { get; } = [];

    /// <summary>In how many nanoseconds the device was told to interrupt last, per CPU; null: not since it was looked at.</summary>
    public static long?[] Told { get; } = new long?[2];

    public static Hrtimer* All { get; private set; }

    /// <summary>Time at its beginning, eight timers.</summary>
    /// <param name="highResolution">With devices that interrupt when told.</param>
    /// <param name="countsJiffies">The devices' ticks count jiffies.</param>
    public static void Start(bool highResolution, bool countsJiffies = false)
    {
        SimulatedMemory.Start();
        Arch.Smp.Reset();
        Arch.Smp.OnlineMask = 3;
        Clock.Init();
        Softirq.Init();
        Timers.Init();
        Timers.InitCpu(1);
        Hrtimers.Init();
        Hrtimers.InitCpu(1);

        // One count a nanosecond.
        SetTscKhz(1_000_000);
        ClockSources.TscCalibrated();
        Calls.Clear();
        Scripts.Clear();
        Told[0] = Told[1] = null;
        System.Runtime.InteropServices.NativeMemory.Free(All);
        All = (Hrtimer*)System.Runtime.InteropServices.NativeMemory.AllocZeroed(8, (nuint)sizeof(Hrtimer));
        for (int i = 0; i < 8; i++)
        {
            HrtimerInit(&All[i], &Note);
        }

        if (s_device == null)
        {
            s_device = (ClockEventDevice*)System.Runtime.InteropServices.NativeMemory.AllocZeroed((nuint)sizeof(ClockEventDevice));
        }

        *s_device = new ClockEventDevice
        {
            SetOneShot = &Nothing,
            SetNextEvent = &NoteEvent,
            MinDelta = 100,
            MaxDelta = 1_000_000_000,
            CountsJiffies = countsJiffies,
        };
        for (int cpu = 1; cpu >= 0; cpu--)
        {
            Simulation.SwitchTo(cpu);
            ClockEvents.Register(s_device);
        }

        if (highResolution)
        {
            // A device whose ticks count jiffies is switched only if it is asked for.
            CommandLine.Init(countsJiffies ? "highres=on"u8 : default);
            Hrtimers.SwitchToHighResolution();
            CommandLine.Init(default);
            Assert.Equal(2, Hrtimers.HighResolutionCpus);
        }

        Simulation.InterruptsEnabled = true;
    }

    /// <summary>One CPU again, for whoever comes next.</summary>
    public static void Stop() => Arch.Smp.Reset();

    /// <summary>It is <paramref name="time"/> now.</summary>
    public static void At(long time)
    {
        long now = KtimeGet();
        Assert.True(time >= now, "time does not go back");
        Simulation.Tsc += (ulong)(time - now);
    }

    /// <summary>The clock of CPU <paramref name="cpu"/> interrupts, and its softirqs run.</summary>
    public static void Strike(int cpu = 0)
    {
        int before = Simulation.CurrentCpu;
        Simulation.SwitchTo(cpu);
        Simulation.InterruptsEnabled = false;
        IrqEnter();
        ClockEvents.HandleEvent();
        IrqExit();
        Simulation.InterruptsEnabled = true;
        Assert.Equal(0, PreemptCount());
        Simulation.SwitchTo(before);
    }

    private static void Nothing()
    {
    }

    private static void NoteEvent(long nanoseconds)
    {
        Assert.InRange(nanoseconds, 100, 1_000_000_000);
        Told[Simulation.CurrentCpu] = nanoseconds;
    }

    private static HrtimerRestart Note(Hrtimer* timer)
    {
        int number = (int)(timer - All);
        Calls.Add((number, KtimeGet(), InIrq()));
        return Scripts.TryGetValue(number, out Func<HrtimerRestart>? script) ? script() : HrtimerRestart.NoRestart;
    }
}
