// The timer with which the RTC driver notices that its interrupts do not come.

using CSharpOS.Drivers;
using CSharpOS.Hosted.Irq;
using Xunit;

namespace CSharpOS.Hosted.Time;

public sealed unsafe class RtcMissedTests
{
    // HZ/1024 is nothing; and two hundredths of a second.
    private const uint Patience = 2 * HZ / 100;
    private const byte Periodic = 0x40;

    private readonly IrqMachine _machine = new();
    private readonly SimulatedRtc _chip;

    public RtcMissedTests()
    {
        SetTscKhz(1000);
        _chip = new SimulatedRtc(_machine.Pic);
        _chip.Set(2026, 11, 21, 9, 47, 22);
        Monitor.Init();
        Assert.Equal(0, Rtc.Init());
    }

    private static void Ticks(uint count)
    {
        for (uint i = 0; i < count; i++)
        {
            Clock.Tick();
            TimerWheel.Serve(0);
        }
    }

    private void Interrupt()
    {
        _chip.Happen(Periodic);
        _machine.Deliver();
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void WhileInterruptsComeNothingIsMissed()
    {
        Rtc.PeriodicInterrupt(true);
        for (int i = 0; i < 100; i++)
        {
            Ticks(Patience - 1);
            Interrupt();
        }

        Assert.Equal(0ul, Rtc.MissedCount);
        Assert.Equal(0, IrqMachine.Logged("rtc: lost some interrupts"));
        Assert.Equal(100ul << 8, Rtc.ReadData() & ~0xfful);
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void WithoutThemTheTimerReadsTheFlagsCountsAndSaysSoOnce()
    {
        Rtc.PeriodicInterrupt(true);
        Interrupt();
        Rtc.ReadData();

        // The chip has raised its line, and the edge was lost: it waits for somebody to read the flags.
        _chip.Happen(Periodic);
        Ticks(Patience - 1);
        Assert.Equal(0ul, Rtc.MissedCount);
        Ticks(1);
        ulong missed = Patience * 1024 / HZ;
        Assert.Equal(missed, Rtc.MissedCount);
        ulong data = Rtc.ReadData();
        Assert.Equal(missed, data >> 8);
        Assert.Equal(0xc0u, data & 0xff);
        Assert.Equal(1, IrqMachine.Logged("rtc: lost some interrupts at 1024 Hz"));
        Ticks(10 * Patience);
        Assert.InRange(Rtc.MissedCount, 11 * missed, (11 * missed) + 11);
        Assert.Equal(1, IrqMachine.Logged("rtc: lost some interrupts"));
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void TheTimerRunsOnlyWhileThePeriodicInterruptIsOn()
    {
        Rtc.UpdateInterrupt(true);
        Rtc.AlarmInterrupt(true);
        Ticks(5 * HZ);
        Rtc.PeriodicInterrupt(true);
        Rtc.PeriodicInterrupt(false);
        Ticks(HZ);
        Assert.Equal(0ul, Rtc.MissedCount);
        Rtc.PeriodicInterrupt(true);
        Rtc.Exit();
        Ticks(HZ);
        Assert.Equal(0ul, Rtc.MissedCount);
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void AtALowerFrequencyItIsMorePatient()
    {
        Rtc.PeriodicInterrupt(true);
        Assert.Equal(0, Rtc.SetFrequency(2));
        Ticks((HZ / 2) + Patience - 1);
        Assert.Equal(0ul, Rtc.MissedCount);
        Ticks(1);
        Assert.Equal(1ul, Rtc.MissedCount);
    }
}
