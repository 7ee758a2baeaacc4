// SmpTests: several CPUs as the rest of the kernel sees them. Everything that needs a second CPU, or an I/O APIC, is skipped where there is none; the first
// test makes sure that a missing CPU does not pass as a small machine.
//
// The tests run on CPU 0, and what they start elsewhere they start on a CPU of their choice: as a function called by a message (interrupts off), or
// as a thread bound there (OnCpu).

using System.Runtime.CompilerServices;
using CSharpOS.Init;

namespace CSharpOS.Suites;

public static unsafe class SmpTests
{

    [TestSuite("smp")]
    public static void Suite()
    {
        OnCpuZero.Run("all processors of the machine run"u8, "IRQ-18"u8, &SmpCpuTests.AllRun);
        OnCpuZero.Run("as many CPUs as the emulator has"u8, "IRQ-18"u8, &SmpMachineTests.EveryCpu);
        OnCpuZero.Run("the interrupt controller that was asked for"u8, "IRQ-18"u8, &SmpMachineTests.Controller);
        OnCpuZero.Run("a stack overflow on each CPU ends its thread only"u8, "IRQ-18 IRQ-01"u8, &SmpMachineTests.StackOverflows);
        OnCpuZero.Run("CPUs have numbers, stacks and hot words of their own"u8, "IRQ-18"u8, &SmpCpuTests.Different);
        OnCpuZero.Run("per-CPU variables are distinct"u8, "SYNC-03"u8, &SmpCpuTests.PerCpuData);
        OnCpuZero.Run("every CPU has its tick"u8, "IRQ-18 IRQ-12"u8, &SmpCpuTests.LocalTimers);
        OnCpuZero.Run("a reading outside of its interval is noticed"u8, "IRQ-18"u8, &SmpCpuTests.ClockError);
        OnCpuZero.Run("spin lock: N times i++ on every CPU"u8, "SYNC-02"u8, &SmpCpuTests.SpinLockCounts);
        OnCpuZero.Run("requests to reschedule are counted"u8, "IRQ-18"u8, &SmpCpuTests.Reschedule);

        OnCpuZero.Run("a message to each CPU and back"u8, "IRQ-18"u8, &SmpCallTests.RoundTrips);
        OnCpuZero.Run("a function runs once on each CPU of the mask"u8, "IRQ-18"u8, &SmpCallTests.Mask);
        OnCpuZero.Run("without waiting the call returns while the function runs"u8, "IRQ-18"u8, &SmpCallTests.NoWait);
        OnCpuZero.Run("all CPUs call all others"u8, "IRQ-18"u8, &SmpCallTests.AllCallAll);
        OnCpuZero.Run("calls with interrupts off or from an interrupt are refused"u8, "IRQ-18"u8, &SmpCallTests.Refused);
        OnCpuZero.Run("unmapped pages are forgotten on every CPU"u8, "IRQ-18"u8, &SmpCallTests.TlbShootdown);
        OnCpuZero.Run("CPUs that unmap at the same time do not wait for each other"u8, "IRQ-18"u8, &SmpCallTests.TlbAllAtOnce);
        OnCpuZero.Run("NMI to a CPU with interrupts off"u8, "IRQ-18 IRQ-09"u8, &SmpStopTests.Nmi);
        OnCpuZero.Run("stop the others, and let them go on"u8, "IRQ-18"u8, &SmpStopTests.StopOthers);
        OnCpuZero.Run("stop a CPU that has interrupts off"u8, "IRQ-18"u8, &SmpStopTests.StopDeaf);

        OnCpuZero.Run("an edge goes to the CPU of the line's mask"u8, "IRQ-13 IRQ-18"u8, &SmpIrqTests.Affinity);
        OnCpuZero.Run("masks that cannot be served are refused"u8, "IRQ-13"u8, &SmpIrqTests.BadAffinity);
        OnCpuZero.Run("an edge while disabled is delivered once"u8, "IRQ-02 IRQ-08"u8, &SmpIrqTests.EdgeWhileDisabled);
        OnCpuZero.Run("an edge while the handler runs is delivered afterwards"u8, "IRQ-02"u8, &SmpIrqTests.EdgeWhileInHandler);
        OnCpuZero.Run("a handler is never entered twice, on any CPU"u8, "IRQ-06"u8, &SmpIrqTests.NeverTwice);
        OnCpuZero.Run("other lines nest, on every CPU"u8, "IRQ-06"u8, &SmpIrqTests.Nesting);
        OnCpuZero.Run("a vector without a controller is counted and retired"u8, "IRQ-18"u8, &SmpIrqTests.StrayVector);
        OnCpuZero.Run("spurious interrupts of the local APIC are counted"u8, "IRQ-18"u8, &SmpIrqTests.Spurious);
        OnCpuZero.Run("edges of the test device, one by one"u8, "IRQ-02 IRQ-18"u8, &SmpDeviceTests.TestDeviceEdges);
        OnCpuZero.Run("an edge of the device while its handler runs"u8, "IRQ-02"u8, &SmpDeviceTests.EdgeFromHandler);
        OnCpuZero.Run("level triggered interrupts on every CPU"u8, "IRQ-06 IRQ-18"u8, &SmpDeviceTests.LevelOnEveryCpu);
        OnCpuZero.Run("free_irq while the handler runs elsewhere"u8, "IRQ-05"u8, &SmpFreeTests.Free);
        OnCpuZero.Run("synchronize_irq while the handler runs elsewhere"u8, "IRQ-08"u8, &SmpFreeTests.Synchronize);
        OnCpuZero.Run("disable_irq while the handler runs elsewhere"u8, "IRQ-08"u8, &SmpFreeTests.Disable);
        OnCpuZero.Run("free_irq on another CPU than the 8259A's"u8, "IRQ-05"u8, &SmpFreeTests.FreeFromOtherCpu);
    }

    /// <summary>False, and the test is skipped, if there is only one CPU.</summary>
    internal static bool HasSeveralCpus()
    {
        if (Smp.CpuCount > 1)
        {
            return true;
        }

        Test.Skip("one CPU"u8);
        return false;
    }

    /// <summary>Waits, at most a minute, until <paramref name="word"/> has <paramref name="value"/>. False: it has not.</summary>
    internal static bool Becomes(ref int word, int value)
    {
        ulong start = MonotonicMicroseconds();
        while (Shared.ReadOnce(ref word) != value)
        {
            if (MonotonicMicroseconds() - start > 60_000_000)
            {
                return false;
            }

            CpuRelax();
        }

        return true;
    }

    /// <summary>How often to do something that a race could break: a hundred times as often with the boot option soak.</summary>
    internal static int Rounds(int usual) => CommandLine.Has("soak"u8) ? usual * 100 : usual;
}

/// <summary>A number for each CPU.</summary>
[InlineArray(Cpu.MaxCpus)]
internal struct PerCpuNumbers
{
    private long _first;
}
