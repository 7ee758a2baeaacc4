// IrqTable: the text of /proc/interrupts.
//
// Linux: show_interrupts, arch/i386/kernel/irq.c. Process context. Each row is put together with the line's descriptor locked and given to
// the sink after that, so the sink may do what it likes.

namespace CSharpOS.Irq;

/// <summary>Writes the table of interrupts, in Linux's format.</summary>
/// <rows>IRQ-12</rows>
public static unsafe class IrqTable
{
    // Sixteen CPUs take 200 bytes; the rest is for names.
    private const int RowSize = 512;

    /// <summary>Writes the table row by row: a column per CPU, the controller, the names of the handlers; then NMI, LOC, the messages
    /// between CPUs (RES to reschedule, CAL to call a function, TLB to forget page table entries), and ERR. Lines
    /// without a handler are not shown.</summary>
    /// <param name="sink">Gets each row, with its line feed.</param>
    /// <param name="cpus">Online CPUs.</param>
    /// <linux>show_interrupts</linux>
    /// <rows>IRQ-12</rows>
    public static void Write(delegate*<ReadOnlySpan<byte>, void> sink, int cpus = 1) => Write(TextSink.To(sink), cpus);

    /// <summary>The same to any destination.</summary>
    /// <linux>show_interrupts</linux>
    /// <rows>IRQ-12</rows>
    public static void Write(TextSink sink, int cpus)
    {
        Span<byte> memory = stackalloc byte[RowSize];
        TextBuffer row = new(memory);
        row.Append("           "u8);
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            row.Append($"CPU{cpu,-8}");
        }

        row.Append("\n"u8);
        sink.Write(row.Written);
        for (int irq = 0; irq < Interrupts.NrIrqs; irq++)
        {
            int length = FormatLine(memory, irq, cpus);
            if (length != 0)
            {
                sink.Write(memory.Slice(0, length));
            }
        }

        WriteCounters(sink, memory, cpus, "NMI"u8, &IrqStatistics.Nmis);
        WriteCounters(sink, memory, cpus, "LOC"u8, &IrqStatistics.LocalTimers);
#if SMP
        WriteCounters(sink, memory, cpus, "RES"u8, &IrqStatistics.Reschedules);
        WriteCounters(sink, memory, cpus, "CAL"u8, &IrqStatistics.CallFunctions);
        WriteCounters(sink, memory, cpus, "TLB"u8, &IrqStatistics.TlbFlushes);
#endif
        row.Clear();
        row.Append($"ERR: {IrqStatistics.Errors,10}\n");
        sink.Write(row.Written);
    }

    private static void WriteCounters(
        TextSink sink, Span<byte> memory, int cpus, ReadOnlySpan<byte> name, delegate*<int, uint> counter)
    {
        TextBuffer row = new(memory);
        row.Append($"{name}: ");
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            row.Append($"{counter(cpu),10} ");
        }

        row.Append("\n"u8);
        sink.Write(row.Written);
    }

    // Puts one line's row into memory and gives its length; 0 if the line has no handler.
    private static int FormatLine(Span<byte> memory, int irq, int cpus)
    {
        IrqDescriptor* descriptor = Interrupts.IrqToDescriptor(irq);
        if (descriptor == null)
        {
            return 0;
        }

        TextBuffer row = new(memory);
        ulong flags = descriptor->Lock.LockIrqSave();
        IrqAction* action = descriptor->Action;
        if (action != null)
        {
            row.Append($"{irq,3}: ");
            for (int cpu = 0; cpu < cpus; cpu++)
            {
                row.Append($"{IrqStatistics.Irqs(irq, cpu),10} ");
            }

            row.Append($" {descriptor->Chip->Name,14}  {action->Name}");
            for (action = action->Next; action != null; action = action->Next)
            {
                row.Append($", {action->Name}");
            }

            row.Append("\n"u8);
        }

        descriptor->Lock.UnlockIrqRestore(flags);
        return row.Length;
    }
}
