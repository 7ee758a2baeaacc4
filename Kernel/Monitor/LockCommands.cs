// LockCommands: locks: the statistics of all lock classes, what a task holds. Process context.

namespace CSharpOS.Monitoring;

internal static unsafe class LockCommands
{
    public static void Register() =>
        Monitor.Register("locks"u8, "[all | clear | held]"u8, "lock statistics as in /proc/lock_stat, contended ones or all; locks held"u8, &Locks);

#if DEBUG_CHECKS
    private static int Locks(ReadOnlySpan<byte> arguments)
    {
        CommandArguments words = new(arguments);
        bool some = words.TryNext(out ReadOnlySpan<byte> what);
        if (!words.AtEnd)
        {
            return -EINVAL;
        }

        if (!some || what.SequenceEqual("all"u8))
        {
            LockStat.Write(&MonitorOutput.Write, contendedOnly: !some);
            MonitorOutput.Write($"{LockValidator.Summary(out int orders, out int chains)} lock classes, {orders} orders, {chains} chains\n");
            return 0;
        }

        if (what.SequenceEqual("clear"u8))
        {
            LockStat.Clear();
            return 0;
        }

        if (!what.SequenceEqual("held"u8))
        {
            return -EINVAL;
        }

        PrintHeld();
        return 0;
    }

    // Linux: SysRq-d, show all locks held. The idle tasks are not in the table of numbers.
    private static void PrintHeld()
    {
        int holders = 0;
        TaskStruct* task = Tasks.NextAfter(-1);
        while (task != null)
        {
            if (LockValidator.HeldBy(task) != 0)
            {
                holders++;
                LockValidator.PrintHeldLocks(task);
            }

            int pid = task->Pid;
            Tasks.Put(task);
            task = Tasks.NextAfter(pid);
        }

        if (holders == 0)
        {
            MonitorOutput.Write($"no task holds a lock\n");
        }
    }
#else
    private static int Locks(ReadOnlySpan<byte> arguments)
    {
        MonitorOutput.Write($"locks: this build does not count (it has no DEBUG_CHECKS)\n");
        return -ENOSYS;
    }
#endif
}
