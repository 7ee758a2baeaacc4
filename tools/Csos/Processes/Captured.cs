// Runs a program to its end and keeps what it printed: builds, gdb's helpers, addr2line, grub-mkrescue.

using System.Diagnostics;
using System.Text;

namespace CSharpOS.Tool.Processes;

/// <summary>The exit status and the printed text of a program that has ended.</summary>
/// <param name="ExitCode">Its exit status.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Everything">Standard output and error, in the order in which the lines came.</param>
public sealed record Captured(int ExitCode, string Output, string Everything)
{
    /// <summary>Runs a program.</summary>
    /// <param name="program">Its name or path.</param>
    /// <param name="arguments">Its arguments, not quoted.</param>
    /// <param name="folder">Its current folder.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="line">Is told each line of standard output as it comes.</param>
    /// <param name="environment">Variables to add.</param>
    public static async Task<Captured> RunAsync(
        string program,
        IEnumerable<string> arguments,
        string folder,
        CancellationToken cancellation,
        Action<string>? line = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using Child child = Child.Start(start, wholeTree: true);
        child.Process.StandardInput.Close();
        StringBuilder output = new();
        StringBuilder everything = new();
        Task readOutput = ReadAsync(child.Process.StandardOutput, text =>
        {
            output.AppendLine(text);
            Append(text);
            line?.Invoke(text);
        });
        Task readError = ReadAsync(child.Process.StandardError, Append);
        int status = await child.WaitAsync(cancellation);
        await Task.WhenAll(readOutput, readError);
        return new Captured(status, output.ToString(), everything.ToString());

        void Append(string text)
        {
            lock (everything)
            {
                everything.AppendLine(text);
            }
        }
    }

    private static async Task ReadAsync(StreamReader reader, Action<string> each)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            each(line);
        }
    }
}
