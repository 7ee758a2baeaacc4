// AsmOffsets: the numbers that C# and NASM share.
//
// Linux: arch/x86/kernel/asm-offsets.c. The build writes every constant of this class into artifacts/.../offsets.inc, which the
// assembly files include; nothing is typed twice. Constants only, no code.

namespace CSharpOS.Arch;

/// <summary>Structure offsets, sizes and addresses known to both C# and assembly.</summary>
public static class AsmOffsets
{
    /// <summary>Virtual address of physical address 0 in the kernel image mapping.</summary>
    public const ulong KERNEL_BASE = 0xffffffff80000000;

    /// <summary>Virtual address of physical address 0 in the direct map of all memory.</summary>
    public const ulong DIRECT_MAP_BASE = 0xffff888000000000;

    /// <summary>Bytes of a kernel stack; below it lies a guard page.</summary>
    public const int THREAD_SIZE = 16384;

    /// <summary>Bytes of one CPU's area of per-CPU variables.</summary>
    public const int PER_CPU_AREA_SIZE = 32768;

    /// <summary>Offset of <see cref="PerCpuHot.Self"/> from the gs base.</summary>
    public const int HOT_SELF = 40;

    /// <summary>Offset of <see cref="PerCpuHot.Current"/>.</summary>
    public const int HOT_CURRENT = 8;

    /// <summary>Offset of <see cref="PerCpuHot.PreemptCount"/>.</summary>
    public const int HOT_PREEMPT_COUNT = 16;

    /// <summary>Offset of <see cref="PerCpuHot.NoReschedule"/>: directly behind preempt_count, so that one load sees both.</summary>
    public const int HOT_NO_RESCHEDULE = 20;

    /// <summary>Offset of <see cref="PerCpuHot.CpuNumber"/>.</summary>
    public const int HOT_CPU_NUMBER = 24;

    /// <summary>Offset of <see cref="PerCpuHot.IrqStackDepth"/>.</summary>
    public const int HOT_IRQ_STACK_DEPTH = 28;

    /// <summary>Offset of <see cref="PerCpuHot.SoftirqPending"/>.</summary>
    public const int HOT_SOFTIRQ_PENDING = 64;

    /// <summary>Offset of <see cref="PerCpuHot.IrqStackTop"/>.</summary>
    public const int HOT_IRQ_STACK_TOP = 32;

    /// <summary>Offset of <see cref="PerCpuHot.KernelStackTop"/>.</summary>
    public const int HOT_KERNEL_STACK_TOP = 0;

    /// <summary>Offset of <see cref="PerCpuHot.PerCpuOffset"/>.</summary>
    public const int HOT_PER_CPU_OFFSET = 48;

    /// <summary>Offset of <see cref="PerCpuHot.UserRsp"/>.</summary>
    public const int HOT_USER_RSP = 72;

    /// <summary>Offset of <see cref="PerCpuHot.LoadedMm"/>.</summary>
    public const int HOT_LOADED_MM = 80;

    /// <summary>Offset of <see cref="PerCpuHot.DroppedMm"/>.</summary>
    public const int HOT_DROPPED_MM = 88;

    /// <summary>Offset of <see cref="PerCpuHot.PlainBases"/>.</summary>
    public const int HOT_PLAIN_BASES = 96;

    /// <summary>Offset of <see cref="PerCpuHot.EntryStack"/>.</summary>
    public const int HOT_ENTRY_STACK = 104;

    /// <summary>Offset of <see cref="PerCpuHot.InterruptRegs"/>.</summary>
    public const int HOT_INTERRUPT_REGS = 56;

    /// <summary>Offset of <see cref="PerCpuHot.NextInterrupt"/>.</summary>
    public const int HOT_NEXT_INTERRUPT = 124;

    /// <summary>Offset of <see cref="PerCpuHot.LastInterrupts"/>: a cache line.</summary>
    public const int HOT_LAST_INTERRUPTS = 128;

    /// <summary>Bytes of <see cref="PerCpuHot"/>: three cache lines.</summary>
    public const int HOT_SIZE = 192;

    /// <summary>Bytes of <see cref="Arch.PtRegs"/>: 21 words.</summary>
    public const int PTREGS_SIZE = 168;

    /// <summary>Offset of r11 in <see cref="Arch.PtRegs"/>.</summary>
    public const int PTREGS_R11 = 48;

    /// <summary>Offset of rax in <see cref="Arch.PtRegs"/>.</summary>
    public const int PTREGS_RAX = 80;

    /// <summary>Offset of rcx in <see cref="Arch.PtRegs"/>.</summary>
    public const int PTREGS_RCX = 88;

    /// <summary>Offset of rip in <see cref="Arch.PtRegs"/>.</summary>
    public const int PTREGS_RIP = 128;

    /// <summary>Offset of the code selector in <see cref="Arch.PtRegs"/>.</summary>
    public const int PTREGS_CS = 136;

    /// <summary>Offset of the flags in <see cref="Arch.PtRegs"/>.</summary>
    public const int PTREGS_EFLAGS = 144;

    /// <summary>Offset of the orig_rax word in <see cref="Arch.PtRegs"/>.</summary>
    public const int PTREGS_ORIG_RAX = 120;

    /// <summary>Number of the vector register that the compiler copies with.</summary>
    public const int KERNEL_XMM_FIRST = 0;

    /// <summary>Number of the vector register that the compiler clears with. The kernel's code uses no other than these two: the build checks it.</summary>
    public const int KERNEL_XMM_SECOND = 8;

    /// <summary>Bytes of the two saved vector registers that lie directly below <see cref="Arch.PtRegs"/>, plus 8 for alignment.</summary>
    public const int XMM_SAVE_SIZE = 40;

    /// <summary>Offset of the saved stack pointer in <see cref="Sched.TaskStruct"/>.</summary>
    public const int TASK_SAVED_RSP = 0;

    /// <summary>Offset of <see cref="Sched.TaskStruct.PendingSignals"/>.</summary>
    public const int TASK_PENDING_SIGNALS = 8;

    /// <summary>Selector of the kernel code segment.</summary>
    public const int KERNEL_CS = 0x10;

    /// <summary>Selector of the kernel data segment.</summary>
    public const int KERNEL_DS = 0x18;

    /// <summary>Selector of the code of 32-bit programs.</summary>
    public const int USER32_CS = 0x23;

    /// <summary>Selector of the data and the stack of programs.</summary>
    public const int USER_DS = 0x2b;

    /// <summary>Selector of the code of 64-bit programs.</summary>
    public const int USER_CS = 0x33;

    /// <summary>Where a 32-bit program goes on after sysenter: in the vsyscall page.</summary>
    /// <linux>VDSO32_SYSENTER_RETURN</linux>
    public const ulong SYSENTER_RETURN = 0xffffe007;

    /// <summary>First vector of the device interrupts: ISA line 0.</summary>
    public const int FIRST_EXTERNAL_VECTOR = 0x20;

    /// <summary>Vectors from here on are interrupts of the local APIC itself: its timer, and messages between the CPUs.</summary>
    public const int FIRST_SYSTEM_VECTOR = 0xef;

    /// <summary>The vector of system calls.</summary>
    /// <linux>SYSCALL_VECTOR</linux>
    public const int SYSCALL_VECTOR = 0x80;

    /// <summary>The most processors one image serves: <see cref="Cpu.MaxCpus"/>.</summary>
    public const int MAX_CPUS = 16;

    /// <summary>Offset of <see cref="TrampolineParameters.Root"/>.</summary>
    public const int TRAMPOLINE_ROOT = 0;

    /// <summary>Offset of <see cref="TrampolineParameters.Cr0"/>.</summary>
    public const int TRAMPOLINE_CR0 = 8;

    /// <summary>Offset of <see cref="TrampolineParameters.Cr4"/>.</summary>
    public const int TRAMPOLINE_CR4 = 16;

    /// <summary>Offset of <see cref="TrampolineParameters.Efer"/>.</summary>
    public const int TRAMPOLINE_EFER = 24;

    /// <summary>Offset of <see cref="TrampolineParameters.KernelRoot"/>.</summary>
    public const int TRAMPOLINE_KERNEL_ROOT = 32;

    /// <summary>Offset of <see cref="TrampolineParameters.Hot"/>.</summary>
    public const int TRAMPOLINE_HOT = 40;

    /// <summary>Offset of <see cref="TrampolineParameters.Stack"/>.</summary>
    public const int TRAMPOLINE_STACK = 48;

    /// <summary>Offset of <see cref="TrampolineParameters.Cpu"/>.</summary>
    public const int TRAMPOLINE_CPU = 56;

    /// <summary>Offset of <see cref="TrampolineParameters.Entry"/>.</summary>
    public const int TRAMPOLINE_ENTRY = 64;

    /// <summary>Bytes of <see cref="TrampolineParameters"/>.</summary>
    public const int TRAMPOLINE_SIZE = 72;
}
