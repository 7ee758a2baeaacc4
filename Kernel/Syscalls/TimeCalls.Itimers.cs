// TimeCalls.Itimers: alarm, setitimer and getitimer.
//
// Linux: kernel/itimer.c, kernel/compat.c. Process context of a program. ITIMER_REAL counts time (IntervalTimers), the others time of the processor (CpuTimers).

using System.Runtime;

namespace CSharpOS.Syscalls;

internal static unsafe partial class TimeCalls
{
    private const int ItimerReal = 0, ItimerVirtual = 1, ItimerProf = 2;
    private const long Second = 1_000_000_000;

    [RuntimeExport("sys_alarm")]
    private static long SysAlarm(uint seconds)
    {
        IntervalTimers.Set(Current->Process, seconds * Second, 0, out long left, out _);

        // Rounded, but a running alarm never looks as if it were off.
        return left == 0 ? 0 : Math.Max(1, (left + (Second / 2)) / Second);
    }

    [RuntimeExport("sys_setitimer")]
    private static long SysSetitimer(int which, Timeval64* value, Timeval64* old)
    {
        Timeval64 interval = default, first = default;
        if (value != null && (Uaccess.GetUser(out interval, value) != 0 || Uaccess.GetUser(out first, value + 1) != 0))
        {
            return -EFAULT;
        }

        if (!interval.IsValid || !first.IsValid || !SetItimer(which, first.Nanoseconds, interval.Nanoseconds, out long left, out long every))
        {
            return -EINVAL;
        }

        return old == null ? 0 : Put(old, left, every);
    }

    [RuntimeExport("compat_sys_setitimer")]
    private static long CompatSysSetitimer(int which, Timeval32* value, Timeval32* old)
    {
        Timeval32 interval = default, first = default;
        if (value != null && (Uaccess.GetUser(out interval, value) != 0 || Uaccess.GetUser(out first, value + 1) != 0))
        {
            return -EFAULT;
        }

        if (!interval.IsValid || !first.IsValid || !SetItimer(which, first.Nanoseconds, interval.Nanoseconds, out long left, out long every))
        {
            return -EINVAL;
        }

        return old == null ? 0 : Put(old, left, every);
    }

    [RuntimeExport("sys_getitimer")]
    private static long SysGetitimer(int which, Timeval64* value) =>
        GetItimer(which, out long left, out long every) ? Put(value, left, every) : -EINVAL;

    [RuntimeExport("compat_sys_getitimer")]
    private static long CompatSysGetitimer(int which, Timeval32* value) =>
        GetItimer(which, out long left, out long every) ? Put(value, left, every) : -EINVAL;

    private static bool SetItimer(int which, long value, long interval, out long left, out long every)
    {
        Process* process = Current->Process;
        left = every = 0;
        switch (which)
        {
            case ItimerReal:
                IntervalTimers.Set(process, value, interval, out left, out every);
                return true;
            case ItimerVirtual:
                CpuTimers.Set(process, ref process->VirtualTimer, value, interval, out left, out every);
                return true;
            case ItimerProf:
                CpuTimers.Set(process, ref process->ProfTimer, value, interval, out left, out every);
                return true;
            default:
                return false;
        }
    }

    private static bool GetItimer(int which, out long left, out long every)
    {
        Process* process = Current->Process;
        left = every = 0;
        switch (which)
        {
            case ItimerReal:
                IntervalTimers.Get(process, out left, out every);
                return true;
            case ItimerVirtual:
                CpuTimers.Get(process, ref process->VirtualTimer, out left, out every);
                return true;
            case ItimerProf:
                CpuTimers.Get(process, ref process->ProfTimer, out left, out every);
                return true;
            default:
                return false;
        }
    }

    // An itimerval: the interval, then what is left.
    private static long Put(Timeval64* to, long left, long every) =>
        Uaccess.PutUser(Timeval64.FromNanoseconds(every), to) != 0 ? -EFAULT : Uaccess.PutUser(Timeval64.FromNanoseconds(left), to + 1);

    private static long Put(Timeval32* to, long left, long every) =>
        Uaccess.PutUser(Timeval32.FromNanoseconds(every), to) != 0 ? -EFAULT : Uaccess.PutUser(Timeval32.FromNanoseconds(left), to + 1);
}
