// LockReport: misuse of locks, told with a call trace. The kernel goes on.
//
// Linux: CONFIG_DEBUG_SPINLOCK, CONFIG_DEBUG_MUTEXES. Any context, never sleeps, no locks. Only debug builds (DEBUG_CHECKS) look; the locks call this
// when they have seen something. So that a wrong loop does not flood the log: at most ten reports in five seconds of each kind of lock and mistake (kinds that
// share a slot of the table share the ten).

using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

/// <summary>Reports of the locks' own checks.</summary>
internal static unsafe class LockReport
{
    private const int Burst = 10;
    private const uint Interval = 5 * HZ;

    private const int Slots = 64;

    private static Table s_table;

    /// <summary>Forgets how many reports there were.</summary>
    internal static void Init() => s_table = default;

    /// <summary>Somebody gives back what nobody has taken.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void NotHeld(ReadOnlySpan<byte> kind) => Report("unlock of a lock that is not held"u8, kind);

    /// <summary>Somebody gives back what another task has taken.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void NotOwner(ReadOnlySpan<byte> kind) => Report("unlock of a lock that another task holds"u8, kind);

    /// <summary>Somebody gives back what it does not have; perhaps another has it.</summary>
    internal static void Unbalanced(ReadOnlySpan<byte> kind, bool held)
    {
        if (held)
        {
            NotOwner(kind);
        }
        else
        {
            NotHeld(kind);
        }
    }

    /// <summary>The owner takes the lock again: it waits for itself.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Recursive(ReadOnlySpan<byte> kind) => Report("the holder takes the lock again, and waits for itself"u8, kind);

    /// <summary>A lock with an owner is used by an interrupt, which is nobody.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void InInterruptContext(ReadOnlySpan<byte> kind) => Report("used in interrupt context"u8, kind);

    private static void Report(ReadOnlySpan<byte> what, ReadOnlySpan<byte> kind)
    {
        if (!Allowed(what, kind))
        {
            return;
        }

        TaskStruct* task = Current;
        int pid = task == null ? 0 : task->Pid;
        ReadOnlySpan<byte> name = task == null ? "none"u8 : task->Name;
        Printk(LogLevel.Error, $"BUG: {kind}: {what}, pid: {pid}, name: {name}\n");
        KernelLog.DumpStack();
    }

    private static bool Allowed(ReadOnlySpan<byte> what, ReadOnlySpan<byte> kind)
    {
        uint key = (uint)what.Length;
        foreach (byte letter in kind)
        {
            key = (key * 31) + letter;
        }

        Slot* slot = (Slot*)Unsafe.AsPointer(ref s_table) + (key % Slots);
        uint now = Jiffies;
        if (now - Shared.ReadOnce(ref slot->Since) > Interval)
        {
            Shared.WriteOnce(ref slot->Since, now);
            Shared.WriteOnce(ref slot->Reports, 0);
        }

        return Shared.AddReturn(ref slot->Reports, 1) <= Burst;
    }

    private struct Slot
    {
        public uint Since;
        public int Reports;
    }

    [InlineArray(Slots)]
    private struct Table
    {
        private Slot _first;
    }
}
