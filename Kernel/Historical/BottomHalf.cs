// BottomHalf: the BHs of before 2.5: 32 for the whole machine, and never two of them at once. Kept for the labs; new code takes a tasklet.
//
// Linux: init_bh, mark_bh, bh_action, global_bh_lock of kernel/softirq.c (2.3.43 to 2.5). InitBh: process context or boot. MarkBh: any context but an NMI;
// does not sleep. RemoveBh: process context; sleeps. A routine runs in a softirq (HI), interrupts on, and may not sleep.
// Lock: s_globalLock, held while a routine runs, only ever tried; inside it whatever routines take.
// Invariants: s_runningCpu is the CPU that holds the lock, or -1. A BH whose tasklet finds the lock taken, or a global cli() in force, is marked again: none
// is lost, and none waits spinning.

using System.Runtime.CompilerServices;

namespace CSharpOS.Historical;

/// <summary>BHs: routines with fixed numbers that interrupt handlers mark, and that run soon afterwards, one at a time on the whole machine.</summary>
/// <rows>OLD-01</rows>
public static unsafe class BottomHalf
{
    /// <summary>How many there are. Numbers are handed out by hand, for the whole kernel: two drivers that chose the same one did not work together.
    /// </summary>
    public const int Count = 32;

    /// <summary>The BH that runs the timer task queue (<see cref="TaskQueues.Timer"/>).</summary>
    /// <linux>TQUEUE_BH</linux>
    public const int TqueueBh = 1;

    /// <summary>The BH that runs the immediate task queue (<see cref="TaskQueues.Immediate"/>).</summary>
    /// <linux>IMMEDIATE_BH</linux>
    public const int ImmediateBh = 9;

    private const int Nobody = -1;

    private static SpinLock s_globalLock;
    private static int s_runningCpu;
    private static Vector s_vector;

    /// <summary>No BH has a routine. Once, at boot, after <see cref="Tasklet.Init"/>.</summary>
    /// <linux>softirq_init</linux>
    internal static void Init()
    {
        s_globalLock.Init();
        s_runningCpu = Nobody;
        for (int nr = 0; nr < Count; nr++)
        {
            Entry* entry = EntryOf(nr);
            entry->Routine = 0;
            TaskletInit(&entry->Tasklet, &BhAction, (ulong)nr);
        }
    }

    /// <summary>Says what BH <paramref name="nr"/> runs. Boot or process context.</summary>
    /// <param name="nr">Below <see cref="Count"/>; nobody else's.</param>
    /// <param name="routine">Runs in a softirq, interrupts on, alone among all BHs; it may not sleep.</param>
    /// <returns>0; -EINVAL: no such BH, which is also reported.</returns>
    /// <linux>init_bh</linux>
    /// <rows>OLD-01</rows>
    public static int InitBh(int nr, delegate*<void> routine)
    {
        if (!Exists(nr, "init_bh"u8))
        {
            return -EINVAL;
        }

        SetRoutine(nr, routine);
        return 0;
    }

    /// <summary>Takes the routine away; when this returns it does not run, and will not. Process context; sleeps.</summary>
    /// <returns>0; -EINVAL as <see cref="InitBh"/>.</returns>
    /// <linux>remove_bh</linux>
    /// <rows>OLD-01</rows>
    public static int RemoveBh(int nr)
    {
        if (!Exists(nr, "remove_bh"u8))
        {
            return -EINVAL;
        }

        SetRoutine(nr, null);
        TaskletKill(&EntryOf(nr)->Tasklet);
        return 0;
    }

    /// <summary>Has BH <paramref name="nr"/> run soon, on this CPU, when no other BH runs anywhere. Marked twice before it runs, it runs once; marked while it
    /// runs, again. Any context but an NMI.</summary>
    /// <returns>0; -EINVAL as <see cref="InitBh"/>.</returns>
    /// <linux>mark_bh</linux>
    /// <rows>OLD-01</rows>
    public static int MarkBh(int nr)
    {
        if (!Exists(nr, "mark_bh"u8))
        {
            return -EINVAL;
        }

        TaskletHiSchedule(&EntryOf(nr)->Tasklet);
        return 0;
    }

    /// <summary>The CPU in a BH's routine; -1 if none is. True for a moment only, except on that CPU.</summary>
    internal static int RunningCpu => Shared.ReadOnce(ref s_runningCpu);

    // The function of all 32 tasklets. A tasklet by itself keeps out only its own second run; the lock keeps out the other 31.
    private static void BhAction(ulong nr)
    {
        if (!s_globalLock.TryLock())
        {
            MarkBh((int)nr);
            return;
        }

        // Locked: whoever closes the gate of GlobalCli from here on sees this CPU, or is seen by it.
        Shared.Exchange(ref s_runningCpu, SmpProcessorId());
        bool mayRun = GlobalCli.BottomHalfMayRun();
        if (mayRun)
        {
            delegate*<void> routine = RoutineOf((int)nr);
            if (routine != null)
            {
                routine();
            }
        }

        Shared.WriteOnce(ref s_runningCpu, Nobody);
        s_globalLock.Unlock();
        if (!mayRun)
        {
            MarkBh((int)nr);
        }
    }

    private static delegate*<void> RoutineOf(int nr) => (delegate*<void>)Shared.ReadOnce(ref EntryOf(nr)->Routine);

    private static void SetRoutine(int nr, delegate*<void> routine) => Shared.WriteOnce(ref EntryOf(nr)->Routine, (ulong)routine);

    private static bool Exists(int nr, ReadOnlySpan<byte> caller)
    {
        if ((uint)nr < Count)
        {
            return true;
        }

        Printk(LogLevel.Error, $"{caller}: no BH {nr}\n");
        return false;
    }

    // Linux: bh_base, bh_task_vec.
    private static Entry* EntryOf(int nr) => (Entry*)Unsafe.AsPointer(ref s_vector) + nr;

    private struct Entry
    {
        public TaskletStruct Tasklet;
        public ulong Routine;
    }

    [InlineArray(Count)]
    private struct Vector
    {
        private Entry _first;
    }
}
