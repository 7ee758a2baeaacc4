// The end of `./csos test`: what failed, the rows of the specification, and the closing line.

using Spectre.Console;

namespace CSharpOS.Tool.Testing.Reports;

/// <summary>The summary of a run.</summary>
public static class Summary
{
    private const int LogTail = 25;

    /// <summary>Writes it.</summary>
    /// <param name="context">The tool's surroundings.</param>
    /// <param name="rows">The specification.</param>
    /// <param name="results">All results.</param>
    /// <param name="isWhole">Was everything run? Only then can a row lack its test.</param>
    /// <returns>The exit status.</returns>
    public static int Write(ToolContext context, IReadOnlyList<SpecificationRow> rows, IReadOnlyList<TestResult> results, bool isWhole)
    {
        IReadOnlyList<RowStanding> standings = RowReport.Make(rows, results);
        WriteTable(context, isWhole ? standings : [.. standings.Where(standing => standing.Passed + standing.Failed > 0)]);

        List<string> faults = [];
        if (isWhole)
        {
            faults.AddRange(
                from standing in standings
                where standing.Fault != null
                select $"row {standing.Row.Id} {standing.Fault}");
        }

        faults.AddRange(
            from row in RowReport.Unknown(rows, results)
            select $"row {row} is named by a test and is not in docs/specification.md");
        int passed = results.Count(result => result.Outcome == Outcome.Passed);
        TestResult[] failed = [.. results.Where(result => result.Outcome == Outcome.Failed)];
        int skipped = results.Count(result => result.Outcome == Outcome.Skipped);
        WriteFailures(context, failed);

        foreach (string fault in faults)
        {
            context.Output.WriteLine($"FAILED {fault}");
        }

        foreach (var group in results.Where(result => result.Outcome == Outcome.Skipped).GroupBy(result => result.Message))
        {
            context.Output.WriteLine($"skipped {group.Count()}: {group.Key} ({group.First().Name}{(group.Count() > 1 ? ", ..." : "")})");
        }

        KeepDetails(context, standings, results);
        int wrong = failed.Length + faults.Count;
        if (results.Count == 0)
        {
            context.Output.WriteLine("nothing was run: no test, boot or scenario has such a name");
        }

        context.Output.WriteLine($"{passed} passed, {wrong} failed");
        return wrong == 0 && passed + skipped > 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static void WriteTable(ToolContext context, IReadOnlyList<RowStanding> standings)
    {
        if (standings.Count == 0)
        {
            return;
        }

        Table table = new() { Border = TableBorder.Simple };
        table.AddColumns("row", "state", "host", "suites x boots", "scenarios", "failed", "");
        foreach (RowStanding standing in standings.Where(IsWorthALine))
        {
            string verdict = standing.Fault != null ? "[red]FAILED[/]" : standing.Failed > 0 ? "failed" : "[green]passed[/]";
            table.AddRow(standing.Row.Id, standing.Row.IsDone ? "done" : "[dim]planned[/]", Count(standing.Host), Count(standing.Suite),
                Count(standing.Scenario), Count(standing.Failed), verdict);
        }

        if (table.Rows.Count > 0)
        {
            context.Console.Write(table);
        }

        string[] open = [.. standings.Where(standing => !IsWorthALine(standing)).Select(standing => standing.Row.Id)];
        foreach (string[] line in open.Chunk(16))
        {
            context.Output.WriteLine($"planned, without a test: {string.Join(' ', line)}");
        }

        int done = standings.Count(standing => standing.Row.IsDone);
        int proved = standings.Count(standing => standing.Passed > 0);
        context.Output.WriteLine($"rows: {standings.Count}, marked done: {done}, with a passing test: {proved}");
    }

    // A test that fails in many boots in the same way is one line, not twenty.
    private static void WriteFailures(ToolContext context, IReadOnlyList<TestResult> failed)
    {
        foreach (var group in failed.GroupBy(result => (Name: NameWithoutBoot(result), Message: FirstLines(result.Message))))
        {
            TestResult first = group.First();
            string[] others = [.. group.Skip(1).Select(result => result.Boot ?? result.Name)];
            string more = others.Length > 0 ? $" (and in {others.Length} more boots: {string.Join(' ', others)})" : "";
            context.Output.WriteLine($"FAILED {first.Name}: {group.Key.Message}{more}");
            WriteTail(context, first.Log);
        }
    }

    private static string NameWithoutBoot(TestResult result) => result.Boot == null ? result.Name : result.Name[result.Boot.Length..];

    // Where nobody can look into the log folder later, the guest's last words are what there is to go by.
    private static void WriteTail(ToolContext context, string? log)
    {
        if (log != null && File.Exists(log))
        {
            foreach (string line in File.ReadAllLines(log).TakeLast(LogTail))
            {
                context.Output.WriteLine($"    | {string.Concat(line.Where(letter => !char.IsControl(letter)))}");
            }
        }
    }

    private static bool IsWorthALine(RowStanding standing) => standing.Row.IsDone || standing.Passed + standing.Failed > 0;

    private static string Count(int number) => number == 0 ? "" : number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string FirstLines(string message) =>
        string.Join(" | ", message.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).Take(6));

    // Which tests prove which row: too long for the terminal, wanted by whoever doubts a number.
    private static void KeepDetails(ToolContext context, IReadOnlyList<RowStanding> standings, IReadOnlyList<TestResult> results)
    {
        string folder = Path.Combine(context.Artifacts, "test-logs");
        Directory.CreateDirectory(folder);
        using (StreamWriter rows = new(Path.Combine(folder, "rows.txt")))
        {
            foreach (RowStanding standing in standings)
            {
                rows.WriteLine($"{standing.Row.Id} ({(standing.Row.IsDone ? "done" : "planned")})");
                foreach (TestResult result in results.Where(result => result.Rows.Contains(standing.Row.Id)))
                {
                    rows.WriteLine($"    {result.Outcome} {result.Name}");
                }
            }
        }

        File.WriteAllLines(Path.Combine(folder, "results.txt"),
            results.Select(result => $"{result.Outcome} {result.Name} {string.Join(' ', result.Rows)}".TrimEnd()));
    }
}
