// Smp.Up: the CPUs of the machine, in a kernel built for one.
//
// Linux: the !CONFIG_SMP half of include/linux/smp.h. The same members as Smp.cs and its parts; contexts as there. The 8259A serves the devices and
// the PIT the clock; the APICs are left as the firmware has set them up.

namespace CSharpOS.Arch;

/// <summary>Which CPUs run, and messages between them.</summary>
public static unsafe class Smp
{
    /// <summary>One.</summary>
    /// <linux>num_online_cpus</linux>
    public static int CpuCount => 1;

    /// <summary>One.</summary>
    /// <linux>num_possible_cpus</linux>
    public static int PossibleCount => 1;

    /// <summary>CPU 0.</summary>
    /// <linux>cpu_online_map</linux>
    public static uint OnlineMask => 1;

    /// <summary>True if the I/O APIC serves the devices.</summary>
    public static bool HasIoApic => false;

    /// <summary>True if the boot CPU has a local timer that ticks.</summary>
    public static bool BootCpuHasLocalTimer => false;

    /// <summary>True if CPU <paramref name="cpu"/> runs.</summary>
    /// <linux>cpu_online</linux>
    public static bool IsOnline(int cpu) => cpu == 0;

    /// <summary>0.</summary>
    /// <linux>cpu_physical_id</linux>
    public static int ApicId(int cpu) => 0;

    /// <summary>How far a reading lies outside of the interval in which it was taken; 0 if inside.</summary>
    public static long ClockError(long before, long reading, long after) =>
        reading < before ? reading - before : reading > after ? reading - after : 0;

    /// <summary>Nothing to start.</summary>
    /// <linux>smp_init</linux>
    public static void Init()
    {
    }

    /// <summary>The line of a PCI interrupt pin: what the firmware wrote.</summary>
    public static int RoutePci(int bus, int slot, int pin, int line) => line;

    /// <summary>Nobody to tell.</summary>
    /// <linux>smp_send_reschedule</linux>
    public static void SendReschedule(int cpu)
    {
    }

    /// <returns>-ENODEV.</returns>
    public static int RaiseSpurious() => -ENODEV;

    /// <summary>There is no other CPU.</summary>
    /// <linux>smp_call_function</linux>
    public static int CallFunction(uint mask, delegate*<void*, void> function, void* argument, bool wait) => 0;

    /// <summary>Runs <paramref name="function"/> here if CPU 0 is meant. -ENXIO otherwise.</summary>
    /// <linux>smp_call_function_single</linux>
    public static int SmpCallFunctionSingle(int cpu, delegate*<void*, void> function, void* argument, bool wait) =>
        cpu == 0 ? OnEachCpu(function, argument, wait) : -ENXIO;

    /// <summary>Runs <paramref name="function"/> here, interrupts off.</summary>
    /// <linux>on_each_cpu</linux>
    public static int OnEachCpu(delegate*<void*, void> function, void* argument, bool wait)
    {
        ulong flags = LocalIrqSave();
        function(argument);
        LocalIrqRestore(flags);
        return 0;
    }

    /// <summary>There are none.</summary>
    /// <linux>smp_send_stop</linux>
    public static void StopOthers()
    {
    }

    /// <summary>There are none.</summary>
    public static void ResumeOthers()
    {
    }

    /// <summary>Only other CPUs get NMIs this way.</summary>
    public static void SendNmi(int cpu)
    {
    }

    /// <summary>Accepted, never called.</summary>
    /// <linux>register_nmi_handler</linux>
    public static int RegisterNmiCallback(delegate*<PtRegs*, void> callback) => 0;

    /// <summary>Nothing to take back.</summary>
    /// <linux>unregister_nmi_handler</linux>
    public static void UnregisterNmiCallback(delegate*<PtRegs*, void> callback)
    {
    }

    internal static bool HandleNmi(PtRegs* regs) => false;

    internal static void FlushTlb(uint others, ulong start, ulong end)
    {
    }
}
