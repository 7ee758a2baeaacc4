// The boots of `./csos test`, as a table. It covers every pair of values (of two different columns) that can go together:
// Pairwise computes that, and a test asserts it, so that a line taken out or a value added without its pairs is noticed.
//
// What cannot go together: 16 MB and GRUB (16M boots only with -kernel), or 16 CPUs, whose trace buffers do not fit; many CPUs, or a choice of the
// interrupt controller, and a build for one CPU, which leaves the APICs alone. With two CPUs the emulator runs them at the same time, more take
// turns (Machine).

using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Images;

namespace CSharpOS.Tool.Testing;

/// <summary>The test matrix.</summary>
public static class Matrix
{
    /// <summary>At most so many boots: the run must stay short enough to be run often.</summary>
    public const int MostBoots = 26;

    /// <summary>A column: its name, and the values that are to be covered.</summary>
    public static readonly (string Name, string[] Values)[] Columns =
    [
        ("build", ["smp", "up", "smp-nopreempt", "up-nopreempt"]),
        ("method", ["kernel", "bios", "uefi"]),
        ("machine", ["pc", "q35"]),
        ("cpu", ["qemu64", "Nehalem", "max"]),
        ("cpus", ["1", "2", "4", "16"]),
        ("memory", ["16M", "128M", "4G"]),
        ("apic", ["ioapic", "noapic"]),
    ];

    //   build            method    machine  cpu        cpus  memory  apic
    private static readonly string[] s_pairwise =
    [
        "smp              kernel    q35      Nehalem    1     4G      ioapic",
        "smp-nopreempt    kernel    q35      qemu64     1     16M     noapic",
        "up               kernel    pc       Nehalem    1     16M     ioapic",
        "up-nopreempt     kernel    q35      max        1     16M     ioapic",
        "smp              kernel    q35      qemu64     2     16M     ioapic",
        "smp              kernel    q35      qemu64     4     16M     ioapic",
        "smp-nopreempt    kernel    q35      max        16    128M    ioapic",
        "up               bios      q35      qemu64     1     128M    ioapic",
        "up-nopreempt     bios      pc       Nehalem    1     4G      ioapic",
        "smp-nopreempt    bios      q35      Nehalem    2     4G      ioapic",
        "smp              bios      pc       max        4     128M    noapic",
        "smp              bios      q35      Nehalem    16    128M    noapic",
        "up               uefi      q35      max        1     4G      ioapic",
        "up-nopreempt     uefi      pc       qemu64     1     128M    ioapic",
        "smp-nopreempt    uefi      pc       max        2     128M    noapic",
        "smp-nopreempt    uefi      pc       Nehalem    4     4G      noapic",
        "smp              uefi      pc       qemu64     16    4G      noapic",
    ];

    // Beside the pairs, once each: the two other configurations, one with more memory than 32 bits address, one with a boot option that changes queues (and
    // below: no interrupt stacks, and Bochs).
    private static readonly (string Configuration, string Row, string Option)[] s_configurations =
    [
        ("Debug", "smp kernel pc max 2 128M ioapic", "workqueue.power_efficient"),
        ("Release", "smp kernel q35 Nehalem 2 8G ioapic", "random.million"),
    ];

    private static readonly string[] s_ticking = ["time", "timer", "hrtimer", "timeout", "sched", "workqueue", "softirq", "rtc", "proc"];

    /// <summary>The rows of the pairwise table, split into values.</summary>
    public static IReadOnlyList<string[]> Rows { get; } = [.. s_pairwise.Select(Split)];

    /// <summary>All boots, in the order in which they run.</summary>
    public static IReadOnlyList<Boot> Boots { get; } =
    [
        .. Rows.Select(row => Make("Checked", row)),
        .. s_configurations.Select(entry => Make(entry.Configuration, Split(entry.Row), entry.Option)),
        // Counted instructions: time is exact here, and the tests of time and of its shares demand it.
        new Boot(new Variant("Checked", IrqStacks: false), new Machine { Icount = true }, []),
        // The other two HZ, for what reckons in ticks. And the interrupt sweep, which can strike only here: the way in and out is another one with interrupt stacks.
        new Boot(new Variant("Checked", Hz: 100), new Machine { Icount = true }, [.. s_ticking, "sweep"]),
        new Boot(new Variant("Checked", Hz: 1000), new Machine { Icount = true }, s_ticking),
        // What a lock leaves in the code shows in release builds only: the three that the table does not have.
        new Boot(new Variant("Release", Smp: false), new Machine(), ["lock"]),
        new Boot(new Variant("Release", Preempt: false), new Machine(), ["lock"]),
        new Boot(new Variant("Release", Smp: false, Preempt: false), new Machine(), ["lock"]),
        // Bochs emulates time and the local APIC's errors in its own way: the suites that do not depend on them.
        new Boot(new Variant("Checked"), new Machine { Method = BootMethod.Bochs, Memory = "128M" }, ["runtime", "log", "mm", "oops"], IsOptional: true),
    ];

    /// <summary>Can two values of two columns stand in one boot?</summary>
    public static bool IsAllowed(string column, string value, string otherColumn, string otherValue)
    {
        if (string.CompareOrdinal(column, otherColumn) > 0)
        {
            return IsAllowed(otherColumn, otherValue, column, value);
        }

        return (column, otherColumn) switch
        {
            ("memory", "method") => value != "16M" || otherValue == "kernel",
            ("cpus", "memory") => value != "16" || otherValue != "16M",
            ("build", "cpus") => otherValue == "1" || value.StartsWith("smp", StringComparison.Ordinal),
            ("apic", "build") => value == "ioapic" || otherValue.StartsWith("smp", StringComparison.Ordinal),
            _ => true,
        };
    }

    private static string[] Split(string row) => row.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static Boot Make(string configuration, string[] row, string option = "")
    {
        bool smp = row[0].StartsWith("smp", StringComparison.Ordinal);
        bool preempt = !row[0].EndsWith("nopreempt", StringComparison.Ordinal);
        Machine machine = new()
        {
            Method = row[1] switch { "kernel" => BootMethod.Kernel, "bios" => BootMethod.BiosIso, _ => BootMethod.UefiIso },
            Type = row[2],
            Cpu = row[3],
            Cpus = int.Parse(row[4], System.Globalization.CultureInfo.InvariantCulture),
            Memory = row[5],
            Append = row[6] == "noapic" ? "noapic" : option,
        };
        return new Boot(new Variant(configuration, smp, preempt), machine, []);
    }
}
