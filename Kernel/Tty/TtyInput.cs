// TtyInput: the bytes that the line discipline has accepted and nobody has read yet.
//
// Linux: read_buf, read_flags, canon_head and canon_data of struct tty_struct. No lock of its own: TtyStruct.Lock guards it. Process context; never sleeps.
// A ring of bytes, with a bit for each that ends a line. Invariants: _tail <= _line <= _head <= _tail + Capacity (as counters that wrap); in canonical mode
// everything before _line belongs to complete lines and everything from there on can still be edited; in raw mode nothing is marked and _line is _tail.
// The end of file is a marked zero byte: it ends a line and is not part of it.

using System.Runtime.CompilerServices;

namespace CSharpOS.Tty;

/// <summary>Input of a terminal.</summary>
internal struct TtyInput
{
    /// <summary>Bytes that may wait.</summary>
    /// <linux>N_TTY_BUF_SIZE</linux>
    internal const int Capacity = 4096;

    private const byte EndOfFile = 0;
    private const int BitsPerWord = 64;

    private uint _head;
    private uint _tail;
    private uint _line;
    private int _ends;
    private Storage _bytes;
    private Marks _marks;

    /// <summary>Bytes that wait, ends of file among them.</summary>
    internal readonly int Count => (int)(_head - _tail);

    /// <summary>Bytes of complete lines.</summary>
    internal readonly int LineBytes => (int)(_line - _tail);

    /// <summary>Complete lines.</summary>
    internal readonly int Lines => _ends;

    /// <summary>Bytes of the line that is being typed.</summary>
    internal readonly int Unfinished => (int)(_head - _line);

    /// <summary>Forgets everything.</summary>
    internal void Clear() => this = default;

    /// <summary>Adds a byte. There is room.</summary>
    internal void Add(byte value)
    {
        _bytes[(int)(_head % Capacity)] = value;
        Mark(_head, false);
        _head++;
    }

    /// <summary>Adds the byte that ends a line. There is room.</summary>
    internal void AddEnd(byte value)
    {
        Add(value);
        Mark(_head - 1, true);
        _ends++;
        _line = _head;
    }

    /// <summary>Ends the line without a byte. There is room.</summary>
    internal void AddEndOfFile() => AddEnd(EndOfFile);

    /// <summary>Byte <paramref name="index"/> of the line that is being typed.</summary>
    internal readonly byte Typed(int index) => _bytes[(int)((_line + (uint)index) % Capacity)];

    /// <summary>Drops the last bytes of the line that is being typed.</summary>
    internal void DropTyped(int count) => _head -= (uint)count;

    /// <summary>Gives a reader bytes: of one line in canonical mode, else whatever is there.</summary>
    /// <param name="to">Where they go; its length is the most that is wanted.</param>
    /// <param name="canonical">The mode.</param>
    /// <param name="ended">Canonical: the end of the line was among them, or came behind the last of them as an end of file.</param>
    /// <returns>How many.</returns>
    internal int Take(Span<byte> to, bool canonical, out bool ended)
    {
        int taken = 0;
        uint limit = canonical ? _line : _head;
        ended = false;
        while (_tail != limit && !ended && (taken < to.Length || IsEndOfFile(_tail)))
        {
            ended = IsMarked(_tail);
            if (!IsEndOfFile(_tail))
            {
                to[taken++] = _bytes[(int)(_tail % Capacity)];
            }

            _ends -= ended ? 1 : 0;
            _tail++;
        }

        // In raw mode the line begins with the first byte, whatever has been read.
        _line = canonical ? _line : _tail;
        return taken;
    }

    /// <summary>The mode has changed. To canonical: every line feed that waits ends a line. To raw: nothing does, and ends of file vanish.</summary>
    internal void Rescan(bool canonical)
    {
        uint end = _head;
        _head = _tail;
        _line = _tail;
        _ends = 0;
        for (uint i = _tail; i != end; i++)
        {
            byte value = _bytes[(int)(i % Capacity)];
            if (IsEndOfFile(i))
            {
                continue;
            }

            if (canonical && value == '\n')
            {
                AddEnd(value);
            }
            else
            {
                Add(value);
            }
        }

        _line = canonical ? _line : _tail;
    }

    /// <summary>Bytes that reads will give, without ends of file.</summary>
    internal readonly int Readable(bool canonical)
    {
        int count = 0;
        uint limit = canonical ? _line : _head;
        for (uint i = _tail; i != limit; i++)
        {
            count += IsEndOfFile(i) ? 0 : 1;
        }

        return count;
    }

    private readonly bool IsEndOfFile(uint position) => IsMarked(position) && _bytes[(int)(position % Capacity)] == EndOfFile;

    private readonly bool IsMarked(uint position)
    {
        uint bit = position % Capacity;
        return (_marks[(int)(bit / BitsPerWord)] & (1UL << (int)(bit % BitsPerWord))) != 0;
    }

    private void Mark(uint position, bool on)
    {
        uint bit = position % Capacity;
        ulong mask = 1UL << (int)(bit % BitsPerWord);
        ulong word = _marks[(int)(bit / BitsPerWord)] & ~mask;
        _marks[(int)(bit / BitsPerWord)] = on ? word | mask : word;
    }

    [InlineArray(Capacity)]
    private struct Storage
    {
        private byte _first;
    }

    [InlineArray(Capacity / BitsPerWord)]
    private struct Marks
    {
        private ulong _first;
    }
}
