// TracePoints: what the mechanisms call when something happens.
//
// Linux: TRACE_EVENT of include/trace/events/{irq,timer,workqueue,sched,lock}.h, same names, same fields. Any context, an NMI included; nothing sleeps, no
// lock is taken: the scheduler calls them with a run queue locked. A point is inlined; while tracing is off it is a load and a branch.

using System.Runtime.CompilerServices;

namespace CSharpOS.Tracing;

/// <summary>The static trace points.</summary>
public static unsafe class TracePoints
{
    /// <linux>trace_irq_handler_entry</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void IrqHandlerEntry(int irq, IrqAction* action)
    {
        if (Trace.Enabled)
        {
            WriteIrqHandlerEntry(irq, action);
        }
    }

    // By itself, because a caller would clear the place of a span even while tracing is off.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WriteIrqHandlerEntry(int irq, IrqAction* action)
    {
        ReadOnlySpan<byte> name = action->Name;
        fixed (byte* text = name)
        {
            Trace.Write(TraceEvent.IrqHandlerEntry, (ulong)irq, (ulong)text, (ulong)name.Length);
        }
    }

    /// <linux>trace_irq_handler_exit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void IrqHandlerExit(int irq, IrqReturn result)
    {
        if (Trace.Enabled)
        {
            Trace.Write(TraceEvent.IrqHandlerExit, (ulong)irq, (ulong)result, 0);
        }
    }

    /// <linux>trace_softirq_raise</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void SoftirqRaise(SoftirqNr nr)
    {
        if (Trace.Enabled)
        {
            Trace.Write(TraceEvent.SoftirqRaise, (ulong)nr, 0, 0);
        }
    }

    /// <linux>trace_softirq_entry</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void SoftirqEntry(int nr)
    {
        if (Trace.Enabled)
        {
            Trace.Write(TraceEvent.SoftirqEntry, (ulong)nr, 0, 0);
        }
    }

    /// <linux>trace_softirq_exit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void SoftirqExit(int nr)
    {
        if (Trace.Enabled)
        {
            Trace.Write(TraceEvent.SoftirqExit, (ulong)nr, 0, 0);
        }
    }

    /// <linux>trace_tasklet_entry</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void TaskletEntry(void* tasklet, void* function)
    {
        if (Trace.Enabled)
        {
            Trace.Write(TraceEvent.TaskletEntry, (ulong)tasklet, (ulong)function, 0);
        }
    }

    /// <linux>trace_tasklet_exit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void TaskletExit(void* tasklet, void* function)
    {
        if (Trace.Enabled)
        {
            Trace.Write(TraceEvent.TaskletExit, (ulong)tasklet, (ulong)function, 0);
        }
    }

    /// <linux>trace_timer_start</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void TimerStart(void* timer, void* function, uint expires)
    {
        if (Trace.Enabled)
        {
            Trace.Write(TraceEvent.TimerStart, (ulong)timer, (ulong)function, expires);
        }
    }

    /// <linux>trace_timer_cancel</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void TimerCancel(void* timer)
    {
        if (Trace.Enabled)
        {
            Trace.Write(TraceEvent.TimerCancel, (ulong)timer, 0, 0);
        }
    }

    /// <linux>trace_timer_expire_entry</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void TimerExpireEntry(void* timer, void* function, uint now)
    {
        if (Trace.Enabled)
        {
            Trace.Write(TraceEvent.TimerExpireEntry, (ulong)timer, (ulong)function, now);
        }
    }

    /// <linux>trace_timer_expire_exit</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void TimerExpireExit(void* timer)
    {
        if (Trace.Enabled)
        {
            Trace.Write(TraceEvent.TimerExpireExit, (ulong)timer, 0, 0);
        }
    }

    /// <summary>A timer was armed, by a call or by its own function's wish for a restart.</summary>
    /// <linux>trace_hrtimer_start</linux>
    /// <rows>TIME-06</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void HrtimerStart(Hrtimer* timer, HrtimerMode mode)
    {
        if (Trace.Enabled)
        {
            Trace.WriteHrtimerStart(timer, mode);
        }
    }

    /// <summary>An active timer was made inactive; not one whose time has come.</summary>
    /// <linux>trace_hrtimer_cancel</linux>
    /// <rows>TIME-06</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void HrtimerCancel(Hrtimer* timer)
    {
        if (Trace.Enabled)
        {
            Trace.Write(TraceEvent.HrtimerCancel, (ulong)timer, 0, 0);
        }
    }

    /// <linux>trace_hrtimer_expire_entry</linux>
    /// <rows>TIME-06</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void HrtimerExpireEntry(Hrtimer* timer)
    {
        if (Trace.Enabled)
        {
            WriteHrtimerExpireEntry(timer);
        }
    }

    // By itself: reading the clock is long.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WriteHrtimerExpireEntry(Hrtimer* timer) =>
        Trace.Write(TraceEvent.HrtimerExpireEntry, (ulong)timer, (ulong)timer->Function, (ulong)KtimeGet());

    /// <summary>The function has returned; the timer may be gone.</summary>
    /// <linux>trace_hrtimer_expire_exit</linux>
    /// <rows>TIME-06</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void HrtimerExpireExit(void* timer)
    {
        if (Trace.Enabled)
        {
            Trace.Write(TraceEvent.HrtimerExpireExit, (ulong)timer, 0, 0);
        }
    }

    /// <summary>A work was put into a list: two events, since here a work is active as soon as it is queued.</summary>
    /// <linux>trace_workqueue_queue_work</linux>
    /// <rows>WORK-08</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void WorkqueueQueueWork(CpuWorkqueueStruct* cwq, WorkStruct* work)
    {
        if (Trace.Enabled)
        {
            Trace.WriteQueueWork(cwq, work);
        }
    }

    /// <linux>trace_workqueue_execute_start</linux>
    /// <rows>WORK-08</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void WorkqueueExecuteStart(WorkStruct* work, void* function)
    {
        if (Trace.Enabled)
        {
            Trace.Write(TraceEvent.WorkqueueExecuteStart, (ulong)work, (ulong)function, 0);
        }
    }

    /// <summary>The handler has returned; the work may be gone.</summary>
    /// <linux>trace_workqueue_execute_end</linux>
    /// <rows>WORK-08</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void WorkqueueExecuteEnd(WorkStruct* work, void* function)
    {
        if (Trace.Enabled)
        {
            Trace.Write(TraceEvent.WorkqueueExecuteEnd, (ulong)work, (ulong)function, 0);
        }
    }

    /// <linux>trace_sched_wakeup</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void SchedWakeup(TaskStruct* task)
    {
        if (Trace.Enabled)
        {
            Trace.WriteTask(TraceEvent.SchedWakeup, task, (uint)task->Prio, (uint)task->Cpu);
        }
    }

    /// <linux>trace_sched_switch</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void SchedSwitch(TaskStruct* previous, TaskStruct* next, bool preempted)
    {
        if (Trace.Enabled)
        {
            ulong priorities = (uint)previous->Prio | ((ulong)(uint)next->Prio << 32);
            Trace.WriteTask(TraceEvent.SchedSwitch, next, priorities, preempted ? 0 : (uint)previous->State);
        }
    }

    /// <linux>trace_contention_begin</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void ContentionBegin(void* spinLock)
    {
        if (Trace.Enabled)
        {
            Trace.Write(TraceEvent.ContentionBegin, (ulong)spinLock, 0, 0);
        }
    }

    /// <linux>trace_contention_end</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void ContentionEnd(void* spinLock)
    {
        if (Trace.Enabled)
        {
            Trace.Write(TraceEvent.ContentionEnd, (ulong)spinLock, 0, 0);
        }
    }
}
