// Workqueue.Create: making and destroying work queues.
//
// Linux: create_workqueue, create_singlethread_workqueue, destroy_workqueue, alloc_workqueue. Process context; all of it sleeps. Lock: s_lock, the list of
// all queues; nothing nests inside but the queues' own locks.
// Threads are named NAME/n for CPU n, NAME for a single-threaded queue, NAME/un for worker n of an unbound one; the first 15 bytes are kept.

namespace CSharpOS.Workqueues;

public static unsafe partial class Workqueue
{
    /// <summary>Most workers of an unbound queue if nothing else is asked for.</summary>
    /// <linux>WQ_DFL_ACTIVE</linux>
    public const int DefaultMaxActive = 8;

    private const int MaxWorkers = 64;

    /// <summary>Makes a queue with a worker on every CPU. Sleeps.</summary>
    /// <returns>Null without memory.</returns>
    /// <linux>create_workqueue</linux>
    /// <rows>WORK-06</rows>
    public static WorkqueueStruct* CreateWorkqueue(ReadOnlySpan<byte> name) => AllocWorkqueue(name, WorkqueueFlags.None, 0);

    /// <summary>Makes a queue with one worker for the machine: its works never run at the same time. Sleeps.</summary>
    /// <returns>Null without memory.</returns>
    /// <linux>create_singlethread_workqueue</linux>
    /// <rows>WORK-06</rows>
    public static WorkqueueStruct* CreateSinglethreadWorkqueue(ReadOnlySpan<byte> name) => AllocWorkqueue(name, WorkqueueFlags.SingleThread, 0);

    /// <summary>Makes a single-threaded queue that stops between freeze and thaw. Sleeps.</summary>
    /// <linux>create_freezeable_workqueue</linux>
    public static WorkqueueStruct* CreateFreezeableWorkqueue(ReadOnlySpan<byte> name) =>
        AllocWorkqueue(name, WorkqueueFlags.SingleThread | WorkqueueFlags.Freezable, 0);

    /// <summary>Makes a queue with a worker of real-time priority on every CPU. Sleeps.</summary>
    /// <linux>create_rt_workqueue</linux>
    public static WorkqueueStruct* CreateRtWorkqueue(ReadOnlySpan<byte> name) => AllocWorkqueue(name, WorkqueueFlags.RealTime, 0);

    /// <summary>Makes a queue. Sleeps.</summary>
    /// <param name="name">Its name; the first 39 bytes are kept.</param>
    /// <param name="flags">What it is to be like.</param>
    /// <param name="maxActive">Most works of an unbound queue at the same time, at most 64; 0 for the usual 8. Others have one per CPU.</param>
    /// <returns>Null without memory.</returns>
    /// <linux>alloc_workqueue</linux>
    /// <rows>WORK-07</rows>
    public static WorkqueueStruct* AllocWorkqueue(ReadOnlySpan<byte> name, WorkqueueFlags flags, int maxActive)
    {
        MightSleep();
        if ((flags & WorkqueueFlags.PowerEfficient) != 0 && SystemWorkqueues.PowerEfficient)
        {
            flags |= WorkqueueFlags.Unbound;
        }

        var wq = Kzalloc<WorkqueueStruct>(GfpFlags.Kernel);
        if (wq == null)
        {
            return null;
        }

        wq->Flags = flags;
        bool many = (flags & (WorkqueueFlags.Unbound | WorkqueueFlags.SingleThread)) == WorkqueueFlags.Unbound;
        wq->MaxActive = !many ? 1 : maxActive <= 0 ? DefaultMaxActive : maxActive > MaxWorkers ? MaxWorkers : maxActive;
        wq->CpuCount = wq->IsShared ? 1 : Smp.CpuCount;
        int length = name.Length < WorkqueueStruct.NameSize ? name.Length : WorkqueueStruct.NameSize - 1;
        name[..length].CopyTo(new Span<byte>(wq->NameBytes, WorkqueueStruct.NameSize));
        wq->CpuWq = (CpuWorkqueueStruct*)Kcalloc((nuint)wq->CpuCount, (nuint)sizeof(CpuWorkqueueStruct), GfpFlags.Kernel);
        bool ready = wq->CpuWq != null;
        for (int i = 0; ready && i < wq->CpuCount; i++)
        {
            InitCpuWorkqueue(wq, i);
        }

        for (int i = 0; ready && i < wq->CpuCount; i++)
        {
            wq->CpuWq[i].WorkerCount = 1;
            ready = CreateWorker(wq->CpuWq + i, 0) == 0;
        }

        if (!ready)
        {
            StopWorkers(wq);
            Release(wq);
            return null;
        }

        ulong saved = s_lock.LockIrqSave();
        ListHead.AddTail(&wq->List, All);
        s_lock.UnlockIrqRestore(saved);
        return wq;
    }

    /// <summary>Does what is queued, ends the workers and frees the queue. Nobody may queue anything any more; delayed works must have been cancelled.
    /// Sleeps; not from a handler of this queue.</summary>
    /// <linux>destroy_workqueue</linux>
    /// <rows>WORK-06</rows>
    public static void DestroyWorkqueue(WorkqueueStruct* wq)
    {
        MightSleep();
        ulong saved = s_lock.LockIrqSave();
        ListHead.Del(&wq->List);
        s_lock.UnlockIrqRestore(saved);
        for (int i = 0; i < wq->CpuCount; i++)
        {
            // Handlers may have queued further works.
            do
            {
                FlushCpuWorkqueue(wq->CpuWq + i);
            }
            while (!IsIdle(wq->CpuWq + i));
        }

        StopWorkers(wq);
        Release(wq);
    }

    /// <summary>Makes a worker. Sleeps.</summary>
    /// <returns>0; -ENOMEM, -EAGAIN.</returns>
    private static int CreateWorker(CpuWorkqueueStruct* cwq, int index)
    {
        WorkqueueStruct* wq = cwq->Wq;
        var worker = Kzalloc<Worker>(GfpFlags.Kernel);
        if (worker == null)
        {
            return -ENOMEM;
        }

        worker->Cwq = cwq;
        ListHead.Init(&worker->IdleLink);
        int error;
        if (!wq->IsShared)
        {
            worker->Thread = Kthread.Create(&WorkerThread, worker, $"{wq->Name}/{cwq->Cpu}", out error);
        }
        else if (wq->MaxActive == 1)
        {
            worker->Thread = Kthread.Create(&WorkerThread, worker, $"{wq->Name}", out error);
        }
        else
        {
            worker->Thread = Kthread.Create(&WorkerThread, worker, $"{wq->Name}/u{index}", out error);
        }

        if (worker->Thread == null)
        {
            Kfree(worker);
            return error;
        }

        SetUp(worker, wq, cwq->Cpu);
        cwq->Lock.LockIrq();
        ListHead.AddTail(&worker->Link, &cwq->Workers);
        cwq->Lock.UnlockIrq();
        Scheduler.WakeUpProcess(worker->Thread);
        return 0;
    }

    private static void SetUp(Worker* worker, WorkqueueStruct* wq, int cpu)
    {
        if (!wq->IsShared)
        {
            Kthread.Bind(worker->Thread, cpu);
        }

        if ((wq->Flags & WorkqueueFlags.RealTime) != 0)
        {
            Scheduler.SetScheduler(worker->Thread, SchedPolicy.Fifo, Priority.MaxRealTime - 1);
        }
        else
        {
            Scheduler.SetUserNice(worker->Thread, (wq->Flags & WorkqueueFlags.HighPriority) != 0 ? -20 : -5);
        }
    }

    private static void InitCpuWorkqueue(WorkqueueStruct* wq, int index)
    {
        CpuWorkqueueStruct* cwq = wq->CpuWq + index;
        cwq->Wq = wq;
        cwq->Cpu = wq->IsShared ? -1 : index;
        cwq->NextSequence = 1;
        cwq->Lock.Init();
        ListHead.Init(&cwq->Worklist);
        ListHead.Init(&cwq->Workers);
        ListHead.Init(&cwq->IdleWorkers);
        ListHead.Init(&cwq->Waiters);
    }

    private static bool IsIdle(CpuWorkqueueStruct* cwq)
    {
        cwq->Lock.LockIrq();
        bool idle = ListHead.Empty(&cwq->Worklist);
        cwq->Lock.UnlockIrq();
        return idle;
    }

    private static void StopWorkers(WorkqueueStruct* wq)
    {
        for (int i = 0; wq->CpuWq != null && i < wq->CpuCount; i++)
        {
            CpuWorkqueueStruct* cwq = wq->CpuWq + i;
            while (!ListHead.Empty(&cwq->Workers))
            {
                var worker = (Worker*)cwq->Workers.Next;
                Kthread.Stop(worker->Thread);
                ListHead.Del(&worker->Link);
                Kfree(worker);
            }
        }
    }

    private static void Release(WorkqueueStruct* wq)
    {
        Kfree(wq->CpuWq);
        Kfree(wq);
    }
}
