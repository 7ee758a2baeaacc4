// Runs the kernel's benchmarks: one CPU, the 8259A, and virtual time that counts executed instructions, so that a second run gives
// the same figures to the instruction.

using System.Diagnostics;
using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Processes;
using CSharpOS.Tool.Testing;

namespace CSharpOS.Tool.Bench;

/// <summary>Boots the benchmark.</summary>
public static class BenchRunner
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(15);

    /// <summary>Boots a kernel with <c>bench</c> on its command line.</summary>
    /// <returns>The lines that were measurements.</returns>
    /// <exception cref="CsosException">The guest did not end as it should.</exception>
    public static async Task<IReadOnlyList<BenchLine>> RunAsync(ToolContext context, string kernel)
    {
        Machine machine = new() { Icount = true, Append = "noapic bench" };
        LogFolder logs = new(context, "bench");
        string program = Qemu.Find(context);
        string[] arguments =
        [
            .. machine.HardwareArguments(), .. machine.BootArguments(kernel, Firmware.UefiArguments),
            "-no-reboot", "-display", "none", "-monitor", "none", .. QemuBootRunner.DebugExit,
            "-serial", $"file:{logs.PathOf("serial.log")}", "-chardev", "stdio,id=bench,signal=off", "-serial", "chardev:bench",
        ];
        ProcessStartInfo start = Qemu.Detached(context, program, arguments);
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        start.WorkingDirectory = context.Root;
        using Child child = Child.Start(start);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(context.Cancellation.Token);
        limit.CancelAfter(s_limit);
        List<BenchLine> lines = [];
        Task reading = ReadAsync(child.Process.StandardOutput, lines);
        int status;
        try
        {
            status = await child.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!context.Cancellation.IsCancellationRequested)
        {
            throw new CsosException($"the benchmark did not end in {s_limit.TotalMinutes:0} minutes (log: {ToolContext.Shown(logs.Path)})");
        }

        await reading;
        if (status != ExitCodes.DebugExitPassed)
        {
            string log = ToolContext.Shown(logs.Path);
            throw new CsosException($"the benchmark did not come to its end: QEMU's status is {status} (log: {log})");
        }

        return lines.Count > 0 ? lines : throw new CsosException("the benchmark measured nothing");
    }

    private static async Task ReadAsync(StreamReader reader, List<BenchLine> lines)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            if (BenchLine.Parse(line) is { } measured)
            {
                lines.Add(measured);
            }
        }
    }
}
