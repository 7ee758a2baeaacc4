// Constant per-CPU offsets: what is fused, what must be left alone.

using System.Collections.Generic;
using CSharpOS.ImageTool.Patching;
using Iced.Intel;
using Xunit;
using Fusion = CSharpOS.ImageTool.Patching.ConstantOffsets;

namespace CSharpOS.Tools.Tests;

public class ConstantOffsetsTests
{
    private const string Add = "arch_gs_add32";

    [Fact]
    public void AddOfConstantsBecomesOneInstruction()
    {
        byte[] code = [0xBF, 16, 0, 0, 0, 0xBE, 0xFF, 0xFF, 0xFF, 0xFF, 0x65, 0x67, 0x40, 0x01, 0x37, 0xC3];
        Assert.Equal(1, Fuse(code, 10, Add));
        Assert.Equal(["add dword ptr gs:[10h],0FFFFFFFFh", "ret"], Listing(code));
    }

    [Fact]
    public void OrderOfTheMovesDoesNotMatter()
    {
        byte[] code = [0xBE, 1, 0, 0, 0, 0xBF, 16, 0, 0, 0, 0x65, 0x67, 0x40, 0x01, 0x37, 0xC3];
        Assert.Equal(1, Fuse(code, 10, Add));
        Assert.Equal(["add dword ptr gs:[10h],1", "ret"], Listing(code));
    }

    [Fact]
    public void StoreOfZeroBecomesOneInstruction()
    {
        byte[] code = [0xBF, 64, 0, 0, 0, 0x31, 0xF6, 0x65, 0x67, 0x40, 0x89, 0x37, 0xC3];
        Assert.Equal(1, Fuse(code, 7, "arch_gs_store32"));
        Assert.Equal(["mov dword ptr gs:[40h],0", "ret"], Listing(code));

        code = [0x31, 0xF6, 0xBF, 64, 0, 0, 0, 0x65, 0x67, 0x40, 0x89, 0x37, 0xC3];
        Assert.Equal(1, Fuse(code, 7, "arch_gs_store32"));
        Assert.Equal(["mov dword ptr gs:[40h],0", "ret"], Listing(code));
    }

    // A store of 64 bits has no room for it; another register is another value.
    [Fact]
    public void OnlyThatZeroIsTaken()
    {
        byte[] code = [0xBF, 64, 0, 0, 0, 0x31, 0xF6, 0x65, 0x67, 0x48, 0x89, 0x37, 0xC3];
        byte[] before = [.. code];
        Assert.Equal(0, Fuse(code, 7, "arch_gs_store64"));
        Assert.Equal(before, code);

        code = [0xBF, 64, 0, 0, 0, 0x31, 0xFE, 0x65, 0x67, 0x40, 0x89, 0x37, 0xC3];
        before = [.. code];
        Assert.Equal(0, Fuse(code, 7, "arch_gs_store32"));
        Assert.Equal(before, code);
    }

    [Fact]
    public void LoadOfConstantOffsetBecomesOneInstruction()
    {
        byte[] code = [0xBF, 16, 0, 0, 0, 0x65, 0x67, 0x48, 0x8B, 0x07, 0xC3];
        Assert.Equal(1, Fuse(code, 5, "arch_gs_load64"));
        Assert.Equal(["mov rax,gs:[10h]", "ret"], Listing(code));
    }

    [Fact]
    public void ConstantPortGoesIntoTheInstruction()
    {
        byte[] code = [0xBF, 0x21, 0, 0, 0, 0x89, 0xFA, 0x89, 0xF0, 0xEE, 0xC3];
        Assert.Equal(1, Fuse(code, 5, "arch_outb"));
        Assert.Equal(["mov eax,esi", "out 21h,al", "ret"], Listing(code));

        code = [0xBF, 0x42, 0, 0, 0, 0x31, 0xC0, 0x89, 0xFA, 0xEC, 0xC3];
        Assert.Equal(1, Fuse(code, 5, "arch_inb"));
        Assert.Equal(["xor eax,eax", "in al,42h", "ret"], Listing(code));
    }

    [Fact]
    public void ConstantPortAndValueTakeTwoInstructions()
    {
        byte[] code = [0xBF, 0x20, 0, 0, 0, 0xBE, 0x62, 0, 0, 0, 0x89, 0xFA, 0x89, 0xF0, 0xEE, 0xC3];
        Assert.Equal(1, Fuse(code, 10, "arch_outb"));
        Assert.Equal(["mov eax,62h", "out 20h,al", "ret"], Listing(code));
    }

    [Fact]
    public void PortThatDoesNotFitAByteStays()
    {
        byte[] code = [0xBF, 0xD0, 4, 0, 0, 0xBE, 1, 0, 0, 0, 0x89, 0xFA, 0x89, 0xF0, 0xEE, 0xC3];
        byte[] before = [.. code];
        Assert.Equal(0, Fuse(code, 10, "arch_outb"));
        Assert.Equal(before, code);
    }

    [Fact]
    public void TheTailOfAnotherInstructionIsNotAMove()
    {
        // lea rdi,[rdi+10h] ends with the bytes of mov edi,10h.
        byte[] code = [0x48, 0x8D, 0xBF, 16, 0, 0, 0, 0x65, 0x67, 0x48, 0x8B, 0x07, 0xC3];
        byte[] before = [.. code];
        Assert.Equal(0, Fuse(code, 7, "arch_gs_load64"));
        Assert.Equal(before, code);
    }

    [Fact]
    public void NothingIsFusedAcrossABranchTarget()
    {
        // je to the access, over the move.
        byte[] code = [0x74, 0x05, 0xBF, 16, 0, 0, 0, 0x65, 0x67, 0x48, 0x8B, 0x07, 0xC3];
        byte[] before = [.. code];
        Assert.Equal(0, Fuse(code, 7, "arch_gs_load64"));
        Assert.Equal(before, code);
    }

    [Fact]
    public void MoveToAnotherRegisterStays()
    {
        // mov r15d,10h has the same bytes behind its REX prefix.
        byte[] code = [0x41, 0xBF, 16, 0, 0, 0, 0x65, 0x67, 0x48, 0x8B, 0x07, 0xC3];
        byte[] before = [.. code];
        Assert.Equal(0, Fuse(code, 6, "arch_gs_load64"));
        Assert.Equal(before, code);
    }

    private static int Fuse(byte[] code, ulong site, string helper) =>
        Fusion.FuseFunction(code, 0, new Dictionary<ulong, string> { [site] = helper });

    private static List<string> Listing(byte[] code)
    {
        List<string> lines = [];
        Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(code));
        MasmFormatter formatter = new();
        StringOutput output = new();
        while (decoder.IP < (ulong)code.Length)
        {
            Instruction instruction = decoder.Decode();
            if (instruction.SegmentPrefix == Register.CS)
            {
                // A filling, which 64-bit mode ignores.
                instruction.SegmentPrefix = Register.None;
            }

            formatter.Format(instruction, output);
            lines.Add(output.ToStringAndReset());
        }

        return lines;
    }
}
