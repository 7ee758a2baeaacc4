// Takes the measurements. Instructions: one CPU, the 8259A, and virtual time that counts executed instructions, so that a second run gives
// the same figures to the instruction. Scaling: two CPUs under multi-threaded TCG, in real time. System calls: the ordinary image, in virtual
// time, and once more in real time, because a gate and a fast entry differ in what one instruction costs. The time to the first program:
// virtual time again; then with as little memory as it boots in.

using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Processes;
using CSharpOS.Tool.Testing;
using CSharpOS.Tool.Testing.Scenarios;

namespace CSharpOS.Tool.Bench;

/// <summary>Boots the benchmarks.</summary>
public static class BenchRunner
{
    private const string FirstProgram = @"First program (?<time>\d+) us after power-on|panic|[Tt]oo little memory|takes over";
    private const string ShellPrompt = "/root # ";
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(15);
    private static readonly int[] s_memorySizes = [12, 16, 24, 32, 64];

    /// <summary>Boots the measurements that count instructions.</summary>
    /// <exception cref="CsosException">The guest did not end as it should.</exception>
    public static async Task<IReadOnlyList<BenchLine>> InstructionsAsync(ToolContext context, string kernel)
    {
        IReadOnlyList<BenchLine> lines = await MeasureAsync(context, kernel, new Machine { Icount = true, Append = "noapic bench" }, "bench");
        return lines.Count > 0 ? lines : throw new CsosException("the benchmark measured nothing");
    }

    /// <summary>Boots the measurement of scaling; it gives no line where the kernel was built for one CPU.</summary>
    /// <exception cref="CsosException">The guest did not end as it should.</exception>
    public static Task<IReadOnlyList<BenchLine>> ScalingAsync(ToolContext context, string kernel) =>
        MeasureAsync(context, kernel, new Machine { Cpus = 2, Append = "bench=scaling" }, "bench-scaling");

    /// <summary>Boots the ordinary image to its shell and runs there the programs that measure system calls.</summary>
    /// <exception cref="CsosException">One of them did not end well.</exception>
    public static Task<IReadOnlyList<BenchLine>> UserAsync(ToolContext context, string kernel) =>
        RunProgramsAsync(context, kernel, new Machine { Icount = true, Append = "noapic init=/init" }, "bench-user");

    /// <summary>Runs the same programs in real time: how many times as long a call by <c>int 0x80</c> takes as one by the fast entries.</summary>
    /// <exception cref="CsosException">One of them did not end well, or measured nothing.</exception>
    public static async Task<IReadOnlyList<BenchLine>> EntryTimesAsync(ToolContext context, string kernel)
    {
        IReadOnlyList<BenchLine> times = await RunProgramsAsync(context, kernel, new Machine { Append = "init=/init" }, "bench-entry");
        return
        [
            Ratio(times, Bars.SyscallTime, "getpid-int80", "getpid-syscall"),
            Ratio(times, Bars.VsyscallTime, "getpid-int80-32", "getpid-vsyscall"),
        ];
    }

    // The minimum beside the minimum, the median beside the median: the host takes time from both alike.
    internal static BenchLine Ratio(IReadOnlyList<BenchLine> lines, string key, string over, string under)
    {
        BenchLine? numerator = lines.FirstOrDefault(line => line.Key == over);
        BenchLine? denominator = lines.FirstOrDefault(line => line.Key == under);
        return numerator is { } n && denominator is { Minimum: > 0, Median: > 0 } d
            ? new BenchLine(key, Math.Round(n.Minimum / d.Minimum, 2), Math.Round(n.Median / d.Median, 2), "times")
            : throw new CsosException($"{over} and {under} were not both measured");
    }

    private static async Task<IReadOnlyList<BenchLine>> RunProgramsAsync(ToolContext context, string kernel, Machine machine, string name)
    {
        LogFolder logs = new(context, name);
        await using Guest guest = new(context, kernel, machine, logs);
        try
        {
            await guest.ExpectAsync(ShellPrompt);
            foreach (string program in (string[])["bench-user", "bench-user32"])
            {
                await guest.TypeAsync($"{program} && echo it ended well; echo over\n");
                await guest.ExpectAsync("^over$", s_limit);
            }
        }
        catch (ScenarioException exception)
        {
            throw new CsosException($"system calls were not measured: {exception.Message} (log: {ToolContext.Shown(logs.Path)})");
        }

        List<BenchLine> lines = [.. guest.Text.Split('\n').Select(BenchLine.Parse).OfType<BenchLine>()];
        return guest.Text.Split('\n').Count(line => line.Trim() == "it ended well") == 2
            ? lines
            : throw new CsosException($"a program that measures system calls failed (log: {ToolContext.Shown(logs.Path)})");
    }

    /// <summary>Boots the ordinary image to its shell: how long that takes, and how little memory is enough.</summary>
    public static async Task<IReadOnlyList<BenchLine>> PromptAsync(ToolContext context, string kernel)
    {
        List<BenchLine> lines = [];
        if (await PromptTimeAsync(context, kernel, new Machine().Memory) is { } time)
        {
            double milliseconds = time / 1000.0;
            lines.Add(new BenchLine(Bars.Boot, milliseconds, milliseconds, "ms"));
        }

        foreach (int size in s_memorySizes)
        {
            if (await PromptTimeAsync(context, kernel, $"{size}M") != null)
            {
                lines.Add(new BenchLine(Bars.LeastMemory, size, size, "MB"));
                break;
            }
        }

        return lines;
    }

    // Microseconds of virtual time, or null if the prompt does not come.
    private static async Task<int?> PromptTimeAsync(ToolContext context, string kernel, string memory)
    {
        LogFolder logs = new(context, $"bench-prompt-{memory}");
        await using Guest guest = new(context, kernel, new Machine { Icount = true, Append = "noapic init=/init", Memory = memory }, logs);
        try
        {
            Match match = await guest.ExpectAsync(FirstProgram);
            if (!match.Groups["time"].Success)
            {
                return null;
            }

            await guest.ExpectAsync(ShellPrompt);
            return int.Parse(match.Groups["time"].Value, CultureInfo.InvariantCulture);
        }
        catch (ScenarioException)
        {
            return null;
        }
    }

    private static async Task<IReadOnlyList<BenchLine>> MeasureAsync(ToolContext context, string kernel, Machine machine, string name)
    {
        LogFolder logs = new(context, name);
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

        return lines;
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
