// Scheduler.Balance: moving tasks from busy CPUs to idle ones.
//
// Linux: load_balance, idle_balance, rebalance_tick of kernel/sched.c (2.6, before scheduling domains). IdleBalance runs in schedule() with
// this run queue locked, BalanceTick in the timer interrupt. Locks: this run queue and the busiest, in the order of CPU numbers.
// Pulling only: a CPU takes tasks for itself, expired ones before active ones (their caches are cold), never the running one.

namespace CSharpOS.Sched;

public static unsafe partial class Scheduler
{
    private const int BusyBalanceTicks = Clock.HZ / 5;
    private const int IdleBalanceTicks = 1;

    /// <summary>Tasks that balancing moved since boot.</summary>
    internal static int Migrations;

    private static void BalanceTick(RunQueue* rq, bool idle)
    {
#if SMP
        if (Smp.CpuCount == 1)
        {
            return;
        }

        uint interval = idle ? IdleBalanceTicks : (uint)BusyBalanceTicks;
        if ((Jiffies + (uint)rq->Cpu) % interval == 0)
        {
            rq->Lock.Lock();
            Pull(rq, idle);
            rq->Lock.Unlock();
            if (idle && rq->RunningCount != 0)
            {
                Cpu.NeedResched = true;
            }
        }
#endif
    }

    private static void IdleBalance(RunQueue* rq)
    {
#if SMP
        if (Smp.CpuCount > 1)
        {
            Pull(rq, idle: true);
        }
#endif
    }

#if SMP
    // This run queue is locked, interrupts are off.
    private static void Pull(RunQueue* rq, bool idle)
    {
        RunQueue* busiest = FindBusiest(rq, out int count);
        int imbalance = (count - rq->RunningCount) / 2;
        if (busiest == null || (imbalance < 1 && !(idle && rq->RunningCount == 0 && count > 1)))
        {
            return;
        }

        imbalance = imbalance < 1 ? 1 : imbalance;
        LockSecond(rq, busiest);
        while (imbalance-- > 0 && busiest->RunningCount > 1)
        {
            TaskStruct* task = PriorityArray.LastMovable(busiest->Expired, rq->Cpu, busiest->Current);
            if (task == null)
            {
                task = PriorityArray.LastMovable(busiest->Active, rq->Cpu, busiest->Current);
            }

            if (task == null)
            {
                break;
            }

            RunQueue.Deactivate(busiest, task);
            Shared.WriteOnce(ref task->Cpu, rq->Cpu);
            RunQueue.Activate(rq, task);
            Shared.AddReturn(ref Migrations, 1);
            if (task->Prio < rq->Current->Prio)
            {
                Cpu.NeedResched = true;
            }
        }

        busiest->Lock.ReleaseNoPreempt();
    }

    // The order is that of CPU numbers, so ours may have to be given up for a moment: whatever was read before is stale then.
    private static void LockSecond(RunQueue* held, RunQueue* wanted)
    {
        if (held->Cpu < wanted->Cpu)
        {
            wanted->Lock.LockNoPreempt();
            return;
        }

        held->Lock.ReleaseNoPreempt();
        wanted->Lock.LockNoPreempt();
        held->Lock.LockNoPreempt();
    }

    private static RunQueue* FindBusiest(RunQueue* rq, out int count)
    {
        RunQueue* busiest = null;
        count = 0;
        uint online = Smp.OnlineMask;
        for (int cpu = 0; online >> cpu != 0; cpu++)
        {
            if ((online & (1u << cpu)) == 0 || cpu == rq->Cpu)
            {
                continue;
            }

            int running = Shared.ReadOnce(ref RunQueues.Of(cpu)->RunningCount);
            if (running > count)
            {
                count = running;
                busiest = RunQueues.Of(cpu);
            }
        }

        return busiest;
    }
#endif
}
