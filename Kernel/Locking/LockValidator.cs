// LockValidator: finds deadlocks before they happen, from the orders in which locks are taken.
//
// Linux: lockdep (kernel/lockdep.c), the design is of our own. Only in builds with DEBUG_CHECKS. The class is spread over files by aspect:
//   LockValidator.cs         taking and giving back a lock: what the lock types call
//   LockValidator.Context.cs interrupts, softirqs, the ends of threads and handlers, re-arming
//   LockValidator.Usage.cs   the rules about interrupts
//   LockValidator.Report.cs  the texts
//   LockGraph.cs             the orders seen so far, LockTraces.cs call traces, LockClass.cs classes, HeldLocks.cs a task's locks
// docs/lock-validator.md says what is found and how to read a report.
// Contexts: any but NMI, where locks are not followed. Everything here runs with interrupts off and takes none of the kernel's locks; what a
// report's own printing takes is not followed (HeldLocks.Recursion), and reaches the consoles later (Reporting).
// A lock type calls Acquire before it waits, so that a report comes before the deadlock, and Release before it gives the lock back.
// The chain of held classes is hashed; a chain that has been checked once costs one look into a table. After a report about an order the
// validator checks no more orders, since they may follow from the first, until TakeReports arms it again. Who holds what is followed
// always, so a lock that its holder takes again, or gives back without having it, never stops the machine.

using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

#if DEBUG_CHECKS
/// <summary>What a lock type does when a lock is given back.</summary>
internal enum LockRelease
{
    /// <summary>Give it back.</summary>
    Release,

    /// <summary>Leave it: the holder had taken it twice.</summary>
    Counted,

    /// <summary>Do nothing at all: the caller does not have it.</summary>
    Refuse,
}

/// <summary>The lock validator.</summary>
/// <rows>SYNC-04</rows>
public static unsafe partial class LockValidator
{
    private static bool s_following;
    private static int s_armed;
    private static int s_reports;

    /// <summary>Starts with no classes and no orders, armed. At boot, before the second CPU.</summary>
    /// <linux>lockdep_init</linux>
    public static void Init()
    {
        s_following = false;
        LockClasses.Init();
        LockGraph.Init();
        LockTraces.Init();
        InitReports();
        s_reports = 0;
        s_armed = 1;
        TaskStruct* task = Current;
        if (task != null)
        {
            task->Held = default;
        }

        s_following = true;
    }

    /// <summary>Follows nothing any more. For the hosted kernel, between two machines.</summary>
    internal static void Exit() => s_following = false;

    /// <summary>True from <see cref="Init"/> on.</summary>
    internal static bool Following => s_following;

    /// <summary>A lock is about to be taken, or (<paramref name="trylock"/>) has just been got without waiting.</summary>
    /// <param name="address">The lock.</param>
    /// <param name="map">Its map.</param>
    /// <param name="kind">How it is taken.</param>
    /// <param name="subclass">0, or which of several locks of the class, in an order that the caller guarantees.</param>
    /// <param name="trylock">It did not wait.</param>
    /// <param name="file">Who takes it.</param>
    /// <param name="line">And where there.</param>
    /// <returns>False: the caller has it already and would wait for itself for ever. It goes on as if it had got it.</returns>
    /// <linux>lock_acquire</linux>
    internal static bool Acquire(void* address, LockMap* map, LockKind kind, int subclass, bool trylock, string file, int line)
    {
        TaskStruct* task = Current;
        if (!s_following || task == null || InNmi())
        {
            return true;
        }

        ulong flags = LocalIrqSave();
        HeldLocks* held = &task->Held;
        bool wait = true;
        if (held->Recursion == 0)
        {
            held->Recursion = 1;
            HeldLock taken = new()
            {
                Lock = address,
                File = LockText.Address(file),
                Line = line,
                Kind = kind,
                Flags = (trylock ? HeldFlags.TryLock : HeldFlags.None) | (IrqsDisabledFlags(flags) ? HeldFlags.IrqsOff : HeldFlags.None),
                Context = ContextOf(held),
            };
            taken.Class = (ushort)LockClasses.Lookup(map, address, subclass, taken.File, line);
            wait = Take(held, ref taken, map);
            held->Recursion = 0;
        }

        LocalIrqRestore(flags);
        return wait;
    }

    /// <summary>A lock is about to be given back.</summary>
    /// <linux>lock_release</linux>
    internal static LockRelease Release(void* address, LockMap* map, string file, int line)
    {
        TaskStruct* task = Current;
        if (!s_following || task == null || InNmi())
        {
            return LockRelease.Release;
        }

        ulong flags = LocalIrqSave();
        HeldLocks* held = &task->Held;
        LockRelease result = LockRelease.Release;
        if (held->Recursion == 0)
        {
            held->Recursion = 1;
            result = Give(held, address, map, !IrqsDisabledFlags(flags), file, line);
            held->Recursion = 0;
        }

        LocalIrqRestore(flags);
        return result;
    }

    /// <summary>True if the running context holds the lock, as far as is known.</summary>
    /// <linux>lockdep_is_held</linux>
    internal static bool IsHeld(void* address)
    {
        TaskStruct* task = Current;
        return task != null && Find(&task->Held, address) >= 0;
    }

    /// <summary>The entry of a lock that the running context holds; null if it does not, or if it is not followed. Interrupts off.</summary>
    internal static HeldLock* Innermost(void* address)
    {
        TaskStruct* task = Current;
        int index = task == null ? -1 : Find(&task->Held, address);
        return index < 0 ? null : HeldLocks.At(&task->Held, index);
    }

    /// <summary>A lock is initialised: its class is the place that does so. Any context.</summary>
    /// <linux>lockdep_init_map</linux>
    internal static void InitMap(LockMap* map, string name, string file, int line)
    {
        *map = default;
        TaskStruct* task = Current;
        if (!s_following || task == null || InNmi())
        {
            return;
        }

        ulong flags = LocalIrqSave();
        if (task->Held.Recursion == 0)
        {
            LockClasses.Assign(map, name, file, line);
        }

        LocalIrqRestore(flags);
    }

    // Everything that taking a lock is checked for, then the lock stands on the list.
    private static bool Take(HeldLocks* held, ref HeldLock taken, LockMap* map)
    {
        if (held->Depth == HeldLocks.Max)
        {
            held->Overflow++;
            OutOfRoom("held locks"u8);
            return true;
        }

        bool irqsOn = (taken.Flags & HeldFlags.IrqsOff) == 0;
        HeldLock* same = null;
        HeldLock* relative = null;
        for (int i = 0; i < held->Depth; i++)
        {
            HeldLock* other = HeldLocks.At(held, i);
            bool bothRead = taken.Kind == LockKind.RecursiveRead && other->Kind != LockKind.Exclusive;
            same = other->Lock == taken.Lock && !bothRead ? other : same;
            relative = other->Class == taken.Class && other->Lock != taken.Lock && !bothRead ? other : relative;
            if (irqsOn && (other->Flags & HeldFlags.IrqsOff) != 0)
            {
                NoteIrqsOn(held, other);
            }
        }

        if (same != null && (taken.Flags & HeldFlags.TryLock) == 0)
        {
            taken.Flags |= HeldFlags.Counted;
            if (Disarm())
            {
                ReportRecursion(held, ref taken, same);
            }
        }
        else if (taken.Class != 0)
        {
            Check(held, ref taken, relative);
            CheckLines(held, ref taken, map);
        }

        Push(held, ref taken);
        return (taken.Flags & HeldFlags.Counted) == 0;
    }

    private static void Check(HeldLocks* held, ref HeldLock taken, HeldLock* relative)
    {
        if (Shared.ReadOnce(ref s_armed) == 0)
        {
            return;
        }

        LockUsage usage = UsageOf(held, ref taken);
        if (((int)usage & ~Shared.ReadOnce(ref LockClasses.Of(taken.Class)->Usage)) != 0)
        {
            Mark(held, ref taken, usage);
        }

        if ((taken.Flags & HeldFlags.TryLock) != 0 || held->Depth == 0)
        {
            return;
        }

        if (relative != null && Disarm())
        {
            ReportRecursion(held, ref taken, relative);
            return;
        }

        ulong chain = LockGraph.Extend(ChainFor(held, taken.Context), ref taken);
        if (HeldLocks.At(held, held->Depth - 1)->Context == taken.Context && !LockGraph.ChainKnown(chain))
        {
            LockGraph.CheckChain(held, ref taken, chain);
        }
    }

    private static void Push(HeldLocks* held, ref HeldLock taken)
    {
        taken.ChainBefore = held->Chain;
        held->Chain = LockGraph.Extend(ChainFor(held, taken.Context), ref taken);
        taken.Since = ReadTsc();
        HeldLock* entry = HeldLocks.At(held, held->Depth);
        *entry = taken;
        held->Depth++;
        if ((taken.Flags & HeldFlags.Counted) == 0)
        {
            LockStat.Taken(entry);
        }
    }

    // Where the chain of a lock taken in this context begins: behind the locks of the same context, afresh on top of another one's.
    private static ulong ChainFor(HeldLocks* held, byte context) =>
        held->Depth != 0 && HeldLocks.At(held, held->Depth - 1)->Context == context ? held->Chain : context;

    private static LockRelease Give(HeldLocks* held, void* address, LockMap* map, bool irqsOn, string file, int line)
    {
        int index = Find(held, address);
        if (index < 0)
        {
            if (held->Overflow != 0)
            {
                held->Overflow--;
                return LockRelease.Release;
            }

            ReportNotHeld(held, address, file, line);
            return LockRelease.Refuse;
        }

        HeldLock* entry = HeldLocks.At(held, index);
        bool counted = (entry->Flags & HeldFlags.Counted) != 0;
        if (irqsOn && (entry->Flags & HeldFlags.IrqsOff) != 0)
        {
            NoteIrqsOn(held, entry);
        }

        if (!counted)
        {
            LockStat.Given(entry, map);
        }

        Remove(held, index);
        return counted ? LockRelease.Counted : LockRelease.Release;
    }

    // The ones above keep their places in the order; only their hashes change.
    private static void Remove(HeldLocks* held, int index)
    {
        ulong before = HeldLocks.At(held, index)->ChainBefore;
        held->Depth--;
        for (int i = index; i < held->Depth; i++)
        {
            *HeldLocks.At(held, i) = *HeldLocks.At(held, i + 1);
        }

        Rehash(held, index, before);
    }

    private static void Replace(HeldLocks* held, int index, ref HeldLock changed)
    {
        *HeldLocks.At(held, index) = changed;
        Rehash(held, index, changed.ChainBefore);
    }

    // The hashes from one lock on; before is that of the locks below it.
    private static void Rehash(HeldLocks* held, int index, ulong before)
    {
        int depth = held->Depth;
        held->Chain = before;
        for (held->Depth = index; held->Depth < depth; held->Depth++)
        {
            HeldLock* entry = HeldLocks.At(held, held->Depth);
            entry->ChainBefore = held->Chain;
            held->Chain = LockGraph.Extend(ChainFor(held, entry->Context), ref *entry);
        }
    }

    private static int Find(HeldLocks* held, void* address)
    {
        int index = held->Depth - 1;
        while (index >= 0 && HeldLocks.At(held, index)->Lock != address)
        {
            index--;
        }

        return index;
    }
}
#endif
