// ProcStat: /proc/stat: what the CPUs have spent their time on, interrupts, switches, tasks, softirqs.
//
// Linux: fs/proc/stat.c. Process context. Times are hundredths of a second since boot (USER_HZ). No locks: each counter by itself.

namespace CSharpOS.Fs;

/// <summary>The file /proc/stat.</summary>
/// <rows>SIRQ-08</rows>
internal static unsafe class ProcStat
{
    /// <summary>Times for programs are in this fraction of a second.</summary>
    /// <linux>USER_HZ</linux>
    internal const uint UserHz = 100;

    /// <summary>Ticks as hundredths of a second.</summary>
    /// <linux>jiffies_to_clock_t</linux>
    internal static ulong ToUserHz(ulong ticks) => ticks * UserHz / HZ;

    internal static int Show(TextArea* text, void* unused)
    {
        CpuTicks sum = default;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            CpuTicks ticks = Scheduler.TicksOf(cpu);
            sum.User += ticks.User;
            sum.Nice += ticks.Nice;
            sum.System += ticks.System;
            sum.Softirq += ticks.Softirq;
            sum.Idle += ticks.Idle;
        }

        text->Append("cpu "u8);
        Times(text, in sum);
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            text->Append($"cpu{cpu}");
            Times(text, Scheduler.TicksOf(cpu));
        }

        ShowInterrupts(text);
        text->Append($"ctxt {Scheduler.ContextSwitches()}\n");
        text->Append($"btime {Xtime.Seconds - (long)(MonotonicMicroseconds() / 1_000_000)}\n");
        text->Append($"processes {Tasks.Made}\nprocs_running {Scheduler.RunningTasks()}\n");
        text->Append($"procs_blocked {Tasks.CountInState(TaskState.Uninterruptible)}\n");
        ShowSoftirqs(text);
        return 0;
    }

    // user nice system idle iowait irq softirq steal guest. A hard interrupt has interrupts off: the tick never sees one.
    private static void Times(TextArea* text, in CpuTicks ticks) =>
        text->Append($" {ToUserHz(ticks.User)} {ToUserHz(ticks.Nice)} {ToUserHz(ticks.System)} {ToUserHz(ticks.Idle)} 0 0 {ToUserHz(ticks.Softirq)} 0 0\n");

    // The sum of all interrupts, then each line by its number.
    private static void ShowInterrupts(TextArea* text)
    {
        ulong total = 0;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            total += IrqStatistics.Nmis(cpu) + IrqStatistics.LocalTimers(cpu) + IrqStatistics.Reschedules(cpu) + IrqStatistics.CallFunctions(cpu) +
                IrqStatistics.TlbFlushes(cpu);
            for (int irq = 0; irq < Interrupts.NrIrqs; irq++)
            {
                total += IrqStatistics.Irqs(irq, cpu);
            }
        }

        text->Append($"intr {total}");
        for (int irq = 0; irq < Interrupts.NrIrqs; irq++)
        {
            ulong line = 0;
            for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
            {
                line += IrqStatistics.Irqs(irq, cpu);
            }

            text->Append($" {line}");
        }

        text->Append("\n"u8);
    }

    private static void ShowSoftirqs(TextArea* text)
    {
        ulong total = 0;
        for (int nr = 0; nr < SoftirqNrNames.Count; nr++)
        {
            total += OfAllCpus((SoftirqNr)nr);
        }

        text->Append($"softirq {total}");
        for (int nr = 0; nr < SoftirqNrNames.Count; nr++)
        {
            text->Append($" {OfAllCpus((SoftirqNr)nr)}");
        }

        text->Append("\n"u8);
    }

    private static ulong OfAllCpus(SoftirqNr nr)
    {
        ulong count = 0;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            count += SoftirqStatistics.Softirqs(nr, cpu);
        }

        return count;
    }
}
