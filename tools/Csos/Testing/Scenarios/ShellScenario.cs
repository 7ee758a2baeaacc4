// The machine as a user meets it: the first program, a shell on the serial line and on the screen, its jobs, ^C, and switching off.

using CSharpOS.Tool.Emulators;

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>The shell.</summary>
public sealed class ShellScenario : GuestScenario
{
    /// <summary>What it shows when it waits for a line.</summary>
    public const string Prompt = "/root # ";

    /// <inheritdoc/>
    public override string Name => "shell";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["SYS-12", "KT-03"];

    /// <inheritdoc/>
    public override Machine Machine => new() { Append = "init=/init" };

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectAsync(Prompt);
        await guest.TypeAsync("cat /proc/interrupts | grep rtc\n");
        await guest.ExpectAsync(@"^ +8: +\d+ +\S+-edge +rtc$");
        await guest.ExpectAsync(Prompt);
        await guest.TypeAsync("ps\n");
        await guest.ExpectAsync(@"\[ksoftirqd/0\]$");
        await guest.ExpectAsync(@"\[events/0\]$");
        await guest.ExpectAsync(Prompt);

        // A job in the background, and its end.
        await guest.TypeAsync("sleep 500 &\n");
        await guest.ExpectAsync(@"^\[1\] \d+$");
        await guest.ExpectAsync(Prompt);
        await guest.TypeAsync("kill %1; wait; echo over\n");
        await guest.ExpectAsync("^over$");
        await guest.ExpectAsync(Prompt);

        // ^C ends what runs in the foreground, and not the shell.
        await guest.TypeAsync("echo ready; cat\n");
        await guest.ExpectAsync("^ready$");
        await guest.TypeAsync("it runs\n");
        await guest.ExpectAsync("^it runs\nit runs$");
        await guest.TypeAsync("\x03");
        await guest.ExpectAsync(Prompt);
        await guest.TypeAsync("echo $?\n");
        await guest.ExpectAsync("^130$");
        await guest.ExpectAsync(Prompt);

        // The same terminal on the screen, with the keyboard.
        await guest.PressTextAsync("echo on the screen\n");
        await guest.ExpectScreenAsync("^on the screen$");
        await guest.TypeAsync("poweroff\n");
        await guest.ExpectAsync("Power down");
    }
}
