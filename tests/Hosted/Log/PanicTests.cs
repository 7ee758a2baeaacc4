// Panic, warnings and reports of the wrong context.

using CSharpOS.Arch;
using CSharpOS.Debugging;
using CSharpOS.Init;
using CSharpOS.Log;
using CSharpOS.Testing;
using Xunit;

namespace CSharpOS.Hosted.Log;

[Trait("Row", "LOG-02")]
public unsafe class PanicTests : LogFixture
{
    public PanicTests() => DebugExit.Verdict = 0;

    [Fact]
    public void BugOnEndsTheCallAndWarnOnDoesNot()
    {
        Assert.Equal(ExceptionNames.InvalidOpcode + 1, Recovery.Call(&Buggy, null));
        Assert.Matches(@"kernel BUG at .*PanicTests\.cs:\d+!\n", Dmesg());
        ulong from = KernelLog.NextSequence;
        Assert.False(WarnOn(false));
        Assert.Equal("", Dmesg(from));
        Assert.True(WarnOn(true));
        Assert.Matches(@"WARNING: at .*PanicTests\.cs:\d+\n", Dmesg(from));
        Assert.Contains("Call Trace:\n", Dmesg(from));
        BugOn(false);
    }

    [Fact]
    public void PanicSaysWhyAndStops()
    {
        CSharpOS.Log.Console* console = Register();
        Assert.Throws<SimulatedHaltException>(() => Panic($"no init {5}\n"));
        Assert.Contains("Kernel panic - not syncing: no init 5\n", Shown(console));
        Assert.EndsWith("---[ end Kernel panic ]---\n", Shown(console));
        Assert.False(Simulation.InterruptsEnabled);
        Assert.Equal(DebugExit.Crashed, DebugExit.Verdict);
        Assert.True(KernelLog.PanicInProgress);
    }

    [Fact]
    public void PanicTakesTheConsolesFromAnotherCpu()
    {
        string shown = "";
        CSharpOS.Log.Console* console = Register();
        OnConsoleWrite = () =>
        {
            OnConsoleWrite = null;
            Simulation.SwitchTo(1);
            Assert.Throws<SimulatedHaltException>(() => Panic("on CPU 1"));
            shown = Shown(console);
            Simulation.SwitchTo(0);
        };
        Printk("on CPU 0\n"u8);
        Assert.Contains("Kernel panic - not syncing: on CPU 1\n", shown);
        Assert.Throws<SimulatedHaltException>(() => Panic("on CPU 0"));
        Assert.DoesNotContain("syncing: on CPU 0", Dmesg());
    }

    [Fact]
    public void PanicInAnNmiIsShown()
    {
        CSharpOS.Log.Console* console = Register();
        NmiEnter();
        Assert.Throws<SimulatedHaltException>(() => Panic("in an NMI"));
        Assert.Contains("Kernel panic - not syncing: in an NMI\n", Shown(console));
    }

    [Fact]
    public void PanicInsidePanicIsShort()
    {
        Register();
        OnConsoleWrite = () => Panic("again");
        Assert.Throws<SimulatedHaltException>(() => Panic("once"));
        Assert.Equal("\nPanic inside a panic\n", EarlyConsole.Text);
    }

    [Fact]
    public void SleepingInTheWrongContext()
    {
        Simulation.InterruptsEnabled = false;
        MightSleep("./Kernel/Somewhere.cs", 12);
        string log = Dmesg();
        Assert.Contains("BUG: sleeping function called from invalid context at Kernel/Somewhere.cs:12\n", log);
        Assert.Contains("in_atomic(): 0, irqs_disabled(): 1, pid: 0, name: ", log);
        Simulation.InterruptsEnabled = true;
        PreemptDisable();
        MightSleep("./Kernel/Somewhere.cs", 13);
        PreemptEnable();
        Assert.Contains("in_atomic(): 1, irqs_disabled(): 0", Dmesg());
        ulong from = KernelLog.NextSequence;
        MightSleep("./Kernel/Somewhere.cs", 14);
        Assert.Equal("", Dmesg(from));
    }

    [Fact]
    public void ReportsOfOnePlaceAreLimited()
    {
        PreemptDisable();
        for (int i = 0; i < 100; i++)
        {
            MightSleep("a.cs", 1);
            MightSleep("b.cs", 2);
        }

        Assert.Equal(10, Count(Dmesg(), "at a.cs:1\n"));
        Assert.Equal(10, Count(Dmesg(), "at b.cs:2\n"));
        for (int i = 0; i < (6 * HZ); i++)
        {
            Clock.Tick();
        }

        MightSleep("a.cs", 1);
        Assert.Equal(11, Count(Dmesg(), "at a.cs:1\n"));
        Assert.Contains("90 reports from the next place were suppressed\n", Dmesg());
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static void Buggy(void* unused) => BugOn(true);
}
