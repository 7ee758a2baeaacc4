// What the tests of scenarios share: explore, and say what came of it in a way that one can act upon.

using Xunit;
using Xunit.Abstractions;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace CSharpOS.Explorer;

/// <summary>Base of the classes of scenario tests.</summary>
public abstract class ScenarioTests(ITestOutputHelper output)
{
    // More runs than this in the default form is too much for a scenario: make it smaller.
    private const long DefaultRuns = 20_000;

    protected ITestOutputHelper Output => output;

    /// <summary>Explores all schedules with reduction, and then, for what is no seam and so unknown to the reduction, all with at most
    /// <paramref name="bound"/> preemptions without it. <paramref name="fault"/> null: none may fail, and all must have been tried. Otherwise one must
    /// fail, with <paramref name="fault"/> in its message, and must fail again when it is replayed.</summary>
    protected void Explore(Func<Scenario> make, string? fault, int bound = 1)
    {
        Result result = Search(make, -1);
        // With store buffers every delay of every store would be one more schedule.
        if (result.Failure == null && !make().StoreBuffers)
        {
            result = Search(make, Exploration.Soak ? bound + 1 : bound);
        }

        if (fault == null)
        {
            Assert.True(result.Failure == null, $"{result.Failure}\nschedule: {result.Schedule}\n{result.Report}");
            return;
        }

        Assert.True(result.Failure != null, $"the fault was not found in {result.Runs} schedules");
        Assert.Contains(fault, result.Failure);
        Result again = Exploration.Replay(make, result.Schedule);
        Assert.Equal(result.Failure, again.Failure);
    }

    private Result Search(Func<Scenario> make, int bound)
    {
        long start = Environment.TickCount64;
        Result result = Exploration.Explore(make, bound, Exploration.Soak ? long.MaxValue : DefaultRuns);
        string kind = bound < 0 ? "all" : $"up to {bound} preemptions";
        output.WriteLine($"{kind}: {result.Runs} schedules, {result.Pruned} cut off, {result.Steps} steps, {Environment.TickCount64 - start} ms");
        if (result.Failure != null)
        {
            output.WriteLine($"{result.Failure}\nschedule: {result.Schedule}\n{result.Report}");
        }

        if (Environment.GetEnvironmentVariable("EXPLORER_SHOW") != null)
        {
            output.WriteLine(Exploration.Replay(make, "").Report);
        }

        Assert.True(
            result.Exhausted || result.Failure != null,
            $"not all schedules were tried after {result.Runs} runs ({result.Steps} steps): make the scenario smaller");
        return result;
    }
}
