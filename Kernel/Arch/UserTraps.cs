// UserTraps: exceptions of programs become signals.
//
// Linux: do_trap, do_general_protection, force_sig_info_fault (arch/x86/kernel/traps.c, arch/x86/mm/fault.c). Called by Traps with interrupts off, on the
// task's kernel stack (the debug exception on a stack of its own). The signal is acted on when the exception returns to user mode.

using CSharpOS.Debugging;


namespace CSharpOS.Arch;

/// <summary>What a program gets for a fault.</summary>
/// <rows>IRQ-01</rows>
internal static unsafe class UserTraps
{
    private const ulong EflagsTrap = 0x100;

    /// <summary>A page fault that could not be served; <paramref name="result"/> says why.</summary>
    internal static void PageFault(PtRegs* regs, ulong address, ulong error, int result)
    {
        int signal = result switch
        {
            -EIO => Signal.SIGBUS,
            -ENOMEM => Signal.SIGKILL,
            _ => Signal.SIGSEGV,
        };
        int code = signal == Signal.SIGBUS ? SigInfo.BUS_ADRERR : result == -EACCES ? SigInfo.SEGV_ACCERR : SigInfo.SEGV_MAPERR;
        if (SignalDelivery.IsFatal(Current, signal))
        {
            TaskStruct* task = Current;
            ReadOnlySpan<byte> what = signal == Signal.SIGKILL ? "out of memory"u8 : signal == Signal.SIGBUS ? "bus error"u8 : "segfault"u8;
            Printk(LogLevel.Info, $"{task->Name}[{task->Pid}]: {what} at {address:x} ip {regs->Rip:x} sp {regs->Rsp:x} error {error:x}\n");
        }

        Force(regs, signal, code, address, ExceptionNames.PageFault, error);
    }

    /// <summary>Any other exception.</summary>
    internal static void Exception(PtRegs* regs, int vector)
    {
        ulong error = regs->OrigRax;
        (int signal, int code) = vector switch
        {
            ExceptionNames.DivideError => (Signal.SIGFPE, SigInfo.FPE_INTDIV),
            ExceptionNames.Debug => (Signal.SIGTRAP, SigInfo.TRAP_TRACE),
            ExceptionNames.Breakpoint => (Signal.SIGTRAP, SigInfo.SI_KERNEL),
            ExceptionNames.InvalidOpcode => (Signal.SIGILL, SigInfo.ILL_ILLOPN),
            ExceptionNames.FloatingPoint or ExceptionNames.SimdException => (Signal.SIGFPE, SigInfo.FPE_FLTINV),
            ExceptionNames.AlignmentCheck => (Signal.SIGBUS, SigInfo.BUS_ADRALN),
            ExceptionNames.SegmentNotPresent or ExceptionNames.StackSegment => (Signal.SIGBUS, SigInfo.SI_KERNEL),
            _ => (Signal.SIGSEGV, SigInfo.SI_KERNEL),
        };
        if (vector == ExceptionNames.Debug)
        {
            regs->Eflags &= ~EflagsTrap;
        }

        if (vector is not (ExceptionNames.Debug or ExceptionNames.Breakpoint) && SignalDelivery.IsFatal(Current, signal))
        {
            TaskStruct* task = Current;
            Printk(LogLevel.Info, $"{task->Name}[{task->Pid}] trap {ExceptionNames.Get(vector)} ip:{regs->Rip:x} sp:{regs->Rsp:x} error:{error:x}\n");
        }

        bool hasAddress = vector is ExceptionNames.DivideError or ExceptionNames.InvalidOpcode or ExceptionNames.FloatingPoint or ExceptionNames.SimdException;
        Force(regs, signal, code, hasAddress ? regs->Rip : 0, vector, error);
    }

    private static void Force(PtRegs* regs, int signal, int code, ulong address, int vector, ulong error)
    {
        // Not a system call: nothing to be made again.
        regs->OrigRax = ulong.MaxValue;
        TaskStruct* task = Current;
        task->Signals.TrapNumber = vector;
        task->Signals.TrapError = error;
        task->Signals.FaultAddress = address;
        SignalDelivery.Force(signal, code, address);
    }
}
