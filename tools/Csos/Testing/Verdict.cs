// What became of a boot. The exit status, the reason QEMU gave, and the KTAP stream must agree: a boot passes only if the guest said
// so, every planned result came, and none failed.

using System.Globalization;
using CSharpOS.Tool.Testing.Ktap;

namespace CSharpOS.Tool.Testing;

/// <summary>Kinds of endings.</summary>
public enum Ending
{
    /// <summary>Every planned test ran and none failed.</summary>
    Passed,

    /// <summary>Every planned test ran, some failed.</summary>
    TestsFailed,

    /// <summary>The kernel panicked and said so.</summary>
    Panicked,

    /// <summary>The machine ended in the middle: a triple fault, a power-off, an emulator that died.</summary>
    Crashed,

    /// <summary>Nothing was heard for too long.</summary>
    Hung,

    /// <summary>It was alive, and did not come to an end.</summary>
    TookTooLong,

    /// <summary>Results are missing, or contradict each other.</summary>
    WrongPlan,

    /// <summary>The emulator did not start.</summary>
    NotStarted,

    /// <summary>Its emulator is not installed.</summary>
    Skipped,
}

/// <summary>Why the host ended an emulator.</summary>
public enum EndedBy
{
    /// <summary>It ended by itself.</summary>
    Itself,

    /// <summary>No sign of life.</summary>
    Silence,

    /// <summary>Its time was over.</summary>
    TimeLimit,

    /// <summary>It had said all it had to say (Bochs only).</summary>
    Completion,
}

/// <summary>An ending and its explanation.</summary>
/// <param name="Ending">The kind.</param>
/// <param name="Detail">One line for a person.</param>
public sealed record Verdict(Ending Ending, string Detail)
{
    /// <summary>Is the boot itself in order (its tests may still have failed)?</summary>
    public bool IsOrderly => Ending is Ending.Passed or Ending.TestsFailed or Ending.Skipped;

    /// <summary>Judges a boot in QEMU.</summary>
    /// <param name="status">QEMU's exit status.</param>
    /// <param name="endedBy">Who ended it.</param>
    /// <param name="shutdownReason">The reason QEMU gave over QMP, or null.</param>
    /// <param name="report">The KTAP stream.</param>
    /// <param name="errorText">What QEMU printed on standard error.</param>
    public static Verdict OfQemu(int status, EndedBy endedBy, string? shutdownReason, KtapReport report, string errorText)
    {
        if (OfHost(endedBy, report) is { } ended)
        {
            return ended;
        }

        switch (status)
        {
            case ExitCodes.DebugExitPanic:
                return new Verdict(Ending.Panicked, $"the kernel panicked {report.Position}");
            case ExitCodes.DebugExitPassed:
            case ExitCodes.DebugExitFailed:
                return OfReport(report, status == ExitCodes.DebugExitPassed);
        }

        if (shutdownReason == "guest-reset")
        {
            return new Verdict(Ending.Crashed, $"the machine was reset (a triple fault, most likely) {report.Position}");
        }

        if (status == 0)
        {
            return new Verdict(Ending.Crashed, $"the machine was switched off before the end {report.Position}");
        }

        string said = errorText.Split('\n').Select(line => line.Trim()).LastOrDefault(line => line.Length > 0) ?? "";
        if (status == 1 && report.Tests.Count == 0 && said.Length > 0)
        {
            return new Verdict(Ending.NotStarted, $"QEMU did not start: {said}");
        }

        string how = status > 128
            ? string.Create(CultureInfo.InvariantCulture, $"QEMU was killed by signal {status - 128}")
            : string.Create(CultureInfo.InvariantCulture, $"QEMU ended with status {status}");
        return new Verdict(Ending.Crashed, $"{how} {report.Position}{(said.Length > 0 ? $" ({said})" : "")}");
    }

    /// <summary>Judges a boot in an emulator whose exit status says nothing.</summary>
    public static Verdict OfStream(EndedBy endedBy, KtapReport report) =>
        OfHost(endedBy, report)
        ?? (report.IsComplete
            ? OfReport(report, !report.HasFailures)
            : new Verdict(Ending.Crashed, $"the emulator ended {report.Position}"));

    private static Verdict? OfHost(EndedBy endedBy, KtapReport report) => endedBy switch
    {
        EndedBy.Silence => new Verdict(Ending.Hung, $"hung {report.Position}"),
        EndedBy.TimeLimit => new Verdict(Ending.TookTooLong, $"took too long, was {report.Position}"),
        _ => null,
    };

    private static Verdict OfReport(KtapReport report, bool guestSaysPassed)
    {
        if (report.Errors.Count > 0 || !report.IsComplete)
        {
            string errors = report.Errors.Count > 0 ? string.Join("; ", report.Errors) : "the plan was not kept";
            return new Verdict(Ending.WrongPlan, errors);
        }

        if (report.Tests.Count == 0)
        {
            return new Verdict(Ending.WrongPlan, "not one test ran");
        }

        if (guestSaysPassed == report.HasFailures)
        {
            string said = guestSaysPassed ? "all passed" : "some failed";
            return new Verdict(Ending.WrongPlan, $"the guest says {said}, its results say otherwise");
        }

        return report.HasFailures
            ? new Verdict(Ending.TestsFailed, "some tests failed")
            : new Verdict(Ending.Passed, "");
    }
}
