// The kernel reaches its prompt, and what is typed on the serial line is read, edited and answered.

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>The prompt on the serial line.</summary>
public sealed class PromptScenario : GuestScenario
{
    /// <inheritdoc/>
    public override string Name => "prompt";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["DRV-01"];

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectPromptAsync();
        await guest.TypeAsync("help\n");
        string help = (await guest.ExpectAsync("(?s).*?csharpos> ")).Value;
        foreach (string command in (string[])["interrupts", "dmesg", "meminfo", "poweroff"])
        {
            if (!help.Contains(command, StringComparison.Ordinal))
            {
                throw new ScenarioException($"help does not name {command}: {help}");
            }
        }

        // A mistyped letter is taken back; an unknown command is told so and the prompt comes again.
        await guest.TypeAsync("helpx\bzzz\x7f\x7f\x7f\n");
        await guest.ExpectAsync("interrupts");
        await guest.ExpectPromptAsync();
        await guest.TypeAsync("nosuchcommand\n");
        await guest.ExpectAsync("nosuchcommand[^\n]*\n[^\n]*nosuchcommand");
        await guest.ExpectPromptAsync();
    }
}
