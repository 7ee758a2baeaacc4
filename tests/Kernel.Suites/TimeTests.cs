// TimeTests: jiffies, the time stamp counter and delays on the running machine.
//
// Process context, interrupts on. An emulator that counts instructions (icount) keeps exact time, and the tests demand it; one
// that does not may owe ticks when its host is busy, so there only the direction is certain.

namespace CSharpOS.Suites;

/// <summary>The suite of the clock.</summary>
public static unsafe class TimeTests
{
    private const int LoopLength = 1000;

    [TestSuite("time")]
    public static void Suite()
    {
        Test.Run("jiffies began five minutes before the wrap"u8, "TIME-01"u8, &Beginning);
        Test.Run("an empty wait for jiffies ends"u8, "TIME-01"u8, &EmptyWait);
        Test.Run("ticks and the time stamp counter agree"u8, "TIME-01"u8, &TicksAgainstTsc);
        Test.Run("across the wrap: time_after and its kin, timers, sleeps, delayed works"u8, "TIME-01"u8, &Wrap);
        Test.Run("the processor's frequency was found"u8, "TIME-04"u8, &Calibrated);
        Test.Run("delays take at least the time asked for"u8, "TIME-04"u8, &Delays);
        Test.Run("udelay of more than a millisecond is reported"u8, "TIME-04"u8, &LongUdelay);
        Test.Run("the wall clock runs with the ticks"u8, "IRQ-15"u8, &WallClock);
    }

    /// <summary>True if the emulator counts instructions: then equal work takes equal time, to the count, and twice the work twice the time.</summary>
    internal static bool CountsInstructions()
    {
        ulong flags = LocalIrqSave();
        ulong first = TimeLoop(LoopLength);
        bool equal = true;
        for (int i = 0; i < 5; i++)
        {
            equal &= TimeLoop(LoopLength) == first;
        }

        equal &= (TimeLoop(2 * LoopLength) - first) % LoopLength == 0;
        LocalIrqRestore(flags);
        return equal;
    }

    private static ulong TimeLoop(int length)
    {
        int sum = 0;
        ulong start = ReadTsc();
        for (int i = 0; i < length; i++)
        {
            Shared.WriteOnce(ref sum, i);
        }

        return ReadTsc() - start;
    }

    private static void Beginning()
    {
        Check.Equal(unchecked((uint)(-300 * HZ)), InitialJiffies);
        Check.True(Jiffies64 >= InitialJiffies);

        // No further on than the time that has passed since; ticks may have been lost.
        ulong passed = Jiffies64 - InitialJiffies;
        Check.True(passed <= (MonotonicMicroseconds() * HZ / 1_000_000) + HZ);
        uint before = Jiffies;
        uint low = (uint)Jiffies64;
        Check.True(TimeAfterEq(low, before) && TimeAfterEq(Jiffies, low));
    }

    private static void EmptyWait()
    {
        uint end = Jiffies + 3;
        while (TimeBefore(Jiffies, end))
        {
        }

        Check.True(TimeAfterEq(Jiffies, end));
    }

    private static void TicksAgainstTsc()
    {
        const uint Ticks = HZ / 2;
        uint start = WaitForTick();
        ulong tsc = ReadTsc();
        while (Jiffies - start < Ticks)
        {
            SafeHalt();
        }

        long passed = (long)(Jiffies - start);
        long microseconds = (long)((ReadTsc() - tsc) * 1000 / TscKhz);
        long expected = passed * TickNanoseconds / 1000;
        if (CountsInstructions())
        {
            Check.Between(expected - (expected / 500) - 50, expected + (expected / 500) + 50, microseconds);
        }
        else
        {
            // A tick that was late at the start shortens the time by as much, at most by two: one is being served, one waits in the controller. At the
            // end any number may have been lost.
            Check.True(microseconds >= expected - (expected / 50) - (3 * 1_000_000 / HZ));
        }
    }

    private static void Wrap()
    {
        if (!CountsInstructions())
        {
            Test.Skip("takes five minutes where the emulator does not count instructions"u8);
            return;
        }

        // Idle time is skipped, so five minutes are cheap; timers, sleeps and works go on meanwhile.
        const uint Ticks = 301 * HZ;
        uint before = Jiffies;
        uint end = before + Ticks;
        if (!WrapLoad.Start())
        {
            return;
        }

        while (TimeBefore(Jiffies, end))
        {
            Msleep(500);
        }

        WrapLoad.StopAndCheck(Jiffies - before);

        Check.True(Jiffies < before || before < 1000);
        Check.True(TimeAfter(Jiffies, before));
        Check.True(TimeBefore(before, Jiffies));
        Check.True(Jiffies64 > uint.MaxValue);
    }

    private static void Calibrated()
    {
        Check.True(TscKhz > 100_000);
        Check.Equal(TscKhz * 1000 / HZ, LoopsPerJiffy);
        if (CountsInstructions())
        {
            // One count per nanosecond.
            Check.Between(999_000, 1_001_000, (long)TscKhz);
        }
    }

    private static void Delays()
    {
        CheckDelay(1);
        CheckDelay(10);
        CheckDelay(100);
        CheckDelay(1000);
        ulong start = ReadTsc();
        Ndelay(500);
        Check.True((ReadTsc() - start) * 1_000_000 / TscKhz >= 500);
        start = ReadTsc();
        Mdelay(5);
        Check.True((ReadTsc() - start) / TscKhz >= 5);
        Check.NotLogged("udelay"u8);
    }

    private static void CheckDelay(uint microseconds)
    {
        ulong start = ReadTsc();
        Udelay(microseconds);
        ulong passed = ReadTsc() - start;
        Check.True(passed * 1000 >= microseconds * TscKhz);
        if (CountsInstructions())
        {
            // A tick may fall into it.
            Check.True(passed * 1000 <= (microseconds * TscKhz) + (5000 * 1000));
        }
    }

    private static void LongUdelay()
    {
        ulong start = ReadTsc();
        Udelay(1001);
        Check.True((ReadTsc() - start) * 1000 / TscKhz >= 1001);
        Check.Logged("udelay of 1001 us"u8);
        Check.Logged("LongUdelay"u8);
    }

    private static void WallClock()
    {
        WaitForTick();
        Timespec before = Xtime;
        uint start = Jiffies;
        while (Jiffies - start < 10)
        {
            SafeHalt();
        }

        ulong flags = LocalIrqSave();
        Timespec after = Xtime;
        long ticks = Jiffies - start;
        LocalIrqRestore(flags);
        long passed = ((after.Seconds - before.Seconds) * 1_000_000_000) + after.Nanoseconds - before.Nanoseconds;
        Check.Between((ticks * TickNanoseconds) - 1, (ticks * TickNanoseconds) + TickNanoseconds, passed);
    }

    private static uint WaitForTick()
    {
        uint start = Jiffies;
        while (Jiffies == start)
        {
            SafeHalt();
        }

        return start + 1;
    }
}
