// Clock: jiffies and the tick.
//
// Linux: include/linux/jiffies.h, kernel/timer.c (do_timer), kernel/time.c. The class is spread over files by aspect: Clock.cs jiffies,
// Clock.WallTime.cs xtime, Clock.Tsc.cs the time stamp counter, Clock.Delay.cs udelay and its kin.
// Tick runs in the clock event's hard interrupt, on one CPU; everything else in any context. Nothing sleeps.
// jiffies needs no lock: one writer, one 8-byte store. Invariant: Jiffies is the low half of Jiffies64, always.

using System.Runtime.CompilerServices;

namespace CSharpOS.Time;

/// <summary>The kernel's time.</summary>
public static unsafe partial class Clock
{
    /// <summary>Ticks per second; a choice of the build.</summary>
    /// <linux>HZ</linux>
    /// <rows>TIME-01</rows>
#if HZ_1000
    public const int HZ = 1000;
#elif HZ_100
    public const int HZ = 100;
#else
    public const int HZ = 250;
#endif

    /// <summary>What the counters begin with: five minutes before the 32-bit one wraps, so that code which cannot live with the wrap
    /// fails on its first day.</summary>
    /// <linux>INITIAL_JIFFIES</linux>
    /// <rows>TIME-01</rows>
    public const ulong InitialJiffies = unchecked((uint)(-300 * HZ));

    private static ulong s_jiffies64;

    /// <summary>Ticks, 32 bits wide: wraps. Every use is a fresh read. Compare with <see cref="TimeAfter(uint, uint)"/> and its kin only.
    /// </summary>
    /// <linux>jiffies</linux>
    /// <rows>TIME-01</rows>
    public static uint Jiffies
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (uint)Shared.ReadOnce(ref s_jiffies64);
    }

    /// <summary>Ticks, 64 bits wide. Begins with <see cref="InitialJiffies"/>.</summary>
    /// <linux>jiffies_64</linux>
    /// <rows>TIME-01</rows>
    public static ulong Jiffies64
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Shared.ReadOnce(ref s_jiffies64);
    }

    /// <summary>Starts time: jiffies at its first value, wall clock unknown, time stamp counter not calibrated. At boot, once.</summary>
    public static void Init()
    {
        s_jiffies64 = InitialJiffies;
        InitTsc();
        InitWallTime();
        ClockSources.Init();
    }

    /// <summary>One tick has passed. From the clock event's handler, interrupts off.</summary>
    /// <linux>do_timer</linux>
    /// <rows>TIME-01</rows>
    public static void Tick()
    {
        Shared.WriteOnce(ref s_jiffies64, s_jiffies64 + 1);
        AdvanceWallTime();
        Historical.TaskQueues.Tick();
        FlushDeferred();
        LogWaiters.Tick();
    }

    /// <summary>True if <paramref name="a"/> is later than <paramref name="b"/>. Right across the wrap, up to half the range apart.</summary>
    /// <linux>time_after</linux>
    /// <rows>TIME-01</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TimeAfter(uint a, uint b) => unchecked((int)(b - a)) < 0;

    /// <summary>True if <paramref name="a"/> is earlier than <paramref name="b"/>.</summary>
    /// <linux>time_before</linux>
    /// <rows>TIME-01</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TimeBefore(uint a, uint b) => TimeAfter(b, a);

    /// <summary>True if <paramref name="a"/> is <paramref name="b"/> or later.</summary>
    /// <linux>time_after_eq</linux>
    /// <rows>TIME-01</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TimeAfterEq(uint a, uint b) => unchecked((int)(a - b)) >= 0;

    /// <summary>True if <paramref name="a"/> is <paramref name="b"/> or earlier.</summary>
    /// <linux>time_before_eq</linux>
    /// <rows>TIME-01</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TimeBeforeEq(uint a, uint b) => TimeAfterEq(b, a);

    /// <inheritdoc cref="TimeAfter(uint, uint)"/>
    /// <linux>time_after64</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TimeAfter64(ulong a, ulong b) => unchecked((long)(b - a)) < 0;

    /// <inheritdoc cref="TimeBefore(uint, uint)"/>
    /// <linux>time_before64</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TimeBefore64(ulong a, ulong b) => TimeAfter64(b, a);

    /// <inheritdoc cref="TimeAfterEq(uint, uint)"/>
    /// <linux>time_after_eq64</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TimeAfterEq64(ulong a, ulong b) => unchecked((long)(a - b)) >= 0;

    /// <inheritdoc cref="TimeBeforeEq(uint, uint)"/>
    /// <linux>time_before_eq64</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TimeBeforeEq64(ulong a, ulong b) => TimeAfterEq64(b, a);

    /// <summary>Ticks for <paramref name="milliseconds"/>, rounded up.</summary>
    /// <linux>msecs_to_jiffies</linux>
    public static uint MsecsToJiffies(uint milliseconds) => (uint)((((ulong)milliseconds * HZ) + 999) / 1000);

    /// <summary>Milliseconds in <paramref name="jiffies"/> ticks.</summary>
    /// <linux>jiffies_to_msecs</linux>
    public static uint JiffiesToMsecs(uint jiffies) => (uint)((ulong)jiffies * 1000 / HZ);
}
