// TaskletSmpTests: tasklets on several CPUs. Part of the suite tasklet.

namespace CSharpOS.Suites;

internal static unsafe class TaskletSmpTests
{
    private const int SchedulesPerCpu = 5000;
    private const int KillsPerCpu = 20;

    private static int s_runs;
    private static int s_runsWhere;
    private static int s_inside;
    private static int s_mostInside;
    private static int s_entered;
    private static int s_release;
    private static int s_left;
    private static PerCpuNumbers s_wanted;
    private static PerCpuNumbers s_seen;

    internal static void OwnCpu()
    {
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            s_runsWhere = -1;
            TaskletInit(TaskletTests.Of(0), &NoteCpu, 0);
            OnCpu job;
            OnCpu.Start(&job, cpu, &ScheduleAndWait, TaskletTests.Of(0));
            OnCpu.Wait(&job);
            Check.Equal(cpu, s_runsWhere);
        }
    }

    internal static void RunningElsewhere()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        OnCpu other;
        TaskletStruct* tasklet = HoldOnCpuOne(&other);

        // It cannot run here now: it is looked at, and put back.
        LocalBhDisable();
        TaskletSchedule(tasklet);
        LocalBhEnable();
        Check.Equal(1, Shared.ReadOnce(ref s_entered));
        Check.True(tasklet->IsScheduled && tasklet->IsRunning);
        Shared.WriteOnce(ref s_release, 1);
        TaskletKill(tasklet);
        OnCpu.Wait(&other);
        Check.Equal(2, Shared.ReadOnce(ref s_entered));
        Check.Equal(0, s_runsWhere);
    }

    internal static void DifferentAtOnce()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        s_inside = s_mostInside = 0;
        TaskletInit(TaskletTests.Of(0), &MeetOther, 0);
        TaskletInit(TaskletTests.Of(1), &MeetOther, 0);
        OnCpu other;
        OnCpu.Start(&other, 1, &RunNow, TaskletTests.Of(1));
        RunNow(TaskletTests.Of(0));
        OnCpu.Wait(&other);
        Check.Equal(2, s_mostInside);
    }

    // Every CPU schedules the same tasklet again and again, noting before each what the tasklet must see afterwards.
    internal static void NeverTwice()
    {
        s_inside = s_mostInside = s_runs = 0;
        s_wanted = default;
        s_seen = default;
        TaskletInit(TaskletTests.Of(0), &Alone, 0);
        OnCpu* jobs = stackalloc OnCpu[Cpu.MaxCpus];
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Start(jobs + cpu, cpu, &ScheduleOften, null);
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Wait(jobs + cpu);
        }

        TaskletKill(TaskletTests.Of(0));
        Check.Equal(1, s_mostInside);
        Check.Between(1, (long)SmpTests.Rounds(SchedulesPerCpu) * Smp.CpuCount, s_runs);
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Check.Equal(SmpTests.Rounds(SchedulesPerCpu), s_wanted[cpu]);
            Check.Equal(s_wanted[cpu], s_seen[cpu]);
        }
    }

    internal static void DisableWaits()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        OnCpu other;
        TaskletStruct* tasklet = HoldOnCpuOne(&other);
        TaskletDisableNosync(tasklet);
        Check.True(tasklet->IsRunning);
        Check.Equal(0, Shared.ReadOnce(ref s_left));
        Shared.WriteOnce(ref s_release, 2);
        TaskletDisable(tasklet);
        Check.Equal(1, Shared.ReadOnce(ref s_left));
        Check.False(tasklet->IsRunning);
        TaskletEnable(tasklet);
        TaskletEnable(tasklet);
        OnCpu.Wait(&other);
    }

    internal static void DisabledNowhere()
    {
        s_runs = 0;
        TaskletStruct* tasklet = TaskletTests.Of(0);
        TaskletInit(tasklet, &Count, 0);
        TaskletDisable(tasklet);
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu job;
            OnCpu.Start(&job, cpu, &RunNow, tasklet);
            OnCpu.Wait(&job);
            Check.Equal(0, Shared.ReadOnce(ref s_runs));
            Check.True(tasklet->IsScheduled);
        }

        TaskletEnable(tasklet);
        TaskletKill(tasklet);
        Check.Equal(1, Shared.ReadOnce(ref s_runs));
    }

    internal static void KillWaits()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        OnCpu other;
        TaskletStruct* tasklet = HoldOnCpuOne(&other);
        Shared.WriteOnce(ref s_release, 2);
        TaskletKill(tasklet);
        Check.Equal(1, Shared.ReadOnce(ref s_left));
        Check.False(tasklet->IsScheduled || tasklet->IsRunning);
        OnCpu.Wait(&other);
    }

    internal static void KillsAtOnce()
    {
        s_runs = 0;
        TaskletInit(TaskletTests.Of(0), &CountAndSchedule, (ulong)TaskletTests.Of(0));
        OnCpu* jobs = stackalloc OnCpu[Cpu.MaxCpus];
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Start(jobs + cpu, cpu, &ScheduleAndKill, TaskletTests.Of(0));
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Wait(jobs + cpu);
        }

        TaskletKill(TaskletTests.Of(0));
        Check.False(TaskletTests.Of(0)->IsScheduled || TaskletTests.Of(0)->IsRunning);
        int runs = Shared.ReadOnce(ref s_runs);
        LocalBhDisable();
        LocalBhEnable();
        Check.Equal(runs, Shared.ReadOnce(ref s_runs));
    }

    // Gives tasklet 0, which is in its function on CPU 1 until s_release is set: 1 at once, 2 a little later.
    private static TaskletStruct* HoldOnCpuOne(OnCpu* other)
    {
        s_entered = s_release = s_left = 0;
        s_runsWhere = -1;
        TaskletInit(TaskletTests.Of(0), &Hold, 0);
        OnCpu.Start(other, 1, &RunNow, TaskletTests.Of(0));
        Check.True(SmpTests.Becomes(ref s_entered, 1));
        return TaskletTests.Of(0);
    }

    private static void Hold(ulong data)
    {
        Shared.WriteOnce(ref s_runsWhere, SmpProcessorId());
        Shared.AddReturn(ref s_entered, 1);
        ulong start = MonotonicMicroseconds();
        while (Shared.ReadOnce(ref s_release) == 0 && MonotonicMicroseconds() - start < 5_000_000)
        {
            CpuRelax();
        }

        if (Shared.ReadOnce(ref s_release) == 2)
        {
            Udelay(500);
        }

        Shared.WriteOnce(ref s_left, 1);
    }

    private static void RunNow(void* tasklet) => TaskletRunTests.RunNow((TaskletStruct*)tasklet);

    private static void ScheduleAndWait(void* tasklet)
    {
        TaskletSchedule((TaskletStruct*)tasklet);
        while (Shared.ReadOnce(ref s_runsWhere) < 0)
        {
            Scheduler.Yield();
        }
    }

    private static void ScheduleOften(void* unused)
    {
        int cpu = SmpProcessorId();
        for (int i = 1; i <= SmpTests.Rounds(SchedulesPerCpu); i++)
        {
            Shared.WriteOnce(ref s_wanted[cpu], i);
            if (i % 4 == 0)
            {
                TaskletHiSchedule(TaskletTests.Of(0));
            }
            else
            {
                RunNow(TaskletTests.Of(0));
            }
        }
    }

    private static void Alone(ulong data)
    {
        int inside = Shared.AddReturn(ref s_inside, 1);
        s_mostInside = inside > s_mostInside ? inside : s_mostInside;
        s_runs++;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            s_seen[cpu] = Shared.ReadOnce(ref s_wanted[cpu]);
        }

        Shared.AddReturn(ref s_inside, -1);
    }

    private static void MeetOther(ulong data)
    {
        if (Shared.AddReturn(ref s_inside, 1) == 1)
        {
            SmpTests.Becomes(ref s_inside, 2);
        }

        Shared.WriteOnce(ref s_mostInside, Shared.ReadOnce(ref s_inside));
    }

    private static void Count(ulong data) => Shared.AddReturn(ref s_runs, 1);

    private static void CountAndSchedule(ulong data)
    {
        Shared.AddReturn(ref s_runs, 1);
        TaskletSchedule((TaskletStruct*)data);
    }

    private static void ScheduleAndKill(void* tasklet)
    {
        for (int i = 0; i < KillsPerCpu; i++)
        {
            TaskletSchedule((TaskletStruct*)tasklet);
            TaskletKill((TaskletStruct*)tasklet);
        }
    }

    private static void NoteCpu(ulong data) => Shared.WriteOnce(ref s_runsWhere, SmpProcessorId());
}
