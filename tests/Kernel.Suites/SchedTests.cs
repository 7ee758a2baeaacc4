// SchedTests: the scheduler as its users see it: who runs, when, and where.

namespace CSharpOS.Suites;

/// <summary>The suites of tasks and waiting.</summary>
public static unsafe class SchedTests
{
    [TestSuite("sched")]
    public static void Suite()
    {
        Test.Run("the most urgent runs first"u8, "KT-04"u8, &SchedOrderTests.Priorities);
        Test.Run("FIFO: equals run in order, each to its end"u8, "KT-04"u8, &SchedOrderTests.Fifo);
        Test.Run("yield lets equals go first"u8, "KT-04"u8, &SchedOrderTests.Yield);
        Test.Run("RR: equals take turns by time slices, FIFO not"u8, "KT-04"u8, &SchedOrderTests.RoundRobin);
        Test.Run("who has used its slice waits for the others"u8, "KT-04"u8, &SchedOrderTests.Rounds);
        Test.Run("shares of CPU time follow nice"u8, "KT-04"u8, &SchedOrderTests.Shares);
        Test.Run("priority changes take effect at once"u8, "KT-04"u8, &SchedOrderTests.Changes);
        Test.Run("a real-time policy does not wait for the round"u8, "KT-04"u8, &SchedOrderTests.ExpiredToRealTime);
        Test.Run("a switch costs the same beside two and beside 150 runnable tasks"u8, "KT-04"u8, &SchedPickTests.ConstantTime);
        Test.Run("nice and policies outside of their ranges"u8, "KT-04"u8, &SchedOrderTests.BadArguments);

        Test.Run("a thread that never yields is preempted"u8, "KT-04"u8, &SchedPreemptTests.Endless);
        Test.Run("waking somebody more urgent preempts at once"u8, "KT-04"u8, &SchedPreemptTests.WakeUp);
        Test.Run("an interrupt's wake-up preempts on its way out"u8, "IRQ-10"u8, &SchedPreemptTests.FromInterrupt);
        Test.Run("not while preempt_count or the interrupt flag says no"u8, "IRQ-09 IRQ-10 KT-04"u8, &SchedPreemptTests.CountHolds);
        Test.Run("a preempted task keeps the state that it has set"u8, "KT-04 KT-05"u8, &SchedPreemptTests.StateSurvives);
        Test.Run("cond_resched lets go, and does not sleep"u8, "KT-04"u8, &SchedPreemptTests.CondResched);
        Test.Run("registers survive every switch"u8, "KT-04"u8, &SchedPreemptTests.Registers);
        Test.Run("the idle task runs when nobody else wants to"u8, "KT-04"u8, &SchedPreemptTests.Idle);

        Test.Run("a task leaves a CPU that it may not use"u8, "KT-04"u8, &SchedSmpTests.Affinity);
        Test.Run("a waiting task is moved too"u8, "KT-04"u8, &SchedSmpTests.MoveWaiting);
        Test.Run("CPUs that do not exist, and bound threads"u8, "KT-04"u8, &SchedSmpTests.BadAffinity);
        Test.Run("an idle CPU takes work from a busy one"u8, "KT-04"u8, &SchedSmpTests.Balance);
        Test.Run("ticks raise SCHED_SOFTIRQ where there are several CPUs"u8, "KT-04 SIRQ-01"u8, &SchedSmpTests.BalanceSoftirq);
        Test.Run("the busiest CPU's work is bound: take the next one's"u8, "KT-04"u8, &SchedSmpTests.BalancePastBound);
        Test.Run("a wake-up from another CPU is a message"u8, "KT-04 IRQ-18"u8, &SchedSmpTests.RemoteWakeUp);
        Test.Run("wakers, movers and changers of priority at the same time"u8, "KT-04 KT-05"u8, &SchedStormTests.Storm);
        Test.Run("tasks die while others wake and move them"u8, "KT-02 KT-04"u8, &SchedStormTests.Deaths);
    }

    [TestSuite("kthread")]
    public static void Threads()
    {
        Test.Run("kernel_thread gives the pid and runs the function"u8, "KT-01"u8, &SchedThreadTests.KernelThreads);
        Test.Run("kernel_thread shares what its flags say, and copies the rest"u8, "KT-01"u8, &SchedCloneTests.Flags);
        Test.Run("kernel_thread without memory, whatever it is wanted for"u8, "KT-01"u8, &SchedCloneTests.NoMemory);
        Test.Run("allow_signal, disallow_signal, flush_signals"u8, "KT-01"u8, &SchedCloneTests.Signals);
        Test.Run("daemonize names the thread and blocks signals"u8, "KT-01"u8, &SchedThreadTests.Daemonize);
        Test.Run("parents: init, kthreadd, and its children"u8, "KT-01 KT-02"u8, &SchedThreadTests.Parents);
        Test.Run("kthread_create: stopped until woken"u8, "KT-02"u8, &SchedThreadTests.Create);
        Test.Run("the name is a format, and cut"u8, "KT-02"u8, &SchedThreadTests.Names);
        Test.Run("kthread_stop gives the thread's result"u8, "KT-02"u8, &SchedThreadTests.Stop);
        Test.Run("stop before the first run"u8, "KT-02"u8, &SchedThreadTests.StopUnstarted);
        Test.Run("stop of a thread that has ended, twice"u8, "KT-02"u8, &SchedThreadTests.StopEnded);
        Test.Run("stop of what is no kthread, and of oneself"u8, "KT-02"u8, &SchedThreadTests.StopWrong);
        Test.Run("kthread_bind: runs there and nowhere else"u8, "KT-02"u8, &SchedThreadTests.Bind);
        Test.Run("bind of a thread that runs is reported"u8, "KT-02"u8, &SchedThreadTests.BindRunning);
        Test.Run("a fault ends its thread only"u8, "KT-01 KT-02"u8, &SchedThreadTests.Fault);
        Test.Run("out of memory in thread creation"u8, "KT-02"u8, &SchedThreadTests.OutOfMemory);
        Test.Run("10,000 threads leave nothing behind"u8, "KT-01 KT-02"u8, &SchedThreadTests.NoLeak);
        Test.Run("many threads at once, and their stacks go back"u8, "KT-02"u8, &SchedThreadTests.ManyAtOnce);
    }

    [TestSuite("tasks")]
    public static void Commands()
    {
        Test.Run("ps lists tasks, kernel threads in brackets"u8, "KT-02 KT-04"u8, &SchedCommandTests.Ps);
        Test.Run("cpus shows a line for each"u8, "KT-04"u8, &SchedCommandTests.Cpus);
        Test.Run("nice sets and shows"u8, "KT-04"u8, &SchedCommandTests.Nice);
        Test.Run("taskset moves, and says why not"u8, "KT-04"u8, &SchedCommandTests.Taskset);
        Test.Run("bt of a sleeping, a preempted and a running task"u8, "KT-04"u8, &SchedCommandTests.Bt);
        Test.Run("wrong arguments get one clear line"u8, "DRV-01"u8, &SchedCommandTests.BadInput);
    }

    [TestSuite("wait")]
    public static void Waiting()
    {
        Test.Run("wake_up: all non-exclusive waiters and one exclusive"u8, "KT-05"u8, &SchedWaitTests.Exclusive);
        Test.Run("wake_up_nr and wake_up_all"u8, "KT-05"u8, &SchedWaitTests.Counts);
        Test.Run("wake_up_interruptible leaves the others asleep"u8, "KT-05"u8, &SchedWaitTests.Interruptible);
        Test.Run("add_wait_queue and remove_wait_queue"u8, "KT-05"u8, &SchedWaitTests.AddRemove);
        Test.Run("a wake-up between prepare_to_wait and schedule"u8, "KT-05"u8, &SchedWaitTests.NotLost);
        Test.Run("an entry with a function of its own"u8, "KT-05"u8, &SchedWaitTests.Function);
        Test.Run("wait_event: no sleep if the condition holds"u8, "KT-05 TIME-05"u8, &SchedWaitTests.Event);
        Test.Run("a signal ends an interruptible wait, no other"u8, "KT-05 TIME-05"u8, &SchedWaitTests.Signals);
        Test.Run("a wake-up that meets a signal goes to the next"u8, "KT-05"u8, &SchedWaitTests.PassedOn);
        Test.Run("completions: one each, all, try, interruptible"u8, "SYNC-03"u8, &SchedWaitTests.Completions);
        Test.Run("waiting in atomic context is reported"u8, "KT-05 SIRQ-09"u8, &SchedWaitTests.Atomic);
        Test.Run("hand-overs by wake_up_process"u8, "KT-05"u8, &SchedHandOverTests.ByProcess);
        Test.Run("hand-overs by wait_event"u8, "KT-05"u8, &SchedHandOverTests.ByEvent);
        Test.Run("hand-overs by completions on the waiter's stack"u8, "KT-05 SYNC-03"u8, &SchedHandOverTests.ByCompletion);
        Test.Run("exclusive waiters: each token is taken once"u8, "KT-05"u8, &SchedHandOverTests.Tokens);
    }
}
