// RtcIoctl: the control calls of /dev/rtc.
//
// Linux: rtc_do_ioctl, drivers/char/rtc.c; include/linux/rtc.h. Process context, may sleep: copies from and to the caller. No locks: Rtc has them.
// Numbers carry the size of what they pass: for a 32-bit caller those with an unsigned long differ, all others are the same.

using System.Runtime.InteropServices;

namespace CSharpOS.Drivers;

/// <summary>ioctl on the clock.</summary>
internal static unsafe class RtcIoctl
{
    private const uint RTC_AIE_ON = 0x7001, RTC_AIE_OFF = 0x7002, RTC_UIE_ON = 0x7003, RTC_UIE_OFF = 0x7004, RTC_PIE_ON = 0x7005, RTC_PIE_OFF = 0x7006;
    private const uint RTC_ALM_SET = 0x40247007, RTC_ALM_READ = 0x80247008, RTC_RD_TIME = 0x80247009, RTC_SET_TIME = 0x4024700a;
    private const uint RTC_IRQP_READ = 0x8008700b, RTC_IRQP_SET = 0x4008700c;
    private const uint RTC_IRQP_READ32 = 0x8004700b, RTC_IRQP_SET32 = 0x4004700c;

    private const int YearBase = 1900;

    // What everybody may ask for: more interrupts than that are a load on the machine.
    // Linux: rtc_max_user_freq.
    private const int MaxUserFrequency = 64;

    /// <summary>-ENOTTY: not one of these; -EACCES: not without the capability; -EINVAL; -EFAULT.</summary>
    /// <linux>rtc_ioctl</linux>
    internal static long Ioctl(File* file, uint command, ulong argument) => command switch
    {
        RTC_IRQP_READ => Uaccess.PutUser((ulong)Rtc.Frequency, (ulong*)argument),
        RTC_IRQP_SET => SetFrequency(argument),
        _ => Common(command, argument),
    };

    /// <summary>The same from a 32-bit caller.</summary>
    /// <linux>rtc_compat_ioctl</linux>
    internal static long CompatIoctl(File* file, uint command, ulong argument) => command switch
    {
        RTC_IRQP_READ32 => Uaccess.PutUser((uint)Rtc.Frequency, (uint*)argument),
        RTC_IRQP_SET32 => SetFrequency((uint)argument),
        _ => Common(command, argument),
    };

    private static long Common(uint command, ulong argument)
    {
        switch (command)
        {
            case RTC_AIE_ON or RTC_AIE_OFF:
                Rtc.AlarmInterrupt(command == RTC_AIE_ON);
                return 0;
            case RTC_UIE_ON or RTC_UIE_OFF:
                Rtc.UpdateInterrupt(command == RTC_UIE_ON);
                return 0;
            case RTC_PIE_ON when !MayHave(Rtc.Frequency):
                return -EACCES;
            case RTC_PIE_ON or RTC_PIE_OFF:
                Rtc.PeriodicInterrupt(command == RTC_PIE_ON);
                return 0;
            case RTC_RD_TIME:
                return GetTime((RtcTime*)argument);
            case RTC_SET_TIME:
                return SetTime((RtcTime*)argument);
            case RTC_ALM_READ:
                return GetAlarm((RtcTime*)argument);
            case RTC_ALM_SET:
                return SetAlarm((RtcTime*)argument);
            default:
                return -ENOTTY;
        }
    }

    private static bool MayHave(int hertz) => hertz <= MaxUserFrequency || Capabilities.Capable(Capability.SysResource);

    private static long SetFrequency(ulong hertz)
    {
        if (hertz is < Rtc.MinFrequency or > Rtc.MaxFrequency)
        {
            return -EINVAL;
        }

        return MayHave((int)hertz) ? Rtc.SetFrequency((int)hertz) : -EACCES;
    }

    private static long GetTime(RtcTime* user)
    {
        int error = Rtc.GetTime(out CalendarTime time);
        if (error != 0)
        {
            return error;
        }

        RtcTime answer = new()
        {
            Second = time.Second,
            Minute = time.Minute,
            Hour = time.Hour,
            Day = time.Day,
            Month = time.Month - 1,
            Year = time.Year - YearBase,
        };
        return Uaccess.PutUser(answer, user);
    }

    private static long SetTime(RtcTime* user)
    {
        if (!Capabilities.Capable(Capability.SysTime))
        {
            return -EACCES;
        }

        int error = Uaccess.GetUser(out RtcTime wanted, user);
        if (error != 0)
        {
            return error;
        }

        // Sums that do not fit an int are no dates either.
        if (wanted.Month is < 0 or > 11 || wanted.Year is < 0 or > 1000)
        {
            return -EINVAL;
        }

        CalendarTime time = new()
        {
            Year = wanted.Year + YearBase,
            Month = wanted.Month + 1,
            Day = wanted.Day,
            Hour = wanted.Hour,
            Minute = wanted.Minute,
            Second = wanted.Second,
        };
        return Rtc.SetTime(time);
    }

    private static long GetAlarm(RtcTime* user)
    {
        Rtc.GetAlarm(out int hour, out int minute, out int second);
        return Uaccess.PutUser(new RtcTime { Hour = hour, Minute = minute, Second = second }, user);
    }

    // As on Linux the chip takes a value that is no hour, minute or second for any.
    private static long SetAlarm(RtcTime* user)
    {
        int error = Uaccess.GetUser(out RtcTime wanted, user);
        return error != 0 ? error : Rtc.SetAlarm(OrAny(wanted.Hour, 24), OrAny(wanted.Minute, 60), OrAny(wanted.Second, 60));
    }

    private static int OrAny(int value, int limit) => (uint)value < (uint)limit ? value : -1;

    // Linux: struct rtc_time.
    [StructLayout(LayoutKind.Sequential)]
    private struct RtcTime
    {
        public int Second, Minute, Hour, Day, Month, Year, DayOfWeek, DayOfYear, IsDaylightSaving;
    }
}
