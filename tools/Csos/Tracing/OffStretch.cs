// The longest stretches with interrupts off and with preemption off, as the kernel has measured them: comment lines at the head of a trace.
//
//     # irqsoff latency: 120 us, CPU#0, task: init-1, ended: 0.368762
//     #  => started at: Timers.ModTimer+0x12/0x80 at Kernel/Time/Timers.cs:101
//     #  => ended at:   Timers.ModTimer+0x60/0x80 at Kernel/Time/Timers.cs:120
//
// Kernel/Trace/OffText.cs writes them. What is cut off, or is not of this form, is passed over.

using System.Globalization;
using System.Text.RegularExpressions;

namespace CSharpOS.Tool.Tracing;

/// <summary>One CPU's longest stretch of one kind.</summary>
/// <param name="Kind"><c>irqsoff</c> or <c>preemptoff</c>.</param>
/// <param name="Cpu">The CPU.</param>
/// <param name="Microseconds">Its length.</param>
/// <param name="Task">The task that ran at its end, as <c>init-1</c>.</param>
/// <param name="From">Where it began: function, offset, file and line.</param>
/// <param name="To">Where it ended.</param>
public sealed partial record OffStretch(string Kind, int Cpu, long Microseconds, string Task, string From, string To)
{
    /// <summary>What a build that does not measure says instead.</summary>
    public const string NotMeasured = "# irqsoff, preemptoff: not measured in this build";

    /// <summary>The stretches that a trace tells of, in its order.</summary>
    public static IReadOnlyList<OffStretch> Parse(string text) => [.. Pattern().Matches(text.ReplaceLineEndings("\n")).Select(Make)];

    private static OffStretch Make(Match match) => new(
        match.Groups["kind"].Value,
        int.Parse(match.Groups["cpu"].Value, CultureInfo.InvariantCulture),
        long.Parse(match.Groups["length"].Value, CultureInfo.InvariantCulture),
        match.Groups["task"].Value,
        match.Groups["from"].Value,
        match.Groups["to"].Value);

    [GeneratedRegex(
        @"^\# (?<kind>irqsoff|preemptoff) latency: (?<length>\d{1,18}) us, CPU\#(?<cpu>\d{1,3}), task: (?<task>\S.*-\d+), ended: \d+\.\d{6}\n"
        + @"\#  => started at: (?<from>\S.*)\n\#  => ended at:   (?<to>\S.*)$",
        RegexOptions.Multiline)]
    private static partial Regex Pattern();
}
