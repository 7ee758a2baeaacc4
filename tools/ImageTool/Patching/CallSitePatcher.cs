// Replaces calls of the one-instruction assembly helpers by the instruction itself, in an ilc object before linking.
//
// A call site is a relocation of type PLT32 or PC32 with addend -4, in a section of instructions, whose operand follows a byte E8 (call)
// or E9 (jmp: the call at the end of a method). Those bytes cannot be anything else: before a RIP-relative data operand stands a ModRM
// byte of the form 00xxx101, which neither is, and before the operand of a jcc 8x. Data references (lea, mov) and the sections of
// data, unwind and debug information stay as they are.

using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using CSharpOS.ImageTool.Elf;

namespace CSharpOS.ImageTool.Patching;

/// <summary>How often a helper's calls and tail calls were replaced, and how many references to it stayed.</summary>
public sealed record PatchCount(string Name, int Calls, int TailCalls, int Left);

/// <summary>Call-site patching in a relocatable object.</summary>
public static class CallSitePatcher
{
    private const byte CallOpcode = 0xE8;
    private const byte JumpOpcode = 0xE9;
    private const long CallAddend = -4;

    /// <summary>Patches the object's bytes in place.</summary>
    /// <returns>One count per helper, in the table's order, zeros included.</returns>
    /// <exception cref="ImageFormatException">Not a relocatable object, or damaged.</exception>
    public static List<PatchCount> Patch(ElfFile elf)
    {
        if (elf.FileType != ElfConstants.ET_REL)
        {
            throw new ImageFormatException("not a relocatable object: call sites are patched before linking");
        }

        Dictionary<string, InlineHelper> helpers = InlineHelpers.ByName();
        Dictionary<int, InlineHelper> bySymbol = [];
        for (int i = 0; i < elf.Symbols.Length; i++)
        {
            if (helpers.TryGetValue(elf.Symbols[i].Name, out InlineHelper? helper))
            {
                bySymbol.Add(i, helper);
            }
        }

        Dictionary<string, int> calls = [];
        Dictionary<string, int> tailCalls = [];
        Dictionary<string, int> left = [];
        foreach (ElfSection rela in elf.Sections)
        {
            if (rela.Type != ElfConstants.SHT_RELA || rela.Info >= elf.Sections.Count)
            {
                continue;
            }

            ElfSection target = elf.Sections[rela.Info];
            Dictionary<ulong, string> sites = [];
            foreach (ElfRelocation relocation in elf.Relocations(rela))
            {
                if (!bySymbol.TryGetValue(relocation.Symbol, out InlineHelper? helper))
                {
                    continue;
                }

                byte opcode = target.IsExecutable ? TryPatch(elf, target, relocation, helper) : (byte)0;
                Dictionary<string, int> counts = opcode == CallOpcode ? calls : opcode == JumpOpcode ? tailCalls : left;
                counts[helper.Name] = counts.GetValueOrDefault(helper.Name) + 1;
                if (opcode == CallOpcode && ConstantOffsets.Handles(helper.Name))
                {
                    sites[relocation.Offset - 1] = helper.Name;
                }
            }

            if (sites.Count != 0)
            {
                ConstantOffsets.Fuse(elf, rela.Info, sites);
            }
        }

        List<PatchCount> result = [];
        foreach (InlineHelper helper in InlineHelpers.All)
        {
            string name = helper.Name;
            result.Add(new PatchCount(
                name, calls.GetValueOrDefault(name), tailCalls.GetValueOrDefault(name), left.GetValueOrDefault(name)));
        }

        return result;
    }

    /// <summary>The report: one line per helper that occurs, and a total.</summary>
    public static string Report(IEnumerable<PatchCount> counts)
    {
        StringBuilder text = new("# helper, calls replaced, tail calls replaced, other references left\n");
        PatchCount total = new("total", 0, 0, 0);
        foreach (PatchCount count in counts)
        {
            total = new("total", total.Calls + count.Calls, total.TailCalls + count.TailCalls, total.Left + count.Left);
            if (count.Calls + count.TailCalls + count.Left != 0)
            {
                text.Append($"{count.Name} {count.Calls} {count.TailCalls} {count.Left}\n");
            }
        }

        return text.Append($"{total.Name} {total.Calls} {total.TailCalls} {total.Left}\n").ToString();
    }

    /// <summary>The `patch` command: this, the repair of the line programs, and the check of the vector registers.</summary>
    public static int Run(string input, string output, string? report)
    {
        ElfFile elf = ElfFile.Load(input);
        List<PatchCount> counts = Patch(elf);
        VectorRegisters.Check(elf);
        File.WriteAllBytes(output, LineProgramRepair.Repair(elf));
        if (report is not null)
        {
            File.WriteAllText(report, Report(counts));
        }

        return 0;
    }

    // Gives the opcode of what was replaced, 0 if nothing was.
    private static byte TryPatch(ElfFile elf, ElfSection target, ElfRelocation relocation, InlineHelper helper)
    {
        if (relocation.Type is not (ElfConstants.R_X86_64_PLT32 or ElfConstants.R_X86_64_PC32) || relocation.Addend != CallAddend)
        {
            return 0;
        }

        if (relocation.Offset + 4 > (ulong)target.Size)
        {
            throw new ImageFormatException($"section {target.Name}: relocation at 0x{relocation.Offset:x} is outside of it");
        }

        if (relocation.Offset == 0)
        {
            return 0;
        }

        int place = target.Offset + (int)relocation.Offset - 1;
        byte opcode = elf.Data[place];
        byte[]? code = opcode == CallOpcode ? helper.Code : opcode == JumpOpcode ? helper.Tail : null;
        if (code is null)
        {
            return 0;
        }

        code.CopyTo(elf.Data, place);

        // R_X86_64_NONE without a symbol; the offset stays, the linker ignores all of it.
        elf.Data.AsSpan(relocation.FileOffset + 8, 16).Clear();
        return opcode;
    }
}
