// Scheduler.Idle: what a CPU does when it has nothing to do.
//
// Linux: cpu_idle, init_idle, rest_init. One idle task per CPU, pid 0, in no priority array, never asleep. Process context.
// The order in the loop matters: interrupts off, look at need_resched, then turn interrupts on and halt in one step. A wake-up from an
// interrupt cannot fall between the look and the halt.

using System.Diagnostics.CodeAnalysis;

namespace CSharpOS.Sched;

public static unsafe partial class Scheduler
{
    /// <summary>Makes the running code the idle task of the boot CPU and lets tasks be switched. Once, at boot, interrupts off.</summary>
    /// <linux>sched_init</linux>
    public static void Init()
    {
        Running = false;
        Cpu.NeedResched = false;
        s_migrations = 0;
        RunQueues.Init();
        AdoptIdle(Current, 0);
        Tasks.Init(Current);
#if SMP
        OpenSoftirq(SchedSoftirq, &Rebalance);
#endif
        Running = true;
    }

    /// <summary>Makes the idle task of CPU <paramref name="cpu"/> and its run queue, before that CPU starts; it begins on the task's stack.</summary>
    /// <returns>Null without memory.</returns>
    /// <linux>fork_idle</linux>
    public static TaskStruct* InitIdle(int cpu)
    {
        TaskStruct* task = Tasks.Allocate();
        if (task == null)
        {
            return null;
        }

        RunQueue.Init(RunQueues.Of(cpu), cpu);
        AdoptIdle(task, cpu);
        TextBuffer name = new(new Span<byte>(task->Comm, TaskName.Size));
        name.Append($"swapper/{cpu}");
        return task;
    }

    /// <summary>The life of an idle task: does not return.</summary>
    /// <linux>cpu_idle</linux>
    [DoesNotReturn]
    public static void IdleLoop()
    {
        while (true)
        {
            while (!NeedResched())
            {
                LocalIrqDisable();
                if (NeedResched())
                {
                    LocalIrqEnable();
                    break;
                }

                SafeHalt();
            }

            Schedule();
        }
    }

    /// <summary>Lets time pass until an interrupt has come; whoever is more urgent runs first. Process context; turns interrupts on, so what is
    /// waited for is looked at with interrupts off directly before. For short waits on a device; others sleep on a wait queue.</summary>
    public static void WaitForInterrupt()
    {
        if (NeedResched())
        {
            LocalIrqEnable();
            Schedule();
            return;
        }

        SafeHalt();
        CondResched();
    }

    /// <summary>Where a secondary CPU ends its start: its stack, current and run queue are those of <see cref="InitIdle"/>.</summary>
    [DoesNotReturn]
    public static void SecondaryIdle(int cpu)
    {
        LocalIrqEnable();
        IdleLoop();
    }

    private static void AdoptIdle(TaskStruct* task, int cpu)
    {
        RunQueue* rq = RunQueues.Of(cpu);
#if DEBUG_CHECKS
        Debugging.StackEnd.Mark(task);
#endif
        task->Pid = 0;
        task->Flags |= TaskFlags.Idle | TaskFlags.KernelThread | TaskFlags.Bound;
        task->State = (int)TaskState.Running;
        task->StaticPrio = Priority.FromNice(0);
        task->Prio = Priority.Count;
        task->CpusAllowed = 1u << cpu;
        task->Cpu = cpu;
        task->Array = null;
        rq->Idle = task;
        rq->Current = task;
    }
}
