// The rows of the specification: read, counted, and held against the results.

using CSharpOS.Tool.Testing;
using CSharpOS.Tool.Testing.Reports;

namespace CSharpOS.Tool.Tests;

public sealed class SpecificationTests
{
    private const string Page = """
        # Specification

        | id | state | what |
        |---|---|---|
        | TST-01 | done | gates | and a bar |
        | TST-02 | planned | stubs |
        """;

    [Fact]
    public void Rows_are_read_with_their_state()
    {
        IReadOnlyList<SpecificationRow> rows = Specification.Parse(Page.Split('\n'));

        Assert.Equal([("TST-01", true), ("TST-02", false)], rows.Select(row => (row.Id, row.IsDone)));
    }

    [Theory]
    [InlineData("| TST-03 | maybe | text |")]
    [InlineData("| TST-03 | text |")]
    [InlineData("| TST-01 | done | again |")]
    public void A_wrong_row_is_refused(string line) =>
        Assert.Throws<CsosException>(() => Specification.Parse([.. Page.Split('\n'), line]));

    [Theory]
    [InlineData("done", 1, 0, null)]
    [InlineData("done", 0, 0, "no test that names it passed")]
    [InlineData("done", 2, 1, "1 of its tests failed")]
    [InlineData("planned", 0, 0, null)]
    [InlineData("planned", 0, 1, null)]
    public void A_row_that_is_done_needs_passing_tests(string state, int passed, int failed, string? fault)
    {
        SpecificationRow row = new("TST-01", state == "done", "gates");
        TestResult[] results =
        [
            .. Enumerable.Range(0, passed).Select(number => Result($"good {number}", Outcome.Passed)),
            .. Enumerable.Range(0, failed).Select(number => Result($"bad {number}", Outcome.Failed)),
            Result("skipped", Outcome.Skipped),
            new TestResult(TestKind.Host, "other", Outcome.Passed, ["TST-02"]),
        ];

        RowStanding standing = Assert.Single(RowReport.Make([row], results));

        Assert.Equal(passed, standing.Passed);
        Assert.Equal(failed, standing.Failed);
        if (fault == null)
        {
            Assert.Null(standing.Fault);
        }
        else
        {
            Assert.Contains(fault, standing.Fault);
        }
    }

    [Fact]
    public void Kinds_are_counted_apart()
    {
        TestResult[] results =
        [
            new(TestKind.Host, "a", Outcome.Passed, ["TST-01"]),
            new(TestKind.Suite, "b", Outcome.Passed, ["TST-01", "TST-02"]),
            new(TestKind.Suite, "c", Outcome.Passed, ["TST-01"]),
            new(TestKind.Scenario, "d", Outcome.Passed, ["TST-01"]),
        ];

        RowStanding standing = RowReport.Make(Specification.Parse(Page.Split('\n')), results)[0];

        Assert.Equal((1, 2, 1), (standing.Host, standing.Suite, standing.Scenario));
    }

    [Fact]
    public void A_missing_row_fails_only_a_whole_run()
    {
        using FakeRepository repository = new();
        TestResult[] results = [new(TestKind.Host, "a", Outcome.Passed, ["TST-02"])];
        IReadOnlyList<SpecificationRow> rows = Specification.Parse(Page.Split('\n'));

        Assert.Equal(ExitCodes.Success, Summary.Write(repository.Context, rows, results, isWhole: false));
        Assert.EndsWith("1 passed, 0 failed\n", repository.Output.ToString());
        Assert.Equal(ExitCodes.Failure, Summary.Write(repository.Context, rows, results, isWhole: true));
        Assert.Contains("FAILED row TST-01 is marked done and no test that names it passed", repository.Output.ToString());
        Assert.EndsWith("1 passed, 1 failed\n", repository.Output.ToString());
    }

    [Fact]
    public void The_projects_own_specification_is_well_formed() => Assert.Equal(91, Repository.Rows.Count);

    private static TestResult Result(string name, Outcome outcome) => new(TestKind.Suite, name, outcome, ["TST-01"]);
}
