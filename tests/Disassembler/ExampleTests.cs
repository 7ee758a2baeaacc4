// What the output looks like: instructions as a kernel has them, to be read by people.

using System;
using System.Text;
using Xunit;

namespace CSharpOS.Debugging.Tests;

public class ExampleTests
{
    private const ulong Address = 0xffff_ffff_8010_0000;

    [Theory]
    // A null dereference, a per-CPU access, a wild call, the trap of a failed check.
    [InlineData("48 8B 07", "mov rax, qword ptr [rdi]")]
    [InlineData("65 48 8B 04 25 10 00 00 00", "mov rax, qword ptr gs:[0x10]")]
    [InlineData("65 FF 05 F9 FF 0F 00", "inc dword ptr gs:[0xffffffff80200000]")]
    [InlineData("FF 14 C5 00 20 10 80", "call qword ptr [rax*8-0x7fefe000]")]
    [InlineData("41 FF D3", "call r11")]
    [InlineData("0F 0B", "ud2")]
    [InlineData("CC", "int3")]
    // Memory operands: RIP-relative ones and branches are shown as absolute addresses.
    [InlineData("8B 0D FA FF 0F 00", "mov ecx, dword ptr [0xffffffff80200000]")]
    [InlineData("C7 44 24 08 2A 00 00 00", "mov dword ptr [rsp+8], 0x2a")]
    [InlineData("48 8D 84 8B 00 FF FF FF", "lea rax, [rbx+rcx*4-0x100]")]
    [InlineData("44 0F B6 64 35 FF", "movzx r12d, byte ptr [rbp+rsi-1]")]
    [InlineData("E8 FB 0F 00 00", "call 0xffffffff80101000")]
    [InlineData("EB FE", "jmp 0xffffffff80100000")]
    [InlineData("0F 84 FA 00 00 00", "je 0xffffffff80100100")]
    // Atomic operations and strings.
    [InlineData("F0 0F B1 0A", "lock cmpxchg dword ptr [rdx], ecx")]
    [InlineData("F0 48 0F C1 07", "lock xadd qword ptr [rdi], rax")]
    [InlineData("F0 48 0F BA 2F 05", "lock bts qword ptr [rdi], 5")]
    [InlineData("F3 48 AB", "rep stosq qword ptr [rdi]")]
    [InlineData("F3 A4", "rep movsb byte ptr [rdi], byte ptr [rsi]")]
    [InlineData("F3 90", "pause")]
    // System instructions.
    [InlineData("0F 01 15 F9 FF 0F 00", "lgdt fword ptr [0xffffffff80200000]")]
    [InlineData("0F 01 F8", "swapgs")]
    [InlineData("0F 01 3F", "invlpg [rdi]")]
    [InlineData("0F 22 D8", "mov cr3, rax")]
    [InlineData("44 0F 20 C0", "mov rax, cr8")]
    [InlineData("0F 30", "wrmsr")]
    [InlineData("48 CF", "iretq")]
    [InlineData("48 0F 07", "sysretq")]
    [InlineData("0F 00 D8", "ltr ax")]
    [InlineData("8E D8", "mov ds, ax")]
    [InlineData("EC", "in al, dx")]
    [InlineData("E6 20", "out 0x20, al")]
    [InlineData("48 0F AE 07", "fxsave64 [rdi]")]
    [InlineData("DB E3", "fninit")]
    // What the code generator makes of structures and zeroing.
    [InlineData("0F 57 C0", "xorps xmm0, xmm0")]
    [InlineData("0F 11 45 D0", "movups xmmword ptr [rbp-0x30], xmm0")]
    [InlineData("66 0F EF C9", "pxor xmm1, xmm1")]
    [InlineData("F2 48 0F 2A C7", "cvtsi2sd xmm0, rdi")]
    [InlineData("66 66 2E 0F 1F 84 00 00 00 00 00", "nop word ptr [rax+rax]")]
    // What the image build puts in place of calls of one-instruction helpers, filled up with prefixes.
    [InlineData("9C", "pushfq")]
    [InlineData("2E 48 57", "push rdi")]
    public void Decodes(string bytes, string expected)
    {
        byte[] code = Convert.FromHexString(bytes.Replace(" ", "", StringComparison.Ordinal));
        byte[] text = new byte[Disassembler.MaxText];
        int length = Disassembler.Decode(code, Address, text, out int written);
        Assert.Equal(expected, Encoding.UTF8.GetString(text, 0, written));
        Assert.Equal(code.Length, length);
        Assert.Equal(length, Disassembler.Length(code));
    }

    [Theory]
    [InlineData("")]
    [InlineData("48")]
    [InlineData("48 8B")]
    [InlineData("E8 00 00 00")]
    [InlineData("06")]
    [InlineData("0F 04")]
    [InlineData("8E C8")]
    [InlineData("F0 89 07")]
    [InlineData("C5 F8 77")]
    [InlineData("66 0F 38 00 C1")]
    public void RefusesWhatIsCutOffInvalidOrNotCovered(string bytes)
    {
        byte[] code = Convert.FromHexString(bytes.Replace(" ", "", StringComparison.Ordinal));
        byte[] text = new byte[Disassembler.MaxText];
        Assert.Equal(0, Disassembler.Decode(code, Address, text, out int written));
        Assert.Equal(0, written);
        Assert.Equal(0, text[0]);
    }
}
