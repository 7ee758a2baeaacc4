// LogRing: the kernel's log, a ring of records of variable length.
//
// Linux: log_buf of kernel/printk.c; the scheme is of our own. Any context, NMI and nested interrupts included, on any number of CPUs at
// once; never sleeps, never allocates, no lock.
//
// Positions are bytes since boot and never wrap; position p lies at byte p % Capacity. A record's position is its sequence number.
//   s_tail <= every readable record < s_head, and s_head - s_tail <= Capacity.
// A record is whole words: the stamp; the time; level, flags, CPU, text length and context; the text, filled up with zeros.
//
// Writing: room is made by moving s_tail over the oldest record, space is reserved by moving s_head, both by compare-exchange. The words
// behind the stamp are written next, the stamp last: it says "committed", how long the record is, and its position.
// Invariants and why they hold:
//   1. A stamp is recognised for certain. Its top byte is 0xff; no other word of the ring can have that: text never contains the byte
//      0xff (not UTF-8, replaced on the way in), times and lengths are smaller. Stamps of the lap before carry another position.
//   2. s_tail passes committed records only (the length comes from the stamp). So a writer that was stopped between reserving and
//      committing never finds its space given to another: if the ring comes round to it, new records are dropped and counted instead.
//   3. A reader copies a record and then looks at s_tail: if that is still at or before the record, nobody had reserved its bytes, so the
//      copy is whole. Else it starts again at s_tail.
//   4. Nobody ever waits. A record not yet committed stops readers there; its writer shows it later. Only a panic cannot rely on that: it
//      skips to the next word that is a stamp of its own position (FindCommitted).

using System.Runtime.CompilerServices;

namespace CSharpOS.Log;

/// <summary>What a record says besides its text.</summary>
[Flags]
internal enum LogFlags
{
    None = 0,

    /// <summary>The text ends a line.</summary>
    EndsLine = 1,

    /// <summary>The message named no level: it goes on the line that its context left unfinished, if there is one.</summary>
    NoLevel = 2,
}

/// <summary>The ring. Use <see cref="KernelLog"/> to write and <see cref="LogReader"/> to read.</summary>
internal static unsafe class LogRing
{
    /// <summary>Bytes of the ring.</summary>
    /// <linux>LOG_BUF_LEN</linux>
    public const int Capacity = 1 << 17;

    /// <summary>The longest text of one record.</summary>
    public const int MaxText = TextPool.BufferSize;

    private const int HeaderSize = 24;
    private const int WordMask = Capacity - 8;
    private const ulong Committed = 0xfful << 56;
    private const int SizeShift = 44;
    private const int FlagsShift = 52;
    private const int LevelShift = 48;
    private const int CpuShift = 40;
    private const int LengthShift = 28;
    private const uint ContextMask = (1u << LengthShift) - 1;
    private const ulong PositionMask = (1ul << SizeShift) - 1;

    private static long s_head;
    private static long s_tail;
    private static int s_dropped;
    private static Storage s_storage;

    /// <summary>Where the next record will begin.</summary>
    public static long Head => Shared.ReadOnce(ref s_head);

    /// <summary>Where the oldest record begins.</summary>
    public static long Tail => Shared.ReadOnce(ref s_tail);

    /// <summary>Records that found no room because the oldest was still being written.</summary>
    public static int Dropped => Shared.ReadOnce(ref s_dropped);

    public static void Init()
    {
        s_head = 0;
        s_tail = 0;
        s_dropped = 0;
        new Span<byte>(Unsafe.AsPointer(ref s_storage), Capacity).Clear();
    }

    /// <summary>Adds a record. False: dropped.</summary>
    public static bool Write(LogLevel level, LogFlags flags, ulong microseconds, int cpu, uint context, ReadOnlySpan<byte> text)
    {
        int length = text.Length < MaxText ? text.Length : MaxText;
        int size = (HeaderSize + length + 7) & ~7;
        long position = Reserve(size);
        if (position < 0)
        {
            Shared.AddReturn(ref s_dropped, 1);
            return false;
        }

        *Word(position + 8) = microseconds & (ulong.MaxValue >> 8);
        *Word(position + 16) = ((ulong)flags << FlagsShift) | ((ulong)level << LevelShift) | ((ulong)(byte)cpu << CpuShift)
            | ((ulong)(uint)length << LengthShift) | (context & ContextMask);
        PutText(position + HeaderSize, text.Slice(0, length));
        Cpu.Wmb();
        Shared.WriteOnce(ref *Word(position), Stamp(position, size));
        return true;
    }

    /// <summary>Reads the first record at or after <paramref name="position"/> and moves <paramref name="position"/> behind it. False:
    /// there is none (yet). Bytes that were overwritten before they could be read are added to <paramref name="lost"/>.</summary>
    /// <param name="position">Where to look.</param>
    /// <param name="lost">Counts what was overwritten or skipped.</param>
    /// <param name="record">The record.</param>
    /// <param name="text">Room for its text, MaxText bytes; a longer text is cut.</param>
    /// <param name="skipUncommitted">Panic only: do not stop at a record whose writer was stopped for good.</param>
    public static bool Read(ref long position, ref long lost, ref LogRecord record, Span<byte> text, bool skipUncommitted)
    {
        while (true)
        {
            long tail = Tail;
            if (position < tail)
            {
                lost += tail - position;
                position = tail;
            }

            if (position >= Head)
            {
                return false;
            }

            int size = CommittedSize(position);
            if (size == 0)
            {
                if (Tail > position)
                {
                    continue;
                }

                if (!skipUncommitted)
                {
                    return false;
                }

                long next = FindCommitted(position);
                lost += next - position;
                position = next;
                continue;
            }

            Cpu.Rmb();
            ulong time = *Word(position + 8);
            ulong words = *Word(position + 16);
            int length = (int)(words >> LengthShift) & 0xfff;
            length = length <= size - HeaderSize ? length : size - HeaderSize;
            length = length <= text.Length ? length : text.Length;
            GetText(position + HeaderSize, text.Slice(0, length));
            Cpu.Rmb();
            if (Tail > position)
            {
                continue;
            }

            record.Position = position;
            record.Microseconds = time;
            record.Level = (LogLevel)((words >> LevelShift) & 7);
            record.Flags = (LogFlags)((words >> FlagsShift) & 3);
            record.Cpu = (int)(words >> CpuShift) & 0xff;
            record.Context = (uint)words & ContextMask;
            record.TextLength = length;
            position += size;
            return true;
        }
    }

    /// <summary>True if a committed record begins at <paramref name="position"/> or later records were already overwritten up to
    /// there.</summary>
    public static bool HasRecord(long position) => position < Tail || (position < Head && CommittedSize(position) != 0);

    private static long Reserve(int size)
    {
        while (true)
        {
            // In this order: a tail that is newer than the head only means more room, and a head that has moved fails the exchange.
            long head = Head;
            Cpu.Rmb();
            long tail = Tail;
            if (head + size - tail <= Capacity)
            {
                if (Shared.CompareExchange(ref s_head, head + size, head) == head)
                {
                    return head;
                }

                continue;
            }

            int oldest = CommittedSize(tail);
            if (oldest != 0)
            {
                Shared.CompareExchange(ref s_tail, tail + oldest, tail);
            }
            else if (Tail == tail)
            {
                return -1;
            }
        }
    }

    // The size of the record at position, 0 if none is committed there.
    private static int CommittedSize(long position)
    {
        ulong stamp = Shared.ReadOnce(ref *Word(position));
        bool valid = stamp >= Committed && (stamp & PositionMask) == ((ulong)position & PositionMask);
        return valid ? (int)((stamp >> SizeShift) & 0xfff) * 8 : 0;
    }

    private static long FindCommitted(long position)
    {
        long head = Head;
        while (position < head && CommittedSize(position) == 0)
        {
            position += 8;
        }

        return position;
    }

    private static ulong Stamp(long position, int size) =>
        Committed | ((ulong)(uint)(size / 8) << SizeShift) | ((ulong)position & PositionMask);

    private static ulong* Word(long position) => (ulong*)((byte*)Unsafe.AsPointer(ref s_storage) + (position & WordMask));

    private static void PutText(long position, ReadOnlySpan<byte> text)
    {
        byte* ring = (byte*)Unsafe.AsPointer(ref s_storage);
        for (int i = 0; i < text.Length; i++)
        {
            byte value = text[i];
            // Control characters would drive the terminal; 0xff is kept for stamps.
            bool plain = value is (>= (byte)' ' and < 0x7f) or (> 0x7f and < 0xff) or (byte)'\t';
            ring[(position + i) & (Capacity - 1)] = plain ? value : (byte)'?';
        }

        for (long i = position + text.Length; (i & 7) != 0; i++)
        {
            ring[i & (Capacity - 1)] = 0;
        }
    }

    private static void GetText(long position, Span<byte> text)
    {
        byte* ring = (byte*)Unsafe.AsPointer(ref s_storage);
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = ring[(position + i) & (Capacity - 1)];
        }
    }

    [InlineArray(Capacity / 8)]
    private struct Storage
    {
        private ulong _first;
    }
}
