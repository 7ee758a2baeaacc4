// RtcTests: the clock chip's interrupts on the running machine, as the driver on line 8 takes them.
//
// Process context. The driver is a module of its own, so the chip is told through its registers what to raise, and the line's counter says what
// came. QEMU lets the chip run on the host's clock unless it is told `-rtc clock=vm`. Where the processor's time is a count of instructions the two
// have nothing to do with each other, and nothing can be expected; with both virtual everything is exact.
// With both on the host's clock, the host may be busy: then interrupts are late and fall together, and the tick loses time. What holds there
// is that interrupts come, and never more than the chip has made.

namespace CSharpOS.Suites;

/// <summary>The suite of the clock chip.</summary>
public static unsafe class RtcTests
{
    private const int RtcIrq = 8;
    private const int IndexPort = 0x70, DataPort = 0x71;
    private const byte FrequencySelect = 0x0a, Control = 0x0b, InterruptFlags = 0x0c;
    private const byte PeriodicEnable = 0x40, UpdateEnable = 0x10;

    private const uint StormMicroseconds = 10, StormMilliseconds = 500;

    private static bool s_exact;
    private static bool s_storming;
    private static int s_stormCalls;

    [TestSuite("rtc")]
    public static void Suite()
    {
        Test.Run("the driver has line 8 for itself"u8, "IRQ-15"u8, &HasLine);
        Test.Run("periodic interrupts from 2 to 8192 Hz"u8, "IRQ-15"u8, &Frequencies);
        Test.Run("8192 Hz, none lost"u8, "IRQ-15 IRQ-02"u8, &Fastest);
        OnCpuZero.Run("8192 Hz on top of a storm of softirqs: no interrupt and no tick is lost"u8, "IRQ-15 IRQ-02 SIRQ-05"u8, &FastestInAStorm);
        Test.Run("one update interrupt per second"u8, "IRQ-15"u8, &Updates);
        Test.Run("the wall clock was set from the chip"u8, "IRQ-15"u8, &WallClock);
        Test.Run("the command rtc refuses bad frequencies"u8, "IRQ-15"u8, &BadCommands);
    }

    private static bool HasDriver()
    {
        IrqDescriptor* descriptor = IrqToDescriptor(RtcIrq);
        if (descriptor->Action != null && descriptor->Action->Name.SequenceEqual("rtc"u8))
        {
            return true;
        }

        Test.Skip("no RTC driver in this image"u8);
        return false;
    }

    private static void HasLine()
    {
        if (!HasDriver())
        {
            return;
        }

        Check.True(IrqToDescriptor(RtcIrq)->Action->Flags == IrqFlags.SaInterrupt);
        Check.Equal(-EBUSY, RequestIrq(RtcIrq, &IrqTests.Count, IrqFlags.SaShirq, "thief"u8, IrqTests.Cookie(1)));
    }

    private static void Frequencies()
    {
        if (!HasDriver() || !FindClock())
        {
            return;
        }

        // A machine that does half of what a frequency asks for would do nothing else at twice that.
        bool keepsUp = true;
        for (int rate = 15; rate >= 3 && keepsUp; rate--)
        {
            // Long enough for at least two interrupts.
            int hertz = 65536 >> rate;
            uint milliseconds = hertz < 64 ? (uint)(2500 / hertz) : 50;
            keepsUp = CheckRate(rate, milliseconds);
        }
    }

    private static void Fastest()
    {
        if (!HasDriver() || !FindClock())
        {
            return;
        }

        if (!s_exact)
        {
            Test.Skip("the host may be late: the emulator does not count instructions"u8);
            return;
        }

        CheckRate(3, 500);
    }

    // Between two interrupts lie 122 us, and behind each the softirqs may take ten passes of 10 us.
    private static void FastestInAStorm()
    {
        if (!HasDriver() || !FindClock())
        {
            return;
        }

        if (!s_exact)
        {
            Test.Skip("the host may be late: the emulator does not count instructions"u8);
            return;
        }

        s_storming = true;
        s_stormCalls = 0;
        Check.Equal(0, OpenSoftirq(SoftirqTests.First, &StormOn));
        uint jiffies = Jiffies;
        ulong tsc = ReadTsc();
        RaiseSoftirq(SoftirqTests.First);
        CheckRate(3, StormMilliseconds);
        ulong flags = LocalIrqSave();
        long ticks = Jiffies - jiffies;
        long milliseconds = (long)((ReadTsc() - tsc) / TscKhz);
        LocalIrqRestore(flags);
        s_storming = false;
        Check.Between((milliseconds * HZ / 1000) - 1, (milliseconds * HZ / 1000) + 1, ticks);

        // It was a storm: most of the time.
        Check.True(s_stormCalls * StormMicroseconds > StormMilliseconds * 1000 / 2);
        Check.NotLogged("BUG"u8);
    }

    private static void StormOn(SoftirqAction* entry)
    {
        s_stormCalls++;
        Udelay(StormMicroseconds);
        if (s_storming)
        {
            RaiseSoftirq(SoftirqTests.First);
        }
    }

    private static void Updates()
    {
        if (!HasDriver() || !FindClock())
        {
            return;
        }

        uint before = IrqFlowTests.Total(RtcIrq);
        ulong start = ReadTsc();
        Switch(UpdateEnable, true);
        WaitFor(before, 2, 2100);
        Switch(UpdateEnable, false);
        long seconds = (long)((ReadTsc() - start) / (TscKhz * 1000));
        Check.Between(s_exact ? seconds : 2, seconds + 1, IrqFlowTests.Total(RtcIrq) - before);
    }

    private static void WallClock()
    {
        if (!HasDriver())
        {
            return;
        }

        Check.True(Calendar.FromSeconds(Xtime.Seconds).Year >= 2024);
    }

    private static void BadCommands()
    {
        if (!HasDriver())
        {
            return;
        }

        uint before = IrqFlowTests.Total(RtcIrq);
        Check.Equal(-EINVAL, Monitor.Execute("rtc 1000"u8));
        Check.Equal(-EINVAL, Monitor.Execute("rtc 1"u8));
        Check.Equal(-EINVAL, Monitor.Execute("rtc 16384"u8));
        Check.Equal(-EINVAL, Monitor.Execute("rtc x"u8));
        Check.Equal(-EINVAL, Monitor.Execute("rtc 64 64"u8));
        Check.Equal(0, Monitor.Execute("rtc"u8));
        Check.Equal(before, IrqFlowTests.Total(RtcIrq));
    }

    // What a second of the chip is on the processor's clock. False, and the test is skipped, if they do not go together.
    private static bool FindClock()
    {
        if (!TimeTests.CountsInstructions())
        {
            s_exact = false;
            return true;
        }

        Switch(UpdateEnable, true);
        WaitForInterrupt();
        ulong start = ReadTsc();
        WaitForInterrupt();
        ulong second = ReadTsc() - start;
        Switch(UpdateEnable, false);
        s_exact = second / TscKhz is >= 999 and <= 1001;
        if (!s_exact)
        {
            Test.Skip("the chip does not run on the processor's clock"u8);
        }

        return s_exact;
    }

    private static void WaitForInterrupt()
    {
        uint before = IrqFlowTests.Total(RtcIrq);
        while (IrqFlowTests.Total(RtcIrq) == before)
        {
            SafeHalt();
        }
    }

    // Until the line has interrupted so often since before, and the processor's clock has gone so far: not by ticks, a busy host loses them.
    private static void WaitFor(uint before, uint count, uint milliseconds)
    {
        ulong start = ReadTsc();
        while (IrqFlowTests.Total(RtcIrq) - before < count || ReadTsc() - start < milliseconds * TscKhz)
        {
            SafeHalt();
        }
    }

    // An emulator that does not count instructions may be late and then leaves interrupts out; too many it never makes. False if it made less than half.
    private static bool CheckRate(int rate, uint milliseconds)
    {
        int hertz = 65536 >> rate;
        Write(FrequencySelect, (byte)((Read(FrequencySelect) & 0x70) | rate));
        uint before = IrqFlowTests.Total(RtcIrq);
        ulong start = ReadTsc();
        Switch(PeriodicEnable, true);
        if (s_exact && hertz > HZ)
        {
            // The emulator that counts instructions skips the time of a halted processor, and sometimes an event of the chip with it.
            Mdelay(milliseconds);
        }
        else
        {
            WaitFor(before, 2, milliseconds);
        }

        ulong flags = LocalIrqSave();
        uint count = IrqFlowTests.Total(RtcIrq) - before;
        ulong passed = ReadTsc() - start;
        LocalIrqRestore(flags);
        Switch(PeriodicEnable, false);

        // The first one comes when the chip's divider is there, so one more or less. A calibrated clock may be off by a thousandth.
        long expected = (long)(passed * (ulong)hertz / (TscKhz * 1000));
        Check.Between(s_exact ? expected - 1 : 2, expected + 1 + (s_exact ? 0 : expected / 500), count);
        return count >= expected / 2;
    }

    private static void Switch(byte bit, bool on)
    {
        Write(Control, (byte)(on ? Read(Control) | bit : Read(Control) & ~bit));
        Read(InterruptFlags);
    }

    // Index and data are two accesses, and the driver's handler, on whatever CPU, makes two of its own: keep it out.
    private static byte Read(byte register)
    {
        DisableIrq(RtcIrq);
        PortIo.Out8(IndexPort, register);
        byte value = PortIo.In8(DataPort);
        EnableIrq(RtcIrq);
        return value;
    }

    private static void Write(byte register, byte value)
    {
        DisableIrq(RtcIrq);
        PortIo.Out8(IndexPort, register);
        PortIo.Out8(DataPort, value);
        EnableIrq(RtcIrq);
    }
}
