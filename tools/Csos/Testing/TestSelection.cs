// What a test run shall do: the options of `./csos test`, and what they select.

using CSharpOS.Tool.Images;
using CSharpOS.Tool.Testing.Scenarios;

namespace CSharpOS.Tool.Testing;

/// <summary>Options of a test run.</summary>
/// <param name="Filters">Only names that contain one of these.</param>
/// <param name="BootFilter">Only boots whose name contains this.</param>
/// <param name="Configuration">Only boots of this configuration; null for all.</param>
/// <param name="Soak">The long form.</param>
/// <param name="KeepLogs">Keep all logs.</param>
/// <param name="Build">Build the images first.</param>
/// <param name="Jobs">How many machines run at once.</param>
public sealed record TestSelection(
    IReadOnlyList<string> Filters, string? BootFilter, string? Configuration, bool Soak, bool KeepLogs, bool Build, int Jobs)
{
    /// <summary>Is nothing left out?</summary>
    public bool IsWhole => Filters.Count == 0 && BootFilter == null && Configuration == null;

    /// <summary>Are host tests run?</summary>
    public bool HasHostTests => BootFilter == null && Configuration == null;

    /// <summary>
    /// The boots. A filter that is in no boot's name is looked for among the tests of all boots; one that is, chooses boots.
    /// </summary>
    public IReadOnlyList<Boot> Boots()
    {
        IEnumerable<Boot> boots = Matrix.Boots
            .Where(boot => BootFilter == null || boot.Name.Contains(BootFilter, StringComparison.OrdinalIgnoreCase))
            .Where(boot => IsOfConfiguration(boot.Variant));
        Boot[] named = [.. boots.Where(boot => Filters.Any(filter => boot.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)))];
        bool onlyScenarios = Filters.Count > 0 && Filters.All(filter => filter.StartsWith("scenario", StringComparison.OrdinalIgnoreCase)
            || filter.StartsWith("host", StringComparison.OrdinalIgnoreCase));
        return named.Length > 0 ? named : onlyScenarios ? [] : [.. boots];
    }

    /// <summary>The scenarios.</summary>
    public IReadOnlyList<Scenario> Scenarios() =>
        BootFilter != null
            ? []
            :
            [
                .. ScenarioList.All
                    .Where(scenario => IsOfConfiguration(scenario.Variant))
                    .Where(scenario => TestResult.Matches(ScenarioRunner.NameOf(scenario), scenario.Rows, Filters)),
            ];

    /// <summary>The kernel builds that these need.</summary>
    public IReadOnlyList<Variant> Variants() =>
        [.. Boots().Select(boot => boot.Variant).Concat(Scenarios().Select(scenario => scenario.Variant)).Distinct()];

    private bool IsOfConfiguration(Variant variant) =>
        Configuration == null || variant.Configuration.Equals(Configuration, StringComparison.OrdinalIgnoreCase);
}
