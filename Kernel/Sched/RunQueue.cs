// RunQueue: the runnable tasks of one CPU.
//
// Linux: struct runqueue (2.6, the O(1) scheduler). One per CPU, each with its own lock, taken with interrupts off. Two run-queue locks
// are taken in the order of CPU numbers. The lock is held across a switch: the task switched to releases it (Scheduler.FinishSwitch), so
// nobody can move or free a task whose registers are still being saved.
// Invariants: a runnable task stands in Active or Expired of exactly one run queue, that of task->Cpu; the running one stands in Active
// (the idle task in neither); RunningCount is the sum of both.

using System.Runtime.CompilerServices;

namespace CSharpOS.Sched;

/// <summary>One CPU's share of the scheduler.</summary>
/// <linux>runqueue</linux>
/// <rows>KT-04</rows>
public unsafe struct RunQueue
{
    // First: RunQueues.LockOf relies on it.
    internal SpinLock Lock;

    /// <summary>Runnable tasks, the running one included, the idle task not.</summary>
    internal int RunningCount;

    internal int Cpu;
    internal PriorityArray* Active;
    internal PriorityArray* Expired;
    internal TaskStruct* Current;
    internal TaskStruct* Idle;

    internal ulong Switches;

    /// <summary>Decisions that the running task goes on.</summary>
    internal ulong Stays;
    internal ulong TicksBusy, TicksIdle;

    /// <summary>Parts of TicksBusy; the rest was spent in the kernel for tasks.</summary>
    internal ulong TicksUser, TicksNice, TicksSoftirq;

    /// <summary>Jiffies when the first task of the present round expired; 0 if none has.</summary>
    internal uint ExpiredTimestamp;

    /// <summary>Ticks of this CPU since it last looked for tasks of others.</summary>
    internal int TicksSinceBalance;

    private PriorityArray _array0, _array1;

    /// <summary>Makes the run queue of CPU <paramref name="cpu"/> empty.</summary>
    internal static void Init(RunQueue* rq, int cpu)
    {
        *rq = default;
        rq->Lock.Init();
        rq->Cpu = cpu;
        rq->Active = &rq->_array0;
        rq->Expired = &rq->_array1;
        PriorityArray.Init(rq->Active);
        PriorityArray.Init(rq->Expired);
    }

    /// <summary>The expired tasks become the active ones, for the next round.</summary>
    internal static void SwapArrays(RunQueue* rq)
    {
        PriorityArray* array = rq->Active;
        rq->Active = rq->Expired;
        rq->Expired = array;
        rq->ExpiredTimestamp = 0;
    }

    /// <summary>Makes a task runnable here.</summary>
    /// <linux>__activate_task</linux>
    internal static void Activate(RunQueue* rq, TaskStruct* task)
    {
        PriorityArray.Enqueue(rq->Active, task);
        rq->RunningCount++;
    }

    /// <summary>Takes a task that is runnable here out.</summary>
    /// <linux>deactivate_task</linux>
    internal static void Deactivate(RunQueue* rq, TaskStruct* task)
    {
        rq->RunningCount--;
        PriorityArray.Dequeue(task->Array, task);
    }
}

/// <summary>The run queues of all CPUs.</summary>
internal static unsafe class RunQueues
{
    private static PerCpu<RunQueue> s_queues;

    /// <summary>Gives every CPU its empty run queue.</summary>
    internal static void Init()
    {
        s_queues = PerCpu<RunQueue>.Allocate();
        RunQueue.Init(s_queues.This, SmpProcessorId());
    }

    /// <summary>This CPU's.</summary>
    internal static RunQueue* This
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => s_queues.This;
    }

    /// <summary>That of CPU <paramref name="cpu"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static RunQueue* Of(int cpu) => s_queues.On(cpu);

    /// <summary>Locks the run queue that <paramref name="task"/> belongs to; it may have moved while we waited.</summary>
    /// <linux>task_rq_lock</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static RunQueue* LockOf(TaskStruct* task, out ulong flags)
    {
        while (true)
        {
            RunQueue* rq = Of(Shared.ReadOnce(ref task->Cpu));
            flags = rq->Lock.LockIrqSave();
            if (rq->Cpu == Shared.ReadOnce(ref task->Cpu))
            {
                return rq;
            }

            rq->Lock.UnlockIrqRestore(flags);
        }
    }

    /// <summary>The same with interrupts off already; preempt_count is left alone: <see cref="UnlockIrqsOff"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static RunQueue* LockIrqsOff(TaskStruct* task)
    {
        while (true)
        {
            RunQueue* rq = Of(Shared.ReadOnce(ref task->Cpu));
            LockOf(rq)->LockNoPreempt();
            if (rq->Cpu == Shared.ReadOnce(ref task->Cpu))
            {
                return rq;
            }

            UnlockIrqsOff(rq);
        }
    }

    /// <summary>Undoes <see cref="LockIrqsOff"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void UnlockIrqsOff(RunQueue* rq) => LockOf(rq)->ReleaseNoPreempt();

    /// <summary>The lock stands first in a run queue. Naming the field would cost a test for null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static SpinLock* LockOf(RunQueue* rq) => (SpinLock*)rq;

    /// <summary>True if this CPU may hold a run queue: interrupts are off, and somebody holds one. Any context. Kernels for one CPU need not ask: whoever holds
    /// a lock there has nobody to wait for.</summary>
    internal static bool MayHold()
    {
#if SMP || DEBUG_CHECKS
        if (Scheduler.Running && IrqsDisabled())
        {
            for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
            {
                if (Of(cpu)->Lock.IsLocked())
                {
                    return true;
                }
            }
        }
#endif
        return false;
    }

    /// <summary>True if the run queue of CPU <paramref name="cpu"/> keeps its invariants. For tests; any context.</summary>
    internal static bool IsConsistent(int cpu)
    {
        RunQueue* rq = Of(cpu);
        ulong flags = rq->Lock.LockIrqSave();
        bool consistent = PriorityArray.IsConsistent(rq->Active, cpu) && PriorityArray.IsConsistent(rq->Expired, cpu)
            && rq->RunningCount == rq->Active->TaskCount + rq->Expired->TaskCount
            && rq->Idle->Array == null && rq->Current->Cpu == cpu;
        rq->Lock.UnlockIrqRestore(flags);
        return consistent;
    }

    /// <summary>Locks two run queues, in the order of CPU numbers, interrupts being off.</summary>
    /// <linux>double_rq_lock</linux>
    internal static void LockBoth(RunQueue* first, RunQueue* second)
    {
        if (first == second)
        {
            first->Lock.Lock();
        }
        else if (first->Cpu < second->Cpu)
        {
            first->Lock.Lock();
            second->Lock.LockNested(1);
        }
        else
        {
            second->Lock.Lock();
            first->Lock.LockNested(1);
        }
    }

    /// <summary>Undoes <see cref="LockBoth"/>.</summary>
    internal static void UnlockBoth(RunQueue* first, RunQueue* second)
    {
        first->Lock.Unlock();
        if (first != second)
        {
            second->Lock.Unlock();
        }
    }
}
