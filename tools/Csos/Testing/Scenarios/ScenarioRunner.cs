// Runs one scenario and turns what happened into a result.

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>Runs scenarios.</summary>
public static class ScenarioRunner
{
    /// <summary>Runs one.</summary>
    /// <param name="context">The tool's surroundings.</param>
    /// <param name="scenario">The scenario.</param>
    /// <param name="keepLogs">Keep the logs even if it passes.</param>
    public static async Task<TestResult> RunAsync(ToolContext context, Scenario scenario, bool keepLogs)
    {
        LogFolder logs = new(context, "scenario." + scenario.Name);
        string name = NameOf(scenario);
        try
        {
            await scenario.RunAsync(context, logs);
        }
        catch (ScenarioSkippedException skip)
        {
            logs.Remove();
            return new TestResult(TestKind.Scenario, name, Outcome.Skipped, scenario.Rows, skip.Message);
        }
        catch (ScenarioException failure)
        {
            logs.Write("verdict", failure.Message + "\n");
            string message = $"{failure.Message} (logs: {ToolContext.Shown(logs.Path)})";
            return new TestResult(TestKind.Scenario, name, Outcome.Failed, scenario.Rows, message)
            {
                Log = logs.PathOf("serial.log"),
            };
        }

        if (!keepLogs)
        {
            logs.Remove();
        }

        return new TestResult(TestKind.Scenario, name, Outcome.Passed, scenario.Rows);
    }

    /// <summary>The name of its result.</summary>
    public static string NameOf(Scenario scenario) => "scenario/" + scenario.Name;
}
