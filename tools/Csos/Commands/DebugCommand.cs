// ./csos debug: QEMU stopped before the first instruction, gdb attached with C# source and our helpers.
// ./csos debug --server: only the first half, for Visual Studio Code or a gdb of one's own; the serial line is on this terminal.
//
// QEMU is started detached from the terminal when gdb has it: Ctrl-C then stops the guest, and does not end QEMU.

using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Images;
using CSharpOS.Tool.Processes;

namespace CSharpOS.Tool.Commands;

/// <summary>The sub-command <c>debug</c>.</summary>
public static class DebugCommand
{
    private const int StandardPort = 1234;

    /// <summary>Makes the command.</summary>
    public static Command Make(ToolContext context)
    {
        Command command = new("debug", "Boot stopped, with gdb attached; arguments after -- go to gdb (with --server: to QEMU).");
        VariantOptions variant = new(command, "Debug");
        MachineOptions machine = new(command);
        Option<bool> server = new("--server") { Description = "only start QEMU; wait for a debugger on a loopback port" };
        Option<int> port = new("--port")
        {
            Description = $"the port for --server (default {StandardPort})",
            DefaultValueFactory = _ => StandardPort,
        };
        Option<string> display = new("--display") { Description = "QEMU's display (default none)", DefaultValueFactory = _ => "none" };
        port.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !(int.TryParse(result.Tokens[0].Value, out int number) && number is >= 1 and <= 65535))
            {
                result.AddError($"bad port '{result.Tokens[0].Value}': 1 to 65535");
            }
        });
        command.Add(server);
        command.Add(port);
        command.Add(display);
        command.SetAction(async (result, _) =>
        {
            using Workspace workspace = new();
            Machine wanted = machine.Machine(result, workspace);
            string program = Qemu.Find(context);
            if (!result.GetValue(server) && Qemu.FindProgram(context, "gdb") == null)
            {
                throw new CsosException("gdb is missing: sudo apt-get install gdb");
            }

            Variant built = await variant.ProvideAsync(context, result);
            string medium = built.Kernel(context);
            if (wanted.Method != BootMethod.Kernel)
            {
                medium = workspace.PathOf("csharpos.iso");
                await IsoBuilder.BuildAsync(context, built.Kernel(context), wanted.Append, medium, wanted.Initrd);
            }

            string[] hardware =
            [
                .. wanted.HardwareArguments(), .. wanted.BootArguments(medium, Firmware.UefiArguments),
                "-display", result.GetValue(display)!, "-S",
            ];
            return result.GetValue(server)
                ? await ServeAsync(context, program, hardware, result.GetValue(port))
                : await AttachAsync(context, program, hardware, workspace, built.Kernel(context));
        });
        return command;
    }

    private static async Task<int> ServeAsync(ToolContext context, string program, string[] hardware, int port)
    {
        using Workspace workspace = new();
        await using Qmp qmp = new(workspace.PathOf("qmp"));
        string address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        string[] serial = context.IsInputRedirected
            ? ["-serial", $"file:{RunLog.New(context)}", "-monitor", "none"]
            : ["-serial", "mon:stdio"];
        string[] arguments = [.. hardware, .. serial, "-gdb", $"tcp:{address}", .. qmp.Arguments, .. context.PassedThrough];
        using Child child = Child.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = context.Root });

        // QEMU answers on QMP only when its gdb stub listens already: then whoever waits for this line may connect.
        Task ended = child.Process.WaitForExitAsync(context.Cancellation.Token);
        Task<string?> answer = qmp.MonitorAsync("info status", TimeSpan.FromSeconds(30));
        if (await Task.WhenAny(ended, answer) == answer && await answer != null)
        {
            await context.Output.WriteLineAsync($"Listening on {address}. In gdb: target remote {address}. Leave with Ctrl-A X.");
            await context.Output.FlushAsync();
        }

        return await child.WaitAsync(context.Cancellation.Token);
    }

    private static async Task<int> AttachAsync(ToolContext context, string program, string[] hardware, Workspace workspace, string kernel)
    {
        string stub = workspace.PathOf("gdb");
        string log = RunLog.New(context);
        await using Qmp qmp = new(workspace.PathOf("qmp"));
        string[] arguments =
        [
            .. hardware, "-monitor", "none", "-serial", $"file:{log}",
            "-chardev", $"socket,id=gdb,path={Qemu.Quote(stub)},server=on,wait=off", "-gdb", "chardev:gdb", .. qmp.Arguments,
        ];
        ProcessStartInfo start = Qemu.Detached(context, program, arguments);
        start.RedirectStandardInput = true;
        start.WorkingDirectory = context.Root;
        using Child qemu = Child.Start(start);
        if (await qmp.MonitorAsync("info status", TimeSpan.FromSeconds(30)) == null)
        {
            throw new CsosException("QEMU did not start (its message is above)");
        }

        await context.Error.WriteLineAsync(
            $"Serial output goes to {ToolContext.Shown(log)}; `continue` starts the guest, `monitor COMMAND` asks QEMU.");
        string helpers = context.PathOf("tools", "gdb", "csharpos.py");
        string[] gdbArguments =
        [
            "-q", kernel, "-ex", "set confirm off", "-ex", $"directory {context.Root}",
            .. File.Exists(helpers) ? new[] { "-ex", $"source {helpers}" } : [],
            "-ex", $"target remote {stub}", .. context.PassedThrough,
        ];
        Child.ForegroundTakesInterrupts = true;
        using Child gdb = Child.Start(new ProcessStartInfo("gdb", gdbArguments) { WorkingDirectory = context.Root });
        return await gdb.WaitAsync(context.Cancellation.Token);
    }
}
