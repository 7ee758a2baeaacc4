// KernelStacks: which stacks this CPU may be running on, for the unwinder.
//
// Linux: get_stack_info, in_exception_stack (arch/x86/kernel/dumpstack_64.c). Any context, no locks: a CPU's stacks are fixed when it
// starts, the task's is that of the running task. The hosted kernel replaces this class.

using System.Runtime.CompilerServices;
using CSharpOS.Debugging;

namespace CSharpOS.Arch;

/// <summary>What a stack is for.</summary>
public enum StackKind
{
    Unknown,
    Task,
    Interrupt,
    DoubleFault,
    Nmi,
    Debug,
    MachineCheck,
}

/// <summary>The stacks of this CPU.</summary>
public static unsafe class KernelStacks
{
    /// <summary>The most ranges that <see cref="Ranges"/> gives.</summary>
    public const int MaxRanges = 7;

    private const int GuardSize = 4096;

    /// <summary>Lists the stacks that this CPU may be on, all mapped.</summary>
    public static int Ranges(StackRange* ranges)
    {
        int count = 0;
        TaskStruct* task = Cpu.Current;
        if (task != null && task->Stack != null)
        {
            ranges[count++] = Range((nuint)task->Stack);
        }

        if (task == null || task->Stack != LinkerSymbols.InitStackBottom)
        {
            ranges[count++] = Range((nuint)LinkerSymbols.InitStackBottom);
        }

        nuint interrupt = (nuint)Cpu.Hot->IrqStackTop;
        if (interrupt != 0)
        {
            ranges[count++] = Range(interrupt - AsmOffsets.THREAD_SIZE);
        }

        int cpu = Cpu.SmpProcessorId();
        for (int i = 0; i < Gdt.ExceptionStacks; i++)
        {
            ranges[count++] = Range((nuint)Gdt.ExceptionStackBottom(cpu, i));
        }

        return count;
    }

    /// <summary>Which of this CPU's stacks <paramref name="sp"/> lies in.</summary>
    public static StackKind KindOf(nuint sp)
    {
        nuint interrupt = (nuint)Cpu.Hot->IrqStackTop;
        if (interrupt != 0 && sp - (interrupt - AsmOffsets.THREAD_SIZE) < AsmOffsets.THREAD_SIZE)
        {
            return StackKind.Interrupt;
        }

        int cpu = Cpu.SmpProcessorId();
        for (int i = 0; i < Gdt.ExceptionStacks; i++)
        {
            if (sp - (nuint)Gdt.ExceptionStackBottom(cpu, i) < AsmOffsets.THREAD_SIZE)
            {
                return StackKind.DoubleFault + i;
            }
        }

        return IsTask(sp) ? StackKind.Task : StackKind.Unknown;
    }

    /// <summary>True if <paramref name="address"/> lies in the guard page below a stack that this CPU uses; which stack.</summary>
    public static bool InGuardPage(nuint address, out StackKind kind)
    {
        kind = KindOf(address + GuardSize);
        return kind != StackKind.Unknown && KindOf(address) != kind;
    }

    /// <summary>Calls <paramref name="show"/> with a place to start unwinding from: an address in this function, and its
    /// registers.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Trace(delegate*<nuint, nuint, nuint, LogLevel, void> show, LogLevel level)
    {
        // The helper's return address is still below the stack pointer. With interrupts off nothing overwrites it: NMI, debug and
        // machine check have stacks of their own.
        ulong flags = Cpu.LocalIrqSave();
        nuint sp = (nuint)AsmImports.ReadRsp();
        nuint pc = ((nuint*)sp)[-1];
        nuint fp = (nuint)AsmImports.ReadRbp();
        Cpu.LocalIrqRestore(flags);
        show(pc, sp, fp, level);

        // A call behind it, so that it is no tail call: this frame must live until show returns.
        Cpu.CpuRelax();
    }

    private static bool IsTask(nuint sp)
    {
        TaskStruct* task = Cpu.Current;
        return (task != null && task->Stack != null && sp - (nuint)task->Stack < AsmOffsets.THREAD_SIZE)
            || sp - (nuint)LinkerSymbols.InitStackBottom < AsmOffsets.THREAD_SIZE;
    }

    private static StackRange Range(nuint low) => new(low, low + AsmOffsets.THREAD_SIZE);
}
