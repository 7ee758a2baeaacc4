// A line of the guest's benchmark: `bench: KEY MIN MEDIAN UNIT`.

using System.Globalization;
using System.Text.RegularExpressions;

namespace CSharpOS.Tool.Bench;

/// <summary>One measurement.</summary>
/// <param name="Key">The row: see <see cref="Bars"/>.</param>
/// <param name="Minimum">The lowest of the samples.</param>
/// <param name="Median">Their median.</param>
/// <param name="Unit">The unit of both.</param>
public sealed partial record BenchLine(string Key, double Minimum, double Median, string Unit)
{
    /// <summary>Reads a line; null if it is no measurement.</summary>
    public static BenchLine? Parse(string line)
    {
        Match match = Form().Match(line.Trim());
        return match.Success
            ? new BenchLine(match.Groups["key"].Value, Number(match, "minimum"), Number(match, "median"), match.Groups["unit"].Value)
            : null;
    }

    private static double Number(Match match, string group) => double.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^bench: (?<key>\S+) (?<minimum>\d+(\.\d+)?) (?<median>\d+(\.\d+)?) (?<unit>[A-Za-z%]\S*)$")]
    private static partial Regex Form();
}
