// What a boot gave: its verdict, and its tests as results of the whole run.

using CSharpOS.Tool.Testing.Ktap;

namespace CSharpOS.Tool.Testing;

/// <summary>A boot that has ended.</summary>
/// <param name="Boot">The boot.</param>
/// <param name="Verdict">What became of it.</param>
/// <param name="Report">Its KTAP stream.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="LogFolder">Where its logs are, if they were kept.</param>
public sealed record BootResult(Boot Boot, Verdict Verdict, KtapReport Report, TimeSpan Duration, string? LogFolder)
{
    /// <summary>Its tests, and itself where it did not end in an orderly way.</summary>
    public IEnumerable<TestResult> Results()
    {
        foreach (KtapTest test in Report.Tests)
        {
            string name = string.Join('/', new[] { Boot.Name, test.Suite, test.Name }.Where(part => part.Length > 0));
            yield return new TestResult(TestKind.Suite, name, test.Outcome, test.Rows, test.Message) { Boot = Boot.Name };
        }

        if (!Verdict.IsOrderly)
        {
            string logs = LogFolder == null ? "" : $" (logs: {ToolContext.Shown(LogFolder)})";
            yield return new TestResult(TestKind.Boot, Boot.Name, Outcome.Failed, [], Verdict.Detail + logs)
            {
                Log = LogFolder == null ? null : Path.Combine(LogFolder, "serial.log"),
            };
        }
        else if (Verdict.Ending == Ending.Skipped)
        {
            yield return new TestResult(TestKind.Boot, Boot.Name, Outcome.Skipped, [], Verdict.Detail);
        }
    }
}
