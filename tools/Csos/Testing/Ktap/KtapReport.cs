// What a KTAP stream said, as far as it came.

namespace CSharpOS.Tool.Testing.Ktap;

/// <summary>One test of a suite.</summary>
/// <param name="Suite">The suite's name; suites inside suites are joined by a slash. Empty at top level.</param>
/// <param name="Name">The test's name.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Rows">The rows of the specification it names.</param>
/// <param name="Message">Its diagnostic lines, or why it was skipped.</param>
public sealed record KtapTest(string Suite, string Name, Outcome Outcome, IReadOnlyList<string> Rows, string Message);

/// <summary>The whole stream.</summary>
/// <param name="Tests">The tests that reported a result, in order.</param>
/// <param name="Errors">What does not fit: a plan not kept, a number missing, a suite that contradicts its tests.</param>
/// <param name="IsComplete">The stream began, and the top-level plan was kept.</param>
/// <param name="Position">Where the stream stopped: the suite that runs and the last test that reported.</param>
public sealed record KtapReport(IReadOnlyList<KtapTest> Tests, IReadOnlyList<string> Errors, bool IsComplete, string Position)
{
    /// <summary>Did any test fail?</summary>
    public bool HasFailures => Tests.Any(test => test.Outcome == Outcome.Failed);
}
