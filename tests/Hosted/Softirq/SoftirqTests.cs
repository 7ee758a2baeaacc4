// The softirq loop on the simulated CPU, and an interrupt at every place of its paths.

using Xunit;

namespace CSharpOS.Hosted.Softirqs;

public sealed unsafe class SoftirqTests
{
    private const SoftirqNr First = (SoftirqNr)20, Second = (SoftirqNr)21;

    private static readonly List<int> s_runs = [];
    private static int s_wanted;
    private static int s_seen;
    private static int s_depth;
    private static int s_storm;

    private readonly SoftirqMachine _machine = new();

    public SoftirqTests()
    {
        s_runs.Clear();
        s_wanted = s_seen = s_depth = s_storm = 0;
        Assert.Equal(0, OpenSoftirq(First, &Note));
        Assert.Equal(0, OpenSoftirq(Second, &Note));
    }

    [Fact]
    [Trait("Row", "SIRQ-02")]
    public void ABadIndexIsRefused()
    {
        Assert.Equal(-EINVAL, OpenSoftirq((SoftirqNr)32, &Note));
        Assert.Equal(-EINVAL, OpenSoftirq((SoftirqNr)(-1), &Note));
        Assert.Equal(-EINVAL, OpenSoftirq(First, null));
    }

    [Fact]
    [Trait("Row", "SIRQ-04")]
    public void TheLowestRunsFirstWhateverTheOrderOfRaising()
    {
        LocalBhDisable();
        RaiseSoftirq(Second);
        RaiseSoftirq(First);
        Assert.Empty(s_runs);
        LocalBhEnable();
        Assert.Equal([20, 21], s_runs);
        SoftirqMachine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "SIRQ-04")]
    public void TheyRunOnTheWayOutOfTheOutermostInterruptOnly()
    {
        SoftirqMachine.Interrupt(() =>
        {
            RaiseSoftirqIrqoff(First);
            Simulation.InterruptsEnabled = true;
            SoftirqMachine.Interrupt(() => RaiseSoftirqIrqoff(Second));
            Assert.Empty(s_runs);
            Simulation.InterruptsEnabled = false;
        });
        Assert.Equal([20, 21], s_runs);
        SoftirqMachine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "SIRQ-07")]
    public void AnInterruptWhileBottomHalvesAreDisabledLeavesThemPending()
    {
        LocalBhDisable();
        LocalBhDisable();
        SoftirqMachine.Interrupt(() => RaiseSoftirqIrqoff(First));
        LocalBhEnable();
        Assert.Empty(s_runs);
        LocalBhEnable();
        Assert.Equal([20], s_runs);
    }

    [Fact]
    [Trait("Row", "SIRQ-05")]
    public void AfterTenPassesTheRestIsLeft()
    {
        OpenSoftirq(First, &Storm);
        s_storm = 25;
        LocalBhDisable();
        RaiseSoftirq(First);
        LocalBhEnable();
        Assert.Equal(MaxSoftirqRestart, s_runs.Count);
        Assert.Equal(1u << 20, LocalSoftirqPending());
        Softirq.DoSoftirqOnce();
        Assert.Equal(MaxSoftirqRestart + 1, s_runs.Count);
        DoSoftirq();
        DoSoftirq();
        Assert.Equal(25, s_runs.Count);
        SoftirqMachine.AssertQuiet();
    }

    [Theory]
    [InlineData(SoftirqPolicy.All, 25)]
    [InlineData(SoftirqPolicy.Defer, 1)]
    [Trait("Row", "SIRQ-11")]
    public void TheRejectedPolicies(SoftirqPolicy policy, int atOnce)
    {
        Softirq.SetPolicy(policy);
        OpenSoftirq(First, &Storm);
        s_storm = 25;
        SoftirqMachine.Interrupt(() => RaiseSoftirqIrqoff(First));
        Assert.Equal(atOnce, s_runs.Count);
    }

    [Theory]
    [InlineData("softirq_policy=all", SoftirqPolicy.All)]
    [InlineData("softirq_policy=defer", SoftirqPolicy.Defer)]
    [InlineData("softirq_policy=chosen", SoftirqPolicy.Chosen)]
    [InlineData("softirq_policy=other", SoftirqPolicy.Chosen)]
    [InlineData("", SoftirqPolicy.Chosen)]
    [Trait("Row", "SIRQ-11")]
    public void TheBootOptionSelectsThePolicy(string option, SoftirqPolicy policy)
    {
        CSharpOS.Init.CommandLine.Init(System.Text.Encoding.UTF8.GetBytes(option));
        Softirq.ReadPolicyOption();
        Assert.Equal(policy, Softirq.Policy);
    }

    // Whatever an interrupt raises, at whichever place, is seen by a handler that begins after it.
    [Fact]
    [Trait("Row", "SIRQ-04")]
    public void AnInterruptAtAnyPlaceLosesNothing()
    {
        OpenSoftirq(First, &See);
        int place = 0;
        while (_machine.InterruptAt(place, RaiseAndEnable, Want))
        {
            Assert.Equal(s_wanted, s_seen);
            SoftirqMachine.AssertQuiet();
            place++;
        }

        Assert.InRange(place, 10, 1000);

        static void RaiseAndEnable()
        {
            LocalBhDisable();
            s_wanted++;
            RaiseSoftirq(First);
            LocalBhEnable();
        }

        static void Want()
        {
            s_wanted++;
            RaiseSoftirqIrqoff(First);
        }
    }

    [Fact]
    [Trait("Row", "SIRQ-08")]
    public void CountedAndWrittenAsLinuxDoes()
    {
        LocalBhDisable();
        RaiseSoftirq(NetTxSoftirq);
        RaiseSoftirq(HiSoftirq);
        LocalBhEnable();
        LocalBhDisable();
        RaiseSoftirq(NetTxSoftirq);
        LocalBhEnable();
        s_table.Clear();
        SoftirqStatistics.Write(&AddLine, 2);
        Assert.Equal("                    CPU0       CPU1       \n", s_table[0]);
        Assert.Equal("          HI:          1          0\n", s_table[1]);
        Assert.Equal("       TIMER:          0          0\n", s_table[2]);
        Assert.Equal("      NET_TX:          2          0\n", s_table[3]);
        Assert.Equal("         RCU:          0          0\n", s_table[9]);
        Assert.Equal(10, s_table.Count);
    }

    private static readonly List<string> s_table = [];

    private static void AddLine(ReadOnlySpan<byte> line) => s_table.Add(System.Text.Encoding.UTF8.GetString(line));

    private static void Note(SoftirqAction* entry)
    {
        Assert.Equal(0, s_depth++);
        Assert.True(Simulation.InterruptsEnabled);
        Assert.True(InSoftirq() && !InIrq());
        s_runs.Add((int)(entry - SoftirqVec));
        s_depth--;
    }

    private static void See(SoftirqAction* entry)
    {
        Assert.Equal(0, s_depth++);
        s_seen = s_wanted;
        Cpu.Mb();
        s_depth--;
    }

    private static void Storm(SoftirqAction* entry)
    {
        s_runs.Add(20);
        if (--s_storm > 0)
        {
            RaiseSoftirq(First);
        }
    }
}
