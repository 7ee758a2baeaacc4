// WorkqueueFlushTests: waiting for works, and taking them back. Part of the suite workqueue.

namespace CSharpOS.Suites;

internal static unsafe class WorkqueueFlushTests
{
    private static int s_stop, s_depth, s_deepest, s_inner, s_held;
    private static int s_flushed, s_cancelled;
    private static WorkqueueStruct* s_wq;

    internal static void Flush()
    {
        WorkqueueTests.Begin(4, &WorkqueueTests.WaitAtGate);
        s_flushed = 0;
        ScheduleWork(WorkqueueTests.Work(0));
        WorkqueueTests.AwaitInside(1);
        ScheduleWork(WorkqueueTests.Work(1));
        TaskStruct* flusher = Kthread.Run(&FlushThread, null, $"flusher", out int error);
        Check.Equal(0, error);
        if (error != 0)
        {
            return;
        }

        // It must wait: everything it asked for is behind the gate.
        for (int i = 0; i < 20; i++)
        {
            Scheduler.Yield();
        }

        Check.Equal(0, Shared.ReadOnce(ref s_flushed));
        WorkqueueTests.Open();
        WorkqueueTests.Await(ref s_flushed, 1);
        Check.Equal(2, WorkqueueTests.Runs);
    }

    private static int FlushThread(void* unused)
    {
        FlushScheduledWork();
        Shared.WriteOnce(ref s_flushed, 1);
        return 0;
    }

    internal static void FlushEnds()
    {
        WorkqueueTests.Begin(1, &ForEver);
        s_stop = 0;
        ScheduleWork(WorkqueueTests.Work(0));
        FlushScheduledWork();
        FlushScheduledWork();
        Check.True(Shared.ReadOnce(ref WorkqueueTests.Runs) >= 2);
        Shared.WriteOnce(ref s_stop, 1);
        FlushScheduledWork();
        FlushScheduledWork();
    }

    private static void ForEver(WorkStruct* work)
    {
        Shared.AddReturn(ref WorkqueueTests.Runs, 1);
        if (Shared.ReadOnce(ref s_stop) == 0)
        {
            ScheduleWork(work);
        }
    }

    internal static void FlushFromHandler()
    {
        s_wq = CreateSinglethreadWorkqueue("falcon"u8);
        WorkqueueTests.Begin(8, &WorkqueueTests.Count);
        s_deepest = s_depth = s_inner = 0;
        for (int i = 0; i < 2; i++)
        {
            WorkStruct.Init(WorkqueueTests.Work(i), &FlushInside);
        }

        QueueInOrder(4);
        FlushWorkqueue(s_wq);
        Check.Equal(2, WorkqueueTests.Runs);
        Check.Equal(2, s_deepest);
        Check.Equal(2, s_inner);
        Check.NotLogged("recursion depth exceeded"u8);

        WorkqueueTests.Begin(8, &FlushInside);
        s_deepest = s_depth = 0;
        QueueInOrder(4);
        FlushWorkqueue(s_wq);
        Check.Equal(4, s_deepest);
        Check.Logged("run_workqueue: recursion depth exceeded: 4"u8);
        DestroyWorkqueue(s_wq);
    }

    // All of them are queued before the first begins: the worker may be on another CPU, and waits in a work before them meanwhile.
    private static void QueueInOrder(int count)
    {
        Shared.WriteOnce(ref s_held, 0);
        WorkStruct.Init(WorkqueueTests.Work(count), &HoldWorker);
        QueueWork(s_wq, WorkqueueTests.Work(count));
        WorkqueueTests.Await(ref s_held, 1);
        for (int i = 0; i < count; i++)
        {
            QueueWork(s_wq, WorkqueueTests.Work(i));
        }

        Shared.WriteOnce(ref s_held, 2);
    }

    private static void HoldWorker(WorkStruct* work)
    {
        Shared.WriteOnce(ref s_held, 1);
        WorkqueueTests.Await(ref s_held, 2);
    }

    private static void FlushInside(WorkStruct* work)
    {
        s_depth++;
        s_deepest = s_depth > s_deepest ? s_depth : s_deepest;
        FlushWorkqueue(s_wq);
        s_inner = WorkqueueTests.Runs;
        s_depth--;
    }

    internal static void FlushInInterrupt()
    {
#if DEBUG_CHECKS
        WorkqueueTests.Begin(1, &WorkqueueTests.Count);
        Smp.SmpCallFunctionSingle(0, &FlushNow, null, true);
        Check.Logged("sleeping function called from invalid context"u8);
        Check.Logged("Workqueue.Wait.cs"u8);
#else
        Test.Skip("might_sleep checks nothing in this build"u8);
#endif
    }

#if DEBUG_CHECKS
    // The queues are empty, so it returns at once.
    private static void FlushNow(void* unused) => FlushWork(WorkqueueTests.Work(0));
#endif

    internal static void FlushOne()
    {
        WorkqueueTests.Begin(3, &WorkqueueTests.Count);
        WorkStruct.Init(WorkqueueTests.Work(2), &WorkqueueTests.WaitAtGate);
        Check.False(FlushWork(WorkqueueTests.Work(0)));
        PreemptDisable();
        ScheduleWork(WorkqueueTests.Work(0));
        ScheduleWork(WorkqueueTests.Work(1));
        ScheduleWork(WorkqueueTests.Work(2));
        PreemptEnable();

        // The third one is behind the gate, and nobody waits for it.
        FlushWork(WorkqueueTests.Work(1));
        Check.Equal(2, WorkqueueTests.Runs);
        WorkqueueTests.Open();
        FlushWork(WorkqueueTests.Work(2));
        Check.Equal(3, WorkqueueTests.Runs);
    }

    internal static void CancelPending()
    {
        WorkqueueTests.Begin(3, &WorkqueueTests.Count);
        WorkStruct.Init(WorkqueueTests.Work(0), &WorkqueueTests.WaitAtGate);
        Check.False(CancelWorkSync(WorkqueueTests.Work(1)));
        PreemptDisable();
        ScheduleWork(WorkqueueTests.Work(0));
        ScheduleWork(WorkqueueTests.Work(1));
        ScheduleWork(WorkqueueTests.Work(2));
        PreemptEnable();
        Check.True(CancelWorkSync(WorkqueueTests.Work(1)));
        Check.False(WorkStruct.IsPending(WorkqueueTests.Work(1)));
        WorkqueueTests.Open();
        FlushScheduledWork();
        Check.Equal(2, WorkqueueTests.Runs);
        Check.Equal(0, WorkqueueTests.Place(1));
        Check.True(ScheduleWork(WorkqueueTests.Work(1)));
        FlushScheduledWork();
        Check.Equal(3, WorkqueueTests.Place(1));
    }

    internal static void CancelRunning()
    {
        WorkqueueTests.Begin(1, &ForEver);
        s_stop = 0;
        ScheduleWork(WorkqueueTests.Work(0));
        WorkqueueTests.Await(ref WorkqueueTests.Runs, 3);
        CancelWorkSync(WorkqueueTests.Work(0));
        int runs = WorkqueueTests.Runs;
        FlushScheduledWork();
        Check.Equal(runs, WorkqueueTests.Runs);
        Check.False(WorkStruct.IsPending(WorkqueueTests.Work(0)));

        WorkqueueTests.Begin(1, &WorkqueueTests.WaitAtGate);
        s_cancelled = 0;
        ScheduleWork(WorkqueueTests.Work(0));
        WorkqueueTests.AwaitInside(1);
        Kthread.Run(&CancelThread, null, $"canceller", out int error);
        Check.Equal(0, error);
        for (int i = 0; i < 20; i++)
        {
            Scheduler.Yield();
        }

        Check.Equal(0, Shared.ReadOnce(ref s_cancelled));
        WorkqueueTests.Open();
        WorkqueueTests.Await(ref s_cancelled, 1);
        Check.Equal(1, WorkqueueTests.Runs);
    }

    private static int CancelThread(void* unused)
    {
        CancelWorkSync(WorkqueueTests.Work(0));
        Shared.WriteOnce(ref s_cancelled, 1);
        return 0;
    }
}
