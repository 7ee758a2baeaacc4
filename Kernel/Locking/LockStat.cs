// LockStat: how often the locks of each class are taken, how long for, and how long others waited.
//
// Linux: CONFIG_LOCK_STAT, kernel/lockdep_proc.c (/proc/lock_stat). Only in builds with DEBUG_CHECKS, on from boot. Counting: with interrupts off,
// from the lock types, by locked operations, no lock. Times are counts of the time stamp counter; a CPU's wait and hold begin and end on it.
// Columns: con-bounces, contentions that ended on another CPU than that of the last holder; acq-bounces, acquisitions there; times in
// microseconds.

using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

#if DEBUG_CHECKS
/// <summary>Counters of one class and one way to take it.</summary>
/// <linux>lock_class_stats</linux>
internal struct LockStatistics
{
    internal long Contentions, ContentionBounces, WaitMin, WaitMax, WaitTotal;
    internal long Acquisitions, AcquisitionBounces, HoldMin, HoldMax, HoldTotal;
}

/// <summary>The places where a class was waited for, the first four.</summary>
internal unsafe struct ContentionPoints
{
    internal const int Max = 4;

    internal fixed ulong Files[Max];
    internal fixed int Lines[Max];
    internal fixed long Counts[Max];
}

/// <summary>Lock statistics.</summary>
/// <rows>SYNC-07</rows>
public static unsafe partial class LockStat
{
    /// <summary>The lock is not free: the caller waits from now on.</summary>
    /// <returns>For <see cref="Waited"/>.</returns>
    /// <linux>lock_contended</linux>
    internal static ulong Contended() => LockValidator.Following ? ReadTsc() : 0;

    /// <summary>It has got the lock.</summary>
    /// <linux>lock_acquired</linux>
    internal static void Waited(void* address, LockMap* map, ulong since)
    {
        if (!LockValidator.Following)
        {
            return;
        }

        ulong flags = LocalIrqSave();
        HeldLock* held = LockValidator.Innermost(address);
        if (held != null && held->Class != 0)
        {
            ulong now = ReadTsc();
            LockStatistics* counters = CountersOf(held);
            Shared.AddReturn(ref counters->Contentions, 1);
            if (map->LastCpu != 1 + SmpProcessorId())
            {
                Shared.AddReturn(ref counters->ContentionBounces, 1);
            }

            AddTime(ref counters->WaitMin, ref counters->WaitMax, ref counters->WaitTotal, now - since);
            NotePoint(LockClasses.Of(held->Class), held->File, held->Line);
            held->Since = now;
        }

        LocalIrqRestore(flags);
    }

    /// <summary>Forgets all counts.</summary>
    public static void Clear()
    {
        for (int number = 1; number <= LockClasses.Count; number++)
        {
            LockClass* lockClass = LockClasses.Of(number);
            lockClass->Exclusive = default;
            lockClass->Readers = default;
            lockClass->Points = default;
        }
    }

    internal static void Taken(HeldLock* taken)
    {
        if (taken->Class != 0)
        {
            Shared.AddReturn(ref CountersOf(taken)->Acquisitions, 1);
        }
    }

    internal static void Given(HeldLock* held, LockMap* map)
    {
        int last = map->LastCpu;
        int cpu = 1 + SmpProcessorId();
        map->LastCpu = (byte)cpu;
        if (held->Class != 0)
        {
            LockStatistics* counters = CountersOf(held);
            if (last != cpu && last != 0)
            {
                Shared.AddReturn(ref counters->AcquisitionBounces, 1);
            }

            AddTime(ref counters->HoldMin, ref counters->HoldMax, ref counters->HoldTotal, ReadTsc() - held->Since);
        }
    }

    private static LockStatistics* CountersOf(HeldLock* held) => held->Kind == LockKind.Exclusive
        ? &LockClasses.Of(held->Class)->Exclusive
        : &LockClasses.Of(held->Class)->Readers;

    // The smallest is kept as its complement, so that zero means none yet.
    private static void AddTime(ref long min, ref long max, ref long total, ulong time)
    {
        Shared.AddReturn(ref total, (long)time);
        Raise(ref max, (long)time);
        Raise(ref min, long.MaxValue - (long)time);
    }

    private static void Raise(ref long location, long value)
    {
        long before = Shared.ReadOnce(ref location);
        while (value > before)
        {
            long there = Shared.CompareExchange(ref location, value, before);
            if (there == before)
            {
                return;
            }

            before = there;
        }
    }

    // A race between two CPUs costs a count of a contention point.
    private static void NotePoint(LockClass* lockClass, char* file, int line)
    {
        if (LockText.IsOfModule(file))
        {
            // The text goes with the module.
            return;
        }

        for (int i = 0; i < ContentionPoints.Max; i++)
        {
            ref ulong place = ref lockClass->Points.Files[i];
            if (place == 0 || (place == (ulong)file && lockClass->Points.Lines[i] == line))
            {
                lockClass->Points.Lines[i] = line;
                lockClass->Points.Counts[i]++;
                Shared.WriteOnce(ref place, (ulong)file);
                return;
            }
        }
    }
}
#endif
