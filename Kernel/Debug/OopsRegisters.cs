// OopsRegisters: the registers and the code of an oops. Linux: __show_regs, show_registers (arch/x86/kernel/process_64.c, dumpstack_64.c),
// in their layout. Any context, no locks; reads memory only where it is mapped.

namespace CSharpOS.Debugging;

/// <summary>Registers and instruction bytes.</summary>
internal static unsafe class OopsRegisters
{
    private const int BytesBefore = 32;
    private const int BytesAfter = 24;

    /// <summary>Logs the registers in the layout of Linux.</summary>
    public static void Print(LogLevel level, PtRegs* regs, ulong address, ulong root)
    {
        TextHandler text = new(0, 0);
        text.AppendLiteral("RIP: ");
        text.AppendFormatted(regs->Cs & 0xffff, 0, "x4");
        text.AppendLiteral(":");
        CallTrace.AppendAddress(ref text, (nuint)regs->Rip, (nuint)regs->Rip);
        text.AppendLiteral("\n");
        Printk(level, ref text);
        Printk(level, $"RSP: {regs->Ss & 0xffff:x4}:{regs->Rsp:x16}  EFLAGS: {regs->Eflags:x8}\n");
        Printk(level, $"RAX: {regs->Rax:x16} RBX: {regs->Rbx:x16} RCX: {regs->Rcx:x16}\n");
        Printk(level, $"RDX: {regs->Rdx:x16} RSI: {regs->Rsi:x16} RDI: {regs->Rdi:x16}\n");
        Printk(level, $"RBP: {regs->Rbp:x16} R08: {regs->R8:x16} R09: {regs->R9:x16}\n");
        Printk(level, $"R10: {regs->R10:x16} R11: {regs->R11:x16} R12: {regs->R12:x16}\n");
        Printk(level, $"R13: {regs->R13:x16} R14: {regs->R14:x16} R15: {regs->R15:x16}\n");
        Printk(level, $"CR2: {address:x16} CR3: {root:x16} preempt_count: {(uint)PreemptCount():x8}\n");
    }

    /// <summary>Logs the bytes around <paramref name="rip"/>, and its instruction decoded.</summary>
    public static void PrintCode(LogLevel level, ulong rip)
    {
        byte* memory = stackalloc byte[BytesBefore + BytesAfter];
        Span<byte> after = new(memory + BytesBefore, BytesAfter);
        int available = ProbeKernel.Read(after, rip);
        if (available == 0)
        {
            Printk(level, $"Code: no memory at {rip:x16}\n");
            return;
        }

        // Before it as much as lies in the same page: the page before may be missing.
        int before = (int)(rip & 4095) < BytesBefore ? (int)(rip & 4095) : BytesBefore;
        Span<byte> front = new(memory + BytesBefore - before, before);
        before = ProbeKernel.Read(front, rip - (ulong)before) == before ? before : 0;

        TextHandler text = new(0, 0);
        text.AppendLiteral("Code:");
        for (int i = -before; i < available; i++)
        {
            text.AppendLiteral(i == 0 ? " <" : " ");
            text.AppendFormatted(memory[BytesBefore + i], 0, "x2");
            text.AppendLiteral(i == 0 ? ">" : "");
        }

        text.AppendLiteral("\n");
        Printk(level, ref text);

        byte* decoded = stackalloc byte[Disassembler.MaxText];
        Span<byte> instruction = new(decoded, Disassembler.MaxText);
        int length = Disassembler.Decode(after.Slice(0, available), rip, instruction, out int written);
        ReadOnlySpan<byte> shown = length == 0 ? "(not decoded)"u8 : instruction.Slice(0, written);
        Printk(level, $"  {rip:x16}: {shown}\n");
    }
}
