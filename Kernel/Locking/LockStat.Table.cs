// LockStat.Table: the text of /proc/lock_stat.
//
// Linux: seq_stats, seq_header (kernel/lockdep_proc.c). Process context. Reads the counters as they are: a line is not a snapshot.

using CSharpOS.Debugging;

namespace CSharpOS.Locking;

#if DEBUG_CHECKS
public static unsafe partial class LockStat
{
    private const int RowSize = 400;
    private const int NameSize = 120;
    private const int NameWidth = 40;
    private const int NumberSize = 32;
    private const int Columns = 10;
    private const int ColumnWidth = 15;

    /// <summary>Writes the table, row by row: classes that were waited for first, the most waited for on top, then those that were only taken.
    /// A class with readers has two rows, -W and -R.</summary>
    /// <param name="sink">Gets each row, with its line feed.</param>
    /// <param name="contendedOnly">Leave out what nobody waited for.</param>
    /// <linux>lock_stat</linux>
    /// <rows>SYNC-07</rows>
    public static void Write(delegate*<ReadOnlySpan<byte>, void> sink, bool contendedOnly = false) => Write(TextSink.To(sink), contendedOnly);

    /// <summary>The same to any destination.</summary>
    /// <linux>lock_stat</linux>
    /// <rows>SYNC-07</rows>
    public static void Write(TextSink sink, bool contendedOnly = false)
    {
        Span<byte> memory = stackalloc byte[RowSize];
        sink.Write("lock_stat version 0.3\n"u8);
        Line(sink, memory);
        TextBuffer row = new(memory);
        row.Append($"{"class name"u8,NameWidth} {"con-bounces"u8,14} {"contentions"u8,14} {"waittime-min"u8,14} {"waittime-max"u8,14} "
            + $"{"waittime-total"u8,14} {"acq-bounces"u8,14} {"acquisitions"u8,14} {"holdtime-min"u8,14} {"holdtime-max"u8,14} {"holdtime-total"u8,14}\n");
        sink.Write(row.Written);
        Line(sink, memory);
        sink.Write("\n"u8);
        long below = long.MaxValue;
        int number;
        while ((number = NextClass(below, out long rank)) != 0)
        {
            // Equal ranks follow each other by their numbers, so every class has a rank of its own.
            below = rank;
            LockClass* lockClass = LockClasses.Of(number);
            if (!contendedOnly || lockClass->Exclusive.Contentions + lockClass->Readers.Contentions != 0)
            {
                WriteClass(sink, memory, lockClass);
            }
        }
    }

    private static void WriteClass(TextSink sink, Span<byte> memory, LockClass* lockClass)
    {
        bool readers = lockClass->Readers.Acquisitions != 0;
        if (lockClass->Exclusive.Acquisitions != 0)
        {
            WriteRow(sink, memory, lockClass, readers ? "-W"u8 : default, &lockClass->Exclusive);
        }

        if (readers)
        {
            WriteRow(sink, memory, lockClass, "-R"u8, &lockClass->Readers);
        }

        for (int i = 0; i < ContentionPoints.Max && lockClass->Points.Files[i] != 0; i++)
        {
            TextBuffer row = new(memory);
            Name(ref row, lockClass, default);
            row.Append($" {lockClass->Points.Counts[i],14}   at {ContextReport.Trim(LockText.Of((char*)lockClass->Points.Files[i]))}:"
                + $"{lockClass->Points.Lines[i]}\n");
            sink.Write(row.Written);
        }
    }

    private static void WriteRow(
        TextSink sink, Span<byte> memory, LockClass* lockClass, ReadOnlySpan<byte> suffix, LockStatistics* counters)
    {
        TextBuffer row = new(memory);
        Name(ref row, lockClass, suffix);
        row.Append($": {counters->ContentionBounces,13} {counters->Contentions,14}");
        Time(ref row, Smallest(counters->WaitMin));
        Time(ref row, counters->WaitMax);
        Time(ref row, counters->WaitTotal);
        row.Append($" {counters->AcquisitionBounces,14} {counters->Acquisitions,14}");
        Time(ref row, Smallest(counters->HoldMin));
        Time(ref row, counters->HoldMax);
        Time(ref row, counters->HoldTotal);
        row.Append("\n"u8);
        sink.Write(row.Written);
    }

    // To the right edge of its column; of a longer one the end.
    private static void Name(scoped ref TextBuffer row, LockClass* lockClass, ReadOnlySpan<byte> suffix)
    {
        byte* bytes = stackalloc byte[NameSize];
        TextBuffer name = new(new Span<byte>(bytes, NameSize));
        name.Append(new ReadOnlySpan<byte>(bytes, LockValidator.WriteName(new Span<byte>(bytes, NameSize), lockClass)));
        name.Append(suffix);
        int length = name.Length < NameWidth - 1 ? name.Length : NameWidth - 1;
        row.AppendRepeated((byte)' ', NameWidth - 1 - length);
        row.Append(new ReadOnlySpan<byte>(bytes + name.Length - length, length));
    }

    private static void Line(TextSink sink, Span<byte> memory)
    {
        TextBuffer row = new(memory);
        row.AppendRepeated((byte)'-', NameWidth + (Columns * ColumnWidth));
        row.Append("\n"u8);
        sink.Write(row.Written);
    }

    private static long Smallest(long kept) => kept == 0 ? 0 : long.MaxValue - kept;

    // Counts of the time stamp counter as microseconds with two places.
    private static void Time(scoped ref TextBuffer row, long counts)
    {
        ulong khz = TscKhz == 0 ? 1 : TscKhz;
        ulong hundredths = ((ulong)counts / khz * 100_000) + ((ulong)counts % khz * 100_000 / khz);
        byte* bytes = stackalloc byte[NumberSize];
        TextBuffer number = new(new Span<byte>(bytes, NumberSize));
        number.Append($" {hundredths / 100,11}.{hundredths / 10 % 10}{hundredths % 10}");
        row.Append(number.Written);
    }

    // The class with the largest rank below a given one: by contentions, then by number.
    private static int NextClass(long below, out long rank)
    {
        int found = 0;
        rank = -1;
        for (int number = 1; number <= LockClasses.Count; number++)
        {
            LockClass* lockClass = LockClasses.Of(number);
            long contentions = lockClass->Exclusive.Contentions + lockClass->Readers.Contentions;
            long mine = (Math.Min(contentions, int.MaxValue) * LockClasses.Max) + (LockClasses.Max - number);
            if (mine < below && mine > rank && lockClass->Exclusive.Acquisitions + lockClass->Readers.Acquisitions != 0)
            {
                rank = mine;
                found = number;
            }
        }

        return found;
    }
}
#endif
