// The boot options that leave CPUs or interrupt controllers out: each by what the tables of CPUs and of interrupts show afterwards.

using CSharpOS.Tool.Emulators;

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>A machine with four CPUs, of which the command line lets some be used.</summary>
/// <param name="name">The scenario's name.</param>
/// <param name="option">The command line.</param>
/// <param name="cpus">So many CPUs run.</param>
/// <param name="chip">The controller of line 0.</param>
/// <param name="warning">A pattern that the log has, or nothing.</param>
public sealed class FewerCpusScenario(string name, string option, int cpus, string chip, string warning = "") : GuestScenario
{
    private const int Present = 4;

    /// <summary>Each option, and a value that is none.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new FewerCpusScenario("maxcpus", "maxcpus=2", 2, "IO-APIC-edge"),
        new FewerCpusScenario("maxcpus-one", "maxcpus=1", 1, "IO-APIC-edge"),
        new FewerCpusScenario("maxcpus-bad", "maxcpus=two", Present, "IO-APIC-edge", "maxcpus=two: not a number of CPUs, ignored"),
        new FewerCpusScenario("nosmp", "nosmp", 1, "XT-PIC"),
        new FewerCpusScenario("noapic", "noapic", Present, "XT-PIC"),
        new FewerCpusScenario("nolapic", "nolapic", 1, "XT-PIC"),
    ];

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["IRQ-18"];

    /// <inheritdoc/>
    public override Machine Machine => new() { Type = "q35", Cpus = Present, Append = option };

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        if (warning.Length > 0)
        {
            await guest.ExpectAsync(warning);
        }

        await guest.ExpectPromptAsync();
        await guest.TypeAsync("cpus\n");
        await guest.ExpectAsync(@"running\r?\n");
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            await guest.ExpectAsync($@"\A *{cpu} +{cpu} [^\n]*\n");
        }

        await guest.ExpectAsync(@"\Acsharpos> ");
        await guest.TypeAsync("interrupts\n");
        string columns = string.Join(" +", Enumerable.Range(0, cpus).Select(cpu => $"CPU{cpu}"));
        await guest.ExpectAsync($@"\n +{columns} *\r?\n +0:[ 0-9]+ {chip}  timer");
        await guest.ExpectPromptAsync();
    }
}
