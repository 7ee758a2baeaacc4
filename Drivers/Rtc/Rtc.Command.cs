// Rtc.Command: the monitor's command rtc. Process context, interrupts on. No locks.

namespace CSharpOS.Drivers;

public static unsafe partial class Rtc
{
    private const int ShownSeconds = 5;

    private static void RegisterCommand()
    {
        int result = Monitor.Register("rtc"u8, "[HZ]"u8, "the clock; with HZ: count its periodic interrupts"u8, &Command);
        if (result != 0)
        {
            Printk(LogLevel.Warning, $"rtc: the monitor does not take the command, error {result}\n");
        }
    }

    private static void UnregisterCommand() => Monitor.Unregister("rtc"u8);

    private static int Command(ReadOnlySpan<byte> arguments)
    {
        CommandArguments words = new(arguments);
        bool show = words.AtEnd;
        if (!words.TryNextNumber(MinFrequency, MaxFrequency, DefaultFrequency, out ulong hertz) || !words.AtEnd)
        {
            MonitorOutput.Write($"rtc: HZ is a power of two from {MinFrequency} to {MaxFrequency}\n");
            return -EINVAL;
        }

        if (show)
        {
            return ShowTime();
        }

        if (SetFrequency((int)hertz) != 0)
        {
            MonitorOutput.Write($"rtc: HZ is a power of two from {MinFrequency} to {MaxFrequency}\n");
            return -EINVAL;
        }

        CountInterrupts();
        return 0;
    }

    private static int ShowTime()
    {
        int result = GetTime(out CalendarTime time);
        if (result != 0)
        {
            MonitorOutput.Write($"rtc: the clock holds no date\n");
            return result;
        }

        MonitorOutput.Write($"{time.Year}-{time.Month:d2}-{time.Day:d2} {time.Hour:d2}:{time.Minute:d2}:{time.Second:d2} UTC");
        MonitorOutput.Write($", {InterruptCount} interrupts since boot, {MissedCount} missed\n");
        return 0;
    }

    // Shows the count once a second, until the time is up or control-C comes.
    private static void CountInterrupts()
    {
        ulong first = InterruptCount;
        PeriodicInterrupt(true);
        uint next = Jiffies;
        for (int second = 1; second <= ShownSeconds && !Monitor.Interrupted(); second++)
        {
            next += HZ;
            while (TimeBefore(Jiffies, next) && !Monitor.Interrupted())
            {
                Scheduler.WaitForInterrupt();
            }

            MonitorOutput.Write($"{second} s: {InterruptCount - first} interrupts at {Frequency} Hz\n");
        }

        PeriodicInterrupt(false);
    }
}
