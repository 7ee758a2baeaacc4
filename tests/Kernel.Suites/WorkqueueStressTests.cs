// WorkqueueStressTests: works queued in threads, softirqs and interrupts of all CPUs at once. Part of the suite workqueue.
//
// Each CPU has a thread that queues; now and then it schedules a tasklet that queues, and sends its neighbour a message whose handler, an interrupt, queues; a
// high-resolution timer does so in hard interrupts too, on one CPU as well. All queue the same works, on all CPUs. Every true is one run, wherever it was.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class WorkqueueStressTests
{
    private const int Works = 32;
    private const int Total = 50_000, SoakTotal = 1_000_000;
    private const long InterruptEvery = 100_000;

    private static WorkqueueStruct* s_wq;
    private static int s_perCpu;
    private static WorkArray s_works;
    private static TaskletArray s_tasklets;
    private static HrtimerArray s_interrupts;
    private static PerCpuNumbers s_turns;
    private static Contexts s_queuedIn;

    private enum Context
    {
        Process,
        Softirq,
        Interrupt,
        Count,
    }

    internal static void ThreeContexts()
    {
        s_wq = CreateWorkqueue("stress"u8);
        Check.True(s_wq != null);
        if (s_wq == null)
        {
            return;
        }

        s_perCpu = (CommandLine.Has("soak"u8) ? SoakTotal : Total) / Smp.CpuCount;
        s_queuedIn = default;
        for (int i = 0; i < Works; i++)
        {
            *WorkAt(i) = default;
            WorkStruct.Init(&WorkAt(i)->Work, &Count);
        }

        OnCpu* jobs = stackalloc OnCpu[Cpu.MaxCpus];
        int started = 0;
        while (started < Smp.CpuCount && OnCpu.Start(jobs + started, started, &QueueMany, null))
        {
            started++;
        }

        for (int cpu = 0; cpu < started; cpu++)
        {
            OnCpu.Wait(jobs + cpu);
        }

        // The last messages have arrived, and the last tasklets have run.
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            SmpLine.Quiesce(cpu);
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            TaskletKill(TaskletOf(cpu));
        }

        FlushWorkqueue(s_wq);
        DestroyWorkqueue(s_wq);
        long queued = 0;
        for (int i = 0; i < Works; i++)
        {
            Check.Equal(WorkAt(i)->Queued.Read(), WorkAt(i)->Runs.Read());
            queued += WorkAt(i)->Queued.Read();
        }

        Check.True(queued >= (long)s_perCpu * Smp.CpuCount);
        for (int context = 0; context < (int)Context.Count; context++)
        {
            Check.True(Shared.ReadOnce(ref s_queuedIn[context]) > 0);
        }
    }

    private static CountedWork* WorkAt(int index) => (CountedWork*)Unsafe.AsPointer(ref s_works) + index;

    private static TaskletStruct* TaskletOf(int cpu) => (TaskletStruct*)Unsafe.AsPointer(ref s_tasklets) + cpu;

    private static Hrtimer* InterruptOf(int cpu) => (Hrtimer*)Unsafe.AsPointer(ref s_interrupts) + cpu;

    // Until this thread alone has queued its share; what softirqs and interrupts queue comes on top, and is to be something.
    private static void QueueMany(void* unused)
    {
        int cpu = SmpProcessorId();
        TaskletInit(TaskletOf(cpu), &QueueInSoftirq, 0);
        HrtimerInit(InterruptOf(cpu), &QueueInInterrupt, HrtimerCallbackMode.HardIrq);
        HrtimerStart(InterruptOf(cpu), InterruptEvery, HrtimerMode.Rel);
        int queued = 0;
        for (int turn = 0; queued < s_perCpu || !AllContextsQueued(); turn++)
        {
            if (Queue(turn * 7, Context.Process))
            {
                queued++;
            }
            else
            {
                Scheduler.Yield();
            }

            if (turn % 8 == 0)
            {
                TaskletSchedule(TaskletOf(cpu));
            }

            if (turn % 64 == 0 && Smp.CpuCount > 1)
            {
                Smp.SmpCallFunctionSingle((cpu + 1) % Smp.CpuCount, &QueueInMessage, null, false);
            }
        }

        HrtimerCancel(InterruptOf(cpu));
    }

    private static bool AllContextsQueued() =>
        Shared.ReadOnce(ref s_queuedIn[(int)Context.Softirq]) > 0 && Shared.ReadOnce(ref s_queuedIn[(int)Context.Interrupt]) > 0;

    private static bool Queue(int turn, Context context)
    {
        CountedWork* work = WorkAt((int)((uint)turn % Works));
        if (!QueueWorkOn((int)((uint)turn / Works % (uint)Smp.CpuCount), s_wq, &work->Work))
        {
            return false;
        }

        work->Queued.Inc();
        Shared.AddReturn(ref s_queuedIn[(int)context], 1L);
        return true;
    }

    private static void QueueInSoftirq(ulong unused) => Queue(NextTurn(), InSoftirq() && !InIrq() ? Context.Softirq : Context.Process);

    private static void QueueInMessage(void* unused) => Queue(NextTurn(), InIrq() ? Context.Interrupt : Context.Process);

    private static HrtimerRestart QueueInInterrupt(Hrtimer* timer)
    {
        QueueInMessage(null);
        HrtimerForward(timer, KtimeGet(), InterruptEvery);
        return HrtimerRestart.Restart;
    }

    // An interrupt in the middle makes the same turn twice: no harm.
    private static int NextTurn()
    {
        ref long turn = ref s_turns[SmpProcessorId()];
        turn += 5;
        return (int)turn;
    }

    private static void Count(WorkStruct* work) => ((CountedWork*)work)->Runs.Inc();

    private struct CountedWork
    {
        public WorkStruct Work;
        public Atomic64 Queued, Runs;
    }

    [InlineArray(Works)]
    private struct WorkArray
    {
        private CountedWork _first;
    }

    [InlineArray(Cpu.MaxCpus)]
    private struct TaskletArray
    {
        private TaskletStruct _first;
    }

    [InlineArray(Cpu.MaxCpus)]
    private struct HrtimerArray
    {
        private Hrtimer _first;
    }

    [InlineArray((int)Context.Count)]
    private struct Contexts
    {
        private long _first;
    }
}
