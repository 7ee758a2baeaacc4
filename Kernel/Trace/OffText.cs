// OffText: the longest stretches with interrupts off and with preemption off, as comment lines at the head of a trace.
//
// Linux: print_trace_header's latency, "started at" and "ended at" (kernel/trace/trace.c). Process context; tracing is off. tools/Csos/Tracing/OffStretch.cs
// reads these lines.

using CSharpOS.Debugging;

namespace CSharpOS.Tracing;

/// <summary>Prints what <see cref="OffTracer"/> has measured.</summary>
internal static unsafe class OffText
{
    private const int LineSize = 320;

    /// <summary>Writes the stretches of all CPUs, three lines each.</summary>
    public static void Write(delegate*<ReadOnlySpan<byte>, void> sink)
    {
        if (!OffTracer.Measures)
        {
            sink("# irqsoff, preemptoff: not measured in this build\n#\n"u8);
            return;
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Stretch(sink, "irqsoff"u8, cpu, OffTracer.Irqs(cpu));
            Stretch(sink, "preemptoff"u8, cpu, OffTracer.Preemption(cpu));
        }

        sink("#\n"u8);
    }

    private static void Stretch(delegate*<ReadOnlySpan<byte>, void> sink, ReadOnlySpan<byte> name, int cpu, OffStretch* stretch)
    {
        if (stretch->Ended == 0)
        {
            return;
        }

        Span<byte> memory = stackalloc byte[LineSize];
        TextBuffer text = new(memory);
        ulong began = Clock.MicrosecondsAt(stretch->Began), ended = Clock.MicrosecondsAt(stretch->Ended);
        ReadOnlySpan<byte> comm = stretch->Pid == 0 ? "<idle>"u8 : TraceText.Text(stretch->Comm);
        text.Append($"# {name} latency: {ended - began} us, CPU#{cpu}, task: {comm}-{stretch->Pid}, ended: {ended / 1_000_000}.{ended % 1_000_000:d6}\n");
        sink(text.Written);
        Place(sink, "#  => started at: "u8, stretch->From);
        Place(sink, "#  => ended at:   "u8, stretch->To);
    }

    private static void Place(delegate*<ReadOnlySpan<byte>, void> sink, ReadOnlySpan<byte> before, nuint place)
    {
        Span<byte> memory = stackalloc byte[LineSize];
        TextBuffer text = new(memory);

        // A return address: the call is before it.
        if (!SymbolTable.Lookup(place - 1, out SymbolInfo symbol))
        {
            text.Append($"{before}0x{(ulong)place:x}\n");
        }
        else if (LineTable.Lookup(place - 1, out ReadOnlySpan<byte> file, out int line))
        {
            text.Append($"{before}{symbol.Name}+0x{(ulong)(place - symbol.Start):x}/0x{(ulong)symbol.Size:x} at {file}:{line}\n");
        }
        else
        {
            text.Append($"{before}{symbol.Name}+0x{(ulong)(place - symbol.Start):x}/0x{(ulong)symbol.Size:x}\n");
        }

        sink(text.Written);
    }
}
