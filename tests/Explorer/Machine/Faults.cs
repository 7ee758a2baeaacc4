// Faults: what a deliberately broken variant of a scenario leaves out. The explorer must then find the failure: that shows that it could.

namespace CSharpOS.Explorer;

/// <summary>Operations that are left out. Set in a scenario's Setup; every run begins without any.</summary>
public static unsafe class Faults
{
    private static readonly List<nuint> s_dropped = [];
    private static readonly HashSet<nuint> s_weak = [];

    /// <summary>Turning interrupts off does nothing.</summary>
    public static bool InterruptsStayOn { get; set; }

    /// <summary>Taking and giving back this spin lock does nothing.</summary>
    public static void DropLock(SpinLock* spinLock) => s_dropped.Add((nuint)spinLock);

    /// <summary>Full barriers (mb, smp_mb) are left out.</summary>
    public static bool NoBarriers { get; set; }

    /// <summary>Exchanging this word is a plain store: without the barrier that a locked instruction is.</summary>
    public static void Weaken(int* word) => s_weak.Add((nuint)word);

    /// <summary>CPUs that count as offline for whoever waits for all of them, one bit each.</summary>
    public static uint Overlooked { get; set; }

    internal static bool IsDropped(nuint word)
    {
        foreach (nuint spinLock in s_dropped)
        {
            if (word - spinLock < (nuint)sizeof(SpinLock))
            {
                return true;
            }
        }

        return false;
    }

    internal static bool IsWeak(nuint word) => s_weak.Count != 0 && s_weak.Contains(word);

    internal static void Reset()
    {
        s_dropped.Clear();
        s_weak.Clear();
        NoBarriers = false;
        InterruptsStayOn = false;
        Overlooked = 0;
    }
}
