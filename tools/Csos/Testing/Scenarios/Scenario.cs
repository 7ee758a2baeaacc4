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

    /// <summary>The steps.</summary>
    public abstract Task RunAsync(Guest guest);

    /// <inheritdoc/>
    public sealed override async Task RunAsync(ToolContext context, LogFolder logs)
    {
        await using Guest guest = new(context, Kernel(context), Machine, logs);
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
