// LogReader: reading the log, record by record or as lines of text.
//
// Linux: do_syslog and the console loop of kernel/printk.c. Any context; takes no lock, never sleeps; readers do not disturb writers or
// each other. A reader that is too slow loses the oldest records and is told how many bytes.
// LogLines joins records to lines: a message without a level goes on the line that the same context (task or interrupt, on the same
// CPU) left unfinished; anything else ends that line and begins a new one with a time stamp.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Log;

/// <summary>One message of the log, or one line of a message; valid until the reader moves on.</summary>
/// <rows>LOG-01</rows>
public ref struct LogEntry
{
    /// <summary>Where the record begins, in bytes of log since boot: rises from record to record.</summary>
    public ulong Sequence;

    /// <summary>When, in microseconds since boot.</summary>
    public ulong Microseconds;

    /// <summary>The level; that of a message that named none is the default level.</summary>
    public LogLevel Level;

    /// <summary>Number of the CPU that wrote it.</summary>
    public int Cpu;

    /// <summary>The text without time stamp and end of line.</summary>
    public ReadOnlySpan<byte> Text;

    /// <summary>As <c>dmesg</c> shows it: with the time stamp unless it goes on a line, with '\n' if it ends one.</summary>
    public ReadOnlySpan<byte> Line;
}

/// <summary>What the ring keeps of a message besides its text.</summary>
internal struct LogRecord
{
    public long Position;
    public ulong Microseconds;
    public LogLevel Level;
    public LogFlags Flags;
    public int Cpu;
    public uint Context;
    public int TextLength;
}

/// <summary>Walks the log: <c>LogReader reader = new(0); while (reader.MoveNext()) { reader.Current.Line ... }</c>. A kilobyte of
/// stack.</summary>
/// <linux>syslog</linux>
/// <rows>LOG-01</rows>
public struct LogReader
{
    private long _position;
    private long _lost;
    private LogLines _lines;
    private LogRecord _record;
    private int _lineLength;
    private Buffer _buffer;

    /// <summary>A reader that begins at <paramref name="sequence"/>, or at the oldest record that is still there: 0 is
    /// everything.</summary>
    public LogReader(ulong sequence)
    {
        this = default;
        long tail = LogRing.Tail;
        _position = (long)sequence < tail ? tail : (long)sequence;
    }

    /// <summary>Bytes of log that were overwritten before this reader came to them.</summary>
    public readonly long Lost => _lost;

    /// <summary>Where the next record is looked for.</summary>
    public readonly ulong Position => (ulong)_position;

    /// <summary>What <see cref="MoveNext"/> found.</summary>
    [UnscopedRef]
    public readonly LogEntry Current
    {
        get
        {
            int end = (_record.Flags & LogFlags.EndsLine) != 0 ? _lineLength - 1 : _lineLength;
            return new LogEntry
            {
                Sequence = (ulong)_record.Position,
                Microseconds = _record.Microseconds,
                Level = _record.Level,
                Cpu = _record.Cpu,
                Text = Bytes.Slice(end - _record.TextLength, _record.TextLength),
                Line = Bytes.Slice(0, _lineLength),
            };
        }
    }

    [UnscopedRef]
    private readonly ReadOnlySpan<byte> Bytes =>
        MemoryMarshal.CreateReadOnlySpan(in Unsafe.As<Buffer, byte>(ref Unsafe.AsRef(in _buffer)), BufferSize);

    /// <summary>Goes to the next record. False: no more for now; later there may be.</summary>
    public bool MoveNext()
    {
        Span<byte> bytes = MemoryMarshal.CreateSpan(ref Unsafe.As<Buffer, byte>(ref _buffer), BufferSize);
        if (!LogRing.Read(ref _position, ref _lost, ref _record, bytes.Slice(LogLines.PrefixSize, LogRing.MaxText), false))
        {
            return false;
        }

        _lineLength = _lines.Next(ref _record, bytes, (int)LogLevel.Debug + 1);
        return true;
    }

    private const int BufferSize = LogRing.MaxText + LogLines.PrefixSize;

    [InlineArray(BufferSize)]
    private struct Buffer
    {
        private byte _first;
    }
}

/// <summary>Makes lines of records. The caller puts the record's text at <see cref="PrefixSize"/> of a buffer.</summary>
internal struct LogLines
{
    /// <summary>Room in front of the text: an end of line, the time stamp, and one byte behind the text for the end of its line.</summary>
    public const int PrefixSize = 48;

    private bool _open;
    private bool _shown;
    private uint _context;
    private int _cpu;

    /// <summary>Turns the buffer into what is to be shown, from its beginning; gives the number of bytes, 0 if the level is not below
    /// <paramref name="level"/>.</summary>
    public int Next(ref LogRecord record, Span<byte> text, int level)
    {
        bool continues = _open && (record.Flags & LogFlags.NoLevel) != 0 && _context == record.Context && _cpu == record.Cpu;
        bool show = continues ? _shown : (int)record.Level < level;
        bool unfinished = !continues && _open && _shown;
        if (unfinished && !show)
        {
            // A message that is not shown leaves somebody's unfinished line as it is.
            return 0;
        }

        _open = (record.Flags & LogFlags.EndsLine) == 0;
        _shown = show;
        _context = record.Context;
        _cpu = record.Cpu;
        if (!show)
        {
            return 0;
        }

        TextBuffer line = new(text);
        if (unfinished)
        {
            line.AppendByte((byte)'\n');
        }

        if (!continues)
        {
            line.Append($"[{record.Microseconds / 1000000,5}.{record.Microseconds % 1000000:d6}] ");
        }

        text.Slice(PrefixSize, record.TextLength).CopyTo(text.Slice(line.Length));
        int length = line.Length + record.TextLength;
        if ((record.Flags & LogFlags.EndsLine) != 0)
        {
            text[length] = (byte)'\n';
            length++;
        }

        return length;
    }
}
