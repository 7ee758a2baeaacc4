// The list of system calls and what is made of it: numbers for C# and for C.

using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics;
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

[Trait("Row", "SYS-02")]
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
    [InlineData("3 0 write sys_write", 0, "write has the i386 number 4: it cannot be moved to 3")]
    [InlineData("3 0 read sys_read\n4 2 write sys_write", 1, "write has the x86-64 number 1: it cannot be moved to 2")]
    [InlineData("284 - foo sys_foo", 0, "foo has the i386 number 283: it cannot be moved to 284")]
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

        // A call that the kernel has is where Linux has it, in both worlds.
        Assert.Equal(
            [("restart_syscall", 0, 219), ("exit", 1, 60), ("fork", 2, 57), ("read", 3, 0), ("write", 4, 1), ("open", 5, 2), ("close", 6, 3), ("waitpid", 7, -1)],
            entries.Where(e => e.I386 is >= 0 and < 8).OrderBy(e => e.I386).Select(e => (e.Name, e.I386, e.Amd64)));
        Assert.All(entries, e => Assert.NotNull(e.Method));

        // The book's numbers.
        Assert.Equal([222, 223, 283], new[] { "silly_copy", "am_i_popular", "foo" }.Select(name => entries.Single(e => e.Name == name).I386));
    }

    [Fact]
    [Trait("Row", "SYS-09")]
    public void ACallMoreIsOneLineAndOneMethod()
    {
        string list = File.ReadAllText(Path.Combine(Repository.Root, "Kernel/Syscalls/syscalls.tbl"));
        string longer = list + "284 335 how_many sys_how_many\n";
        (string[] before, string[] before64) = Tables(list);
        (string[] after, string[] after64) = Tables(longer);

        // The kernel calls the method by that number, in both tables; no other call has moved.
        Assert.Equal("sys_how_many", after[284]);
        Assert.Equal("sys_how_many", after64[335]);
        after[284] = "sys_ni_syscall";
        after64[335] = "sys_ni_syscall";
        Assert.Equal(before, after);
        Assert.Equal(before64, after64.Take(335).Concat(before64.Skip(335).Take(1)).Concat(after64.Skip(336)));
        Assert.Equal("sys_foo", after[283]);

        // Programs have the number by the same line, and can call it.
        Assert.Empty(Generate(longer, out string source));
        Assert.Contains("public const int __NR_how_many = 284;", source);
        CSharpCompilation program = Compile(source, "class Lab { static int Call(int number) => number; static int Main() => Call(CSharpOS.User.SyscallNumbers.__NR_how_many); }");
        Assert.Empty(program.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error));
        Assert.Contains("#define __NR_how_many 284\n", SyscallHeader.Make(longer, []));
    }

    [Fact]
    [Trait("Row", "SYS-09")]
    public void AModuleCannotAddACall()
    {
        // What a module says of itself reaches the tables of init functions and suites; nothing that it exports reaches those of system calls.
        CSharpCompilation module = Compile("""
            namespace System.Runtime { class RuntimeExportAttribute(string name) : System.Attribute { public string Name => name; } }
            class ModuleInitAttribute(int level) : System.Attribute { public int Level => level; }
            static class Toy
            {
                [ModuleInit(6)] static int Init() => 0;
                [System.Runtime.RuntimeExport("sys_how_many")] static long HowMany() => 1;
            }
            """);
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".dll");
        Assert.True(module.Emit(path).Success);
        string tables = AsmGen("tables", path);
        Assert.Contains("Toy__Init", tables);
        Assert.DoesNotContain("sys_", tables);

        // The table itself is not data: it lies where the kernel's constants are, which nobody writes to.
        string kernel = File.ReadAllText(Path.Combine(Repository.Root, "Kernel/Syscalls/syscalls.tbl"));
        Assert.Contains("section .rodata\n", Text(kernel));
        Assert.DoesNotContain("section .data", Text(kernel));
    }

    private static CSharpCompilation Compile(params string[] sources) => CSharpCompilation.Create(
        "lab",
        sources.Select(source => CSharpSyntaxTree.ParseText(source)),
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path)),
        new CSharpCompilationOptions(sources.Length > 1 ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary));

    private static string Text(string list)
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, list);
        return AsmGen("syscalls", path);
    }

    // What the tool makes of a file, which is deleted.
    private static string AsmGen(string command, string input)
    {
        string output = Path.GetTempFileName();
        try
        {
            string[] files = command == "tables" ? [output, input] : [input, output];
            string tool = Path.Combine(Repository.Root, "tools/AsmGen/bin/Release/net10.0/AsmGen.dll");
            using Process process = Process.Start("dotnet", [tool, command, .. files]);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            return File.ReadAllText(output);
        }
        finally
        {
            File.Delete(input);
            File.Delete(output);
        }
    }

    // The methods in the two tables that AsmGen makes, by number.
    private static (string[] I386, string[] Amd64) Tables(string list)
    {
        string[] halves = Text(list).Split("sys_call_table_64:");
        return (Entries(halves[0]), Entries(halves[1]));
    }

    private static string[] Entries(string text) =>
        [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith("dq ", StringComparison.Ordinal)).Select(line => line[3..])];

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
