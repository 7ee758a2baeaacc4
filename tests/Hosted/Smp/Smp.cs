// The simulated set of CPUs: same members as Kernel/Arch/Smp.cs. Tests say which CPUs are online; messages are noted, and functions called on
// other CPUs run at once, as those CPUs.

using System.Collections.Generic;

namespace CSharpOS.Arch;

public static unsafe class Smp
{
    /// <summary>The CPUs that got a request to reschedule, in order.</summary>
    public static List<int> Reschedules { get; } = [];

    /// <summary>The CPUs that got an NMI, in order.</summary>
    public static List<int> Nmis { get; } = [];

    public static uint OnlineMask { get; set; } = 1;

    public static int CpuCount => System.Numerics.BitOperations.PopCount(OnlineMask);

    public static int PossibleCount => CpuCount;

    public static bool HasIoApic { get; set; }

    public static bool BootCpuHasLocalTimer { get; set; }

    internal static void FlushTlb(uint others, ulong start, ulong end)
    {
    }

    public static bool IsOnline(int cpu) => (uint)cpu < Cpu.MaxCpus && (OnlineMask & (1u << cpu)) != 0;

    public static int ApicId(int cpu) => cpu;

    /// <summary>One CPU, no messages.</summary>
    public static void Reset()
    {
        OnlineMask = 1;
        HasIoApic = false;
        BootCpuHasLocalTimer = false;
        Reschedules.Clear();
        Nmis.Clear();
    }

    public static void Init()
    {
    }

    public static int RoutePci(int bus, int slot, int pin, int line) => line;

    public static void SendReschedule(int cpu) => Reschedules.Add(cpu);

    public static int RaiseSpurious() => -ENODEV;

    public static int CallFunction(uint mask, delegate*<void*, void> function, void* argument, bool wait)
    {
        int me = Simulation.CurrentCpu;
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            if (cpu != me && IsOnline(cpu) && (mask & (1u << cpu)) != 0)
            {
                Simulation.SwitchTo(cpu);
                function(argument);
                Simulation.SwitchTo(me);
            }
        }

        return 0;
    }

    public static int SmpCallFunctionSingle(int cpu, delegate*<void*, void> function, void* argument, bool wait)
    {
        if (!IsOnline(cpu))
        {
            return -ENXIO;
        }

        if (cpu == Simulation.CurrentCpu)
        {
            function(argument);
            return 0;
        }

        return CallFunction(1u << cpu, function, argument, wait);
    }

    public static int OnEachCpu(delegate*<void*, void> function, void* argument, bool wait)
    {
        CallFunction(uint.MaxValue, function, argument, wait);
        function(argument);
        return 0;
    }

    public static void StopOthers()
    {
    }

    public static void ResumeOthers()
    {
    }

    public static void SendNmi(int cpu) => Nmis.Add(cpu);

    public static int RegisterNmiCallback(delegate*<PtRegs*, void> callback) => 0;

    public static void UnregisterNmiCallback(delegate*<PtRegs*, void> callback)
    {
    }
}
