// A guest that is traced: boots, turns tracing on, types commands of the monitor, turns it off and asks for the trace.

using System.Globalization;
using System.Text.RegularExpressions;
using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Testing;
using CSharpOS.Tool.Testing.Scenarios;

namespace CSharpOS.Tool.Tracing;

/// <summary>Records traces.</summary>
public static partial class TraceRecording
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    /// <summary>Records what some commands do.</summary>
    /// <param name="context">The tool's surroundings.</param>
    /// <param name="kernel">The kernel image.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="logs">Where the guest's log goes.</param>
    /// <param name="events">Events kept per CPU.</param>
    /// <param name="commands">What is typed, one after the other.</param>
    /// <returns>What <c>trace show</c> prints, from its first line on; if it is no trace, all that came.</returns>
    /// <exception cref="ScenarioException">The guest did not do as it should.</exception>
    public static async Task<string> RecordAsync(
        ToolContext context, string kernel, Machine machine, LogFolder logs, int events, IReadOnlyList<string> commands)
    {
        await using Guest guest = new(context, kernel, machine, logs);
        await guest.ExpectPromptAsync();
        await EnterAsync(guest, string.Create(CultureInfo.InvariantCulture, $"trace on {events}"));
        foreach (string command in commands)
        {
            int before = guest.Text.Length;
            await EnterAsync(guest, command);
            Match refusal = Refusal().Match(guest.Text[before..]);
            if (refusal.Success)
            {
                throw new ScenarioException($"'{command}' cannot be traced: {refusal.Value}");
            }
        }

        await EnterAsync(guest, "trace off");
        int start = guest.Text.Length;
        await EnterAsync(guest, "trace show");
        string text = guest.Text[start..];
        await guest.TypeAsync("poweroff\n");
        await guest.ExpectExitAsync("guest-shutdown");
        int first = text.IndexOf("# tracer", StringComparison.Ordinal);
        int last = text.LastIndexOf('\n');
        return first < 0 ? text : text[first..(last + 1)].ReplaceLineEndings("\n");
    }

    // What the monitor says of a command that it does not know, or that does not know its arguments, or that has ended by a fault.
    [GeneratedRegex(@"^(unknown command '|usage: |\w+: ended by a fault)[^\r\n]*", RegexOptions.Multiline)]
    private static partial Regex Refusal();

    private static async Task EnterAsync(Guest guest, string line)
    {
        await guest.TypeAsync(line + "\n");
        await guest.ExpectAsync("^csharpos> ", s_patience);
    }
}
