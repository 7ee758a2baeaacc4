// Scheduler.Control: nice, policies, and which CPUs a task may run on.
//
// Linux: set_user_nice, sched_setscheduler, set_cpus_allowed of kernel/sched.c. Process context unless it says otherwise. Lock: the run queue
// of the task; to move it, that of the other CPU as well.

using System.Numerics;

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
        int slice = Priority.TimeSlice(task->StaticPrio);
        if (task->TimeSlice > slice)
        {
            // What it got as somebody more important.
            task->TimeSlice = slice;
        }

        if (!task->IsIdle)
        {
            task->Prio = Priority.Effective(task);
        }

        if (task->State == (int)TaskState.Stopped)
        {
            // It has used nothing yet: it begins with the slice of its new nice.
            task->TimeSlice = Priority.TimeSlice(task->StaticPrio);
        }

        Return(rq, task, array);
        rq->Lock.UnlockIrqRestore(flags);
    }

    /// <summary>Forgets how much a task has slept: it competes by nice alone until it sleeps again. For measurements. Any context, never sleeps.</summary>
    public static void ForgetSleep(TaskStruct* task)
    {
        RunQueue* rq = RunQueues.LockOf(task, out ulong flags);
        PriorityArray* array = Leave(task);
        task->SleepAverage = 0;
        task->Timestamp = Clock.SchedClock();
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

        // Into the active array, even if its slice had been used up: real-time tasks wait for no round.
        Return(rq, task, array == null ? null : rq->Active);
        rq->Lock.UnlockIrqRestore(flags);
        return 0;
    }

    /// <summary>Restricts a task to the CPUs of <paramref name="mask"/>; it leaves a CPU that is not among them before this returns.
    /// Process context; may sleep.</summary>
    /// <returns>0; -EINVAL if none of them is online, or the task is bound for good; -EAGAIN while the CPUs are being started.</returns>
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
        rq->Lock.UnlockIrqRestore(flags);
        return LeaveForbiddenCpu(task);
    }

    /// <summary>Moves a task that is not running from one run queue to another, unless it has left the first by itself, runs, or may not run on
    /// the second. Any context; no run queue is locked. Both are while it moves: in between it would be in none, and a waker would enter it
    /// a second time.</summary>
    /// <linux>__migrate_task</linux>
    internal static void Migrate(TaskStruct* task, RunQueue* from, RunQueue* to)
    {
        PreemptDisable();
        ulong flags = LocalIrqSave();
        RunQueues.LockBoth(from, to);
        if (task->Cpu == from->Cpu && from->Current != task && (task->CpusAllowed & (1u << to->Cpu)) != 0)
        {
            MoveLocked(from, to, task);
        }

        RunQueues.UnlockBoth(from, to);
        LocalIrqRestore(flags);
        PreemptEnable();
    }

    // It is on a CPU that it may use, or it is moved, until that is so. A running one is moved by the migration thread of its CPU.
    private static int LeaveForbiddenCpu(TaskStruct* task)
    {
        while (true)
        {
            RunQueue* rq = RunQueues.LockOf(task, out ulong flags);
            uint usable = task->CpusAllowed & Smp.OnlineMask;
            bool stays = usable == 0 || (usable & (1u << task->Cpu)) != 0;
            bool running = rq->Current == task;
            rq->Lock.UnlockIrqRestore(flags);
            if (stays)
            {
                return 0;
            }

            if (!running)
            {
                Migrate(task, rq, RunQueues.Of(BitOperations.TrailingZeroCount(usable)));
                continue;
            }

            int error = Migration.MoveRunning(task);
            if (error != 0)
            {
                return error;
            }
        }
    }

    // Both run queues are locked, interrupts are off, the task does not run.
    private static void MoveLocked(RunQueue* from, RunQueue* to, TaskStruct* task)
    {
        if (task->Array == null)
        {
            Shared.WriteOnce(ref task->Cpu, to->Cpu);
            return;
        }

        RunQueue.Deactivate(from, task);
        Shared.WriteOnce(ref task->Cpu, to->Cpu);
        RunQueue.Activate(to, task);
        PreemptCurrentFor(to, task);
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
