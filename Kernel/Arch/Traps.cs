// Traps: every exception of the processor, vectors 0 to 31.
//
// Linux: arch/x86/kernel/traps.c, do_page_fault (arch/x86/mm/fault.c), nmi.c. Called by the stubs of Boot/entry.asm with interrupts off;
// the registers are on the stack, the error code is in OrigRax. Contexts: whatever was interrupted; NMI, #DB, #DF and #MC have stacks of
// their own.
// No locks: counters belong to their CPU. Returning restarts the interrupted instruction (faults) or goes on behind it (traps).

using System.Runtime;
using System.Runtime.CompilerServices;
using CSharpOS.Debugging;
using CSharpOS.Runtime;

namespace CSharpOS.Arch;

/// <summary>The exception handlers.</summary>
/// <rows>IRQ-01</rows>
public static unsafe class Traps
{
    private const ulong EflagsTrap = 0x100, EflagsInterrupt = 0x200;
    private const ulong ErrorUser = 4;
    private const int SystemControlPort = 0x61;
    private const int MemoryError = 0x80, DeviceError = 0x40;

    private static Counters s_counters;

    /// <summary>Makes the runtime's failed checks oopses, and tells the unwinder where the entry stubs are. Boot, after Idt.Init.</summary>
    /// <linux>trap_init</linux>
    public static void Init()
    {
        s_counters = default;
        Unwinder.Init((nuint)LinkerSymbols.EntryTextStart, (nuint)LinkerSymbols.EntryTextEnd);
        RuntimeFailure.SetHandler(&RuntimeCheckFailed);
    }

    /// <summary>How often CPU <paramref name="cpu"/> took exception <paramref name="vector"/>. Any context.</summary>
    public static uint Count(int vector, int cpu) =>
        (uint)vector < ExceptionNames.Count && (uint)cpu < Cpu.MaxCpus ? Shared.ReadOnce(ref *CounterOf(vector, cpu)) : 0;

    /// <summary>Every exception, from the stubs.</summary>
    /// <linux>do_trap</linux>
    [RuntimeExport("arch_do_exception")]
    private static void DoException(PtRegs* regs, int vector)
    {
        // Before anything that might fault in its turn.
        ulong address = AsmImports.ReadCr2();
        (*CounterOf(vector, Cpu.SmpProcessorId()))++;
#if DEBUG_CHECKS
        // Not those that may strike with interrupts off in the middle of anything: they leave all as it was.
        bool follows = vector is not (ExceptionNames.Nmi or ExceptionNames.DoubleFault or ExceptionNames.MachineCheck);
        if (follows)
        {
            Cpu.TraceGateEntered(regs);
        }
#endif
        switch (vector)
        {
            case ExceptionNames.Nmi:
                DoNmi(regs);
                break;
            case ExceptionNames.PageFault:
                DoPageFault(regs, address);
                break;
            case not ExceptionNames.DoubleFault and not ExceptionNames.MachineCheck when regs->UserMode:
                UserTraps.Exception(regs, vector);
                break;
            case ExceptionNames.Breakpoint:
                Report(regs, "int3"u8);
                break;
            case ExceptionNames.Debug:
                // Single stepping ends here; a debugger outside the machine sees its own traps before the kernel does.
                regs->Eflags &= ~EflagsTrap;
                Report(regs, "debug"u8);
                break;
            default:
                Oops.Fault(regs, vector, address, AsmImports.ReadCr3());
                break;
        }

#if DEBUG_CHECKS
        if (follows)
        {
            Cpu.TraceGateLeft(regs);
        }
#endif
    }

    // A fault of a program, or of the kernel in the program's memory, is served if there is something to serve it with, and tried again. What
    // remains is a signal for the program; an end of the copy for the kernel; else an oops.
    private static void DoPageFault(PtRegs* regs, ulong address)
    {
        ulong error = regs->OrigRax;
        bool user = regs->UserMode;
        ulong fixup = user ? 0 : ExceptionTable.Search(regs->Rip);
        int result = -EFAULT;
        // The processor reading its own tables on behalf of a program has no business in the lower half: nothing there can be brought in for it.
        bool implicitAccess = user && (error & ErrorUser) == 0;
        if (address < Uaccess.TaskSizeMax && (user || fixup != 0) && Current->Mm != null && !implicitAccess)
        {
            if (!InAtomic() && IrqsOn(regs))
            {
                LocalIrqEnable();
                result = UserFault.Handle(Current->Mm, address, error);
                LocalIrqDisable();
            }

            if (result == 0)
            {
                return;
            }
        }

        if (user)
        {
            UserTraps.PageFault(regs, address, error, result);
        }
        else if (fixup != 0)
        {
            regs->Rip = fixup;
        }
        else
        {
            Oops.Fault(regs, ExceptionNames.PageFault, address, AsmImports.ReadCr3());
        }
    }

    private static bool IrqsOn(PtRegs* regs) => (regs->Eflags & EflagsInterrupt) != 0;

    private static void DoNmi(PtRegs* regs)
    {
        NmiEnter();
        IrqStatistics.CountNmi();
        if (Smp.HandleNmi(regs))
        {
            NmiExit();
            return;
        }

        int reason = PortIo.In8(SystemControlPort);
        ReadOnlySpan<byte> what = (reason & MemoryError) != 0 ? "NMI: memory parity or system error"u8
            : (reason & DeviceError) != 0 ? "NMI: I/O check"u8
            : "Unknown NMI received"u8;
        Printk(LogLevel.Emergency, $"{what}, reason {reason:x2}, on CPU {Cpu.SmpProcessorId()}\n");
        Report(regs, "NMI"u8);
        NmiExit();
        if ((regs->Eflags & EflagsInterrupt) != 0)
        {
            // Interrupts were on: no console driver was interrupted with its lock held, so the text can be shown now.
            KernelLog.FlushDeferred();
        }
    }

    private static void Report(PtRegs* regs, ReadOnlySpan<byte> what)
    {
        TextHandler text = new(0, 0);
        text.AppendFormatted(what);
        text.AppendLiteral(" at ");
        CallTrace.AppendAddress(ref text, (nuint)regs->Rip, (nuint)regs->Rip);
        text.AppendLiteral("\n");
        Printk(LogLevel.Info, ref text);
    }

    private static void RuntimeCheckFailed(byte* what, int length) => Oops.RuntimeCheck(new ReadOnlySpan<byte>(what, length));

    private static uint* CounterOf(int vector, int cpu) => (uint*)Unsafe.AsPointer(ref s_counters) + (cpu * ExceptionNames.Count) + vector;

    [InlineArray(Cpu.MaxCpus * ExceptionNames.Count)]
    private struct Counters
    {
        private uint _first;
    }
}
