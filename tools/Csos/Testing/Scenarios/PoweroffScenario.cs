// The command poweroff ends the machine, on both machine types through the same ACPI register.

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>The machine switches itself off.</summary>
public sealed class PoweroffScenario : GuestScenario
{
    /// <inheritdoc/>
    public override string Name => "poweroff";

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectPromptAsync();
        await guest.TypeAsync("poweroff\n");
        await guest.ExpectExitAsync("guest-shutdown");
    }
}
