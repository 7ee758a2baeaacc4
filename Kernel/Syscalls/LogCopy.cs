// LogCopy: the kernel's log in a program's memory, as syslog(2) gives it: lines with the level in front, the last ones that fit.
//
// Linux: do_syslog, kernel/printk.c. Process context; touches user memory.

namespace CSharpOS.Syscalls;

/// <summary>Copying the log.</summary>
internal static unsafe class LogCopy
{
    private const int LevelLength = 3;

    /// <summary>Copies at most <paramref name="length"/> bytes. Gives how many, or -EFAULT.</summary>
    /// <linux>syslog_print_all</linux>
    internal static long ToUser(byte* buffer, int length)
    {
        ulong end = KernelLog.NextSequence;
        long all = 0;
        LogReader counter = new(0);
        while (counter.Position < end && counter.MoveNext())
        {
            all += counter.Current.Line.Length + LevelLength;
        }

        long skip = all > length ? all - length : 0;
        long copied = 0;
        byte* level = stackalloc byte[LevelLength] { (byte)'<', (byte)'0', (byte)'>' };
        LogReader log = new(0);
        while (log.Position < end && log.MoveNext())
        {
            LogEntry entry = log.Current;
            long size = entry.Line.Length + LevelLength;
            if (skip > 0)
            {
                skip -= size;
                continue;
            }

            if (copied + size > length)
            {
                break;
            }

            level[1] = (byte)('0' + (int)entry.Level);
            fixed (byte* line = entry.Line)
            {
                if (Uaccess.CopyToUser(buffer + copied, level, LevelLength) != 0 ||
                    Uaccess.CopyToUser(buffer + copied + LevelLength, line, (nuint)entry.Line.Length) != 0)
                {
                    return -EFAULT;
                }
            }

            copied += size;
        }

        return copied;
    }
}
