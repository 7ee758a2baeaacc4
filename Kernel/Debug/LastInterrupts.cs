// LastInterrupts: which interrupts came last on each CPU, for oops reports.
//
// Nothing in Linux corresponds (ftrace comes nearest). Note is called by DoIrq for every interrupt: hard interrupt context, interrupts
// off, own CPU only, no lock, three stores and a read of the time stamp counter. The ring lies in PerCpuHot, which is one load away and exists
// before anything else does. An entry of zero is unused.

using System.Runtime.CompilerServices;

namespace CSharpOS.Debugging;

/// <summary>A short memory of interrupts per CPU.</summary>
public static unsafe class LastInterrupts
{
    /// <summary>How many each CPU remembers.</summary>
    public const int Remembered = 8;

    // An entry is the time stamp counter with the line in its highest byte.
    private const int TscBits = 56;

    /// <summary>Remembers that line <paramref name="irq"/>, 0 to 255, interrupts this CPU now. Interrupts off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Note(nuint irq)
    {
        // The counter first: what is read after it need not be kept across it.
        ulong now = ReadTsc();
        PerCpuHot* hot = Hot;
        uint next = hot->NextInterrupt;
        hot->NextInterrupt = next + 1;
        ulong* entry = RingOf(hot) + (next % Remembered);
        *entry = now;
        *((byte*)entry + (TscBits / 8)) = (byte)irq;
    }

    /// <summary>Logs the last interrupts of this CPU, newest first, and how long before <paramref name="now"/>, a time stamp counter, they
    /// came.
    /// Any context.</summary>
    public static void Print(LogLevel level, ulong now)
    {
        PerCpuHot* hot = Hot;
        uint next = hot->NextInterrupt;
        TextHandler text = new(0, 0);
        text.AppendLiteral("Last interrupts:");
        int shown = 0;
        for (uint back = 1; back <= Remembered; back++)
        {
            ulong entry = RingOf(hot)[(next - back) % Remembered];
            if (entry == 0)
            {
                continue;
            }

            text.AppendLiteral(shown == 0 ? " irq " : ", irq ");
            text.AppendFormatted((byte)(entry >> TscBits));
            AppendAge(ref text, (now - entry) & ((1UL << TscBits) - 1));
            shown++;
        }

        text.AppendLiteral(shown == 0 ? " none\n" : " ago\n");
        Printk(level, ref text);
    }

    internal static void Init()
    {
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            PerCpuHot* hot = PerCpuArea.Hot(cpu);
            if (hot != null)
            {
                hot->NextInterrupt = 0;
                new Span<ulong>(hot->LastInterrupts, Remembered).Clear();
            }
        }
    }

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

    // By its offset: naming the field would cost a test for null.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong* RingOf(PerCpuHot* hot) => (ulong*)((byte*)hot + AsmOffsets.HOT_LAST_INTERRUPTS);
}
