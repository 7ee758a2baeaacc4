// jiffies, the wall clock, calibration and delays.

using CSharpOS.Drivers;
using CSharpOS.Hosted.Irq;
using Xunit;

namespace CSharpOS.Hosted.Time;

public sealed unsafe class ClockTests
{
    private readonly IrqMachine _machine = new();

    [Fact]
    [Trait("Row", "TIME-01")]
    public void JiffiesBeginFiveMinutesBeforeTheWrap()
    {
        Assert.Equal(unchecked((uint)(-300 * HZ)), Jiffies);
        Assert.Equal(unchecked((uint)(-300 * HZ)), Jiffies64);
        uint start = Jiffies;
        for (int i = 0; i < 300 * HZ; i++)
        {
            Assert.True(Jiffies >= start);
            Tick();
        }

        Assert.Equal(0u, Jiffies);
        Assert.Equal(0x1_0000_0000ul, Jiffies64);
        Tick();
        Assert.Equal(1u, Jiffies);
        Assert.True(TimeAfter(Jiffies, start));
        Assert.True(TimeBefore(start, Jiffies));
    }

    [Theory]
    [InlineData(0u, 0u)]
    [InlineData(1u, 0u)]
    [InlineData(0u, 0xffffffffu)]
    [InlineData(5u, 0xfffffff0u)]
    [InlineData(0x80000000u, 0x7fffffffu)]
    [InlineData(0x7fffffffu, 0u)]
    [InlineData(0xffffffffu, 0x80000000u)]
    [Trait("Row", "TIME-01")]
    public void ComparisonsAreRightAcrossTheWrap(uint later, uint earlier)
    {
        bool equal = later == earlier;
        Assert.Equal(!equal, TimeAfter(later, earlier));
        Assert.False(TimeAfter(earlier, later));
        Assert.Equal(!equal, TimeBefore(earlier, later));
        Assert.False(TimeBefore(later, earlier));
        Assert.True(TimeAfterEq(later, earlier));
        Assert.Equal(equal, TimeAfterEq(earlier, later));
        Assert.True(TimeBeforeEq(earlier, later));
        Assert.Equal(equal, TimeBeforeEq(later, earlier));
    }

    [Fact]
    [Trait("Row", "TIME-01")]
    public void ComparisonsOf64BitsAreRightAcrossTheirWrap()
    {
        Assert.True(TimeAfter64(3, ulong.MaxValue - 2));
        Assert.False(TimeAfter64(3, 3));
        Assert.True(TimeBefore64(ulong.MaxValue, 0));
        Assert.True(TimeAfterEq64(3, 3));
        Assert.True(TimeBeforeEq64(ulong.MaxValue, 0));
        Assert.False(TimeBeforeEq64(0, ulong.MaxValue));
    }

    [Fact]
    [Trait("Row", "TIME-01")]
    public void AnEmptyWaitForJiffiesEnds()
    {
        uint end = Jiffies + 3;
        int looks = 0;
        Simulation.OnArchCall = Tick;
        while (TimeBefore(Jiffies, end))
        {
            CpuRelax();
            looks++;
        }

        Assert.InRange(looks, 1, 3);
    }

    [Fact]
    [Trait("Row", "TIME-01")]
    public void MillisecondsAndJiffies()
    {
        Assert.Equal((uint)HZ, MsecsToJiffies(1000));
        Assert.Equal(1u, MsecsToJiffies(1));
        Assert.Equal(0u, MsecsToJiffies(0));
        Assert.Equal(2000u, JiffiesToMsecs(2 * HZ));
    }

    [Fact]
    [Trait("Row", "TIME-01")]
    public void TheTickIsTheIrqZeroOfThePit()
    {
        var pit = new SimulatedPit(1_000_000_000);
        Assert.Equal(0, Pit.Init());
        Assert.Equal(2, pit.Mode(0));
        Assert.Equal((1193182 + (HZ / 2)) / HZ, pit.Reload(0));
        uint start = Jiffies;
        for (int i = 0; i < 10; i++)
        {
            _machine.Pulse(0);
        }

        Assert.Equal(start + 10, Jiffies);
        Assert.Equal(10u, IrqStatistics.Irqs(0, 0));
        Assert.Equal((IrqFlags)0x20, IrqToDescriptor(0)->Action->Flags);
        Assert.Equal("timer"u8.ToArray(), IrqToDescriptor(0)->Action->Name.ToArray());
    }

    [Fact]
    [Trait("Row", "TIME-01")]
    public void ATimerThatFindsItsLineTakenSaysSo()
    {
        Handlers.Reset();
        _ = new SimulatedPit(1_000_000_000);
        RequestIrq(0, Handlers.Get(0), IrqFlags.None, "thief"u8, null);
        Assert.Equal(-EBUSY, Pit.Init());
        Assert.Equal(1, IrqMachine.Logged("timer: cannot register IRQ 0"));
    }

    [Fact]
    [Trait("Row", "TIME-01")]
    public void WallTimeAdvancesWithTheTickAndCanBeSet()
    {
        Assert.Equal(0, Xtime.Seconds);
        Assert.Equal(0, SetXtime(1_000_000_000, 999_999_999));
        Tick();
        Timespec time = Xtime;
        Assert.Equal(1_000_000_001, time.Seconds);
        Assert.Equal(TickNanoseconds - 1, time.Nanoseconds);
        for (int i = 0; i < (60 * HZ) - 1; i++)
        {
            Tick();
            Assert.InRange(Xtime.Nanoseconds, 0, 999_999_999);
        }

        // The PIT's tick is not exactly 1/HZ.
        Assert.InRange(Xtime.Seconds, 1_000_000_059, 1_000_000_061);
        Assert.InRange(TickNanoseconds * HZ, 999_000_000, 1_001_000_000);
        Assert.Equal(-EINVAL, SetXtime(5, -1));
        Assert.Equal(-EINVAL, SetXtime(5, 1_000_000_000));
    }

    [Theory]
    [InlineData(1_000_000_000ul)]
    [InlineData(2_445_560_000ul)]
    [InlineData(33_000_000ul)]
    [InlineData(5_999_999_000ul)]
    [Trait("Row", "TIME-04")]
    public void CalibrationFindsTheFrequency(ulong hertz)
    {
        var pit = new SimulatedPit(hertz, hertz / 1_000_000);
        ulong start = Simulation.Tsc;
        Calibrate();
        double found = TscKhz * 1000.0;
        Assert.InRange(found, hertz * 0.999, hertz * 1.001);
        Assert.True(Simulation.Tsc - start < hertz / 100, "the window is 10 ms at most");
        Assert.False(pit.SpeakerOn);
        Assert.Equal(1, IrqMachine.Logged($"Detected {TscKhz / 1000}.{TscKhz % 1000:d3} MHz processor."));
        Assert.Equal(TscKhz * 1000 / HZ, LoopsPerJiffy);
        ulong bogo = LoopsPerJiffy * HZ / 5000;
        Assert.Equal(1, IrqMachine.Logged($"Calibrating delay loop... {bogo / 100}.{bogo % 100:d2} BogoMIPS"));
    }

    [Fact]
    [Trait("Row", "TIME-04")]
    public void ADisturbedSampleIsNotUsed()
    {
        // Now and then the machine is away for half a millisecond in the middle of a reading.
        _ = new SimulatedPit(1_000_000_000);
        int calls = 0;
        Simulation.OnArchCall = () => Simulation.Tsc += ++calls % 7 == 0 ? 500_000u : 0;
        Calibrate();
        Simulation.OnArchCall = null;
        Assert.InRange(TscKhz, 990_000ul, 1_010_000ul);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(60)]
    [InlineData(110)]
    [InlineData(1000)]
    [Trait("Row", "TIME-04")]
    public void AVirtualMachineThatIsAwayForLongFindsItsFrequencyAllTheSame(ulong milliseconds)
    {
        // Once in each of the first windows, at another point each time: before the first sample, between, in the last one.
        for (int when = 1; when < 4000; when += 331)
        {
            Clock.Init();
            _ = new SimulatedPit(1_000_000_000);
            int calls = 0;
            int absences = 0;
            Simulation.OnArchCall = () =>
            {
                if (++calls == when + (absences * 4000) && absences < 5)
                {
                    absences++;
                    Simulation.Tsc += milliseconds * 1_000_000;
                }
            };
            Calibrate();
            Simulation.OnArchCall = null;
            Assert.InRange(TscKhz, 999_000ul, 1_001_000ul);
        }
    }

    [Fact]
    [Trait("Row", "TIME-04")]
    public void OfUncertainWindowsTheBestIsTaken()
    {
        // Each access to a port takes 40 us, as where every one leaves a virtual machine.
        _ = new SimulatedPit(1_000_000_000, 40_000);
        Calibrate();
        Assert.InRange(TscKhz, 995_000ul, 1_005_000ul);
    }

    [Fact]
    [Trait("Row", "TIME-04")]
    public void APitThatDoesNotCountIsSaid()
    {
        _ = new SimulatedPit(1_000_000_000) { Broken = true };
        Calibrate();
        Assert.Equal(0ul, TscKhz);
        Assert.Equal(1, IrqMachine.Logged("The PIT does not count"));
    }

    [Theory]
    [InlineData(1_000_000ul)]
    [InlineData(2_445_560ul)]
    [InlineData(33_333ul)]
    [InlineData(1_000ul)]
    [Trait("Row", "TIME-04")]
    public void DelaysTakeAtLeastTheTimeAskedFor(ulong khz)
    {
        SetTscKhz(khz);
        foreach (uint amount in (uint[])[1, 2, 7, 100, 999, 1000])
        {
            ulong start = Simulation.Tsc;
            Udelay(amount);
            Assert.InRange((double)(Simulation.Tsc - start), amount * khz / 1000.0, (amount * khz / 1000.0) + 100);
            start = Simulation.Tsc;
            Ndelay(amount);
            Assert.InRange((double)(Simulation.Tsc - start), amount * khz / 1_000_000.0, (amount * khz / 1_000_000.0) + 100);
        }

        ulong before = Simulation.Tsc;
        Mdelay(3);
        Assert.InRange(Simulation.Tsc - before, 3 * khz, (3 * khz) + 300);
        Assert.Equal(0, IrqMachine.Logged("udelay"));
        Assert.Equal(0, PreemptCount());
    }

    [Fact]
    [Trait("Row", "TIME-04")]
    public void ADelayThatIsInterruptedEndsWhenItsTimeIsUp()
    {
        // The machine is away for nearly a millisecond, a thousand times.
        SetTscKhz(1_000_000);
        Simulation.OnArchCall = () => Simulation.Tsc += 990_000;
        ulong start = Simulation.Tsc;
        Mdelay(1000);
        Simulation.OnArchCall = null;
        Assert.InRange(Simulation.Tsc - start, 1_000_000_000ul, 1_003_000_000ul);
    }

    [Fact]
    [Trait("Row", "TIME-04")]
    public void ADelayThatMovesToAnotherCpuIsNotCutShort()
    {
        // The other CPU's counter is far ahead, then far behind.
        SetTscKhz(1_000_000);
        ulong waited = 0;
        int calls = 0;
        Simulation.OnArchCall = () =>
        {
            waited += 1000;
            Simulation.Tsc += 1000;
            if (++calls % 50 == 0)
            {
                bool first = Simulation.CurrentCpu == 0;
                Simulation.SwitchTo(first ? 1 : 0);
                Simulation.Tsc = first ? Simulation.Tsc + 5_000_000_000 : Simulation.Tsc - 5_000_000_000;
            }
        };
        Udelay(1000);
        Simulation.OnArchCall = null;
        Simulation.SwitchTo(0);
        Assert.InRange(waited, 950_000ul, 1_100_000ul);
    }

    [Fact]
    [Trait("Row", "TIME-04")]
    public void UdelayOfMoreThanAMillisecondIsReportedAndKept()
    {
        SetTscKhz(10_000);
        ulong start = Simulation.Tsc;
        Udelay(1001);
        Assert.True(Simulation.Tsc - start >= 10_010);
        Assert.Equal(1, IrqMachine.Logged("udelay of 1001 us"));
        start = Simulation.Tsc;
        Ndelay(2_000_001);
        Assert.True(Simulation.Tsc - start >= 20_001);
        Assert.Equal(1, IrqMachine.Logged("udelay of 2001 us"));
    }

    [Fact]
    [Trait("Row", "TIME-04")]
    public void DelaysBeforeCalibrationAreTooLongRatherThanTooShort()
    {
        ulong start = Simulation.Tsc;
        Udelay(1);
        Assert.True(Simulation.Tsc - start >= 6000);
    }

    [Fact]
    [Trait("Row", "TIME-04")]
    public void MonotonicTimeFollowsJiffiesThenTheCounter()
    {
        ulong first = MonotonicMicroseconds();
        Assert.Equal(0ul, first);
        Tick();
        Assert.Equal(1_000_000ul / HZ, MonotonicMicroseconds());

        // Every reading of the simulated counter moves it: the second is counted from the start of time.
        Clock.Init();
        ulong start = Simulation.Tsc;
        SetTscKhz(2_000_000);
        Simulation.Tsc = start + 1_000_000_000;
        Assert.InRange(MonotonicMicroseconds(), 500_000ul, 500_001ul);

        // A year later nothing has overflowed.
        Simulation.Tsc = 2_000_000_000ul * 86400 * 365;
        Assert.InRange(MonotonicMicroseconds(), (86400ul * 365 * 1_000_000) - 10, (86400ul * 365 * 1_000_000) + 10);
    }
}
