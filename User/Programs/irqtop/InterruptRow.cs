// InterruptRow: a row of /proc/interrupts or /proc/softirqs: a name, a count per CPU, the rest. No system calls: host tests run it.

using System;
using System.Collections.Generic;

namespace CSharpOS.User.Programs;

/// <summary>A kind of interrupt or softirq.</summary>
internal sealed class InterruptRow(string name, ulong sum, string description)
{
    /// <summary>The number or the name in front of the colon.</summary>
    public string Name => name;

    /// <summary>Of all CPUs.</summary>
    public ulong Sum => sum;

    /// <summary>Controller, flow and devices, as the file has it.</summary>
    public string Description => description;

    public ulong PerSecond { get; set; }

    public bool IsShown { get; set; }

    /// <summary>All rows; the first line, with the CPUs, says how many counts a row has.</summary>
    public static List<InterruptRow> ParseAll(ReadOnlySpan<byte> text)
    {
        List<InterruptRow> rows = new();
        int cpus = 0;
        ReadOnlySpan<byte> header = TakeLine(ref text);
        while (header.IndexOf("CPU"u8) is >= 0 and int at)
        {
            cpus++;
            header = header.Slice(at + 3);
        }

        while (text.Length > 0)
        {
            ReadOnlySpan<byte> line = TakeLine(ref text);
            int colon = line.IndexOf((byte)':');
            if (colon < 0)
            {
                continue;
            }

            string name = Utf8.ToString(Trim(line.Slice(0, colon)));
            line = line.Slice(colon + 1);
            ulong sum = 0;
            for (int cpu = 0; cpu < cpus; cpu++)
            {
                sum += Number.Take(ref line);
            }

            rows.Add(new InterruptRow(name, sum, Utf8.ToString(Trim(line))));
        }

        return rows;
    }

    private static ReadOnlySpan<byte> TakeLine(ref ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? text : text.Slice(0, end);
        text = end < 0 ? default : text.Slice(end + 1);
        return line;
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim((byte)' ');
}
