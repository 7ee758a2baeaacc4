// What README.md promises of its driver: it compiles as printed, and with the printed command its handler runs three times.

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>The driver of README.md.</summary>
public sealed class ReadmeDriverScenario : GuestScenario
{
    /// <inheritdoc/>
    public override string Name => "readme-driver";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["IRQ-04"];

    /// <inheritdoc/>
    public override string Kernel(ToolContext context) => Path.Combine(Variant.Folder(context), "csharpos-readme.elf");

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectPromptAsync();
        await guest.TypeAsync("irq storm 3 6\n");
        for (int i = 1; i <= 3; i++)
        {
            await guest.ExpectAsync($@"toy: interrupt {i} on line 6, struck at 0xffffffff8[0-9a-f]+");
        }

        await guest.ExpectAsync("line 6: raised 3 times, 3 interrupts");
        await guest.ExpectPromptAsync();
    }
}
