// A panic says so, and with panic=-1 resets the machine at once (which ends QEMU here).

using CSharpOS.Tool.Emulators;

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>The end of a panic.</summary>
public sealed class PanicScenario : GuestScenario
{
    /// <inheritdoc/>
    public override string Name => "panic";

    /// <inheritdoc/>
    public override Machine Machine => new() { Append = "panic=-1" };

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectPromptAsync();
        await guest.TypeAsync("panic\n");
        await guest.ExpectAsync("Kernel panic");
        await guest.ExpectExitAsync("guest-reset");
    }
}
