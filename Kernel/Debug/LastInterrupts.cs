// LastInterrupts: which interrupts came last on each CPU, for oops reports.
//
// Nothing in Linux corresponds (ftrace comes nearest). Note is called by DoIrq for every interrupt: hard interrupt context, interrupts
// off, own CPU only, no lock, two stores and a read of the time stamp counter. Print reads another CPU's ring while it may change: a report
// can show one entry twice, never anything else. No Init is needed: an entry of zero is unused.

using System.Runtime.CompilerServices;

namespace CSharpOS.Debugging;

/// <summary>A short memory of interrupts per CPU.</summary>
public static unsafe class LastInterrupts
{
    private const int Remembered = 8;
    private const int IrqBits = 8;

    private static Rings s_rings;

    /// <summary>Remembers that line <paramref name="irq"/> interrupts this CPU now. Interrupts off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Note(int irq)
    {
        Ring* ring = RingOf(SmpProcessorId());
        ((ulong*)&ring->Entries)[ring->Next++ % Remembered] = (ReadTsc() << IrqBits) | (byte)irq;
    }

    /// <summary>Logs the last interrupts of this CPU, newest first, and how long before <paramref name="now"/>, a time stamp counter, they
    /// came.
    /// Any context.</summary>
    public static void Print(LogLevel level, ulong now)
    {
        Ring* ring = RingOf(SmpProcessorId());
        uint next = ring->Next;
        TextHandler text = new(0, 0);
        text.AppendLiteral("Last interrupts:");
        int shown = 0;
        for (uint back = 1; back <= Remembered; back++)
        {
            ulong entry = ((ulong*)&ring->Entries)[(next - back) % Remembered];
            if (entry == 0)
            {
                continue;
            }

            text.AppendLiteral(shown == 0 ? " irq " : ", irq ");
            text.AppendFormatted((byte)entry);
            AppendAge(ref text, (now - (entry >> IrqBits)) & (ulong.MaxValue >> IrqBits));
            shown++;
        }

        text.AppendLiteral(shown == 0 ? " none\n" : " ago\n");
        Printk(level, ref text);
    }

    internal static void Init() => s_rings = default;

    private static void AppendAge(ref TextHandler text, ulong cycles)
    {
        text.AppendLiteral(" ");
        if (TscKhz == 0)
        {
            text.AppendFormatted(cycles);
            text.AppendLiteral(" cycles");
            return;
        }

        text.AppendFormatted(cycles * 1000 / TscKhz);
        text.AppendLiteral(" us");
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Ring* RingOf(int cpu) => (Ring*)Unsafe.AsPointer(ref s_rings) + cpu;

    private struct Ring
    {
        public uint Next;
        public Entries Entries;
    }

    [InlineArray(Remembered)]
    private struct Entries
    {
        private ulong _first;
    }

    [InlineArray(Cpu.MaxCpus)]
    private struct Rings
    {
        private Ring _first;
    }
}
