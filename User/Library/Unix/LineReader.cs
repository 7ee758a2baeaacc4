// LineReader: lines of a file descriptor.

using System.Text;

namespace CSharpOS.User;

/// <summary>Reads a descriptor line by line.</summary>
public sealed class LineReader
{
    private const int Size = 1024;

    private readonly int _descriptor;
    private readonly byte[] _buffer = new byte[Size];
    private byte[] _line = new byte[128];
    private int _start;
    private int _end;

    /// <summary>From <paramref name="descriptor"/>.</summary>
    public LineReader(int descriptor) => _descriptor = descriptor;

    /// <summary>True if a read failed; errno says why.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>The next line without its end; null when there is none.</summary>
    public string? ReadLine() => ReadLine(out ReadOnlySpan<byte> line) ? Utf8.ToString(line) : null;

    /// <summary>The next line as bytes, without its end; they are good until the next call. False when there is none.</summary>
    public bool ReadLine(out ReadOnlySpan<byte> line)
    {
        int length = 0;
        while (true)
        {
            if (_start == _end && !Fill())
            {
                line = _line.AsSpan(0, length);
                return length > 0;
            }

            ReadOnlySpan<byte> ready = _buffer.AsSpan(_start, _end - _start);
            int newline = ready.IndexOf((byte)'\n');
            int part = newline < 0 ? ready.Length : newline;
            if (length + part > _line.Length)
            {
                byte[] larger = new byte[Math.Max(length + part, _line.Length * 2)];
                _line.AsSpan(0, length).CopyTo(larger);
                _line = larger;
            }

            ready.Slice(0, part).CopyTo(_line.AsSpan(length));
            length += part;
            _start += newline < 0 ? part : part + 1;
            if (newline >= 0)
            {
                line = _line.AsSpan(0, length);
                return true;
            }
        }
    }

    private bool Fill()
    {
        int count;
        do
        {
            count = Unix.Read(_descriptor, _buffer);
        }
        while (count < 0 && Syscalls.errno == EINTR);
        HasFailed |= count < 0;
        _start = 0;
        _end = Math.Max(count, 0);
        return count > 0;
    }
}
