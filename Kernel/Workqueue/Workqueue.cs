// Workqueue: works are put into queues and done by threads, in process context.
//
// Linux: kernel/workqueue.c (2.6.20 to 2.6.35, one worker per CPU). The class is spread over files by aspect:
//   Workqueue.cs          putting works into queues
//   Workqueue.Run.cs      the worker threads
//   Workqueue.Wait.cs     flushing and cancelling
//   Workqueue.Create.cs   making and destroying queues
//   Workqueue.Freeze.cs   freezing and thawing
//   Workqueue.Report.cs   what stands where, for people
//   SystemWorkqueues.cs   the queues that are always there; DelayedWork.cs works with a timer
// Queueing: any context, never sleeps. Lock: the CpuWorkqueueStruct's; see WorkqueueStruct.cs.
// Nothing is lost and nothing done twice: the pending bit decides who queues a work; it is cleared before the handler is called, so what happens
// from then on can queue the work anew, and that runs the handler again.

namespace CSharpOS.Workqueues;

/// <summary>Work queues.</summary>
public static unsafe partial class Workqueue
{
    private static SpinLock s_lock;
    private static ListHead s_workqueues;

    private static ListHead* All => (ListHead*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref s_workqueues);

    /// <summary>Forgets all queues, then makes the system's. Process context, once, at boot, after the other CPUs have started.</summary>
    /// <returns>0; -ENOMEM.</returns>
    /// <linux>init_workqueues</linux>
    public static int Init()
    {
        s_lock.Init();
        s_frozen = 0;
        ListHead.Init(All);
        return SystemWorkqueues.Init();
    }

    /// <summary>Queues a work for this CPU's worker. Any context, never sleeps.</summary>
    /// <returns>True; false if it was pending already: it keeps its place and runs once.</returns>
    /// <linux>queue_work</linux>
    /// <rows>WORK-02</rows>
    public static bool QueueWork(WorkqueueStruct* wq, WorkStruct* work)
    {
        if (!WorkStruct.TakePending(work))
        {
            return false;
        }

        PreemptDisable();
        Insert(WorkqueueStruct.PerCpu(wq, SmpProcessorId()), work);
        PreemptEnable();
        return true;
    }

    /// <summary>Queues a work for the worker of CPU <paramref name="cpu"/>, which must be online. Any context, never sleeps.</summary>
    /// <returns>As <see cref="QueueWork"/>.</returns>
    /// <linux>queue_work_on</linux>
    public static bool QueueWorkOn(int cpu, WorkqueueStruct* wq, WorkStruct* work)
    {
        if (!WorkStruct.TakePending(work))
        {
            return false;
        }

        Insert(WorkqueueStruct.PerCpu(wq, cpu), work);
        return true;
    }

    /// <summary>Queues a work for this CPU's thread events/n. Any context, never sleeps.</summary>
    /// <returns>As <see cref="QueueWork"/>.</returns>
    /// <linux>schedule_work</linux>
    /// <rows>WORK-02</rows>
    public static bool ScheduleWork(WorkStruct* work) => QueueWork(SystemWorkqueues.Events, work);

    /// <summary>Queues a work for the thread events/<paramref name="cpu"/>. Any context, never sleeps.</summary>
    /// <linux>schedule_work_on</linux>
    public static bool ScheduleWorkOn(int cpu, WorkStruct* work) => QueueWorkOn(cpu, SystemWorkqueues.Events, work);

    /// <summary>Calls <paramref name="function"/> on every CPU, in process context there, and waits until it has returned everywhere. Sleeps.</summary>
    /// <returns>0; -ENOMEM.</returns>
    /// <linux>schedule_on_each_cpu</linux>
    public static int ScheduleOnEachCpu(delegate*<WorkStruct*, void> function)
    {
        MightSleep();
        int count = Smp.CpuCount;
        var works = (WorkStruct*)Kcalloc((nuint)count, (nuint)sizeof(WorkStruct), GfpFlags.Kernel);
        if (works == null)
        {
            return -ENOMEM;
        }

        for (int cpu = 0; cpu < count; cpu++)
        {
            WorkStruct.Init(works + cpu, function);
            ScheduleWorkOn(cpu, works + cpu);
        }

        for (int cpu = 0; cpu < count; cpu++)
        {
            FlushWork(works + cpu);
        }

        Kfree(works);
        return 0;
    }

    /// <summary>Calls <paramref name="function"/> at once if this is process context, otherwise makes <paramref name="work"/> of it and schedules that. Any context.</summary>
    /// <returns>True if it was called, false if it was scheduled.</returns>
    /// <linux>execute_in_process_context</linux>
    public static bool ExecuteInProcessContext(delegate*<WorkStruct*, void> function, WorkStruct* work)
    {
        WorkStruct.Init(work, function);
        if (!InInterrupt())
        {
            function(work);
            return true;
        }

        ScheduleWork(work);
        return false;
    }

    /// <summary>Puts a work whose pending bit the caller has set into a list.</summary>
    /// <linux>insert_work</linux>
    internal static void Insert(CpuWorkqueueStruct* cwq, WorkStruct* work)
    {
        ulong flags = cwq->Lock.LockIrqSave();
        Shared.WriteOnce(&work->Cwq, cwq);
        work->Sequence = cwq->NextSequence++;
        TracePoints.WorkqueueQueueWork(cwq, work);
        ListHead.AddTail(&work->Entry, &cwq->Worklist);

        // A worker goes to sleep with the lock held: what is not among the idle ones now will look into the list.
        WakeIdleWorker(cwq);
        cwq->Lock.UnlockIrqRestore(flags);
    }
}
