// `something | ./csos run`: every byte that was in the pipe before the machine was even switched on reaches the monitor, in order.
// It runs the tool itself, as a user does.

using System.Diagnostics;
using System.Globalization;
using System.Text;
using CSharpOS.Tool.Images;
using CSharpOS.Tool.Processes;

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>Piped input loses nothing.</summary>
public sealed class PipedInputScenario : Scenario
{
    private const int Lines = 60;

    /// <inheritdoc/>
    public override string Name => "piped-input";

    /// <inheritdoc/>
    public override async Task RunAsync(ToolContext context, LogFolder logs)
    {
        StringBuilder input = new();
        for (int line = 0; line < Lines; line++)
        {
            input.Append(Word(line)).Append('\n');
        }

        input.Append("poweroff\n");
        ProcessStartInfo start = new(ImageBuilder.Dotnet(context), [typeof(Program).Assembly.Location, "run", "--no-build", "--append", "monitor"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = context.Root,
        };
        start.Environment["CSOS_ROOT"] = context.Root;
        using Child tool = Child.Start(start);
        await tool.Process.StandardInput.WriteAsync(input.ToString());
        tool.Process.StandardInput.Close();
        Task<string> output = tool.Process.StandardOutput.ReadToEndAsync();
        Task<string> errors = tool.Process.StandardError.ReadToEndAsync();
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(context.Cancellation.Token);
        limit.CancelAfter(Guest.Patience);
        int status;
        try
        {
            status = await tool.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!context.Cancellation.IsCancellationRequested)
        {
            status = -1;
        }

        string text = await output;
        logs.Write("output", text);
        logs.Write("errors", await errors);
        if (status != ExitCodes.Success)
        {
            throw new ScenarioException($"./csos run ended with status {status}: {(await errors).Trim()}");
        }

        Check(text);
    }

    private static void Check(string text)
    {
        int from = 0;
        for (int line = 0; line < Lines; line++)
        {
            string typed = "csharpos> " + Word(line);
            int at = text.IndexOf(typed, from, StringComparison.Ordinal);
            if (at < 0)
            {
                throw new ScenarioException($"line {line} of {Lines} did not arrive whole: no '{typed}'");
            }

            from = at + typed.Length;
        }
    }

    private static string Word(int line) =>
        string.Create(CultureInfo.InvariantCulture, $"nonsense-{line:000}-0123456789-abcdefghijklmnopqrstuvwxyz");
}
