// Clock.Delay: short waits that keep the CPU busy.
//
// Linux: include/linux/delay.h, arch/x86/lib/delay.c. Any context; nothing sleeps, the CPU spins. Always at least the time asked for.
// The waiting task can be preempted and moved: what it has waited on one CPU is taken off, since another CPU's counter may show another
// number. So a delay ends when its time is up, however often it was interrupted.

namespace CSharpOS.Time;

public static unsafe partial class Clock
{
    /// <summary>The longest <see cref="Udelay"/> that is not reported.</summary>
    public const uint MaxUdelay = 1000;

    // Before calibration: no processor's counter is faster than this, so delays are too long rather than too short.
    private const ulong UncalibratedKhz = 6_000_000;

    /// <summary>Spins for at least <paramref name="microseconds"/>. Any context. More than 1000 is reported: use <see cref="Mdelay"/>, or
    /// better sleep.</summary>
    /// <linux>udelay</linux>
    /// <rows>TIME-04</rows>
    public static void Udelay(uint microseconds)
    {
        if (microseconds > MaxUdelay)
        {
            Printk(LogLevel.Error, $"udelay of {microseconds} us: more than {MaxUdelay} is for mdelay, or for sleeping\n");
            DumpStack();
        }

        SpinMicroseconds(microseconds);
    }

    /// <summary>Spins for at least <paramref name="nanoseconds"/>. Any context. More than 1,000,000 is reported.</summary>
    /// <linux>ndelay</linux>
    /// <rows>TIME-04</rows>
    public static void Ndelay(uint nanoseconds)
    {
        if (nanoseconds > MaxUdelay * 1000)
        {
            Udelay((nanoseconds / 1000) + 1);
            return;
        }

        SpinTicks((nanoseconds * DelayKhz / 1_000_000) + 1);
    }

    /// <summary>Spins for at least <paramref name="milliseconds"/>. Any context.</summary>
    /// <linux>mdelay</linux>
    /// <rows>TIME-04</rows>
    public static void Mdelay(uint milliseconds) => SpinTicks((milliseconds * DelayKhz) + 1);

    private static ulong DelayKhz => s_tscKhz != 0 ? s_tscKhz : UncalibratedKhz;

    private static void SpinMicroseconds(uint microseconds) => SpinTicks((microseconds * DelayKhz / 1000) + 1);

    private static void SpinTicks(ulong ticks)
    {
        PreemptDisable();
        int cpu = SmpProcessorId();
        ulong start = ReadTsc();
        while (true)
        {
            ulong passed = ReadTsc() - start;
            if (passed >= ticks)
            {
                break;
            }

            PreemptEnable();
            CpuRelax();
            PreemptDisable();
            if (SmpProcessorId() != cpu)
            {
                cpu = SmpProcessorId();
                ticks -= passed;
                start = ReadTsc();
            }
        }

        PreemptEnable();
    }
}
