// ./csos trace -- COMMAND: boots, traces one command of the monitor, leaves the trace in a file and shows a summary.

using System.CommandLine;
using System.Globalization;
using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Images;
using CSharpOS.Tool.Testing;
using CSharpOS.Tool.Testing.Scenarios;
using CSharpOS.Tool.Tracing;
using Spectre.Console;

namespace CSharpOS.Tool.Commands;

/// <summary>The sub-command <c>trace</c>.</summary>
public static class TraceCommand
{
    private const int StandardEvents = 8192;

    /// <summary>Makes the command.</summary>
    public static Command Make(ToolContext context)
    {
        Command command = new("trace", "Boot, trace the monitor command after --, and leave the trace for Perfetto and other readers of ftrace.");
        VariantOptions variant = new(command, "Checked");
        MachineOptions machine = new(command);
        Option<int> events = new("--events")
        {
            Description = $"events kept per CPU (default {StandardEvents})",
            DefaultValueFactory = _ => StandardEvents,
        };
        Option<string> output = new("--output", "-o") { Description = "the file (default artifacts/trace.txt)" };
        events.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !(int.TryParse(result.Tokens[0].Value, out int number) && number is >= 1 and <= 1 << 20))
            {
                result.AddError($"bad number of events '{result.Tokens[0].Value}': 1 to {1 << 20}");
            }
        });
        command.Add(events);
        command.Add(output);
        command.SetAction(async (result, _) =>
        {
            string typed = string.Join(' ', context.PassedThrough);
            if (typed.Length == 0)
            {
                throw new CsosException("what is to be traced? ./csos trace -- COMMAND, a command of the monitor such as: demo tasklet-smp", ExitCodes.Usage);
            }

            using Workspace workspace = new();
            Machine wanted = machine.Machine(result, workspace);
            Variant built = await variant.ProvideAsync(context, result);
            string text;
            LogFolder logs = new(context, "trace");
            try
            {
                text = await TraceRecording.RecordAsync(context, built.Kernel(context), wanted, logs, result.GetValue(events), [typed]);
            }
            catch (ScenarioException error)
            {
                throw new CsosException($"{error.Message} (the guest's log: {logs.PathOf("serial.log")})");
            }

            string file = result.GetValue(output) ?? context.PathOf("artifacts", "trace.txt");
            await File.WriteAllTextAsync(file, text);
            IReadOnlyList<TraceLine> lines = TraceLine.Parse(text);
            if (lines.Count == 0)
            {
                throw new CsosException($"the trace has no events; what the guest printed is in {file}");
            }

            Show(context.Console, TraceSummary.Of(lines));
            ShowStretches(context.Console, OffStretch.Parse(text));
            await context.Output.WriteLineAsync(text.Contains(OffStretch.NotMeasured, StringComparison.Ordinal)
                ? $"interrupts off, preemption off: the build {built} does not measure them; checked and debug builds do"
                : $"interrupts off, preemption off: the longest of each CPU, measured in the kernel (build {built})");
            await context.Output.WriteLineAsync($"{lines.Count} events in {file}; https://ui.perfetto.dev opens it");
            return ExitCodes.Success;
        });
        return command;
    }

    private static void Show(IAnsiConsole console, IReadOnlyList<TraceInterval> intervals)
    {
        Table table = new Table().Border(TableBorder.Simple);
        table.AddColumn("microseconds");
        foreach (string heading in (ReadOnlySpan<string>)["count", "median", "99 %", "worst"])
        {
            table.AddColumn(new TableColumn(heading).RightAligned());
        }

        foreach (TraceInterval interval in intervals)
        {
            table.AddRow(
                interval.Name, Number(interval.Microseconds.Count), Number(interval.Median), Number(interval.Percentile99), Number(interval.Worst));
        }

        console.Write(table);
    }

    private static void ShowStretches(IAnsiConsole console, IReadOnlyList<OffStretch> stretches)
    {
        if (stretches.Count == 0)
        {
            return;
        }

        Table table = new Table().Border(TableBorder.Simple);
        table.AddColumn("longest with");
        table.AddColumn(new TableColumn("CPU").RightAligned());
        table.AddColumn(new TableColumn("microseconds").RightAligned());
        table.AddColumn("task");
        table.AddColumn("began at, ended at");
        foreach (OffStretch stretch in stretches)
        {
            table.AddRow(
                stretch.Kind == "irqsoff" ? "interrupts off" : "preemption off",
                stretch.Cpu.ToString(CultureInfo.InvariantCulture),
                Number(stretch.Microseconds),
                Markup.Escape(stretch.Task),
                Markup.Escape($"{stretch.From}\n{stretch.To}"));
        }

        console.Write(table);
    }

    private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
