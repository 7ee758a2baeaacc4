// Dates against those of .NET.

using Xunit;

namespace CSharpOS.Hosted.Time;

public sealed class CalendarTests
{
    [Fact]
    [Trait("Row", "IRQ-15")]
    public void EveryDayOfSevenHundredYearsIsTheSameBothWays()
    {
        DateTime day = new(1700, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        for (int i = 0; i < 256_000; i++, day = day.AddDays(1))
        {
            DateTime moment = day.AddSeconds(i * 7919 % 86400);
            CalendarTime time = new()
            {
                Year = moment.Year, Month = moment.Month, Day = moment.Day, Hour = moment.Hour, Minute = moment.Minute, Second = moment.Second,
            };
            long expected = (moment - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerSecond;
            Assert.Equal(expected, Calendar.ToSeconds(time));
            Assert.Equal(time, Calendar.FromSeconds(expected));
            Assert.True(Calendar.IsValid(time));
        }
    }

    [Theory]
    [InlineData(2023, 2, 29, 0, 0, 0)]
    [InlineData(2100, 2, 29, 0, 0, 0)]
    [InlineData(2024, 0, 1, 0, 0, 0)]
    [InlineData(2024, 13, 1, 0, 0, 0)]
    [InlineData(2024, 4, 31, 0, 0, 0)]
    [InlineData(2024, 1, 0, 0, 0, 0)]
    [InlineData(2024, 1, 1, 24, 0, 0)]
    [InlineData(2024, 1, 1, 0, 60, 0)]
    [InlineData(2024, 1, 1, 0, 0, 60)]
    [InlineData(2024, 1, 1, -1, 0, 0)]
    [Trait("Row", "IRQ-15")]
    public void ThereIsNoSuchMoment(int year, int month, int day, int hour, int minute, int second) =>
        Assert.False(Calendar.IsValid(new CalendarTime { Year = year, Month = month, Day = day, Hour = hour, Minute = minute, Second = second }));
}
