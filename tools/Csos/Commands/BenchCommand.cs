// ./csos bench: what operations cost, in executed instructions, beside the bars. The measurements are part of the test image; the
// size is that of the ordinary one.

using System.CommandLine;
using CSharpOS.Tool.Bench;
using CSharpOS.Tool.Images;

namespace CSharpOS.Tool.Commands;

/// <summary>The sub-command <c>bench</c>.</summary>
public static class BenchCommand
{
    // Call traces read it; it is no part of what the size means.
    private const string SymbolTable = ".ksymtab";

    /// <summary>Makes the command.</summary>
    public static Command Make(ToolContext context)
    {
        Command command = new("bench", "Measure the Release build, in executed instructions, and show it beside the bars.");
        VariantOptions options = new(command, "Release");
        Option<bool> strict = new("--strict") { Description = "fail when a bar is missed" };
        command.Add(strict);
        command.SetAction(async (result, _) =>
        {
            Variant variant = await options.ProvideAsync(context, result);
            string kernel = variant.Kernel(context);
            string measuring = variant.TestKernel(context);
            ImageBuilder.Require(context, measuring);
            List<BenchLine> lines = [.. await BenchRunner.RunAsync(context, measuring)];
            long size = ElfFile.LoadedBytes(await File.ReadAllBytesAsync(kernel), SymbolTable);
            lines.Add(new BenchLine(Bars.ImageSize, size, size, "bytes"));
            IReadOnlyList<BenchStanding> standings = BenchReport.Make(lines);
            BenchReport.Write(context.Console, standings);
            int missed = standings.Count(standing => !standing.IsKept);
            await context.Output.WriteLineAsync($"{standings.Count(standing => standing.Bar != null)} with a bar, {missed} missed");
            return missed > 0 && result.GetValue(strict) ? ExitCodes.Failure : ExitCodes.Success;
        });
        return command;
    }
}
