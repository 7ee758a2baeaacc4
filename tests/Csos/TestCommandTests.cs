// ./csos test as a whole, with an emulator that is a script: its closing line and its exit status.

namespace CSharpOS.Tool.Tests;

public sealed class TestCommandTests : IDisposable
{
    private const string Passing = """
        echo "KTAP version 1"; echo "1..1"; echo "  KTAP version 1"; echo "  # Subtest: irq"; echo "  1..2"
        echo "  ok 1 gates # TST-01"; echo "  ok 2 storm"; echo "ok 1 irq"; exit 33
        """;

    private readonly FakeRepository _repository = new();

    public TestCommandTests() => _repository.AddImages("checked-up");

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task Passing_tests_are_counted_per_boot_and_the_last_line_says_so()
    {
        _repository.SetQemu(Passing);

        int status = await RunAsync();

        Assert.Equal("2 passed, 0 failed", LastLine());
        Assert.Equal(0, status);
    }

    [Fact]
    public async Task A_filter_counts_only_what_matches()
    {
        _repository.SetQemu(Passing);

        Assert.Equal(0, await RunAsync("storm"));
        Assert.Equal("1 passed, 0 failed", LastLine());
    }

    [Fact]
    public async Task A_row_can_be_the_filter()
    {
        _repository.SetQemu(Passing);

        Assert.Equal(0, await RunAsync("tst-01"));
        Assert.Equal("1 passed, 0 failed", LastLine());
    }

    [Fact]
    public async Task A_filter_that_matches_nothing_fails()
    {
        _repository.SetQemu(Passing);

        Assert.Equal(1, await RunAsync("no such test"));
        Assert.Equal("0 passed, 0 failed", LastLine());
        Assert.Contains("nothing was run", _repository.Output.ToString());
    }

    [Fact]
    public async Task A_scenario_that_cannot_be_played_is_skipped_and_says_why()
    {
        _repository.AddImages("checked");
        _repository.SetQemu("exit 1");
        _repository.SetVariable("PATH", _repository.Root);
        _repository.Write("docs/specification.md", "| id | state | what |\n|---|---|---|\n| SYS-12 | planned | programs |\n");

        Assert.Equal(0, await _repository.RunAsync("test", "--no-build", "scenario/busybox"));
        Assert.Equal("0 passed, 0 failed", LastLine());
        Assert.Contains("skipped 1: no apt-get here to fetch busybox-static:i386; CSOS_BUSYBOX=FILE names", _repository.Output.ToString());
    }

    [Fact]
    public async Task A_failed_test_fails_the_run()
    {
        _repository.SetQemu(Passing.Replace("ok 2", "not ok 2").Replace("\"ok 1 irq", "\"not ok 1 irq").Replace("exit 33", "exit 35"));

        Assert.Equal(1, await RunAsync());
        Assert.Equal("1 passed, 1 failed", LastLine());
        Assert.Contains("FAILED checked-up.kernel.pc.Nehalem.16M/irq/storm", _repository.Output.ToString());
    }

    [Fact]
    public async Task A_crash_fails_the_run_beside_the_tests_that_passed()
    {
        _repository.SetQemu(Passing.Replace("echo \"  ok 2", "exit 0; echo \"  ok 2"));

        Assert.Equal(1, await RunAsync());
        Assert.Equal("1 passed, 1 failed", LastLine());
        Assert.Contains("FAILED checked-up.kernel.pc.Nehalem.16M: the machine was switched off", _repository.Output.ToString());
    }

    [Fact]
    public async Task A_row_that_no_one_specified_is_refused()
    {
        _repository.SetQemu(Passing.Replace("TST-01", "TST-77"));

        Assert.Equal(1, await RunAsync());
        Assert.Contains("row TST-77 is named by a test and is not in docs/specification.md", _repository.Output.ToString());
    }

    [Fact]
    public async Task An_image_that_is_missing_is_a_failure()
    {
        File.Delete(_repository.PathOf("artifacts/image/checked-up/csharpos-test.elf"));
        _repository.SetQemu(Passing);

        Assert.Equal(1, await RunAsync());
        Assert.Equal("0 passed, 1 failed", LastLine());
        Assert.Contains("not built yet: artifacts/image/checked-up/csharpos-test.elf; 1 boots did not run", _repository.Output.ToString());
    }

    [Fact]
    public async Task A_broken_specification_is_an_error()
    {
        _repository.Write("docs/specification.md", "| TST-01 | perhaps | gates |\n");
        _repository.SetQemu(Passing);

        Assert.Equal(1, await RunAsync());
        Assert.Contains("a row is not of the form", _repository.Error.ToString());
    }

    [Fact]
    public async Task The_same_failure_in_two_boots_is_one_line_and_counts_twice()
    {
        _repository.SetQemu("echo 'KTAP version 1'; echo 1..1; echo '# why'; echo 'not ok 1 storm'; exit 35");

        _repository.AddImages("checked");
        Assert.Equal(1, await _repository.RunAsync("test", "--no-build", "--boot", "checked.kernel.q35.qemu64.16M", "--jobs", "1"));
        string[] lines = [.. _repository.Output.ToString().Split('\n').Where(line => line.Contains("storm", StringComparison.Ordinal))];
        Assert.Equal(
            "FAILED checked.kernel.q35.qemu64.16M.4cpus/storm: why (and in 1 more boots: checked.kernel.q35.qemu64.16M.2cpus)",
            Assert.Single(lines));
        Assert.Equal("0 passed, 2 failed", LastLine());
    }

    private Task<int> RunAsync(params string[] filters) =>
        _repository.RunAsync(["test", "--no-build", "--boot", "checked-up.kernel.pc.Nehalem", "--jobs", "1", .. filters]);

    private string LastLine() => _repository.Output.ToString().TrimEnd('\n').Split('\n')[^1];
}
