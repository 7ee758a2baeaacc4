// Calendar: from a date to seconds since 1970, and back. The Gregorian calendar, UTC, no leap seconds.
//
// Linux: mktime (kernel/time.c), rtc_time64_to_tm. Any context: arithmetic only.
// The year begins in March here, so that the leap day is its last; an era is 400 years, after which everything repeats.

namespace CSharpOS.Time;

/// <summary>A date and a time of day.</summary>
/// <linux>rtc_time</linux>
public struct CalendarTime
{
    public int Year;

    /// <summary>1 to 12.</summary>
    public int Month;

    /// <summary>1 to 31.</summary>
    public int Day;

    public int Hour;
    public int Minute;
    public int Second;
}

/// <summary>Dates.</summary>
public static class Calendar
{
    private const int DaysPerEra = 146_097;
    private const int DaysToEpoch = 719_468;
    private const int SecondsPerDay = 86_400;

    /// <summary>Seconds from 1 January 1970 to <paramref name="time"/>, which must be valid.</summary>
    /// <linux>mktime</linux>
    public static long ToSeconds(in CalendarTime time)
    {
        long year = time.Month <= 2 ? time.Year - 1 : time.Year;
        long era = (year >= 0 ? year : year - 399) / 400;
        long yearOfEra = year - (era * 400);
        long dayOfYear = (((153 * (time.Month > 2 ? time.Month - 3 : time.Month + 9)) + 2) / 5) + time.Day - 1;
        long dayOfEra = (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear;
        long days = (era * DaysPerEra) + dayOfEra - DaysToEpoch;
        return (((((days * 24) + time.Hour) * 60) + time.Minute) * 60) + time.Second;
    }

    /// <summary>The date and time of day <paramref name="seconds"/> after 1 January 1970.</summary>
    /// <linux>rtc_time64_to_tm</linux>
    public static CalendarTime FromSeconds(long seconds)
    {
        long days = (seconds >= 0 ? seconds : seconds - (SecondsPerDay - 1)) / SecondsPerDay;
        int secondOfDay = (int)(seconds - (days * SecondsPerDay));
        days += DaysToEpoch;
        long era = (days >= 0 ? days : days - (DaysPerEra - 1)) / DaysPerEra;
        int dayOfEra = (int)(days - (era * DaysPerEra));

        // Takes the leap days out: one per 1460 days, but not per 36524, but per 146096.
        int yearOfEra = (dayOfEra - (dayOfEra / 1460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        int dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        int monthFromMarch = ((5 * dayOfYear) + 2) / 153;
        int month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
        return new CalendarTime
        {
            Year = (int)(yearOfEra + (era * 400)) + (month <= 2 ? 1 : 0),
            Month = month,
            Day = dayOfYear - (((153 * monthFromMarch) + 2) / 5) + 1,
            Hour = secondOfDay / 3600,
            Minute = secondOfDay / 60 % 60,
            Second = secondOfDay % 60,
        };
    }

    /// <summary>True if there is such a day, and such a time of day.</summary>
    /// <linux>rtc_valid_tm</linux>
    public static bool IsValid(in CalendarTime time) =>
        time.Month is >= 1 and <= 12
        && time.Day >= 1 && time.Day <= DaysInMonth(time.Year, time.Month)
        && (uint)time.Hour < 24 && (uint)time.Minute < 60 && (uint)time.Second < 60;

    /// <summary>Days of a month.</summary>
    /// <linux>rtc_month_days</linux>
    public static int DaysInMonth(int year, int month) => month switch
    {
        2 => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };
}
