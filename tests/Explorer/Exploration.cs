// Exploration: runs a scenario along all its schedules, and tells what came of it.

using System.Text;

namespace CSharpOS.Explorer;

/// <summary>What came of it.</summary>
/// <param name="Runs">Schedules that were run to their end.</param>
/// <param name="Pruned">Runs that were cut off because another had covered them.</param>
/// <param name="Steps">Steps of all runs.</param>
/// <param name="Exhausted">True if there is no schedule left.</param>
/// <param name="Failure">What failed; null: nothing.</param>
/// <param name="Schedule">The schedule that fails, for <see cref="Exploration.Replay"/>.</param>
/// <param name="Report">The same as a list of steps to read.</param>
public sealed record Result(long Runs, long Pruned, long Steps, bool Exhausted, string? Failure, string Schedule, string Report);

/// <summary>The explorer.</summary>
public static class Exploration
{
    private const string SoakVariable = "CSOS_SOAK";

    /// <summary>True under <c>./csos test --soak</c>: deeper bounds.</summary>
    public static bool Soak => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(SoakVariable));

    /// <summary>Tries all schedules until one fails.</summary>
    /// <param name="make">Makes the scenario; called once for each run.</param>
    /// <param name="bound">-1: all schedules, with partial-order reduction. Otherwise all with at most so many preemptions, without reduction.</param>
    /// <param name="maxRuns">Gives up after so many runs: then the result is not <see cref="Result.Exhausted"/>.</param>
    public static Result Explore(Func<Scenario> make, int bound = -1, long maxRuns = long.MaxValue)
    {
        Search search = new(new SearchOptions(bound));
        long runs = 0;
        long pruned = 0;
        do
        {
            string? failure = Machine.Run(make(), search);
            if (failure != null)
            {
                return Explain(make, failure, [.. search.Transitions], runs + 1, pruned, search.Steps);
            }

            runs += search.Pruned ? 0 : 1;
            pruned += search.Pruned ? 1 : 0;
            if (runs + pruned >= maxRuns)
            {
                return new Result(runs, pruned, search.Steps, !search.Advance(), null, "", "");
            }
        }
        while (search.Advance());
        return new Result(runs, pruned, search.Steps, true, null, "", "");
    }

    /// <summary>Runs one schedule.</summary>
    public static Result Replay(Func<Scenario> make, string schedule) => Explain(make, null, ScheduleText.Parse(schedule), 1, 0, 0);

    private static Result Explain(Func<Scenario> make, string? failure, IReadOnlyList<int> transitions, long runs, long pruned, long steps)
    {
        Search search = new(new SearchOptions(-1)) { Verbose = true };
        search.Force(transitions);
        string? again = Machine.Run(make(), search);
        if (failure != null && again == null)
        {
            failure = $"{failure} (but not when the same schedule is run again: the scenario keeps state between runs)";
        }

        failure ??= again;
        string schedule = ScheduleText.Format(search.Transitions);
        StringBuilder report = new();
        for (int i = 0; i < search.Report.Count; i++)
        {
            report.Append($"{i,4}  {search.Report[i]}\n");
        }

        return new Result(runs, pruned, steps, false, failure, schedule, report.ToString());
    }
}

/// <summary>Schedules as text: <c>0*12 1*3 0!2 b1</c> is twelve steps of CPU 0, three of CPU 1, interrupt 2 on CPU 0, a buffered store of CPU 1.</summary>
public static class ScheduleText
{
    /// <summary>The text of a schedule.</summary>
    public static string Format(IEnumerable<int> transitions)
    {
        StringBuilder text = new();
        int previous = -1;
        int count = 0;
        foreach (int transition in transitions)
        {
            if (transition == previous)
            {
                count++;
                continue;
            }

            Append(text, previous, count);
            previous = transition;
            count = 1;
        }

        Append(text, previous, count);
        return text.ToString();
    }

    /// <summary>The schedule that a text means.</summary>
    public static IReadOnlyList<int> Parse(string schedule)
    {
        List<int> transitions = [];
        foreach (string word in schedule.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = word.Split('*');
            int count = parts.Length > 1 ? int.Parse(parts[1]) : 1;
            string[] interrupt = parts[0].Split('!');
            int transition = parts[0][0] == 'b'
                ? (Machine.MaxCpus + int.Parse(parts[0][1..])) * Search.Alternatives
                : (int.Parse(interrupt[0]) * Search.Alternatives) + (interrupt.Length > 1 ? 1 + int.Parse(interrupt[1]) : 0);
            for (int i = 0; i < count; i++)
            {
                transitions.Add(transition);
            }
        }

        return transitions;
    }

    private static void Append(StringBuilder text, int transition, int count)
    {
        if (count == 0)
        {
            return;
        }

        int process = transition / Search.Alternatives;
        int alternative = transition % Search.Alternatives;
        text.Append(text.Length == 0 ? "" : " ");
        text.Append(process >= Machine.MaxCpus ? $"b{process - Machine.MaxCpus}" : alternative == 0 ? $"{process}" : $"{process}!{alternative - 1}");
        text.Append(count == 1 ? "" : $"*{count}");
    }
}
