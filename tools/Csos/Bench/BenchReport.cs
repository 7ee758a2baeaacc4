// Measurements beside the bars: as a table on the terminal, as JSON, and as the table of docs/performance.md.

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace CSharpOS.Tool.Bench;

/// <summary>A measurement and its bar; at least one of them is there.</summary>
/// <param name="Line">What was measured, or null where there is no measurement yet.</param>
/// <param name="Bar">What it may cost, or null where no bar is set.</param>
public sealed record BenchStanding(BenchLine? Line, Bar? Bar)
{
    /// <summary>What is shown.</summary>
    public string Name => Bar?.Name ?? Line!.Key;

    /// <summary>How far the median is on the wrong side of the bar; 0 if it keeps the bar, or if one of them is not there.</summary>
    public double Miss => Line == null || Bar == null ? 0 : Math.Max(0, Bar.AtLeast ? Bar.Limit - Line.Median : Line.Median - Bar.Limit);

    /// <summary>The bar is missed.</summary>
    public bool IsMissed => Miss > 0;

    /// <summary>In a word or two.</summary>
    public string Verdict => (Line, Bar) switch
    {
        (null, _) => "not yet",
        (_, null) => "",
        _ => IsMissed ? $"missed by {BenchReport.Number(Miss)}" : "kept",
    };
}

/// <summary>The table of <c>./csos bench</c>.</summary>
public static class BenchReport
{
    private static readonly string[] s_columns = ["median", "minimum", "unit", "bar", "Linux 6.1", "xv6"];
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    /// <summary>Puts measurements and bars together: every bar in the bars' order, then what has none.</summary>
    public static IReadOnlyList<BenchStanding> Make(IReadOnlyList<BenchLine> lines)
    {
        IEnumerable<BenchStanding> barred = Bars.All.Select(bar => new BenchStanding(lines.LastOrDefault(line => line.Key == bar.Key), bar));
        IEnumerable<BenchStanding> others = lines.Where(line => Bars.Of(line.Key) == null).Select(line => new BenchStanding(line, null));
        return [.. barred, .. others];
    }

    /// <summary>The last line: how many bars are kept, missed, and not measured yet.</summary>
    public static string Summary(IReadOnlyList<BenchStanding> standings)
    {
        int measured = standings.Count(standing => standing is { Line: not null, Bar: not null });
        int missed = standings.Count(standing => standing.IsMissed);
        int wanting = standings.Count(standing => standing.Line == null);
        return $"{measured - missed} bars kept, {missed} missed, {wanting} not measured yet";
    }

    /// <summary>Writes the table.</summary>
    public static void Write(IAnsiConsole console, IReadOnlyList<BenchStanding> standings)
    {
        Table table = new() { Border = TableBorder.Simple };
        table.AddColumn("operation");
        foreach (string column in s_columns)
        {
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        }

        table.AddColumn(new TableColumn("verdict").NoWrap());
        foreach (BenchStanding standing in standings)
        {
            string color = standing.IsMissed ? "red" : standing.Line == null ? "yellow" : "green";
            string verdict = standing.Verdict;
            table.AddRow(
            [
                Markup.Escape(standing.Name), .. Cells(standing).Select(Markup.Escape),
                verdict.Length == 0 ? "" : $"[{color}]{verdict}[/]",
            ]);
        }

        console.Write(table);
    }

    /// <summary>The standings as a JSON array, one object each.</summary>
    public static string Json(IReadOnlyList<BenchStanding> standings)
    {
        JsonArray array = [];
        foreach (BenchStanding standing in standings)
        {
            array.Add(new JsonObject
            {
                ["key"] = standing.Bar?.Key ?? standing.Line!.Key,
                ["name"] = standing.Name,
                ["median"] = standing.Line?.Median,
                ["minimum"] = standing.Line?.Minimum,
                ["unit"] = standing.Line?.Unit,
                ["bar"] = standing.Bar?.Limit,
                ["linux"] = standing.Bar?.Linux,
                ["xv6"] = standing.Bar?.Xv6,
                ["verdict"] = standing.Verdict,
            });
        }

        return array.ToJsonString(s_json);
    }

    /// <summary>The table of docs/performance.md.</summary>
    public static string Markdown(IReadOnlyList<BenchStanding> standings)
    {
        IEnumerable<string> rows = standings.Select(standing => Row([standing.Name, .. Cells(standing), standing.Verdict]));
        return string.Join('\n', [Row(["operation", .. s_columns, "verdict"]), Row(Enumerable.Repeat("---", s_columns.Length + 2)), .. rows]) + "\n";

        static string Row(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";
    }

    /// <summary>A number for people.</summary>
    public static string Number(double? value) => value switch
    {
        null => "",
        >= 1000 => value.Value.ToString("#,##0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0.##", CultureInfo.InvariantCulture),
    };

    private static string[] Cells(BenchStanding standing) =>
    [
        Number(standing.Line?.Median), Number(standing.Line?.Minimum), standing.Line?.Unit ?? "",
        Number(standing.Bar?.Limit), Number(standing.Bar?.Linux), Number(standing.Bar?.Xv6),
    ];
}
