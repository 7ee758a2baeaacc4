// A stack as interrupted code leaves it, made by hand for the unwinder.

using CSharpOS.Arch;

namespace CSharpOS.Tools.Tests;

/// <summary>A stack under construction: grows down from the top.</summary>
internal sealed unsafe class HandmadeStack(GuardedMemory memory)
{
    private ulong* _next = (ulong*)memory.End;

    public ulong Address => (ulong)_next;

    public ulong Top(int below) => (ulong)memory.End - (ulong)below;

    public void Push(ulong value) => *--_next = value;

    public void PushMany(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Push(0xcccccccc);
        }
    }

    public ulong PushRegs(ulong rip, ulong rsp, ulong rbp, ulong cs = 8)
    {
        _next -= sizeof(PtRegs) / 8;
        PtRegs* regs = (PtRegs*)_next;
        *regs = default;
        (regs->Rip, regs->Rsp, regs->Rbp, regs->Cs) = (rip, rsp, rbp, cs);
        return (ulong)regs;
    }
}
