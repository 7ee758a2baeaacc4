// The rows of the specification against the results of a run: what proves each, and whether what is said to be done is.

namespace CSharpOS.Tool.Testing.Reports;

/// <summary>The tests of one row.</summary>
/// <param name="Row">The row.</param>
/// <param name="Host">Passed host tests that name it.</param>
/// <param name="Suite">Passed suite tests, over all boots.</param>
/// <param name="Scenario">Passed scenarios.</param>
/// <param name="Failed">Failed tests of any kind.</param>
public sealed record RowStanding(SpecificationRow Row, int Host, int Suite, int Scenario, int Failed)
{
    /// <summary>How many tests passed.</summary>
    public int Passed => Host + Suite + Scenario;

    /// <summary>Why the row is a failure, or null.</summary>
    public string? Fault => !Row.IsDone ? null
        : Failed > 0 ? $"is marked done and {Failed} of its tests failed"
        : Passed == 0 ? "is marked done and no test that names it passed"
        : null;
}

/// <summary>All rows.</summary>
public static class RowReport
{
    /// <summary>Counts.</summary>
    public static IReadOnlyList<RowStanding> Make(IReadOnlyList<SpecificationRow> rows, IReadOnlyList<TestResult> results)
    {
        return
        [
            .. rows.Select(row =>
            {
                TestResult[] named = [.. results.Where(result => result.Rows.Contains(row.Id))];
                return new RowStanding(row, Passed(TestKind.Host), Passed(TestKind.Suite), Passed(TestKind.Scenario),
                    named.Count(result => result.Outcome == Outcome.Failed));

                int Passed(TestKind kind) => named.Count(result => result.Kind == kind && result.Outcome == Outcome.Passed);
            }),
        ];
    }

    /// <summary>Row identifiers that tests name and the specification does not know.</summary>
    public static IReadOnlyList<string> Unknown(IReadOnlyList<SpecificationRow> rows, IReadOnlyList<TestResult> results)
    {
        HashSet<string> known = [.. rows.Select(row => row.Id)];
        return [.. results.SelectMany(result => result.Rows).Where(row => !known.Contains(row)).Distinct().Order()];
    }
}
