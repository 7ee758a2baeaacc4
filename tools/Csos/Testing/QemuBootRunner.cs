// Boots a test kernel in QEMU. Its second serial port is QEMU's standard output: the KTAP stream. The first one goes to a log.
// A boot that says nothing for too long is asked for its registers before it is ended.

using System.Diagnostics;
using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Images;
using CSharpOS.Tool.Processes;
using CSharpOS.Tool.Testing.Ktap;

namespace CSharpOS.Tool.Testing;

/// <summary>Runs boots in QEMU.</summary>
public static class QemuBootRunner
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_answer = TimeSpan.FromSeconds(5);

    /// <summary>QEMU's device by which the guest says how the tests went.</summary>
    public static string[] DebugExit => ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"];

    /// <summary>Runs one boot to its end.</summary>
    /// <param name="context">The tool's surroundings.</param>
    /// <param name="boot">The boot.</param>
    /// <param name="limits">How long it may take.</param>
    /// <param name="soak">Ask the suites for their long form.</param>
    /// <param name="keepLogs">Keep the logs even if all went well.</param>
    /// <param name="progress">Is told how far it is.</param>
    public static async Task<BootResult> RunAsync(
        ToolContext context, Boot boot, BootLimits limits, bool soak, bool keepLogs, Action<string>? progress = null)
    {
        Stopwatch clock = Stopwatch.StartNew();
        LogFolder logs = new(context, boot.Name);
        using Workspace workspace = new();
        await using Qmp qmp = new(workspace.PathOf("qmp"));
        using KtapWatch watch = new(logs.PathOf("ktap.log"));
        Machine machine = boot.Machine with { Append = boot.CommandLine(soak) };
        string kernel = boot.Variant.TestKernel(context);
        string medium = kernel;
        if (machine.Method != BootMethod.Kernel)
        {
            medium = logs.PathOf("test.iso");
            await IsoBuilder.BuildAsync(context, kernel, machine.Append, medium);
        }

        string program = Qemu.Find(context);
        string[] common =
        [
            .. machine.HardwareArguments(), .. machine.BootArguments(medium, Firmware.UefiArguments),
            "-no-reboot", "-display", "none", "-monitor", "none", .. DebugExit,
        ];
        string[] arguments =
        [
            .. common,
            "-chardev", $"file,id=log,path={Qemu.Quote(logs.PathOf("serial.log"))}", "-serial", "chardev:log",
            "-chardev", "stdio,id=ktap,signal=off", "-serial", "chardev:ktap", .. qmp.Arguments,
        ];
        logs.Write("command", Qemu.ShellLine(program, [.. common, "-serial", "stdio", "-serial", "file:ktap.log"]) + "\n");

        ProcessStartInfo start = Qemu.Detached(context, program, arguments);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.WorkingDirectory = context.Root;
        using Child child = Child.Start(start);
        Task<string> errorText = child.Process.StandardError.ReadToEndAsync();
        Task reading = ReadAsync(child.Process.StandardOutput, watch);
        EndedBy endedBy = await WatchAsync(context, child, watch, limits, progress);
        string where = "";
        if (endedBy != EndedBy.Itself)
        {
            where = await ExamineAsync(context, qmp, kernel, logs);
            child.End();
        }

        int status = await child.WaitAsync(context.Cancellation.Token);
        context.Cancellation.Token.ThrowIfCancellationRequested();
        await reading;
        await qmp.DrainAsync(TimeSpan.FromSeconds(1));
        KtapReport report = watch.Finish();
        Verdict verdict = Verdict.OfQemu(status, endedBy, qmp.ShutdownReason, report, await errorText);
        verdict = verdict with { Detail = verdict.Detail + where };
        logs.Write("qemu.err", await errorText);
        logs.Write("verdict", $"{verdict.Ending}: {verdict.Detail}\n");
        bool keep = keepLogs || verdict.Ending != Ending.Passed;
        if (!keep)
        {
            logs.Remove();
        }

        return new BootResult(boot, verdict, report, clock.Elapsed, keep ? logs.Path : null);
    }

    private static async Task ReadAsync(StreamReader reader, KtapWatch watch)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            watch.Feed(line);
        }
    }

    private static async Task<EndedBy> WatchAsync(
        ToolContext context, Child child, KtapWatch watch, BootLimits limits, Action<string>? progress)
    {
        Stopwatch clock = Stopwatch.StartNew();
        Task ended = child.Process.WaitForExitAsync(context.Cancellation.Token);
        while (await Task.WhenAny(ended, Task.Delay(s_look)) != ended)
        {
            progress?.Invoke(watch.State);
            if (watch.Silence > limits.Silence)
            {
                return EndedBy.Silence;
            }

            if (clock.Elapsed > limits.Total)
            {
                return EndedBy.TimeLimit;
            }
        }

        await ended;
        return EndedBy.Itself;
    }

    // Where is it, and with which interrupts on? Asked through QEMU, since the guest does not answer any more.
    private static async Task<string> ExamineAsync(ToolContext context, Qmp qmp, string kernel, LogFolder logs)
    {
        List<string> text = [];
        string? registers = null;
        foreach (string command in (string[])["info registers -a", "info pic", "info irq", "x /16i $rip", "x /32gx $rsp"])
        {
            string? answer = qmp.IsConnected ? await qmp.MonitorAsync(command, s_answer) : null;
            text.Add($"(qemu) {command}\n{answer ?? "no answer"}");
            registers ??= answer;
        }

        string where = await CodeAddress.DescribeAsync(context, kernel, registers ?? "");
        logs.Write("registers", string.Join('\n', text) + where + "\n");
        return where;
    }
}
