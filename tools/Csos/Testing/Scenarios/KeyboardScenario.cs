// The emulated keyboard types, the VGA text screen shows: the same monitor as on the serial line.

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>Keyboard and screen.</summary>
public sealed class KeyboardScenario : GuestScenario
{
    /// <inheritdoc/>
    public override string Name => "keyboard-and-screen";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["DRV-01"];

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectScreenAsync("^csharpos>");
        await guest.PressTextAsync("No-Such: 1\n");
        await guest.ExpectScreenAsync("^csharpos> No-Such: 1$");
        await guest.PressTextAsync("cpus\n");
        await guest.ExpectScreenAsync("^csharpos> cpus$");
        await guest.ExpectScreenAsync("^csharpos>$");
    }
}
