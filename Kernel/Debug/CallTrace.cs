// CallTrace: call traces with symbols, files and lines.
//
// Linux: dump_stack, show_trace, print_symbol (arch/x86/kernel/dumpstack.c). Any context, NMI and double fault included; no locks, no
// allocation, never faults (the unwinder reads only inside known stacks). One message per frame:
//    [<ffffffff80123456>] Interrupts.RequestIrq+0x1a/0x60 at Kernel/Irq/Interrupts.cs:120
// Marks stand where the stack changes hands: <IRQ> before the frames of a device interrupt, <EOI> after them; <NMI>, <#DF>, <#DB>, <#MC>
// before those of an exception with its own stack; <EOE> after the frames of an exception.

namespace CSharpOS.Debugging;

/// <summary>Prints where code is and how it came there.</summary>
public static unsafe class CallTrace
{
    private const LogLevel Level = LogLevel.Warning;
    private const int InterruptNumbers = -256;

    /// <summary>Logs the running task, CPU and version, and the trace of the caller.</summary>
    internal static void DumpStack()
    {
        PrintTask(Level);
        PrintHere(Level);
    }

    /// <summary>Logs the trace of the caller.</summary>
    internal static void PrintHere(LogLevel level)
    {
        Printk(level, "Call Trace:\n"u8);
        KernelStacks.Trace(&PrintFrom, level);
    }

    /// <summary>Logs the first function that is not part of the reporting: the one that the report is about.</summary>
    internal static void PrintCaller(LogLevel level) => KernelStacks.Trace(&PrintCallerFrom, level);

    /// <summary>Logs the trace of interrupted code.</summary>
    internal static void Print(LogLevel level, PtRegs* regs)
    {
        StackRange* ranges = stackalloc StackRange[KernelStacks.MaxRanges];
        int count = KernelStacks.Ranges(ranges);
        Printk(level, "Call Trace:\n"u8);
        Unwinder unwinder = new(regs, ranges, count);
        if (KernelStacks.KindOf((nuint)regs->Rsp) == StackKind.Unknown
            && StepIntoStack(regs, ranges, count, out nuint pc, out nuint sp, out nuint fp))
        {
            PrintFrame(level, " "u8, (nuint)regs->Rip, (nuint)regs->Rip);
            unwinder = new(pc, sp, fp, ranges, count);
        }

        Walk(level, ref unwinder, false);
    }

    /// <summary>Logs which task runs on which CPU, and the kernel's version.</summary>
    internal static void PrintTask(LogLevel level)
    {
        TaskStruct* task = Current;
        int pid = task == null ? 0 : task->Pid;
        ReadOnlySpan<byte> name = task == null ? "none"u8 : task->Name;
        Printk(level, $"CPU: {SmpProcessorId()}  Pid: {pid}, name: {name}  {Init.KernelVersion.Banner}\n");
    }

    /// <summary>Appends <c>[&lt;address&gt;] Name+0x1a/0x60 [module] at file:line</c>.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="pc">The address to show.</param>
    /// <param name="lookup">The address to look up: <paramref name="pc"/> itself, or one less for a return address.</param>
    internal static void AppendAddress(ref TextHandler text, nuint pc, nuint lookup)
    {
        text.AppendLiteral("[<");
        text.AppendFormatted(pc, 0, "x16");
        text.AppendLiteral(">] ");
        if (!SymbolTable.Lookup(lookup, out SymbolInfo symbol))
        {
            text.AppendLiteral("0x");
            text.AppendFormatted(pc, 0, "x");
            return;
        }

        text.AppendFormatted(symbol.Name);
        text.AppendLiteral("+0x");
        text.AppendFormatted(pc - symbol.Start, 0, "x");
        text.AppendLiteral("/0x");
        text.AppendFormatted(symbol.Size, 0, "x");
        if (symbol.Module.Length != 0)
        {
            text.AppendLiteral(" [");
            text.AppendFormatted(symbol.Module);
            text.AppendLiteral("]");
        }

        if (LineTable.Lookup(lookup, out ReadOnlySpan<byte> file, out int line))
        {
            text.AppendLiteral(" at ");
            text.AppendFormatted(file);
            text.AppendLiteral(":");
            text.AppendFormatted(line);
        }
    }

    private static void PrintFrom(nuint pc, nuint sp, nuint fp, LogLevel level)
    {
        StackRange* ranges = stackalloc StackRange[KernelStacks.MaxRanges];
        int count = KernelStacks.Ranges(ranges);
        Unwinder unwinder = new(pc, sp, fp, ranges, count);
        Walk(level, ref unwinder, true);
    }

    private static void PrintCallerFrom(nuint pc, nuint sp, nuint fp, LogLevel level)
    {
        StackRange* ranges = stackalloc StackRange[KernelStacks.MaxRanges];
        int count = KernelStacks.Ranges(ranges);
        Unwinder unwinder = new(pc, sp, fp, ranges, count);
        while (unwinder.MoveNext())
        {
            if (!IsReporter(unwinder.LookupPc))
            {
                PrintFrame(level, "IP: "u8, unwinder.Pc, unwinder.LookupPc);
                return;
            }
        }
    }

    // skipReporters: leave out the first frames as long as they belong to the code that reports.
    private static void Walk(LogLevel level, ref Unwinder unwinder, bool skipReporters)
    {
        bool inInterrupt = InIrq() && !InNmi();
        StackKind kind = StackKind.Unknown;
        nuint last = 0;
        int repeated = 0;
        while (unwinder.MoveNext())
        {
            if (skipReporters && IsReporter(unwinder.LookupPc))
            {
                continue;
            }

            skipReporters = false;
            if (unwinder.Pc == last && !unwinder.IsInterruptFrame)
            {
                repeated++;
                continue;
            }

            PrintRepeated(level, ref repeated);
            last = unwinder.Pc;
            StackKind here = KernelStacks.KindOf(unwinder.Sp);
            if (unwinder.IsInterruptFrame)
            {
                // orig_rax tells what interrupted this code: a line minus 256, or an exception's error code.
                bool interrupt = (long)unwinder.Regs->OrigRax is >= InterruptNumbers and < 0;
                Printk(level, interrupt ? " <EOI>\n"u8 : " <EOE>\n"u8);
                kind = StackKind.Unknown;
                inInterrupt = false;
            }

            if (here != kind || inInterrupt)
            {
                PrintMark(level, here, inInterrupt);
            }

            kind = here;
            inInterrupt = false;
            PrintFrame(level, " "u8, unwinder.Pc, unwinder.LookupPc);
        }

        PrintRepeated(level, ref repeated);
        PrintEnd(level, unwinder.End);
    }

    internal static void PrintFrame(LogLevel level, ReadOnlySpan<byte> before, nuint pc, nuint lookup)
    {
        TextHandler text = new(0, 0);
        text.AppendFormatted(before);
        AppendAddress(ref text, pc, lookup);
        text.AppendLiteral("\n");
        Printk(level, ref text);
    }

    private static void PrintRepeated(LogLevel level, ref int repeated)
    {
        if (repeated != 0)
        {
            Printk(level, $" ... {repeated} more of the same\n");
            repeated = 0;
        }
    }

    private static void PrintMark(LogLevel level, StackKind kind, bool inInterrupt)
    {
        ReadOnlySpan<byte> mark = kind switch
        {
            StackKind.Interrupt => " <IRQ>\n"u8,
            StackKind.Nmi => " <NMI>\n"u8,
            StackKind.DoubleFault => " <#DF>\n"u8,
            StackKind.Debug => " <#DB>\n"u8,
            StackKind.MachineCheck => " <#MC>\n"u8,
            _ => inInterrupt ? " <IRQ>\n"u8 : default,
        };
        if (mark.Length != 0)
        {
            Printk(level, mark);
        }
    }

    private static void PrintEnd(LogLevel level, UnwinderEnd end)
    {
        ReadOnlySpan<byte> reason = end switch
        {
            UnwinderEnd.OutsideStacks => "the stack pointer is in no known stack"u8,
            UnwinderEnd.NotText => "the return address is not code"u8,
            UnwinderEnd.NoProgress => "the stack is damaged"u8,
            UnwinderEnd.InEntryStub => "inside an entry stub"u8,
            UnwinderEnd.TooDeep => "too deep"u8,
            _ => default,
        };
        if (reason.Length != 0)
        {
            Printk(level, $" (trace ends here: {reason})\n");
        }
    }

    // A stack that overflowed: rsp is in the guard page, but the caller's frame may still be in the stack above it.
    private static bool StepIntoStack(PtRegs* regs, StackRange* ranges, int count, out nuint pc, out nuint sp, out nuint fp)
    {
        pc = 0;
        sp = 0;
        fp = (nuint)regs->Rbp;
        if (!UnwinderRows.Lookup((nuint)regs->Rip, out UnwinderRule rule))
        {
            return false;
        }

        sp = (nuint)(rule.FromRbp ? regs->Rbp : regs->Rsp) + rule.FrameOffset;
        for (int i = 0; i < count; i++)
        {
            nuint lowest = sp - (rule.RbpBelowFrame > 8 ? rule.RbpBelowFrame : 8u);
            if (lowest >= ranges[i].Low && lowest < sp && sp < ranges[i].High && (sp & 7) == 0)
            {
                pc = *(nuint*)(sp - 8);
                fp = rule.RbpBelowFrame != 0 ? *(nuint*)(sp - rule.RbpBelowFrame) : fp;
                return SymbolTable.IsText(pc - 1);
            }
        }

        return false;
    }

    // The functions between a report's cause and here, by the names of their classes. Without optimisation a failed index check of a span
    // is in a function of its own, which is not at fault.
    internal static bool IsReporter(nuint pc)
    {
        if (!SymbolTable.Lookup(pc, out SymbolInfo symbol))
        {
            return false;
        }

        ReadOnlySpan<byte> name = symbol.Name;
        return name.StartsWith("CallTrace."u8) || name.StartsWith("KernelStacks."u8) || name.StartsWith("ContextReport."u8)
            || name.StartsWith("Oops."u8) || name.StartsWith("PanicReport."u8) || name.StartsWith("KernelLog."u8)
            || name.StartsWith("RuntimeFailure."u8) || name.StartsWith("ThrowHelper"u8) || name.StartsWith("Traps.RuntimeCheckFailed"u8)
            || name.StartsWith("LockValidator."u8) || name.StartsWith("LockGraph."u8) || name.StartsWith("LockTraces."u8)
            || name.StartsWith("LockReport."u8) || name.StartsWith("SpinLock."u8) || name.StartsWith("RwLock."u8)
            || name.StartsWith("StackEnd."u8) || name.StartsWith("Span<"u8) || name.StartsWith("ReadOnlySpan<"u8);
    }
}
