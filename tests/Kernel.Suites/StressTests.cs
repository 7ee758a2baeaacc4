// StressTests: all mechanisms of deferred work at once, on all CPUs, and in the end the counts: what was asked for against what was done.
//
// On each CPU a thread asks for one thing after the other, chosen at random, most of them shared with the other CPUs; interrupts of a high-resolution timer and
// messages of a neighbour ask too, wherever they strike (StressTests.Load.cs). What a mechanism counts (a work that was queued, a timer that was armed, a
// callback) must be done as often; what it only notes (a softirq, a tasklet, a wake-up) must be done after the last time. Such a loss is repaired by the next one
// who asks, so it goes on in rounds, and after each all is brought to rest and counted.
// With the boot option soak it lasts ten minutes on four CPUs, ten seconds on others. Process context.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

/// <summary>The suite of the mechanisms together.</summary>
public static unsafe partial class StressTests
{
    private const ulong RoundMicroseconds = 40_000, UsualMicroseconds = 200_000, SoakMicroseconds = 10_000_000, LongMicroseconds = 600_000_000;
    private const int LongCpus = 4;

    private static ulong s_end;
    private static WorkqueueStruct* s_wq;
    private static Asked s_asked;
    private static PerCpuNumbers s_softirqsWanted, s_softirqsSeen;
    private static PerCpuNumbers s_seeds;
    private static int s_errors;

    [TestSuite("stress")]
    public static void Suite() =>
        OnCpuZero.Run(
            "all mechanisms at once on all CPUs: what was asked for was done, and as often"u8,
            "SIRQ-03 SIRQ-04 TASKLET-02 TASKLET-03 TIME-02 TIME-06 WORK-02 WORK-04 KT-05 SYNC-03"u8,
            &AllAtOnce);

    private static void AllAtOnce()
    {
        s_asked = default;
        s_softirqsWanted = s_softirqsSeen = default;
        s_errors = 0;
        if (!Prepare())
        {
            return;
        }

        ulong end = MonotonicMicroseconds() + Duration();
        do
        {
            s_end = MonotonicMicroseconds() + RoundMicroseconds;
            OnEachCpu();
        }
        while (Settle() && CountsAgree() && MonotonicMicroseconds() < end);

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Kthread.Stop(SleeperOf(cpu)->Thread);
        }

        DestroyWorkqueue(s_wq);
        Check.NotLogged("BUG"u8);
        Check.NotLogged("WARNING"u8);
        Report();
    }

    private static void OnEachCpu()
    {
        OnCpu* jobs = stackalloc OnCpu[Cpu.MaxCpus];
        bool* started = stackalloc bool[Cpu.MaxCpus];
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            started[cpu] = OnCpu.Start(jobs + cpu, cpu, &AskUntilTheEnd, null);
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            if (started[cpu])
            {
                OnCpu.Wait(jobs + cpu);
            }
        }
    }

    private static ulong Duration() =>
        !CommandLine.Has("soak"u8) ? UsualMicroseconds : Smp.CpuCount == LongCpus ? LongMicroseconds : SoakMicroseconds;

    // Nobody asks any more. Each mechanism's own way to wait for what is under way; what is taken back was not done.
    private static bool Settle()
    {
        // The last messages have arrived: a thread runs only when no interrupt waits.
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            SmpLine.Quiesce(cpu);
        }

        for (int i = 0; i < Objects; i++)
        {
            TaskletKill(Tasklet(i));
            s_asked.TimersDeleted.Add(DelTimerSync(Timer(i)));
            s_asked.DelayedCancelled.Add(CancelDelayedWorkSync(Delayed(i)) ? 1 : 0);
        }

        FlushWorkqueue(s_wq);
        RcuBarrier();
        bool settled = true;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            settled &= Becomes(ref s_softirqsSeen[cpu], s_softirqsWanted[cpu]) && Becomes(ref SleeperOf(cpu)->Seen, SleeperOf(cpu)->Wanted);
        }

        Check.True(settled);
        return settled;
    }

    private static bool Becomes(ref long number, long value)
    {
        ulong start = MonotonicMicroseconds();
        while (Shared.ReadOnce(ref number) != value && MonotonicMicroseconds() - start < 60_000_000)
        {
            Scheduler.Yield();
        }

        return Shared.ReadOnce(ref number) == value;
    }

    private static bool CountsAgree()
    {
        bool agree = Agree(0, s_errors);
        for (int i = 0; i < Objects; i++)
        {
            agree &= Agree(WorkAt(i)->Queued.Read(), WorkAt(i)->Runs.Read());
            agree &= Agree(TaskletAt(i)->Wanted.Read(), TaskletAt(i)->Seen.Read());
        }

        agree &= Agree(s_asked.TimersArmed.Read(), s_asked.TimersDeleted.Read() + s_asked.TimersRun.Read());
        agree &= Agree(s_asked.DelayedQueued.Read(), s_asked.DelayedCancelled.Read() + s_asked.DelayedRun.Read());
        agree &= Agree(s_asked.HrtimersArmed.Read(), s_asked.HrtimersCancelled.Read() + s_asked.HrtimersRun.Read());
        return agree & Agree(s_asked.CallbacksAsked.Read(), s_asked.CallbacksRun.Read());
    }

    private static bool Agree(long asked, long done, [CallerLineNumber] int line = 0)
    {
        Check.Equal(asked, done, line: line);
        return asked == done;
    }

    private static void Report()
    {
        Printk($"stress: softirqs {s_asked.SoftirqsRaised.Read()} raised {s_asked.SoftirqsRun.Read()} run, tasklets ");
        Printk($"{s_asked.TaskletsScheduled.Read()} scheduled {s_asked.TaskletsRun.Read()} run, works {s_asked.WorksAsked.Read()} asked for ");
        Printk($"{s_asked.WorksQueued.Read()} queued {s_asked.WorksRun.Read()} run\n");
        Printk($"stress: timers {s_asked.TimersArmed.Read()} armed {s_asked.TimersDeleted.Read()} deleted {s_asked.TimersRun.Read()} run, ");
        Printk($"delayed works {s_asked.DelayedQueued.Read()} queued {s_asked.DelayedCancelled.Read()} cancelled {s_asked.DelayedRun.Read()} run\n");
        Printk($"stress: hrtimers {s_asked.HrtimersArmed.Read()} armed {s_asked.HrtimersCancelled.Read()} cancelled {s_asked.HrtimersRun.Read()} run, ");
        Printk($"RCU callbacks {s_asked.CallbacksAsked.Read()} asked for {s_asked.CallbacksRun.Read()} run, ");
        Printk($"{s_asked.WokenUp.Read()} wake-ups, asked in interrupts {s_asked.InInterrupts.Read()}\n");
    }

    private struct Asked
    {
        public Atomic64 SoftirqsRaised, SoftirqsRun;
        public Atomic64 TaskletsScheduled, TaskletsRun;
        public Atomic64 WorksAsked, WorksQueued, WorksRun;
        public Atomic64 TimersArmed, TimersDeleted, TimersRun;
        public Atomic64 DelayedQueued, DelayedCancelled, DelayedRun;
        public Atomic64 HrtimersArmed, HrtimersCancelled, HrtimersRun;
        public Atomic64 CallbacksAsked, CallbacksRun;
        public Atomic64 WokenUp, InInterrupts;
    }
}
