// LockReport: misuse of locks, told with a call trace. The kernel goes on.
//
// Linux: CONFIG_DEBUG_SPINLOCK, CONFIG_DEBUG_MUTEXES. Any context, never sleeps, no locks. Only debug builds (DEBUG_CHECKS) look; the locks call this
// when they have seen something. So that a wrong loop does not flood the log: at most ten reports in five seconds.

using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

/// <summary>Reports of the locks' own checks.</summary>
internal static unsafe class LockReport
{
    private const int Burst = 10;
    private const uint Interval = 5 * HZ;

    private static uint s_since;
    private static int s_reports;

    /// <summary>Somebody gives back what nobody has taken.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void NotHeld(ReadOnlySpan<byte> kind) => Report("unlock of a lock that is not held"u8, kind);

    /// <summary>Somebody gives back what another task has taken.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void NotOwner(ReadOnlySpan<byte> kind) => Report("unlock of a lock that another task holds"u8, kind);

    /// <summary>The owner takes the lock again: it waits for itself.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Recursive(ReadOnlySpan<byte> kind) => Report("the holder takes the lock again, and waits for itself"u8, kind);

    /// <summary>A lock with an owner is used by an interrupt, which is nobody.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void InInterruptContext(ReadOnlySpan<byte> kind) => Report("used in interrupt context"u8, kind);

    private static void Report(ReadOnlySpan<byte> what, ReadOnlySpan<byte> kind)
    {
        uint now = Jiffies;
        if (now - Shared.ReadOnce(ref s_since) > Interval)
        {
            Shared.WriteOnce(ref s_since, now);
            Shared.WriteOnce(ref s_reports, 0);
        }

        if (Shared.AddReturn(ref s_reports, 1) > Burst)
        {
            return;
        }

        TaskStruct* task = Current;
        int pid = task == null ? 0 : task->Pid;
        ReadOnlySpan<byte> name = task == null ? "none"u8 : task->Name;
        Printk(LogLevel.Error, $"BUG: {kind}: {what}, pid: {pid}, name: {name}\n");
        KernelLog.DumpStack();
    }
}
