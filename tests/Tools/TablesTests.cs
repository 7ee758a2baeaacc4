// ImageTool tables and verify on a small image, read back through the kernel's own look-ups.

using System;
using System.Collections.Generic;
using System.Text;
using CSharpOS.Debugging;
using CSharpOS.ImageTool;
using CSharpOS.ImageTool.Elf;
using CSharpOS.ImageTool.Tables;
using Xunit;

namespace CSharpOS.Tools.Tests;

/// <summary>Tests that use the kernel's static tables, or the console, run one after the other.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Serial
{
    public const string Name = "serial";
}

[Collection(Serial.Name)]
public sealed class TablesTests
{
    private const string Irq = "Kernel_CSharpOS_Irq_Interrupts__RequestIrq";
    private const string Rtc = "CSharpOS_Drivers_Rtc_CSharpOS_Drivers_RtcDriver__Read";
    private const string PerCpu = "Kernel_CSharpOS_Irq_PerCpu_1<UInt8>__get_Item";

    private readonly TestImage _image = new();

    [Theory]
    [InlineData(Irq, 0, "Interrupts.RequestIrq", "")]
    [InlineData(Irq, 5, "Interrupts.RequestIrq", "")]
    [InlineData(Rtc, 1, "RtcDriver.Read", "rtc")]
    [InlineData(PerCpu, 0, "PerCpu<byte>.Item.get", "")]
    [InlineData("arch_recovery_call", 2, "arch_recovery_call", "")]
    [InlineData("asm-finish", 0, "arch_recovery_call", "")]
    [InlineData("irq_stub_0", 0, "irq_stub_0", "")]
    public void AddressIsFoundInItsFunction(string place, int offset, string name, string module) => _image.WithTables(() =>
    {
        ulong pc = _image.At(place) + (ulong)offset;
        Assert.True(SymbolTable.Lookup((nuint)pc, out SymbolInfo info));
        Assert.Equal(name, Encoding.UTF8.GetString(info.Name));
        Assert.Equal(module, Encoding.UTF8.GetString(info.Module));
        Assert.Equal(pc, info.Start + info.Offset);
    });

    [Fact]
    public void AddressesOutsideOfFunctionsAreNotFound() => _image.WithTables(() =>
    {
        Assert.True(SymbolTable.Lookup((nuint)_image.At(PerCpu), out SymbolInfo info));
        Assert.Equal(4u, info.Size);
        ulong[] outside = [_image.At(PerCpu) + 4, TestImage.Start - 1, TestImage.TextBase, 0, 1, ulong.MaxValue, _image.At("end")];
        foreach (ulong pc in outside)
        {
            Assert.False(SymbolTable.Lookup((nuint)pc, out _), $"{pc:x}");
        }

        Assert.True(SymbolTable.IsText((nuint)TestImage.Start));
        Assert.False(SymbolTable.IsText((nuint)_image.At("end")));
        Assert.False(SymbolTable.IsText(0));
    });

    [Fact]
    public void NameIsFoundAgain() => _image.WithTables(() =>
    {
        Assert.True(SymbolTable.LookupName("RtcDriver.Read"u8, out nuint address));
        Assert.Equal(_image.At(Rtc), address);
        Assert.True(SymbolTable.LookupName("arch_switch_away"u8, out address));
        Assert.Equal(_image.At("arch_switch_away"), address);
        Assert.False(SymbolTable.LookupName("RtcDriver.Rea"u8, out _));
        Assert.False(SymbolTable.LookupName("RtcDriver.Reads"u8, out _));
        Assert.False(SymbolTable.LookupName(""u8, out _));
        Assert.False(SymbolTable.LookupName("__entry_text_start"u8, out _));
    });

    [Theory]
    [InlineData(Irq, "Kernel/Irq/Interrupts.cs", 40)]
    [InlineData("early", "Kernel/Irq/Interrupts.cs", 40)]
    [InlineData("early-pop", "Kernel/Irq/Interrupts.cs", 42)]
    [InlineData("body", "Kernel/Irq/Interrupts.cs", 1000)]
    [InlineData("after-call", "Kernel/Irq/Interrupts.cs", 998)]
    [InlineData(Rtc, "Drivers/Rtc/Rtc.cs", 7)]
    [InlineData("dynamic-ret", "Drivers/Rtc/Rtc.cs", 8)]
    [InlineData(PerCpu, "/elsewhere/Other.cs", 12)]
    [InlineData("popped", "/elsewhere/Other.cs", 12)]
    public void LineIsFound(string place, string file, int line) => _image.WithTables(() =>
    {
        Assert.True(LineTable.Lookup((nuint)_image.At(place), out ReadOnlySpan<byte> foundFile, out int foundLine));
        Assert.Equal((file, line), (Encoding.UTF8.GetString(foundFile), foundLine));
    });

    [Fact]
    public void CodeBeforeAndBehindTheLinesHasNone() => _image.WithTables(() =>
    {
        Assert.False(LineTable.Lookup((nuint)_image.At("arch_recovery_call"), out _, out _));
        Assert.False(LineTable.Lookup((nuint)_image.At("irq_stub_0"), out _, out _));
        Assert.False(LineTable.Lookup((nuint)TestImage.Start - 1, out _, out _));
    });

    [Theory]
    [InlineData(Irq, "rsp+8")]
    [InlineData("body", "rsp+64 rbp-16")]
    [InlineData("early-add", "rsp+64 rbp-16")]
    [InlineData("early-pop", "rsp+24 rbp-16")]
    [InlineData("early-pop-rbp", "rsp+16 rbp-16")]
    [InlineData("early-ret", "rsp+8")]
    [InlineData("dynamic-body", "rbp+16 rbp-16")]
    [InlineData("dynamic-after", "rbp+16 rbp-16")]
    [InlineData("dynamic-pop", "rbp+16 rbp-16")]
    [InlineData("dynamic-ret", "rsp+8")]
    [InlineData(PerCpu, "rsp+8")]
    [InlineData("pushed", "rsp+16")]
    [InlineData("popped", "rsp+8")]
    [InlineData("asm-body", "rsp+40 rbp-24")]
    [InlineData("asm-finish", "rsp+40 rbp-24")]
    [InlineData("asm-ret", "rsp+8")]
    [InlineData("asm-unreached", "none")]
    [InlineData("asm-unknown", "none")]
    [InlineData("irq_stub_0", "none")]
    [InlineData("stub-after-call", "none")]
    public void UnwindRuleIsFound(string place, string rule) => _image.WithTables(() =>
    {
        bool found = UnwinderRows.Lookup((nuint)_image.At(place), out UnwinderRule read);
        string saved = read.RbpBelowFrame == 0 ? "" : $" rbp-{read.RbpBelowFrame}";
        Assert.Equal(rule, found ? $"{(read.FromRbp ? "rbp" : "rsp")}+{read.FrameOffset}{saved}" : "none");
    });

    [Fact]
    public unsafe void TablesServeCodeThatLiesElsewhere()
    {
        byte[] blob = _image.Tables();
        fixed (byte* start = blob)
        {
            SymbolTableBlob module = default;
            Assert.True(module.Init(start, start + blob.Length, 0x10000000));
            Assert.True(module.Covers(0x10100000));
            Assert.False(module.Covers((nuint)TestImage.Start));
        }
    }

    [Fact]
    public unsafe void WithoutTablesNothingIsFoundAndBadTablesAreRefused()
    {
        byte[] blob = _image.Tables();
        foreach (int change in (int[])[0, 4, 8, 12])
        {
            byte[] bad = (byte[])blob.Clone();
            bad[change + 3] ^= 0x40;
            fixed (byte* start = bad)
            {
                Assert.False(SymbolTable.Init(start, start + bad.Length));
            }
        }

        fixed (byte* start = blob)
        {
            Assert.False(SymbolTable.Init(start, start + blob.Length - 1));
            Assert.False(SymbolTable.Init(start, start));
            Assert.False(SymbolTable.Init(start + 8, start));
            Assert.False(SymbolTable.Init(null, null));
        }

        Assert.False(SymbolTable.Lookup((nuint)TestImage.Start, out _));
        Assert.False(SymbolTable.LookupName("RtcDriver.Read"u8, out _));
        Assert.False(LineTable.Lookup((nuint)TestImage.Start, out _, out _));
        Assert.False(UnwinderRows.Lookup((nuint)TestImage.Start, out _));
    }

    [Fact]
    public void SameImageGivesSameBytes() => Assert.Equal(_image.Tables(), new TestImage().Tables());

    [Fact]
    public void VerifyAcceptsTheImagesOwnTables()
    {
        byte[] blob = _image.Tables();
        Assert.Contains("functions", TablesCommands.Verify(new ElfFile(_image.Elf(blob)), blob), StringComparison.Ordinal);
    }

    [Fact]
    public void VerifyFindsEveryChangedByteThatMatters()
    {
        ElfFile elf = new(_image.Elf());
        byte[] blob = _image.Tables();
        List<int> unnoticed = [];
        for (int i = 0; i < blob.Length; i++)
        {
            byte[] bad = (byte[])blob.Clone();
            bad[i] ^= 0x01;
            try
            {
                TablesCommands.Verify(elf, bad);
                unnoticed.Add(i);
            }
            catch (ImageFormatException)
            {
            }
        }

        // What the image does not say, and so cannot be compared: each function's module, and the filling between the parts.
        uint Word(int word) => BitConverter.ToUInt32(blob, word * 4);
        int Unnoticed(int from, int to) => unnoticed.FindAll(i => i >= Word(from) && i < Word(to)).Count;
        const int Filling = 7;
        int functions = (int)Word(SymbolTableBlob.SymbolCountWord);
        Assert.InRange(Unnoticed(SymbolTableBlob.SymbolIndexWord, SymbolTableBlob.LineIndexWord), 0, functions + Filling);
        Assert.InRange(Unnoticed(SymbolTableBlob.LineIndexWord, SymbolTableBlob.FilesWord), 0, Filling);
        Assert.InRange(Unnoticed(SymbolTableBlob.FilesWord, SymbolTableBlob.UnwindIndexWord), 0, Filling);
        Assert.InRange(Unnoticed(SymbolTableBlob.UnwindIndexWord, SymbolTableBlob.RulesWord), 0, Filling);
    }

    [Fact]
    public void LinesKeepTheirOrderAcrossManyBlocks()
    {
        // Steps of all sizes, forwards and backwards, through several files.
        Random random = new(1);
        List<(ulong Address, int File, int Line)> rows = [];
        ulong address = TestImage.Start;
        for (int i = 0; i < 500; i++)
        {
            rows.Add((address, random.Next(1, 4), random.Next(1, 2000)));
            address += (ulong)random.Next(1, i % 7 == 0 ? 900 : 12);
        }

        ElfBuilder builder = new(ElfConstants.ET_EXEC);
        int text = builder.AddCode(".text", new byte[(int)(address - TestImage.Start)], TestImage.Start);
        builder.AddSymbol("f", TestImage.Start, 0, text, ElfConstants.STT_FUNC);
        builder.AddSection(".debug_line", DwarfBuilder.Lines([], [("a.cs", 0), ("b.cs", 0), ("c.cs", 0)], [.. rows]));
        byte[] blob = BlobWriter.Write(ImageTables.Read(new ElfFile(builder.Build()), TestImage.Options));
        TestImage.WithTables(blob, () =>
        {
            for (int i = 0; i < rows.Count; i++)
            {
                ulong end = i + 1 < rows.Count ? rows[i + 1].Address : address;
                foreach (ulong pc in (ulong[])[rows[i].Address, end - 1])
                {
                    Assert.True(LineTable.Lookup((nuint)pc, out ReadOnlySpan<byte> file, out int line));
                    Assert.Equal(((char)('a' + rows[i].File - 1) + ".cs", rows[i].Line), (Encoding.UTF8.GetString(file), line));
                }
            }
        });
    }

    [Theory]
    [InlineData("/src/os/Kernel/A.cs", "/src/os", "Kernel/A.cs")]
    [InlineData("/src/os/Kernel/A.cs", "/src/os/", "Kernel/A.cs")]
    [InlineData("/src/oslo/A.cs", "/src/os", "/src/oslo/A.cs")]
    [InlineData("./Kernel/A.cs", "/src/os", "Kernel/A.cs")]
    [InlineData("/_/Kernel/A.cs", null, "Kernel/A.cs")]
    [InlineData("A.cs", null, "A.cs")]
    public void PathsAreRelativeToTheRoot(string path, string? root, string expected)
        => Assert.Equal(expected, ImageTables.RelativePath(path, root));
}
