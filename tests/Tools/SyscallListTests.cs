// The list of system calls and what is made of it: numbers for C# and for C.

using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Threading;
using CSharpOS.Generators;
using CSharpOS.ImageTool.Initramfs;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using Xunit;

namespace CSharpOS.Tools.Tests;

[Trait("Row", "SYS-08")]
public sealed class SyscallListTests
{
    private const string Good = "# a comment\n\n3 0 read sys_read\n7 - waitpid -   # no such number there\n- 9 mmap sys_mmap\n174 13 rt_sigaction sys_a compat_a\n";

    [Fact]
    public void EveryLineIsAnEntry()
    {
        List<SyscallTableError> errors = [];
        List<SyscallEntry> entries = SyscallTable.Parse(Good, errors);
        Assert.Empty(errors);
        Assert.Equal(
            [("read", 3, 0, "sys_read", null), ("waitpid", 7, -1, null, null), ("mmap", -1, 9, "sys_mmap", null), ("rt_sigaction", 174, 13, "sys_a", "compat_a")],
            entries.Select(e => (e.Name, e.I386, e.Amd64, e.Method, e.Compat)));
    }

    [Theory]
    [InlineData("3 0 read sys_read\n4 1 read sys_write", 1, "the name read is given twice: line 1 has it already")]
    [InlineData("3 0 read sys_read\n\n3 1 write sys_write", 2, "the i386 number 3 is given twice: line 1 has it already")]
    [InlineData("3 0 read sys_read\n4 0 write sys_write", 1, "the x86-64 number 0 is given twice: line 1 has it already")]
    [InlineData("x 0 read sys_read", 0, "'x' is not a number from 0 to 1023, and not -")]
    [InlineData("1024 0 read sys_read", 0, "'1024' is not a number from 0 to 1023, and not -")]
    [InlineData("3 0 read", 0, "a line is: i386 number, x86-64 number, name, method, and the method for 32-bit callers if there is one")]
    [InlineData("3 0 re-ad sys_read", 0, "'re-ad' is not a name")]
    [InlineData("- - read sys_read", 0, "read has no number")]
    public void AMistakeIsAnErrorOfTheBuildWithItsLine(string list, int line, string text)
    {
        Diagnostic diagnostic = Assert.Single(Generate(list, out _));
        Assert.Equal("CSOS0102", diagnostic.Id);
        Assert.Equal(DiagnosticSeverity.Error, diagnostic.Severity);
        Assert.Equal(text, diagnostic.GetMessage());
        Assert.Equal(("syscalls.tbl", line), (diagnostic.Location.GetLineSpan().Path, diagnostic.Location.GetLineSpan().StartLinePosition.Line));
    }

    [Fact]
    public void ProgramsInCSharpGetTheNumbers()
    {
        Assert.Empty(Generate(Good, out string source));
        Assert.Contains("public const int __NR_read = 3;", source);
        Assert.Contains("public const int __NR_mmap = 9;", source);
        Assert.Contains("3 => 0,", source);
        Assert.DoesNotContain("__NR_waitpid = -1", source);
    }

    [Fact]
    public void OnlyTheUserLibraryGetsTheNumbers()
    {
        Assert.Empty(Generate(Good, out string source, side: ""));
        Assert.Empty(source);
    }

    [Fact]
    public void ProgramsInCGetTheSameNumbers()
    {
        string header = SyscallHeader.Make(Good, []);
        string[] halves = header.Split("#else");
        Assert.Contains("#define __NR_rt_sigaction 13\n", halves[0]);
        Assert.Contains("#define __NR_rt_sigaction 174\n", halves[1]);
        Assert.DoesNotContain("waitpid", halves[0]);
        Assert.DoesNotContain("mmap", halves[1]);
    }

    [Fact]
    public void TheKernelsListIsGood()
    {
        List<SyscallTableError> errors = [];
        List<SyscallEntry> entries = SyscallTable.Parse(File.ReadAllText(Path.Combine(Repository.Root, "Kernel/Syscalls/syscalls.tbl")), errors);
        Assert.Empty(errors.Select(error => $"line {error.Line + 1}: {error.Text}"));

        // The book's numbers.
        Assert.Equal([222, 223, 283], new[] { "silly_copy", "am_i_popular", "foo" }.Select(name => entries.Single(e => e.Name == name).I386));
    }

    private static ImmutableArray<Diagnostic> Generate(string list, out string source, string side = "User")
    {
        GeneratorDriver driver = CSharpGeneratorDriver.Create(
            [new SyscallNumbersGenerator().AsSourceGenerator()], [new ListFile(list)], null, new Options(side));
        CSharpCompilation compilation = CSharpCompilation.Create("test");
        GeneratorDriverRunResult result = driver.RunGenerators(compilation).GetRunResult();
        source = result.GeneratedTrees.Length == 0 ? "" : result.GeneratedTrees[0].ToString();
        return result.Diagnostics;
    }

    private sealed class ListFile(string text) : AdditionalText
    {
        public override string Path => "syscalls.tbl";

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(text);
    }

    private sealed class Options(string side) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions => new Values(side);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;
    }

    private sealed class Values(string side) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, out string value)
        {
            value = side;
            return key == "build_property.SyscallSide";
        }
    }
}
