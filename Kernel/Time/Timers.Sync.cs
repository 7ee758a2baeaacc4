// Timers.Sync: deleting a timer so that nothing of it is left: it is inactive, and its function runs nowhere.
//
// Linux: try_to_del_timer_sync, del_timer_sync, kernel/timer.c. TryToDelTimerSync: any context. DelTimerSync: process context or a softirq; spins, does not
// sleep. Who calls DelTimerSync must hold no lock that the function takes.
// Which timer's function a CPU runs stands in its base, and nowhere in the timer, which the function may have freed. A timer that AddTimerOn has taken away
// from the CPU where its function runs has another base by then: so all CPUs are asked. What the function wrote before Running was
// cleared is visible to who sees it cleared.

using System.Runtime.CompilerServices;

namespace CSharpOS.Time;

public static unsafe partial class Timers
{
    // So many reports; after that misuses are only counted.
    private const int MaxReports = 20;

    private static int s_misuses;

    /// <summary>How often a timer was used in a way that was reported.</summary>
    internal static int Misuses => Shared.ReadOnce(ref s_misuses);

    /// <summary>Makes a timer inactive unless its function is running at this moment. Any context.</summary>
    /// <returns>0 if it was inactive, 1 if it was active; -1: its function runs, and nothing was changed.</returns>
    /// <linux>try_to_del_timer_sync</linux>
    /// <rows>TIME-02</rows>
    public static int TryToDelTimerSync(TimerList* timer)
    {
        TimerBase* timers = LockBase(timer, out ulong flags);
        int result = -1;
        if (RunningCpu(timer) < 0)
        {
            result = 0;
            if (timer->Link.Next != null)
            {
                TimerBase.Detach(timers, timer);
                TracePoints.TimerCancel(timer);
                result = 1;
            }
        }

        UnlockBase(timers, flags);
        return result;
    }

    /// <summary>Makes a timer inactive and waits until its function runs nowhere, also if the function arms the timer again meanwhile: then the object that
    /// holds the timer may be freed, provided that nobody else arms it. Not from hard interrupt context, nor from the function itself, which could only
    /// wait for itself: both are reported, and then it is as <see cref="DelTimer"/>.</summary>
    /// <returns>0 if it was inactive, 1 if it was active.</returns>
    /// <linux>del_timer_sync</linux>
    /// <rows>TIME-02</rows>
    public static int DelTimerSync(TimerList* timer)
    {
        if (InIrq())
        {
            // The handler below us may be the function, or hold what it waits for.
            ReportMisuse("del_timer_sync"u8, timer, "called from interrupt context"u8);
            return DelTimer(timer);
        }

        while (true)
        {
            int result = TryToDelTimerSync(timer);
            if (result >= 0)
            {
                return result;
            }

            PreemptDisable();
            bool here = Shared.ReadOnce(&s_bases.This->Running) == timer;
            PreemptEnable();
            if (here)
            {
                // Softirqs are not preempted, so this is the function.
                ReportMisuse("del_timer_sync"u8, timer, "its own function would wait for itself"u8);
                return DelTimer(timer);
            }

            CpuRelax();
        }
    }

    // The CPU that runs the function of a timer, or -1.
    private static int RunningCpu(TimerList* timer)
    {
        uint online = Smp.OnlineMask;
        for (int cpu = 0; online >> cpu != 0; cpu++)
        {
            if ((online & (1u << cpu)) != 0 && Shared.ReadOnce(&s_bases.On(cpu)->Running) == timer)
            {
                return cpu;
            }
        }

        return -1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReportMisuse(ReadOnlySpan<byte> function, TimerList* timer, ReadOnlySpan<byte> what)
    {
        if (Shared.AddReturn(ref s_misuses, 1) > MaxReports)
        {
            return;
        }

        Printk(LogLevel.Error, $"BUG: {function}: timer {(ulong)timer:x16}: {what}\n");
        DumpStack();
    }
}
