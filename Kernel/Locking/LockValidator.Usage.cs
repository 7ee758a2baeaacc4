// LockValidator.Usage: the rules about interrupts.
//
// Linux: mark_lock, check_usage (kernel/lockdep.c), in words of our own. Interrupts off; the graph is locked.
// A class that a handler takes is "safe": it must never be held while such a handler can come. One that is held while it can is "unsafe".
//   1. No class may be both: the handler would wait for the code that it interrupts.
//   2. No unsafe class may be taken, however indirectly, while a safe one is held: the handler interrupts the holder of the unsafe one and
//      waits for the safe one, whose holder waits for the unsafe one.
// For hard interrupts and for softirqs alike. Readers that can share a lock do not wait for each other: see Collides.
// A handler that runs with interrupts on does not make its locks unsafe: it is not interrupted by its own line. But by others:
//   3. No lock that a handler holds with interrupts on may be taken by a handler of another line: that one interrupts the holder and waits for it.
// This one is about single locks, since the locks of two devices of a driver are of one class; and about spin locks and writers only.

namespace CSharpOS.Locking;

#if DEBUG_CHECKS
public static unsafe partial class LockValidator
{
    // The bits of hard interrupts, moved by this for softirqs.
    internal const int ToSoftirqs = 4;

    // What taking the lock here says about its class.
    private static LockUsage UsageOf(HeldLocks* held, ref HeldLock taken)
    {
        int usage = 0;
        if ((taken.Flags & HeldFlags.TryLock) == 0)
        {
            // Who does not wait cannot be the handler that waits.
            usage |= taken.Context == HardirqContext ? (int)LockUsage.InHardirq : 0;
            usage |= taken.Context == SoftirqContext ? (int)LockUsage.InSoftirq : 0;
        }

        if ((taken.Flags & HeldFlags.IrqsOff) == 0)
        {
            usage |= EnabledHere(held, taken.Context);
        }

        return (LockUsage)(taken.Kind == LockKind.Exclusive ? usage : usage << 1) | LockUsage.Used;
    }

    private static int EnabledHere(HeldLocks* held, byte context)
    {
        int usage = context == HardirqContext ? 0 : (int)LockUsage.HardirqsOn;
        bool softirqsOn = context == ProcessContext && held->SoftirqDepth == 0 && (PreemptCount() & SoftirqMask) == 0;
        return usage | (softirqsOn ? (int)LockUsage.SoftirqsOn : 0);
    }

    // A lock that was taken with interrupts off is now held with interrupts on.
    private static void NoteIrqsOn(HeldLocks* held, HeldLock* entry)
    {
        entry->Flags &= ~HeldFlags.IrqsOff;
        if (entry->Class == 0 || Shared.ReadOnce(ref s_armed) == 0)
        {
            return;
        }

        int usage = EnabledHere(held, entry->Context);
        usage = entry->Kind == LockKind.Exclusive ? usage : usage << 1;
        if ((usage & ~Shared.ReadOnce(ref LockClasses.Of(entry->Class)->Usage)) != 0)
        {
            Mark(held, ref *entry, (LockUsage)usage);
        }
    }

    private static void Mark(HeldLocks* held, ref HeldLock taken, LockUsage usage)
    {
        LockGraph.Enter();
        LockClass* lockClass = LockClasses.Of(taken.Class);
        int added = (int)usage & ~lockClass->Usage;
        if (added != 0 && Armed)
        {
            int trace = LockTraces.Here();
            for (int bit = 0; bit < LockClass.UsageBits; bit++)
            {
                if ((added & (1 << bit)) != 0)
                {
                    lockClass->Traces[bit] = trace;
                }
            }

            Shared.WriteOnce(ref lockClass->Usage, lockClass->Usage | added);
            CheckUsage(held, ref taken, added, 0);
            CheckUsage(held, ref taken, added, ToSoftirqs);
        }

        LockGraph.Leave();
    }

    // Rule 1, and rule 2 for the orders that are known already. Shift says for which kind of interrupt.
    private static void CheckUsage(HeldLocks* held, ref HeldLock taken, int added, int shift)
    {
        int mine = (added >> shift) & 15;
        if (mine == 0)
        {
            return;
        }

        int all = (LockClasses.Of(taken.Class)->Usage >> shift) & 15;
        if (Collides(all, all))
        {
            if (Disarm())
            {
                ReportInconsistent(held, ref taken, added, shift);
            }

            return;
        }

        bool shared = taken.Kind != LockKind.Exclusive;
        bool safe = (mine & (int)(LockUsage.InHardirq | LockUsage.InHardirqRead)) != 0;
        LockGraph.Match match = new() { Rule = safe ? MatchRule.Unsafe : MatchRule.Safe, Shift = shift };
        if (LockGraph.Search(taken.Class, safe ? taken.Kind == LockKind.RecursiveRead : shared, forward: safe, ref match) && Disarm())
        {
            ReportInversion(held, ref taken, ref match, safe, shift);
        }
    }

    // Rule 3.
    private static void CheckLines(HeldLocks* held, ref HeldLock taken, LockMap* map)
    {
        int line = held->HandlerLine;
        if (line == 0 || taken.Context != HardirqContext || taken.Kind != LockKind.Exclusive || (taken.Flags & HeldFlags.TryLock) != 0)
        {
            return;
        }

        bool open = (taken.Flags & HeldFlags.IrqsOff) == 0;
        int other = Shared.ReadOnce(ref open ? ref map->HandlerLine : ref map->OpenLine);
        if (other != 0 && other != line && Shared.ReadOnce(ref s_armed) != 0 && Disarm())
        {
            ReportLines(ref taken, line, other, open);
        }

        NoteLine(ref map->HandlerLine, line);
        if (open)
        {
            NoteLine(ref map->OpenLine, line);
        }
    }

    private static void NoteLine(ref int known, int line)
    {
        int before = Shared.ReadOnce(ref known);
        if (before != line && before != LockMap.SeveralLines)
        {
            Shared.WriteOnce(ref known, before == 0 ? line : LockMap.SeveralLines);
        }
    }

    // The order from -> to is new: does it lead from a safe class to an unsafe one? The graph is locked.
    internal static bool CheckOrder(HeldLocks* held, ref HeldLock taken, HeldLock* before, int shift)
    {
        LockGraph.Match safe = new() { Rule = MatchRule.Safe, Shift = shift };
        if (!LockGraph.Search(before->Class, before->Kind != LockKind.Exclusive, forward: false, ref safe))
        {
            return true;
        }

        LockGraph.Match hot = new() { Rule = MatchRule.Unsafe, Shift = shift };
        if (!LockGraph.Search(taken.Class, taken.Kind == LockKind.RecursiveRead, forward: true, ref hot))
        {
            return true;
        }

        if (Disarm())
        {
            ReportSafeToUnsafe(held, ref taken, before, ref safe, ref hot, shift);
        }

        return false;
    }

    // Four bits of a class: taken by handlers, by reading ones; held while they can come, for reading.
    private static bool Collides(int handler, int interrupted)
    {
        bool writes = (handler & (int)LockUsage.InHardirq) != 0;
        bool reads = (handler & (int)LockUsage.InHardirqRead) != 0;
        bool writer = (interrupted & (int)LockUsage.HardirqsOn) != 0;
        bool reader = (interrupted & (int)LockUsage.HardirqsOnRead) != 0;
        return (writes && (writer || reader)) || (reads && writer);
    }
}
#endif
