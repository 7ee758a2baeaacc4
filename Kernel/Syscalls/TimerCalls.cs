// TimerCalls: timer_create and what belongs to it.
//
// Linux: kernel/posix-timers.c, kernel/compat.c. Process context of a program; they do not wait, but copying may sleep. The timers: PosixTimers. A structure for a
// timer's time is two timespecs, the interval first.

using System.Runtime;
using System.Runtime.InteropServices;

namespace CSharpOS.Syscalls;

/// <summary>POSIX timers.</summary>
/// <rows>TIME-06</rows>
internal static unsafe class TimerCalls
{
    /// <linux>SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD_ID</linux>
    private const int NotifySignal = 0, NotifyNone = 1, NotifyThread = 4;

    [RuntimeExport("sys_timer_create")]
    private static long SysTimerCreate(int clock, SigEvent64* notify, int* id)
    {
        SigEvent64 given = new() { Signo = Signal.SIGALRM };
        if (notify != null && Uaccess.GetUser(out given, notify) != 0)
        {
            return -EFAULT;
        }

        return Create(clock, notify == null, given.Value, given.Signo, given.Notify, given.Thread, id);
    }

    [RuntimeExport("compat_sys_timer_create")]
    private static long CompatSysTimerCreate(int clock, SigEvent32* notify, int* id)
    {
        SigEvent32 given = new() { Signo = Signal.SIGALRM };
        if (notify != null && Uaccess.GetUser(out given, notify) != 0)
        {
            return -EFAULT;
        }

        return Create(clock, notify == null, given.Value, given.Signo, given.Notify, given.Thread, id);
    }

    [RuntimeExport("sys_timer_settime")]
    private static long SysTimerSettime(int id, int flags, Timespec64* value, Timespec64* old)
    {
        if (value == null)
        {
            return -EINVAL;
        }

        if (Uaccess.GetUser(out Timespec64 interval, value) != 0 || Uaccess.GetUser(out Timespec64 time, value + 1) != 0)
        {
            return -EFAULT;
        }

        if (!interval.IsValid || !time.IsValid)
        {
            return -EINVAL;
        }

        long error = Set(id, flags, time.Nanoseconds, interval.Nanoseconds, out long left, out long every);
        return error != 0 || old == null ? error : Put(old, left, every);
    }

    [RuntimeExport("compat_sys_timer_settime")]
    private static long CompatSysTimerSettime(int id, int flags, Timespec32* value, Timespec32* old)
    {
        if (value == null)
        {
            return -EINVAL;
        }

        if (Uaccess.GetUser(out Timespec32 interval, value) != 0 || Uaccess.GetUser(out Timespec32 time, value + 1) != 0)
        {
            return -EFAULT;
        }

        if (!interval.IsValid || !time.IsValid)
        {
            return -EINVAL;
        }

        long error = Set(id, flags, time.Nanoseconds, interval.Nanoseconds, out long left, out long every);
        return error != 0 || old == null ? error : Put(old, left, every);
    }

    [RuntimeExport("sys_timer_gettime")]
    private static long SysTimerGettime(int id, Timespec64* value)
    {
        int error = PosixTimers.Get(Current->Process, id, out long left, out long every);
        return error != 0 ? error : Put(value, left, every);
    }

    [RuntimeExport("compat_sys_timer_gettime")]
    private static long CompatSysTimerGettime(int id, Timespec32* value)
    {
        int error = PosixTimers.Get(Current->Process, id, out long left, out long every);
        return error != 0 ? error : Put(value, left, every);
    }

    [RuntimeExport("sys_timer_getoverrun")]
    private static long SysTimerGetoverrun(int id) => PosixTimers.GetOverrun(Current->Process, id);

    [RuntimeExport("sys_timer_delete")]
    private static long SysTimerDelete(int id) => PosixTimers.Delete(Current->Process, id);

    // Without a description (ownValue): SIGALRM, and the handler is told the timer's number.
    private static long Create(int clock, bool ownValue, ulong value, int signo, int notify, int tid, int* id)
    {
        bool none = notify == NotifyNone;
        if (!Clocks.CanWait(clock) || notify is not (NotifySignal or NotifyNone or NotifyThread) || (!none && !Signal.IsValid(signo)))
        {
            return -EINVAL;
        }

        TaskStruct* thread = notify == NotifyThread ? FindThread(tid) : null;
        if (notify == NotifyThread && thread == null)
        {
            return -EINVAL;
        }

        int error = PosixTimers.Create(Current->Process, clock, none ? 0 : signo, thread, out PosixTimer* timer);
        if (error != 0)
        {
            if (thread != null)
            {
                Tasks.Put(thread);
            }

            return error;
        }

        timer->Value = ownValue ? (ulong)timer->Id : value;
        if (Uaccess.PutUser(timer->Id, id) != 0)
        {
            PosixTimers.Abandon(timer);
            return -EFAULT;
        }

        PosixTimers.Publish(timer);
        return 0;
    }

    // A thread of the caller's process, held; null if there is none of that number.
    private static TaskStruct* FindThread(int tid)
    {
        TaskStruct* thread = Tasks.Find(tid);
        if (thread == null)
        {
            return null;
        }

        // Found by number it is a thread that is still there, or a leader that has ended.
        Process* process = Current->Process;
        process->Lock.LockIrq();
        bool mine = thread->Process == process && !ListHead.Empty(&thread->ThreadLink);
        process->Lock.UnlockIrq();
        if (!mine)
        {
            Tasks.Put(thread);
        }

        return mine ? thread : null;
    }

    private static long Set(int id, int flags, long time, long interval, out long left, out long every) =>
        PosixTimers.Set(Current->Process, id, time, (flags & Clocks.TimerAbsolute) != 0, interval, out left, out every);

    private static long Put(Timespec64* to, long left, long every) =>
        Uaccess.PutUser(Timespec64.FromNanoseconds(every), to) != 0 ? -EFAULT : Uaccess.PutUser(Timespec64.FromNanoseconds(left), to + 1);

    private static long Put(Timespec32* to, long left, long every) =>
        Uaccess.PutUser(Timespec32.FromNanoseconds(every), to) != 0 ? -EFAULT : Uaccess.PutUser(Timespec32.FromNanoseconds(left), to + 1);

    // struct sigevent: 64 bytes in both.
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct SigEvent64
    {
        public ulong Value;
        public int Signo, Notify, Thread;
    }

    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct SigEvent32
    {
        public uint Value;
        public int Signo, Notify, Thread;
    }
}
