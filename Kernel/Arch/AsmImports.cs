// AsmImports: the assembly helpers of Boot/helpers.asm.
//
// Each of these is one to three instructions. The build overwrites a call to one of them with the instructions themselves
// (tools/ImageTool, patch), so they cost what inline assembly costs in C; they are real functions too, so unpatched code works.
// To the compiler they are opaque calls: nothing is cached in registers across them, which makes each a compiler barrier.
// Only Kernel/Arch and Kernel/Runtime may import assembly: the build checks it.

using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace CSharpOS.Arch;

internal static unsafe class AsmImports
{
    [RuntimeImport("*", "arch_local_irq_save")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong LocalIrqSave();

    [RuntimeImport("*", "arch_local_irq_restore")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void LocalIrqRestore(ulong flags);

    [RuntimeImport("*", "arch_local_save_flags")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong LocalSaveFlags();

    [RuntimeImport("*", "arch_cli")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Cli();

    [RuntimeImport("*", "arch_sti")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Sti();

#if DEBUG_CHECKS
    // What they give says nothing: a call whose result is thrown away is never a tail call, so the return address is the place of the call.
    [RuntimeImport("*", "arch_trace_hardirqs_off")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int TraceHardirqsOff();

    [RuntimeImport("*", "arch_trace_hardirqs_on")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int TraceHardirqsOn();

    [RuntimeImport("*", "arch_trace_preempt_off")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int TracePreemptOff(int added);

    [RuntimeImport("*", "arch_trace_preempt_on")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int TracePreemptOn(int added);
#endif

    [RuntimeImport("*", "arch_hlt")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Hlt();

    [RuntimeImport("*", "arch_sti_hlt")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void StiHlt();

    [RuntimeImport("*", "arch_pause")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Pause();

    [RuntimeImport("*", "arch_mfence")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Mfence();

    [RuntimeImport("*", "arch_lfence")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Lfence();

    [RuntimeImport("*", "arch_sfence")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Sfence();

    [RuntimeImport("*", "arch_rdtsc")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong Rdtsc();

    [RuntimeImport("*", "arch_inb")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern uint In8(int port);

    [RuntimeImport("*", "arch_inw")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern uint In16(int port);

    [RuntimeImport("*", "arch_inl")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern uint In32(int port);

    [RuntimeImport("*", "arch_outb")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Out8(int port, uint value);

    [RuntimeImport("*", "arch_ack_8259a_master")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void AckMaster8259A(int mask, int command);

    [RuntimeImport("*", "arch_ack_8259a_slave")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void AckSlave8259A(int mask, int command);

    [RuntimeImport("*", "arch_outw")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Out16(int port, uint value);

    [RuntimeImport("*", "arch_outl")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Out32(int port, uint value);

    [RuntimeImport("*", "arch_gs_load64")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong GsLoad64(int offset);

    [RuntimeImport("*", "arch_gs_load32")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern uint GsLoad32(int offset);

    [RuntimeImport("*", "arch_gs_store64")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void GsStore64(int offset, ulong value);

    [RuntimeImport("*", "arch_gs_store32")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void GsStore32(int offset, uint value);

    [RuntimeImport("*", "arch_gs_add32")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void GsAdd32(int offset, uint value);

    [RuntimeImport("*", "arch_gs_or32")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void GsOr32(int offset, uint value);

    [RuntimeImport("*", "arch_gs_and32")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void GsAnd32(int offset, uint value);

    [RuntimeImport("*", "arch_read_cr2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadCr2();

    [RuntimeImport("*", "arch_read_cr3")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadCr3();

    [RuntimeImport("*", "arch_write_cr3")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteCr3(ulong value);

    [RuntimeImport("*", "arch_read_cr0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadCr0();

    [RuntimeImport("*", "arch_write_cr0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteCr0(ulong value);

    [RuntimeImport("*", "arch_read_cr4")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadCr4();

    [RuntimeImport("*", "arch_write_cr4")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteCr4(ulong value);

    [RuntimeImport("*", "arch_invlpg")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Invlpg(void* address);

    [RuntimeImport("*", "arch_rdmsr")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong Rdmsr(uint register);

    [RuntimeImport("*", "arch_wrmsr")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Wrmsr(uint register, ulong value);

    [RuntimeImport("*", "arch_cpuid")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Cpuid(uint leaf, uint subleaf, uint* eaxEbxEcxEdx);

    [RuntimeImport("*", "arch_lidt")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Lidt(void* descriptor);

    [RuntimeImport("*", "arch_load_gdt")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void LoadGdt(void* descriptor, int taskSelector);

    [RuntimeImport("*", "arch_entry_table")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong* EntryTable();

    [RuntimeImport("*", "arch_linker_symbols")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong* LinkerSymbolTable();

    [RuntimeImport("*", "arch_read_rsp")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadRsp();

    [RuntimeImport("*", "arch_read_rbp")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadRbp();

    [DoesNotReturn]
    [RuntimeImport("*", "arch_triple_fault")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void TripleFault();

    [RuntimeImport("*", "arch_early_write")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void EarlyWrite(byte* text, int length);

    [RuntimeImport("*", "arch_recovery_call")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int RecoveryCall(delegate*<void*, void> function, void* argument, Init.Recovery.RecoveryPoint* point);

    [RuntimeImport("*", "arch_recovery_resume")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void RecoveryResume(Init.Recovery.RecoveryPoint* point, int code);

    [RuntimeImport("*", "arch_trampoline_table")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern TrampolineTable* TrampolineTable();

    [RuntimeImport("*", "arch_read_segments")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadSegments();

    [RuntimeImport("*", "arch_load_ds")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void LoadDs(uint selector);

    [RuntimeImport("*", "arch_load_es")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void LoadEs(uint selector);

    [RuntimeImport("*", "arch_load_fs")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void LoadFs(uint selector);

    [RuntimeImport("*", "arch_load_user_gs")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void LoadUserGs(uint selector);

    [RuntimeImport("*", "arch_fxsave")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Fxsave(void* area);

    [RuntimeImport("*", "arch_fxrstor")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Fxrstor(void* area);

    [RuntimeImport("*", "arch_xsave")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Xsave(void* area, uint features);

    [RuntimeImport("*", "arch_xrstor")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Xrstor(void* area, uint features);

    [RuntimeImport("*", "arch_xsetbv")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Xsetbv(uint register, uint value);

    [RuntimeImport("*", "arch_fninit")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Fninit();

    [RuntimeImport("*", "arch_user_copy")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern nuint UserCopy(void* to, void* from, nuint count);

    [RuntimeImport("*", "arch_user_clear")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern nuint UserClear(void* to, nuint count);

    [RuntimeImport("*", "arch_user_string")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern nint UserString(byte* to, byte* from, nint count);

    [RuntimeImport("*", "arch_user_load32")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int UserLoad32(uint* from, uint* value);

    [DoesNotReturn]
    [RuntimeImport("*", "arch_enter_user_mode")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void EnterUserMode(PtRegs* regs);

    [RuntimeImport("*", "arch_ret_from_fork")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong RetFromFork();

    [RuntimeImport("*", "arch_system_call_64")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong SystemCall64();

    [RuntimeImport("*", "arch_system_call_enter")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong SystemCallEnter();

    [RuntimeImport("*", "arch_system_call_compat")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong SystemCallCompat();
}
