// LocalApicTimer: the clock that every CPU has to itself.
//
// Linux: setup_boot_APIC_clock, calibrate_APIC_clock, apic_timer_interrupt (arch/i386/kernel/apic.c). Calibrate: boot CPU, process context, preemption off.
// StartOnThisCpu: each CPU, interrupts off. Interrupt: hard interrupt context, interrupts off. No locks: a CPU's own registers.
// The timer counts the clock of the APIC's bus, which nobody states; it is measured against the time stamp counter, which has been measured
// against the PIT. It is the CPU's clock event device: at first it interrupts HZ times a second and drives what each CPU does at its tick; in
// high-resolution mode it interrupts when told: by its own count, or where CPUID promises it by a value of the time stamp counter. The
// time of day and jiffies come from line 0 alone (Clock.Tick).

using System.Runtime.CompilerServices;

namespace CSharpOS.Arch;

/// <summary>The local APIC's timer.</summary>
/// <rows>IRQ-12 IRQ-18</rows>
internal static unsafe class LocalApicTimer
{
    private const uint DivideBy16 = 3;
    private const uint Periodic = 1 << 17;
    private const ulong CalibrationMicroseconds = 1000;
    private const int SamplesPerPoint = 5;
    private const ulong LeastPlausibleHz = 100_000;

    // One-shot by the time stamp counter.
    private const uint TscDeadline = 2 << 17;
    private const uint CpuidTscDeadline = 1 << 24;
    private const uint TscDeadlineRegister = 0x6e0;

    private const long LeastNanoseconds = 1000;
    private const long MostNanoseconds = 1_000_000_000;

    private static ulong s_frequency;
    private static ClockEventDevice s_device;

    // Counts per nanosecond, times 2^32.
    private static ulong s_mult;

    /// <summary>Counts per second, behind the divider; 0 before it is known.</summary>
    public static ulong Frequency => s_frequency;

    /// <summary>Forgets the frequency.</summary>
    public static void Init() => s_frequency = 0;

    /// <summary>Measures how fast the timer counts, in one millisecond.</summary>
    /// <returns>0; -ENODEV: it does not count, or there is nothing to measure it by.</returns>
    /// <linux>calibrate_APIC_clock</linux>
    public static int Calibrate()
    {
        ulong khz = TscKhz;
        if (khz == 0)
        {
            return -ENODEV;
        }

        LocalApic.Write(LocalApic.TimerDivide, DivideBy16);
        LocalApic.Write(LocalApic.TimerEntry, LocalApic.Masked | LocalApic.TimerVector);
        LocalApic.Write(LocalApic.TimerInitialCount, uint.MaxValue);
        ulong startTsc = Sample(out uint startCount);
        while (ReadTsc() - startTsc < khz * CalibrationMicroseconds / 1000)
        {
            CpuRelax();
        }

        ulong endTsc = Sample(out uint endCount);
        LocalApic.Write(LocalApic.TimerInitialCount, 0);
        ulong frequency = (startCount - endCount) * khz * 1000 / (endTsc - startTsc);
        if (frequency < LeastPlausibleHz)
        {
            Printk(LogLevel.Error, $"The local APIC's timer does not count ({frequency} Hz)\n");
            return -ENODEV;
        }

        s_frequency = frequency;
        s_mult = (frequency << 32) / 1_000_000_000;
        DescribeDevice();
        ulong khz16 = frequency * 16 / 1000;
        Printk(LogLevel.Info, $"..... host bus clock speed is {khz16 / 1000}.{khz16 / 100 % 10}{khz16 / 10 % 10}{khz16 % 10} MHz.\n");
        return 0;
    }

    /// <summary>Lets this CPU's timer interrupt HZ times a second.</summary>
    /// <linux>setup_secondary_APIC_clock</linux>
    public static void StartOnThisCpu()
    {
        LocalApic.Write(LocalApic.TimerDivide, DivideBy16);
        LocalApic.Write(LocalApic.TimerEntry, Periodic | LocalApic.TimerVector);
        LocalApic.Write(LocalApic.TimerInitialCount, (uint)((s_frequency + (HZ / 2)) / HZ));
        ClockEvents.Register((ClockEventDevice*)Unsafe.AsPointer(ref s_device));
    }

    /// <summary>Stops this CPU's timer.</summary>
    /// <linux>disable_APIC_timer</linux>
    public static void StopOnThisCpu()
    {
        LocalApic.Write(LocalApic.TimerEntry, LocalApic.Masked | LocalApic.TimerVector);
        LocalApic.Write(LocalApic.TimerInitialCount, 0);
    }

    /// <summary>The interrupt of this CPU's timer.</summary>
    /// <linux>smp_apic_timer_interrupt</linux>
    public static void Interrupt()
    {
        LocalApic.EndOfInterrupt();
        IrqStatistics.CountLocalTimer();
#if SMP
        Historical.GlobalCli.Gate();
#endif
        ClockEvents.HandleEvent();
    }

    private static void DescribeDevice()
    {
        uint* registers = stackalloc uint[4];
        AsmImports.Cpuid(1, 0, registers);
        bool deadline = (registers[2] & CpuidTscDeadline) != 0;
        s_device = new ClockEventDevice
        {
            SetOneShot = deadline ? &SetDeadlineMode : &SetOneShot,
            SetNextEvent = deadline ? &SetDeadline : &SetNextEvent,
            MinDelta = LeastNanoseconds,
            MaxDelta = MostNanoseconds,
        };
    }

    private static void SetOneShot()
    {
        LocalApic.Write(LocalApic.TimerInitialCount, 0);
        LocalApic.Write(LocalApic.TimerEntry, LocalApic.TimerVector);
    }

    // Rounded up: not early. The write starts the count.
    private static void SetNextEvent(long nanoseconds) =>
        LocalApic.Write(LocalApic.TimerInitialCount, (uint)(((ulong)nanoseconds * s_mult) >> 32) + 1);

    // The fence: the entry is memory, the deadline a register of the processor, and their writes may pass each other.
    private static void SetDeadlineMode()
    {
        LocalApic.Write(LocalApic.TimerInitialCount, 0);
        LocalApic.Write(LocalApic.TimerEntry, TscDeadline | LocalApic.TimerVector);
        Mb();
    }

    private static void SetDeadline(long nanoseconds) =>
        AsmImports.Wrmsr(TscDeadlineRegister, ReadTsc() + ((ulong)nanoseconds * TscKhz / 1_000_000) + 1);

    // The count and the time stamp that belong together: of several tries the one that was disturbed least.
    private static ulong Sample(out uint count)
    {
        ulong best = 0;
        ulong bestWidth = ulong.MaxValue;
        count = 0;
        for (int i = 0; i < SamplesPerPoint; i++)
        {
            ulong before = ReadTsc();
            uint now = LocalApic.Read(LocalApic.TimerCurrentCount);
            ulong width = ReadTsc() - before;
            if (width < bestWidth)
            {
                bestWidth = width;
                best = before + (width / 2);
                count = now;
            }
        }

        return best;
    }
}
