// A line of a trace, in the format of Linux's ftrace: who, on which CPU, when, what.

using System.Globalization;
using System.Text.RegularExpressions;

namespace CSharpOS.Tool.Tracing;

/// <summary>One event.</summary>
/// <param name="Task">Name and pid of the running task, as <c>init-1</c>.</param>
/// <param name="Cpu">The CPU.</param>
/// <param name="Microseconds">Time since boot.</param>
/// <param name="Event">What happened: <c>softirq_raise</c>.</param>
/// <param name="Details">What the event says.</param>
public sealed partial record TraceLine(string Task, int Cpu, double Microseconds, string Event, string Details)
{
    /// <summary>The events of a text; other lines are passed over.</summary>
    public static IReadOnlyList<TraceLine> Parse(string text) =>
        [.. text.Split('\n').Select(line => Pattern().Match(line.TrimEnd('\r'))).Where(match => match.Success).Select(Make)];

    /// <summary>What stands behind <c>name=</c> in the details, up to the next blank; empty if it is not there.</summary>
    public string Field(string name)
    {
        Match match = Regex.Match(Details, $@"(?:^|\s){Regex.Escape(name)}=(\S+)");
        return match.Success ? match.Groups[1].Value : "";
    }

    private static TraceLine Make(Match match) => new(
        match.Groups["task"].Value,
        int.Parse(match.Groups["cpu"].Value, CultureInfo.InvariantCulture),
        double.Parse(match.Groups["time"].Value, CultureInfo.InvariantCulture) * 1e6,
        match.Groups["event"].Value,
        match.Groups["details"].Value);

    [GeneratedRegex(@"^\s*(?<task>\S.*-\d+)\s+\[(?<cpu>\d{3})\]\s+\S{4}\s+(?<time>\d+\.\d{6}): (?<event>\w+): ?(?<details>.*)$")]
    private static partial Regex Pattern();
}
