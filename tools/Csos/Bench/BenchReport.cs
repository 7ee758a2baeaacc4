// Measurements beside the bars.

using System.Globalization;
using Spectre.Console;

namespace CSharpOS.Tool.Bench;

/// <summary>A measurement and its bar.</summary>
/// <param name="Line">What was measured.</param>
/// <param name="Bar">What it may cost, or null where no bar is set.</param>
public sealed record BenchStanding(BenchLine Line, Bar? Bar)
{
    /// <summary>Does the median keep the bar?</summary>
    public bool IsKept => Bar == null || Line.Median <= Bar.Limit;
}

/// <summary>The table of <c>./csos bench</c>.</summary>
public static class BenchReport
{
    /// <summary>Puts measurements and bars together: first those with a bar, in the bars' order.</summary>
    public static IReadOnlyList<BenchStanding> Make(IReadOnlyList<BenchLine> lines)
    {
        IEnumerable<BenchStanding> barred =
            from bar in Bars.All
            from line in lines
            where line.Name == bar.Name
            select new BenchStanding(line, bar);
        IEnumerable<BenchStanding> others =
            from line in lines
            where Bars.All.All(bar => bar.Name != line.Name)
            select new BenchStanding(line, null);
        return [.. barred, .. others];
    }

    /// <summary>Writes the table.</summary>
    public static void Write(IAnsiConsole console, IReadOnlyList<BenchStanding> standings)
    {
        Table table = new() { Border = TableBorder.Simple };
        table.AddColumn("operation");
        foreach (string column in (string[])["minimum", "median", "unit", "bar", "Linux", "xv6"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        table.AddColumn("");
        foreach (BenchStanding standing in standings)
        {
            Bar? bar = standing.Bar;
            table.AddRow(
                Markup.Escape(standing.Line.Name), Number(standing.Line.Minimum), Number(standing.Line.Median),
                Markup.Escape(standing.Line.Unit), Number(bar?.Limit), Number(bar?.Linux), Number(bar?.Xv6),
                bar == null ? "" : standing.IsKept ? "[green]kept[/]" : $"[red]missed by {Number(standing.Line.Median - bar.Limit)}[/]");
        }

        console.Write(table);
    }

    private static string Number(double? value) => value switch
    {
        null => "",
        >= 1000 => value.Value.ToString("#,##0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0.##", CultureInfo.InvariantCulture),
    };
}
