// docs/map.md and docs/system-call-table.md: made from sources, and up to date.

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

    public DocsTests()
    {
        _repository.Write("docs/specification.md", "| TST-02 | planned | a |\n| TST-04 | planned | b |\n");
        _repository.Write("Kernel/Syscalls/syscalls.tbl", "3 0 read sys_read compat_sys_read\n17 - break -\n");
        _repository.Write(
            "Kernel/Syscalls/Calls.cs",
            """
            static class Calls
            {
                [RuntimeExport("sys_read")]
                private static long SysRead(uint fd, byte* buffer) => 0;

                [RuntimeExport("compat_sys_read")]
                private static long CompatSysRead() => 0;
            }
            """);
    }

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

    [Fact]
    public async Task A_call_stands_with_its_numbers_arguments_and_methods()
    {
        Assert.Equal(ExitCodes.Success, await _repository.RunAsync("docs"));
        string page = await File.ReadAllTextAsync(_repository.PathOf("docs/system-call-table.md"));
        Assert.Contains(
            "| `read` | 3 | 0 | `uint fd, byte* buffer` | [Calls.SysRead](../Kernel/Syscalls/Calls.cs) | [Calls.CompatSysRead](../Kernel/Syscalls/Calls.cs) |\n",
            page);
        Assert.Contains("| `break` | 17 |  |  |  |  |\n", page);
    }

    [Theory]
    [InlineData("3 0 read sys_raed\n", "Kernel/Syscalls/syscalls.tbl:1: no source exports sys_raed")]
    [InlineData("\n3 0 read\n", "Kernel/Syscalls/syscalls.tbl:2: a line is:")]
    public async Task A_mistake_in_the_list_is_named_with_its_line(string list, string message)
    {
        _repository.Write("Kernel/Syscalls/syscalls.tbl", list);

        Assert.Equal(ExitCodes.Failure, await _repository.RunAsync("docs"));
        Assert.Contains(message, _repository.Error.ToString());
    }

    [Fact]
    public void The_projects_table_of_system_calls_is_up_to_date()
    {
        Assert.True(
            File.ReadAllText(SyscallPage.PathIn(Repository.Root)) == SyscallPage.Of(Repository.Root),
            "docs/system-call-table.md is out of date: run ./csos docs");
    }
}
