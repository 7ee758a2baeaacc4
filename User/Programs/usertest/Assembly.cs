// Assembly: the functions of calls.asm.

using System.Runtime;
using System.Runtime.CompilerServices;

namespace CSharpOS.User.Programs;

internal static unsafe class Assembly
{
    [RuntimeImport("*", "ut_registers_int80")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void RegistersInt80(ulong* block, ulong rax);

    [RuntimeImport("*", "ut_registers_syscall")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void RegistersSyscall(ulong* block, ulong rax);

    [RuntimeImport("*", "ut_registers_signal")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void RegistersSignal(ulong* block, int pid, int signal);

    [RuntimeImport("*", "ut_spoil")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Spoil();

    [RuntimeImport("*", "ut_pattern")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong Pattern(int index);

    [RuntimeImport("*", "ut_compute")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int Compute(ulong seed, int rounds);

    [RuntimeImport("*", "ut_load_fs")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong LoadFs(ulong offset);

    [RuntimeImport("*", "ut_spin")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Spin();

    [RuntimeImport("*", "ut_read_flags")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadFlags();

    [RuntimeImport("*", "ut_has_avx")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int HasAvx();

    [RuntimeImport("*", "ut_compute_avx")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int ComputeAvx(ulong seed, int rounds);

    [RuntimeImport("*", "ut_cli")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Cli();

    [RuntimeImport("*", "ut_sti")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Sti();

    [RuntimeImport("*", "ut_hlt")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Hlt();

    [RuntimeImport("*", "ut_in")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void In();

    [RuntimeImport("*", "ut_out")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Out();

    [RuntimeImport("*", "ut_int3")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Int3();

    [RuntimeImport("*", "ut_int81")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Int81();

    [RuntimeImport("*", "ut_int20")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Int20();

    [RuntimeImport("*", "ut_int8")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Int8();

    [RuntimeImport("*", "ut_int14")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Int14();

    [RuntimeImport("*", "ut_ud2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Ud2();

    [RuntimeImport("*", "ut_divide")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Divide();

    [RuntimeImport("*", "ut_cr3")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Cr3();

    [RuntimeImport("*", "ut_wrmsr")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Wrmsr();

    [RuntimeImport("*", "ut_lgdt")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Lgdt();

    [RuntimeImport("*", "ut_sgdt")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Sgdt();

    [RuntimeImport("*", "ut_has_umip")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int HasUmip();

    [RuntimeImport("*", "ut_swapgs")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Swapgs();

    [RuntimeImport("*", "ut_x87")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void X87();

    [RuntimeImport("*", "ut_trap_flag")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void TrapFlag();

    [RuntimeImport("*", "ut_trap_flag_int80")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void TrapFlagInt80();

    [RuntimeImport("*", "ut_trap_flag_syscall")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void TrapFlagSyscall();

    [RuntimeImport("*", "ut_noncanonical_stack")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void NoncanonicalStack();

    [RuntimeImport("*", "ut_kernel_selector")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void KernelSelector();

    [RuntimeImport("*", "ut_overflow")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Overflow();

    [RuntimeImport("*", "ut_load")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong Load(ulong address);

    [RuntimeImport("*", "ut_store")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Store(ulong address, ulong value);

    [RuntimeImport("*", "ut_jump")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Jump(ulong address);

    [RuntimeImport("*", "ut_flags")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int Flags(ulong flags, int number);

    [RuntimeImport("*", "ut_sigreturn")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Sigreturn(void* frame);

    [RuntimeImport("*", "ut_vfork")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int Vfork(int* word, int value);

    [RuntimeImport("*", "ut_clone")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int Clone(int flags, byte* stackTop, int* tid, delegate*<nint, void> function, nint argument);
}
