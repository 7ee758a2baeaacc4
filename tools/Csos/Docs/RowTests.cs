// Which test sources name a row of the specification: the xunit tests, the suites of the kernel, and the scenarios.

using System.Text.RegularExpressions;

namespace CSharpOS.Tool.Docs;

/// <summary>Test files by row.</summary>
public static partial class RowTests
{
    /// <summary>Folders with tests, from the repository's root.</summary>
    public static readonly string[] Folders = ["tests", "tools/Csos/Testing/Scenarios"];

    /// <summary>Reads the tests of a repository.</summary>
    /// <param name="root">Its root.</param>
    /// <param name="rows">The rows there are; other words of the same form are none.</param>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> OfRepository(string root, IReadOnlySet<string> rows)
    {
        SortedDictionary<string, SortedSet<string>> found = new(StringComparer.Ordinal);
        foreach (string file in Folders.SelectMany(folder => SourceFiles.Below(Path.Combine(root, folder))))
        {
            string relative = Path.GetRelativePath(root, file);
            // The tests of this tool speak of rows without proving them.
            if (relative.StartsWith("tests/Csos/", StringComparison.Ordinal))
            {
                continue;
            }

            foreach (Match match in Row().Matches(File.ReadAllText(file)))
            {
                string row = match.Value.Replace('_', '-');
                if (rows.Contains(row))
                {
                    if (!found.TryGetValue(row, out SortedSet<string>? files))
                    {
                        found[row] = files = new SortedSet<string>(StringComparer.Ordinal);
                    }

                    files.Add(relative);
                }
            }
        }

        return found.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<string>)[.. pair.Value]);
    }

    [GeneratedRegex(@"(?<![A-Za-z])[A-Z]+[-_]\d{2}(?!\d)")]
    private static partial Regex Row();
}
