// WorkqueueSystemTests: the system's queues. Part of the suite workqueue. One boot of the matrix has the option workqueue.power_efficient.

using CSharpOS.Init;

namespace CSharpOS.Suites;

internal static unsafe class WorkqueueSystemTests
{
    private const int Turns = 20;
    private const uint Patience = 20 * HZ;

    internal static void Seven()
    {
        Check.True(SystemWorkqueues.Events->Name.SequenceEqual("events"u8));
        Check.True(SystemWorkqueues.HighPriority->Name.SequenceEqual("events_highpri"u8));
        Check.True(SystemWorkqueues.Long->Name.SequenceEqual("events_long"u8));
        Check.True(SystemWorkqueues.Unbound->Name.SequenceEqual("events_unbound"u8));
        Check.True(SystemWorkqueues.Freezable->Name.SequenceEqual("events_freezable"u8));
        Check.True(SystemWorkqueues.PowerEfficientEvents->Name.SequenceEqual("events_power_efficient"u8));
        Check.True(SystemWorkqueues.FreezablePowerEfficient->Name.SequenceEqual("events_freezable_power_efficient"u8));

        // A long work keeps nobody else waiting.
        WorkqueueTests.Begin(2, &WorkqueueTests.WaitAtGate);
        WorkStruct.Init(WorkqueueTests.Work(1), &WorkqueueTests.Count);
        QueueWork(SystemWorkqueues.Long, WorkqueueTests.Work(0));
        WorkqueueTests.AwaitInside(1);
        ScheduleWork(WorkqueueTests.Work(1));
        FlushScheduledWork();
        Check.Equal(1, WorkqueueTests.Place(1));
        Check.Equal(0, WorkqueueTests.Place(0));
        WorkqueueTests.Open();
        FlushWorkqueue(SystemWorkqueues.Long);
        Check.Equal(2, WorkqueueTests.Place(0));
    }

    internal static void Unbound() => SeveralAtOnce(SystemWorkqueues.Unbound, unbound: true);

    internal static void PowerEfficient()
    {
        bool unbound = CommandLine.Has("workqueue.power_efficient"u8);
        SeveralAtOnce(SystemWorkqueues.PowerEfficientEvents, unbound);
        SeveralAtOnce(SystemWorkqueues.FreezablePowerEfficient, unbound);
    }

    internal static void FreezablePowerEfficient()
    {
        WorkqueueTests.Begin(1, &WorkqueueTests.Count);
        FreezeWorkqueues();
        QueueWork(SystemWorkqueues.FreezablePowerEfficient, WorkqueueTests.Work(0));
        TakeTurns();
        Check.Equal(0, WorkqueueTests.Runs);
        ThawWorkqueues();
        FlushWorkqueue(SystemWorkqueues.FreezablePowerEfficient);
        Check.Equal(1, WorkqueueTests.Runs);
    }

    // Two works queued on one CPU, the first of which waits: the second begins only where the queue does not belong to the CPU.
    private static void SeveralAtOnce(WorkqueueStruct* wq, bool unbound)
    {
        WorkqueueTests.Begin(2, &WorkqueueTests.WaitAtGate);
        PreemptDisable();
        QueueWork(wq, WorkqueueTests.Work(0));
        QueueWork(wq, WorkqueueTests.Work(1));
        PreemptEnable();
        int expected = unbound ? 2 : 1;
        uint start = Jiffies;
        while (WorkqueueTests.Inside < expected && Jiffies - start < Patience)
        {
            Scheduler.Yield();
        }

        TakeTurns();
        Check.Equal(expected, WorkqueueTests.MostInside);
        WorkqueueTests.Open();
        FlushWorkqueue(wq);
        Check.Equal(2, WorkqueueTests.Runs);
    }

    private static void TakeTurns()
    {
        for (int i = 0; i < Turns; i++)
        {
            Scheduler.Yield();
        }
    }
}
