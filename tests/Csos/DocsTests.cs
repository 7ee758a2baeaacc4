// docs/map.md: made from sources, and up to date.

using CSharpOS.Tool.Docs;

namespace CSharpOS.Tool.Tests;

public sealed class DocsTests : IDisposable
{
    private const string Source = """
        namespace CSharpOS.Irq;

        /// <summary>A line.</summary>
        /// <linux>irq_desc</linux>
        public struct IrqDescriptor
        {
            /// <summary>Takes a line.</summary>
            /// <linux>request_irq</linux>
            /// <rows>TST-04 TST-02</rows>
            public static int RequestIrq() => 0;

            /// <summary>Not one of Linux's.</summary>
            public static int Other() => 0;

        #if SMP
            /// <linux>SA_SHIRQ</linux>
            public const int Shared = 1;
        #endif
        }
        """;

    private readonly FakeRepository _repository = new();

    public DocsTests() => _repository.Write("docs/specification.md", "| TST-02 | planned | a |\n| TST-04 | planned | b |\n");

    public void Dispose() => _repository.Dispose();

    [Fact]
    public void Members_are_found_with_names_rows_and_file()
    {
        LinuxMember[] members = [.. LinuxMap.OfSource(Source, "Kernel/Irq/IrqDescriptor.cs")];

        Assert.Equal(["irq_desc", "request_irq", "SA_SHIRQ"], members.Select(member => member.Linux));
        Assert.Equal(["IrqDescriptor", "IrqDescriptor.RequestIrq", "IrqDescriptor.Shared"], members.Select(member => member.Member));
        Assert.Equal(["TST-04", "TST-02"], members[1].Rows);
        Assert.Empty(members[0].Rows);
    }

    [Fact]
    public async Task The_page_is_written_once_and_then_up_to_date()
    {
        _repository.Write("Kernel/Irq/IrqDescriptor.cs", Source);
        _repository.Write("Kernel/obj/Generated.cs", Source);
        _repository.Write("tests/Kernel.Suites/IrqSuite.cs", "// \"TST-04\"u8");
        _repository.Write("tests/Hosted/IrqTests.cs", "// void TST_02_stub()");

        Assert.Equal(ExitCodes.Failure, await _repository.RunAsync("docs", "--check"));
        Assert.Equal("csos: docs/map.md is out of date: run ./csos docs\n", _repository.Error.ToString());
        Assert.Equal(ExitCodes.Success, await _repository.RunAsync("docs"));
        Assert.Equal(ExitCodes.Success, await _repository.RunAsync("docs", "--check"));
        string page = await File.ReadAllTextAsync(_repository.PathOf("docs/map.md"));
        Assert.Contains(
            "| `request_irq` | `IrqDescriptor.RequestIrq` | [IrqDescriptor.cs](../Kernel/Irq/IrqDescriptor.cs) | TST-04, TST-02 | "
            + "[IrqTests.cs](../tests/Hosted/IrqTests.cs), [IrqSuite.cs](../tests/Kernel.Suites/IrqSuite.cs) |\n",
            page);
        Assert.DoesNotContain("Generated.cs", page);

        _repository.Write("Drivers/Rtc/Rtc.cs", "/// <linux>rtc_interrupt</linux>\npublic class Rtc;");
        Assert.Equal(ExitCodes.Failure, await _repository.RunAsync("docs", "--check"));
    }

    [Fact]
    public void The_projects_map_is_up_to_date()
    {
        Assert.True(
            File.ReadAllText(MapPage.PathIn(Repository.Root)) == MapPage.Of(Repository.Root, Repository.Rows),
            "docs/map.md is out of date: run ./csos docs");
    }
}
