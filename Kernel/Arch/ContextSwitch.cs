// ContextSwitch: from the registers of one task to those of another.
//
// Linux: switch_to, copy_thread. Interrupts off. Only the callee-saved integer registers are kept: the switch is a function call, so the
// compiler has saved everything else, the two xmm registers that it uses included. Kernel threads own no other state.

using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace CSharpOS.Arch;

/// <summary>Switching between kernel stacks.</summary>
public static unsafe class ContextSwitch
{
    private const int SavedRegisters = 6;

    /// <summary>Goes on with <paramref name="next"/>. Returns when somebody switches back, with the task that ran directly before.</summary>
    /// <linux>switch_to</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TaskStruct* SwitchTo(TaskStruct* previous, TaskStruct* next)
    {
        PerCpuHot* hot = Cpu.Hot;
        hot->PreemptCount = next->SavedPreemptCount;
        hot->Current = next;
        hot->KernelStackTop = (ulong)next->Stack + AsmOffsets.THREAD_SIZE;
        if (((ulong)previous->Mm | (ulong)next->Mm) != 0)
        {
            UserSwitch.Switch(previous, next);
        }

        return SwitchStacks(previous, next);
    }

    /// <summary>Makes a new task begin with <paramref name="function"/>(<paramref name="argument"/>) when it is first switched to.</summary>
    /// <linux>copy_thread</linux>
    public static void Prepare(TaskStruct* task, delegate*<void*, int> function, void* argument)
    {
        // The stack that arch_switch_to pops: r15 r14 r13 r12 rbp rbx, return address; above it an end for the call trace. The registers of user mode
        // have their place at the very top in every task: a kernel thread may execute a program.
        ulong* top = (ulong*)UserXmm(task);
        top[-1] = 0;
        top[-2] = 0;
        top[-3] = TaskEntry();
        top[-4] = (ulong)argument;      // rbx
        top[-5] = 0;                    // rbp
        top[-6] = (ulong)function;      // r12
        top[-7] = 0;
        top[-8] = 0;
        top[-9] = 0;
        task->SavedRsp = (ulong)&top[-3 - SavedRegisters];
        task->SavedPreemptCount = AtSwitch;
    }

    /// <summary>The registers of user mode, at the top of the kernel stack.</summary>
    /// <linux>task_pt_regs</linux>
    public static PtRegs* UserRegs(TaskStruct* task) => (PtRegs*)(task->Stack + AsmOffsets.THREAD_SIZE) - 1;

    /// <summary>The two xmm registers of user mode that the kernel uses itself, below them.</summary>
    internal static byte* UserXmm(TaskStruct* task) => (byte*)UserRegs(task) - AsmOffsets.XMM_SAVE_SIZE;

    /// <summary>Makes a forked child return to user mode with the registers that the running task entered the kernel with.</summary>
    /// <linux>copy_thread</linux>
    internal static PtRegs* PrepareFork(TaskStruct* child)
    {
        const int Size = AsmOffsets.PTREGS_SIZE + AsmOffsets.XMM_SAVE_SIZE;
        new ReadOnlySpan<byte>(UserXmm(Current), Size).CopyTo(new Span<byte>(UserXmm(child), Size));
        ulong* xmm = (ulong*)UserXmm(child);
        xmm[-1] = AsmImports.RetFromFork();
        for (int i = 1; i <= SavedRegisters; i++)
        {
            xmm[-1 - i] = 0;
        }

        child->SavedRsp = (ulong)&xmm[-1 - SavedRegisters];
        child->SavedPreemptCount = AtSwitch;
        return UserRegs(child);
    }

    /// <summary>The running task goes on in user mode, with its <see cref="UserRegs"/>.</summary>
    [DoesNotReturn]
    internal static void EnterUserMode() => AsmImports.EnterUserMode(UserRegs(Current));

    /// <summary>Where a task that does not run will go on, and the registers that the unwinder needs. Its run queue is locked.</summary>
    /// <linux>thread_saved_pc</linux>
    internal static void SavedFrame(TaskStruct* task, out nuint pc, out nuint sp, out nuint fp)
    {
        // As arch_switch_to has left it: r15 r14 r13 r12 rbp rbx, return address.
        nuint* saved = (nuint*)task->SavedRsp;
        fp = saved[SavedRegisters - 2];
        pc = saved[SavedRegisters];
        sp = (nuint)(saved + SavedRegisters + 1);
    }

    [RuntimeImport("*", "arch_switch_to")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern TaskStruct* SwitchStacks(TaskStruct* previous, TaskStruct* next);

    [RuntimeImport("*", "arch_task_entry")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong TaskEntry();
}
