// ImageTool patch: the bytes of the inline forms, and which places in an object are replaced by them.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using CSharpOS.ImageTool;
using CSharpOS.ImageTool.Elf;
using CSharpOS.ImageTool.Patching;
using Iced.Intel;
using Xunit;

namespace CSharpOS.Tools.Tests;

public sealed class PatchTests
{
    // A register that an inline form may change: what a System V call may change.
    private static readonly HashSet<Register> s_volatile =
    [
        Register.RAX, Register.RCX, Register.RDX, Register.RSI, Register.RDI,
        Register.R8, Register.R9, Register.R10, Register.R11, Register.RSP,
    ];

    // What each assembly function does, written down a second time.
    public static TheoryData<string, string> Meanings => new()
    {
        { "arch_local_irq_save", "pushfq|pop rax|cli" },
        { "arch_local_irq_restore", "push rdi|popfq" },
        { "arch_local_save_flags", "pushfq|pop rax" },
        { "arch_cli", "cli" },
        { "arch_sti", "sti" },
        { "arch_hlt", "hlt" },
        { "arch_sti_hlt", "sti|hlt" },
        { "arch_pause", "pause" },
        { "arch_mfence", "mfence" },
        { "arch_lfence", "lfence" },
        { "arch_sfence", "sfence" },
        { "arch_swapgs", "swapgs" },
        { "arch_write_cr3", "mov cr3,rdi" },
        { "arch_fxsave", "fxsave64 [rdi]" },
        { "arch_fxrstor", "fxrstor64 [rdi]" },
        { "arch_inb", "xor eax,eax|mov edx,edi|in al,dx" },
        { "arch_inw", "xchg edi,eax|mov edx,eax|in ax,dx" },
        { "arch_inl", "mov edx,edi|in eax,dx" },
        { "arch_outb", "mov edx,edi|mov eax,esi|out dx,al" },
        { "arch_outw", "mov edx,edi|xchg esi,eax|out dx,ax" },
        { "arch_outl", "mov edx,edi|mov eax,esi|out dx,eax" },
        { "arch_gs_load64", "mov rax,gs:[edi]" },
        { "arch_gs_load32", "mov eax,gs:[edi]" },
        { "arch_gs_store64", "mov gs:[edi],rsi" },
        { "arch_gs_store32", "mov gs:[edi],esi" },
        { "arch_gs_add32", "add gs:[edi],esi" },
        { "arch_gs_or32", "or gs:[edi],esi" },
        { "arch_gs_and32", "and gs:[edi],esi" },
    };

    [Theory]
    [MemberData(nameof(Meanings))]
    public void InlineFormDecodesToExactlyTheIntendedInstructions(string name, string meaning)
    {
        InlineHelper helper = InlineHelpers.ByName()[name];
        Assert.Equal(InlineHelpers.CallLength, helper.Code.Length);
        Assert.Equal(meaning, string.Join('|', Decode(helper.Code).Select(Text)));
        Assert.Equal(meaning, helper.Assembly.Replace("; ", "|", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Meanings))]
    public void TailFormDoesTheSameAndReturns(string name, string meaning)
    {
        InlineHelper helper = InlineHelpers.ByName()[name];
        if (helper.Tail is null)
        {
            Assert.Contains(name, (string[])["arch_inb", "arch_inw", "arch_outw", "arch_gs_load64", "arch_gs_store64"]);
            return;
        }

        // esi need not be kept: exchanging it with eax is one byte shorter than copying it.
        string expected = meaning + "|ret";
        string shorter = expected.Replace("mov eax,esi", "xchg esi,eax", StringComparison.Ordinal);
        string decoded = string.Join('|', Decode(helper.Tail).Select(Text));
        Assert.Equal(InlineHelpers.CallLength, helper.Tail.Length);
        Assert.True(decoded == expected || decoded == shorter, decoded);
        Assert.Equal(decoded, helper.TailAssembly!.Replace("; ", "|", StringComparison.Ordinal));
    }

    [Fact]
    public void EveryHelperHasAMeaningHere()
    {
        Assert.Equal(Meanings.Select(m => (string)m[0]).Order(), InlineHelpers.All.Select(h => h.Name).Order());
    }

    [Fact]
    public void EveryHelperIsARealFunctionToo()
    {
        string assembly = File.ReadAllText(Path.Combine(Repository.Root, "Boot", "helpers.asm"));
        Assert.All(InlineHelpers.All, helper => Assert.Matches($@"(?m)^HELPER {helper.Name}$", assembly));
    }

    [Fact]
    public void InlineFormsHaveNoNopNoCallAndChangeOnlyWhatACallMayChange()
    {
        InstructionInfoFactory factory = new();
        foreach (InlineHelper helper in InlineHelpers.All)
        {
            int stack = 0;
            foreach (Instruction instruction in Decode([.. helper.Code, .. helper.Tail ?? []]))
            {
                Assert.False(instruction.IsInvalid, helper.Name);
                Assert.NotEqual(Mnemonic.Nop, instruction.Mnemonic);
                if (instruction.FlowControl == FlowControl.Return)
                {
                    continue;
                }

                Assert.Equal(FlowControl.Next, instruction.FlowControl);
                stack += instruction.StackPointerIncrement;
                foreach (UsedRegister used in factory.GetInfo(instruction).GetUsedRegisters())
                {
                    bool writes = used.Access is not (OpAccess.Read or OpAccess.CondRead or OpAccess.NoMemAccess);
                    bool allowed = !used.Register.IsGPR() || s_volatile.Contains(used.Register.GetFullRegister());
                    Assert.True(!writes || allowed, $"{helper.Name} writes {used.Register}");
                }
            }

            Assert.Equal(0, stack);
        }
    }

    [Theory]
    [InlineData(ElfConstants.R_X86_64_PLT32)]
    [InlineData(ElfConstants.R_X86_64_PC32)]
    public void CallIsReplacedAndItsRelocationBecomesNone(uint type)
    {
        byte[] code = [0x55, 0xE8, 0, 0, 0, 0, 0xC3];
        (ElfFile elf, List<PatchCount> counts) = Patch(code, "arch_local_irq_save", (2, type, -4));

        Assert.Equal(new byte[] { 0x55, 0x48, 0x9C, 0x48, 0x58, 0xFA, 0xC3 }, elf.Bytes(elf.Find("__managedcode")!).ToArray());
        ElfRelocation relocation = Assert.Single(elf.Relocations(elf.Find(".rela__managedcode")!));
        Assert.Equal((ElfConstants.R_X86_64_NONE, 0, 0L), (relocation.Type, relocation.Symbol, relocation.Addend));
        Assert.Equal(new PatchCount("arch_local_irq_save", 1, 0, 0), counts.Single(c => c.Name == "arch_local_irq_save"));
        Assert.Equal(1, counts.Sum(c => c.Calls + c.TailCalls + c.Left));
    }

    [Fact]
    public void TailCallIsReplacedWhereItFits()
    {
        (ElfFile elf, List<PatchCount> counts) = Patch([0x5D, 0xE9, 0, 0, 0, 0, 0x90], "arch_gs_add32", (2, 4, -4));
        Assert.Equal(new byte[] { 0x5D, 0x65, 0x67, 0x01, 0x37, 0xC3, 0x90 }, elf.Bytes(elf.Find("__managedcode")!).ToArray());
        Assert.Equal(new PatchCount("arch_gs_add32", 0, 1, 0), counts.Single(c => c.Name == "arch_gs_add32"));

        byte[] code = [0x5D, 0xE9, 0, 0, 0, 0, 0x90];
        (elf, counts) = Patch((byte[])code.Clone(), "arch_inb", (2, 4, -4));
        Assert.Equal(code, elf.Bytes(elf.Find("__managedcode")!).ToArray());
        Assert.Equal(new PatchCount("arch_inb", 0, 0, 1), counts.Single(c => c.Name == "arch_inb"));
    }

    public static TheoryData<string, byte[], uint, long> OtherReferences => new()
    {
        { "lea rdi,[rip+x]", [0x48, 0x8D, 0x3D, 0, 0, 0, 0, 0xC3], 4, -4 },
        { "mov rax,[rip+x]", [0x48, 0x8B, 0x05, 0, 0, 0, 0, 0xC3], 4, -4 },
        { "mov dword [rip+x],imm", [0x90, 0xC7, 0x05, 0, 0, 0, 0, 1, 0, 0, 0], 2, -8 },
        { "jmp by another relocation", [0x90, 0x90, 0xE9, 0, 0, 0, 0, 0x90], 1, -4 },
        { "je x", [0x90, 0x0F, 0x84, 0, 0, 0, 0, 0x90], 4, -4 },
        { "call with another addend", [0x90, 0x90, 0xE8, 0, 0, 0, 0, 0x90], 4, 12 },
        { "call by another relocation", [0x90, 0x90, 0xE8, 0, 0, 0, 0, 0x90], 10, -4 },
    };

    [Theory]
    [MemberData(nameof(OtherReferences))]
    public void OtherReferencesAreNotTouched(string what, byte[] code, uint type, long addend)
    {
        (ElfFile elf, List<PatchCount> counts) = Patch((byte[])code.Clone(), "arch_cli", (3, type, addend));
        Assert.Equal(code, elf.Bytes(elf.Find("__managedcode")!).ToArray());
        ElfRelocation relocation = Assert.Single(elf.Relocations(elf.Find(".rela__managedcode")!));
        Assert.Equal((type, 1, addend), (relocation.Type, relocation.Symbol, relocation.Addend));
        PatchCount count = counts.Single(c => c.Name == "arch_cli");
        Assert.True(count is { Calls: 0, TailCalls: 0, Left: 1 }, what);
    }

    [Fact]
    public void CallsOfOtherFunctionsAndDataSectionsAreNotTouched()
    {
        byte[] call = [0xE8, 0, 0, 0, 0, 0xC3];
        ElfBuilder builder = new(ElfConstants.ET_REL);
        int cli = builder.AddSymbol("arch_cli");
        int other = builder.AddSymbol("arch_cli_not");
        int code = builder.AddCode("__managedcode", [.. call, .. call]);
        int data = builder.AddSection(".data", [.. call], ElfConstants.SHF_ALLOC);
        builder.AddRelocations(code, (1, 4, other, -4), (7, 4, cli, -4));
        builder.AddRelocations(data, (1, 2, cli, -4));
        ElfFile elf = new(builder.Build());
        CallSitePatcher.Patch(elf);

        Assert.Equal([.. call, 0x2E, 0x2E, 0x2E, 0x2E, 0xFA, 0xC3], elf.Bytes(elf.Find("__managedcode")!).ToArray());
        Assert.Equal(call, elf.Bytes(elf.Find(".data")!).ToArray());
        Assert.Equal([4u, 0u], elf.Relocations(elf.Find(".rela__managedcode")!).Select(r => r.Type));
        Assert.Equal([2u], elf.Relocations(elf.Find(".rela.data")!).Select(r => r.Type));
    }

    [Fact]
    public void ReportCountsEveryHelperThatOccurs()
    {
        byte[] code = [0xE8, 0, 0, 0, 0, 0xE8, 0, 0, 0, 0, 0xE9, 0, 0, 0, 0];
        (_, List<PatchCount> counts) = Patch(code, "arch_sti", (1, 4, -4), (6, 4, -4), (11, 4, -4));
        const string Title = "# helper, calls replaced, tail calls replaced, other references left\n";
        Assert.Equal(Title + "arch_sti 2 1 0\ntotal 2 1 0\n", CallSitePatcher.Report(counts));
    }

    [Fact]
    public void RelocationOutsideOfItsSectionIsRefused()
    {
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => Patch([0xE8, 0, 0, 0, 0], "arch_cli", (2, 4, -4)));
        Assert.Contains("outside", error.Message, StringComparison.Ordinal);
    }

    private static (ElfFile Elf, List<PatchCount> Counts) Patch(
        byte[] code, string symbol, params (ulong Offset, uint Type, long Addend)[] relocations)
    {
        ElfBuilder builder = new(ElfConstants.ET_REL);
        int index = builder.AddSymbol(symbol);
        int section = builder.AddCode("__managedcode", code);
        builder.AddRelocations(section, [.. relocations.Select(r => (r.Offset, r.Type, index, r.Addend))]);
        ElfFile elf = new(builder.Build());
        List<PatchCount> counts = CallSitePatcher.Patch(elf);
        return (new ElfFile(elf.Data), counts);
    }

    private static List<Instruction> Decode(byte[] code)
    {
        Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(code), 0);
        List<Instruction> instructions = [];
        while (decoder.IP < (ulong)code.Length)
        {
            instructions.Add(decoder.Decode());
        }

        return instructions;
    }

    // Without the segment prefixes that 64-bit mode ignores: they are shown by the formatter only where they matter.
    private static string Text(Instruction instruction)
    {
        Assert.False(instruction.HasRepPrefix || instruction.HasRepnePrefix || instruction.HasLockPrefix);
        if (instruction.SegmentPrefix == Register.CS)
        {
            Assert.Equal(Register.None, instruction.MemoryBase);
            instruction.SegmentPrefix = Register.None;
        }

        IntelFormatter formatter = new() { Options = { MemorySizeOptions = MemorySizeOptions.Never } };
        StringOutput output = new();
        formatter.Format(instruction, output);
        return output.ToStringAndReset();
    }
}
