// ./csos run: build the kernel and boot it, its serial line on this terminal.
//
// Typing: with a terminal as input QEMU gets it directly (raw mode, Ctrl-A X leaves). Piped input does not go to QEMU directly,
// because bytes would be lost: GRUB and the UEFI firmware read the serial line too, the byte that waits in the UART is dropped
// when the driver switches the FIFO on, and Ctrl-A (0x01) would be an escape. So SerialFeeder holds it until the first prompt.

using System.CommandLine;
using System.Diagnostics;
using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Images;
using CSharpOS.Tool.Processes;

namespace CSharpOS.Tool.Commands;

/// <summary>The sub-command <c>run</c>.</summary>
public static class RunCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Make(ToolContext context)
    {
        Command command = new("run", "Build the kernel and boot it in QEMU; arguments after -- go to QEMU.");
        VariantOptions variant = new(command, "Checked");
        MachineOptions machine = new(command);
        Option<string> display = new("--display")
        {
            Description = "QEMU's display: none, gtk, sdl, curses, vnc=:1 ... (default none)",
            DefaultValueFactory = _ => "none",
        };
        command.Add(display);
        command.SetAction(async (result, _) =>
        {
            using Workspace workspace = new();
            Machine wanted = machine.Machine(result, workspace);
            string program = Qemu.Find(context);
            Variant built = await variant.ProvideAsync(context, result);
            return await BootAsync(context, program, built, wanted, result.GetValue(display)!, workspace);
        });
        return command;
    }

    private static async Task<int> BootAsync(ToolContext context, string program, Variant variant, Machine machine, string display, Workspace workspace)
    {
        bool curses = display.StartsWith("curses", StringComparison.Ordinal);
        bool fed = context.IsInputRedirected && !curses;
        if (fed && !machine.Append.Contains("panic=", StringComparison.Ordinal))
        {
            // Nobody is there to press a key: a panic ends the run instead of waiting for ever.
            machine = machine with { Append = (machine.Append + " panic=-1").TrimStart() };
        }

        await using Qmp qmp = new(workspace.PathOf("qmp"));
        string log = RunLog.New(context);
        string medium = await MediumAsync(context, variant, machine, workspace);
        string port = $"id=serial,logfile={Qemu.Quote(log)}";
        string[] serial = curses
            ? ["-chardev", $"file,id=serial,path={Qemu.Quote(log)}", "-serial", "chardev:serial"]
            : fed
                ? ["-chardev", $"stdio,signal=off,{port}", "-serial", "chardev:serial"]
                : ["-chardev", $"stdio,mux=on,signal=off,{port}", "-serial", "chardev:serial", "-mon", "chardev=serial,mode=readline"];
        string[] arguments =
        [
            .. machine.HardwareArguments(), .. machine.BootArguments(medium, Firmware.UefiArguments),
            "-display", display, "-monitor", "none", .. fed ? new[] { "-no-reboot" } : [], .. serial, .. qmp.Arguments,
            .. context.PassedThrough,
        ];
        await context.Error.WriteLineAsync(HowToLeave(fed, curses));
        ProcessStartInfo start = fed
            ? Redirected(Qemu.Detached(context, program, arguments))
            : new ProcessStartInfo(program, arguments);
        start.WorkingDirectory = context.Root;
        using Child child = Child.Start(start);
        int status = fed
            ? await SerialFeeder.RunAsync(child, context.OpenInput(), context.OpenOutput(), context.Cancellation.Token)
            : await child.WaitAsync(context.Cancellation.Token);
        await qmp.DrainAsync(TimeSpan.FromSeconds(1));
        return await ReportAsync(context, status, qmp.ShutdownReason, log);
    }

    private static async Task<string> MediumAsync(ToolContext context, Variant variant, Machine machine, Workspace workspace)
    {
        if (machine.Method == BootMethod.Kernel)
        {
            return variant.Kernel(context);
        }

        string iso = workspace.PathOf("csharpos.iso");
        await IsoBuilder.BuildAsync(context, variant.Kernel(context), machine.Append, iso, machine.Initrd);
        return iso;
    }

    private static string HowToLeave(bool fed, bool curses) => curses
        ? "QEMU's screen takes this terminal; leave with Esc 2 and the monitor command quit, or with poweroff."
        : fed
            ? "Input is piped; the guest gets it after the first prompt. The command poweroff ends QEMU, Ctrl-C too."
            : "Leave QEMU with Ctrl-A X, or with the command poweroff (Ctrl-A C: QEMU's monitor).";

    private static ProcessStartInfo Redirected(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        return start;
    }

    private static async Task<int> ReportAsync(ToolContext context, int status, string? reason, string log)
    {
        if (status != 0)
        {
            await context.Error.WriteLineAsync($"csos: QEMU ended with status {status}");
            return status;
        }

        if (reason != "guest-reset")
        {
            return ExitCodes.Success;
        }

        string shown = ToolContext.Shown(log);
        if (RunLog.PanicLine(log) is { } panic)
        {
            await context.Error.WriteLineAsync($"csos: the kernel panicked: {panic} (log: {shown})");
            return ExitCodes.GuestPanicked;
        }

        await context.Error.WriteLineAsync($"csos: the guest was reset (a triple fault, or reboot) and -no-reboot ended it (log: {shown})");
        return ExitCodes.GuestReset;
    }
}
