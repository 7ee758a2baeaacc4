// SoftirqSmpTests: softirqs on several CPUs. Part of the suite softirq.

using CSharpOS.Workqueues;

namespace CSharpOS.Suites;

internal static unsafe class SoftirqSmpTests
{
    private const int RaisesPerCpu = 300;

    private static int s_inside;
    private static int s_mostInside;
    private static int s_runsElsewhere;
    private static int s_go;
    private static int s_wrongCpu;
    private static PerCpuNumbers s_runs;
    private static PerCpuNumbers s_wanted;
    private static PerCpuNumbers s_seen;

    internal static void SameAtOnce()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        s_inside = s_mostInside = 0;
        OpenSoftirq(SoftirqTests.First, &MeetOther);
        OnCpu other;
        OnCpu.Start(&other, 1, &RaiseFirst, null);
        RaiseFirst(null);
        OnCpu.Wait(&other);
        Check.Equal(2, s_mostInside);
    }

    internal static void OtherCpusGoOn()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        s_go = s_runsElsewhere = 0;
        s_runs = default;
        OpenSoftirq(SoftirqTests.First, &CountWhere);
        OnCpu other;
        OnCpu.Start(&other, 1, &RaiseWhenTold, null);
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.First);
        Shared.WriteOnce(ref s_go, 1);
        Check.True(SmpTests.Becomes(ref s_runsElsewhere, 1));
        Check.Equal(0, s_runs[0]);
        LocalBhEnable();
        Check.Equal(1, s_runs[0]);
        OnCpu.Wait(&other);
    }

    internal static void WorksGoOn()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        s_runsElsewhere = 0;
        WorkStruct work;
        WorkStruct.Init(&work, &NoteWork);
        LocalBhDisable();
        Check.True(Workqueue.ScheduleWorkOn(1, &work));
        Check.True(SmpTests.Becomes(ref s_runsElsewhere, 1));
        LocalBhEnable();
        Workqueue.CancelWorkSync(&work);
    }

    internal static void OwnCpu()
    {
        s_runs = default;
        s_wrongCpu = 0;
        OpenSoftirq(SoftirqTests.First, &CountWhere);
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu job;
            OnCpu.Start(&job, cpu, &RaiseFirst, null);
            OnCpu.Wait(&job);
            Check.Equal(1, s_runs[cpu]);
        }

        // The same through the threads.
        s_runs = default;
        OpenSoftirq(SoftirqTests.First, &CountInThread);
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu job;
            OnCpu.Start(&job, cpu, &RaiseAndLeave, null);
            OnCpu.Wait(&job);
            Check.True(Becomes(ref s_runs, cpu, 1));
        }

        Check.Equal(0, s_wrongCpu);
    }

    // On every CPU a thread raises, and so do messages from its neighbour, in hard interrupts at any moment. Each notes what it wants seen before it
    // raises; in the end the handler must have seen the last of it.
    internal static void NoneLost()
    {
        s_wanted = default;
        s_seen = default;
        OpenSoftirq(SoftirqTests.First, &See);
        OnCpu* jobs = stackalloc OnCpu[Cpu.MaxCpus];
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Start(jobs + cpu, cpu, &RaiseHereAndNextDoor, null);
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Wait(jobs + cpu);
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Check.Equal(SmpTests.Rounds(RaisesPerCpu) * (Smp.CpuCount > 1 ? 2 : 1), s_wanted[cpu]);
            Check.True(Becomes(ref s_seen, cpu, s_wanted[cpu]));
        }
    }

    private static bool Becomes(ref PerCpuNumbers numbers, int cpu, long value)
    {
        ulong start = MonotonicMicroseconds();
        while (Shared.ReadOnce(ref numbers[cpu]) != value)
        {
            if (MonotonicMicroseconds() - start > 5_000_000)
            {
                return false;
            }

            Scheduler.Yield();
        }

        return true;
    }

    private static void RaiseFirst(void* unused)
    {
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.First);
        LocalBhEnable();
    }

    private static void RaiseAndLeave(void* unused) => RaiseSoftirq(SoftirqTests.First);

    private static void RaiseWhenTold(void* unused)
    {
        SmpTests.Becomes(ref s_go, 1);
        RaiseFirst(null);
    }

    private static void RaiseHereAndNextDoor(void* unused)
    {
        int neighbour = (SmpProcessorId() + 1) % Smp.CpuCount;
        for (int i = 0; i < SmpTests.Rounds(RaisesPerCpu); i++)
        {
            ulong flags = LocalIrqSave();
            Want(null);
            LocalIrqRestore(flags);
            if (Smp.CpuCount > 1)
            {
                Smp.SmpCallFunctionSingle(neighbour, &Want, null, false);
            }
        }
    }

    // Interrupts off.
    private static void Want(void* unused)
    {
        ref long wanted = ref s_wanted[SmpProcessorId()];
        Shared.WriteOnce(ref wanted, wanted + 1);
        RaiseSoftirqIrqoff(SoftirqTests.First);
    }

    private static void See(SoftirqAction* entry)
    {
        int cpu = SmpProcessorId();
        Shared.WriteOnce(ref s_seen[cpu], Shared.ReadOnce(ref s_wanted[cpu]));
    }

    // Waits, inside, until the other one is inside too.
    private static void MeetOther(SoftirqAction* entry)
    {
        int inside = Shared.AddReturn(ref s_inside, 1);
        if (inside == 1)
        {
            SmpTests.Becomes(ref s_inside, 2);
        }

        Shared.WriteOnce(ref s_mostInside, Shared.ReadOnce(ref s_inside));
    }

    private static void CountWhere(SoftirqAction* entry)
    {
        int cpu = SmpProcessorId();
        s_runs[cpu]++;
        if (cpu == 1)
        {
            Shared.WriteOnce(ref s_runsElsewhere, 1);
        }
    }

    private static void NoteWork(WorkStruct* work) => Shared.WriteOnce(ref s_runsElsewhere, 1);

    private static void CountInThread(SoftirqAction* entry)
    {
        int cpu = SmpProcessorId();
        bool right = InterruptRegs != null || Current == Ksoftirqd.OfCpu(cpu);
        s_wrongCpu += right ? 0 : 1;
        Shared.WriteOnce(ref s_runs[cpu], s_runs[cpu] + 1);
    }
}
