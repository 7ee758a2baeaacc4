// Whatever is wrong with a file or a command line: one line on standard error, and an exit code that is not zero.

using System;
using System.IO;
using CSharpOS.ImageTool;
using CSharpOS.ImageTool.Elf;
using CSharpOS.ImageTool.Patching;
using CSharpOS.ImageTool.Tables;
using Xunit;

namespace CSharpOS.Tools.Tests;

[Collection(Serial.Name)]
public sealed class BadInputTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("imagetool").FullName;
    private readonly TestImage _image = new();

    public void Dispose() => Directory.Delete(_directory, true);

    [Theory]
    [InlineData("patch")]
    [InlineData("tables")]
    [InlineData("verify")]
    public void BadFilesAreRefusedWithOneLine(string command)
    {
        byte[] good = _image.Elf(_image.Tables());
        byte[] machine = (byte[])good.Clone();
        machine[18] = 3;
        byte[] bits = (byte[])good.Clone();
        bits[4] = 1;
        Refused(command, "not an ELF file", Array.Empty<byte>());
        Refused(command, "not an ELF file", "#!/bin/sh\n"u8.ToArray());
        Refused(command, "truncated", good[..40]);
        Refused(command, "truncated", good[..(good.Length / 2)]);
        Refused(command, "not an x86-64 ELF file", machine);
        Refused(command, "not a 64-bit", bits);
    }

    [Fact]
    public void FilesOfTheWrongKindAreRefused()
    {
        Refused("patch", "not a relocatable object", _image.Elf());
        Refused("tables", "not a linked image", new ElfBuilder(ElfConstants.ET_REL).Build());
        Refused("tables", "no code", new ElfBuilder(ElfConstants.ET_EXEC).Build());
        Refused("verify", "no tables", _image.Elf());
        byte[] tables = _image.Tables();
        tables[0]++;
        Refused("verify", "no valid tables", _image.Elf(tables));
        tables[0]--;
        tables[^20]++;
        Refused("verify", "do not match", _image.Elf(tables));
    }

    [Fact]
    public void MissingFilesAndUnwritableOnesAreRefused()
    {
        (int code, string error) = Run("verify", Path.Combine(_directory, "none.elf"));
        Assert.Equal(1, code);
        Assert.Contains("none.elf", error, StringComparison.Ordinal);

        string input = Write(_image.Elf());
        (code, error) = Run("tables", input, Path.Combine(_directory, "no", "such", "directory", "out.bin"));
        Assert.Equal(1, code);
        Assert.Contains("out.bin", error, StringComparison.Ordinal);
        Assert.Equal(1, Run("verify", _directory).Code);
    }

    [Theory]
    [InlineData]
    [InlineData("frobnicate")]
    [InlineData("patch")]
    [InlineData("patch", "one")]
    [InlineData("patch", "one", "two", "three")]
    [InlineData("tables", "a", "b", "--frob")]
    [InlineData("tables", "a", "b", "--text-base", "0xzz")]
    [InlineData("tables", "a", "b", "--text-base", "-1")]
    public void BadCommandLinesAreRefusedWithOneLine(params string[] arguments) => Assert.Equal(2, Run(arguments).Code);

    [Fact]
    public void GoodFilesGiveNoOutputAndZero()
    {
        string image = Write(_image.Elf());
        string tables = Path.Combine(_directory, "tables.bin");
        string[] assemblies = ["--assembly", "Kernel", "--assembly", "CSharpOS.Drivers.Rtc"];
        Assert.Equal((0, ""), Run(["tables", image, tables, "--root", "/src/os", .. assemblies]));
        Assert.Equal(_image.Tables(), File.ReadAllBytes(tables));
        Assert.Equal((0, ""), Run("verify", Write(_image.Elf(File.ReadAllBytes(tables)))));

        string report = Path.Combine(_directory, "report");
        string patched = Path.Combine(_directory, "patched.o");
        string source = Write(new ElfBuilder(ElfConstants.ET_REL).Build());
        Assert.Equal((0, ""), Run("patch", source, patched, "--report", report));
        Assert.Equal(File.ReadAllBytes(source), File.ReadAllBytes(patched));
        Assert.EndsWith("total 0 0 0\n", File.ReadAllText(report), StringComparison.Ordinal);
    }

    [Fact]
    public void TextBaseCanBeGiven()
    {
        string image = Write(_image.Elf());
        string tables = Path.Combine(_directory, "tables.bin");
        Assert.Equal(0, Run("tables", image, tables, "--text-base", "0xffffffff80100000").Code);
        Assert.Equal(TestImage.Start, BitConverter.ToUInt64(File.ReadAllBytes(tables), 16));
        (int code, string error) = Run("tables", image, tables, "--text-base", "0x100000");
        Assert.Equal(1, code);
        Assert.Contains("no code at or above the text base 0x100000", error, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryTruncationAndManyDamagesAreSurvived()
    {
        byte[] tables = _image.Tables();
        byte[] image = _image.Elf(tables);
        for (int length = 0; length < image.Length; length += length < 100 ? 1 : 7)
        {
            Survives(image[..length], tables);
        }

        Random random = new(5);
        for (int round = 0; round < 3000; round++)
        {
            byte[] bad = (byte[])image.Clone();
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                bad[random.Next(bad.Length)] = (byte)(random.Next(3) == 0 ? 0xff : random.Next(256));
            }

            Survives(bad, tables);
        }
    }

    // Anything but ImageFormatException would be a stack trace on the user's screen.
    private static void Survives(byte[] bytes, byte[] tables)
    {
        try
        {
            BlobWriter.Write(ImageTables.Read(new ElfFile(bytes), TestImage.Options));
            TablesCommands.Verify(new ElfFile(bytes), tables);
        }
        catch (ImageFormatException e)
        {
            Assert.DoesNotContain('\n', e.Message);
        }

        try
        {
            bytes[Math.Min(16, bytes.Length - 1)] = (byte)ElfConstants.ET_REL;
            CallSitePatcher.Patch(new ElfFile(bytes));
        }
        catch (Exception e) when (e is ImageFormatException || bytes.Length == 0)
        {
        }
    }

    private void Refused(string command, string message, byte[] file)
    {
        string input = Write(file);
        string output = Path.Combine(_directory, "out");
        (int code, string error) = command == "verify" ? Run(command, input) : Run(command, input, output);
        Assert.Equal(1, code);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Contains(input, error, StringComparison.Ordinal);
        Assert.False(File.Exists(output));
    }

    private string Write(byte[] bytes)
    {
        string path = Path.Combine(_directory, "input");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static (int Code, string Error) Run(params string[] arguments)
    {
        TextWriter output = Console.Out;
        TextWriter error = Console.Error;
        using StringWriter written = new();
        using StringWriter printed = new();
        try
        {
            Console.SetError(written);
            Console.SetOut(printed);
            int code = Program.Main(arguments);
            string text = written.ToString();
            Assert.Equal("", printed.ToString());
            bool oneLine = text.Length != 0 && text.IndexOf('\n', StringComparison.Ordinal) == text.Length - 1;
            Assert.True(code == 0 ? text.Length == 0 : oneLine, text);
            return (code, text);
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}
