// What a trace says in figures: how long each mechanism let people wait, and how long it took.
//
// An interval begins with one event and ends with another one of the same key: for interrupts, softirqs, tasklets and timer functions on the same CPU, for works
// the same work, for wake-ups the same task. What was under way when tracing began or ended has no interval.

using System.Globalization;

namespace CSharpOS.Tool.Tracing;

/// <summary>The intervals of one kind.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="Microseconds">The lengths, ascending.</param>
public sealed record TraceInterval(string Name, IReadOnlyList<double> Microseconds)
{
    /// <summary>The length that half of them do not exceed.</summary>
    public double Median => At(0.5);

    /// <summary>The length that 99 of 100 do not exceed.</summary>
    public double Percentile99 => At(0.99);

    /// <summary>The longest.</summary>
    public double Worst => Microseconds[^1];

    private double At(double share) => Microseconds[Math.Max(0, (int)Math.Ceiling(share * Microseconds.Count) - 1)];
}

/// <summary>Makes intervals of a trace.</summary>
public static class TraceSummary
{
    private sealed record Rule(string Name, string Begin, string End, Func<TraceLine, string> BeginKey, Func<TraceLine, string> EndKey)
    {
        /// <summary>The event after which there is nothing to be ended; its key is that of <see cref="End"/>.</summary>
        public string Forget { get; init; } = "";

        /// <summary>A second beginning takes the place of the first.</summary>
        public bool Latest { get; init; }

        /// <summary>When it begins, and ends, in microseconds: by the time stamps, unless the events say it themselves.</summary>
        public Func<TraceLine, double> Begins { get; init; } = line => line.Microseconds;

        /// <inheritdoc cref="Begins"/>
        public Func<TraceLine, double> Ends { get; init; } = line => line.Microseconds;
    }

    private static readonly Rule[] s_rules =
    [
        Same("interrupt handler", "irq_handler_entry", "irq_handler_exit", line => $"{line.Cpu} {line.Field("irq")}"),
        Same("softirq: raised to begun", "softirq_raise", "softirq_entry", line => $"{line.Cpu} {line.Field("vec")}"),
        Same("softirq: begun to ended", "softirq_entry", "softirq_exit", line => $"{line.Cpu} {line.Field("vec")}"),
        Same("tasklet", "tasklet_entry", "tasklet_exit", line => $"{line.Cpu} {line.Field("tasklet")}"),
        Same("timer function", "timer_expire_entry", "timer_expire_exit", line => $"{line.Cpu} {line.Field("timer")}"),
        new("hrtimer: due to called", "hrtimer_start", "hrtimer_expire_entry", HrtimerOf, HrtimerOf)
        {
            Forget = "hrtimer_cancel", Latest = true, Begins = line => Nanoseconds(line, "expires"), Ends = line => Nanoseconds(line, "now"),
        },
        Same("hrtimer: started to cancelled", "hrtimer_start", "hrtimer_cancel", HrtimerOf) with { Forget = "hrtimer_expire_entry", Latest = true },
        Same("hrtimer function", "hrtimer_expire_entry", "hrtimer_expire_exit", line => $"{line.Cpu} {line.Field("hrtimer")}"),
        Same("work: queued to begun", "workqueue_queue_work", "workqueue_execute_start", WorkOf),
        Same("work: begun to ended", "workqueue_execute_start", "workqueue_execute_end", WorkOf),
        new("task: woken to running", "sched_wakeup", "sched_switch", line => line.Field("pid"), line => line.Field("next_pid")),
        Same("waiting for a spin lock", "contention_begin", "contention_end", line => $"{line.Cpu} {line.Field("lock_addr")}"),
    ];

    /// <summary>The intervals of every kind that occurs.</summary>
    public static IReadOnlyList<TraceInterval> Of(IReadOnlyList<TraceLine> lines) =>
        [.. s_rules.Select(rule => new TraceInterval(rule.Name, [.. Lengths(rule, lines).Order()])).Where(interval => interval.Microseconds.Count > 0)];

    private static IEnumerable<double> Lengths(Rule rule, IReadOnlyList<TraceLine> lines)
    {
        Dictionary<string, double> open = [];
        foreach (TraceLine line in lines)
        {
            if (line.Event == rule.End && open.Remove(rule.EndKey(line), out double began))
            {
                yield return rule.Ends(line) - began;
            }
            else if (line.Event == rule.Forget)
            {
                open.Remove(rule.EndKey(line));
            }

            // What is asked for twice before it begins has waited since the first time, unless the second takes its place.
            if (line.Event == rule.Begin && !open.TryAdd(rule.BeginKey(line), rule.Begins(line)) && rule.Latest)
            {
                open[rule.BeginKey(line)] = rule.Begins(line);
            }
        }
    }

    private static Rule Same(string name, string begin, string end, Func<TraceLine, string> key) => new(name, begin, end, key, key);

    private static string HrtimerOf(TraceLine line) => line.Field("hrtimer");

    private static double Nanoseconds(TraceLine line, string field) =>
        double.TryParse(line.Field(field), NumberStyles.Integer, CultureInfo.InvariantCulture, out double value) ? value / 1000 : line.Microseconds;

    private static string WorkOf(TraceLine line)
    {
        int at = line.Details.IndexOf("0x", StringComparison.Ordinal);
        return at < 0 ? "" : line.Details[at..].Split(' ', ':')[0];
    }
}
