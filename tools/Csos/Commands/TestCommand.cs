// ./csos test: host tests, the boots of the matrix, scenarios, and the rows of the specification.

using System.CommandLine;
using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Images;
using CSharpOS.Tool.Testing;
using CSharpOS.Tool.Testing.Host;
using CSharpOS.Tool.Testing.Reports;
using CSharpOS.Tool.Testing.Scenarios;

namespace CSharpOS.Tool.Commands;

/// <summary>The sub-command <c>test</c>.</summary>
public static class TestCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Make(ToolContext context)
    {
        Command command = new("test", "Run host tests, boot the test matrix, play the scenarios, check the specification's rows.");
        Argument<string[]> filters = new("filter")
        {
            Description = "only tests, boots and rows whose name contains this",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<string?> boot = new("--boot") { Description = "only boots whose name contains this" };
        Option<string?> configuration = new("--configuration", "-c")
        {
            Description = "only boots of this configuration: debug, checked or release",
        };
        Option<bool> list = new("--list") { Description = "list tests, boots and scenarios; run nothing" };
        Option<bool> soak = new("--soak") { Description = "the long form: a million rounds where it is fifty thousand otherwise" };
        Option<bool> keep = new("--keep-logs") { Description = "keep the logs of boots that passed, too" };
        Option<bool> noBuild = new("--no-build") { Description = "take the images as they are" };
        Option<int> jobs = new("--jobs", "-j")
        {
            Description = "machines that run at once (default 2, or the number of processors if that is less)",
            DefaultValueFactory = _ => Math.Min(2, Environment.ProcessorCount),
        };
        filters.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => token.Value.StartsWith('-')) is { } option)
            {
                result.AddError($"unrecognized option '{option.Value}'");
            }
        });
        configuration.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !Variant.Configurations.Contains(result.Tokens[0].Value, StringComparer.OrdinalIgnoreCase))
            {
                result.AddError($"bad configuration '{result.Tokens[0].Value}': debug, checked, release");
            }
        });
        jobs.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !(int.TryParse(result.Tokens[0].Value, out int count) && count is >= 1 and <= 64))
            {
                result.AddError($"bad number of jobs '{result.Tokens[0].Value}': 1 to 64");
            }
        });
        command.Add(filters);
        foreach (Option option in (ReadOnlySpan<Option>)[boot, configuration, list, soak, keep, noBuild, jobs])
        {
            command.Add(option);
        }

        command.SetAction(async (result, _) =>
        {
            TestSelection selection = new(
                result.GetValue(filters) ?? [], result.GetValue(boot), result.GetValue(configuration), result.GetValue(soak),
                result.GetValue(keep), !result.GetValue(noBuild), result.GetValue(jobs));
            return result.GetValue(list) ? await ListAsync(context, selection) : await RunAsync(context, selection);
        });
        return command;
    }

    private static async Task<int> RunAsync(ToolContext context, TestSelection selection)
    {
        IReadOnlyList<SpecificationRow> rows = Specification.Load(context);
        if (selection.Boots().Count + selection.Scenarios().Count > 0)
        {
            Qemu.Find(context);
        }

        IReadOnlyList<TestResult> results = context.IsInteractive
            ? await LiveProgress.RunAsync(context.Console, progress => new TestRun(context, selection, progress).RunAsync())
            : await new TestRun(context, selection, new PlainProgress(context.Output)).RunAsync();
        return Summary.Write(context, rows, results, selection.IsWhole);
    }

    private static async Task<int> ListAsync(ToolContext context, TestSelection selection)
    {
        IEnumerable<string> names = selection.Boots().Select(boot => "boot " + boot.Name)
            .Concat(selection.Scenarios().Select(ScenarioRunner.NameOf));
        foreach (string project in selection.HasHostTests ? HostTests.Projects(context) : [])
        {
            IReadOnlyList<string> tests = await HostTests.ListAsync(context, project);
            names = names.Concat(tests.Where(name => TestResult.Matches(name, [], selection.Filters)));
        }

        foreach (string name in names)
        {
            await context.Output.WriteLineAsync(name);
        }

        return ExitCodes.Success;
    }
}
