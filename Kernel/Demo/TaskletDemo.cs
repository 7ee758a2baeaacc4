// TaskletDemo: demo tasklet-smp. Process context; sleeps. First all CPUs schedule one and the same tasklet, then each CPU one of its own.

using System.Runtime.CompilerServices;

namespace CSharpOS.Demo;

internal static unsafe class TaskletDemo
{
    private const ulong Microseconds = 200_000;
    private const uint TaskletMicroseconds = 20;

    private static Jobs s_jobs;
    private static TaskletStruct s_common;
    private static Atomic s_inside;
    private static int s_mostInside;
    private static ulong s_deadline;

    private static Job* JobOf(int cpu) => (Job*)Unsafe.AsPointer(ref s_jobs) + cpu;

    private static TaskletStruct* Common => (TaskletStruct*)Unsafe.AsPointer(ref s_common);

    /// <summary>Shows that one tasklet never runs on two CPUs at once, and that different ones do.</summary>
    /// <rows>TASKLET-03</rows>
    public static int Run()
    {
        TaskletInit(Common, &Busy, 0);
        int error = AllSchedule(Common, "one tasklet, scheduled by every CPU"u8);
        return error == 0 ? AllSchedule(null, "a tasklet for each CPU"u8) : error;
    }

    // tasklet: what everybody schedules; null: everybody its own.
    private static int AllSchedule(TaskletStruct* tasklet, ReadOnlySpan<byte> what)
    {
        s_inside.Set(0);
        s_mostInside = 0;
        s_deadline = MonotonicMicroseconds() + Microseconds;
        int error = 0;
        for (int cpu = 0; cpu < Cpu.MaxCpus && error == 0; cpu++)
        {
            Job* job = JobOf(cpu);
            *job = default;
            if (Smp.IsOnline(cpu))
            {
                error = Start(job, cpu, tasklet);
            }
        }

        MonitorOutput.Write($"{what}:");
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            Job* job = JobOf(cpu);
            if (job->Tasklet != null)
            {
                Completion.Wait(&job->Done);
                TaskletKill(job->Tasklet);
                MonitorOutput.Write($"{(cpu == 0 ? " " : ", ")}{Shared.ReadOnce(ref job->Runs)} runs on CPU {cpu}");
            }
        }

        MonitorOutput.Write($"; at most {Shared.ReadOnce(ref s_mostInside)} at once\n");
        return error;
    }

    private static int Start(Job* job, int cpu, TaskletStruct* tasklet)
    {
        Completion.Init(&job->Done);
        TaskletInit(&job->Own, &Busy, 0);
        TaskStruct* thread = Kthread.Create(&Schedule, job, $"demo/{cpu}", out int error);
        if (thread == null)
        {
            return error;
        }

        job->Tasklet = tasklet != null ? tasklet : &job->Own;
        Kthread.Bind(thread, cpu);
        Scheduler.WakeUpProcess(thread);
        return 0;
    }

    private static int Schedule(void* argument)
    {
        var job = (Job*)argument;
        while (MonotonicMicroseconds() < s_deadline)
        {
            LocalBhDisable();
            TaskletSchedule(job->Tasklet);
            LocalBhEnable();
        }

        Completion.Complete(&job->Done);
        return 0;
    }

    private static void Busy(ulong data)
    {
        int inside = s_inside.IncReturn();
        int most = Shared.ReadOnce(ref s_mostInside);
        while (inside > most && Shared.CompareExchange(ref s_mostInside, inside, most) != most)
        {
            most = Shared.ReadOnce(ref s_mostInside);
        }

        Udelay(TaskletMicroseconds);
        ref int runs = ref JobOf(SmpProcessorId())->Runs;
        Shared.WriteOnce(ref runs, runs + 1);
        s_inside.Dec();
    }

    private struct Job
    {
        public TaskletStruct Own;
        public TaskletStruct* Tasklet;
        public Completion Done;
        public int Runs;
    }

    [InlineArray(Cpu.MaxCpus)]
    private struct Jobs
    {
        private Job _first;
    }
}
