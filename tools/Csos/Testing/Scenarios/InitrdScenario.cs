// An archive from the boot loader: GRUB brings it as a module of multiboot2, and it is unpacked over the archive in the image. (BusyboxScenario brings one by PVH.)

using System.Text;
using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Images;

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>A file of the user's, in the machine.</summary>
public sealed class InitrdScenario : GuestScenario
{
    /// <inheritdoc/>
    public override string Name => "initrd";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["SYS-12"];

    /// <inheritdoc/>
    public override Machine Machine => new() { Append = "init=/init", Method = BootMethod.BiosIso };

    /// <inheritdoc/>
    public override Task<Machine> PrepareAsync(ToolContext context, Workspace workspace)
    {
        string group = workspace.PathOf("group"), script = workspace.PathOf("greeting");
        File.WriteAllText(group, "brought:x:7:\n", Encoding.ASCII);
        File.WriteAllText(script, "#!/bin/sh\necho $1 from $0\n", Encoding.ASCII);
        string? initrd = Initrd.Make([], [$"{group}=/etc/group", script], workspace);
        return Task.FromResult(Machine with { Initrd = initrd });
    }

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectAsync(@"Freeing initrd memory: \d+K");
        await guest.ExpectAsync(ShellScenario.Prompt);

        // One in place of the image's, one beside its programs, which are still there.
        await guest.TypeAsync("grep : /etc/group\n");
        await guest.ExpectAsync("^brought:x:7:$");
        await guest.ExpectAsync(ShellScenario.Prompt);
        await guest.TypeAsync("greeting hello\n");
        await guest.ExpectAsync("^hello from /bin/greeting$");
        await guest.ExpectAsync(ShellScenario.Prompt);
        await guest.TypeAsync("poweroff\n");
        await guest.ExpectAsync("Power down");
    }
}
