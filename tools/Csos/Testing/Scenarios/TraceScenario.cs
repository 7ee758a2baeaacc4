// A trace of the running kernel, taken as ./csos trace takes it, is read as a stranger reads ftrace: by the format that Linux documents, not by what our own
// reader passes over. Each event must have the fields that Linux's has, in its order; time must not go back; and the summary has a line for each mechanism.

using System.Globalization;
using System.Text.RegularExpressions;
using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Tracing;

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>Traces a few commands on two CPUs.</summary>
public sealed partial class TraceScenario : Scenario
{
    // What the commands below cannot but do.
    private static readonly string[] s_intervals =
    [
        "interrupt handler", "softirq: raised to begun", "softirq: begun to ended", "tasklet", "timer function", "work: queued to begun", "work: begun to ended",
        "task: woken to running",
    ];

    // Linux's events/*/format, and for works the courseware's.
    private static readonly Dictionary<string, string> s_formats = new()
    {
        ["irq_handler_entry"] = @"irq=\d+ name=\S.*",
        ["irq_handler_exit"] = @"irq=\d+ ret=(un)?handled",
        ["softirq_raise"] = Softirq,
        ["softirq_entry"] = Softirq,
        ["softirq_exit"] = Softirq,
        ["tasklet_entry"] = Tasklet,
        ["tasklet_exit"] = Tasklet,
        ["timer_start"] = $@"timer={Pointer} function=\S+ expires=\d+",
        ["timer_cancel"] = $"timer={Pointer}",
        ["timer_expire_entry"] = $@"timer={Pointer} function=\S+ now=\d+",
        ["timer_expire_exit"] = $"timer={Pointer}",
        ["hrtimer_start"] = $@"hrtimer={Pointer} function=\S+ expires=-?\d+ softexpires=-?\d+ mode=(ABS|REL)",
        ["hrtimer_cancel"] = $"hrtimer={Pointer}",
        ["hrtimer_expire_entry"] = $@"hrtimer={Pointer} function=\S+ now=\d+",
        ["hrtimer_expire_exit"] = $"hrtimer={Pointer}",
        ["workqueue_queue_work"] = $@"work struct={Pointer} function=\S+ workqueue={Pointer} req_cpu=\d+ cpu=\d+",
        ["workqueue_activate_work"] = $"work struct {Pointer}",
        ["workqueue_execute_start"] = $@"work struct {Pointer}: function \S+",
        ["workqueue_execute_end"] = $@"work struct {Pointer}: function \S+",
        ["sched_wakeup"] = @"comm=\S.* pid=\d+ prio=\d+ target_cpu=\d{3}",
        ["sched_switch"] = @"prev_comm=\S.* prev_pid=\d+ prev_prio=\d+ prev_state=[RSDTX]\+? ==> next_comm=\S.* next_pid=\d+ next_prio=\d+",
        ["contention_begin"] = $@"lock_addr={Pointer} flags=\( SPIN \)",
        ["contention_end"] = $@"lock_addr={Pointer} ret=0",
    };

    private const string Pointer = "0x[0-9a-f]{16}";
    private const string Softirq = @"vec=\d \[action=(HI|TIMER|NET_TX|NET_RX|BLOCK|TASKLET|SCHED|HRTIMER|RCU)\]";
    private const string Tasklet = $@"tasklet={Pointer} func=\S+";

    /// <inheritdoc/>
    public override string Name => "trace";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["WORK-08"];

    /// <inheritdoc/>
    public override async Task RunAsync(ToolContext context, LogFolder logs)
    {
        const int Events = 2048;
        Machine machine = new() { Cpus = 2 };
        string text = await TraceRecording.RecordAsync(
            context, Variant.Kernel(context), machine, logs, Events, ["demo tasklet-smp", "demo delayed-work"]);
        logs.Write("trace", text);
        int events = ReadAsStranger(text);

        // Our own reader takes all of them too.
        IReadOnlyList<TraceLine> lines = TraceLine.Parse(text);
        Expect(lines.Count == events, $"of {events} events the summary's reader takes {lines.Count}");
        Expect(lines.Select(line => line.Cpu).Distinct().Count() == 2, "not both CPUs have events");
        Dictionary<string, TraceInterval> intervals = TraceSummary.Of(lines).ToDictionary(interval => interval.Name);
        foreach (string name in s_intervals)
        {
            Expect(intervals.ContainsKey(name), $"the summary has no line '{name}'");
        }

        foreach (TraceInterval interval in intervals.Values)
        {
            Expect(
                interval.Microseconds[0] >= 0 && interval.Median <= interval.Percentile99 && interval.Percentile99 <= interval.Worst,
                $"the figures of '{interval.Name}' contradict each other");
        }

        IReadOnlyList<OffStretch> stretches = OffStretch.Parse(text);
        foreach (string kind in (string[])["irqsoff", "preemptoff"])
        {
            Expect(
                stretches.Count(stretch => stretch.Kind == kind && stretch.From.Contains(".cs:", StringComparison.Ordinal)) == 2,
                $"not both CPUs have a longest stretch '{kind}' with its place");
        }

        await RefusesAsync(context, Variant.Kernel(context), logs);
    }

    private static async Task RefusesAsync(ToolContext context, string kernel, LogFolder logs)
    {
        try
        {
            await TraceRecording.RecordAsync(context, kernel, new Machine(), logs, 64, ["demo nothing"]);
        }
        catch (ScenarioException error) when (error.Message == "'demo nothing' cannot be traced: usage: demo [NAME]")
        {
            return;
        }

        throw new ScenarioException("a command with a mistake was traced");
    }

    // Gives the number of events.
    private static int ReadAsStranger(string text)
    {
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Expect(lines[0] == "# tracer: nop", "the first line is not that of a trace");
        int events = 0;
        decimal last = 0;
        foreach (string line in lines.Where(line => !line.StartsWith('#')))
        {
            Match match = LinePattern().Match(line);
            Expect(match.Success, $"no line of ftrace: {line}");
            decimal time = decimal.Parse(match.Groups["time"].Value, CultureInfo.InvariantCulture);
            Expect(time >= last, $"time goes back: {line}");
            string name = match.Groups["event"].Value;
            Expect(s_formats.TryGetValue(name, out string? format), $"unknown event: {line}");
            Expect(Regex.IsMatch(match.Groups["fields"].Value, $"^{format}$"), $"not the fields of {name}: {line}");
            last = time;
            events++;
        }

        Match entries = Regex.Match(text, @"^# entries-in-buffer/entries-written: (\d+)/(\d+)   #P:2$", RegexOptions.Multiline);
        Expect(
            entries.Success && int.Parse(entries.Groups[1].Value, CultureInfo.InvariantCulture) == events,
            $"the head does not say that there are {events} entries");
        return events;
    }

    private static void Expect(bool condition, string message)
    {
        if (!condition)
        {
            throw new ScenarioException(message);
        }
    }

    // task-pid [cpu] flags time: event: fields
    [GeneratedRegex(@"^ *(?<task>\S.{0,14}\S|\S)-(?<pid>\d+) +\[(?<cpu>\d{3})\] [d.][N.][zHhs.][0-9.] +(?<time>\d+\.\d{6}): (?<event>[a-z_]+): (?<fields>.*)$")]
    private static partial Regex LinePattern();
}
