// PollCalls: poll and select.
//
// Linux: fs/select.c. Process context, sleeps. Both ask all files, go on the queues of all in the first round (PollTable), and sleep until one of them is woken.
// Bit maps and structures are brought into kernel memory first and given back at the end, so that the loop touches no user memory.

using System.Runtime;

namespace CSharpOS.Fs;

/// <summary>One descriptor of poll.</summary>
/// <linux>pollfd</linux>
internal struct PollFd
{
    public int Fd;
    public ushort Events;
    public ushort Happened;
}

/// <summary>System calls that wait for several files.</summary>
/// <rows>SYS-12 SYS-13</rows>
internal static unsafe partial class PollCalls
{
    private const uint InSet = PollEvents.POLLRDNORM | PollEvents.POLLRDBAND | PollEvents.POLLIN | PollEvents.POLLHUP | PollEvents.POLLERR;
    private const uint OutSet = PollEvents.POLLWRBAND | PollEvents.POLLWRNORM | PollEvents.POLLOUT | PollEvents.POLLERR;
    private const uint ExceptionSet = PollEvents.POLLPRI;
    private const int Words = FilesStruct.MaxFiles / 64;
    private const int Forever = MaxScheduleTimeout;

    /// <summary>Waits until one of the files can do what is asked.</summary>
    /// <param name="fds">Kernel memory.</param>
    /// <param name="count">How many.</param>
    /// <param name="timeout">Ticks; MaxScheduleTimeout: for ever; 0: only looks.</param>
    /// <returns>How many have something to tell; 0: the time is over; -EINTR: a signal.</returns>
    /// <linux>do_poll</linux>
    internal static int Poll(PollFd* fds, uint count, ref int timeout)
    {
        PollTable table;
        PollTable.Begin(&table);
        PollTable* asking = timeout == 0 ? null : &table;
        int found;
        while (true)
        {
            found = 0;
            for (uint i = 0; i < count; i++)
            {
                fds[i].Happened = (ushort)AskOne(&fds[i], found == 0 ? asking : null);
                found += fds[i].Happened != 0 ? 1 : 0;
            }

            PollTable.Complete(&table);
            if (found != 0 || timeout == 0)
            {
                break;
            }

            if (Scheduler.SignalPending(Current))
            {
                found = -EINTR;
                break;
            }

            timeout = PollTable.Sleep(&table, timeout);
        }

        PollTable.End(&table);
        return found;
    }

    /// <summary>Waits with bit maps of descriptors: reading, writing, exceptions; each of <see cref="Words"/> words, in and out.</summary>
    /// <returns>How many bits are set; 0: the time is over; -EBADF: one of them is not open; -EINTR.</returns>
    /// <linux>do_select</linux>
    internal static int Select(int count, ulong* sets, ref int timeout)
    {
        ulong* results = stackalloc ulong[3 * Words];
        PollTable table;
        PollTable.Begin(&table);
        PollTable* asking = timeout == 0 ? null : &table;
        int found;
        while (true)
        {
            new Span<ulong>(results, 3 * Words).Clear();
            found = 0;
            for (int fd = 0; fd < count && found >= 0; fd++)
            {
                int bits = AskSets(fd, sets, results, found == 0 ? asking : null);
                found = bits < 0 ? bits : found + bits;
            }

            PollTable.Complete(&table);
            if (found != 0 || timeout == 0)
            {
                break;
            }

            if (Scheduler.SignalPending(Current))
            {
                found = -EINTR;
                break;
            }

            timeout = PollTable.Sleep(&table, timeout);
        }

        PollTable.End(&table);
        if (found >= 0)
        {
            new ReadOnlySpan<ulong>(results, 3 * Words).CopyTo(new Span<ulong>(sets, 3 * Words));
        }

        return found;
    }

    /// <summary>Milliseconds as ticks, rounded up and one more for the tick that has begun; negative: for ever.</summary>
    internal static int Ticks(long milliseconds)
    {
        if (milliseconds < 0)
        {
            return Forever;
        }

        long ticks = milliseconds > int.MaxValue ? Forever : ((milliseconds * HZ) + 999) / 1000;
        return milliseconds == 0 ? 0 : ticks >= Forever - 1 ? Forever : (int)ticks + 1;
    }

    [RuntimeExport("sys_poll")]
    internal static long SysPoll(PollFd* user, uint count, int milliseconds)
    {
        int ticks = Ticks(milliseconds);
        return PollUser(user, count, ref ticks);
    }

    [RuntimeExport("sys_select")]
    internal static long SysSelect(int count, ulong* reads, ulong* writes, ulong* exceptions, long* time)
    {
        int ticks = Forever;
        if (time != null)
        {
            // A timeval has the same form; its second word are microseconds.
            int error = Uaccess.GetUser(out Timespec value, (Timespec*)time);
            error = error != 0 ? error : value.Seconds < 0 || value.Nanoseconds < 0 ? -EINVAL : 0;
            if (error != 0)
            {
                return error;
            }

            ticks = TicksOf(value.Seconds, (value.Nanoseconds + 999) / 1000);
        }

        long result = SelectUser(count, (uint*)reads, (uint*)writes, (uint*)exceptions, ref ticks);
        if (time != null && result != -EFAULT)
        {
            Uaccess.PutUser(new Timespec { Seconds = ticks / (int)HZ, Nanoseconds = ticks % (int)HZ * (1_000_000 / HZ) }, (Timespec*)time);
        }

        return result;
    }

    [RuntimeExport("compat_sys_select")]
    internal static long CompatSelect(int count, uint* reads, uint* writes, uint* exceptions, uint* time)
    {
        int error = CompatTicks(time, 1000, out int ticks);
        if (error != 0)
        {
            return error;
        }

        long result = SelectUser(count, reads, writes, exceptions, ref ticks);
        if (time != null && result != -EFAULT)
        {
            Uaccess.PutUser((uint)ticks / HZ | ((ulong)((uint)ticks % HZ * (1_000_000 / HZ)) << 32), (ulong*)time);
        }

        return result;
    }

    // The old call 82: the five arguments lie in memory, behind one register.
    [RuntimeExport("compat_sys_old_select")]
    internal static long CompatOldSelect(uint* block)
    {
        uint* arguments = stackalloc uint[5];
        if (Uaccess.CopyFromUser(arguments, block, 5 * sizeof(uint)) != 0)
        {
            return -EFAULT;
        }

        return CompatSelect((int)arguments[0], (uint*)arguments[1], (uint*)arguments[2], (uint*)arguments[3], (uint*)arguments[4]);
    }

    private static uint AskOne(PollFd* fd, PollTable* table)
    {
        if (fd->Fd < 0)
        {
            return 0;
        }

        File* file = FilesStruct.Get((uint)fd->Fd);
        if (file == null)
        {
            return PollEvents.POLLNVAL;
        }

        uint events = PollTable.Ask(file, table) & (fd->Events | PollEvents.POLLERR | PollEvents.POLLHUP);
        Files.Put(file);
        return events;
    }

    private static int AskSets(int fd, ulong* sets, ulong* results, PollTable* table)
    {
        int word = fd / 64;
        ulong bit = 1ul << (fd & 63);
        if (((sets[word] | sets[Words + word] | sets[(2 * Words) + word]) & bit) == 0)
        {
            return 0;
        }

        File* file = FilesStruct.Get((uint)fd);
        if (file == null)
        {
            return -EBADF;
        }

        uint events = PollTable.Ask(file, table);
        Files.Put(file);
        int found = 0;
        for (int set = 0; set < 3; set++)
        {
            uint wanted = set == 0 ? InSet : set == 1 ? OutSet : ExceptionSet;
            if ((sets[(set * Words) + word] & bit) != 0 && (events & wanted) != 0)
            {
                results[(set * Words) + word] |= bit;
                found++;
            }
        }

        return found;
    }

    private static long PollUser(PollFd* user, uint count, ref int ticks)
    {
        if (count > FilesStruct.MaxFiles)
        {
            return -EINVAL;
        }

        nuint size = count * (nuint)sizeof(PollFd);
        var fds = (PollFd*)Kmalloc(size + 1, GfpFlags.Kernel);
        if (fds == null)
        {
            return -ENOMEM;
        }

        long result = Uaccess.CopyFromUser(fds, user, size) != 0 ? -EFAULT : Poll(fds, count, ref ticks);
        for (uint i = 0; result >= 0 && i < count; i++)
        {
            // Not &user[i].Happened: the compiler touches memory when it adds a field's offset to a pointer.
            result = Uaccess.PutUser(fds[i].Happened, (ushort*)(user + i) + 3) != 0 ? -EFAULT : result;
        }

        Kfree(fds);
        return result;
    }

    // Bit maps are little-endian words: those of 32-bit callers are the same bytes, only shorter.
    private static long SelectUser(int count, uint* reads, uint* writes, uint* exceptions, ref int ticks)
    {
        if (count < 0)
        {
            return -EINVAL;
        }

        count = count > FilesStruct.MaxFiles ? FilesStruct.MaxFiles : count;
        ulong* sets = stackalloc ulong[3 * Words];
        new Span<ulong>(sets, 3 * Words).Clear();
        nuint size = (nuint)((count + 31) / 32 * 4);
        uint** users = stackalloc uint*[3];
        users[0] = reads;
        users[1] = writes;
        users[2] = exceptions;
        for (int i = 0; i < 3; i++)
        {
            if (users[i] != null && Uaccess.CopyFromUser(sets + (i * Words), users[i], size) != 0)
            {
                return -EFAULT;
            }
        }

        long result = Select(count, sets, ref ticks);
        for (int i = 0; result >= 0 && i < 3; i++)
        {
            if (users[i] != null && Uaccess.CopyToUser(users[i], sets + (i * Words), size) != 0)
            {
                result = -EFAULT;
            }
        }

        return result;
    }

    private static int TicksOf(Timespec* time, out int ticks)
    {
        ticks = Forever;
        if (time == null)
        {
            return 0;
        }

        int error = Uaccess.GetUser(out Timespec value, time);
        error = error != 0 ? error : value.Seconds < 0 || value.Nanoseconds is < 0 or > 999_999_999 ? -EINVAL : 0;
        ticks = error != 0 ? 0 : TicksOf(value.Seconds, (value.Nanoseconds + 999_999) / 1_000_000);
        return error;
    }

    // Two 32-bit words: seconds and a fraction, of which `perMillisecond` are a millisecond.
    private static int CompatTicks(uint* time, int perMillisecond, out int ticks)
    {
        ticks = Forever;
        if (time == null)
        {
            return 0;
        }

        int error = Uaccess.GetUser(out ulong both, (ulong*)time);
        int seconds = (int)both;
        int fraction = (int)(both >> 32);
        error = error != 0 ? error : seconds < 0 || fraction < 0 ? -EINVAL : 0;
        ticks = error != 0 ? 0 : TicksOf(seconds, (fraction + (long)perMillisecond - 1) / perMillisecond);
        return error;
    }

    private static int TicksOf(long seconds, long milliseconds) => seconds > int.MaxValue / 2000 ? Forever : Ticks((seconds * 1000) + milliseconds);
}
