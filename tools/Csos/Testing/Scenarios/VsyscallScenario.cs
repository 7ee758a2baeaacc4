// The boot option that leaves the vsyscall page out: a 32-bit program finds no AT_SYSINFO and does all by int 0x80.

using CSharpOS.Tool.Emulators;

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>A machine without the vsyscall page.</summary>
public sealed class VsyscallScenario : GuestScenario
{
    /// <inheritdoc/>
    public override string Name => "novsyscall";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["SYS-03"];

    /// <inheritdoc/>
    public override Machine Machine => new() { Append = "init=/init novsyscall" };

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectAsync(ShellScenario.Prompt);

        // usertest32 makes its checks by int 0x80, then looks for the page: 99 says that there is none.
        await guest.TypeAsync("usertest32; echo status $?\n");
        await guest.ExpectAsync("^status 99$");
        await guest.ExpectAsync(ShellScenario.Prompt);
        await guest.TypeAsync("poweroff\n");
        await guest.ExpectAsync("Power down");
    }
}
