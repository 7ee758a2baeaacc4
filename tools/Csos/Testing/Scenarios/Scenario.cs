// A scenario: the host boots the ordinary kernel, types, presses keys, and looks at what comes. It is for what a test suite inside the
// kernel cannot see: the prompt, the screen, the end of the machine. One class per scenario; ScenarioList names them all.

using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Images;

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>A test driven from the host.</summary>
public abstract class Scenario
{
    /// <summary>Its name, in small letters and dashes.</summary>
    public abstract string Name { get; }

    /// <summary>The rows of the specification it proves.</summary>
    public virtual IReadOnlyList<string> Rows => [];

    /// <summary>The kernel's build.</summary>
    public virtual Variant Variant => new("Checked");

    /// <summary>The steps. A step that does not see what it expects throws a <see cref="ScenarioException"/>.</summary>
    public abstract Task RunAsync(ToolContext context, LogFolder logs);
}

/// <summary>A scenario in one guest.</summary>
public abstract class GuestScenario : Scenario
{
    /// <summary>The machine, and the kernel command line.</summary>
    public virtual Machine Machine => new();

    /// <summary>The kernel image.</summary>
    public virtual string Kernel(ToolContext context) => Variant.Kernel(context);

    /// <summary>The machine, where something must be made for it first.</summary>
    /// <param name="context">The tool's surroundings.</param>
    /// <param name="workspace">A folder that lasts as long as the scenario.</param>
    public virtual Task<Machine> PrepareAsync(ToolContext context, Workspace workspace) => Task.FromResult(Machine);

    /// <summary>The steps.</summary>
    public abstract Task RunAsync(Guest guest);

    /// <inheritdoc/>
    public sealed override async Task RunAsync(ToolContext context, LogFolder logs)
    {
        using Workspace workspace = new();
        Machine machine = await PrepareAsync(context, workspace);
        string kernel = Kernel(context), medium = kernel;
        if (machine.Method != BootMethod.Kernel)
        {
            medium = workspace.PathOf("csharpos.iso");
            await IsoBuilder.BuildAsync(context, kernel, machine.Append, medium, machine.Initrd);
        }

        await using Guest guest = new(context, kernel, machine, logs, medium);
        try
        {
            await RunAsync(guest);
        }
        catch (ScenarioException)
        {
            await guest.ExamineAsync();
            throw;
        }
    }
}

/// <summary>A scenario's expectation was not met.</summary>
/// <param name="message">What was expected and what came.</param>
public sealed class ScenarioException(string message) : Exception(message);

/// <summary>A scenario cannot be played here.</summary>
/// <param name="message">Why.</param>
public sealed class ScenarioSkippedException(string message) : Exception(message);
