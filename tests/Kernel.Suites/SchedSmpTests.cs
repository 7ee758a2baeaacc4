// SchedSmpTests: tasks on several CPUs: where they may run, how they get there, and that no CPU stands idle beside a busy one.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class SchedSmpTests
{
    private const int Most = 6;

    private static Threads s_threads;
    private static int s_cpu;
    private static int s_turns;
    private static int s_end;
    private static int s_elsewhere;

    internal static void Affinity()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Begin();
        if (SchedThread.Run(Thread(0), -1, &TellCpu, null))
        {
            for (int i = 0; i < 3 * Smp.CpuCount; i++)
            {
                int cpu = i % Smp.CpuCount;
                Check.Equal(0, Scheduler.SetCpusAllowed(Thread(0)->Task, 1u << cpu));

                // From now on it is nowhere else: what it says after the next two turns it has said from there.
                Check.True(SchedThread.Until(ref s_turns, Shared.ReadOnce(ref s_turns) + 2));
                Check.Equal(cpu, Shared.ReadOnce(ref s_cpu));
                Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1u << cpu));
                Check.Equal(cpu, SmpProcessorId());
            }

            Shared.WriteOnce(ref s_end, 1);
            SchedThread.Join(Thread(0));
        }

        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
    }

    internal static void MoveWaiting()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Begin();
        SchedThread.BeConductor();
        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            Shared.WriteOnce(ref s_cpu, -1);
            SchedThread.Run(Thread(0), 0, &NoteCpu, null);
            Check.Equal(-1, Shared.ReadOnce(ref s_cpu));
            Check.Equal(0, Scheduler.SetCpusAllowed(Thread(0)->Task, 1u << cpu));
            Check.True(SmpTests.Becomes(ref s_cpu, cpu));
            SchedThread.Join(Thread(0));
        }

        SchedThread.BeOrdinary();
    }

    internal static void BadAffinity()
    {
        TaskStruct* me = Current;
        uint before = me->CpusAllowed;
        Check.Equal(-EINVAL, Scheduler.SetCpusAllowed(me, 0));
        Check.Equal(-EINVAL, Scheduler.SetCpusAllowed(me, 1u << 31));
        Check.Equal((ulong)before, me->CpusAllowed);
        Check.Equal(-EINVAL, Scheduler.SetCpusAllowed(RunQueues.Of(0)->Idle, uint.MaxValue));
        TaskStruct* bound = Kthread.Create(&Return, null, $"bound", out int error);
        Check.Equal(0, error);
        if (bound != null)
        {
            Kthread.Bind(bound, 0);
            Check.Equal(-EINVAL, Scheduler.SetCpusAllowed(bound, uint.MaxValue));
            Check.Equal(0, Scheduler.SetCpusAllowed(bound, 1));
            Check.Equal(-EINTR, Kthread.Stop(bound));
        }
    }

    // Two threads wait on CPU 0, which a third keeps; as soon as they may, others take them.
    internal static void Balance()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Begin();
        SchedThread.BeConductor();
        int migrations = Scheduler.Migrations;
        for (int i = 0; i < 2; i++)
        {
            SchedThread.Run(Thread(i), 0, &NoteElsewhere, null);
        }

        Check.Equal(0, Shared.ReadOnce(ref s_elsewhere));
        for (int i = 0; i < 2; i++)
        {
            Check.Equal(0, Scheduler.SetCpusAllowed(Thread(i)->Task, uint.MaxValue));
        }

        Check.True(SchedThread.Until(ref s_elsewhere, 2));
        Check.True(Scheduler.Migrations - migrations >= 2);
        for (int i = 0; i < 2; i++)
        {
            SchedThread.Join(Thread(i));
        }

        SchedThread.BeOrdinary();
    }

    // Every CPU looks around by itself: an idle one at each tick, this busy one now and then.
    internal static void BalanceSoftirq()
    {
        PerCpuNumbers before = default;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            before[cpu] = SoftirqStatistics.Softirqs(SchedSoftirq, cpu);
        }

        uint start = Jiffies;
        while (Jiffies - start < HZ / 2)
        {
            CpuRelax();
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            long more = SoftirqStatistics.Softirqs(SchedSoftirq, cpu) - before[cpu];
            Check.Between(Smp.CpuCount == 1 ? 0 : 1, Smp.CpuCount == 1 ? 0 : HZ, more);
        }
    }

    // CPU 0 is the busiest, but its threads must stay; CPU 1 has one that is kept waiting and may go to CPU 2.
    internal static void BalancePastBound()
    {
        if (Smp.CpuCount < 3)
        {
            Test.Skip("fewer than three CPUs"u8);
            return;
        }

        Begin();
        SchedThread.BeConductor();
        for (int i = 0; i < 4; i++)
        {
            SchedThread.Run(Thread(i), 0, &Nothing, null);
        }

        SchedThread.Make(Thread(4), 1, &TellCpu, null);
        Check.Equal(0, Scheduler.SetScheduler(Thread(4)->Task, SchedPolicy.Fifo, 10));
        SchedThread.Start(Thread(4));
        Check.True(SchedThread.Until(ref s_turns, 1));
        SchedThread.Run(Thread(5), 1, &NoteElsewhere, null);
        Check.Equal(0, Scheduler.SetCpusAllowed(Thread(5)->Task, 0b110));
        Check.True(SchedThread.Until(ref s_elsewhere, 1));
        Shared.WriteOnce(ref s_end, 1);
        for (int i = 0; i < 6; i++)
        {
            SchedThread.Join(Thread(i));
        }

        SchedThread.BeOrdinary();
    }

    internal static void RemoteWakeUp()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            Begin();
            SchedThread.Run(Thread(0), cpu, &SleepOnce, null);
            Check.True(SchedThread.Asleep(Thread(0)));
            uint before = IrqStatistics.Reschedules(cpu);
            Check.True(Scheduler.WakeUpProcess(Thread(0)->Task));
            Check.True(SmpTests.Becomes(ref s_cpu, cpu));
            Check.True(IrqStatistics.Reschedules(cpu) > before);
            SchedThread.Join(Thread(0));
        }

        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
    }

    private static SchedThread* Thread(int i) => (SchedThread*)Unsafe.AsPointer(ref s_threads) + i;

    private static void Begin()
    {
        Shared.WriteOnce(ref s_cpu, -1);
        Shared.WriteOnce(ref s_turns, 0);
        Shared.WriteOnce(ref s_end, 0);
        Shared.WriteOnce(ref s_elsewhere, 0);
    }

    private static void TellCpu(void* unused)
    {
        while (Shared.ReadOnce(ref s_end) == 0)
        {
            PreemptDisable();
            Shared.WriteOnce(ref s_cpu, SmpProcessorId());
            Shared.AddReturn(ref s_turns, 1);
            PreemptEnable();
            CpuRelax();
            Scheduler.CondResched();
        }
    }

    private static void NoteCpu(void* unused) => Shared.WriteOnce(ref s_cpu, SmpProcessorId());

    // The CPU on which it was made waits all the while.
    private static void NoteElsewhere(void* unused) => Shared.AddReturn(ref s_elsewhere, 1);

    private static void SleepOnce(void* unused)
    {
        Scheduler.SetCurrentState(TaskState.Uninterruptible);
        Scheduler.Schedule();
        NoteCpu(null);
    }

    private static void Nothing(void* unused)
    {
    }

    private static int Return(void* unused) => 0;

    [InlineArray(Most)]
    private struct Threads
    {
        private SchedThread _first;
    }
}
