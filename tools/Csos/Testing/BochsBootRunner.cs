// Boots a test kernel in Bochs from an ISO. Its serial ports are files; the second one is followed while it grows. There is no
// debug-exit device: the guest ends Bochs through port 0x8900, or the host does when the KTAP plan is complete.

using System.Diagnostics;
using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Images;
using CSharpOS.Tool.Processes;
using CSharpOS.Tool.Testing.Ktap;

namespace CSharpOS.Tool.Testing;

/// <summary>Runs boots in Bochs.</summary>
public static class BochsBootRunner
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(3);

    /// <summary>Runs one boot to its end; skips it where Bochs is not installed.</summary>
    public static async Task<BootResult> RunAsync(
        ToolContext context, Boot boot, BootLimits limits, bool soak, bool keepLogs, Action<string>? progress = null)
    {
        Stopwatch clock = Stopwatch.StartNew();
        if (BochsConfiguration.Find(context) is not { } program)
        {
            KtapReport nothing = new([], [], true, "");
            return new BootResult(boot, new Verdict(Ending.Skipped, "Bochs is not installed"), nothing, clock.Elapsed, null);
        }

        LogFolder logs = new(context, boot.Name);
        string iso = logs.PathOf("test.iso");
        await IsoBuilder.BuildAsync(context, boot.Variant.TestKernel(context), boot.CommandLine(soak), iso);
        string second = logs.PathOf("port2");
        await File.WriteAllTextAsync(second, "");
        logs.Write("bochsrc", BochsConfiguration.Text(
            iso, Qemu.ParseMemory(boot.Machine.Memory), logs.PathOf("serial.log"), second, logs.PathOf("bochs.log")));
        logs.Write("continue", "c\n");
        string[] arguments = ["-q", "-f", logs.PathOf("bochsrc"), "-rc", logs.PathOf("continue")];
        logs.Write("command", Qemu.ShellLine(program, arguments) + "\n");

        ProcessStartInfo start = Qemu.Detached(context, program, arguments);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.WorkingDirectory = logs.Path;
        using Child child = Child.Start(start);
        child.Process.StandardInput.Close();
        Task<string> output = child.Process.StandardOutput.ReadToEndAsync();
        Task<string> errors = child.Process.StandardError.ReadToEndAsync();
        using KtapWatch watch = new(logs.PathOf("ktap.log"));
        EndedBy endedBy = await FollowAsync(context, child, second, watch, limits, progress);
        child.End();
        logs.Write("bochs.out", await output + await errors);
        KtapReport report = watch.Finish();
        Verdict verdict = Verdict.OfStream(endedBy, report);
        logs.Write("verdict", $"{verdict.Ending}: {verdict.Detail}\n");
        bool keep = keepLogs || verdict.Ending != Ending.Passed;
        if (!keep)
        {
            logs.Remove();
        }

        return new BootResult(boot, verdict, report, clock.Elapsed, keep ? logs.Path : null);
    }

    private static async Task<EndedBy> FollowAsync(
        ToolContext context, Child child, string port, KtapWatch watch, BootLimits limits, Action<string>? progress)
    {
        Stopwatch clock = Stopwatch.StartNew();
        await using FileStream stream = new(port, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using StreamReader reader = new(stream);
        string line = "";
        TimeSpan? complete = null;
        while (true)
        {
            context.Cancellation.Token.ThrowIfCancellationRequested();
            bool ended = child.Process.HasExited;
            string more = await reader.ReadToEndAsync();
            string[] lines = (line + more).Split('\n');
            foreach (string whole in lines[..^1])
            {
                watch.Feed(whole);
            }

            line = lines[^1];
            if (ended)
            {
                // The very last characters may still have been in the UART.
                watch.Feed(line);
                return EndedBy.Itself;
            }

            progress?.Invoke(watch.State);
            if (watch.IsComplete)
            {
                complete ??= clock.Elapsed;
                if (clock.Elapsed - complete > s_farewell)
                {
                    return EndedBy.Completion;
                }
            }
            else if (watch.Silence > limits.Silence)
            {
                return EndedBy.Silence;
            }
            else if (clock.Elapsed > limits.Total)
            {
                return EndedBy.TimeLimit;
            }

            await Task.Delay(s_look);
        }
    }
}
