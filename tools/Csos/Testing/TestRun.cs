// A whole test run: images, host tests (some look into an image), then machines (boots of the matrix and scenarios), a few at once.

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Images;
using CSharpOS.Tool.Testing.Host;
using CSharpOS.Tool.Testing.Reports;
using CSharpOS.Tool.Testing.Scenarios;

namespace CSharpOS.Tool.Testing;

/// <summary>Runs the selected tests.</summary>
public sealed class TestRun(ToolContext context, TestSelection selection, ITestProgress progress)
{
    private readonly ConcurrentQueue<TestResult> _results = new();

    /// <summary>Runs everything.</summary>
    /// <returns>All results.</returns>
    public async Task<IReadOnlyList<TestResult>> RunAsync()
    {
        HashSet<Variant> built = await BuildAsync();
        if (selection.HasHostTests)
        {
            await RunHostTestsAsync();
        }

        BootLimits limits = BootLimits.Of(context, selection.Soak);
        List<(int Threads, Func<Task> Run)> machines =
        [
            .. from scenario in selection.Scenarios()
               where built.Contains(scenario.Variant)
               select (1, (Func<Task>)(() => RunScenarioAsync(scenario))),
            .. from boot in selection.Boots()
               where built.Contains(boot.Variant)
               select (boot.Machine.EmulatorThreads, (Func<Task>)(() => RunBootAsync(boot, limits))),
        ];

        // Two CPUs that wait for each other need two processors: beside another machine their fair locks crawl.
        foreach (IGrouping<int, (int Threads, Func<Task> Run)> group in machines.GroupBy(machine => machine.Threads).OrderBy(group => group.Key))
        {
            await Parallel.ForEachAsync(
                group,
                new ParallelOptions
                {
                    MaxDegreeOfParallelism = Math.Max(1, selection.Jobs / group.Key),
                    CancellationToken = context.Cancellation.Token,
                },
                async (machine, _) => await machine.Run());
        }

        return [.. _results.OrderBy(result => result.Kind)];
    }

    private async Task RunHostTestsAsync()
    {
        foreach (string project in HostTests.Projects(context))
        {
            if (HostTests.Relevant(project, selection.Filters) is not { } filters)
            {
                continue;
            }

            string step = "host tests " + HostTests.NameOf(project);
            progress.Begin(step);
            Stopwatch clock = Stopwatch.StartNew();
            IReadOnlyList<TestResult> results = await HostTests.RunAsync(context, project, filters, selection.Soak);
            Finish(step, results, clock.Elapsed);
        }
    }

    private async Task<HashSet<Variant>> BuildAsync()
    {
        HashSet<Variant> built = [];
        foreach (Variant variant in selection.Variants())
        {
            string step = $"build {variant}";
            progress.Begin(step);
            Stopwatch clock = Stopwatch.StartNew();
            try
            {
                if (selection.Build)
                {
                    await ImageBuilder.BuildAsync(context, variant);
                }

                ImageBuilder.Require(context, variant.Kernel(context));
                ImageBuilder.Require(context, variant.TestKernel(context));
                built.Add(variant);
                progress.End(step, true, Seconds(clock.Elapsed));
            }
            catch (CsosException error)
            {
                int boots = selection.Boots().Count(boot => boot.Variant == variant);
                string message = $"{error.Message}; {boots} boots did not run";
                _results.Enqueue(new TestResult(TestKind.Boot, $"image/{variant}", Outcome.Failed, [], message));
                progress.End(step, false, error.Message);
            }
        }

        return built;
    }

    private async Task RunBootAsync(Boot boot, BootLimits limits)
    {
        string step = "boot " + boot.Name;
        progress.Begin(step);
        try
        {
            Action<string> update = state => progress.Update(step, state);
            BootResult result = boot.Machine.Method == BootMethod.Bochs
                ? await BochsBootRunner.RunAsync(context, boot, limits, selection.Soak, selection.KeepLogs, update)
                : await QemuBootRunner.RunAsync(context, boot, limits, selection.Soak, selection.KeepLogs, update);
            bool bootChosen = selection.Filters.Any(filter => boot.Name.Contains(filter, StringComparison.OrdinalIgnoreCase));
            TestResult[] results =
            [
                .. result.Results().Where(test => test.Kind == TestKind.Boot || bootChosen || test.Matches(selection.Filters)),
            ];
            Finish(step, results, result.Duration);
        }
        catch (CsosException error)
        {
            Finish(step, [new TestResult(TestKind.Boot, boot.Name, Outcome.Failed, [], error.Message)], TimeSpan.Zero);
        }
    }

    private async Task RunScenarioAsync(Scenario scenario)
    {
        string step = ScenarioRunner.NameOf(scenario).Replace('/', ' ');
        progress.Begin(step);
        Stopwatch clock = Stopwatch.StartNew();
        try
        {
            Finish(step, [await ScenarioRunner.RunAsync(context, scenario, selection.KeepLogs)], clock.Elapsed);
        }
        catch (CsosException error)
        {
            string name = ScenarioRunner.NameOf(scenario);
            Finish(step, [new TestResult(TestKind.Scenario, name, Outcome.Failed, scenario.Rows, error.Message)], clock.Elapsed);
        }
    }

    private void Finish(string step, IReadOnlyList<TestResult> results, TimeSpan duration)
    {
        foreach (TestResult result in results)
        {
            _results.Enqueue(result);
        }

        int passed = results.Count(result => result.Outcome == Outcome.Passed);
        int failed = results.Count(result => result.Outcome == Outcome.Failed);
        int skipped = results.Count(result => result.Outcome == Outcome.Skipped);
        string summary = $"{passed} passed, {failed} failed{(skipped > 0 ? $", {skipped} skipped" : "")} in {Seconds(duration)}";
        TestResult? first = results.FirstOrDefault(result => result is { Outcome: Outcome.Failed, Kind: not TestKind.Suite });
        progress.End(step, failed == 0, first == null ? summary : $"{summary}: {first.Message.Split('\n')[0]}");
    }

    private static string Seconds(TimeSpan duration) => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.0} s");
}
