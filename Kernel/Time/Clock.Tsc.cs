// Clock.Tsc: how fast the time stamp counter runs, and the time since boot by it.
//
// Linux: arch/x86/kernel/tsc.c, init/calibrate.c. Calibrate: once at boot, any interrupt state, one CPU; it has channel 2 of the PIT to
// itself. MonotonicMicroseconds: any context, no lock: its constants are written before anybody else runs.

using System.Runtime.CompilerServices;

namespace CSharpOS.Time;

public static unsafe partial class Clock
{
    private const int PitChannel2Port = 0x42;
    private const int PitCommandPort = 0x43;
    private const int SpeakerPort = 0x61;
    private const byte SpeakerGate = 0x01;
    private const byte SpeakerData = 0x02;
    private const byte Channel2Output = 0x20;
    private const byte PitChannel2Mode0 = 0xb0;
    private const byte PitLatchChannel2 = 0x80;

    // One window of 8 ms: a PIT clock more or less is 0.01 %.
    private const uint CalibrationClocks = PitHz / 125;
    private const int SamplesPerPoint = 5;
    private const int MaxPolls = 1_000_000;

    // Not more windows than this, and of those that can be used not more than that; a window is good if its ends are known to a thousandth of it.
    private const int MaxWindows = 50;
    private const int GoodWindows = 5;
    private const ulong ErrorScale = 1_000_000;
    private const ulong GoodError = ErrorScale / 1000;

    // SchedClock counts in steps of 1024 time stamps; its factor has 22 bits behind the point.
    private const int SchedStepBits = 10, SchedFactorBits = 22;

    private static ulong s_tscBase;
    private static ulong s_tscKhz;
    private static ulong s_schedFactor;

    /// <summary>Frequency of the time stamp counter in kHz; 0 until it has been calibrated.</summary>
    /// <linux>tsc_khz</linux>
    /// <rows>TIME-04</rows>
    public static ulong TscKhz => s_tscKhz;

    /// <summary>Turns of the delay loop per tick; a turn is one count of the time stamp counter.</summary>
    /// <linux>loops_per_jiffy</linux>
    /// <rows>TIME-04</rows>
    public static ulong LoopsPerJiffy => s_tscKhz * 1000 / HZ;

    /// <summary>Microseconds since <see cref="Init"/>: by the time stamp counter once it is calibrated, by jiffies before. Any context.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MonotonicMicroseconds()
    {
        // One division where the product does not overflow: for 50 days at 4 GHz.
        ulong ticks = ReadTsc() - s_tscBase;
        ulong khz = s_tscKhz;
        return khz != 0 && ticks >> 54 == 0 ? ticks * 1000 / khz : MonotonicMicroseconds(ticks, khz);
    }

    /// <summary>Microseconds for the scheduler, which asks at every switch and wake-up: without a division, to the microsecond or to 1024 time stamps, whichever is more.
    /// It begins again after 50 days, and stands still while the time stamp counter is not calibrated. Any context.</summary>
    /// <linux>sched_clock</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong SchedClock() => ((ReadTsc() - s_tscBase) >> SchedStepBits) * s_schedFactor >> SchedFactorBits;

    /// <summary>Microseconds between <see cref="Init"/> and the moment when the time stamp counter showed <paramref name="tsc"/>; 0 until it is calibrated. Any
    /// context.</summary>
    public static ulong MicrosecondsAt(ulong tsc)
    {
        ulong khz = s_tscKhz;
        return khz == 0 ? 0 : Microseconds(tsc - s_tscBase, khz);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong MonotonicMicroseconds(ulong ticks, ulong khz)
    {
        if (khz != 0)
        {
            return Microseconds(ticks, khz);
        }

        // Printk asks even before Init.
        ulong jiffies = Jiffies64;
        return jiffies < InitialJiffies ? 0 : (jiffies - InitialJiffies) * (1_000_000 / HZ);
    }

    // In two parts, so that nothing overflows.
    private static ulong Microseconds(ulong ticks, ulong khz) => (ticks / khz * 1000) + (ticks % khz * 1000 / khz);

    /// <summary>Measures the time stamp counter against channel 2 of the PIT, in a window of 8 ms, in another one if it was disturbed; starts time if
    /// nobody has. At boot, once, before the first tick.</summary>
    /// <linux>calibrate_delay</linux>
    /// <rows>TIME-04</rows>
    public static void Calibrate()
    {
        if (s_jiffies64 == 0)
        {
            Init();
        }

        ulong khz = MeasureTscKhz();
        if (khz == 0)
        {
            Printk(LogLevel.Error, $"The PIT does not count, or not long enough to measure by it: the time stamp counter stays uncalibrated, delays are longer than asked for.\n");
            return;
        }

        SetTscKhz(khz);
        ClockSources.TscCalibrated();
        Printk(LogLevel.Info, $"Detected {khz / 1000}.{khz / 100 % 10}{khz / 10 % 10}{khz % 10} MHz processor.\n");
        ulong bogoMips = LoopsPerJiffy * HZ / 5000;
        Printk(
            LogLevel.Info,
            $"Calibrating delay loop... {bogoMips / 100}.{bogoMips / 10 % 10}{bogoMips % 10} BogoMIPS (lpj={LoopsPerJiffy})\n");
    }

    internal static void SetTscKhz(ulong khz)
    {
        s_tscKhz = khz;
        s_schedFactor = khz == 0 ? 0 : (1000UL << (SchedStepBits + SchedFactorBits)) / khz;
    }

    private static void InitTsc()
    {
        SetTscKhz(0);
        s_tscBase = ReadTsc();
    }

    // A virtual machine may be away from its processor at any point of a window. That does no harm, for both counters go on, until the PIT's has
    // run out: then the window says nothing. A window whose ends are well known is taken at once, else the best of a few.
    private static ulong MeasureTscKhz()
    {
        ulong best = 0;
        ulong bestError = ulong.MaxValue;
        int good = 0;
        for (int i = 0; i < MaxWindows && good < GoodWindows; i++)
        {
            if (!MeasureWindow(out ulong ticks, out uint clocks, out ulong width))
            {
                return 0;
            }

            // Looked at last: if the output is still low, the count had not run out when it was read.
            if ((PortIo.In8(SpeakerPort) & Channel2Output) != 0)
            {
                continue;
            }

            good++;
            ulong error = width * ErrorScale / ticks;
            if (error < bestError)
            {
                bestError = error;
                best = ticks * PitHz / clocks / 1000;
            }

            if (error <= GoodError)
            {
                break;
            }
        }

        return best;
    }

    // One window: how far both counters went in it, and for how many counts of the time stamp counter its ends are uncertain. False: the PIT stands still.
    private static bool MeasureWindow(out ulong ticks, out uint clocks, out ulong width)
    {
        // Channel 2 counts down from 65535 (55 ms to the end), its gate open, the loudspeaker off; its output is low until the end.
        PortIo.Out8(SpeakerPort, (byte)((PortIo.In8(SpeakerPort) & ~SpeakerData) | SpeakerGate));
        PortIo.Out8(PitCommandPort, PitChannel2Mode0);
        PortIo.Out8(PitChannel2Port, 0xff);
        PortIo.Out8(PitChannel2Port, 0xff);

        // The count is loaded with the next PIT clock: what is read before means nothing.
        for (int i = 0; i < 4; i++)
        {
            PortIo.IoDelay();
        }

        ulong startTsc = SampleCount(out uint startCount, out ulong startWidth);
        for (int poll = 0; startCount - ReadPitCount() < CalibrationClocks; poll++)
        {
            if (poll == MaxPolls)
            {
                ticks = 0;
                clocks = 0;
                width = 0;
                return false;
            }
        }

        ulong endTsc = SampleCount(out uint endCount, out ulong endWidth);
        ticks = endTsc - startTsc;
        clocks = startCount - endCount;
        width = startWidth + endWidth;
        return true;
    }

    // The count and the time stamp that belong together: of several tries the one that was disturbed least.
    private static ulong SampleCount(out uint count, out ulong bestWidth)
    {
        ulong best = 0;
        bestWidth = ulong.MaxValue;
        count = 0;
        for (int i = 0; i < SamplesPerPoint; i++)
        {
            ulong before = ReadTsc();
            PortIo.Out8(PitCommandPort, PitLatchChannel2);
            ulong width = ReadTsc() - before;
            uint latched = ReadLatchedCount();
            if (width < bestWidth)
            {
                bestWidth = width;
                best = before + (width / 2);
                count = latched;
            }
        }

        return best;
    }

    private static uint ReadPitCount()
    {
        PortIo.Out8(PitCommandPort, PitLatchChannel2);
        return ReadLatchedCount();
    }

    private static uint ReadLatchedCount()
    {
        uint low = PortIo.In8(PitChannel2Port);
        return low | ((uint)PortIo.In8(PitChannel2Port) << 8);
    }
}
