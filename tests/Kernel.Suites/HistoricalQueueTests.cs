// HistoricalQueueTests: task queues. Part of the suite historical. Functions count in statics, which a test resets first.

using System.Runtime.CompilerServices;
using CSharpOS.Historical;

namespace CSharpOS.Suites;

internal static unsafe class HistoricalQueueTests
{
    private const int Entries = 4;
    private const int Ticks = 5;
    private const int Rounds = 20;
    private const int TasksPerCpu = 2000;

    private static EntryArray s_entries;
    private static TaskQueueHead s_queue;
    private static int s_runs;
    private static ulong s_order;
    private static bool s_contextIsRight;
    private static bool s_ranInHandler;
    private static uint s_lastTick;
    private static int s_gate;
    private static TaskStruct* s_runner;
    private static TaskStruct* s_sleeper;
    private static int s_byThread;

    private static TaskQueueHead* Queue => (TaskQueueHead*)Unsafe.AsPointer(ref s_queue);

    internal static void OwnQueue()
    {
        TaskQueue.Init(Queue);
        TaskQueue.RunTaskQueue(Queue);
        Begin(&Append);
        Check.True(TaskQueue.QueueTask(Entry(2), Queue));
        Check.True(TaskQueue.QueueTask(Entry(0), Queue));
        Check.True(TaskQueue.QueueTask(Entry(1), Queue));
        Check.False(TaskQueue.QueueTask(Entry(2), Queue));
        Check.True(TaskQueue.IsActive(Queue));
        Check.Equal(0, s_order);
        TaskQueue.RunTaskQueue(Queue);
        Check.Equal(0x312, s_order);
        Check.False(TaskQueue.IsActive(Queue));
        TaskQueue.RunTaskQueue(Queue);
        Check.Equal(0x312, s_order);
        Check.True(TaskQueue.QueueTask(Entry(2), Queue));
        TaskQueue.RunTaskQueue(Queue);
        Check.Equal(0x3123, s_order);
    }

    internal static void QueuesItself()
    {
        TaskQueue.Init(Queue);
        Begin(&CountAndQueue);
        TaskQueue.QueueTask(Entry(0), Queue);
        TaskQueue.RunTaskQueue(Queue);
        Check.Equal(1, s_runs);
        TaskQueue.RunTaskQueue(Queue);
        Check.Equal(2, s_runs);
    }

    internal static void FreesItself()
    {
        TaskQueue.Init(Queue);
        Begin(&Append);
        var entry = Kzalloc<TaskQueueStruct>(GfpFlags.Kernel);
        TaskQueue.Init(entry, &Free, entry);
        TaskQueue.QueueTask(entry, Queue);
        TaskQueue.QueueTask(Entry(0), Queue);
        TaskQueue.RunTaskQueue(Queue);
        Check.Equal(1, s_runs);
        Check.Equal(1, s_order);
    }

    internal static void TimerQueue()
    {
        Begin(&NoteTick);
        s_contextIsRight = true;
        uint first = Jiffies;
        Check.True(TaskQueue.QueueTask(Entry(0), TaskQueues.Timer));
        Check.True(SmpTests.Becomes(ref s_runs, Ticks));

        // Once for each tick, however late: not oftener than the clock has ticked.
        Check.True(s_lastTick - first >= Ticks - 1);
        Check.True(s_contextIsRight);

        // Nobody queues it any more: it is run no more.
        uint start = Jiffies;
        while (Jiffies - start < 3)
        {
            CpuRelax();
        }

        Check.Equal(Ticks, Shared.ReadOnce(ref s_runs));
    }

    internal static void ImmediateAfterInterrupt()
    {
        Begin(&NoteImmediate);
        if (SoftirqTests.InHandler(&QueueAndMarkInHandler))
        {
            Check.True(SmpTests.Becomes(ref s_runs, 1));
            Check.False(s_ranInHandler);
            Check.True(s_contextIsRight);
        }
    }

    internal static void ImmediateElsewhere()
    {
        Begin(&NoteImmediate);
        LocalBhDisable();
        QueueAndMark();
        Check.Equal(0, s_runs);
        LocalBhEnable();
        Check.Equal(1, s_runs);
        ulong flags = LocalIrqSave();
        QueueAndMark();
        DoSoftirq();
        LocalIrqRestore(flags);
        Check.Equal(2, s_runs);

        // Marked in process context, it wakes ksoftirqd. Now and then an interrupt is faster.
        s_byThread = 0;
        s_sleeper = Current;
        for (int i = 0; i < Rounds; i++)
        {
            int before = s_runs;
            Scheduler.SetCurrentState(TaskState.Uninterruptible);
            QueueAndMark();
            while (Shared.ReadOnce(ref s_runs) == before)
            {
                Scheduler.Schedule();
                Scheduler.SetCurrentState(TaskState.Uninterruptible);
            }

            Scheduler.SetCurrentState(TaskState.Running);
        }

        s_sleeper = null;
        Check.Equal(2 + Rounds, s_runs);
        Check.True(s_byThread > 0);
        Check.True(s_contextIsRight);
    }

    internal static void ImmediateNotMarked()
    {
        Begin(&NoteImmediate);
        TaskQueue.QueueTask(Entry(0), TaskQueues.Immediate);
        LocalBhDisable();
        LocalBhEnable();
        DoSoftirq();
        Check.Equal(0, s_runs);
        HistoricalBhTests.MarkAndRun(BottomHalf.ImmediateBh);
        Check.Equal(1, s_runs);
    }

    internal static void SchedulerQueue()
    {
        Begin(&NoteThread);
        Keventd.FlushScheduledTasks();
        Check.True(Keventd.ScheduleTask(Entry(0)));
        Keventd.FlushScheduledTasks();
        Check.Equal(1, s_runs);
        Check.True(s_contextIsRight);
        Check.True(s_runner->Name.SequenceEqual("keventd"u8));
        Check.NotLogged("sleeping function"u8);

        // From a handler: it runs later all the same, in the thread.
        s_contextIsRight = false;
        if (SoftirqTests.InHandler(&ScheduleInHandler))
        {
            Keventd.FlushScheduledTasks();
            Check.Equal(2, s_runs);
            Check.True(s_contextIsRight);
        }
    }

    internal static void SleeperBlocks()
    {
        Begin(&Append);
        s_gate = 0;
        TaskQueue.Init(Entry(3), &SleepAtGate, null);
        Keventd.ScheduleTask(Entry(3));
        Keventd.ScheduleTask(Entry(0));
        Keventd.ScheduleTask(Entry(1));
        uint start = Jiffies;
        while (Jiffies - start < 3)
        {
            Scheduler.Yield();
        }

        Check.Equal(0, s_order);
        Shared.WriteOnce(ref s_gate, 1);
        Keventd.FlushScheduledTasks();
        Check.Equal(0xf12, s_order);
    }

    internal static void Stress()
    {
        Begin(&CountShared);
        OnCpu* jobs = stackalloc OnCpu[MaxCpus];
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Start(jobs + cpu, cpu, &ScheduleOften, null);
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Wait(jobs + cpu);
        }

        Keventd.FlushScheduledTasks();
        Check.Equal(Smp.CpuCount * SmpTests.Rounds(TasksPerCpu), s_runs);
    }

    private static TaskQueueStruct* Entry(int index) => (TaskQueueStruct*)Unsafe.AsPointer(ref s_entries) + index;

    private static void Begin(delegate*<void*, void> routine)
    {
        s_runs = 0;
        s_order = 0;
        s_contextIsRight = s_ranInHandler = false;
        for (int i = 0; i < Entries; i++)
        {
            TaskQueue.Init(Entry(i), routine, (void*)(nint)(i + 1));
        }
    }

    private static void Append(void* data) => s_order = (s_order << 4) | (ulong)data;

    private static void CountAndQueue(void* data)
    {
        s_runs++;
        Check.True(TaskQueue.QueueTask(Entry(0), Queue) || s_runs > 1);
    }

    private static void Free(void* entry)
    {
        s_runs++;
        Kfree(entry);
    }

    // Queues itself again: at each tick, but never twice in one.
    private static void NoteTick(void* data)
    {
        uint now = Jiffies;
        s_lastTick = now;
        s_contextIsRight &= InSoftirq() && !IrqsDisabled();
        if (Shared.ReadOnce(ref s_runs) + 1 < Ticks)
        {
            TaskQueue.QueueTask(Entry(0), TaskQueues.Timer);
        }

        Shared.AddReturn(ref s_runs, 1);
    }

    private static void QueueAndMark()
    {
        TaskQueue.QueueTask(Entry(0), TaskQueues.Immediate);
        BottomHalf.MarkBh(BottomHalf.ImmediateBh);
    }

    private static void QueueAndMarkInHandler()
    {
        QueueAndMark();
        s_ranInHandler = Shared.ReadOnce(ref s_runs) != 0;
    }

    private static void NoteImmediate(void* data)
    {
        s_contextIsRight = InSoftirq() && !InIrq() && !IrqsDisabled();
        s_byThread += InterruptRegs == null && Current == Ksoftirqd.OfCpu(0) ? 1 : 0;
        Shared.AddReturn(ref s_runs, 1);
        if (s_sleeper != null)
        {
            Scheduler.WakeUpProcess(s_sleeper);
        }
    }

    private static void NoteThread(void* data)
    {
        s_contextIsRight = !InInterrupt() && !InAtomic() && !IrqsDisabled();
        s_runner = Current;
        MightSleep();
        Scheduler.Yield();
        s_runs++;
    }

    private static void ScheduleInHandler() => Keventd.ScheduleTask(Entry(0));

    private static void SleepAtGate(void* unused)
    {
        while (Shared.ReadOnce(ref s_gate) == 0)
        {
            Scheduler.Yield();
        }

        s_order = 0xf;
    }

    private static void CountShared(void* data) => s_runs++;

    // Each task is one's own, until it has run.
    private static void ScheduleOften(void* unused)
    {
        TaskQueueStruct entry;
        TaskQueue.Init(&entry, &CountShared, null);
        for (int i = 0; i < SmpTests.Rounds(TasksPerCpu); i++)
        {
            while (!Keventd.ScheduleTask(&entry))
            {
                Scheduler.Yield();
            }
        }

        Keventd.FlushScheduledTasks();
    }

    [InlineArray(Entries)]
    private struct EntryArray
    {
        private TaskQueueStruct _first;
    }
}
