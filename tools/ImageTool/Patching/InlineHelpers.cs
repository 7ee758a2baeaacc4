// The one table of the assembly helpers whose calls can be replaced: name, the five bytes, what they must decode to, and the five bytes
// for a tail call.
// Adding a helper is adding a line; the tests decode every line and compare it with its text.
//
// Why five bytes exactly: `call rel32` is five bytes, and nothing may be left over. A nop would do, but would count as an executed
// instruction, so an inline form that is shorter is filled up with prefixes that change nothing, always in front of an instruction:
//
//  * 2E (CS override) before instructions without a memory operand: 64-bit mode ignores it. It is used before push, pop, mov
//    reg,reg, in, out, hlt, cli, pause and the fences. 66, F2 and F3 are not used as filling: they select other instructions
//    (F3 90 is pause, F3 0F AE F0 is umonitor) or other operand sizes.
//  * 48 (REX.W) before pushfq, popfq, push r64 and pop r64, which are 64 bits wide with or without it. A REX prefix must stand
//    directly before the opcode, after every legacy prefix.
//  * gs:[rdi] forms: a second segment prefix would be wrong (the last one counts, and some decoders reject it), so they are filled up
//    with 67, which makes the address gs base + zero-extended edi. That is what the helper's contract says (the offset is
//    in edi): an `int` argument may arrive with anything in the upper half of rdi. The 32-bit forms take one more byte: 40, a REX
//    prefix with no bit set, which changes nothing for eax and esi.
//
// What each helper may change is what a call may change: rax, rcx, rdx, rsi, rdi, r8-r11 and the flags. arch_outw uses it
// (xchg eax,esi is one byte where mov eax,esi is two), and so does arch_inw: xchg eax,edi leaves the port number in eax, whose upper
// 16 bits are then the zero extension of ax, so the port must be passed as a 32-bit value (`uint` in C#, not `ushort`).
// A method that ends in a call of a helper ends in a jmp to it, also five bytes: those become the instructions and a ret, where that fits.
// The kernel runs with interrupts on through these sequences. One may strike between push and pop: that is the same as in a called
// function, and the unwind tables know these places (StackEffects).

using System;
using System.Collections.Generic;

namespace CSharpOS.ImageTool.Patching;

/// <summary>A helper with its inline form.</summary>
/// <param name="Name">The symbol that is called.</param>
/// <param name="Code">Its five bytes.</param>
/// <param name="Assembly">The instructions they must decode to, in Intel syntax, separated by "; ".</param>
/// <param name="Tail">The five bytes for a tail call (jmp): the same and ret. Null if they do not fit.</param>
/// <param name="OtherTailAssembly">What the tail form must decode to, where that is not <paramref name="Assembly"/> and ret.</param>
public sealed record InlineHelper(string Name, byte[] Code, string Assembly, byte[]? Tail, string? OtherTailAssembly = null)
{
    /// <summary>The instructions that <see cref="Tail"/> must decode to.</summary>
    public string? TailAssembly => Tail is null ? null : OtherTailAssembly ?? Assembly + "; ret";
}

/// <summary>The table of inline forms.</summary>
public static class InlineHelpers
{
    /// <summary>The length of `call rel32`, and so of every inline form.</summary>
    public const int CallLength = 5;

    /// <summary>Every helper that can be patched, in the order of the report.</summary>
    public static readonly InlineHelper[] All =
    [
        // Flags and the interrupt flag. arch_local_irq_save returns rflags in rax, arch_local_irq_restore takes them in rdi.
        new("arch_local_irq_save", [0x48, 0x9C, 0x48, 0x58, 0xFA], "pushfq; pop rax; cli", [0x48, 0x9C, 0x58, 0xFA, 0xC3]),
        new("arch_local_irq_restore", [0x2E, 0x48, 0x57, 0x48, 0x9D], "push rdi; popfq", [0x48, 0x57, 0x48, 0x9D, 0xC3]),
        new("arch_local_save_flags", [0x2E, 0x48, 0x9C, 0x48, 0x58], "pushfq; pop rax", [0x48, 0x9C, 0x48, 0x58, 0xC3]),
        new("arch_cli", [0x2E, 0x2E, 0x2E, 0x2E, 0xFA], "cli", [0x2E, 0x2E, 0x2E, 0xFA, 0xC3]),
        new("arch_sti", [0x2E, 0x2E, 0x2E, 0x2E, 0xFB], "sti", [0x2E, 0x2E, 0x2E, 0xFB, 0xC3]),
        new("arch_hlt", [0x2E, 0x2E, 0x2E, 0x2E, 0xF4], "hlt", [0x2E, 0x2E, 0x2E, 0xF4, 0xC3]),
        new("arch_sti_hlt", [0x2E, 0x2E, 0x2E, 0xFB, 0xF4], "sti; hlt", [0x2E, 0x2E, 0xFB, 0xF4, 0xC3]),

        // Hints, fences, and the exchange of the GS base.
        new("arch_pause", [0x2E, 0x2E, 0x2E, 0xF3, 0x90], "pause", [0x2E, 0x2E, 0xF3, 0x90, 0xC3]),
        new("arch_mfence", [0x2E, 0x2E, 0x0F, 0xAE, 0xF0], "mfence", [0x2E, 0x0F, 0xAE, 0xF0, 0xC3]),
        new("arch_lfence", [0x2E, 0x2E, 0x0F, 0xAE, 0xE8], "lfence", [0x2E, 0x0F, 0xAE, 0xE8, 0xC3]),
        new("arch_sfence", [0x2E, 0x2E, 0x0F, 0xAE, 0xF8], "sfence", [0x2E, 0x0F, 0xAE, 0xF8, 0xC3]),
        new("arch_swapgs", [0x2E, 0x2E, 0x0F, 0x01, 0xF8], "swapgs", [0x2E, 0x0F, 0x01, 0xF8, 0xC3]),

        // What a switch between programs exchanges. 3E (DS override) before an operand that is in the data segment anyway changes nothing.
        new("arch_write_cr3", [0x2E, 0x2E, 0x0F, 0x22, 0xDF], "mov cr3,rdi", [0x2E, 0x0F, 0x22, 0xDF, 0xC3]),
        new("arch_fxsave", [0x3E, 0x48, 0x0F, 0xAE, 0x07], "fxsave64 [rdi]", [0x48, 0x0F, 0xAE, 0x07, 0xC3]),
        new("arch_fxrstor", [0x3E, 0x48, 0x0F, 0xAE, 0x0F], "fxrstor64 [rdi]", [0x48, 0x0F, 0xAE, 0x0F, 0xC3]),

        // Ports: port in edi, value in esi, result zero-extended in eax (a managed caller relies on that).
        new("arch_inb", [0x31, 0xC0, 0x89, 0xFA, 0xEC], "xor eax,eax; mov edx,edi; in al,dx", null),
        new("arch_inw", [0x97, 0x89, 0xC2, 0x66, 0xED], "xchg edi,eax; mov edx,eax; in ax,dx", null),
        new("arch_inl", [0x2E, 0x2E, 0x89, 0xFA, 0xED], "mov edx,edi; in eax,dx", [0x2E, 0x89, 0xFA, 0xED, 0xC3]),
        new("arch_outb", [0x89, 0xFA, 0x89, 0xF0, 0xEE], "mov edx,edi; mov eax,esi; out dx,al",
            [0x89, 0xFA, 0x96, 0xEE, 0xC3], "mov edx,edi; xchg esi,eax; out dx,al; ret"),
        new("arch_outw", [0x89, 0xFA, 0x96, 0x66, 0xEF], "mov edx,edi; xchg esi,eax; out dx,ax", null),
        new("arch_outl", [0x89, 0xFA, 0x89, 0xF0, 0xEF], "mov edx,edi; mov eax,esi; out dx,eax",
            [0x89, 0xFA, 0x96, 0xEF, 0xC3], "mov edx,edi; xchg esi,eax; out dx,eax; ret"),

        // Per-CPU data: offset in edi, value in rsi or esi.
        new("arch_gs_load64", [0x65, 0x67, 0x48, 0x8B, 0x07], "mov rax,gs:[edi]", null),
        new("arch_gs_load32", [0x65, 0x67, 0x40, 0x8B, 0x07], "mov eax,gs:[edi]", [0x65, 0x67, 0x8B, 0x07, 0xC3]),
        new("arch_gs_store64", [0x65, 0x67, 0x48, 0x89, 0x37], "mov gs:[edi],rsi", null),
        new("arch_gs_store32", [0x65, 0x67, 0x40, 0x89, 0x37], "mov gs:[edi],esi", [0x65, 0x67, 0x89, 0x37, 0xC3]),
        new("arch_gs_add32", [0x65, 0x67, 0x40, 0x01, 0x37], "add gs:[edi],esi", [0x65, 0x67, 0x01, 0x37, 0xC3]),
        new("arch_gs_or32", [0x65, 0x67, 0x40, 0x09, 0x37], "or gs:[edi],esi", [0x65, 0x67, 0x09, 0x37, 0xC3]),
        new("arch_gs_and32", [0x65, 0x67, 0x40, 0x21, 0x37], "and gs:[edi],esi", [0x65, 0x67, 0x21, 0x37, 0xC3]),
    ];

    /// <summary>The table by symbol name.</summary>
    public static Dictionary<string, InlineHelper> ByName()
    {
        Dictionary<string, InlineHelper> byName = new(StringComparer.Ordinal);
        foreach (InlineHelper helper in All)
        {
            byName.Add(helper.Name, helper);
        }

        return byName;
    }
}
