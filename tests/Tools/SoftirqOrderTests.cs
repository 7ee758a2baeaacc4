// The rules of the list of softirqs are build errors: the kernel's own file, with lines put in, through the compiler and the kernel's generator.

using System.Linq;
using CSharpOS.Generators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace CSharpOS.Tools.Tests;

public sealed class SoftirqOrderTests
{
    private const string BeforeFirst = "    /// <summary>High-priority tasklets.</summary>";
    private const string Middle = "    /// <summary>Tasklets.</summary>";
    private const string Last = "    RcuSoftirq,\n";

    [Fact]
    [Trait("Row", "SIRQ-10")]
    public void ANewSoftirqIsOneLine()
    {
        Assert.Empty(Errors(Source()));
        Assert.Empty(Errors(Source().Replace(Middle, "    UsbSoftirq,\n" + Middle)));
    }

    [Fact]
    [Trait("Row", "SIRQ-10")]
    public void HiMustBeFirst() =>
        Assert.Contains("HiSoftirqIsFirst", Assert.Single(Errors(Source().Replace(BeforeFirst, "    UsbSoftirq,\n" + BeforeFirst))));

    [Fact]
    [Trait("Row", "SIRQ-10")]
    public void RcuMustBeLast() =>
        Assert.Contains("RcuSoftirqIsLast", Assert.Single(Errors(Source().Replace(Last, Last + "    UsbSoftirq,\n"))));

    [Fact]
    [Trait("Row", "SIRQ-10")]
    public void ThirtyTwoAreEnough()
    {
        Assert.Empty(Errors(WithMore(23)));
        Assert.Contains("TheyFitIntoThePendingMask", Assert.Single(Errors(WithMore(24))));
    }

    private static string WithMore(int count) =>
        Source().Replace(Middle, string.Concat(Enumerable.Range(0, count).Select(i => $"    More{i}Softirq,\n")) + Middle);

    private static string Source()
    {
        string text = Kernel("Softirq/SoftirqNr.cs");
        Assert.All([BeforeFirst, Middle, Last], mark => Assert.Contains(mark, text));
        return text;
    }

    private static string Kernel(string file) => System.IO.File.ReadAllText(System.IO.Path.Combine(Repository.Root, "Kernel", file));

    // Each error with the text of its line.
    private static string[] Errors(string source)
    {
        SyntaxTree[] trees =
        [
            CSharpSyntaxTree.ParseText(source),
            CSharpSyntaxTree.ParseText(Kernel("Runtime/PrintNamesAttribute.cs")),
            CSharpSyntaxTree.ParseText("namespace CSharpOS.Softirqs; static class Softirq { public const int NrSoftirqs = 32; }"),
        ];
        string platform = (string)System.AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        CSharpCompilation compilation = CSharpCompilation.Create(
            "softirqs", trees,
            platform.Split(System.IO.Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        CSharpGeneratorDriver.Create(new PrintNamesGenerator()).RunGeneratorsAndUpdateCompilation(compilation, out Compilation whole, out _);
        return
        [
            .. whole.GetDiagnostics().Where(found => found.Severity == DiagnosticSeverity.Error)
                .Select(found => found.Id + " " + found.Location.SourceTree!.GetText().Lines[found.Location.GetLineSpan().StartLinePosition.Line]),
        ];
    }
}
