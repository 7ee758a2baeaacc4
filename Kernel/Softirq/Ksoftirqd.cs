// Ksoftirqd: the threads that run softirqs when there are too many of them.
//
// Linux: ksoftirqd in kernel/softirq.c. One thread per CPU, bound to it, nice 19. Wakeup: any context, interrupts off. No locks.
// No wake-up is lost: waker and thread are on the same CPU. The thread sets its state, then looks at the mask, then sleeps; whoever sets a bit of the
// mask looks at the state afterwards.

namespace CSharpOS.Softirqs;

/// <summary>The threads ksoftirqd/n.</summary>
/// <rows>SIRQ-06</rows>
public static unsafe class Ksoftirqd
{
    /// <summary>Below everything that is not idle: an excess of softirqs takes what the programs leave.</summary>
    private const int Nice = 19;

    private static PerCpu<Worker> s_workers;

    /// <summary>No threads yet; what is raised before they start waits for an interrupt. Once, at boot, before anything is raised.</summary>
    internal static void Init() => s_workers = PerCpu<Worker>.Allocate();

    /// <summary>Starts the thread of every online CPU. Once, at boot, process context; may sleep.</summary>
    /// <returns>0; -ENOMEM, -EAGAIN.</returns>
    /// <linux>spawn_ksoftirqd</linux>
    internal static int Start()
    {
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            if (!Smp.IsOnline(cpu))
            {
                continue;
            }

            TaskStruct* thread = Kthread.Create(&Run, null, $"ksoftirqd/{cpu}", out int error);
            if (thread == null)
            {
                return error;
            }

            Kthread.Bind(thread, cpu);
            Scheduler.SetUserNice(thread, Nice);
            Shared.WriteOnce(&s_workers.On(cpu)->Thread, thread);
            Scheduler.WakeUpProcess(thread);
        }

        return 0;
    }

    /// <summary>The thread of CPU <paramref name="cpu"/>; null before there is one.</summary>
    public static TaskStruct* OfCpu(int cpu) => Smp.IsOnline(cpu) ? Shared.ReadOnce(&s_workers.On(cpu)->Thread) : null;

    /// <summary>Leaves what is pending on this CPU to its thread. Interrupts off.</summary>
    /// <linux>wakeup_softirqd</linux>
    internal static void Wakeup()
    {
        TaskStruct* thread = s_workers.This->Thread;
        if (thread != null && Shared.ReadOnce(ref thread->State) != (int)TaskState.Running && Softirq.LeavesRestToKsoftirqd)
        {
            Scheduler.WakeUpProcess(thread);
        }
    }

    // The thread stays on its CPU, so "this CPU" is the same one throughout.
    private static int Run(void* unused)
    {
        while (true)
        {
            Scheduler.SetCurrentState(TaskState.Interruptible);
            if (!HasWork())
            {
                Scheduler.Schedule();
            }

            Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
            while (HasWork())
            {
                Softirq.DoSoftirqOnce();
                Scheduler.CondResched();
            }
        }
    }

    private static bool HasWork() => LocalSoftirqPending() != 0 && Softirq.LeavesRestToKsoftirqd;

    private struct Worker
    {
        public TaskStruct* Thread;
    }
}
