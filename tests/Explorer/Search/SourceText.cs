// SourceText: places in the source, as a report shows them.

using System.IO;

namespace CSharpOS.Explorer;

internal static class SourceText
{
    private const int Longest = 100;
    private static readonly Dictionary<string, string[]> s_files = [];
    private static readonly string[] s_seams =
    [
        "/tests/Explorer/Machine/", "/tests/Explorer/Arch/", "/Kernel/Arch/Atomic.cs", "/Kernel/Arch/Cpu.Barriers.cs", "/Kernel/Lib/ListHead.cs",
        "/Kernel/Lib/Bits.cs", "/Kernel/Locking/SpinLock", "/Kernel/Locking/Atomic64.cs", "/Kernel/Sched/Preempt.cs",
    ];

    /// <summary>True for the files of what is a scheduling point: one wants to see who called it.</summary>
    public static bool IsSeam(string file)
    {
        foreach (string seam in s_seams)
        {
            if (file.Contains(seam, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>File, from the root of the repository, and line.</summary>
    public static string Place(string? file, int line)
    {
        if (string.IsNullOrEmpty(file))
        {
            return "";
        }

        file = file.Replace('\\', '/');
        int root = Math.Max(file.LastIndexOf("/Kernel/", StringComparison.Ordinal), file.LastIndexOf("/tests/", StringComparison.Ordinal));
        return $"{file[(root + 1)..]}:{line}";
    }

    /// <summary>What stands there.</summary>
    public static string Line(string file, int line)
    {
        if (!s_files.TryGetValue(file, out string[]? lines))
        {
            lines = File.Exists(file) ? File.ReadAllLines(file) : [];
            s_files.Add(file, lines);
        }

        string text = line >= 1 && line <= lines.Length ? lines[line - 1].Trim() : "";
        return text.Length <= Longest ? text : text[..Longest];
    }
}
