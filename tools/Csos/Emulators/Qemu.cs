// Where QEMU is, and the small things about its command line that more than one command needs.

using System.Diagnostics;
using System.Globalization;

namespace CSharpOS.Tool.Emulators;

/// <summary>QEMU as a program.</summary>
public static class Qemu
{
    /// <summary>The environment variable that names another QEMU (or something that behaves like one).</summary>
    public const string Variable = "CSOS_QEMU";

    /// <summary>Finds the program.</summary>
    /// <exception cref="CsosException">It is not installed.</exception>
    public static string Find(ToolContext context) =>
        FindProgram(context, context.Variable(Variable) ?? "qemu-system-x86_64")
        ?? throw new CsosException("QEMU is missing: sudo apt-get install qemu-system-x86 (or name one in CSOS_QEMU)");

    /// <summary>Looks a program up in PATH, as a shell does.</summary>
    public static string? FindProgram(ToolContext context, string name)
    {
        if (name.Contains('/'))
        {
            return File.Exists(name) ? Path.GetFullPath(name) : null;
        }

        return (context.Variable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>A value inside a comma-separated option, its commas doubled as QEMU wants them.</summary>
    public static string Quote(string value) => value.Replace(",", ",,", StringComparison.Ordinal);

    /// <summary>The command line as one can paste it into a shell.</summary>
    public static string ShellLine(string program, IEnumerable<string> arguments) =>
        string.Join(' ', arguments.Prepend(program).Select(ShellWord));

    /// <summary>Checks a memory size; QEMU's own message about a bad one is easily misread.</summary>
    /// <returns>The size in bytes.</returns>
    /// <exception cref="CsosException">It is none.</exception>
    public static long ParseMemory(string text)
    {
        string digits = text.TrimEnd('k', 'K', 'm', 'M', 'g', 'G');
        long unit = (text.Length - digits.Length) switch
        {
            0 => 1 << 20,
            1 => UnitOf(text[^1]),
            _ => 0,
        };
        if (unit == 0 || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            || number <= 0 || number > (1L << 46) / unit)
        {
            throw new CsosException($"bad memory size '{text}': a number with K, M or G, such as 16M or 4G", ExitCodes.Usage);
        }

        return number * unit;
    }

    /// <summary>How to start it without any terminal of ours: a Ctrl-C typed here does not reach it.</summary>
    public static ProcessStartInfo Detached(ToolContext context, string program, IEnumerable<string> arguments)
    {
        string? setsid = FindProgram(context, "setsid");
        return setsid == null
            ? new ProcessStartInfo(program, arguments)
            : new ProcessStartInfo(setsid, arguments.Prepend(program));
    }

    private static int UnitOf(char letter) => char.ToUpperInvariant(letter) switch
    {
        'K' => 1 << 10,
        'M' => 1 << 20,
        _ => 1 << 30,
    };

    private static string ShellWord(string word) =>
        word.Length > 0 && word.All(character => char.IsAsciiLetterOrDigit(character) || "-_./,=:+@".Contains(character))
            ? word
            : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
