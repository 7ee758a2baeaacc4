// Watchdog.Hard: notices a CPU that takes no interrupts any more.
//
// Linux: nmi_watchdog, kernel/watchdog_hld.c (the buddy detector of later versions comes nearest). Linux lets the performance counters raise
// NMIs; emulators have none. Here each CPU looks at its neighbour, the next one online, at every tenth of the threshold: if that one's ticks stand
// still, it sends it an NMI, every time anew. The NMI's handler, on the CPU in question, counts those that found interrupts off without a tick in
// between, and reports when they make up the threshold. So the CPU itself proves that it runs, and with interrupts off.
// CheckNeighbour: hard interrupt, interrupts off. Answer: NMI; it only writes to the log, the neighbour's tick shows it.

namespace CSharpOS.Debugging;

public static unsafe partial class Watchdog
{
    private const ulong EflagsInterrupt = 0x200;

    // Looks that may find no new tick before an NMI is sent: its tick and ours have no fixed order.
    private const uint MissesAllowed = 2;

    private static void CheckNeighbour(uint threshold)
    {
        int cpu = Neighbour(SmpProcessorId());
        if (!s_hard || cpu < 0)
        {
            return;
        }

        Cell* cell = s_cells.On(cpu);
        uint ticks = Shared.ReadOnce(ref cell->Ticks);
        if (ticks != cell->SeenTicks || ticks == 0)
        {
            cell->SeenTicks = ticks;
            cell->Missed = 0;
            return;
        }

        cell->Missed++;
        if (cell->Missed >= MissesAllowed)
        {
            Shared.WriteOnce(ref cell->Asked, 1);
            Smp.SendNmi(cpu);
        }

        if (Shared.ReadOnce(ref cell->HardReported) != 0)
        {
            // It may have been the CPU that shows what NMIs write.
            FlushDeferred();
        }
    }

    /// <summary>The answer of a CPU whose ticks stand still.</summary>
    internal static void Answer(PtRegs* regs)
    {
        Cell* cell = s_cells.This;
        if (Shared.Exchange(ref cell->Asked, 0) == 0)
        {
            return;
        }

        if ((regs->Eflags & EflagsInterrupt) != 0 || cell->AnswerTicks != cell->Ticks)
        {
            // It would take its tick if it had one, or has taken one: it only stood still.
            cell->AnswerTicks = cell->Ticks;
            cell->Answers = 0;
            Shared.WriteOnce(ref cell->HardReported, 0);
        }

        if ((regs->Eflags & EflagsInterrupt) != 0)
        {
            return;
        }

        cell->Answers++;
        if (cell->Answers >= ChecksPerThreshold - MissesAllowed && cell->HardReported == 0)
        {
            Shared.WriteOnce(ref cell->HardReported, 1);
            Printk(Level, $"Watchdog detected hard LOCKUP on cpu {SmpProcessorId()}\n");
            PrintWhere(regs, Current);
        }
    }

    private static int Neighbour(int me)
    {
        for (int i = 1; i < Cpu.MaxCpus; i++)
        {
            int cpu = (me + i) % Cpu.MaxCpus;
            if (Smp.IsOnline(cpu))
            {
                return cpu;
            }
        }

        return -1;
    }
}
