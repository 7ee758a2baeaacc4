// Clock.Ktime: the time since boot in nanoseconds. Any context (with the PIT as clock source: any but an NMI), no locks.

using System.Runtime.CompilerServices;

namespace CSharpOS.Time;

public static unsafe partial class Clock
{
    /// <summary>Nanoseconds since boot by the chosen clock source. Never goes back, on one CPU or from one to another. Any context.</summary>
    /// <linux>ktime_get</linux>
    /// <rows>TIME-06</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long KtimeGet() => ClockSources.Current->Now();
}
