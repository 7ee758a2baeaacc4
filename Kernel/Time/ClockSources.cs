// ClockSources: which counter the time is told by.
//
// Linux: kernel/time/clocksource.c, timekeeping.c (ktime_get). Init: boot, before the first tick. Choose: process context, once, when all CPUs run. KtimeGet: any
// context, NMI included, no lock: a source is constant once it is published, and the switch to another is the store of a pointer.
// The best that the machine has wins: the time stamp counter (read in one instruction) if it has been calibrated and shows the same on all CPUs; the
// HPET (one for all CPUs, slower to read); the PIT together with the ticks. Until Choose, and if nothing else goes, ticks alone.
// Invariant: KtimeGet never goes back, on one CPU or from one to another.

using System.Runtime.CompilerServices;
using CSharpOS.Init;

namespace CSharpOS.Time;

/// <summary>The clock sources of the machine.</summary>
public static unsafe partial class ClockSources
{
    private static ClockSource s_tsc, s_hpet, s_pit, s_ticks;
    private static ClockSource* s_current;
    private static bool s_tscUnstable;

    /// <summary>The source in use.</summary>
    public static ClockSource* Current => s_current;

    /// <summary>Time begins, by ticks. At boot, with jiffies at their first value.</summary>
    internal static void Init()
    {
        s_tsc = s_hpet = s_pit = default;
        s_tscUnstable = false;
        InitPit();
        s_current = null;
        ClockSource.Describe(Pointer(ref s_ticks), "jiffies"u8, &ReadTicks, (ulong)TickNanoseconds, 1, continuous: false);
        Install(Pointer(ref s_ticks));
    }

    /// <summary>The time stamp counter has been calibrated: time is told by it until Choose decides. At boot, one CPU.</summary>
    internal static void TscCalibrated()
    {
        Install(Pointer(ref s_ticks));
        ClockSource.Describe(Pointer(ref s_tsc), "tsc"u8, &ReadTsc, 1_000_000, TscKhz, continuous: true);
        Install(Pointer(ref s_tsc));
    }

    /// <summary>The CPUs' time stamp counters differ. While the CPUs start.</summary>
    /// <linux>mark_tsc_unstable</linux>
    internal static void MarkTscUnstable() => s_tscUnstable = true;

    /// <summary>Takes the best source, or the one that the boot option <c>clocksource=</c> names, and says so. Process context, once, when all CPUs have
    /// been started.</summary>
    /// <linux>clocksource_select</linux>
    public static void Choose()
    {
        FindHpet();
        ClockSource.Describe(Pointer(ref s_pit), "pit"u8, &ReadPit, 1_000_000_000, PitHz, continuous: false);
        ClockSource* best = s_tsc.Present && !s_tscUnstable ? Pointer(ref s_tsc) : s_hpet.Present ? Pointer(ref s_hpet) : Pointer(ref s_pit);
        if (CommandLine.TryGetValue("clocksource"u8, out ReadOnlySpan<byte> wanted))
        {
            ClockSource* named = Find(wanted);
            if (named != null)
            {
                best = named;
            }
            else
            {
                Printk(LogLevel.Warning, $"clocksource={wanted}: this machine has no such clock source\n");
            }
        }

        Install(best);
        Printk(LogLevel.Info, $"Time: {s_current->Name} clocksource has been installed.\n");
    }

    /// <summary>The source of that name, or null if the machine has none.</summary>
    public static ClockSource* Find(ReadOnlySpan<byte> name)
    {
        ClockSource* source = null;
        source = Match(ref s_tsc, name, source);
        source = Match(ref s_hpet, name, source);
        source = Match(ref s_pit, name, source);
        return Match(ref s_ticks, name, source);
    }

    /// <summary>Goes over to another source. It goes on where the one before is.</summary>
    internal static void Install(ClockSource* source)
    {
        if (source == s_current)
        {
            return;
        }

        ulong flags = LocalIrqSave();
        ClockSource.ContinueFrom(source, s_current);
        fixed (ClockSource** current = &s_current)
        {
            Shared.WriteOnce(current, source);
        }

        LocalIrqRestore(flags);
    }

    // In ClockSources.Hpet.cs; a kernel without that file has no HPET.
    static partial void FindHpet();

    private static ClockSource* Match(ref ClockSource source, ReadOnlySpan<byte> name, ClockSource* found) =>
        source.Present && source.Name.SequenceEqual(name) ? Pointer(ref source) : found;

    private static ClockSource* Pointer(ref ClockSource source) => (ClockSource*)Unsafe.AsPointer(ref source);

    private static ulong ReadTicks() => Jiffies64 - InitialJiffies;

    private static ulong ReadTsc() => Cpu.ReadTsc();
}
