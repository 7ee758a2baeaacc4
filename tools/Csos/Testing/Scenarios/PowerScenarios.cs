// The ends of the machine's run that begin outside: Ctrl-Alt-Del on the keyboard, and the power button. What a suite in the kernel cannot see, because it
// would not outlive it.

using CSharpOS.Tool.Emulators;

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>Without an init Ctrl-Alt-Del restarts the machine at once.</summary>
public sealed class CtrlAltDelScenario : GuestScenario
{
    /// <inheritdoc/>
    public override string Name => "ctrl-alt-delete";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["DRV-06"];

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectPromptAsync();
        await guest.PressAsync("ctrl-delete", "alt-delete");
        await guest.TypeAsync("nosuchcommand\n");
        await guest.ExpectPromptAsync();
        await guest.PressAsync("ctrl-alt-delete");
        await guest.ExpectAsync(@"Restarting system\.");
        await guest.ExpectExitAsync("guest-reset");
    }
}

/// <summary>With init it is init that restarts the machine, after it has ended the programs.</summary>
public sealed class CtrlAltDelInitScenario : GuestScenario
{
    /// <inheritdoc/>
    public override string Name => "ctrl-alt-delete-init";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["DRV-06", "SYS-12"];

    /// <inheritdoc/>
    public override Machine Machine => new() { Type = "q35", Cpus = 2, Append = "init=/init" };

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectAsync(ShellScenario.Prompt);
        await guest.TypeAsync("cat /proc/sys/kernel/ctrl-alt-del\n");
        await guest.ExpectAsync("^0$");
        await guest.TypeAsync("sleep 500 & usertest stubborn &\n");
        await guest.ExpectAsync("^(.*# )?stubborn$");
        await guest.PressAsync("ctrl-alt-delete");
        await guest.ExpectAsync("init: restart$");
        await guest.ExpectAsync("^init: some programs do not end: SIGKILL$");
        await guest.ExpectAsync("^init: all programs have ended$");
        await guest.ExpectAsync(@"Restarting system\.");
        await guest.ExpectExitAsync("guest-reset");
    }
}

/// <summary>The power button has the kernel run /sbin/poweroff, which has init do it.</summary>
public sealed class PowerButtonScenario : GuestScenario
{
    /// <inheritdoc/>
    public override string Name => "power-button";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["KT-06"];

    /// <inheritdoc/>
    public override Machine Machine => new() { Append = "init=/init" };

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectAsync(ShellScenario.Prompt);
        await guest.TypeAsync("sleep 500 &\n");
        await guest.ExpectAsync(ShellScenario.Prompt);
        await guest.MonitorAsync("system_powerdown");
        await guest.ExpectAsync("init: power off$");
        await guest.ExpectAsync("^init: all programs have ended$");
        await guest.ExpectAsync(@"Power down\.");
        await guest.ExpectExitAsync("guest-shutdown");
    }
}

/// <summary>Where the program cannot be started the power button switches off all the same, and says why.</summary>
public sealed class PowerButtonForcedScenario : GuestScenario
{
    /// <inheritdoc/>
    public override string Name => "power-button-forced";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["KT-06"];

    /// <inheritdoc/>
    public override Machine Machine => new() { Type = "q35", Append = "init=/init" };

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectAsync(ShellScenario.Prompt);
        await guest.TypeAsync("echo /bin/nothing > /proc/sys/kernel/poweroff_cmd\n");
        await guest.ExpectAsync(ShellScenario.Prompt);
        await guest.MonitorAsync("system_powerdown");
        await guest.ExpectAsync("orderly poweroff: /bin/nothing cannot be started: error -2");
        await guest.ExpectAsync(@"Power down\.");
        await guest.ExpectExitAsync("guest-shutdown");
    }
}

/// <summary>The monitor's orderly reboot runs /sbin/reboot, which without an init asks the kernel itself.</summary>
public sealed class OrderlyRebootScenario : GuestScenario
{
    /// <inheritdoc/>
    public override string Name => "orderly-reboot";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["KT-06"];

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectPromptAsync();
        await guest.TypeAsync("reboot orderly\n");
        await guest.ExpectAsync(@"Restarting system\.");
        await guest.ExpectExitAsync("guest-reset");
        if (guest.Text.Contains("cannot be started", StringComparison.Ordinal))
        {
            throw new ScenarioException("/sbin/reboot was not started");
        }
    }
}
