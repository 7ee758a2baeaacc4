// The C# files that people wrote: everything below a folder but what builds leave there.

namespace CSharpOS.Tool;

/// <summary>Finds source files.</summary>
public static class SourceFiles
{
    /// <summary>All files below a folder that match a pattern, without those in bin and obj, in a fixed order.</summary>
    public static IEnumerable<string> Below(string folder, string pattern = "*.cs")
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        return Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(folder, file).Split('/')[..^1].Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal);
    }
}
