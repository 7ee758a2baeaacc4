// One result of one test, wherever it ran.

namespace CSharpOS.Tool.Testing;

/// <summary>How a test ended.</summary>
public enum Outcome
{
    /// <summary>It passed.</summary>
    Passed,

    /// <summary>It failed.</summary>
    Failed,

    /// <summary>It did not run, and said why.</summary>
    Skipped,
}

/// <summary>Where a test ran.</summary>
public enum TestKind
{
    /// <summary>An xunit test on the host.</summary>
    Host,

    /// <summary>A test of a suite in the booted kernel; it counts once per boot.</summary>
    Suite,

    /// <summary>A scenario: the host types and looks.</summary>
    Scenario,

    /// <summary>A boot as a whole: it crashed, hung, or its plan does not fit.</summary>
    Boot,
}

/// <summary>One result of one test.</summary>
/// <param name="Kind">Where it ran.</param>
/// <param name="Name">Its full name, parts separated by a slash.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Rows">The rows of the specification that it proves.</param>
/// <param name="Message">Why it failed or was skipped.</param>
public sealed record TestResult(TestKind Kind, string Name, Outcome Outcome, IReadOnlyList<string> Rows, string Message = "")
{
    /// <summary>The guest's serial log, where there is one to look at.</summary>
    public string? Log { get; init; }

    /// <summary>The boot in which a suite's test ran.</summary>
    public string? Boot { get; init; }

    /// <summary>Does the name, or a row, contain one of the words (or are there none)?</summary>
    public bool Matches(IReadOnlyCollection<string> filters) => Matches(Name, Rows, filters);

    /// <summary>Does the name, or a row, contain one of the words (or are there none)?</summary>
    public static bool Matches(string name, IEnumerable<string> rows, IReadOnlyCollection<string> filters) =>
        filters.Count == 0
        || filters.Any(filter => name.Contains(filter, StringComparison.OrdinalIgnoreCase)
            || rows.Contains(filter, StringComparer.OrdinalIgnoreCase));
}
