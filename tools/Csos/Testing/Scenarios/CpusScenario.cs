// Four CPUs at work, and a machine one of whose CPUs is dead: it is reported, and the boot goes on with the others.

using System.Globalization;
using System.Text.RegularExpressions;
using CSharpOS.Tool.Emulators;

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>The commands cpus and ps on four CPUs, idle and at work.</summary>
public sealed class CpusScenario : GuestScenario
{
    private const int Cpus = 4;

    /// <inheritdoc/>
    public override string Name => "four-cpus";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["IRQ-18", "KT-04"];

    /// <inheritdoc/>
    public override Machine Machine => new() { Type = "q35", Cpus = Cpus };

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectAsync("Brought up 4 CPUs");
        await guest.ExpectPromptAsync();
        double[] before = await BusyAsync(guest);
        await guest.TypeAsync("ps\n");
        await guest.ExpectAsync(@"\n +1 R [^\n]*\[init\]");
        await guest.ExpectAsync(@"\n +2 S [^\n]*\[kthreadd\]");
        await guest.ExpectAsync(@"\[migration/3\]");
        await guest.ExpectPromptAsync();
        await guest.TypeAsync("bt 2\n");
        await guest.ExpectAsync(@"2 kthreadd, S on CPU \d\n[^\n]*Scheduler\.");
        await guest.ExpectAsync(@"Kthread\.Kthreadd\+0x[0-9a-f]+/0x[0-9a-f]+ at [^\n]*Kthread\.cs:\d+");
        await guest.ExpectPromptAsync();

        // A load on each of the four shows in each one's time.
        await guest.TypeAsync("demo locks\n");
        await guest.ExpectAsync(@"\n4 +\d+ +\d+");
        await guest.ExpectPromptAsync();
        double[] after = await BusyAsync(guest);
        for (int cpu = 0; cpu < Cpus; cpu++)
        {
            if (after[cpu] <= before[cpu])
            {
                throw new ScenarioException($"CPU {cpu} was busy for {before[cpu]} s before the load and for {after[cpu]} s after it");
            }
        }
    }

    // Seconds for which each CPU has been busy.
    private static async Task<double[]> BusyAsync(Guest guest)
    {
        double[] seconds = new double[Cpus];
        await guest.TypeAsync("cpus\n");
        for (int cpu = 0; cpu < Cpus; cpu++)
        {
            Match line = await guest.ExpectAsync($@"\n *{cpu} +{cpu} +\d+ +\d+ +(\d+\.\d\d) +\d+\.\d\d  \d+ ");
            seconds[cpu] = double.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture);
        }

        await guest.ExpectPromptAsync();
        return seconds;
    }
}

/// <summary>A CPU that does not answer.</summary>
public sealed class DeadCpuScenario : GuestScenario
{
    /// <inheritdoc/>
    public override string Name => "dead-cpu";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["IRQ-18"];

    /// <inheritdoc/>
    public override Machine Machine => new() { Type = "q35", Cpus = 4, Append = "smp_fail=2" };

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectAsync(@"Processor with APIC number 2 does not answer: the boot goes on without it");
        await guest.ExpectAsync("Brought up 3 CPUs");
        await guest.ExpectPromptAsync();
        await guest.TypeAsync("cpus\n");
        await guest.ExpectAsync(@"\n *0 +0 [^\n]*\n *1 +1 [^\n]*\n *2 +3 ");
        await guest.ExpectPromptAsync();
    }
}
