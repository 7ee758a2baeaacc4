// The simulated processor of the hosted kernel: same members as Kernel/Arch/Cpu.cs.
//
// One CPU is current at a time; tests switch with Simulation.SwitchTo. Every call that the real kernel makes into the hardware passes
// Simulation.ArchCall first, where a test may inject an interrupt.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CSharpOS.Sched;

namespace CSharpOS.Arch;

public static unsafe partial class Cpu
{
    private const ulong EflagsInterrupt = 0x200;

    public const int MaxCpus = 16;

    public static PerCpuHot* Hot => Simulation.Hot(Simulation.CurrentCpu);

    public static TaskStruct* Current => Hot->Current;

    internal static ulong PerCpuOffset => Hot->PerCpuOffset;

    public static PtRegs* InterruptRegs
    {
        get => Hot->InterruptRegs;
        internal set => Hot->InterruptRegs = value;
    }

    public static ulong LocalIrqSave([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Simulation.ArchCall();
        ulong flags = LocalSaveFlags();
        Simulation.InterruptsEnabled = false;
        if (!IrqsDisabledFlags(flags))
        {
            LockValidator.NoteIrqsOff(file, line);
        }

        return flags;
    }

    public static void LocalIrqRestore(ulong flags)
    {
        Simulation.InterruptsEnabled = (flags & EflagsInterrupt) != 0;
        Simulation.ArchCall();
    }

    public static void LocalIrqDisable([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => LocalIrqSave(file, line);

    public static void LocalIrqEnable()
    {
        Simulation.InterruptsEnabled = true;
        Simulation.ArchCall();
    }

    public static ulong LocalSaveFlags() => Simulation.InterruptsEnabled ? EflagsInterrupt | 2 : 2;

    public static bool IrqsDisabled() => !Simulation.InterruptsEnabled;

    public static bool IrqsDisabledFlags(ulong flags) => (flags & EflagsInterrupt) == 0;

    public static void SafeHalt() => LocalIrqEnable();

    [DoesNotReturn]
    public static void HaltForever() => throw new SimulatedHaltException();

    public static void CpuRelax() => Simulation.Relax();

    public static void Mb() => Simulation.ArchCall();

    public static void Rmb() => Simulation.ArchCall();

    public static void Wmb() => Simulation.ArchCall();

    public static ulong ReadTsc() => Simulation.Tsc += 10;

    public static int SmpProcessorId() => Hot->CpuNumber;

    public static int PreemptCount() => Hot->PreemptCount;

    internal static void PreemptCountAdd(int value)
    {
        Simulation.ArchCall();
        Hot->PreemptCount += value;
    }

    internal static uint SoftirqPending
    {
        get
        {
            Simulation.ArchCall();
            return Hot->SoftirqPending;
        }

        set
        {
            Simulation.ArchCall();
            Hot->SoftirqPending = value;
        }
    }

    internal static void SoftirqPendingOr(uint mask)
    {
        Simulation.ArchCall();
        Hot->SoftirqPending |= mask;
    }

    internal static bool NeedResched
    {
        get => Hot->NoReschedule == 0;
        set => Hot->NoReschedule = value ? 0 : 1;
    }

    // The hosted kernel has no second stack to switch to: preemption is a matter of its scenarios.
    internal static bool PreemptionDue() => false;
}
