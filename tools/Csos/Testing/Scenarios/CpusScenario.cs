// Four CPUs at work, and a machine one of whose CPUs is dead: it is reported, and the boot goes on with the others.

using CSharpOS.Tool.Emulators;

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>The commands cpus and ps on four CPUs.</summary>
public sealed class CpusScenario : GuestScenario
{
    /// <inheritdoc/>
    public override string Name => "four-cpus";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows => ["IRQ-18", "KT-04"];

    /// <inheritdoc/>
    public override Machine Machine => new() { Type = "q35", Cpus = 4 };

    /// <inheritdoc/>
    public override async Task RunAsync(Guest guest)
    {
        await guest.ExpectAsync("Brought up 4 CPUs");
        await guest.ExpectPromptAsync();
        await guest.TypeAsync("cpus\n");
        for (int cpu = 0; cpu < 4; cpu++)
        {
            await guest.ExpectAsync($@"\n *{cpu} +{cpu} ");
        }

        await guest.ExpectPromptAsync();
        await guest.TypeAsync("ps\n");
        await guest.ExpectAsync(@"\n +1 R [^\n]*\[init\]");
        await guest.ExpectAsync(@"\n +2 S [^\n]*\[kthreadd\]");
        await guest.ExpectAsync(@"\[migration/3\]");
        await guest.ExpectPromptAsync();
        await guest.TypeAsync("bt 2\n");
        await guest.ExpectAsync(@"2 kthreadd, S on CPU \d\n[^\n]*Scheduler\.");
        await guest.ExpectAsync(@"Kthread\.Kthreadd\+0x[0-9a-f]+/0x[0-9a-f]+ at [^\n]*Kthread\.cs:\d+");
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
