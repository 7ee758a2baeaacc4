// ImageTool patch: code that uses a vector register which the entry code does not save stops the build.

using CSharpOS.ImageTool;
using CSharpOS.ImageTool.Elf;
using CSharpOS.ImageTool.Patching;
using Xunit;

namespace CSharpOS.Tools.Tests;

public sealed class VectorRegistersTests
{
    public static TheoryData<byte[], string?> Code => new()
    {
        { [0x0F, 0x57, 0xC0, 0xC3], null },                                 // xorps xmm0, xmm0
        { [0x45, 0x0F, 0x57, 0xC0, 0x44, 0x0F, 0x11, 0x07, 0xC3], null },   // xorps xmm8, xmm8; movups [rdi], xmm8
        { [0x48, 0x0F, 0xAE, 0x07, 0xC3], null },                           // fxsave64 [rdi]
        { [0x0F, 0x10, 0x06, 0x0F, 0x10, 0x4E, 0x10, 0xC3], "xmm1" },       // movups xmm0, [rsi]; movups xmm1, [rsi+16]
        { [0x45, 0x0F, 0x57, 0xC9, 0xC3], "xmm9" },                         // xorps xmm9, xmm9
        { [0xC5, 0xFC, 0x57, 0xC0, 0xC3], "ymm0" },                         // vxorps ymm0, ymm0, ymm0
        { [0xF2, 0x0F, 0x58, 0xC7, 0xC3], "xmm7" },                         // addsd xmm0, xmm7
        { [0xD9, 0xE8, 0xC3], "fld1" },
        { [0x0F, 0xEF, 0xC0, 0xC3], "pxor mm0,mm0" },
        { [0xC5, 0xF8, 0x77, 0xC3], "vzeroupper" },
    };

    [Theory]
    [MemberData(nameof(Code))]
    public void OnlyTheSavedRegistersMayBeUsed(byte[] code, string? other)
    {
        ElfBuilder builder = new(ElfConstants.ET_REL);
        int section = builder.AddCode("__managedcode", [0x90, .. code]);
        builder.AddSymbol("Driver_Fine", 0, 1, section, ElfConstants.STT_FUNC);
        builder.AddSymbol("Driver_Handler", 1, (ulong)code.Length, section, ElfConstants.STT_FUNC);
        ElfFile elf = new(builder.Build());
        if (other is null)
        {
            VectorRegisters.Check(elf);
            return;
        }

        ImageFormatException error = Assert.Throws<ImageFormatException>(() => VectorRegisters.Check(elf));
        Assert.StartsWith($"Driver_Handler uses {other}: ", error.Message, System.StringComparison.Ordinal);
    }

    [Fact]
    public void FunctionThatReachesBeyondItsSectionIsRefused()
    {
        ElfBuilder builder = new(ElfConstants.ET_REL);
        int section = builder.AddCode("__managedcode", [0xC3]);
        builder.AddSymbol("Driver_Handler", 0, 2, section, ElfConstants.STT_FUNC);
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => VectorRegisters.Check(new ElfFile(builder.Build())));
        Assert.Contains("beyond its section", error.Message, System.StringComparison.Ordinal);
    }
}
