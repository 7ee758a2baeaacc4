// TextOutput: text to a file descriptor through a buffer. Formatted text goes piece by piece into the buffer: no memory, no limit to its
// length.
//
// $"..." becomes an OutputHandler; numbers and alignment follow the kernel's formatter (Kernel/Log/TextHandler.cs), the same source file.

using System.Runtime.CompilerServices;

namespace CSharpOS.User;

/// <summary>Text to a file descriptor.</summary>
public sealed unsafe class TextOutput
{
    private const int Size = 1024;
    private const int Unknown = -1;

    private readonly int _descriptor;
    private readonly bool _buffered;
    private readonly byte[] _buffer = new byte[Size];
    private int _used;
    private int _isTerminal = Unknown;

    /// <summary>To <paramref name="descriptor"/>; without a buffer every call of Write is written at once.</summary>
    public TextOutput(int descriptor, bool buffered)
    {
        _descriptor = descriptor;
        _buffered = buffered;
    }

    /// <summary>True once a write failed: the disk is full, the reader is gone. errno says what.</summary>
    public bool HasFailed { get; private set; }

    public void Write(string? text)
    {
        Put((ReadOnlySpan<char>)text);
        EndOfCall();
    }

    public void Write(ReadOnlySpan<byte> text)
    {
        Put(text);
        EndOfCall();
    }

    public void Write(char c)
    {
        Put(new ReadOnlySpan<char>(in c));
        EndOfCall();
    }

    public void Write([InterpolatedStringHandlerArgument("")] ref OutputHandler text) => EndOfCall();

    public void WriteLine()
    {
        Put("\n"u8);
        EndOfCall();
    }

    public void WriteLine(string? text)
    {
        Put((ReadOnlySpan<char>)text);
        WriteLine();
    }

    public void WriteLine(ReadOnlySpan<byte> text)
    {
        Put(text);
        WriteLine();
    }

    public void WriteLine([InterpolatedStringHandlerArgument("")] ref OutputHandler text) => WriteLine();

    /// <summary>Writes out what the buffer holds.</summary>
    public void Flush()
    {
        int done = 0;
        while (done < _used)
        {
            int written = Unix.Write(_descriptor, _buffer.AsSpan(done, _used - done));
            if (written < 0)
            {
                if (Syscalls.errno == EINTR)
                {
                    continue;
                }

                HasFailed = true;
                break;
            }

            done += written;
        }

        _used = 0;
    }

    /// <summary>Throws away what the buffer holds: in a child after fork, whose parent will write it.</summary>
    public void Discard() => _used = 0;

    internal void Put(ReadOnlySpan<byte> text)
    {
        while (text.Length > 0)
        {
            if (_used == Size)
            {
                Flush();
            }

            int part = Math.Min(text.Length, Size - _used);
            text.Slice(0, part).CopyTo(_buffer.AsSpan(_used));
            _used += part;
            text = text.Slice(part);
        }
    }

    internal void Put(ReadOnlySpan<char> text)
    {
        while (text.Length > 0)
        {
            _used += Utf8.Encode(text, _buffer.AsSpan(_used), out int taken);
            text = text.Slice(taken);
            if (text.Length > 0)
            {
                Flush();
            }
        }
    }

    private void EndOfCall()
    {
        if (!_buffered || (_used > 0 && _buffer[_used - 1] == '\n' && IsTerminal()))
        {
            Flush();
        }
    }

    private bool IsTerminal()
    {
        if (_isTerminal == Unknown)
        {
            int saved = Syscalls.errno;
            _isTerminal = Unix.Isatty(_descriptor) ? 1 : 0;
            Syscalls.errno = saved;
        }

        return _isTerminal == 1;
    }
}

/// <summary>Receives the pieces of an interpolated string and passes them on.</summary>
[InterpolatedStringHandler]
public readonly unsafe ref struct OutputHandler
{
    private const int LongestNumber = 128;

    private readonly TextOutput _output;

    /// <summary>For Console: to standard output.</summary>
    public OutputHandler(int literalLength, int formattedCount)
        : this(literalLength, formattedCount, Console.Out)
    {
    }

    /// <summary>For <see cref="TextOutput"/>.</summary>
    public OutputHandler(int literalLength, int formattedCount, TextOutput output) => _output = output;

    public void AppendLiteral(string text) => _output.Put((ReadOnlySpan<char>)text);

    public void AppendFormatted(string? value, int alignment = 0) => AppendFormatted((ReadOnlySpan<char>)value, alignment);

    public void AppendFormatted(ReadOnlySpan<char> value, int alignment = 0)
    {
        Spaces(alignment - value.Length);
        _output.Put(value);
        Spaces(-alignment - value.Length);
    }

    public void AppendFormatted(ReadOnlySpan<byte> value, int alignment = 0)
    {
        int width = 0;
        for (int i = 0; i < value.Length && alignment != 0; i++)
        {
            width += (value[i] & 0xc0) != 0x80 ? 1 : 0;
        }

        Spaces(alignment - width);
        _output.Put(value);
        Spaces(-alignment - width);
    }

    public void AppendFormatted(Span<byte> value, int alignment = 0) => AppendFormatted((ReadOnlySpan<byte>)value, alignment);

    public void AppendFormatted(char value, int alignment = 0) => AppendFormatted(new ReadOnlySpan<char>(in value), alignment);

    public void AppendFormatted(bool value, int alignment = 0) => AppendFormatted(value ? "True"u8 : "False"u8, alignment);

    public void AppendFormatted(int value, int alignment = 0, string? format = null)
    {
        Span<byte> space = stackalloc byte[LongestNumber];
        TextHandler text = new(0, 0, new TextBuffer(space));
        text.AppendFormatted(value, alignment, format);
        _output.Put(text.Written);
    }

    public void AppendFormatted(uint value, int alignment = 0, string? format = null) => AppendFormatted((ulong)value, alignment, format);

    public void AppendFormatted(long value, int alignment = 0, string? format = null)
    {
        Span<byte> space = stackalloc byte[LongestNumber];
        TextHandler text = new(0, 0, new TextBuffer(space));
        text.AppendFormatted(value, alignment, format);
        _output.Put(text.Written);
    }

    public void AppendFormatted(ulong value, int alignment = 0, string? format = null)
    {
        Span<byte> space = stackalloc byte[LongestNumber];
        TextHandler text = new(0, 0, new TextBuffer(space));
        text.AppendFormatted(value, alignment, format);
        _output.Put(text.Written);
    }

    private void Spaces(int count)
    {
        for (; count > 0; count--)
        {
            _output.Put(" "u8);
        }
    }
}
