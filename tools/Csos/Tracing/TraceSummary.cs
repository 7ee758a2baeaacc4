// What a trace says in figures: how long each mechanism let people wait, and how long it took.
//
// An interval begins with one event and ends with another one of the same key: for interrupts, softirqs, tasklets and timer functions on the same CPU, for works
// the same work, for wake-ups the same task. What was under way when tracing began or ended has no interval.

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
    private sealed record Rule(string Name, string Begin, string End, Func<TraceLine, string> BeginKey, Func<TraceLine, string> EndKey);

    private static readonly Rule[] s_rules =
    [
        Same("interrupt handler", "irq_handler_entry", "irq_handler_exit", line => $"{line.Cpu} {line.Field("irq")}"),
        Same("softirq: raised to begun", "softirq_raise", "softirq_entry", line => $"{line.Cpu} {line.Field("vec")}"),
        Same("softirq: begun to ended", "softirq_entry", "softirq_exit", line => $"{line.Cpu} {line.Field("vec")}"),
        Same("tasklet", "tasklet_entry", "tasklet_exit", line => $"{line.Cpu} {line.Field("tasklet")}"),
        Same("timer function", "timer_expire_entry", "timer_expire_exit", line => $"{line.Cpu} {line.Field("timer")}"),
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
                yield return line.Microseconds - began;
            }

            // What is asked for twice before it begins has waited since the first time.
            if (line.Event == rule.Begin)
            {
                open.TryAdd(rule.BeginKey(line), line.Microseconds);
            }
        }
    }

    private static Rule Same(string name, string begin, string end, Func<TraceLine, string> key) => new(name, begin, end, key, key);

    private static string WorkOf(TraceLine line)
    {
        int at = line.Details.IndexOf("0x", StringComparison.Ordinal);
        return at < 0 ? "" : line.Details[at..].Split(' ', ':')[0];
    }
}
