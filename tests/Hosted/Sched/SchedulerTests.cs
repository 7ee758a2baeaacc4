// The scheduler's decisions, tick by tick: rounds, turns, starvation, wake-ups and balancing.

using CSharpOS.Arch;
using CSharpOS.Sched;
using Xunit;
using Cpus = CSharpOS.Arch.Smp;

namespace CSharpOS.Hosted.Sched;

[Trait("Row", "KT-04")]
public sealed unsafe class SchedulerTests : IDisposable
{
    private SchedMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    private void WithCpus(int cpus)
    {
        _machine.Dispose();
        _machine = new SchedMachine(cpus);
    }

    [Fact]
    public void A_slice_ends_after_its_ticks_and_the_round_when_all_have_had_theirs()
    {
        TaskStruct* a = _machine.Runnable(0);
        TaskStruct* b = _machine.Runnable(10);
        Assert.True(SchedMachine.Schedule() == a);
        SchedMachine.Ticks(Priority.TimeSlice(a->StaticPrio) - 1);
        Assert.False(Scheduler.NeedResched());
        SchedMachine.Ticks(1);
        Assert.True(Scheduler.NeedResched());
        Assert.True(a->Array == RunQueues.This->Expired);
        Assert.Equal(Priority.TimeSlice(a->StaticPrio), a->TimeSlice);

        Assert.True(SchedMachine.Schedule() == b);
        SchedMachine.Ticks(Priority.TimeSlice(b->StaticPrio));
        Assert.True(SchedMachine.Schedule() == a);
        Assert.True(a->Array == RunQueues.This->Active && b->Array == a->Array);
        Assert.True(RunQueues.IsConsistent(0));
    }

    [Fact]
    public void Shares_over_many_rounds_are_those_of_the_slices()
    {
        TaskStruct* a = _machine.Runnable(0);
        TaskStruct* b = _machine.Runnable(5);
        for (int i = 0; i < 40 * (Priority.TimeSlice(a->StaticPrio) + Priority.TimeSlice(b->StaticPrio)); i++)
        {
            if (i == 0 || Scheduler.NeedResched())
            {
                SchedMachine.Schedule();
            }

            SchedMachine.Ticks(1);
        }

        Assert.Equal(40ul * (ulong)Priority.TimeSlice(a->StaticPrio), a->Ticks);
        Assert.Equal(40ul * (ulong)Priority.TimeSlice(b->StaticPrio), b->Ticks);
    }

    [Fact]
    public void A_real_time_task_runs_before_every_other_and_FIFO_has_no_slice()
    {
        _machine.Runnable(-20);
        TaskStruct* fifo = _machine.Runnable();
        TaskStruct* equal = _machine.Runnable();
        Assert.Equal(0, Scheduler.SetScheduler(fifo, SchedPolicy.Fifo, 1));
        Assert.Equal(0, Scheduler.SetScheduler(equal, SchedPolicy.Fifo, 1));
        Assert.True(SchedMachine.Schedule() == fifo);
        SchedMachine.Ticks(10 * HZ);
        Assert.False(Scheduler.NeedResched());
        Assert.True(SchedMachine.Schedule() == fifo);
    }

    [Fact]
    public void RR_equals_take_turns()
    {
        TaskStruct* a = _machine.Runnable();
        TaskStruct* b = _machine.Runnable();
        Scheduler.SetScheduler(a, SchedPolicy.RoundRobin, 5);
        Scheduler.SetScheduler(b, SchedPolicy.RoundRobin, 5);
        for (int i = 0; i < 6; i++)
        {
            Assert.True(SchedMachine.Schedule() == ((i & 1) == 0 ? a : b));
            SchedMachine.Ticks(Priority.TimeSlice(a->StaticPrio));
            Assert.True(Scheduler.NeedResched());
        }
    }

    [Fact]
    public void An_interactive_task_goes_on_after_its_slice_until_the_expired_ones_starve()
    {
        TaskStruct* patient = _machine.Runnable();
        TaskStruct* hog = _machine.Task();
        Assert.True(SchedMachine.Schedule() == patient);
        SchedMachine.Ticks(Priority.TimeSlice(patient->StaticPrio));
        hog->SleepAverage = Priority.MaxSleepAverage;
        hog->Prio = Priority.Effective(hog);
        hog->State = (int)TaskState.Running;
        RunQueue.Activate(RunQueues.This, hog);
        Assert.True(SchedMachine.Schedule() == hog);

        // Its average is kept up, as if it slept between the ticks. The others wait at most a second for each that is runnable.
        int waited = 0;
        while (hog->Array == RunQueues.This->Active)
        {
            Assert.True(RunQueues.This->Current == hog);
            hog->SleepAverage = Priority.MaxSleepAverage;
            SchedMachine.Ticks(1);
            waited++;
            Assert.True(waited < 5 * HZ);
            if (Scheduler.NeedResched() && hog->Array == RunQueues.This->Active)
            {
                SchedMachine.Schedule();
            }
        }

        Assert.InRange(waited, (3 * HZ) - Priority.TimeSlice(hog->StaticPrio), (3 * HZ) + Priority.TimeSlice(hog->StaticPrio));
    }

    [Fact]
    public void Running_costs_the_bonus_that_sleeping_earned()
    {
        TaskStruct* task = _machine.Task();
        task->State = (int)TaskState.Uninterruptible;
        Assert.True(Scheduler.WakeUpProcess(task));
        Assert.InRange(task->Prio, Priority.MaxRealTime, 125);
        task->Timestamp = ulong.MaxValue / 2;

        // A clock that is behind on this CPU makes it no sleeper of centuries.
        RunQueue.Deactivate(RunQueues.This, task);
        task->SleepAverage = 0;
        task->State = (int)TaskState.Uninterruptible;
        Scheduler.WakeUpProcess(task);
        Assert.Equal(0u, task->SleepAverage);
        Assert.Equal(125, task->Prio);
    }

    [Fact]
    public void A_new_task_has_not_slept()
    {
        TaskStruct* task = _machine.Task();
        Simulation.Tsc += 1_000_000_000_000;
        Assert.True(Scheduler.WakeUpProcess(task));
        Assert.Equal(0u, task->SleepAverage);
        Assert.False(Scheduler.WakeUpProcess(task));
    }

    [Fact]
    public void Nice_and_policy_move_a_task_in_its_queue()
    {
        TaskStruct* a = _machine.Runnable();
        TaskStruct* b = _machine.Runnable();
        Scheduler.SetUserNice(b, -5);
        Assert.True(PriorityArray.First(RunQueues.This->Active) == b);
        Scheduler.SetUserNice(b, 5);
        Assert.True(PriorityArray.First(RunQueues.This->Active) == a);
        Scheduler.SetScheduler(b, SchedPolicy.Fifo, 1);
        Assert.True(PriorityArray.First(RunQueues.This->Active) == b);
        Scheduler.SetScheduler(b, SchedPolicy.Normal, 0);
        Assert.True(PriorityArray.First(RunQueues.This->Active) == a);
        Assert.True(RunQueues.IsConsistent(0));
    }

    [Fact]
    public void An_expired_task_that_becomes_real_time_does_not_wait_for_the_round()
    {
        TaskStruct* a = _machine.Runnable();
        TaskStruct* b = _machine.Runnable();
        Assert.True(SchedMachine.Schedule() == a);
        SchedMachine.Ticks(Priority.TimeSlice(a->StaticPrio));
        Assert.True(SchedMachine.Schedule() == b);
        Scheduler.SetScheduler(a, SchedPolicy.Fifo, 1);
        Assert.True(Scheduler.NeedResched());
        Assert.True(SchedMachine.Schedule() == a);
    }

    [Fact]
    public void A_sleeper_with_a_pending_signal_does_not_sleep()
    {
        TaskStruct* a = _machine.Runnable();
        Assert.True(SchedMachine.Schedule() == a);
        a->State = (int)TaskState.Interruptible;
        a->PendingSignals = 1;
        Assert.True(SchedMachine.Schedule() == a);
        Assert.Equal((int)TaskState.Running, a->State);
        a->State = (int)TaskState.Uninterruptible;
        Assert.True(SchedMachine.Schedule() == RunQueues.This->Idle);
    }

    [Theory]
    [InlineData(0b1111u, 2, 2)]
    [InlineData(0b1111u, 1, 0)]
    [InlineData(0b1010u, 1, 3)]
    [InlineData(0b0010u, 1, 1)]
    public void A_woken_task_goes_where_it_was_or_to_an_idle_CPU(uint allowed, int was, int expected)
    {
        // CPU 1 is busy, the waker is on CPU 0, which is idle.
        WithCpus(4);
        _machine.Runnable(cpu: 1);
        TaskStruct* task = _machine.Task(allowed: allowed, cpu: was);
        task->State = (int)TaskState.Interruptible;
        Assert.True(Scheduler.WakeUpProcess(task));
        Assert.Equal(expected, task->Cpu);
        for (int cpu = 0; cpu < 4; cpu++)
        {
            Assert.True(RunQueues.IsConsistent(cpu));
        }
    }

    [Fact]
    public void Another_CPU_is_told_once_until_it_has_rescheduled()
    {
        WithCpus(2);
        for (int i = 0; i < 3; i++)
        {
            TaskStruct* task = _machine.Task(nice: -i, allowed: 0b10, cpu: 1);
            task->State = (int)TaskState.Uninterruptible;
            Scheduler.WakeUpProcess(task);
        }

        Assert.Equal([1], Cpus.Reschedules);
        Simulation.SwitchTo(1);
        Simulation.InterruptsEnabled = true;
        Assert.True(Scheduler.NeedResched());
        SchedMachine.Schedule();
        Assert.False(Scheduler.NeedResched());
        Simulation.SwitchTo(0);

        // Somebody less urgent than the one who runs there does not disturb it.
        TaskStruct* lesser = _machine.Task(nice: 19, allowed: 0b10, cpu: 1);
        Scheduler.WakeUpProcess(lesser);
        Assert.Equal([1], Cpus.Reschedules);
    }

    [Fact]
    public void An_idle_CPU_takes_half_of_what_the_busiest_has_more()
    {
        WithCpus(3);
        for (int i = 0; i < 6; i++)
        {
            _machine.Runnable();
        }

        _machine.Runnable(cpu: 1);
        SchedMachine.Schedule();
        Simulation.SwitchTo(2);
        SchedMachine.Ticks(1);
        Assert.Equal(3, RunQueues.Of(0)->RunningCount);
        Assert.Equal(1, RunQueues.Of(1)->RunningCount);
        Assert.Equal(3, RunQueues.Of(2)->RunningCount);
        Assert.True(Scheduler.NeedResched());
        for (int cpu = 0; cpu < 3; cpu++)
        {
            Assert.True(RunQueues.IsConsistent(cpu));
        }

        // Equal now: nothing moves.
        int migrations = Scheduler.Migrations;
        SchedMachine.Ticks(2 * HZ);
        Assert.Equal(migrations, Scheduler.Migrations);
    }

    [Fact]
    [Trait("Row", "KT-04")]
    public void The_tick_only_says_that_it_is_time_and_the_softirq_balances()
    {
        WithCpus(2);
        for (int i = 0; i < 4; i++)
        {
            _machine.Runnable();
        }

        Simulation.SwitchTo(1);
        LocalBhDisable();
        SchedMachine.Ticks(1);
        Assert.Equal(0, RunQueues.Of(1)->RunningCount);
        Assert.NotEqual(0u, LocalSoftirqPending() & (1u << (int)SchedSoftirq));
        _LocalBhEnable();
        SchedMachine.Ticks(1);
        Assert.Equal(2, RunQueues.Of(1)->RunningCount);
        Assert.Equal(0u, LocalSoftirqPending());
    }

    [Fact]
    public void If_the_busiest_keeps_all_of_its_own_the_next_busiest_gives()
    {
        WithCpus(3);
        for (int i = 0; i < 5; i++)
        {
            _machine.Runnable(allowed: 1);
        }

        _machine.Runnable(cpu: 1);
        TaskStruct* movable = _machine.Runnable(cpu: 1);
        RunQueues.Of(1)->Current = PriorityArray.First(RunQueues.Of(1)->Active);
        Simulation.SwitchTo(2);
        SchedMachine.Ticks(1);
        Assert.Equal(2, movable->Cpu);
        Assert.Equal(5, RunQueues.Of(0)->RunningCount);
    }

    [Fact]
    public void A_waiting_task_leaves_a_CPU_that_is_forbidden()
    {
        WithCpus(2);
        TaskStruct* waiting = _machine.Runnable();
        TaskStruct* asleep = _machine.Task();
        asleep->State = (int)TaskState.Uninterruptible;
        Assert.Equal(0, Scheduler.SetCpusAllowed(waiting, 0b10));
        Assert.Equal(0, Scheduler.SetCpusAllowed(asleep, 0b10));
        Assert.Equal((1, 1), (waiting->Cpu, asleep->Cpu));
        Assert.Equal((0, 1), (RunQueues.Of(0)->RunningCount, RunQueues.Of(1)->RunningCount));
        Assert.True(RunQueues.IsConsistent(0) && RunQueues.IsConsistent(1));
        Assert.Equal(-EINVAL, Scheduler.SetCpusAllowed(waiting, 0b100));
        Assert.Equal(0b10u, waiting->CpusAllowed);
    }
}
