// PollCalls.Masked: ppoll and pselect, which wait with a signal mask of their own.
//
// Linux: fs/select.c. Process context, sleeps. The waiting is that of poll and select; the mask is CallMask's.

using System.Runtime;

namespace CSharpOS.Fs;

internal static unsafe partial class PollCalls
{
    [RuntimeExport("sys_ppoll")]
    internal static long SysPpoll(PollFd* user, uint count, Timespec* time, ulong* mask, ulong size)
    {
        int error = TicksOf(time, out int ticks);
        return error != 0 ? error : PollMasked(user, count, ticks, mask, size);
    }

    [RuntimeExport("compat_sys_ppoll")]
    internal static long CompatPpoll(PollFd* user, uint count, uint* time, ulong* mask, ulong size)
    {
        int error = CompatTicks(time, 1_000_000, out int ticks);
        return error != 0 ? error : PollMasked(user, count, ticks, mask, size);
    }

    // The sixth argument leads to two words: where the mask is, and its size.
    [RuntimeExport("sys_pselect6")]
    internal static long SysPselect6(int count, ulong* reads, ulong* writes, ulong* exceptions, Timespec* time, ulong* mask)
    {
        int error = TicksOf(time, out int ticks);
        ulong* words = stackalloc ulong[2];
        words[0] = 0;
        error = error != 0 ? error : mask != null && Uaccess.CopyFromUser(words, mask, 2 * sizeof(ulong)) != 0 ? -EFAULT : 0;
        if (error != 0)
        {
            return error;
        }

        long result = SelectMasked(count, (uint*)reads, (uint*)writes, (uint*)exceptions, ref ticks, (ulong*)words[0], words[1]);
        if (time != null && result is not (-EFAULT or -EINVAL))
        {
            Uaccess.PutUser(new Timespec { Seconds = ticks / (int)HZ, Nanoseconds = ticks % (int)HZ * (1_000_000_000 / HZ) }, time);
        }

        return result;
    }

    [RuntimeExport("compat_sys_pselect6")]
    internal static long CompatPselect6(int count, uint* reads, uint* writes, uint* exceptions, uint* time, uint* mask)
    {
        int error = CompatTicks(time, 1_000_000, out int ticks);
        uint* words = stackalloc uint[2];
        words[0] = 0;
        error = error != 0 ? error : mask != null && Uaccess.CopyFromUser(words, mask, 2 * sizeof(uint)) != 0 ? -EFAULT : 0;
        if (error != 0)
        {
            return error;
        }

        long result = SelectMasked(count, reads, writes, exceptions, ref ticks, (ulong*)(ulong)words[0], words[1]);
        if (time != null && result is not (-EFAULT or -EINVAL))
        {
            Uaccess.PutUser((uint)ticks / HZ | ((ulong)((uint)ticks % HZ * (1_000_000_000 / HZ)) << 32), (ulong*)time);
        }

        return result;
    }

    private static long PollMasked(PollFd* user, uint count, int ticks, ulong* mask, ulong size)
    {
        long result = CallMask.Begin(mask, size);
        if (result == 0)
        {
            result = PollUser(user, count, ref ticks);
            CallMask.End(mask, result);
        }

        return result;
    }

    private static long SelectMasked(int count, uint* reads, uint* writes, uint* exceptions, ref int ticks, ulong* mask, ulong size)
    {
        long result = CallMask.Begin(mask, size);
        if (result == 0)
        {
            result = SelectUser(count, reads, writes, exceptions, ref ticks);
            CallMask.End(mask, result);
        }

        return result;
    }
}
