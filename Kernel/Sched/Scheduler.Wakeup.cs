// Scheduler.Wakeup: making a task runnable again.
//
// Linux: try_to_wake_up, wake_up_process, wake_up_new_task of kernel/sched.c. Any context, never sleeps. Lock: the run queue of the task.
// No wake-up is lost: a sleeper sets its state (full barrier), looks at its condition, and sleeps; a waker makes the condition true and then
// looks at the state under the run-queue lock. Either the sleeper sees the condition or the waker sees the state.

using System.Runtime.CompilerServices;

namespace CSharpOS.Sched;

public static unsafe partial class Scheduler
{
    /// <summary>However a task sleeps, and the state of one that was never started.</summary>
    internal const TaskState AnySleep = TaskState.Interruptible | TaskState.Uninterruptible | TaskState.Stopped;

    /// <summary>Wakes a task whose state is one of <paramref name="states"/>.</summary>
    /// <returns>True if it slept.</returns>
    /// <linux>try_to_wake_up</linux>
    /// <rows>KT-05</rows>
    public static bool TryToWakeUp(TaskStruct* task, TaskState states)
    {
        ulong flags = LocalIrqSave();
        bool woken = Wake(task, states);
        LocalIrqRestore(flags);
        PreemptCheckResched();
        return woken;
    }

    /// <summary>The same with interrupts off: whoever turns them on again looks whether somebody more urgent waits
    /// (<see cref="Preempt.PreemptEnable"/>, <see cref="Preempt.PreemptCheckResched"/>, or the end of an interrupt).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static bool TryToWakeUpIrqsOff(TaskStruct* task, TaskState states) => Wake(task, states);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Wake(TaskStruct* task, TaskState states)
    {
        // Taking the lock is a full barrier: what the caller wrote is visible before the state is looked at.
        RunQueue* rq = RunQueues.LockIrqsOff(task);
        if ((Shared.ReadOnce(ref task->State) & (int)states) == 0)
        {
            RunQueues.UnlockIrqsOff(rq);
            return false;
        }

        if (task->Array != null)
        {
            // About to sleep, not yet gone: it stays.
            Shared.WriteOnce(ref task->State, (int)TaskState.Running);
            RunQueues.UnlockIrqsOff(rq);
            return true;
        }

        // Deactivated but still on its CPU: that CPU is in schedule() and gave its lock up for a moment. Only there may it go on.
        int cpu = rq->Current == task ? task->Cpu : ChooseCpu(rq, task);
        if (cpu != task->Cpu)
        {
            Shared.WriteOnce(ref task->Cpu, cpu);
            RunQueues.UnlockIrqsOff(rq);
            rq = RunQueues.LockIrqsOff(task);
            if ((Shared.ReadOnce(ref task->State) & (int)states) == 0 || task->Array != null)
            {
                // Somebody else woke it while no lock was held.
                RunQueues.UnlockIrqsOff(rq);
                return false;
            }
        }

        if (task->State == (int)TaskState.Stopped)
        {
            // A new one has not slept.
            task->Timestamp = Clock.SchedClock();
        }
        else
        {
            CreditSleep(task);
        }

        task->Prio = Priority.Effective(task);
        Shared.WriteOnce(ref task->State, (int)TaskState.Running);
        RunQueue.Activate(rq, task);
        TracePoints.SchedWakeup(task);
        PreemptCurrentFor(rq, task);
        RunQueues.UnlockIrqsOff(rq);
        return true;
    }

    /// <summary>Wakes a task, however it sleeps.</summary>
    /// <returns>True if it slept or was never started.</returns>
    /// <linux>wake_up_process</linux>
    /// <rows>KT-05</rows>
    public static bool WakeUpProcess(TaskStruct* task) => TryToWakeUp(task, AnySleep);

    /// <summary>True if a signal waits for the task that ends its interruptible sleeps. Any context.</summary>
    /// <linux>signal_pending</linux>
    public static bool SignalPending(TaskStruct* task) => Shared.ReadOnce(ref task->PendingSignals) != 0;

    /// <summary>Makes a task that runs in user mode on another CPU enter the kernel, where it looks for signals. Any context.</summary>
    /// <linux>kick_process</linux>
    internal static void Kick(TaskStruct* task)
    {
        PreemptDisable();
        int cpu = Shared.ReadOnce(ref task->Cpu);
        if (cpu != SmpProcessorId() && Shared.ReadOnce(&RunQueues.Of(cpu)->Current) == task)
        {
            Smp.SendReschedule(cpu);
        }

        PreemptEnable();
    }

    /// <summary>Asks the CPU of a run queue to reschedule. The run queue is locked.</summary>
    /// <linux>resched_task</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReschedCpu(RunQueue* rq)
    {
        if (rq->Cpu == SmpProcessorId())
        {
            Cpu.NeedResched = true;
        }
        else
        {
            ReschedOther(rq);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReschedOther(RunQueue* rq)
    {
        ref int flag = ref PerCpuArea.Hot(rq->Cpu)->NoReschedule;
        if (Shared.Exchange(ref flag, 0) != 0)
        {
            Smp.SendReschedule(rq->Cpu);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PreemptCurrentFor(RunQueue* rq, TaskStruct* task)
    {
        if (task->Prio < rq->Current->Prio)
        {
            ReschedCpu(rq);
        }
    }

    // Where it ran, if it may and that CPU is idle; else an idle CPU, this one first; else where it ran.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ChooseCpu(RunQueue* rq, TaskStruct* task)
    {
        uint allowed = task->CpusAllowed & Smp.OnlineMask;
        if (allowed == 1u << task->Cpu)
        {
            return task->Cpu;
        }

        return rq->RunningCount == 0 && (allowed & (1u << task->Cpu)) != 0 ? task->Cpu : ChooseCpuAmong(task, allowed);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int ChooseCpuAmong(TaskStruct* task, uint allowed)
    {
        if (allowed == 0 || (task->CpusAllowed & (task->CpusAllowed - 1)) == 0)
        {
            // Bound to one that is not online yet.
            return task->Cpu;
        }

        int here = SmpProcessorId();
        if ((allowed & (1u << here)) != 0 && Shared.ReadOnce(ref RunQueues.Of(here)->RunningCount) == 0)
        {
            return here;
        }

        int first = -1;
        for (int cpu = 0; allowed >> cpu != 0; cpu++)
        {
            if ((allowed & (1u << cpu)) == 0)
            {
                continue;
            }

            first = first < 0 ? cpu : first;
            if (Shared.ReadOnce(ref RunQueues.Of(cpu)->RunningCount) == 0)
            {
                return cpu;
            }
        }

        return (allowed & (1u << task->Cpu)) != 0 ? task->Cpu : first;
    }
}
