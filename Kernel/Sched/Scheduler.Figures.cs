// Scheduler.Figures: what the run queues count, for /proc and the load average.
//
// Linux: nr_running, nr_context_switches, kstat_cpu (kernel/sched.c). Any context; no lock: each counter by itself.

namespace CSharpOS.Sched;

/// <summary>Ticks of one CPU by what they were spent on.</summary>
/// <linux>cpu_usage_stat</linux>
public struct CpuTicks
{
    /// <summary>In user mode, and there with nice above 0.</summary>
    public ulong User, Nice;

    /// <summary>In the kernel on behalf of a task, in softirqs, and idle.</summary>
    public ulong System, Softirq, Idle;
}

public static unsafe partial class Scheduler
{
    /// <summary>Tasks that run or want to, on all CPUs.</summary>
    /// <linux>nr_running</linux>
    public static int RunningTasks()
    {
        int count = 0;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            count += Shared.ReadOnce(ref RunQueues.Of(cpu)->RunningCount);
        }

        return count;
    }

    /// <summary>Switches from task to task since boot, on all CPUs.</summary>
    /// <linux>nr_context_switches</linux>
    public static ulong ContextSwitches()
    {
        ulong count = 0;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            count += Shared.ReadOnce(ref RunQueues.Of(cpu)->Switches);
        }

        return count;
    }

    /// <summary>How CPU <paramref name="cpu"/> has spent its ticks.</summary>
    /// <linux>kstat_cpu</linux>
    public static CpuTicks TicksOf(int cpu)
    {
        RunQueue* rq = RunQueues.Of(cpu);
        CpuTicks ticks = new()
        {
            User = Shared.ReadOnce(ref rq->TicksUser),
            Nice = Shared.ReadOnce(ref rq->TicksNice),
            Softirq = Shared.ReadOnce(ref rq->TicksSoftirq),
            Idle = Shared.ReadOnce(ref rq->TicksIdle),
        };

        // Read last: it is never less than its parts.
        ulong busy = Shared.ReadOnce(ref rq->TicksBusy);
        ticks.System = busy - ticks.User - ticks.Nice - ticks.Softirq;
        return ticks;
    }

    // One tick of this CPU, in the timer interrupt.
    private static void AccountTick(RunQueue* rq, TaskStruct* task, bool userMode)
    {
        bool softirq = !userMode && InSoftirq();
        if (task == rq->Idle && !softirq)
        {
            rq->TicksIdle++;
            return;
        }

        // The sum first: whoever reads the parts first and the sum last finds them in it.
        Shared.WriteOnce(ref rq->TicksBusy, rq->TicksBusy + 1);
        if (softirq)
        {
            Shared.WriteOnce(ref rq->TicksSoftirq, rq->TicksSoftirq + 1);
        }
        else if (userMode && task->Nice > 0)
        {
            Shared.WriteOnce(ref rq->TicksNice, rq->TicksNice + 1);
        }
        else if (userMode)
        {
            Shared.WriteOnce(ref rq->TicksUser, rq->TicksUser + 1);
        }
    }
}
