// Faults: what a deliberately broken variant of a scenario leaves out. The explorer must then find the failure: that shows that it could.

namespace CSharpOS.Explorer;

/// <summary>Operations that are left out. Set in a scenario's Setup; every run begins without any.</summary>
public static unsafe class Faults
{
    private static readonly List<nuint> s_dropped = [];
    private static string? s_weak;

    /// <summary>Turning interrupts off does nothing.</summary>
    public static bool InterruptsStayOn { get; set; }

    /// <summary>Taking and giving back this spin lock does nothing.</summary>
    public static void DropLock(SpinLock* spinLock) => s_dropped.Add((nuint)spinLock);

    /// <summary>The barrier named so is left out: "Mb", or the expression of an Exchange, which becomes a plain store.</summary>
    public static void Weaken(string what) => s_weak = what;

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

    internal static bool IsWeak(string what) => s_weak != null && s_weak == what;

    internal static void Reset()
    {
        s_dropped.Clear();
        s_weak = null;
        InterruptsStayOn = false;
    }
}
