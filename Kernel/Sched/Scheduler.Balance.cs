// Scheduler.Balance: moving tasks from busy CPUs to idle ones.
//
// Linux: load_balance, idle_balance, trigger_load_balance of kernel/sched.c (2.6, without its scheduling domains). IdleBalance runs in schedule() with
// this run queue locked, TriggerBalance in the timer interrupt, Rebalance in SCHED_SOFTIRQ. Locks: this run queue and the busiest, in the order of
// CPU numbers, interrupts off.
// Pulling only: a CPU takes tasks for itself, expired ones before active ones (their caches are cold), never the running one.

namespace CSharpOS.Sched;

public static unsafe partial class Scheduler
{
    private const int BusyBalanceTicks = Clock.HZ / 5;
    private const int IdleBalanceTicks = 1;

    private static int s_migrations;

    /// <summary>Tasks that balancing moved since boot.</summary>
    internal static int Migrations => Shared.ReadOnce(ref s_migrations);

    // Looking at every run queue takes too long for the tick itself: it only says that it is time.
    private static void TriggerBalance(RunQueue* rq, bool idle)
    {
#if SMP
        if (Smp.CpuCount > 1 && ++rq->TicksSinceBalance >= (idle ? IdleBalanceTicks : BusyBalanceTicks))
        {
            rq->TicksSinceBalance = 0;
            RaiseSoftirqIrqoff(SchedSoftirq);
        }
#endif
    }

#if SMP
    // SCHED_SOFTIRQ: on the CPU whose tick raised it. What is pulled sets need_resched, and runs when the softirq and its interrupt are over.
    private static void Rebalance(SoftirqAction* entry)
    {
        LocalIrqDisable();
        RunQueue* rq = RunQueues.This;
        rq->Lock.LockNoPreempt();
        Pull(rq);
        rq->Lock.ReleaseNoPreempt();
        LocalIrqEnable();
    }
#endif

    private static void IdleBalance(RunQueue* rq)
    {
#if SMP
        if (Smp.CpuCount > 1)
        {
            Pull(rq);
        }
#endif
    }

#if SMP
    // This run queue is locked, interrupts are off. The busiest CPU gives; if none of its tasks may come here, the next busiest.
    private static void Pull(RunQueue* rq)
    {
        uint asked = 1u << rq->Cpu;
        RunQueue* busiest = FindBusiest(rq, asked);
        while (busiest != null)
        {
            LockSecond(rq, busiest);
            bool moved = MoveTasks(busiest, rq);
            busiest->Lock.ReleaseNoPreempt();
            rq->Lock.HeldAlone();
            if (moved)
            {
                return;
            }

            asked |= 1u << busiest->Cpu;
            busiest = FindBusiest(rq, asked);
        }
    }

    // Half of the difference. Counted only now that both are locked.
    private static bool MoveTasks(RunQueue* from, RunQueue* to)
    {
        bool moved = false;
        for (int imbalance = (from->RunningCount - to->RunningCount) / 2; imbalance > 0; imbalance--)
        {
            TaskStruct* task = PriorityArray.FirstMovable(from->Expired, to->Cpu, from->Current);
            if (task == null)
            {
                task = PriorityArray.FirstMovable(from->Active, to->Cpu, from->Current);
            }

            if (task == null)
            {
                break;
            }

            MoveLocked(from, to, task);
            Shared.AddReturn(ref s_migrations, 1);
            moved = true;
        }

        return moved;
    }

    // The order is that of CPU numbers, so ours may have to be given up for a moment: whatever was read before is stale then.
    private static void LockSecond(RunQueue* held, RunQueue* wanted)
    {
        if (held->Cpu < wanted->Cpu)
        {
            wanted->Lock.LockNestedNoPreempt(1);
            return;
        }

        held->Lock.ReleaseNoPreempt();
        wanted->Lock.LockNoPreempt();
        held->Lock.LockNestedNoPreempt(1);
    }

    // Without locks: a guess. Only those from whom moving one task makes things more equal.
    private static RunQueue* FindBusiest(RunQueue* rq, uint asked)
    {
        RunQueue* busiest = null;
        int most = Shared.ReadOnce(ref rq->RunningCount) + 1;
        uint others = Smp.OnlineMask & ~asked;
        for (int cpu = 0; others >> cpu != 0; cpu++)
        {
            if ((others & (1u << cpu)) == 0)
            {
                continue;
            }

            int running = Shared.ReadOnce(ref RunQueues.Of(cpu)->RunningCount);
            if (running > most)
            {
                most = running;
                busiest = RunQueues.Of(cpu);
            }
        }

        return busiest;
    }
#endif
}
