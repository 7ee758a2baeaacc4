// SideBySide: all CPUs do the same thing over and over, and it is counted how often, and how many at once. For demonstrations; process context; sleeps; one at a time.
//
// What a CPU does is a step; the step leads, directly or by way of a tasklet or BH, to Busy, which takes some time and counts. The time is waited for, not worked
// for, so that CPUs that take turns on one processor of the host are still seen to do it at the same time.

using System.Runtime.CompilerServices;

namespace CSharpOS.Demo;

/// <summary>What all CPUs together did.</summary>
public struct SideBySideResult
{
    /// <summary>Ends of <see cref="SideBySide.Busy"/>.</summary>
    public int Runs;

    /// <summary>The most CPUs that were in it at the same time.</summary>
    public int MostInside;
}

/// <summary>All CPUs at work at once.</summary>
public static unsafe class SideBySide
{
    /// <summary>What one call of <see cref="Busy"/> takes, in microseconds.</summary>
    public const uint BusyMicroseconds = 20;

    private const ulong Patience = 20_000_000;

    private static Jobs s_jobs;
    private static Atomic s_inside;
    private static int s_mostInside;
    private static int s_cpus;
    private static int s_go;
    private static ulong s_deadline;
    private static ulong s_meeting;
    private static delegate*<int, void> s_step;

    /// <summary>Every CPU goes one step, and waits in <see cref="Busy"/> until all are there, but not much longer than <paramref name="microseconds"/> if
    /// they do not come.</summary>
    /// <param name="cpus">How many CPUs, from number 0 on.</param>
    /// <param name="step">Gets the number of its CPU; a bound thread.</param>
    /// <param name="microseconds">Long where they are expected to meet; 0 for that.</param>
    /// <param name="result">All of them have run, and so many at once.</param>
    /// <returns>0; -ENOMEM, -EAGAIN; -ETIMEDOUT: not all have run.</returns>
    public static int Meet(int cpus, delegate*<int, void> step, ulong microseconds, out SideBySideResult result)
    {
        s_meeting = microseconds == 0 ? Patience : microseconds;
        int error = Start(cpus, step, 0);
        ulong start = MonotonicMicroseconds();
        while (error == 0 && Runs() < cpus)
        {
            Scheduler.Yield();
            error = MonotonicMicroseconds() - start > 2 * Patience ? -ETIMEDOUT : 0;
        }

        s_meeting = 0;
        result = new SideBySideResult { Runs = Runs(), MostInside = Shared.ReadOnce(ref s_mostInside) };
        return error;
    }

    /// <summary>Every CPU goes step after step for some time.</summary>
    /// <inheritdoc cref="Meet"/>
    public static int Run(int cpus, delegate*<int, void> step, ulong microseconds, out SideBySideResult result)
    {
        s_meeting = 0;
        int error = Start(cpus, step, microseconds);
        result = new SideBySideResult { Runs = Runs(), MostInside = Shared.ReadOnce(ref s_mostInside) };
        return error;
    }

    /// <summary>How often CPU <paramref name="cpu"/> did it in the last run.</summary>
    public static int RunsOf(int cpu) => Shared.ReadOnce(ref JobOf(cpu)->Runs);

    /// <summary>What is being done: takes its time, and counts. Any context in which the step calls it.</summary>
    public static void Busy()
    {
        int inside = s_inside.IncReturn();
        int most = Shared.ReadOnce(ref s_mostInside);
        while (inside > most && Shared.CompareExchange(ref s_mostInside, inside, most) != most)
        {
            most = Shared.ReadOnce(ref s_mostInside);
        }

        ulong start = MonotonicMicroseconds();
        while (s_meeting != 0 && Shared.ReadOnce(ref s_mostInside) < s_cpus && MonotonicMicroseconds() - start < s_meeting)
        {
            CpuRelax();
        }

        Udelay(BusyMicroseconds);
        ref int runs = ref JobOf(SmpProcessorId())->Runs;
        s_inside.Dec();
        Shared.AddReturn(ref runs, 1);
    }

    private static Job* JobOf(int cpu) => (Job*)Unsafe.AsPointer(ref s_jobs) + cpu;

    private static int Runs()
    {
        int runs = 0;
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            runs += RunsOf(cpu);
        }

        return runs;
    }

    // Starts them, and waits until the last has gone its last step. None goes before all can: a step may keep its CPU, and with it this thread or kthreadd.
    private static int Start(int cpus, delegate*<int, void> step, ulong microseconds)
    {
        s_jobs = default;
        s_inside.Set(0);
        s_mostInside = 0;
        s_cpus = cpus;
        s_step = step;
        s_go = 0;
        int error = 0;
        int started = 0;
        while (started < cpus && error == 0)
        {
            Job* job = JobOf(started);
            Completion.Init(&job->Done);
            TaskStruct* thread = Kthread.Create(&Go, job, $"demo/{started}", out error);
            if (thread != null)
            {
                Kthread.Bind(thread, started);
                Scheduler.WakeUpProcess(thread);
                started++;
            }
        }

        s_deadline = MonotonicMicroseconds() + microseconds;
        Shared.WriteOnce(ref s_go, 1);
        for (int cpu = 0; cpu < started; cpu++)
        {
            Completion.Wait(&JobOf(cpu)->Done);
        }

        return error;
    }

    private static int Go(void* argument)
    {
        var job = (Job*)argument;
        while (Shared.ReadOnce(ref s_go) == 0)
        {
            Scheduler.Yield();
        }

        do
        {
            s_step((int)(job - JobOf(0)));
        }
        while (MonotonicMicroseconds() < s_deadline);

        Completion.Complete(&job->Done);
        return 0;
    }

    private struct Job
    {
        public Completion Done;
        public int Runs;
    }

    [InlineArray(Cpu.MaxCpus)]
    private struct Jobs
    {
        private Job _first;
    }
}
