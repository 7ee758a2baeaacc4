// The test matrix: every pair of values that can go together stands in a boot, and no boot is impossible.

using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Testing;

namespace CSharpOS.Tool.Tests;

public sealed class MatrixTests
{
    [Fact]
    public void Every_pair_is_covered() => Assert.Empty(Pairwise.Missing(Matrix.Columns, Matrix.Rows, Matrix.IsAllowed));

    [Fact]
    public void No_row_is_impossible() => Assert.Empty(Pairwise.Impossible(Matrix.Columns, Matrix.Rows, Matrix.IsAllowed));

    [Fact]
    public void It_is_short_and_its_names_are_unique()
    {
        Assert.InRange(Matrix.Boots.Count, 1, Matrix.MostBoots);
        Assert.Equal(Matrix.Boots.Count, Matrix.Boots.Select(boot => boot.Name).Distinct().Count());
    }

    // The suites test what it does where it is set, and that it does nothing where it is not.
    [Fact]
    public void One_boot_sets_the_option_of_power_efficient_queues()
    {
        Boot boot = Assert.Single(Matrix.Boots, boot => boot.Machine.Append.Contains("workqueue.power_efficient", StringComparison.Ordinal));
        Assert.StartsWith("workqueue.power_efficient test", boot.CommandLine(soak: false), StringComparison.Ordinal);
        Assert.Empty(boot.Suites);
    }

    // It strikes only where instructions are counted; entry and exit differ with the stacks.
    [Fact]
    public void The_interrupt_sweep_goes_with_interrupt_stacks_and_without()
    {
        Boot[] swept = [.. Matrix.Boots.Where(boot => boot.Machine.Icount && (boot.Suites.Count == 0 || boot.Suites.Contains("sweep")))];

        Assert.Equal([false, true], swept.Select(boot => boot.Variant.IrqStacks).Order());
        Assert.All(swept, boot => Assert.Equal(1, boot.Machine.Cpus));
    }

    [Fact]
    public void Each_frequency_of_the_clock_is_there()
    {
        Assert.Equal([100, 250, 1000], Matrix.Boots.Select(boot => boot.Variant.Hz).Distinct().Order());
        Assert.All(Matrix.Boots.Where(boot => boot.Variant.Hz != 250), boot => Assert.Contains("timer", boot.Suites));
    }

    [Fact]
    public void A_missing_pair_is_found()
    {
        (string, string[])[] columns = [("a", ["1", "2"]), ("b", ["x", "y"])];
        string[][] rows = [["1", "x"], ["2", "y"], ["1", "y"]];

        Assert.Equal(["a=2 with b=x"], Pairwise.Missing(columns, rows, (_, _, _, _) => true));
        Assert.Empty(Pairwise.Missing(columns, rows, (_, value, _, other) => (value, other) != ("2", "x")));
        Assert.Equal(["1 z"], Pairwise.Impossible(columns, [["1", "z"]], (_, _, _, _) => true));
        Assert.Equal(["1 y"], Pairwise.Impossible(columns, rows, (_, value, _, other) => (value, other) != ("1", "y")));
    }

    [Fact]
    public void Each_way_to_boot_and_each_build_is_there()
    {
        Assert.Equal(Enum.GetValues<BootMethod>(), Matrix.Boots.Select(boot => boot.Machine.Method).Distinct().Order());
        Assert.Equal(
            ["checked", "checked-hz100", "checked-hz1000", "checked-noirqstacks", "checked-nopreempt", "checked-up", "checked-up-nopreempt", "debug", "release", "release-nopreempt", "release-up", "release-up-nopreempt"],
            Matrix.Boots.Select(boot => boot.Variant.Name).Distinct().Order(StringComparer.Ordinal));
        Assert.DoesNotContain(Matrix.Boots, boot => boot.Machine.Cpus > 1 && !boot.Variant.Smp);
    }
}
