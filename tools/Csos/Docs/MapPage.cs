// The page docs/map.md: from Linux's names to this kernel's.

using System.Text;
using CSharpOS.Tool.Testing.Reports;

namespace CSharpOS.Tool.Docs;

/// <summary>Makes docs/map.md.</summary>
public static class MapPage
{
    /// <summary>The page's path.</summary>
    public static string PathIn(string root) => Path.Combine(root, "docs", "map.md");

    /// <summary>The page as it should be for a repository.</summary>
    public static string Of(string root, IReadOnlyList<SpecificationRow> rows)
    {
        HashSet<string> known = [.. rows.Select(row => row.Id)];
        return Text(LinuxMap.OfRepository(root), RowTests.OfRepository(root, known));
    }

    /// <summary>The page's text.</summary>
    public static string Text(IReadOnlyList<LinuxMember> members, IReadOnlyDictionary<string, IReadOnlyList<string>> tests)
    {
        StringBuilder text = new();
        text.Append("""
            # From Linux's names to this kernel's

            Made by `./csos docs` from the XML documentation of the sources; do not edit. Rows are those of
            [specification.md](specification.md); the tests are those files that name one of the rows.

            | Linux | C# | file | rows | tests |
            |---|---|---|---|---|

            """);
        foreach (LinuxMember member in members)
        {
            IEnumerable<string> files = member.Rows.SelectMany(row => tests.GetValueOrDefault(row, [])).Distinct();
            string rows = string.Join(", ", member.Rows);
            string links = string.Join(", ", files.Order(StringComparer.Ordinal).Select(Link));
            text.Append($"| {Code(member.Linux)} | {Code(member.Member)} | {Link(member.File)} | {rows} | {links} |\n");
        }

        return text.ToString();
    }

    private static string Code(string name) => $"`{name.Replace("|", "\\|", StringComparison.Ordinal)}`";

    private static string Link(string file) => $"[{Path.GetFileName(file)}](../{file})";
}
