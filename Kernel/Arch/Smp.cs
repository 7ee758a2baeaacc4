// Smp: the CPUs of the machine.
//
// Linux: arch/i386/kernel/smpboot.c and smp.c. The class is spread over files by aspect:
//   Smp.cs        which CPUs there are; set-up at boot
//   Smp.Boot.cs   starting the other CPUs, with Smp.Trampoline.cs and Smp.Clocks.cs
//   Smp.Call.cs   running a function on other CPUs
//   Smp.Tlb.cs    making other CPUs forget page table entries
//   Smp.Stop.cs   stopping the others, and non-maskable interrupts to them
// Without the constant SMP only Smp.Up.cs is compiled, which has the same members for one CPU, and nothing of the APICs.
// CPU numbers are 0 to CpuCount - 1 without a gap: one that does not answer gets no number. CPU 0 is the one that booted.
// s_online is changed by the CPU concerned, with locked operations, and read anywhere. Nothing is hot-plugged: bits only come at boot,
// and go when the machine stops.

using System.Runtime.CompilerServices;
using CSharpOS.Init;
using CSharpOS.Power;

namespace CSharpOS.Arch;

/// <summary>Which CPUs run, and messages between them.</summary>
/// <rows>IRQ-18</rows>
public static unsafe partial class Smp
{
    private static SmpConfiguration s_configuration;
    private static SmpConfiguration s_mpTable;
    private static int s_online = 1;
    private static int s_cpuCount = 1;
    private static bool s_localTimers;

    /// <summary>How many CPUs have been started. Their numbers are below this.</summary>
    /// <linux>num_online_cpus</linux>
    public static int CpuCount => Shared.ReadOnce(ref s_cpuCount);

    /// <summary>How many the machine has, as far as the firmware's tables tell and the command line lets them be used.</summary>
    /// <linux>num_possible_cpus</linux>
    public static int PossibleCount { get; private set; } = 1;

    /// <summary>The running CPUs, one bit each.</summary>
    /// <linux>cpu_online_map</linux>
    public static uint OnlineMask
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (uint)Shared.ReadOnce(ref s_online);
    }

    /// <summary>True if CPU <paramref name="cpu"/> runs.</summary>
    /// <linux>cpu_online</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsOnline(int cpu) => (uint)cpu < Cpu.MaxCpus && (OnlineMask & (1u << cpu)) != 0;

    /// <summary>True if the I/O APIC serves the devices, false if the 8259A pair does.</summary>
    public static bool HasIoApic => IoApic.Active;

    /// <summary>True if every CPU, the boot CPU included, has a local timer that ticks. With the 8259A the boot CPU has none: line 0 drives it.</summary>
    public static bool BootCpuHasLocalTimer => s_localTimers && IoApic.Active;

    /// <summary>The number of the local APIC of CPU <paramref name="cpu"/>.</summary>
    /// <linux>cpu_physical_id</linux>
    public static int ApicId(int cpu) => LocalApic.Present ? LocalApic.IdOf(cpu) : 0;

    /// <summary>Sets the APICs up and starts the other CPUs, as far as the machine has them and the command line (<c>nosmp</c>,
    /// <c>maxcpus=N</c>, <c>noapic</c>, <c>nolapic</c>) lets it. Process context of the boot CPU, interrupts on, the PIT ticking; may sleep.
    /// Whatever goes wrong is logged, and the boot goes on with what there is.</summary>
    /// <linux>smp_init</linux>
    public static void Init()
    {
        Reset();
        int limit = CpuLimit();
        if (CommandLine.Has("nolapic"u8) || !ReadTables())
        {
            return;
        }

        if (LocalApic.Init(s_configuration.LocalApicAddress) != 0)
        {
            return;
        }

        s_configuration.PutFirst(LocalApic.Id);
        PossibleCount = Math.Max(1, Math.Min(limit, s_configuration.ProcessorCount));
        ulong flags = LocalIrqSave();
        Ipi.Init();
        LocalApic.InitThisCpu(0, external: true, s_configuration.LocalNmiInput(0));
        LocalIrqRestore(flags);
        SetUpIoApic(limit);
        if (limit > 1 || IoApic.Active)
        {
            PreemptDisable();
            s_localTimers = LocalApicTimer.Calibrate() == 0;
            PreemptEnable();
        }

        if (BootCpuHasLocalTimer)
        {
            LocalApicTimer.StartOnThisCpu();
        }

        if (limit > 1)
        {
            BootSecondaries();
        }
    }

    /// <summary>The line of a PCI interrupt pin: see <see cref="IoApic.RoutePci"/>. <paramref name="line"/> where the 8259A serves the devices.</summary>
    public static int RoutePci(int bus, int slot, int pin, int line) =>
        IoApic.Active ? IoApic.RoutePci(ref s_configuration, bus, slot, pin, line) : line;

    /// <summary>Makes CPU <paramref name="cpu"/> look at need_resched. Any context.</summary>
    /// <linux>smp_send_reschedule</linux>
    public static void SendReschedule(int cpu)
    {
        if (IsOnline(cpu))
        {
            LocalApic.SendIpi(cpu, LocalApic.RescheduleVector);
        }
    }

    /// <summary>Makes the running CPU take a spurious interrupt of its local APIC. For tests.</summary>
    /// <returns>0; -ENODEV without a local APIC.</returns>
    public static int RaiseSpurious()
    {
        if (!LocalApic.Present)
        {
            return -ENODEV;
        }

        PreemptDisable();
        LocalApic.SendIpi(Cpu.SmpProcessorId(), LocalApic.SpuriousVector);
        PreemptEnable();
        return 0;
    }

    // Forgets everything: one CPU, the 8259A.
    private static void Reset()
    {
        s_configuration = default;
        s_mpTable = default;
        Shared.WriteOnce(ref s_online, 1);
        Shared.WriteOnce(ref s_cpuCount, 1);
        PossibleCount = 1;
        s_localTimers = false;
        IoApic.Reset();
        LocalApicTimer.Init();
        ResetBoot();
        ResetCalls();
        ResetTlb();
        ResetStop();
    }

    // nosmp also keeps the I/O APIC off, as in Linux; maxcpus=0 is the same.
    private static int CpuLimit()
    {
        if (CommandLine.Has("nosmp"u8))
        {
            return 0;
        }

        if (!CommandLine.TryGetValue("maxcpus"u8, out ReadOnlySpan<byte> text))
        {
            return Cpu.MaxCpus;
        }

        if (!CommandLine.TryGetInt("maxcpus"u8, out int limit) || limit < 0)
        {
            Printk(LogLevel.Warning, $"maxcpus={text}: not a number of CPUs, ignored\n");
            return Cpu.MaxCpus;
        }

        return Math.Min(limit, Cpu.MaxCpus);
    }

    // The MADT, and from the MP table what it alone knows, the PCI interrupts; all from the MP table where there is no MADT.
    private static bool ReadTables()
    {
        bool mpTable = MpTable.Find(ref s_mpTable);
        using (AcpiTable table = AcpiTables.Find("APIC"u8))
        {
            if (Madt.Parse(table.Bytes, ref s_configuration))
            {
                s_configuration.TakePciRoutes(ref s_mpTable);
                ReportTables("MADT"u8);
                return true;
            }
        }

        if (mpTable)
        {
            s_configuration = s_mpTable;
            ReportTables("MP table"u8);
            return true;
        }

        Printk(LogLevel.Info, $"SMP: neither MADT nor MP table: one CPU, 8259A\n");
        return false;
    }

    private static void ReportTables(ReadOnlySpan<byte> source)
    {
        Printk(LogLevel.Info, $"SMP: {source}: {s_configuration.ProcessorCount} processors, {s_configuration.IoApicCount} I/O APICs, "
            + $"{s_configuration.PciRouteCount} PCI routes\n");
        if (s_configuration.ProcessorsLeftOut != 0)
        {
            Printk(LogLevel.Warning, $"SMP: {s_configuration.ProcessorsLeftOut} more processors are not used: at most {Cpu.MaxCpus}, APIC numbers to 254\n");
        }
    }

    private static void SetUpIoApic(int limit)
    {
        if (limit == 0 || CommandLine.Has("noapic"u8))
        {
            Printk(LogLevel.Info, $"I/O APIC not used: the 8259A serves the devices\n");
            return;
        }

        int error = IoApic.Init(ref s_configuration);
        if (error != 0)
        {
            Printk(LogLevel.Warning, $"no I/O APIC (error {error}): the 8259A serves the devices\n");
        }
    }
}
