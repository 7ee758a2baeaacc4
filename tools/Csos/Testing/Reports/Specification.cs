// docs/specification.md: the rows, read from its tables. A row is `| IRQ-05 | done | what it says |`.

using System.Text.RegularExpressions;

namespace CSharpOS.Tool.Testing.Reports;

/// <summary>One row.</summary>
/// <param name="Id">Its identifier.</param>
/// <param name="IsDone">Said to be done; else planned.</param>
/// <param name="Text">What the kernel must do.</param>
public sealed record SpecificationRow(string Id, bool IsDone, string Text);

/// <summary>The specification's rows.</summary>
public static partial class Specification
{
    /// <summary>Reads the project's specification.</summary>
    /// <exception cref="CsosException">It is missing or wrong.</exception>
    public static IReadOnlyList<SpecificationRow> Load(ToolContext context)
    {
        string file = context.PathOf("docs", "specification.md");
        if (!File.Exists(file))
        {
            throw new CsosException("there is no docs/specification.md");
        }

        return Parse(File.ReadLines(file));
    }

    /// <summary>Reads the rows.</summary>
    /// <exception cref="CsosException">A row has no state, or stands twice.</exception>
    public static IReadOnlyList<SpecificationRow> Parse(IEnumerable<string> lines)
    {
        List<SpecificationRow> rows = [];
        foreach (string line in lines)
        {
            if (!Identified().IsMatch(line))
            {
                continue;
            }

            Match match = Row().Match(line);
            if (!match.Success)
            {
                throw new CsosException($"docs/specification.md: a row is not of the form '| ID | done or planned | text |': {line}");
            }

            SpecificationRow row = new(match.Groups["id"].Value, match.Groups["state"].Value == "done", match.Groups["text"].Value.Trim());
            if (rows.Any(other => other.Id == row.Id))
            {
                throw new CsosException($"docs/specification.md: {row.Id} stands twice");
            }

            rows.Add(row);
        }

        return rows;
    }

    [GeneratedRegex(@"^\|\s*[A-Z]+-\d{2}\b")]
    private static partial Regex Identified();

    [GeneratedRegex(@"^\|\s*(?<id>[A-Z]+-\d{2})\s*\|\s*(?<state>done|planned)\s*\|(?<text>.+)\|\s*$")]
    private static partial Regex Row();
}
