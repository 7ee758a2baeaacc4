// Clock sources: from counts to nanoseconds, and from one source to another.

using CSharpOS.Hosted.Irq;
using CSharpOS.Init;
using Xunit;

namespace CSharpOS.Hosted.Time;

public sealed unsafe class ClockSourceTests
{
    private readonly IrqMachine _machine = new();

    public static TheoryData<uint, int> Factors => new()
    {
        { 0x80000000, 31 }, { 0xffffffff, 32 }, { 0xffffffff, 1 }, { 1, 31 }, { 3_515_200_000, 22 }, { 999_999_999, 30 },
    };

    [Theory]
    [MemberData(nameof(Factors))]
    [Trait("Row", "TIME-06")]
    public void CountsBecomeNanosecondsWithoutLosingABit(uint mult, int shift)
    {
        Random random = new(1);
        for (int i = 0; i < 10_000; i++)
        {
            ulong counts = (ulong)random.NextInt64() >> random.Next(63);
            ulong low = (uint)counts;
            ulong high = counts >> 32;
            UInt128 exact = ((UInt128)high * mult << (32 - shift)) + ((UInt128)low * mult >> shift);
            if (exact <= long.MaxValue)
            {
                Assert.Equal((ulong)exact, ClockSource.Nanoseconds(counts, mult, shift));
                UInt128 whole = (UInt128)counts * mult >> shift;
                Assert.InRange((ulong)(whole - exact), 0ul, 1ul);
            }
        }
    }

    [Theory]
    [InlineData(1_000_000ul)]
    [InlineData(2_445_560ul)]
    [InlineData(33_333ul)]
    [InlineData(5_999_999ul)]
    [Trait("Row", "TIME-06")]
    public void TheTimeStampCounterKeepsTimeForYears(ulong khz)
    {
        SetTscKhz(khz);
        ClockSources.TscCalibrated();
        Assert.Equal("tsc"u8.ToArray(), ClockSources.Current->Name.ToArray());
        long start = KtimeGet();
        Simulation.Tsc += khz * 1000 * 86400 * 365;
        double year = (KtimeGet() - start) / 1e9;
        Assert.InRange(year, (86400.0 * 365) - 0.1, (86400.0 * 365) + 0.1);
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void WithoutAnythingElseTimeIsTicks()
    {
        Assert.Equal("jiffies"u8.ToArray(), ClockSources.Current->Name.ToArray());
        long start = KtimeGet();
        Tick();
        Assert.Equal(TickNanoseconds, KtimeGet() - start);
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void AnotherSourceGoesOnWhereTheOneBeforeIs()
    {
        _ = new SimulatedPit(1_000_000_000);
        Simulation.Tsc = 5_000_000;
        for (int i = 0; i < 5; i++)
        {
            Tick();
        }

        long last = KtimeGet();
        SetTscKhz(1_000_000);
        ClockSources.TscCalibrated();
        Assert.InRange(KtimeGet() - last, 0, 1000);
        Simulation.Tsc += 7_000_000;
        last = KtimeGet();
        CommandLine.Init("clocksource=pit"u8);
        ClockSources.Choose();
        Assert.Equal("pit"u8.ToArray(), ClockSources.Current->Name.ToArray());
        Assert.InRange(KtimeGet() - last, 0, TickNanoseconds);
        Assert.Equal(1, IrqMachine.Logged("Time: pit clocksource has been installed."));
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void CountersThatDifferAreNotUsedUnlessAskedFor()
    {
        _ = new SimulatedPit(1_000_000_000);
        SetTscKhz(1_000_000);
        ClockSources.TscCalibrated();
        ClockSources.MarkTscUnstable();
        ClockSources.Choose();
        Assert.Equal("pit"u8.ToArray(), ClockSources.Current->Name.ToArray());
        CommandLine.Init("clocksource=tsc"u8);
        ClockSources.Choose();
        Assert.Equal("tsc"u8.ToArray(), ClockSources.Current->Name.ToArray());
        CommandLine.Init("clocksource=sundial"u8);
        ClockSources.Choose();
        Assert.Equal(1, IrqMachine.Logged("clocksource=sundial: this machine has no such clock source"));
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void ThePitsTimeNeverGoesBackHoweverLateTheTickIs()
    {
        var pit = new SimulatedPit(1_000_000_000);
        Assert.Equal(0, CSharpOS.Drivers.Pit.Init());
        CommandLine.Init("clocksource=pit"u8);
        ClockSources.Choose();
        Random random = new(3);
        ulong period = (ulong)TickNanoseconds;
        long last = KtimeGet();
        ulong ticked = Simulation.Tsc;
        for (int i = 0; i < 5000; i++)
        {
            Simulation.Tsc += (ulong)random.Next((int)period / 3);
            while (Simulation.Tsc - ticked > period + (ulong)random.Next((int)period / 4))
            {
                ticked += period;
                Tick();
            }

            long now = KtimeGet();
            Assert.True(now >= last);
            last = now;
        }

        Assert.True(last > 0);
        _ = pit;
    }
}
