// The serial log of the last `run` or `debug`, kept by QEMU itself beside the terminal.

using System.Text.RegularExpressions;

namespace CSharpOS.Tool.Emulators;

/// <summary>The serial log of a run.</summary>
public static partial class RunLog
{
    /// <summary>Makes the path of a fresh log.</summary>
    public static string New(ToolContext context)
    {
        string folder = Path.Combine(context.Artifacts, "run");
        Directory.CreateDirectory(folder);
        string log = Path.Combine(folder, "serial.log");
        File.Delete(log);
        return log;
    }

    /// <summary>The line with which the kernel said that it panicked, or null.</summary>
    public static string? PanicLine(string log)
    {
        if (!File.Exists(log))
        {
            return null;
        }

        foreach (string line in File.ReadLines(log))
        {
            Match match = Panic().Match(line);
            if (match.Success)
            {
                return match.Groups["what"].Value.Trim();
            }
        }

        return null;
    }

    [GeneratedRegex(@"[Kk]ernel panic\W*(?<what>.*)$")]
    private static partial Regex Panic();
}
