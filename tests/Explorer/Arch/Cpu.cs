// The simulated processor of the explored kernel: the members of Kernel/Arch/Cpu.cs. What changes the interrupt flag, orders memory or waits
// is a scheduling point; what touches only the CPU's own words is not.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CSharpOS.Explorer;

namespace CSharpOS.Arch;

public static unsafe partial class Cpu
{
    private const ulong EflagsInterrupt = 0x200;

    public const int MaxCpus = 16;

    public static PerCpuHot* Hot => Machine.Current.Hot;

    public static TaskStruct* Current => Hot->Current;

    internal static ulong PerCpuOffset => Hot->PerCpuOffset;

    public static PtRegs* InterruptRegs
    {
        get => Hot->InterruptRegs;
        internal set => Hot->InterruptRegs = value;
    }

    internal static bool NeedResched
    {
        get
        {
            Machine.PointOnHot(OpKind.Read, AsmOffsets.HOT_NO_RESCHEDULE, "need_resched");
            return Hot->NoReschedule == 0;
        }

        set
        {
            Machine.PointOnHot(OpKind.Rmw, AsmOffsets.HOT_NO_RESCHEDULE, value ? "set need_resched" : "clear need_resched");
            Hot->NoReschedule = value ? 0 : 1;
        }
    }

    // The CPU's own: what an interrupt on it does comes between two steps.
    internal static uint SoftirqPending
    {
        get
        {
            Machine.PointOnHot(OpKind.Read, AsmOffsets.HOT_SOFTIRQ_PENDING, "softirq_pending");
            return Hot->SoftirqPending;
        }

        set
        {
            Machine.PointOnHot(OpKind.Write, AsmOffsets.HOT_SOFTIRQ_PENDING, "set softirq_pending");
            Hot->SoftirqPending = value;
        }
    }

    internal static void SoftirqPendingOr(uint mask)
    {
        Machine.PointOnHot(OpKind.Write, AsmOffsets.HOT_SOFTIRQ_PENDING, "or softirq_pending");
        Hot->SoftirqPending |= mask;
    }

    public static ulong LocalIrqSave([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ulong flags = LocalSaveFlags();
        LocalIrqDisable();
        return flags;
    }

    public static void LocalIrqRestore(ulong flags)
    {
        if (IrqsDisabledFlags(flags))
        {
            LocalIrqDisable();
        }
        else
        {
            LocalIrqEnable();
        }
    }

    public static void LocalIrqDisable([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (Machine.Current.InterruptsEnabled && !Faults.InterruptsStayOn)
        {
            Machine.Point(OpKind.Local, 0, "interrupts off");
            Machine.Current.InterruptsEnabled = false;
        }
    }

    public static void LocalIrqEnable()
    {
        if (!Machine.Current.InterruptsEnabled)
        {
            Machine.Point(OpKind.Local, 0, "interrupts on");
            Machine.Current.InterruptsEnabled = true;
        }
    }

    public static ulong LocalSaveFlags() => Machine.Current.InterruptsEnabled ? EflagsInterrupt | 2 : 2;

    public static bool IrqsDisabled() => !Machine.Current.InterruptsEnabled;

    public static bool IrqsDisabledFlags(ulong flags) => (flags & EflagsInterrupt) == 0;

    /// <summary>Interrupts on and wait for one, in one step.</summary>
    public static void SafeHalt()
    {
        Machine.Current.InterruptsEnabled = true;
        Machine.Point(OpKind.Halt, 0, "halt");
    }

    [DoesNotReturn]
    public static void HaltForever() => throw Machine.Fail("the CPU was stopped for good");

    public static void CpuRelax([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => Machine.Spin(file, line);

    public static void Mb() => Word.Fence("mb");

    // x86 keeps reads in order, and writes.
    public static void Rmb()
    {
    }

    public static void Wmb()
    {
    }

    /// <summary>Time stands still unless a scenario moves it: else every step would depend on every other.</summary>
    public static ulong ReadTsc() => Machine.Tsc;

    public static int SmpProcessorId() => Hot->CpuNumber;

    public static int PreemptCount() => Hot->PreemptCount;

    // Nobody but an interrupt of this CPU sees it: a scheduling point while one waits to strike. Only the global cli() looks whether other CPUs are in a handler.
    internal static void PreemptCountAdd(int value)
    {
        if (Machine.CountsAreShared && (value == HardirqOffset || value == -HardirqOffset))
        {
            Machine.PointOnHot(OpKind.Rmw, AsmOffsets.HOT_PREEMPT_COUNT, "preempt_count");
        }
        else if (Machine.Current.InterruptsEnabled && Machine.Current.Raised != 0)
        {
            Machine.Point(OpKind.Local, 0, "preempt_count");
        }

        Hot->PreemptCount += value;
    }

    // One load in the real kernel: the count is the CPU's own, need_resched may be set by others.
    internal static bool PreemptionDue() => Hot->PreemptCount == 0 && Machine.RunsScheduler && !Machine.IsQuiet && NeedResched;
}
