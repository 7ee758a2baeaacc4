// The boots of `./csos test`, as a table. It covers every pair of values (of two different columns) that can go together:
// Pairwise computes that, and a test asserts it, so that a line taken out or a value added without its pairs is noticed.
//
// What cannot go together: 16 MB and GRUB (16M boots only with -kernel), many CPUs and a build for one.
// The column of CPU counts has one value until the kernel starts a second CPU.

using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Images;

namespace CSharpOS.Tool.Testing;

/// <summary>The test matrix.</summary>
public static class Matrix
{
    /// <summary>At most so many boots: the run must stay short enough to be run often.</summary>
    public const int MostBoots = 24;

    /// <summary>A column: its name, and the values that are to be covered.</summary>
    public static readonly (string Name, string[] Values)[] Columns =
    [
        ("build", ["smp", "up", "smp-nopreempt", "up-nopreempt"]),
        ("method", ["kernel", "bios", "uefi"]),
        ("machine", ["pc", "q35"]),
        ("cpu", ["qemu64", "Nehalem", "max"]),
        ("cpus", ["1"]),
        ("memory", ["16M", "128M", "4G", "8G"]),
    ];

    //   build            method    machine  cpu        cpus  memory
    private static readonly string[] s_pairwise =
    [
        "smp              kernel    q35      Nehalem    1     4G",
        "smp              kernel    q35      max        1     16M",
        "smp-nopreempt    kernel    pc       max        1     16M",
        "smp-nopreempt    kernel    pc       qemu64     1     8G",
        "up               kernel    pc       Nehalem    1     128M",
        "up               kernel    q35      Nehalem    1     16M",
        "up-nopreempt     kernel    q35      qemu64     1     16M",
        "smp              bios      q35      max        1     8G",
        "smp-nopreempt    bios      q35      Nehalem    1     128M",
        "up               bios      pc       qemu64     1     8G",
        "up-nopreempt     bios      pc       max        1     128M",
        "up-nopreempt     bios      q35      Nehalem    1     4G",
        "smp              uefi      pc       qemu64     1     128M",
        "smp-nopreempt    uefi      pc       qemu64     1     4G",
        "up               uefi      q35      max        1     4G",
        "up-nopreempt     uefi      pc       Nehalem    1     8G",
    ];

    // Beside the pairs, once each: the two other configurations (and below: no interrupt stacks, and Bochs).
    private static readonly (string Configuration, string Row)[] s_configurations =
    [
        ("Debug", "smp kernel pc max 1 128M"),
        ("Release", "smp kernel q35 Nehalem 1 128M"),
    ];

    /// <summary>The rows of the pairwise table, split into values.</summary>
    public static IReadOnlyList<string[]> Rows { get; } = [.. s_pairwise.Select(Split)];

    /// <summary>All boots, in the order in which they run.</summary>
    public static IReadOnlyList<Boot> Boots { get; } =
    [
        .. Rows.Select(row => Make("Checked", row)),
        .. s_configurations.Select(entry => Make(entry.Configuration, Split(entry.Row))),
        new Boot(new Variant("Checked", IrqStacks: false), new Machine(), []),
        // What a lock leaves in the code shows in release builds only: the three that the table does not have.
        new Boot(new Variant("Release", Smp: false), new Machine(), ["lock"]),
        new Boot(new Variant("Release", Preempt: false), new Machine(), ["lock"]),
        new Boot(new Variant("Release", Smp: false, Preempt: false), new Machine(), ["lock"]),
        // Counted instructions: time is exact here, and the tests of time demand it.
        new Boot(new Variant("Checked"), new Machine { Icount = true }, ["edu", "rtc", "time"]),
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
            ("build", "cpus") => otherValue == "1" || value.StartsWith("smp", StringComparison.Ordinal),
            _ => true,
        };
    }

    private static string[] Split(string row) => row.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static Boot Make(string configuration, string[] row)
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
        };
        return new Boot(new Variant(configuration, smp, preempt), machine, []);
    }
}
