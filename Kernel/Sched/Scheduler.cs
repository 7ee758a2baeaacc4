// Scheduler: which task runs next, and the switch to it.
//
// Linux: schedule(), context_switch() and finish_task_switch() of kernel/sched.c (2.6, the O(1) scheduler). Schedule is called in process
// context with interrupts on and preempt_count zero; PreemptSchedule and PreemptScheduleIrq by the kernel's own preemption points.
// Lock: this CPU's run queue, held across the switch.
// Invariants: Hot->Current == rq->Current whenever the run queue is unlocked; need_resched is a word of the CPU, set with the run queue
// locked or by the CPU itself, cleared by schedule() before it picks.

using System.Runtime;
using System.Runtime.CompilerServices;

namespace CSharpOS.Sched;

/// <summary>The O(1) scheduler.</summary>
/// <rows>KT-04</rows>
public static unsafe partial class Scheduler
{
    /// <summary>True once tasks can be switched.</summary>
    public static bool Running { get; internal set; }

    /// <summary>Gives the CPU to the most urgent runnable task. A task whose state is not Running sleeps until it is woken.
    /// Process context; sleeps; reported in atomic context.</summary>
    /// <linux>schedule</linux>
    public static void Schedule()
    {
        if (InAtomic())
        {
            Debugging.ContextReport.SchedulingWhileAtomic();
        }

        do
        {
            SwitchOnce(preempted: false);
        }
        while (NeedResched());
    }

    /// <summary>Gives the CPU away if somebody more urgent waits; the task stays runnable, whatever state it has set. Reported in atomic
    /// context.</summary>
    /// <returns>True if it did.</returns>
    /// <linux>cond_resched</linux>
    /// <rows>TIME-01</rows>
    public static bool CondResched()
    {
        MightSleep();
        if (!NeedResched() || !Running)
        {
            return false;
        }

        if (InAtomic())
        {
            Debugging.ContextReport.SchedulingWhileAtomic();
        }

        do
        {
            SwitchOnce(preempted: true);
        }
        while (NeedResched());
        return true;
    }

    /// <summary>Lets every other runnable task of this CPU go first; real-time tasks only those of the same priority. Process context; the task stays
    /// runnable.</summary>
    /// <linux>yield</linux>
    public static void Yield()
    {
        SetCurrentStateNoBarrier(TaskState.Running);
        ulong flags = LocalIrqSave();
        RunQueue* rq = RunQueues.This;
        rq->Lock.LockNoPreempt();
        TaskStruct* task = rq->Current;
        if (!task->IsIdle)
        {
            // Real-time tasks stay in their queue; others wait for the next round.
            PriorityArray* target = task->Policy == SchedPolicy.Normal ? rq->Expired : rq->Active;
            PriorityArray.Dequeue(task->Array, task);
            PriorityArray.Enqueue(target, task);
        }

        rq->Lock.ReleaseNoPreempt();
        LocalIrqRestore(flags);
        Schedule();

        // Who yields waits for something: alone on its CPU it spins.
        CpuRelax();
    }

    /// <summary>True if the running task should give the CPU away soon.</summary>
    /// <linux>need_resched</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool NeedResched() => Cpu.NeedResched;

    /// <summary>Sets the state of the running task, with a full barrier: what is tested afterwards is read afterwards.</summary>
    /// <linux>set_current_state</linux>
    /// <rows>KT-05</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetCurrentState(TaskState state) => Shared.Exchange(ref Current->State, (int)state);

    /// <summary>Sets the state without a barrier: enough on the way back to Running.</summary>
    /// <linux>__set_current_state</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetCurrentStateNoBarrier(TaskState state) => Shared.WriteOnce(ref Current->State, (int)state);

#if PREEMPT
    /// <summary>Preemption at the end of a preemption-off stretch.</summary>
    /// <linux>preempt_schedule</linux>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void PreemptSchedule()
    {
        if (IrqsDisabled())
        {
            return;
        }

        // The test is made with preempt_count zero: an interrupt that comes after it preempts by itself, one before it is seen here.
        do
        {
            SwitchOnce(preempted: true);
        }
        while (NeedResched());
    }

    /// <summary>Preemption on return from an interrupt: called by the entry stub, interrupts off, preempt_count zero.</summary>
    /// <linux>preempt_schedule_irq</linux>
    /// <rows>IRQ-10</rows>
    [RuntimeExport("arch_preempt_schedule_irq")]
    private static void PreemptScheduleIrq()
    {
#if DEBUG_CHECKS
        TraceHardirqsOff();
#endif

        // Held throughout: an interrupt at the end of the switch must not preempt the preemption, and so fill the stack.
        PreemptDisable();
        do
        {
            SwitchOnce(preempted: true);
            LocalIrqDisable();
        }
        while (NeedResched());
        PreemptEnableNoResched();
#if DEBUG_CHECKS
        TraceHardirqsOn();
#endif
    }
#endif

    /// <summary>The last thing that a task does. It becomes dead with its run queue locked: a waker that has just seen another state there would
    /// overwrite it. Interrupts are off from then on: a preempted task stays in its run queue, and a dead one there would be freed and run.</summary>
    internal static void Retire()
    {
        PreemptDisable();
        LocalIrqDisable();
        RunQueue* rq = RunQueues.This;
        rq->Lock.LockNoPreempt();
        rq->Current->State = (int)TaskState.Dead;
        rq->Lock.ReleaseNoPreempt();
        SwitchOnce(preempted: false);
    }

    // One decision. A preempted task stays runnable whatever its state says: it may be about to look at its condition once more.
    private static void SwitchOnce(bool preempted)
    {
        PreemptDisable();
#if DEBUG_CHECKS
        Debugging.StackEnd.Check(Current);
#endif
        RunQueue* rq = RunQueues.This;
        LocalIrqDisable();
        RunQueues.LockOf(rq)->LockNoPreempt();
        TaskStruct* previous = rq->Current;
        ulong now = Clock.SchedClock();
        Account(previous, now);
        if (!preempted && previous->State != (int)TaskState.Running)
        {
            if (previous->State == (int)TaskState.Interruptible && previous->PendingSignals != 0)
            {
                previous->State = (int)TaskState.Running;
            }
            else if (previous->Array != null)
            {
                RunQueue.Deactivate(rq, previous);
            }
        }

        TaskStruct* next = PickNext(rq);
        Cpu.NeedResched = false;
        if (next == previous)
        {
            rq->Stays++;
            rq->Lock.ReleaseNoPreempt();
            LocalIrqEnable();
            PreemptEnableNoResched();
            return;
        }

        if (preempted || previous->State == (int)TaskState.Running)
        {
            previous->InvoluntarySwitches++;
        }
        else
        {
            previous->VoluntarySwitches++;
        }

        next->Timestamp = now;
        rq->Switches++;
        TracePoints.SchedSwitch(previous, next, preempted);
        rq->Current = next;
        previous->SavedPreemptCount = PreemptCount();
        rq->Lock.HandOver();
        TaskStruct* last = ContextSwitch.SwitchTo(previous, next);

        // Another CPU perhaps, and a long time later: nothing from before the switch is valid but what lies on the stack.
        FinishSwitch(last);
        PreemptEnableNoResched();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TaskStruct* PickNext(RunQueue* rq)
    {
        if (rq->RunningCount == 0)
        {
            IdleBalance(rq);
            if (rq->RunningCount == 0)
            {
                rq->ExpiredTimestamp = 0;
                return rq->Idle;
            }
        }

        if (rq->Active->TaskCount == 0)
        {
            RunQueue.SwapArrays(rq);
        }

        return PriorityArray.First(rq->Active);
    }

    // Runs as the task switched to: releases the run queue and buries the dead.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FinishSwitch(TaskStruct* last)
    {
        RunQueue* rq = RunQueues.This;
        RunQueues.LockOf(rq)->TakeOver();
        int state = last->State;
        RunQueues.LockOf(rq)->ReleaseNoPreempt();
        MmStruct* dropped = UserSwitch.TakeDropped();
        LocalIrqEnable();
        if (dropped != null)
        {
            AddressSpaces.Drop(dropped);
        }

        if (state == (int)TaskState.Dead)
        {
            Tasks.Put(last);
        }
    }

    /// <summary>The first code of a new task, called by the assembly it starts in.</summary>
    /// <linux>schedule_tail</linux>
    [RuntimeExport("arch_schedule_tail")]
    internal static void ScheduleTail(TaskStruct* last)
    {
        FinishSwitch(last);

        // Looks at need_resched: whoever became urgent during the switch found preemption off.
        PreemptEnable();
    }
}
