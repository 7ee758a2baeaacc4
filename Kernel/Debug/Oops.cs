// Oops: the report of a fault in the kernel, and what follows.
//
// Linux: die, oops_begin, oops_end (arch/x86/kernel/dumpstack.c), no_context (arch/x86/mm/fault.c). Any context, NMI and double fault
// included; no lock is waited for without an end, nothing is allocated.
// One oops prints at a time: s_owner is 0 or 1 + the CPU. Another CPU waits its turn, but not for ever. A fault inside the report, on the
// same CPU, ends in one line on the early console and the end of the machine: never a loop.
// After the report: in process context the code at fault is given up and only it (Recovery.TryResume); in an interrupt nobody's task is to
// blame, so the machine panics. With panic_on_oops it always does.

using System.Diagnostics.CodeAnalysis;
using CSharpOS.Init;

namespace CSharpOS.Debugging;

/// <summary>Reports of faults.</summary>
/// <rows>IRQ-01</rows>
public static unsafe class Oops
{
    private const LogLevel Level = LogLevel.Emergency;
    private const int Nobody = 0;
    private const int PatienceForAnotherCpu = 100_000_000;

    private static int s_owner;
    private static int s_depth;
    private static int s_count;
    private static ulong s_time;

    /// <summary>Oopses since boot.</summary>
    public static int Count => Shared.ReadOnce(ref s_count);

    internal static void Init()
    {
        s_owner = Nobody;
        s_depth = 0;
        s_count = 0;
    }

    /// <summary>A fault of the kernel: reports it and ends the running code.</summary>
    /// <param name="regs">Registers at the fault; OrigRax is the error code.</param>
    /// <param name="vector">The exception.</param>
    /// <param name="address">CR2 of a page fault or double fault.</param>
    /// <param name="root">CR3.</param>
    /// <linux>die</linux>
    [DoesNotReturn]
    public static void Fault(PtRegs* regs, int vector, ulong address, ulong root)
    {
        int number = Begin(vector, regs->Rip);
        FaultText.PrintCause(Level, regs, vector, address);
        PrintHeading(ExceptionNames.Get(vector), regs->OrigRax, number, (nuint)regs->Rip);
        CallTrace.PrintTask(Level);
        OopsRegisters.Print(Level, regs, address, root);
        CallTrace.Print(Level, regs);
        OopsRegisters.PrintCode(Level, regs->Rip);
        LastInterrupts.Print(Level, s_time);
        End(vector, number);
    }

    /// <summary>A check of the runtime failed: index out of range and the like. The caller of this is at fault.</summary>
    [DoesNotReturn]
    public static void RuntimeCheck(ReadOnlySpan<byte> what) => FailedCheck(VectorOf(what), what, null, 0);

    /// <summary>BugOn: a condition that must never hold does.</summary>
    /// <linux>BUG</linux>
    [DoesNotReturn]
    internal static void Bug(string file, int line) => FailedCheck(ExceptionNames.InvalidOpcode, default, file, line);

    [DoesNotReturn]
    private static void FailedCheck(int vector, ReadOnlySpan<byte> what, string? file, int line)
    {
        int number = Begin(vector, 0);
        if (file != null)
        {
            Printk(Level, "------------[ cut here ]------------\n"u8);
            Printk(Level, $"kernel BUG at {ContextReport.Trim(file)}:{line}!\n");
        }
        else
        {
            Printk(Level, $"BUG: {what}\n");
        }

        CallTrace.PrintCaller(Level);
        PrintHeading(ExceptionNames.Get(vector), 0, number, 0);
        CallTrace.PrintTask(Level);
        CallTrace.PrintHere(Level);
        LastInterrupts.Print(Level, s_time);
        End(vector, number);
    }

    // Which exception the processor would have raised for it: what Recovery.Call gives is this plus 1.
    private static int VectorOf(ReadOnlySpan<byte> what) =>
        what.IndexOf("range"u8) >= 0 ? ExceptionNames.Bounds
        : what.IndexOf("division"u8) >= 0 ? ExceptionNames.DivideError
        : what.IndexOf("overflow"u8) >= 0 ? ExceptionNames.Overflow
        : what.IndexOf("null reference"u8) >= 0 ? ExceptionNames.PageFault
        : ExceptionNames.InvalidOpcode;

    private static void PrintHeading(ReadOnlySpan<byte> name, ulong error, int number, nuint rip)
    {
        if (rip != 0)
        {
            TextHandler text = new(0, 0);
            text.AppendLiteral("IP: ");
            CallTrace.AppendAddress(ref text, rip, rip);
            text.AppendLiteral("\n");
            Printk(Level, ref text);
        }

        Printk(Level, $"{name}: {error & 0xffff:x4} [#{number}] {FaultText.Build}\n");
        Modules.ModuleText.Print(Level);
    }

    private static int Begin(int vector, ulong rip)
    {
        ulong now = ReadTsc();
        LocalIrqDisable();
        int me = 1 + SmpProcessorId();
        if (Shared.ReadOnce(ref s_owner) == me)
        {
            s_depth++;
            if (s_depth > 1)
            {
                // Even the few words failed.
                HaltForever();
            }

            PanicReport.Emergency("Fault inside an oops"u8, vector, rip);
        }

        for (int patience = 0; patience < PatienceForAnotherCpu; patience++)
        {
            if (Shared.CompareExchange(ref s_owner, me, Nobody) == Nobody)
            {
                break;
            }

            CpuRelax();
        }

        // The other CPU died in its report if patience ran out: its turn is over.
        Shared.WriteOnce(ref s_owner, me);
        s_depth = 0;
        s_time = now;
        BustSpinlocks(true);
        return Shared.AddReturn(ref s_count, 1);
    }

    [DoesNotReturn]
    private static void End(int vector, int number)
    {
        Printk(Level, $"---[ end oops {number} ]---\n");
        BustSpinlocks(false);
        Shared.WriteOnce(ref s_owner, Nobody);
        if (InInterrupt())
        {
            PanicReport.RunAfterOops("Fatal exception in interrupt"u8);
        }

        if (PanicReport.PanicOnOops || PanicReport.InProgress || vector == ExceptionNames.MachineCheck)
        {
            PanicReport.RunAfterOops("Fatal exception"u8);
        }

        // Messages that the ended functions were putting together: all below the point where the task goes on, whose first word is that
        // rsp.
        TaskStruct* task = Current;
        if (task != null)
        {
            TextPool.ReclaimDead(task, task->RecoveryPoint != null ? *(nuint*)task->RecoveryPoint : nuint.MaxValue);
        }

        Recovery.TryResume(vector + 1);
        PanicReport.RunAfterOops("Fatal exception"u8);
    }
}
