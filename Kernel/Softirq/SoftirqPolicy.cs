// SoftirqPolicy: what happens to softirqs that raise themselves again, as a choice.
//
// Linux has only the third; the book discusses all three. The boot option softirq_policy=all|defer|chosen, or SetPolicy: process context.
// It is two words that the loop of Softirq.Run.cs and the wake-up of ksoftirqd read anyway, so the choice costs the paths nothing.

namespace CSharpOS.Softirqs;

/// <summary>What happens to a softirq that is raised again while softirqs run.</summary>
/// <rows>SIRQ-11</rows>
public enum SoftirqPolicy
{
    /// <summary>Up to ten passes at once, the rest in ksoftirqd, where it competes with the programs: what Linux does.</summary>
    Chosen,

    /// <summary>Runs at once, however often. Under a storm of softirqs nothing else ever runs.</summary>
    All,

    /// <summary>Waits for the next interrupt or LocalBhEnable. Programs are safe, and an idle machine waits for nothing.</summary>
    Defer,
}

public static unsafe partial class Softirq
{
    /// <summary>The policy in force.</summary>
    /// <rows>SIRQ-11</rows>
    public static SoftirqPolicy Policy { get; private set; }

    /// <summary>True if what is left goes to ksoftirqd.</summary>
    internal static bool LeavesRestToKsoftirqd => Policy != SoftirqPolicy.Defer;

    /// <summary>Changes the policy for all CPUs from now on. Process context; does not sleep.</summary>
    /// <rows>SIRQ-11</rows>
    public static void SetPolicy(SoftirqPolicy policy)
    {
        Policy = policy;
        Shared.WriteOnce(ref s_mostPasses, policy switch
        {
            SoftirqPolicy.All => int.MaxValue,
            SoftirqPolicy.Defer => 1,
            _ => MaxSoftirqRestart,
        });
    }

    /// <summary>Reads the boot option. Boot, after <see cref="CommandLine.Init"/> and <see cref="Init"/>.</summary>
    internal static void ReadPolicyOption()
    {
        if (!CommandLine.TryGetValue("softirq_policy"u8, out ReadOnlySpan<byte> value))
        {
            return;
        }

        if (value.SequenceEqual("all"u8))
        {
            SetPolicy(SoftirqPolicy.All);
        }
        else if (value.SequenceEqual("defer"u8))
        {
            SetPolicy(SoftirqPolicy.Defer);
        }
        else if (!value.SequenceEqual("chosen"u8))
        {
            Printk(LogLevel.Warning, $"softirq_policy: '{value}' is none of all, defer, chosen\n");
            return;
        }

        Printk(LogLevel.Info, $"softirq policy: {value}\n");
    }
}
