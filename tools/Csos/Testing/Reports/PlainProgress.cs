// Progress for a log: one line when a step has ended, nothing that moves.

namespace CSharpOS.Tool.Testing.Reports;

/// <summary>Progress as plain lines.</summary>
public sealed class PlainProgress(TextWriter output) : ITestProgress
{
    private readonly Lock _lock = new();

    /// <inheritdoc/>
    public void Begin(string step)
    {
    }

    /// <inheritdoc/>
    public void Update(string step, string state)
    {
    }

    /// <inheritdoc/>
    public void End(string step, bool passed, string summary)
    {
        lock (_lock)
        {
            output.WriteLine($"{(passed ? "ok    " : "FAILED")} {step}: {summary}");
            output.Flush();
        }
    }
}
