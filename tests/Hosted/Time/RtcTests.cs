// The RTC driver at its registers.

using System.Runtime.InteropServices;
using CSharpOS.Drivers;
using CSharpOS.Hosted.Irq;
using Xunit;

namespace CSharpOS.Hosted.Time;

public sealed unsafe class RtcTests
{
    private static int s_calls;
    private static bool s_callbackContext;
    private readonly IrqMachine _machine = new();
    private readonly SimulatedRtc _chip;

    public RtcTests()
    {
        s_calls = 0;
        SetTscKhz(1000);
        _chip = new SimulatedRtc(_machine.Pic);
        _chip.Set(2026, 11, 21, 9, 47, 22);
        Monitor.Init();
        Assert.Equal(0, Rtc.Init());
    }

    private void Happen(byte what)
    {
        _chip.Happen(what);
        _machine.Deliver();
    }

    private static void Callback(void* data)
    {
        s_calls += *(int*)data;
        s_callbackContext = InIrq() && Cpu.IrqsDisabled();
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void InitTakesLine8WithSaInterruptAndSetsTheTimeOfDay()
    {
        IrqAction* action = IrqToDescriptor(8)->Action;
        Assert.Equal(IrqFlags.SaInterrupt, action->Flags);
        Assert.Equal("rtc"u8.ToArray(), action->Name.ToArray());
        Assert.True(action->DevId == null);
        Assert.Equal(new DateTimeOffset(2026, 11, 21, 9, 47, 22, TimeSpan.Zero).ToUnixTimeSeconds(), Xtime.Seconds);
        Assert.Equal(1, IrqMachine.Logged("rtc: 2026-11-21 09:47:22 UTC"));
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void ALineThatIsTakenIsEio()
    {
        Rtc.Exit();
        Assert.True(IrqToDescriptor(8)->Action == null);
        Handlers.Reset();
        Assert.Equal(0, RequestIrq(8, Handlers.Get(0), IrqFlags.Shared, "other"u8, (void*)1));
        Assert.Equal(-EIO, Rtc.Init());
        Assert.Equal(1, IrqMachine.Logged("rtc: cannot register IRQ 8"));
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void DataCountsInterruptsAndKeepsTheLastFlags()
    {
        Rtc.PeriodicInterrupt(true);
        Assert.Equal(0ul, Rtc.ReadData());
        Happen(0x40);
        Assert.Equal(0x1c0ul, Rtc.ReadData());
        Assert.Equal(0ul, Rtc.ReadData());
        for (int i = 0; i < 300; i++)
        {
            Happen(0x40);
        }

        Rtc.UpdateInterrupt(true);
        for (int i = 0; i < 2; i++)
        {
            Happen(0x40);
        }

        Happen(0x10);
        Assert.Equal(0x390ul, Rtc.ReadData());
        Assert.Equal(304ul, Rtc.InterruptCount);
        _machine.AssertQuiet();
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void OnlyTheSourcesThatAreOnInterrupt()
    {
        byte[] bits = [0x40, 0x20, 0x10];
        Action<bool>[] switches = [Rtc.PeriodicInterrupt, Rtc.AlarmInterrupt, Rtc.UpdateInterrupt];
        for (int source = 0; source < 3; source++)
        {
            switches[source](true);
            for (int event_ = 0; event_ < 3; event_++)
            {
                Happen(bits[event_]);
                ulong data = Rtc.ReadData();
                Assert.Equal(event_ == source, data != 0);
                if (event_ == source)
                {
                    Assert.Equal(bits[event_], data & bits[event_]);
                }
            }

            switches[source](false);
            Happen(bits[source]);
            Assert.Equal(0ul, Rtc.ReadData());
        }
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void FrequenciesAreThePowersOfTwoFrom2To8192()
    {
        Assert.Equal(1024, _chip.Frequency);
        for (int hertz = -2; hertz <= 9000; hertz++)
        {
            bool good = hertz is >= 2 and <= 8192 && System.Numerics.BitOperations.IsPow2(hertz);
            int before = _chip.Frequency;
            Assert.Equal(good ? 0 : -EINVAL, Rtc.SetFrequency(hertz));
            Assert.Equal(good ? hertz : before, _chip.Frequency);
        }

        Assert.Equal(-EINVAL, Rtc.SetFrequency(int.MinValue));
        Assert.Equal(8192, Rtc.Frequency);
        Assert.Equal(0x20, _chip.Registers[0x0a] & 0x70);
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void TheCallbackRunsAtEveryInterruptUntilItIsUnregistered()
    {
        int* step = (int*)NativeMemory.Alloc(sizeof(int));
        RtcTask* task = (RtcTask*)NativeMemory.AllocZeroed((nuint)sizeof(RtcTask) * 2);
        *step = 7;
        Assert.Equal(-EINVAL, Rtc.RegisterTask(null));
        Assert.Equal(-EINVAL, Rtc.RegisterTask(task));
        task->Function = &Callback;
        task->PrivateData = step;
        task[1] = task[0];
        Assert.Equal(0, Rtc.RegisterTask(task));
        Assert.Equal(-EBUSY, Rtc.RegisterTask(task + 1));
        Rtc.PeriodicInterrupt(true);
        Happen(0x40);
        Happen(0x40);
        Assert.Equal(14, s_calls);
        Assert.True(s_callbackContext);
        Assert.Equal(-ENXIO, Rtc.UnregisterTask(task + 1));
        Assert.Equal(0, Rtc.UnregisterTask(task));
        Assert.Equal(-ENXIO, Rtc.UnregisterTask(task));
        Assert.Equal(0, _chip.Registers[0x0b] & 0x70);
        Rtc.PeriodicInterrupt(true);
        Happen(0x40);
        Assert.Equal(14, s_calls);
        NativeMemory.Free(step);
        NativeMemory.Free(task);
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void TheHandlerAlwaysSaysHandled()
    {
        // Even for an interrupt that the chip knows nothing of.
        _machine.Pulse(8);
        Assert.Equal(0u, IrqToDescriptor(8)->Unhandled);
        Assert.Equal(0x100ul, Rtc.ReadData());
    }

    [Theory]
    [InlineData(0x02)]
    [InlineData(0x00)]
    [InlineData(0x06)]
    [InlineData(0x04)]
    [Trait("Row", "IRQ-15")]
    public void TimeIsReadAndSetInEveryFormat(byte format)
    {
        _chip.Registers[0x0b] = format;
        foreach (int hour in (int[])[0, 1, 11, 12, 13, 23])
        {
            _chip.Set(2031, 10, 29, hour, 58, 7);
            Assert.Equal(0, Rtc.GetTime(out CalendarTime time));
            Assert.Equal(new CalendarTime { Year = 2031, Month = 10, Day = 29, Hour = hour, Minute = 58, Second = 7 }, time);
            byte[] expected = (byte[])_chip.Registers.Clone();
            _chip.Set(1999, 1, 1, 1, 1, 1);
            Assert.Equal(0, Rtc.SetTime(time));
            Assert.Equal(expected, _chip.Registers);
        }
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void WithoutACenturyLowYearsAreOurs()
    {
        _chip.Set(2026, 1, 2, 3, 4, 5, century: false);
        Rtc.GetTime(out CalendarTime time);
        Assert.Equal(2026, time.Year);
        _chip.Set(1987, 1, 2, 3, 4, 5, century: false);
        Rtc.GetTime(out time);
        Assert.Equal(1987, time.Year);
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void AReadingDuringAnUpdateIsTakenAgain()
    {
        _chip.Set(2026, 12, 31, 23, 59, 59);
        int reads = 0;
        _chip.OnSecondsRead = () =>
        {
            // The clock ticks between the first look at the seconds and the last.
            if (++reads == 2)
            {
                _chip.Set(2027, 1, 1, 0, 0, 0);
            }
        };
        _chip.UpdatesSeen = 3;
        Assert.Equal(0, Rtc.GetTime(out CalendarTime time));
        Assert.Equal(new CalendarTime { Year = 2027, Month = 1, Day = 1 }, time);
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void AChipThatNeverStandsStillIsEioAndOneWithoutADateEinval()
    {
        _chip.UpdatesSeen = int.MaxValue;
        Assert.Equal(-EIO, Rtc.GetTime(out _));
        _chip.UpdatesSeen = 0;
        _chip.Registers[8] = 0x13;
        Assert.Equal(-EINVAL, Rtc.GetTime(out _));
        Rtc.Exit();
        Assert.Equal(0, Rtc.Init());
        Assert.Equal(1, IrqMachine.Logged("rtc: the clock holds no date"));
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void BadTimesAreNotWritten()
    {
        byte[] before = (byte[])_chip.Registers.Clone();
        Assert.Equal(-EINVAL, Rtc.SetTime(new CalendarTime { Year = 2026, Month = 2, Day = 29 }));
        Assert.Equal(-EINVAL, Rtc.SetTime(new CalendarTime { Year = 1969, Month = 12, Day = 31 }));
        Assert.Equal(-EINVAL, Rtc.SetTime(new CalendarTime { Year = 2170, Month = 1, Day = 1 }));
        Assert.Equal(-EINVAL, Rtc.SetAlarm(24, 0, 0));
        Assert.Equal(-EINVAL, Rtc.SetAlarm(0, 60, 0));
        Assert.Equal(-EINVAL, Rtc.SetAlarm(0, 0, -2));
        Assert.Equal(before, _chip.Registers);
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void TheAlarmIsWrittenInTheChipsFormat()
    {
        Assert.Equal(0, Rtc.SetAlarm(15, 30, 45));
        Assert.Equal([0x45, 0x30, 0x15], new[] { _chip.Registers[1], _chip.Registers[3], _chip.Registers[5] });
        Assert.Equal(0, Rtc.SetAlarm(-1, -1, 10));
        Assert.Equal([0x10, 0xff, 0xff], new[] { _chip.Registers[1], _chip.Registers[3], _chip.Registers[5] });
        _chip.Registers[0x0b] = 0x04;
        Assert.Equal(0, Rtc.SetAlarm(15, 30, 45));
        Assert.Equal([45, 30, 0x83], new[] { _chip.Registers[1], _chip.Registers[3], _chip.Registers[5] });
    }

    [Fact]
    [Trait("Row", "IRQ-15")]
    public void ExitSilencesTheChipAndGivesTheLineBack()
    {
        Rtc.PeriodicInterrupt(true);
        Rtc.UpdateInterrupt(true);
        Rtc.Exit();
        Assert.Equal(0, _chip.Registers[0x0b] & 0x70);
        Assert.True(I8259A.IsMasked(8));
        Assert.Equal(0, Rtc.Init());
    }
}
