// The command oops makes a fault in the kernel: registers, a call trace with function, offset, size, file and line, and the code
// bytes. The machine goes on.

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>A readable oops.</summary>
public sealed class OopsScenario : GuestScenario
{
    /// <inheritdoc/>
    public override string Name => "oops";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["IRQ-01", "LOG-02"];

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectPromptAsync();
        await guest.TypeAsync("oops\n");
        await guest.ExpectAsync("BUG: unable to handle kernel NULL pointer dereference at 0000000000000000");
        await guest.ExpectAsync(@"RIP: [^\n]*\.cs:\d+");
        await guest.ExpectAsync(@"RAX: ?[0-9a-f]{16}");
        await guest.ExpectAsync("Call Trace:");
        await guest.ExpectAsync(@"[\w.]+\+0x[0-9a-f]+/0x[0-9a-f]+ at [^\n]*\.cs:\d+");
        await guest.ExpectAsync(@"Code: ([0-9a-f]{2} )+<[0-9a-f]{2}>");

        // Only the command has ended, not the machine.
        await guest.ExpectPromptAsync();
        await guest.TypeAsync("help\n");
        await guest.ExpectAsync("interrupts");
    }
}
