// Per-CPU accesses with a constant offset become one instruction, port accesses with a constant port below 256 two.
//
// A call of arch_gs_add32(16, 1) has been patched to three instructions: mov edi,16; mov esi,1; add gs:[edi],esi. After a call the
// compiler expects nothing in edi and esi, so the whole may become add dword ptr gs:[16],1, in the same ten or fifteen bytes:
//
// A call of arch_outb(0x21, x) has become mov edi,21h; mov edx,edi; mov eax,esi; out dx,al. The port fits the instruction: mov eax,esi;
// out 21h,al. Likewise with a constant value, and for arch_inb.
//
//  * 67 (32-bit address) before a gs:[disp32] operand changes nothing, the offsets being small and positive; 40, a REX prefix without
//    a bit, neither; 65 twice is one gs override.
//  * 2E (CS override) fills up instructions without a memory operand, as in InlineHelpers.
//  * Five bytes before a call that look like mov edi,imm32 may belong to another instruction (lea rdi,[rdi+disp32] ends alike). So each
//    function with such a place is decoded from its start, and only whole instructions are replaced.
//  * No branch may lead between the parts. All branches of the function are known after decoding it; ilc keeps jump tables elsewhere,
//    and their targets are the starts of blocks, never between an argument and its call.

using System;
using System.Collections.Generic;
using CSharpOS.ImageTool.Elf;
using Iced.Intel;

namespace CSharpOS.ImageTool.Patching;

/// <summary>Replaces constant arguments and the access that they are for by as little as can be.</summary>
public static class ConstantOffsets
{
    private const int MoveLength = 5;
    private const byte Fill = 0x2E;

    /// <summary>True if calls of <paramref name="helper"/> can be fused with constant arguments.</summary>
    public static bool Handles(string helper) =>
        helper.StartsWith("arch_gs_", StringComparison.Ordinal) || helper is "arch_outb" or "arch_inb";

    /// <summary>Fuses what can be fused around the patched sites of one section.</summary>
    /// <param name="elf">The object, its call sites patched.</param>
    /// <param name="section">Index of the section.</param>
    /// <param name="sites">Offset of each patched helper in the section, and the helper's name.</param>
    /// <returns>How many were fused.</returns>
    public static int Fuse(ElfFile elf, int section, IReadOnlyDictionary<ulong, string> sites)
    {
        int fused = 0;
        ElfSection code = elf.Sections[section];
        foreach (ElfSymbol symbol in elf.Symbols)
        {
            if (symbol.Type == ElfConstants.STT_FUNC && symbol.Section == section && HasSite(symbol, sites))
            {
                fused += FuseFunction(elf.Data.AsSpan(code.Offset + (int)symbol.Value, (int)symbol.Size), symbol.Value, sites);
            }
        }

        return fused;
    }

    /// <summary>Fuses inside one function that begins at <paramref name="start"/> of its section.</summary>
    public static int FuseFunction(Span<byte> code, ulong start, IReadOnlyDictionary<ulong, string> sites)
    {
        List<Instruction> instructions = Decode(code, start);
        HashSet<ulong> targets = [];
        foreach (Instruction instruction in instructions)
        {
            if (instruction.FlowControl is FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch)
            {
                targets.Add(instruction.NearBranchTarget);
            }
        }

        int fused = 0;
        for (int i = 1; i < instructions.Count; i++)
        {
            if (!sites.TryGetValue(instructions[i].IP, out string? helper) || targets.Contains(instructions[i].IP))
            {
                continue;
            }

            Instruction before = instructions[i - 1];
            if (i >= 2 && !targets.Contains(before.IP))
            {
                Instruction first = instructions[i - 2];
                (Instruction offset, Instruction value) = IsMove(first, Register.EDI) ? (first, before) : (before, first);
                if (IsMove(offset, Register.EDI) && IsMove(value, Register.ESI)
                    && Long(helper, offset.Immediate32, value.Immediate32) is { } operation)
                {
                    operation.CopyTo(code[(int)(instructions[i - 2].IP - start)..]);
                    fused++;
                    continue;
                }

                (Instruction other, bool hasZero) = IsZero(before) ? (first, true) : (before, IsZero(first));
                if (hasZero && IsMove(other, Register.EDI) && Zero(helper, other.Immediate32) is { } clearing)
                {
                    clearing.CopyTo(code[(int)(instructions[i - 2].IP - start)..]);
                    fused++;
                    continue;
                }
            }

            if (IsMove(before, Register.EDI) && Short(helper, before.Immediate32) is { } form)
            {
                form.CopyTo(code[(int)(before.IP - start)..]);
                fused++;
            }
        }

        return fused;
    }

    private static bool HasSite(ElfSymbol symbol, IReadOnlyDictionary<ulong, string> sites)
    {
        foreach (ulong site in sites.Keys)
        {
            if (site - symbol.Value < symbol.Size)
            {
                return true;
            }
        }

        return false;
    }

    private static List<Instruction> Decode(Span<byte> code, ulong start)
    {
        List<Instruction> instructions = [];
        Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(code.ToArray()), start);
        while (decoder.IP < start + (ulong)code.Length)
        {
            Instruction instruction = decoder.Decode();
            if (instruction.IsInvalid)
            {
                // Not plain code: leave the function alone.
                return [];
            }

            instructions.Add(instruction);
        }

        return instructions;
    }

    private static bool IsMove(in Instruction instruction, Register register) =>
        instruction.Code == Code.Mov_r32_imm32 && instruction.Op0Register == register && instruction.Length == MoveLength;

    // The compiler's form of mov esi,0.
    private static bool IsZero(in Instruction instruction) =>
        instruction.Mnemonic == Mnemonic.Xor && instruction.Length == 2 && instruction.Op0Register == Register.ESI && instruction.Op1Register == Register.ESI;

    // Ten bytes: mov edi,imm32 and the patched call.
    private static byte[]? Short(string helper, uint offset) => helper switch
    {
        "arch_gs_load64" => [0x67, 0x65, 0x48, 0x8B, 0x04, 0x25, .. Bytes(offset)],
        "arch_gs_load32" => [0x67, 0x65, 0x40, 0x8B, 0x04, 0x25, .. Bytes(offset)],
        "arch_gs_store64" => [0x67, 0x65, 0x48, 0x89, 0x34, 0x25, .. Bytes(offset)],
        "arch_gs_store32" => [0x67, 0x65, 0x40, 0x89, 0x34, 0x25, .. Bytes(offset)],
        "arch_gs_add32" => [0x67, 0x65, 0x40, 0x01, 0x34, 0x25, .. Bytes(offset)],
        "arch_gs_or32" => [0x67, 0x65, 0x40, 0x09, 0x34, 0x25, .. Bytes(offset)],
        "arch_gs_and32" => [0x67, 0x65, 0x40, 0x21, 0x34, 0x25, .. Bytes(offset)],
        "arch_outb" when offset <= byte.MaxValue => [Fill, Fill, Fill, 0x89, 0xF0, Fill, Fill, Fill, 0xE6, (byte)offset],
        "arch_inb" when offset <= byte.MaxValue => [Fill, Fill, Fill, 0x31, 0xC0, Fill, Fill, Fill, 0xE4, (byte)offset],
        _ => null,
    };

    // Fifteen bytes: both moves and the patched call.
    private static byte[]? Long(string helper, uint offset, uint value) => helper switch
    {
        "arch_gs_store32" => [0x67, 0x65, 0x65, 0x40, 0xC7, 0x04, 0x25, .. Bytes(offset), .. Bytes(value)],
        "arch_gs_add32" => [0x67, 0x65, 0x65, 0x40, 0x81, 0x04, 0x25, .. Bytes(offset), .. Bytes(value)],
        "arch_gs_or32" => [0x67, 0x65, 0x65, 0x40, 0x81, 0x0C, 0x25, .. Bytes(offset), .. Bytes(value)],
        "arch_gs_and32" => [0x67, 0x65, 0x65, 0x40, 0x81, 0x24, 0x25, .. Bytes(offset), .. Bytes(value)],
        "arch_outb" when offset <= byte.MaxValue =>
            [Fill, Fill, Fill, Fill, 0xB8, .. Bytes(value), Fill, Fill, Fill, Fill, 0xE6, (byte)offset],
        _ => null,
    };

    // Twelve bytes: mov edi,imm32, xor esi,esi and the patched call.
    private static byte[]? Zero(string helper, uint offset) =>
        helper == "arch_gs_store32" ? [0x65, 0xC7, 0x04, 0x25, .. Bytes(offset), .. Bytes(0)] : null;

    private static byte[] Bytes(uint number) => BitConverter.GetBytes(number);
}
