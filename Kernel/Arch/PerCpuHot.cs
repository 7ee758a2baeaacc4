// PerCpuHot: the per-CPU words that entry code and preempt_count need in one instruction, at gs:0.
//
// Linux: the pda / per-CPU "hot" section of x86-64. gs is the kernel's in kernel mode, always: the entry stubs swap it.
// Each word but NoReschedule is written by its own CPU only; a plain gs-relative instruction is atomic towards interrupts of the same CPU, so
// there is no lock.

using System.Runtime.InteropServices;

namespace CSharpOS.Arch;

/// <summary>What a CPU knows of itself, at offset 0 of its gs segment.</summary>
[StructLayout(LayoutKind.Explicit, Size = AsmOffsets.HOT_SIZE)]
public unsafe struct PerCpuHot
{
    /// <summary>The linear address of this structure.</summary>
    [FieldOffset(AsmOffsets.HOT_SELF)] public PerCpuHot* Self;

    /// <summary>The running task.</summary>
    [FieldOffset(AsmOffsets.HOT_CURRENT)] public Sched.TaskStruct* Current;

    /// <summary>preempt_count in Linux's layout: see <see cref="Sched.Preempt"/>.</summary>
    [FieldOffset(AsmOffsets.HOT_PREEMPT_COUNT)] public int PreemptCount;

    /// <summary>0 if the running task should give the CPU away, else 1: need_resched the other way round, so that "preempt now" is one
    /// comparison of this word and preempt_count with zero. Cleared by this CPU, or by another one with the run queue locked.</summary>
    /// <linux>TIF_NEED_RESCHED</linux>
    [FieldOffset(AsmOffsets.HOT_NO_RESCHEDULE)] public int NoReschedule;

    /// <summary>Pending softirqs of this CPU, one bit each.</summary>
    [FieldOffset(AsmOffsets.HOT_SOFTIRQ_PENDING)] public uint SoftirqPending;

    /// <summary>The number of this CPU.</summary>
    [FieldOffset(AsmOffsets.HOT_CPU_NUMBER)] public int CpuNumber;

    /// <summary>-1 outside of interrupts; 0 in the first interrupt, which switches to the interrupt stack; more when nested.</summary>
    [FieldOffset(AsmOffsets.HOT_IRQ_STACK_DEPTH)] public int IrqStackDepth;

    /// <summary>The highest address of this CPU's interrupt stack.</summary>
    [FieldOffset(AsmOffsets.HOT_IRQ_STACK_TOP)] public ulong IrqStackTop;

    /// <summary>The highest address of the current task's kernel stack.</summary>
    [FieldOffset(AsmOffsets.HOT_KERNEL_STACK_TOP)] public ulong KernelStackTop;

    /// <summary>What to add to the address of a <see cref="PerCpu{T}"/> template to reach this CPU's copy.</summary>
    [FieldOffset(AsmOffsets.HOT_PER_CPU_OFFSET)] public ulong PerCpuOffset;

    /// <summary>The registers of the code that the innermost interrupt interrupted, or null.</summary>
    [FieldOffset(AsmOffsets.HOT_INTERRUPT_REGS)] public PtRegs* InterruptRegs;

    /// <summary>The stack pointer of the program, for a moment at the entry of the instruction syscall.</summary>
    [FieldOffset(AsmOffsets.HOT_USER_RSP)] public ulong UserRsp;

    /// <summary>Whose page tables this CPU is on, with a reference; null for the kernel's own. A kernel thread leaves them as they are: active_mm.</summary>
    [FieldOffset(AsmOffsets.HOT_LOADED_MM)] public Mm.MmStruct* LoadedMm;

    /// <summary>What <see cref="LoadedMm"/> was before the switch that is just being made: dropped once the run queue is unlocked.</summary>
    [FieldOffset(AsmOffsets.HOT_DROPPED_MM)] public Mm.MmStruct* DroppedMm;

    /// <summary>True while the bases of fs and of the user's gs, and the descriptors for thread-local storage, are all zero on this CPU.</summary>
    [FieldOffset(AsmOffsets.HOT_PLAIN_BASES)] public bool PlainBases;

    /// <summary>Where the CPU finds the kernel stack at an entry from user mode: a field of its task state segment.</summary>
    [FieldOffset(AsmOffsets.HOT_ENTRY_STACK)] public ulong* EntryStack;

    /// <summary>Where in <see cref="LastInterrupts"/> the next one goes, modulo its size.</summary>
    [FieldOffset(AsmOffsets.HOT_NEXT_INTERRUPT)] public uint NextInterrupt;

    /// <summary>The memory of <see cref="Debugging.LastInterrupts"/>.</summary>
    [FieldOffset(AsmOffsets.HOT_LAST_INTERRUPTS)] public fixed ulong LastInterrupts[Debugging.LastInterrupts.Remembered];
}
