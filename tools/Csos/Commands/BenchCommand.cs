// ./csos bench: what operations cost, in executed instructions, beside the bars. The measurements are part of the test image; the
// size, the time to the prompt and the least memory are those of the ordinary one.

using System.CommandLine;
using CSharpOS.Tool.Bench;
using CSharpOS.Tool.Images;

namespace CSharpOS.Tool.Commands;

/// <summary>The sub-command <c>bench</c>.</summary>
public static class BenchCommand
{
    // Call traces read it; it is no part of what the size means.
    private const string SymbolTable = ".ksymtab";
    private const string Archive = ".initramfs";

    /// <summary>Makes the command.</summary>
    public static Command Make(ToolContext context)
    {
        Command command = new("bench", "Measure the Release build, in executed instructions, and show it beside the bars.");
        VariantOptions options = new(command, "Release");
        Option<bool> strict = new("--strict") { Description = "fail when a bar is missed" };
        Option<bool> json = new("--json") { Description = "print the rows as JSON instead of a table" };
        Option<bool> docs = new("--docs") { Description = "write the table into docs/performance.md, too" };
        command.Add(strict);
        command.Add(json);
        command.Add(docs);
        command.SetAction(async (result, _) =>
        {
            Variant variant = await options.ProvideAsync(context, result);
            IReadOnlyList<BenchStanding> standings = BenchReport.Make(await MeasureAsync(context, variant));
            if (result.GetValue(docs))
            {
                string page = context.PathOf("docs", "performance.md");
                string text = PerformancePage.Replace(await File.ReadAllTextAsync(page), BenchReport.Markdown(standings));
                await File.WriteAllTextAsync(page, text);
            }

            if (result.GetValue(json))
            {
                await context.Output.WriteLineAsync(BenchReport.Json(standings));
            }
            else
            {
                BenchReport.Write(context.Console, standings);
                await context.Output.WriteLineAsync(BenchReport.Summary(standings));
            }

            bool missed = standings.Any(standing => standing.IsMissed);
            return missed && result.GetValue(strict) ? ExitCodes.Failure : ExitCodes.Success;
        });
        return command;
    }

    private static async Task<List<BenchLine>> MeasureAsync(ToolContext context, Variant variant)
    {
        string kernel = variant.Kernel(context);
        string measuring = variant.TestKernel(context);
        ImageBuilder.Require(context, kernel);
        ImageBuilder.Require(context, measuring);
        List<BenchLine> lines =
        [
            .. await BenchRunner.InstructionsAsync(context, measuring),
            .. await BenchRunner.UserAsync(context, kernel),
            .. await BenchRunner.EntryTimesAsync(context, kernel),
            .. await BenchRunner.ScalingAsync(context, measuring),
            .. await BenchRunner.PromptAsync(context, kernel),
        ];
        long size = ElfFile.LoadedBytes(await File.ReadAllBytesAsync(kernel), SymbolTable, Archive);
        lines.Add(new BenchLine(Bars.ImageSize, size, size, "bytes"));
        return lines;
    }
}
