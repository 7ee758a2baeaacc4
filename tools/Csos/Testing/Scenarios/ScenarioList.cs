// All scenarios there are.

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>The scenarios that <c>./csos test</c> runs.</summary>
public static class ScenarioList
{
    /// <summary>Each of them.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new PromptScenario(),
        new ShellScenario(),
        new KeyboardScenario(),
        new NetworkScenario(),
        new PoweroffScenario(),
        new CtrlAltDelScenario(),
        new CtrlAltDelInitScenario(),
        new PowerButtonScenario(),
        new PowerButtonForcedScenario(),
        new OrderlyRebootScenario(),
        new PipedInputScenario(),
        new OopsScenario(),
        new PanicScenario(),
        new ReadmeDriverScenario(),
        new CpusScenario(),
        new DeadCpuScenario(),
        .. FewerCpusScenario.All,
        new VsyscallScenario(),
        new InitrdScenario(),
        new BusyboxScenario(),
        new TraceScenario(),
    ];
}
