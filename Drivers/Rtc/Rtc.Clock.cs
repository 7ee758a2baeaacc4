// Rtc.Clock: the chip's date, time and alarm.
//
// Linux: rtc_get_rtc_time and RTC_SET_TIME in drivers/char/rtc.c, mach_get_cmos_time. Any context; nothing sleeps, but GetTime may spin for
// two milliseconds while the chip updates itself. Lock: s_rtcLock.
// The chip keeps numbers in BCD or binary, hours to 12 or to 24: whatever the firmware has chosen is left as it is.

using static CSharpOS.Drivers.RtcRegisters;

namespace CSharpOS.Drivers;

public static unsafe partial class Rtc
{
    // An update takes at most 1984 us, and is announced 244 us before it begins.
    private const int MaxTries = 100;
    private const uint RetryMicroseconds = 100;
    private const int FirstYear = 1970;

    // The chip takes any byte from c0 up for AlarmAny.
    private const byte AnyFrom = 0xc0;

    /// <summary>Reads the date and the time of day. Any context.</summary>
    /// <returns>0; -EIO: the chip never stands still; -EINVAL: what it holds is no date.</returns>
    /// <linux>RTC_RD_TIME</linux>
    /// <rows>IRQ-15</rows>
    public static int GetTime(out CalendarTime time)
    {
        for (int i = 0; i < MaxTries; i++)
        {
            if (TryGetTime(out time))
            {
                return Calendar.IsValid(time) ? 0 : -EINVAL;
            }

            Udelay(RetryMicroseconds);
        }

        time = default;
        return -EIO;
    }

    /// <summary>Sets the date and the time of day. Any context.</summary>
    /// <returns>0; -EINVAL: no such date, or before 1970 or after 2169.</returns>
    /// <linux>RTC_SET_TIME</linux>
    /// <rows>IRQ-15</rows>
    public static int SetTime(in CalendarTime time)
    {
        if (!Calendar.IsValid(time) || time.Year < FirstYear || time.Year >= FirstYear + 200)
        {
            return -EINVAL;
        }

        ulong flags = s_rtcLock.LockIrqSave();
        byte control = CmosRead(Control);
        CmosWrite(Control, (byte)(control | Set));
        CmosWrite(Seconds, Encode(time.Second, control));
        CmosWrite(Minutes, Encode(time.Minute, control));
        CmosWrite(Hours, EncodeHour(time.Hour, control));
        CmosWrite(DayOfMonth, Encode(time.Day, control));
        CmosWrite(Month, Encode(time.Month, control));
        CmosWrite(Year, Encode(time.Year % 100, control));
        CmosWrite(Century, Encode(time.Year / 100, control));
        CmosWrite(Control, control);
        s_rtcLock.UnlockIrqRestore(flags);
        return 0;
    }

    /// <summary>Sets the time of day of the alarm; -1 matches any hour, minute or second. Any context. See <see cref="AlarmInterrupt"/>.
    /// </summary>
    /// <returns>0; -EINVAL: no such time of day.</returns>
    /// <linux>RTC_ALM_SET</linux>
    /// <rows>IRQ-15</rows>
    public static int SetAlarm(int hour, int minute, int second)
    {
        if (hour < -1 || hour > 23 || minute < -1 || minute > 59 || second < -1 || second > 59)
        {
            return -EINVAL;
        }

        ulong flags = s_rtcLock.LockIrqSave();
        byte control = CmosRead(Control);
        CmosWrite(HoursAlarm, hour < 0 ? AlarmAny : EncodeHour(hour, control));
        CmosWrite(MinutesAlarm, minute < 0 ? AlarmAny : Encode(minute, control));
        CmosWrite(SecondsAlarm, second < 0 ? AlarmAny : Encode(second, control));
        s_rtcLock.UnlockIrqRestore(flags);
        return 0;
    }

    /// <summary>The time of day of the alarm as <see cref="SetAlarm"/> takes it. Any context.</summary>
    /// <linux>RTC_ALM_READ, get_rtc_alm_time</linux>
    /// <rows>IRQ-15</rows>
    public static void GetAlarm(out int hour, out int minute, out int second)
    {
        ulong flags = s_rtcLock.LockIrqSave();
        byte control = CmosRead(Control);
        byte hours = CmosRead(HoursAlarm);
        byte minutes = CmosRead(MinutesAlarm);
        byte seconds = CmosRead(SecondsAlarm);
        s_rtcLock.UnlockIrqRestore(flags);
        hour = hours >= AnyFrom ? -1 : DecodeHour(hours, control);
        minute = minutes >= AnyFrom ? -1 : Decode(minutes, control);
        second = seconds >= AnyFrom ? -1 : Decode(seconds, control);
    }

    private static void SetSystemTime()
    {
        if (GetTime(out CalendarTime time) != 0)
        {
            Printk(LogLevel.Warning, $"rtc: the clock holds no date: the time of day is not set\n");
            return;
        }

        SetXtime(Calendar.ToSeconds(time), 0);
        Printk(LogLevel.Info, $"rtc: {time.Year}-{time.Month:d2}-{time.Day:d2} {time.Hour:d2}:{time.Minute:d2}:{time.Second:d2} UTC\n");
    }

    // One reading; false if the chip was changing it meanwhile.
    private static bool TryGetTime(out CalendarTime time)
    {
        ulong flags = s_rtcLock.LockIrqSave();
        bool updating = (CmosRead(FrequencySelect) & UpdateInProgress) != 0;
        byte control = CmosRead(Control);
        byte second = CmosRead(Seconds);
        byte minute = CmosRead(Minutes);
        byte hour = CmosRead(Hours);
        byte day = CmosRead(DayOfMonth);
        byte month = CmosRead(Month);
        byte year = CmosRead(Year);
        byte century = CmosRead(Century);

        // On a virtual machine any amount of time may have passed since the first line.
        updating = updating || (CmosRead(FrequencySelect) & UpdateInProgress) != 0 || CmosRead(Seconds) != second;
        s_rtcLock.UnlockIrqRestore(flags);
        time = new CalendarTime
        {
            Year = FullYear(Decode(century, control), Decode(year, control)),
            Month = Decode(month, control),
            Day = Decode(day, control),
            Hour = DecodeHour(hour, control),
            Minute = Decode(minute, control),
            Second = Decode(second, control),
        };
        return !updating;
    }

    // The byte for the century is a convention: where it makes no sense, years below 70 are ours.
    private static int FullYear(int century, int year)
    {
        if (century is >= 19 and <= 21)
        {
            return (century * 100) + year;
        }

        return year < 70 ? 2000 + year : 1900 + year;
    }

    private static int Decode(byte value, byte control) =>
        (control & BinaryMode) != 0 ? value : ((value >> 4) * 10) + (value & 0x0f);

    private static byte Encode(int value, byte control) =>
        (byte)((control & BinaryMode) != 0 ? value : ((value / 10) << 4) + (value % 10));

    // 12-hour clocks count 12, 1, ... 11, once before and once after noon.
    private static int DecodeHour(byte value, byte control)
    {
        if ((control & Hours24) != 0)
        {
            return Decode(value, control);
        }

        int hour = Decode((byte)(value & ~Afternoon), control) % 12;
        return (value & Afternoon) != 0 ? hour + 12 : hour;
    }

    private static byte EncodeHour(int hour, byte control)
    {
        if ((control & Hours24) != 0)
        {
            return Encode(hour, control);
        }

        int shown = hour % 12 == 0 ? 12 : hour % 12;
        return (byte)(Encode(shown, control) | (hour >= 12 ? Afternoon : 0));
    }
}
