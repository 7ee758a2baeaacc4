// The table in docs/performance.md: everything between two marks is replaced, the text around it is written by hand.

namespace CSharpOS.Tool.Bench;

/// <summary>The page of figures.</summary>
public static class PerformancePage
{
    /// <summary>The line before the table.</summary>
    public const string Begin = "<!-- figures: ./csos bench --docs -->";

    /// <summary>The line behind it.</summary>
    public const string End = "<!-- end of figures -->";

    /// <summary>Puts <paramref name="table"/> into the text of the page.</summary>
    /// <exception cref="CsosException">The marks are not there.</exception>
    public static string Replace(string page, string table)
    {
        int begin = page.IndexOf(Begin, StringComparison.Ordinal);
        int end = page.IndexOf(End, StringComparison.Ordinal);
        return begin >= 0 && end > begin
            ? $"{page[..(begin + Begin.Length)]}\n\n{table}\n{page[end..]}"
            : throw new CsosException($"docs/performance.md has no place for the table: the lines '{Begin}' and '{End}' are missing");
    }
}
