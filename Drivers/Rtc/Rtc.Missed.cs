// Rtc.Missed: the timer that notices when the periodic interrupt does not come.
//
// Linux: rtc_irq_timer and rtc_dropped_irq, drivers/char/rtc.c. The chip raises its line once and then not again until somebody has read the
// flags: one lost edge, and it is silent for ever. So each interrupt puts the timer off; if it expires all the same, it reads the flags in the
// handler's place, counts what must have been missed, and the chip goes on. The timer's function: softirq context. The rest: s_rtcLock held.
// Whether the timer is on is s_watching, not whether it is pending: a function that waits for the lock must not arm it again after it was turned off.

using System.Runtime.CompilerServices;
using static CSharpOS.Drivers.RtcRegisters;

namespace CSharpOS.Drivers;

public static unsafe partial class Rtc
{
    private static TimerList s_missedTimer;
    private static bool s_watching;
    private static bool s_missedReported;
    private static uint s_lastInterrupt;
    private static ulong s_missed;

    /// <summary>Periodic interrupts since Init that must have been lost.</summary>
    public static ulong MissedCount => Shared.ReadOnce(ref s_missed);

    // Linux: rtc_irq_timer.
    private static TimerList* MissedTimer => (TimerList*)Unsafe.AsPointer(ref s_missedTimer);

    // One period, and what two hundredths of a second are in ticks.
    private static uint LongestPeriod => (uint)((HZ / s_frequency) + (2 * HZ / 100));

    private static void InitMissed()
    {
        s_watching = false;
        s_missed = 0;
        SetupTimer(MissedTimer, &Missed, 0);
    }

    // Linux: the RTC_TIMER_ON bit of rtc_status.
    private static void WatchPeriodic(bool on)
    {
        s_watching = on;
        s_missedReported = false;
        s_lastInterrupt = Jiffies;
        if (on)
        {
            ModTimer(MissedTimer, Jiffies + LongestPeriod);
        }
        else
        {
            DelTimer(MissedTimer);
        }
    }

    // In the interrupt handler.
    private static void NoteInterrupt()
    {
        if (s_watching)
        {
            s_missedReported = false;
            s_lastInterrupt = Jiffies;
            ModTimer(MissedTimer, Jiffies + LongestPeriod);
        }
    }

    // Linux: rtc_dropped_irq.
    private static void Missed(ulong unused)
    {
        s_rtcLock.LockIrq();

        // While this CPU was on its way here the timer may have been turned off, or an interrupt have come, or the frequency be lower now.
        uint due = s_lastInterrupt + LongestPeriod;
        if (!s_watching || TimeBefore(Jiffies, due))
        {
            if (s_watching)
            {
                ModTimer(MissedTimer, due);
            }

            s_rtcLock.UnlockIrq();
            return;
        }

        uint ticks = Jiffies - s_lastInterrupt;
        ulong missed = Math.Max(1, (ulong)ticks * (uint)s_frequency / HZ);
        Shared.WriteOnce(ref s_missed, s_missed + missed);
        s_irqData += missed << 8;
        s_irqData &= ~0xfful;
        s_irqData |= (uint)(CmosRead(InterruptFlags) & 0xf0);
        s_lastInterrupt = Jiffies;
        ModTimer(MissedTimer, Jiffies + LongestPeriod);
        bool report = !s_missedReported;
        s_missedReported = true;
        int hertz = s_frequency;
        s_rtcLock.UnlockIrq();
        RtcDevice.Notify();
        if (report)
        {
            Printk(LogLevel.Warning, $"rtc: lost some interrupts at {hertz} Hz\n");
        }
    }
}
