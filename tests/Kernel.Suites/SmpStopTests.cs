// SmpStopTests: non-maskable interrupts to other CPUs, and stopping them: the ones that listen and the ones that have interrupts off.

namespace CSharpOS.Suites;

internal static unsafe class SmpStopTests
{
    private static int s_spinning;
    private static int s_release;
    private static int s_nmis;
    private static int s_nmiContext;
    private static bool s_nmiInSoftirq;
    private static int s_nmiCpu;
    private static int s_running;
    private static PerCpuNumbers s_progress;

    internal static void Nmi()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            Shared.WriteOnce(ref s_nmis, 0);
            Check.Equal(0, Smp.RegisterNmiCallback(&NoteNmi));
            StartSpinning(cpu);
            uint before = IrqStatistics.Nmis(cpu);

            // The message that makes the CPU spin may have met it in the softirqs of a clock tick: then in_softirq is true as well, until it spins anew.
            int sent = 0;
            s_nmiInSoftirq = true;
            while (s_nmiInSoftirq && sent < 100)
            {
                if (sent != 0)
                {
                    StopSpinning();
                    StartSpinning(cpu);
                }

                Smp.SendNmi(cpu);
                sent++;
                Check.True(SmpTests.Becomes(ref s_nmis, sent));
                Check.Equal(cpu, s_nmiCpu);
                Check.Equal(1, s_nmiContext);
            }

            Check.False(s_nmiInSoftirq);
            Check.Equal(before + (uint)sent, IrqStatistics.Nmis(cpu));
            StopSpinning();
            Smp.UnregisterNmiCallback(&NoteNmi);

            // Nobody is called any more, and still nobody takes it for a broken machine.
            Smp.SendNmi(cpu);
            Smp.SmpCallFunctionSingle(cpu, &Nothing, null, true);
            Check.Equal(sent, s_nmis);
        }

        Check.NotLogged("Unknown NMI"u8);

        // Nobody there: nothing happens.
        Smp.SendNmi(Smp.CpuCount);
    }

    internal static void StopOthers()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        uint all = Smp.OnlineMask;
        OnCpu* jobs = stackalloc OnCpu[Cpu.MaxCpus];
        s_progress = default;
        Shared.WriteOnce(ref s_running, 1);
        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Start(&jobs[cpu], cpu, &Progress, null);
        }

        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            Check.True(Progresses(cpu));
        }

        Smp.StopOthers();
        Check.Equal(1, Smp.OnlineMask);
        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            Check.False(Smp.IsOnline(cpu));
            Check.False(Progresses(cpu));
        }

        // Nobody waits for those who do not listen.
        Check.Equal(0, Smp.CallFunction(uint.MaxValue, &Nothing, null, true));
        Vmalloc.Free(Vmalloc.Alloc(DirectMap.PAGE_SIZE));
        Smp.ResumeOthers();
        Check.Equal(all, Smp.OnlineMask);
        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            Check.True(Progresses(cpu));
        }

        Shared.WriteOnce(ref s_running, 0);
        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Wait(&jobs[cpu]);
        }
    }

    internal static void StopDeaf()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        uint all = Smp.OnlineMask;
        StartSpinning(1);
        Smp.StopOthers();
        Check.Equal(1, Smp.OnlineMask);
        Smp.ResumeOthers();
        Check.Equal(all, Smp.OnlineMask);
        Check.Equal(1, s_spinning);
        StopSpinning();
        Check.NotLogged("do not stop"u8);

        // The message that it did not hear comes now, late: it must not stop it again.
        Check.Equal(0, Smp.SmpCallFunctionSingle(1, &Nothing, null, true));
        Check.Equal(all, Smp.OnlineMask);
    }

    private static void StartSpinning(int cpu)
    {
        Shared.WriteOnce(ref s_spinning, 0);
        Shared.WriteOnce(ref s_release, 0);
        Smp.SmpCallFunctionSingle(cpu, &Spin, null, false);
        Check.True(SmpTests.Becomes(ref s_spinning, 1));
    }

    private static void StopSpinning()
    {
        Shared.WriteOnce(ref s_release, 1);
        Check.True(SmpTests.Becomes(ref s_spinning, 0));
    }

    // Interrupts are off: a called function.
    private static void Spin(void* unused)
    {
        Shared.WriteOnce(ref s_spinning, 1);
        while (Shared.ReadOnce(ref s_release) == 0)
        {
            CpuRelax();
        }

        Shared.WriteOnce(ref s_spinning, 0);
    }

    private static void NoteNmi(PtRegs* regs)
    {
        Shared.WriteOnce(ref s_nmiCpu, SmpProcessorId());
        Shared.WriteOnce(ref s_nmiContext, InNmi() && InInterrupt() && InAtomic() && regs->Rip != 0 ? 1 : 0);
        s_nmiInSoftirq = InSoftirq();
        Shared.AddReturn(ref s_nmis, 1);
    }

    private static void Nothing(void* unused)
    {
    }

    private static void Progress(void* unused)
    {
        while (Shared.ReadOnce(ref s_running) != 0)
        {
            Shared.AddReturn(ref s_progress[SmpProcessorId()], 1);
            CpuRelax();
        }
    }

    // True if the counter of a CPU rises; false if it stands still for 20 ms while it is stopped.
    private static bool Progresses(int cpu)
    {
        ulong patience = Smp.IsOnline(cpu) ? 60_000_000ul : 20_000;
        long before = Shared.ReadOnce(ref s_progress[cpu]);
        ulong start = MonotonicMicroseconds();
        while (MonotonicMicroseconds() - start < patience)
        {
            if (Shared.ReadOnce(ref s_progress[cpu]) != before)
            {
                return true;
            }

            CpuRelax();
        }

        return false;
    }
}
