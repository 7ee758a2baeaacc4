// PtRegs: the registers of interrupted code, as the entry stubs leave them on the stack.
//
// Linux: struct pt_regs, arch/x86/include/asm/ptrace.h, in the order of Linux/x86-64. xmm0-15 lie directly below (Boot/entry.asm).

using System.Runtime.InteropServices;

namespace CSharpOS.Arch;

/// <summary>The saved registers of the interrupted code. Valid until the handler that was given the pointer returns.</summary>
/// <linux>pt_regs</linux>
/// <rows>IRQ-02</rows>
[StructLayout(LayoutKind.Sequential)]
public struct PtRegs
{
    public ulong R15, R14, R13, R12, Rbp, Rbx, R11, R10, R9, R8, Rax, Rcx, Rdx, Rsi, Rdi;

    /// <summary>The line minus 256 for an interrupt (so that <c>OrigRax &amp; 0xff</c> is the line), the error code for an exception,
    /// the number for a system call. Called orig_eax on the book's 32-bit machine.</summary>
    public ulong OrigRax;

    public ulong Rip, Cs, Eflags, Rsp, Ss;

    /// <summary>True if the interrupted code ran in user mode.</summary>
    /// <linux>user_mode</linux>
    public readonly bool UserMode => (Cs & 3) != 0;
}
