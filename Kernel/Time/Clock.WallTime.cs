// Clock.WallTime: the time of day.
//
// Linux: xtime and xtime_lock, kernel/timer.c; do_settimeofday. Written by the tick (hard interrupt) and by SetXtime (any context), read in
// any context without waiting for a lock: a reader takes a copy and tries again if a writer was at it meanwhile (the sequence number
// is odd during a change). Lock: s_xtimeLock, interrupts off, taken by writers only, inside no other lock of this class.

namespace CSharpOS.Time;

/// <summary>Seconds and nanoseconds since 1 January 1970, UTC.</summary>
/// <linux>timespec</linux>
public struct Timespec
{
    public long Seconds;

    /// <summary>0 to 999,999,999.</summary>
    public long Nanoseconds;
}

public static unsafe partial class Clock
{
    /// <summary>Input clock of the PIT in Hz.</summary>
    /// <linux>CLOCK_TICK_RATE</linux>
    public const int PitHz = 1_193_182;

    /// <summary>PIT clocks per tick, rounded to the nearest.</summary>
    /// <linux>LATCH</linux>
    public const int PitLatch = (PitHz + (HZ / 2)) / HZ;

    /// <summary>The length of a tick as the PIT really makes it.</summary>
    /// <linux>TICK_NSEC</linux>
    public const long TickNanoseconds = PitLatch * NanosecondsPerSecond / PitHz;

    private const long NanosecondsPerSecond = 1_000_000_000;

    private static SpinLock s_xtimeLock;
    private static uint s_xtimeSequence;
    private static long s_xtimeSeconds;
    private static long s_xtimeNanoseconds;

    /// <summary>The time of day at the last tick; counts from 1970 until a clock driver has set it. Any context.</summary>
    /// <linux>xtime</linux>
    public static Timespec Xtime
    {
        get
        {
            Timespec time;
            uint sequence;
            do
            {
                sequence = Shared.ReadOnce(ref s_xtimeSequence);
                time.Seconds = Shared.ReadOnce(ref s_xtimeSeconds);
                time.Nanoseconds = Shared.ReadOnce(ref s_xtimeNanoseconds);
            }
            while ((sequence & 1) != 0 || Shared.ReadOnce(ref s_xtimeSequence) != sequence);

            return time;
        }
    }

    /// <summary>Sets the time of day. Any context; does not sleep.</summary>
    /// <returns>0; -EINVAL: the nanoseconds are not 0 to 999,999,999.</returns>
    /// <linux>do_settimeofday</linux>
    public static int SetXtime(long seconds, long nanoseconds)
    {
        if ((ulong)nanoseconds >= NanosecondsPerSecond)
        {
            return -EINVAL;
        }

        ulong flags = s_xtimeLock.LockIrqSave();
        StoreXtime(seconds, nanoseconds);
        s_xtimeLock.UnlockIrqRestore(flags);
        return 0;
    }

    private static void InitWallTime()
    {
        s_xtimeLock.Init();
        s_xtimeSequence = 0;
        s_xtimeSeconds = 0;
        s_xtimeNanoseconds = 0;
    }

    // From the tick, interrupts off.
    private static void AdvanceWallTime()
    {
        s_xtimeLock.Lock();
        long seconds = s_xtimeSeconds;
        long nanoseconds = s_xtimeNanoseconds + TickNanoseconds;
        if (nanoseconds >= NanosecondsPerSecond)
        {
            nanoseconds -= NanosecondsPerSecond;
            seconds++;
        }

        StoreXtime(seconds, nanoseconds);
        s_xtimeLock.Unlock();
    }

    // x86 keeps stores in order, and WriteOnce keeps the compiler from changing it: no barrier is needed.
    private static void StoreXtime(long seconds, long nanoseconds)
    {
        Shared.WriteOnce(ref s_xtimeSequence, s_xtimeSequence + 1);
        Shared.WriteOnce(ref s_xtimeSeconds, seconds);
        Shared.WriteOnce(ref s_xtimeNanoseconds, nanoseconds);
        Shared.WriteOnce(ref s_xtimeSequence, s_xtimeSequence + 1);
    }
}
