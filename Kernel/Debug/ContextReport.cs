// ContextReport: reports of code in the wrong context, and warnings. The kernel goes on after each.
//
// Linux: __might_sleep (kernel/sched.c), warn_slowpath (kernel/panic.c), lib/ratelimit.c. Any context, never sleeps, no locks: the table
// of call sites is changed by plain stores, a race between two CPUs costs at most a report more or less.

using System.Runtime.CompilerServices;

namespace CSharpOS.Debugging;

/// <summary>Reports with a call trace.</summary>
public static unsafe class ContextReport
{
    private const int Sites = 64;
    private const int Burst = 10;
    private const uint Interval = 5 * HZ;

    private static Table s_sites;

    internal static void Init() => s_sites = default;

#if DEBUG_CHECKS
    /// <summary>A function that may sleep was called where sleeping is forbidden. At most ten reports in five seconds for each place in
    /// the source.</summary>
    /// <linux>__might_sleep</linux>
    /// <rows>SIRQ-09</rows>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void SleepingInInvalidContext(string file, int line)
    {
        if (!Allowed(file, line, out uint suppressed))
        {
            return;
        }

        if (suppressed != 0)
        {
            Printk(LogLevel.Error, $"{suppressed} reports from the next place were suppressed\n");
        }

        TaskStruct* task = Current;
        int pid = task == null ? 0 : task->Pid;
        ReadOnlySpan<byte> name = task == null ? "none"u8 : task->Name;
        Printk(LogLevel.Error, $"BUG: sleeping function called from invalid context at {Trim(file)}:{line}\n");
        int atomic = InAtomic() ? 1 : 0;
        int disabled = IrqsDisabled() ? 1 : 0;
        Printk(LogLevel.Error, $"in_atomic(): {atomic}, irqs_disabled(): {disabled}, pid: {pid}, name: {name}\n");
        PrintHeldLocks(task);
        KernelLog.DumpStack();
    }
#endif

    /// <summary>schedule() in atomic context: logs who and from where; the switch takes place all the same. In release builds, too.</summary>
    /// <linux>__schedule_bug</linux>
    /// <rows>SIRQ-09</rows>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void SchedulingWhileAtomic()
    {
        if (!Allowed(nameof(SchedulingWhileAtomic), 0, out _))
        {
            return;
        }

        TaskStruct* task = Current;
        Printk(LogLevel.Error, $"BUG: scheduling while atomic: {task->Name}/{task->Pid}/0x{(uint)PreemptCount():x8}\n");
#if DEBUG_CHECKS
        PrintHeldLocks(task);
#endif
        KernelLog.DumpStack();
    }

#if DEBUG_CHECKS
    // What is held, and where the context became what it is.
    private static void PrintHeldLocks(TaskStruct* task)
    {
        if (task == null)
        {
            return;
        }

        LockValidator.PrintHeldLocks(task);
        if (task->Held.RcuDepth != 0)
        {
            Printk(LogLevel.Error, $"inside rcu_read_lock, depth {task->Held.RcuDepth}\n");
        }

        if ((PreemptCount() & PreemptMask) != 0)
        {
            Printk(LogLevel.Error, $"preemption disabled at: {Trim(LockText.Of(task->Held.PreemptFile))}:{task->Held.PreemptLine}\n");
        }

        if (IrqsDisabled() && !InIrq())
        {
            Printk(LogLevel.Error, $"interrupts disabled at: {Trim(LockText.Of(task->Held.IrqFile))}:{task->Held.IrqLine}\n");
        }
    }
#endif

    /// <summary>WarnOn: logs the place and the call trace.</summary>
    /// <linux>warn_slowpath_null</linux>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Warning(string file, int line)
    {
        Printk(LogLevel.Warning, "------------[ cut here ]------------\n"u8);
        Printk(LogLevel.Warning, $"WARNING: at {Trim(file)}:{line}\n");
        KernelLog.DumpStack();
        Printk(LogLevel.Warning, "---[ end trace ]---\n"u8);
    }

    /// <summary>A path as the compiler gives it, without "./" in front.</summary>
    internal static ReadOnlySpan<char> Trim(string path) => Trim(path.AsSpan());

    /// <inheritdoc cref="Trim(string)"/>
    internal static ReadOnlySpan<char> Trim(ReadOnlySpan<char> path) =>
        path.Length > 2 && path[0] == '.' && path[1] == '/' ? path[2..] : path;

    internal static bool Allowed(string file, int line, out uint suppressed)
    {
        uint key = (uint)line * 31;
        for (int i = 0; i < file.Length; i++)
        {
            key = (key * 31) + file[i];
        }

        Site* site = (Site*)Unsafe.AsPointer(ref s_sites) + (key % Sites);
        suppressed = 0;
        uint now = Jiffies;
        if (site->Key != key || now - site->Since > Interval)
        {
            suppressed = site->Key == key ? site->Suppressed : 0;
            *site = new Site { Key = key, Since = now };
        }

        if (site->Reports < Burst)
        {
            site->Reports++;
            return true;
        }

        site->Suppressed++;
        return false;
    }

    private struct Site
    {
        public uint Key, Since, Reports, Suppressed;
    }

    [InlineArray(Sites)]
    private struct Table
    {
        private Site _first;
    }
}
