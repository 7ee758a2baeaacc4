// WorkqueueQueueTests: queues of one's own, and the system's. Part of the suite workqueue.

namespace CSharpOS.Suites;

internal static unsafe class WorkqueueQueueTests
{
    internal static void CreateAndDestroy()
    {
        WorkqueueTests.Begin(8, &WorkqueueTests.Count);
        int before = Threads("falcon/"u8);
        WorkqueueStruct* wq = CreateWorkqueue("falcon"u8);
        Check.True(wq != null);
        Check.Equal(0, before);
        Check.Equal(Smp.CpuCount, Threads("falcon/"u8));
        Check.Equal(Smp.CpuCount, Threads("events/"u8));
        for (int i = 0; i < 8; i++)
        {
            QueueWorkOn(i % Smp.CpuCount, wq, WorkqueueTests.Work(i));
        }

        DestroyWorkqueue(wq);
        Check.Equal(8, WorkqueueTests.Runs);
        Check.Equal(0, Threads("falcon/"u8));
    }

    internal static void SingleThread()
    {
        WorkqueueStruct* wq = CreateSinglethreadWorkqueue("hawk"u8);
        Check.Equal(1, Threads("hawk"u8));
        WorkqueueTests.Begin(8, &WorkqueueTests.WaitAtGate);
        for (int i = 0; i < 8; i++)
        {
            QueueWorkOn(i % Smp.CpuCount, wq, WorkqueueTests.Work(i));
        }

        WorkqueueTests.AwaitInside(1);
        WorkqueueTests.Open();
        DestroyWorkqueue(wq);
        Check.Equal(8, WorkqueueTests.Runs);
        Check.Equal(1, WorkqueueTests.MostInside);
        for (int i = 0; i < 8; i++)
        {
            Check.Equal(i + 1, WorkqueueTests.Place(i));
        }
    }

    // It looks, finds nothing and sleeps again: still in the list of idle workers, and once. While it works it is not there.
    internal static void WokenForNothing()
    {
        WorkqueueStruct* wq = CreateSinglethreadWorkqueue("owl"u8);
        Check.True(wq != null);
        CpuWorkqueueStruct* cwq = WorkqueueStruct.PerCpu(wq, 0);
        var worker = (Worker*)cwq->Workers.Next;
        for (int i = 0; i < 5; i++)
        {
            Msleep(2);
            Scheduler.WakeUpProcess(worker->Thread);
        }

        Msleep(2);
        WorkqueueTests.Begin(1, &WorkqueueTests.WaitAtGate);
        QueueWork(wq, WorkqueueTests.Work(0));
        WorkqueueTests.AwaitInside(1);
        bool alone = ListHead.Empty(&cwq->IdleWorkers);
        WorkqueueTests.Open();
        FlushWorkqueue(wq);
        Check.True(alone);
        Check.Equal(1, WorkqueueTests.Runs);
        DestroyWorkqueue(wq);
    }

    internal static void NoMemory()
    {
#if DEBUG_CHECKS
        AllocationFailure.FailNth(1);
        WorkqueueStruct* wq = CreateWorkqueue("falcon"u8);
        AllocationFailure.Clear();
        Check.True(wq == null);

        // The second half: the queue is there, its threads are not.
        for (int i = 2; i < 6; i++)
        {
            AllocationFailure.FailNth(i);
            wq = CreateWorkqueue("falcon"u8);
            AllocationFailure.Clear();
            if (wq != null)
            {
                DestroyWorkqueue(wq);
            }
        }

        Check.Equal(0, Threads("falcon"u8));
#else
        Test.Skip("no failure injection in this build"u8);
#endif
    }

    internal static void HighPriority()
    {
        WorkqueueTests.Begin(2, &WorkqueueTests.Count);
        PreemptDisable();
        ScheduleWork(WorkqueueTests.Work(0));
        QueueWork(SystemWorkqueues.HighPriority, WorkqueueTests.Work(1));
        PreemptEnable();
        FlushWorkqueue(SystemWorkqueues.HighPriority);
        FlushScheduledWork();
        Check.Equal(1, WorkqueueTests.Place(1));
        Check.Equal(2, WorkqueueTests.Place(0));
    }

    internal static void Unbound()
    {
        const int Active = 3;
        WorkqueueStruct* wq = AllocWorkqueue("swarm"u8, WorkqueueFlags.Unbound, Active);
        WorkqueueTests.Begin(8, &WorkqueueTests.WaitAtGate);
        for (int i = 0; i < 8; i++)
        {
            QueueWork(wq, WorkqueueTests.Work(i));
        }

        WorkqueueTests.AwaitInside(Active);
        for (int i = 0; i < 20; i++)
        {
            Scheduler.Yield();
        }

        Check.Equal(Active, WorkqueueTests.MostInside);
        WorkqueueTests.Open();
        FlushWorkqueue(wq);
        Check.Equal(8, WorkqueueTests.Runs);
        Check.Equal(Active, WorkqueueTests.MostInside);
        Check.Equal(Active, Threads("swarm/u"u8));
        DestroyWorkqueue(wq);
        Check.Equal(0, Threads("swarm"u8));
    }

    internal static void Freeze()
    {
        WorkqueueTests.Begin(2, &WorkqueueTests.Count);
        FreezeWorkqueues();
        QueueWork(SystemWorkqueues.Freezable, WorkqueueTests.Work(0));
        ScheduleWork(WorkqueueTests.Work(1));
        FlushScheduledWork();
        for (int i = 0; i < 20; i++)
        {
            Scheduler.Yield();
        }

        Check.Equal(0, WorkqueueTests.Place(0));
        Check.Equal(1, WorkqueueTests.Place(1));
        ThawWorkqueues();
        FlushWorkqueue(SystemWorkqueues.Freezable);
        Check.Equal(2, WorkqueueTests.Place(0));
    }

    private static int Threads(ReadOnlySpan<byte> name)
    {
        TextCount.Reset(name);
        Workqueue.WriteTable(&TextCount.Line);
        return TextCount.Found;
    }
}
