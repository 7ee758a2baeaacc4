// LockValidator.Report: the texts, in the form that lockdep's readers know.
//
// Linux: print_circular_bug and its relatives (kernel/lockdep.c). Interrupts off; HeldLocks.Recursion is set, so that what printing locks is not
// followed. Nothing here waits for a console: it may be a console's lock that the report is about. The text goes into the log, and from there
// to the consoles with the next message or tick.

using CSharpOS.Debugging;

namespace CSharpOS.Locking;

#if DEBUG_CHECKS
public static unsafe partial class LockValidator
{
    private const LogLevel Level = LogLevel.Error;
    private const int NameSize = 120;

    private static int s_outOfRoom;

    /// <summary>True inside the validator: consoles must wait, whoever's locks they use.</summary>
    internal static bool Reporting => Current != null && Current->Held.Recursion != 0;

    private static void InitReports() => s_outOfRoom = 0;

    /// <summary>Logs what a task holds: <c>#0: (class){usage}, at: file:line</c>. Any context. For another task it is a snapshot.</summary>
    /// <linux>debug_show_held_locks</linux>
    public static void PrintHeldLocks(TaskStruct* task)
    {
        HeldLocks* held = &task->Held;
        int depth = held->Depth;
        if (depth == 0)
        {
            Printk(Level, $"no locks held by {task->Name}/{task->Pid}.\n");
            return;
        }

        Printk(Level, $"{depth} lock{(depth == 1 ? ""u8 : "s"u8)} held by {task->Name}/{task->Pid}:\n");
        for (int i = 0; i < depth; i++)
        {
            TextHandler text = new(0, 0);
            text.AppendLiteral(" #");
            text.AppendFormatted(i);
            text.AppendLiteral(":  ");
            AppendHeld(ref text, HeldLocks.At(held, i));
            Printk(Level, ref text);
        }
    }

    /// <summary>Writes a class's name, what was initialised and in which file, or the place, and gives its length.</summary>
    internal static int WriteName(Span<byte> memory, LockClass* lockClass)
    {
        TextBuffer text = new(memory);
        ReadOnlySpan<char> file = ContextReport.Trim(LockText.Of(lockClass->File));
        ReadOnlySpan<char> name = LockText.Of(lockClass->Name);
        if (lockClass->Index == 0)
        {
            text.Append("unknown"u8);
        }
        else if (name.Length == 0)
        {
            text.Append($"{file}:{lockClass->Line}");
        }
        else
        {
            text.Append($"{Stem(file)}.{(name[0] == '&' ? name[1..] : name)}");
        }

        if (lockClass->Subclass != 0)
        {
            text.Append($"/{lockClass->Subclass}");
        }

        return text.Length;
    }

    /// <summary>A table is full. Said once.</summary>
    internal static void OutOfRoom(ReadOnlySpan<byte> what)
    {
        if (Shared.Exchange(ref s_outOfRoom, 1) == 0)
        {
            Printk(Level, $"BUG: lock validator: no room for more {what}: some are not followed\n");
        }
    }

    /// <summary>A way leads from the lock about to be taken to one that is held.</summary>
    internal static void OrderWouldDeadlock(HeldLocks* held, ref HeldLock taken, HeldLock* before, ref LockGraph.Match match)
    {
        if (!Disarm())
        {
            return;
        }

        Begin("possible circular locking dependency detected"u8);
        PrintLock("is trying to acquire lock:"u8, ref taken);
        PrintLock("but task is already holding lock:"u8, ref *before, named: false);
        Printk(Level, "which lock already depends on the new lock.\n"u8);
        Printk(Level, "the existing dependency chain (in reverse order) is:\n"u8);
        int length = 0;
        int node = match.Node;
        while (LockGraph.CameBy(node, out int previous) != 0)
        {
            length++;
            node = previous;
        }

        node = match.Node;
        for (int edge = LockGraph.CameBy(node, out int previous); edge != 0; edge = LockGraph.CameBy(node, out previous))
        {
            PrintStep(length, node >> 1, LockGraph.EdgeAt(edge)->Trace);
            length--;
            node = previous;
        }

        PrintStep(0, taken.Class, LockTraces.Here());
        Printk(Level, "other info that might help us debug this:\n"u8);
        End();
    }

    private static void ReportRecursion(HeldLocks* held, ref HeldLock taken, HeldLock* other)
    {
        Begin("possible recursive locking detected"u8);
        PrintLock("is trying to acquire lock:"u8, ref taken);
        PrintLock("but task is already holding lock:"u8, ref *other, named: false);
        Printk(Level, other->Lock == taken.Lock
            ? "the same lock: it would wait for itself. It is counted instead of waited for.\n"u8
            : "another lock of the same class: say their order with LockNested, or give them different classes.\n"u8);
        End();
    }

    private static void ReportLines(ref HeldLock taken, int line, int other, bool open)
    {
        Begin("lock shared by handlers that interrupt each other"u8);
        PrintLock("takes in an interrupt:"u8, ref taken);
        TextHandler text = new(0, 0);
        text.AppendLiteral(open ? "in a handler of irq " : "with interrupts off in a handler of irq ");
        text.AppendFormatted(line - 1);
        text.AppendLiteral(open ? " that runs with interrupts on. A handler of " : ". With interrupts on a handler of ");
        if (other == LockMap.SeveralLines)
        {
            text.AppendLiteral("other lines");
        }
        else
        {
            text.AppendLiteral("irq ");
            text.AppendFormatted(other - 1);
        }

        text.AppendLiteral(" takes it too:\n");
        Printk(Level, ref text);
        Printk(Level, "who holds it with interrupts on may be interrupted by the other, which waits for it. Take it with LockIrqSave.\n"u8);
        End();
    }

    private static void ReportInconsistent(HeldLocks* held, ref HeldLock taken, int added, int shift)
    {
        Begin("inconsistent lock state"u8);
        ReadOnlySpan<byte> kind = KindOf(shift);
        bool handler = ((added >> shift) & 3) != 0;
        ReadOnlySpan<byte> first = handler ? ""u8 : "IN-"u8;
        ReadOnlySpan<byte> second = handler ? "IN-"u8 : ""u8;
        Printk(Level, $"inconsistent {{{first}{kind}{(handler ? "-ON"u8 : ""u8)}-W}} -> {{{second}{kind}{(handler ? ""u8 : "-ON"u8)}-W}} usage.\n");
        PrintLock(handler ? "takes in an interrupt:"u8 : "takes with interrupts on:"u8, ref taken);
        LockClass* lockClass = LockClasses.Of(taken.Class);
        Printk(Level, $"{(handler ? "it was held with interrupts on"u8 : "a handler took it"u8)} ({kind}), first at:\n");
        PrintUse(lockClass, handler ? LockUsage.HardirqsOn : LockUsage.InHardirq, shift);
        End();
    }

    private static void ReportInversion(HeldLocks* held, ref HeldLock taken, ref LockGraph.Match match, bool safe, int shift)
    {
        ReadOnlySpan<byte> kind = KindOf(shift);
        Begin("possible irq lock inversion dependency detected"u8);
        PrintLock(safe ? "takes in an interrupt:"u8 : "takes with interrupts on:"u8, ref taken);
        LockClass* other = LockClasses.Of(match.Node >> 1);
        TextHandler text = new(0, 0);
        text.AppendLiteral(safe ? "while holding it, directly or not, somebody took the " : "it was taken, directly or not, while holding the ");
        text.AppendFormatted(kind);
        text.AppendLiteral(safe ? "-unsafe lock " : "-safe lock ");
        AppendClass(ref text, other);
        text.AppendLiteral("\n");
        Printk(Level, ref text);
        PrintWay(match.Node);
        Printk(Level, $"{(safe ? "which was held with interrupts on"u8 : "which a handler took"u8)} ({kind}), first at:\n");
        PrintUse(other, safe ? LockUsage.HardirqsOn : LockUsage.InHardirq, shift);
        End();
    }

    private static void ReportSafeToUnsafe(
        HeldLocks* held, ref HeldLock taken, HeldLock* before, ref LockGraph.Match safe, ref LockGraph.Match hot, int shift)
    {
        ReadOnlySpan<byte> kind = KindOf(shift);
        Begin(shift == 0 ? "HARDIRQ-safe -> HARDIRQ-unsafe lock order detected"u8 : "SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected"u8);
        PrintLock("is trying to acquire:"u8, ref taken);
        PrintLock("and this task is already holding:"u8, ref *before, named: false);
        PrintOutcome("leads from the safe lock:"u8, safe.Node >> 1);
        Printk(Level, $"... which a handler took ({kind}), first at:\n");
        PrintUse(LockClasses.Of(safe.Node >> 1), LockUsage.InHardirq, shift);
        PrintOutcome("to the unsafe lock:"u8, hot.Node >> 1);
        PrintWay(hot.Node);
        Printk(Level, $"... which was held with interrupts on ({kind}), first at:\n");
        PrintUse(LockClasses.Of(hot.Node >> 1), LockUsage.HardirqsOn, shift);
        End();
    }

    // A mistake of bookkeeping, not of order: the checks go on. The lock type reports as well, with the call trace.
    private static void ReportNotHeld(HeldLocks* held, void* address, string file, int line)
    {
        if (!ContextReport.Allowed(file, line, out _))
        {
            return;
        }

        TaskStruct* task = Current;
        Printk(Level, "[ BUG: bad unlock balance detected! ]\n"u8);
        Printk(Level, $"{task->Name}/{task->Pid} is trying to release a lock at {ContextReport.Trim(file)}:{line}, but it does not hold it\n");
        PrintHeldLocks(task);
    }

    private static void ReportKept(HeldLocks* held, int depth, ReadOnlySpan<byte> what, ReadOnlySpan<byte> name)
    {
        held->Recursion++;
        Printk(Level, $"BUG: {what} {name}!\n");
        for (int i = depth; i < held->Depth; i++)
        {
            PrintLock("still holds:"u8, ref *HeldLocks.At(held, i));
        }

        KernelLog.DumpStack();
        held->Recursion--;
    }

    private static void Begin(ReadOnlySpan<byte> title)
    {
        Shared.AddReturn(ref s_reports, 1);
        Printk(Level, "=======================================================\n"u8);
        Printk(Level, $"[ INFO: {title} ]\n");
        Printk(Level, "-------------------------------------------------------\n"u8);
    }

    private static void End()
    {
        PrintHeldLocks(Current);
        Printk(Level, "stack backtrace:\n"u8);
        KernelLog.DumpStack();
    }

    private static void PrintLock(ReadOnlySpan<byte> what, ref HeldLock taken, bool named = true)
    {
        TaskStruct* task = Current;
        if (named)
        {
            Printk(Level, $"{task->Name}/{task->Pid} {what}\n");
        }
        else
        {
            Printk(Level, $"{what}\n");
        }

        TextHandler text = new(0, 0);
        text.AppendLiteral(" ");
        fixed (HeldLock* entry = &taken)
        {
            AppendHeld(ref text, entry);
        }

        Printk(Level, ref text);
    }

    private static void PrintStep(int number, int lockClass, int trace)
    {
        TextHandler text = new(0, 0);
        text.AppendLiteral("-> #");
        text.AppendFormatted(number);
        text.AppendLiteral(" ");
        AppendClass(ref text, LockClasses.Of(lockClass));
        text.AppendLiteral(":\n");
        Printk(Level, ref text);
        LockTraces.Print(trace);
    }

    private static void PrintOutcome(ReadOnlySpan<byte> what, int lockClass)
    {
        TextHandler text = new(0, 0);
        text.AppendFormatted(what);
        text.AppendLiteral(" ");
        AppendClass(ref text, LockClasses.Of(lockClass));
        text.AppendLiteral("\n");
        Printk(Level, ref text);
    }

    // The orders by which the last search came to a class, the last one first.
    private static void PrintWay(int node)
    {
        for (int edge = LockGraph.CameBy(node, out int previous); edge != 0; edge = LockGraph.CameBy(node, out previous))
        {
            TextHandler text = new(0, 0);
            text.AppendLiteral("the order ");
            AppendClass(ref text, LockClasses.Of(LockGraph.EdgeAt(edge)->From));
            text.AppendLiteral(" -> ");
            AppendClass(ref text, LockClasses.Of(LockGraph.EdgeAt(edge)->To));
            text.AppendLiteral(" was first seen at:\n");
            Printk(Level, ref text);
            LockTraces.Print(LockGraph.EdgeAt(edge)->Trace);
            node = previous;
        }
    }

    // The trace of the exclusive use, else of the reading one.
    private static void PrintUse(LockClass* lockClass, LockUsage use, int shift)
    {
        int bit = System.Numerics.BitOperations.TrailingZeroCount((uint)use) + shift;
        LockTraces.Print((lockClass->Usage & (1 << bit)) != 0 ? lockClass->Traces[bit] : lockClass->Traces[bit + 1]);
    }

    private static void AppendHeld(ref TextHandler text, HeldLock* held)
    {
        AppendClass(ref text, LockClasses.Of(held->Class));
        text.AppendLiteral(", at: ");
        text.AppendFormatted(ContextReport.Trim(LockText.Of(held->File)));
        text.AppendLiteral(":");
        text.AppendFormatted(held->Line);
        text.AppendLiteral("\n");
    }

    private static void AppendClass(ref TextHandler text, LockClass* lockClass)
    {
        byte* bytes = stackalloc byte[NameSize];
        int length = WriteName(new Span<byte>(bytes, NameSize), lockClass);
        text.AppendLiteral("(");
        text.AppendFormatted(new ReadOnlySpan<byte>(bytes, length));
        text.AppendLiteral("){");
        AppendUsage(ref text, lockClass->Usage, 0);
        AppendUsage(ref text, lockClass->Usage, ToSoftirqs);
        text.AppendLiteral("}");
    }

    // Two letters, for writing and for reading: - a handler takes it, + it is held while handlers can come, ? both, . neither.
    private static void AppendUsage(ref TextHandler text, int usage, int shift)
    {
        for (int read = 0; read < 2; read++)
        {
            bool handler = (usage & ((int)LockUsage.InHardirq << (shift + read))) != 0;
            bool enabled = (usage & ((int)LockUsage.HardirqsOn << (shift + read))) != 0;
            text.AppendLiteral(handler ? enabled ? "?" : "-" : enabled ? "+" : ".");
        }
    }

    private static ReadOnlySpan<byte> KindOf(int shift) => shift == 0 ? "HARDIRQ"u8 : "SOFTIRQ"u8;

    // Kernel/Sched/Tasks.cs becomes Tasks.
    private static ReadOnlySpan<char> Stem(ReadOnlySpan<char> file)
    {
        int start = file.Length;
        while (start > 0 && file[start - 1] != '/')
        {
            start--;
        }

        int end = start;
        while (end < file.Length && file[end] != '.')
        {
            end++;
        }

        return file[start..end];
    }
}
#endif
