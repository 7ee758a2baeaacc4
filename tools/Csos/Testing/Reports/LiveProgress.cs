// Progress for a terminal: what runs now stands at the bottom and moves; what has ended scrolls up above it.

using System.Collections.Concurrent;
using Spectre.Console;

namespace CSharpOS.Tool.Testing.Reports;

/// <summary>Progress on a terminal.</summary>
public sealed class LiveProgress : ITestProgress
{
    private readonly IAnsiConsole _console;
    private readonly ProgressContext _progress;
    private readonly ConcurrentDictionary<string, ProgressTask> _running = new();

    private LiveProgress(IAnsiConsole console, ProgressContext progress)
    {
        _console = console;
        _progress = progress;
    }

    /// <summary>Runs something with live progress.</summary>
    public static Task<T> RunAsync<T>(IAnsiConsole console, Func<ITestProgress, Task<T>> action) =>
        console.Progress()
            .AutoClear(true)
            .HideCompleted(true)
            .Columns(new SpinnerColumn(), new ElapsedTimeColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(progress => action(new LiveProgress(console, progress)));

    /// <inheritdoc/>
    public void Begin(string step) => _running[step] = _progress.AddTask(Markup.Escape(step)).IsIndeterminate();

    /// <inheritdoc/>
    public void Update(string step, string state)
    {
        if (_running.TryGetValue(step, out ProgressTask? task))
        {
            task.Description = $"{Markup.Escape(step)} [dim]{Markup.Escape(state)}[/]";
        }
    }

    /// <inheritdoc/>
    public void End(string step, bool passed, string summary)
    {
        if (_running.TryRemove(step, out ProgressTask? task))
        {
            task.StopTask();
            task.Value = task.MaxValue;
        }

        _console.MarkupLine($"{(passed ? "[green]ok    [/]" : "[red]FAILED[/]")} {Markup.Escape(step)}: {Markup.Escape(summary)}");
    }
}
