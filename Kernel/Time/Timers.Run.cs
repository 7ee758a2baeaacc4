// Timers.Run: the softirq that calls the functions of timers that are due.
//
// Linux: run_local_timers, run_timer_softirq, __run_timers, kernel/timer.c. RunLocalTimers: each CPU's tick, hard interrupt context, interrupts off.
// RunTimerSoftirq: softirq context, interrupts on; functions are called without any lock. Only its own CPU serves a base.
// A timer that a function arms for now or for the past is due at the next tick, not in this run: nothing that re-arms itself keeps the CPU.

using System.Runtime.CompilerServices;

namespace CSharpOS.Time;

public static unsafe partial class Timers
{
    /// <summary>A tick of this CPU: what is due runs when the interrupt is over.</summary>
    /// <linux>run_local_timers</linux>
    /// <rows>TIME-03</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void RunLocalTimers() => RaiseSoftirqIrqoff(TimerSoftirq);

    private static void InitSoftirq() => OpenSoftirq(TimerSoftirq, &RunTimerSoftirq);

    // Linux: run_timer_softirq.
    private static void RunTimerSoftirq(SoftirqAction* unused) => RunExpired();

    /// <summary>Calls what is due on this CPU.</summary>
    /// <linux>__run_timers</linux>
    /// <rows>TIME-03</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void RunExpired()
    {
        TimerBase* timers = s_bases.This;
        if (TimeBefore(Jiffies, timers->Next))
        {
            return;
        }

        timers->Lock.LockIrq();
        while (TimeAfterEq(Jiffies, timers->Next))
        {
            uint slot = timers->Next % TimerBase.RootSlots;
            if (slot == 0)
            {
                TimerBase.Cascade(timers);
            }

            timers->Next++;
            ListHead* due = TimerBase.Slot(timers, (int)slot);
            if (!ListHead.Empty(due))
            {
                ListHead.SpliceInit(due, &timers->Due);
                RunDue(timers);
            }
        }

        timers->Lock.UnlockIrq();
    }

    // Another CPU, or a function called here, may take any timer out of the list while it is not locked.
    private static void RunDue(TimerBase* timers)
    {
        while (!ListHead.Empty(&timers->Due))
        {
            var timer = (TimerList*)timers->Due.Next;
            delegate*<ulong, void> function = timer->Function;
            ulong data = timer->Data;
            Shared.WriteOnce(&timers->Running, timer);
            TimerBase.Detach(timers, timer);
            timers->Expired++;
            timers->Lock.UnlockIrq();
            TracePoints.TimerExpireEntry(timer, function, Jiffies);
            Call(function, data);
            TracePoints.TimerExpireExit(timer);
            timers->Lock.LockIrq();
            Shared.WriteOnce(&timers->Running, null);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Call(delegate*<ulong, void> function, ulong data)
    {
#if DEBUG_CHECKS
        int count = PreemptCount();
        function(data);
        if (PreemptCount() != count)
        {
            ReportPreemptCount(function, count);
        }
#else
        function(data);
#endif
    }

#if DEBUG_CHECKS
    // A function that kept a spin lock, or gave one back that it did not have. The count is put right, so that the machine goes on.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReportPreemptCount(delegate*<ulong, void> function, int expected)
    {
        int found = PreemptCount();
        Cpu.PreemptCountAdd(expected - found);
        Printk(LogLevel.Error, $"BUG: timer function {(ulong)function:x16} changed preempt_count from {expected:x8} to {found:x8}\n");
        DumpStack();
    }
#endif
}
