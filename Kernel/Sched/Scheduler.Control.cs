// Scheduler.Control: nice, policies, and which CPUs a task may run on.
//
// Linux: set_user_nice, sched_setscheduler, set_cpus_allowed of kernel/sched.c. Process context unless it says otherwise. Lock: the run queue
// of the task.

namespace CSharpOS.Sched;

public static unsafe partial class Scheduler
{
    /// <summary>Sets nice, -20 to 19 (others are brought into that range). Any context, never sleeps.</summary>
    /// <linux>set_user_nice</linux>
    /// <rows>KT-04</rows>
    public static void SetUserNice(TaskStruct* task, int nice)
    {
        nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
        RunQueue* rq = RunQueues.LockOf(task, out ulong flags);
        PriorityArray* array = Leave(task);
        task->StaticPrio = Priority.FromNice(nice);
        if (!task->IsIdle)
        {
            task->Prio = Priority.Effective(task);
        }

        Return(rq, task, array);
        rq->Lock.UnlockIrqRestore(flags);
    }

    /// <summary>Sets the policy, and for real-time ones the priority 1 (low) to 99. Any context, never sleeps.</summary>
    /// <returns>0; -EINVAL for a policy or priority that does not exist.</returns>
    /// <linux>sched_setscheduler</linux>
    public static int SetScheduler(TaskStruct* task, SchedPolicy policy, int priority)
    {
        bool realTime = policy is SchedPolicy.Fifo or SchedPolicy.RoundRobin;
        if ((!realTime && policy != SchedPolicy.Normal) || (realTime ? priority is < 1 or > 99 : priority != 0) || task->IsIdle)
        {
            return -EINVAL;
        }

        RunQueue* rq = RunQueues.LockOf(task, out ulong flags);
        PriorityArray* array = Leave(task);
        task->Policy = policy;
        task->RtPriority = priority;
        task->Prio = Priority.Effective(task);
        Return(rq, task, array);
        rq->Lock.UnlockIrqRestore(flags);
        return 0;
    }

    /// <summary>Restricts a task to the CPUs of <paramref name="mask"/>; it leaves a CPU that is not among them before this returns.
    /// Process context; may sleep.</summary>
    /// <returns>0; -EINVAL if none of them is online, or the task is bound for good.</returns>
    /// <linux>set_cpus_allowed</linux>
    public static int SetCpusAllowed(TaskStruct* task, uint mask)
    {
        MightSleep();
        uint usable = mask & Smp.OnlineMask;
        if (usable == 0 || ((task->Flags & TaskFlags.Bound) != 0 && mask != task->CpusAllowed))
        {
            return -EINVAL;
        }

        RunQueue* rq = RunQueues.LockOf(task, out ulong flags);
        task->CpusAllowed = mask;
        int target = System.Numerics.BitOperations.TrailingZeroCount(usable);
        while ((usable & (1u << task->Cpu)) == 0 && task->CpusAllowed == mask)
        {
            if (rq->Current == task)
            {
                rq->Lock.UnlockIrqRestore(flags);
                return Migration.MoveRunning(task);
            }

            if (MoveWaiting(rq, task, target))
            {
                break;
            }

            rq->Lock.UnlockIrqRestore(flags);
            rq = RunQueues.LockOf(task, out flags);
        }

        rq->Lock.UnlockIrqRestore(flags);
        return 0;
    }

    /// <summary>Puts a task that is not running onto another CPU's queue. Its run queue is locked, interrupts are off; it stays locked.</summary>
    /// <returns>False: the lock had to be given up for a moment, and the task ran or slept meanwhile. Look again, and lock its queue anew.</returns>
    internal static bool MoveWaiting(RunQueue* rq, TaskStruct* task, int target)
    {
        if (task->Array == null)
        {
            Shared.WriteOnce(ref task->Cpu, target);
            return true;
        }

        // Both queues are locked while the task is in neither: it may be about to sleep, and then a waker that found it in no queue would put it
        // into one as well. Ours is given up in between if the order asks.
        RunQueue* other = RunQueues.Of(target);
        if (rq->Cpu < target)
        {
            other->Lock.LockNoPreempt();
        }
        else
        {
            rq->Lock.ReleaseNoPreempt();
            other->Lock.LockNoPreempt();
            rq->Lock.LockNoPreempt();
            if (task->Array == null || task->Cpu != rq->Cpu || rq->Current == task)
            {
                other->Lock.ReleaseNoPreempt();
                return false;
            }
        }

        RunQueue.Deactivate(rq, task);
        Shared.WriteOnce(ref task->Cpu, target);
        RunQueue.Activate(other, task);
        PreemptCurrentFor(other, task);
        other->Lock.ReleaseNoPreempt();
        return true;
    }

    private static PriorityArray* Leave(TaskStruct* task)
    {
        PriorityArray* array = task->Array;
        if (array != null)
        {
            PriorityArray.Dequeue(array, task);
        }

        return array;
    }

    private static void Return(RunQueue* rq, TaskStruct* task, PriorityArray* array)
    {
        if (array == null)
        {
            return;
        }

        PriorityArray.Enqueue(array, task);
        if (rq->Current == task || task->Prio < rq->Current->Prio)
        {
            ReschedCpu(rq);
        }
    }
}
