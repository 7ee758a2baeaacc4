// WatchdogTests: which silences of a neighbour are lockups. A CPU that the emulator lets stand still is none, however long.

using CSharpOS.Debugging;
using CSharpOS.Hosted.Log;
using Xunit;
using ArchSmp = CSharpOS.Arch.Smp;

namespace CSharpOS.Hosted.Locking;

[Trait("Row", "SYNC-04")]
public sealed unsafe class WatchdogTests : LogFixture, IDisposable
{
    private const uint Period = 5;
    private const ulong On = 0x202, Off = 0x2;

    public WatchdogTests()
    {
        Boot("nowatchdog");
        ArchSmp.Reset();
        ArchSmp.OnlineMask = 3;
        Simulation.InterruptsEnabled = false;
        Assert.Equal(0, Watchdog.Start());
        Watchdog.Threshold = 10 * Period;
        Tick(1, 1);
    }

    public void Dispose()
    {
        Watchdog.Threshold = 0;
        ArchSmp.Reset();
    }

    [Fact]
    public void AnAnswerForEverySecondMakesALockup()
    {
        for (int i = 0; i < 20; i++)
        {
            Tick(0, Period);
            AnswerIfAsked(Off);
        }

        Assert.Equal(1, Reports());
    }

    [Fact]
    public void ACpuThatStandsStillAnswersOnceAndIsRight()
    {
        Tick(0, 100 * Period);
        Assert.True(ArchSmp.Nmis.Count > 90);

        // It goes on: one NMI was kept for it, in the middle of a lock's interrupts-off, then comes its tick. And so again and again.
        for (int i = 0; i < 20; i++)
        {
            AnswerIfAsked(Off);
            Tick(1, 1);
            Tick(0, 10 * Period);
        }

        Assert.Equal(0, Reports());
    }

    [Fact]
    public void ACpuWithInterruptsOnIsNoLockup()
    {
        for (int i = 0; i < 50; i++)
        {
            Tick(0, Period);
            AnswerIfAsked(i % 5 == 0 ? On : Off);
        }

        Assert.Equal(0, Reports());
    }

    [Fact]
    public void CpusThatTickAreNotAsked()
    {
        for (int i = 0; i < 50; i++)
        {
            Tick(0, Period);
            Tick(1, 1);
        }

        Assert.Empty(ArchSmp.Nmis);
    }

    [Theory]
    [InlineData("watchdog_thresh=abc", true)]
    [InlineData("watchdog_thresh=-1", true)]
    [InlineData("watchdog_thresh=3601", true)]
    [InlineData("watchdog_thresh=", true)]
    [InlineData("watchdog_thresh=3600", false)]
    [InlineData("watchdog_thresh=0", false)]
    [InlineData("", false)]
    public void ABadThresholdIsTold(string option, bool told)
    {
        Boot(option + " nowatchdog");
        Assert.Equal(0, Watchdog.Start());
        Assert.Equal(told, Dmesg().Contains($"{option}: not 0 to 3600 seconds, ignored", StringComparison.Ordinal));
        Assert.Equal(told, Dmesg().Contains("watchdog_thresh", StringComparison.Ordinal));
    }

    [Fact]
    public void AnNmiThatNobodyAskedForCountsNothing()
    {
        for (int i = 0; i < 50; i++)
        {
            Answer(Off);
        }

        Assert.Equal(0, Reports());
    }

    private static void Tick(int cpu, uint count)
    {
        Simulation.SwitchTo(cpu);
        for (uint i = 0; i < count; i++)
        {
            Watchdog.Tick();
        }

        Simulation.SwitchTo(0);
    }

    private static void AnswerIfAsked(ulong eflags)
    {
        if (ArchSmp.Nmis.Count != 0)
        {
            ArchSmp.Nmis.Clear();
            Answer(eflags);
        }
    }

    private static void Answer(ulong eflags)
    {
        PtRegs regs = new() { Eflags = eflags, Cs = 0x10 };
        Simulation.SwitchTo(1);
        Watchdog.Answer(&regs);
        Simulation.SwitchTo(0);
    }

    private static int Reports() => (Dmesg().Length - Dmesg().Replace("hard LOCKUP", null).Length) / "hard LOCKUP".Length;
}
