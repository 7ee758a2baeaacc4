// SoftirqStatistics: how often each softirq ran on each CPU.
//
// Linux: kstat_softirqs, fs/proc/softirqs.c. Counting: in the loop of Softirq.Run.cs, own CPU only, so no lock. Reading: any context, any CPU, each
// counter by itself.

using System.Runtime.CompilerServices;

namespace CSharpOS.Softirqs;

/// <summary>Softirq counters.</summary>
/// <rows>SIRQ-08</rows>
public static unsafe class SoftirqStatistics
{
    private const int NameColumn = 12;
    // The heading stands further to the right than the figures.
    private const int HeaderColumn = 20;
    private const int LongestLine = HeaderColumn + (11 * Cpu.MaxCpus) + 1;

    private static PerCpu<Counters> s_counts;

    /// <summary>The counters of this CPU, one for each entry of the table. Preemption off.</summary>
    internal static uint* OfThisCpu
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (uint*)s_counts.This;
    }

    /// <summary>How often softirq <paramref name="nr"/> ran on CPU <paramref name="cpu"/>.</summary>
    /// <linux>kstat_softirqs_cpu</linux>
    public static uint Softirqs(SoftirqNr nr, int cpu) =>
        (uint)nr < Softirq.NrSoftirqs ? Shared.ReadOnce(ref ((uint*)s_counts.On(cpu))[(int)nr]) : 0;

    /// <summary>Writes the table in the format of /proc/softirqs, line by line.</summary>
    /// <param name="write">Gets each line, with its line end.</param>
    /// <param name="cpus">Columns.</param>
    /// <linux>show_softirqs</linux>
    /// <rows>SIRQ-08</rows>
    public static void Write(delegate*<ReadOnlySpan<byte>, void> write, int cpus) => Write(TextSink.To(write), cpus);

    /// <summary>The same to any destination.</summary>
    /// <linux>show_softirqs</linux>
    /// <rows>SIRQ-08</rows>
    public static void Write(TextSink sink, int cpus)
    {
        Span<byte> storage = stackalloc byte[LongestLine];
        TextBuffer line = new(storage);
        line.Append("                    "u8);
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            line.Append($"CPU{cpu,-8}");
        }

        line.Append("\n"u8);
        sink.Write(line.Written);
        for (int nr = 0; nr < SoftirqNrNames.Count; nr++)
        {
            line = new TextBuffer(storage);
            AppendColumn(ref line, (SoftirqNr)nr);
            for (int cpu = 0; cpu < cpus; cpu++)
            {
                line.Append($" {Softirqs((SoftirqNr)nr, cpu),10}");
            }

            line.Append("\n"u8);
            sink.Write(line.Written);
        }
    }

    /// <summary>The counters of this machine start at zero. Once, at boot.</summary>
    internal static void Init() => s_counts = PerCpu<Counters>.Allocate();

    /// <summary>Appends Linux's name: NET_TX for <see cref="SoftirqNr.NetTxSoftirq"/>. Without effect on a number that has no name.</summary>
    internal static void AppendName(ref TextBuffer line, SoftirqNr nr)
    {
        ReadOnlySpan<byte> name = nr.Name();
        for (int i = 0; i < name.Length - "Softirq"u8.Length; i++)
        {
            if (IsCapital(name[i]) && i != 0)
            {
                line.AppendByte((byte)'_');
            }

            line.AppendByte(IsCapital(name[i]) ? name[i] : (byte)(name[i] - 0x20));
        }
    }

    private static void AppendColumn(ref TextBuffer line, SoftirqNr nr)
    {
        ReadOnlySpan<byte> name = nr.Name()[..^"Softirq"u8.Length];
        int length = name.Length;
        for (int i = 1; i < name.Length; i++)
        {
            length += IsCapital(name[i]) ? 1 : 0;
        }

        line.AppendRepeated((byte)' ', NameColumn - length);
        AppendName(ref line, nr);
        line.Append(":"u8);
    }

    private static bool IsCapital(byte letter) => letter <= (byte)'Z';

    private struct Counters
    {
        public fixed uint Runs[Softirq.NrSoftirqs];
    }
}
