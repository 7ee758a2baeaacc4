// TimeCalls: the system calls about time.
//
// Linux: kernel/time.c, kernel/hrtimer.c, kernel/posix-timers.c, kernel/compat.c. Process context of a program; the sleeping ones are ended by
// a signal and go on through restart_syscall if no handler runs. 32-bit callers have times of 32 bits.

using System.Runtime;

namespace CSharpOS.Syscalls;

/// <summary>Clocks, sleeping, interval timers and POSIX timers.</summary>
/// <rows>TIME-06</rows>
internal static unsafe partial class TimeCalls
{
    [RuntimeExport("sys_time")]
    private static long SysTime(long* where)
    {
        long now = Xtime.Seconds;
        return where != null && Uaccess.PutUser(now, where) != 0 ? -EFAULT : now;
    }

    [RuntimeExport("compat_sys_time")]
    private static long CompatSysTime(int* where)
    {
        int now = (int)Xtime.Seconds;
        return where != null && Uaccess.PutUser(now, where) != 0 ? -EFAULT : now;
    }

    [RuntimeExport("compat_sys_stime")]
    private static long CompatSysStime(int* where)
    {
        if (Uaccess.GetUser(out int seconds, where) != 0)
        {
            return -EFAULT;
        }

        return Capabilities.Capable(Capability.SysTime) ? Clocks.SetXtime(seconds, 0) : -EPERM;
    }

    [RuntimeExport("sys_gettimeofday")]
    private static long SysGettimeofday(Timeval64* time, long* zone)
    {
        bool good = time == null || Uaccess.PutUser(Timeval64.FromNanoseconds(Clocks.Now()), time) == 0;
        return good && (zone == null || Uaccess.PutUser(0L, zone) == 0) ? 0 : -EFAULT;
    }

    [RuntimeExport("compat_sys_gettimeofday")]
    private static long CompatSysGettimeofday(Timeval32* time, long* zone)
    {
        bool good = time == null || Uaccess.PutUser(Timeval32.FromNanoseconds(Clocks.Now()), time) == 0;
        return good && (zone == null || Uaccess.PutUser(0L, zone) == 0) ? 0 : -EFAULT;
    }

    [RuntimeExport("sys_settimeofday")]
    private static long SysSettimeofday(Timeval64* time, void* zone)
    {
        if (time == null)
        {
            return 0;
        }

        return Uaccess.GetUser(out Timeval64 given, time) != 0 ? -EFAULT : Clocks.Set(given.IsValid, given.Sec, given.Usec * 1000);
    }

    [RuntimeExport("compat_sys_settimeofday")]
    private static long CompatSysSettimeofday(Timeval32* time, void* zone)
    {
        if (time == null)
        {
            return 0;
        }

        return Uaccess.GetUser(out Timeval32 given, time) != 0 ? -EFAULT : Clocks.Set(given.IsValid, given.Sec, given.Usec * 1000L);
    }

    [RuntimeExport("sys_clock_gettime")]
    private static long SysClockGettime(int clock, Timespec64* time)
    {
        long now = Clocks.Read(clock);
        return now < 0 ? now : Uaccess.PutUser(Timespec64.FromNanoseconds(now), time);
    }

    [RuntimeExport("compat_sys_clock_gettime")]
    private static long CompatSysClockGettime(int clock, Timespec32* time)
    {
        long now = Clocks.Read(clock);
        return now < 0 ? now : Uaccess.PutUser(Timespec32.FromNanoseconds(now), time);
    }

    [RuntimeExport("sys_clock_settime")]
    private static long SysClockSettime(int clock, Timespec64* time)
    {
        if (Uaccess.GetUser(out Timespec64 given, time) != 0)
        {
            return -EFAULT;
        }

        return clock != Clocks.Realtime ? -EINVAL : Clocks.Set(given.IsValid, given.Sec, given.Nsec);
    }

    [RuntimeExport("compat_sys_clock_settime")]
    private static long CompatSysClockSettime(int clock, Timespec32* time)
    {
        if (Uaccess.GetUser(out Timespec32 given, time) != 0)
        {
            return -EFAULT;
        }

        return clock != Clocks.Realtime ? -EINVAL : Clocks.Set(given.IsValid, given.Sec, given.Nsec);
    }

    [RuntimeExport("sys_clock_getres")]
    private static long SysClockGetres(int clock, Timespec64* time) =>
        Clocks.Read(clock) < 0 ? -EINVAL : time == null ? 0 : Uaccess.PutUser(Timespec64.FromNanoseconds(HrtimerGetRes()), time);

    [RuntimeExport("compat_sys_clock_getres")]
    private static long CompatSysClockGetres(int clock, Timespec32* time) =>
        Clocks.Read(clock) < 0 ? -EINVAL : time == null ? 0 : Uaccess.PutUser(Timespec32.FromNanoseconds(HrtimerGetRes()), time);

    [RuntimeExport("sys_nanosleep")]
    private static long SysNanosleep(Timespec64* time, Timespec64* left)
    {
        if (Uaccess.GetUser(out Timespec64 given, time) != 0)
        {
            return -EFAULT;
        }

        return !given.IsValid ? -EINVAL : Sleep(given.Nanoseconds, absolute: false, left, &PutLeft64);
    }

    [RuntimeExport("compat_sys_nanosleep")]
    private static long CompatSysNanosleep(Timespec32* time, Timespec32* left)
    {
        if (Uaccess.GetUser(out Timespec32 given, time) != 0)
        {
            return -EFAULT;
        }

        return !given.IsValid ? -EINVAL : Sleep(given.Nanoseconds, absolute: false, left, &PutLeft32);
    }

    [RuntimeExport("sys_clock_nanosleep")]
    private static long SysClockNanosleep(int clock, int flags, Timespec64* time, Timespec64* left)
    {
        if (Uaccess.GetUser(out Timespec64 given, time) != 0)
        {
            return -EFAULT;
        }

        return !given.IsValid ? -EINVAL : ClockSleep(clock, flags, given.Nanoseconds, left, &PutLeft64);
    }

    [RuntimeExport("compat_sys_clock_nanosleep")]
    private static long CompatSysClockNanosleep(int clock, int flags, Timespec32* time, Timespec32* left)
    {
        if (Uaccess.GetUser(out Timespec32 given, time) != 0)
        {
            return -EFAULT;
        }

        return !given.IsValid ? -EINVAL : ClockSleep(clock, flags, given.Nanoseconds, left, &PutLeft32);
    }

    [RuntimeExport("sys_restart_syscall")]
    private static long SysRestartSyscall()
    {
        ref RestartBlock block = ref Current->Restart;
        RestartBlock copy = block;
        return copy.Function == null ? -EINTR : copy.Function(&copy);
    }

    private static long ClockSleep(int clock, int flags, long time, void* left, delegate*<void*, long, int> putLeft)
    {
        if (!Clocks.CanWait(clock))
        {
            return -EINVAL;
        }

        if ((flags & Clocks.TimerAbsolute) == 0)
        {
            return Sleep(time, absolute: false, left, putLeft);
        }

        // A time of day is turned into one of the clock that is never set.
        return Sleep(clock == Clocks.Realtime ? Clocks.FromRealtime(time) : time, absolute: true, null, putLeft);
    }

    private static long Sleep(long time, bool absolute, void* left, delegate*<void*, long, int> putLeft)
    {
        long end = absolute ? time : time > long.MaxValue - KtimeGet() ? long.MaxValue : KtimeGet() + time;
        int result = HrtimerNanosleep(end, HrtimerMode.Abs, out long remaining);
        if (result == 0)
        {
            return 0;
        }

        if (absolute)
        {
            // The same call again is the rest of it.
            return -ERESTARTNOHAND;
        }

        if (left != null && putLeft(left, remaining) != 0)
        {
            return -EFAULT;
        }

        Current->Restart = new RestartBlock { Function = &SleepOn, End = end, Left = left, PutLeft = putLeft };
        return -ERESTART_RESTARTBLOCK;
    }

    private static long SleepOn(RestartBlock* block)
    {
        int result = HrtimerNanosleep(block->End, HrtimerMode.Abs, out long remaining);
        if (result == 0)
        {
            return 0;
        }

        return block->Left != null && block->PutLeft(block->Left, remaining) != 0 ? -EFAULT : -ERESTART_RESTARTBLOCK;
    }

    private static int PutLeft64(void* where, long time) => Uaccess.PutUser(Timespec64.FromNanoseconds(time), (Timespec64*)where);

    private static int PutLeft32(void* where, long time) => Uaccess.PutUser(Timespec32.FromNanoseconds(time), (Timespec32*)where);
}
