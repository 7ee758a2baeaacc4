// The command line: all sub-commands, and one way to say that it is wrong. What stands after `--` is cut off first, so that an
// unknown option before it stays an error and is not handed to QEMU by mistake.

using System.CommandLine;
using CSharpOS.Tool.Commands;

namespace CSharpOS.Tool;

/// <summary>Parses the command line and runs a command.</summary>
public static class CommandLine
{
    /// <summary>Runs the command that the arguments name.</summary>
    /// <returns>The exit status.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, ToolContext context)
    {
        int cut = arguments.IndexOf("--");
        context.PassedThrough = cut < 0 ? [] : [.. arguments.Skip(cut + 1)];
        string[] own = [.. cut < 0 ? arguments : arguments.Take(cut)];
        try
        {
            RootCommand root = MakeRoot(context);
            ParseResult result = root.Parse(own);
            if (own.Length == 0)
            {
                result = root.Parse("--help");
            }

            if (result.Errors.Count > 0)
            {
                string command = result.CommandResult.Command is RootCommand ? "" : " " + result.CommandResult.Command.Name;
                throw new CsosException($"{Reason(result)} (see ./csos{command} --help)", ExitCodes.Usage);
            }

            if (cut >= 0 && result.CommandResult.Command.Name is not ("run" or "debug" or "trace"))
            {
                throw new CsosException("only run, debug and trace take arguments after --", ExitCodes.Usage);
            }

            InvocationConfiguration configuration = new()
            {
                Output = context.Output,
                Error = context.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return await result.InvokeAsync(configuration, context.Cancellation.Token);
        }
        catch (CsosException error)
        {
            await context.Error.WriteLineAsync($"csos: {error.Message}");
            return error.ExitCode;
        }
        catch (OperationCanceledException)
        {
            await context.Error.WriteLineAsync("csos: interrupted");
            return ExitCodes.Interrupted;
        }
    }

    private static RootCommand MakeRoot(ToolContext context) => new("CSharpOS: build it, boot it, test it.")
    {
        RunCommand.Make(context),
        TestCommand.Make(context),
        IsoCommand.Make(context),
        DebugCommand.Make(context),
        BenchCommand.Make(context),
        TraceCommand.Make(context),
        DocsCommand.Make(context),
    };

    private static int IndexOf(this IReadOnlyList<string> list, string item)
    {
        for (int index = 0; index < list.Count; index++)
        {
            if (list[index] == item)
            {
                return index;
            }
        }

        return -1;
    }

    private static string Reason(ParseResult result)
    {
        // Where no sub-command is known, the word that should have been one is what matters.
        string? unknown = result.CommandResult.Command is RootCommand ? result.UnmatchedTokens.FirstOrDefault() : null;
        return unknown == null ? OneLine(result.Errors[0].Message)
            : unknown.StartsWith('-') ? $"unrecognized option '{unknown}'"
            : $"unknown command '{unknown}'";
    }

    private static string OneLine(string text)
    {
        string line = text.ReplaceLineEndings(" ").TrimEnd('.', ' ');
        return line.Length > 0 ? char.ToLowerInvariant(line[0]) + line[1..] : line;
    }
}
