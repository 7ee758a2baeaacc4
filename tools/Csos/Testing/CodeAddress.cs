// From the instruction pointer in QEMU's register dump to function, file and line, through binutils' addr2line.

using System.Text.RegularExpressions;
using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Processes;

namespace CSharpOS.Tool.Testing;

/// <summary>Names code addresses.</summary>
public static partial class CodeAddress
{
    /// <summary>Says where the CPUs of a register dump are.</summary>
    /// <returns>Text that can follow another: <c>, at FUNCTION (FILE:LINE)</c>; empty where nothing is known.</returns>
    public static async Task<string> DescribeAsync(ToolContext context, string kernel, string registers)
    {
        string[] addresses = [.. Rip().Matches(registers).Select(match => match.Groups[1].Value)];
        if (addresses.Length == 0)
        {
            return "";
        }

        string where = string.Join(" and ", addresses);
        if (Qemu.FindProgram(context, "addr2line") is { } program && File.Exists(kernel))
        {
            string[] arguments = ["-e", kernel, "-f", "-p", "-s", .. addresses];
            Captured names = await Captured.RunAsync(program, arguments, context.Root, CancellationToken.None);
            if (names.ExitCode == 0)
            {
                where += " = " + string.Join(" and ", names.Output.Trim().Split('\n'));
            }
        }

        return $", at {where}";
    }

    [GeneratedRegex(@"\b[RE]IP=([0-9a-f]{8,16})")]
    private static partial Regex Rip();
}
