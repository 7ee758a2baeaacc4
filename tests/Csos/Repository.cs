// The repository that these tests stand in.

using CSharpOS.Tool.Testing.Reports;

namespace CSharpOS.Tool.Tests;

/// <summary>Finds the real repository.</summary>
public static class Repository
{
    /// <summary>Its root folder.</summary>
    public static string Root { get; } = Find();

    /// <summary>Its specification.</summary>
    public static IReadOnlyList<SpecificationRow> Rows =>
        Specification.Parse(File.ReadLines(Path.Combine(Root, "docs", "specification.md")));

    private static string Find()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder != null && !File.Exists(Path.Combine(folder, "global.json")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("the tests do not run inside the repository");
    }
}
