// TextBuffer: text being put together in memory that the caller provides. No allocation, no locks, any context.
//
// Linux: lib/vsprintf.c, scnprintf. Text is UTF-8. Invariants: never a byte beyond the span; text that does not fit is cut between two
// characters and ends with the mark "[...]" (where the span has room for it), and nothing is taken after the cut.

using System.Runtime.CompilerServices;

namespace CSharpOS.Log;

/// <summary>Collects formatted text in a span: <c>text.Append($"irq {irq,3}: {name}\n")</c>.</summary>
/// <linux>scnprintf</linux>
/// <rows>LOG-01</rows>
public ref struct TextBuffer
{
    private readonly Span<byte> _bytes;
    private int _length;
    private bool _cut;

    /// <summary>An empty text in <paramref name="bytes"/>.</summary>
    public TextBuffer(Span<byte> bytes)
    {
        _bytes = bytes;
        _length = 0;
        _cut = false;
    }

    private static ReadOnlySpan<byte> CutMark => "[...]"u8;

    /// <summary>Bytes written so far.</summary>
    public readonly int Length => _length;

    /// <summary>True if something did not fit.</summary>
    public readonly bool IsCut => _cut;

    /// <summary>The text so far.</summary>
    public readonly ReadOnlySpan<byte> Written => _bytes.Slice(0, _length);

    /// <summary>Throws the text away and starts again.</summary>
    public void Clear()
    {
        _length = 0;
        _cut = false;
    }

    /// <summary>Appends formatted text.</summary>
    public void Append([InterpolatedStringHandlerArgument("")] scoped ref TextHandler text)
    {
        _length = text.Length;
        _cut = text.IsCut;
    }

    /// <summary>Appends UTF-8 text.</summary>
    public void Append(ReadOnlySpan<byte> text)
    {
        if (!_cut && text.Length <= _bytes.Length - _length)
        {
            text.CopyTo(_bytes.Slice(_length));
            _length += text.Length;
            return;
        }

        for (int i = 0; i < text.Length && !_cut; i++)
        {
            AppendByte(text[i]);
        }
    }

    /// <summary>Appends a string, as UTF-8.</summary>
    public void Append(string? text)
    {
        if (text != null)
        {
            Append(text.AsSpan());
        }
    }

    /// <summary>Appends UTF-16 text, as UTF-8.</summary>
    public void Append(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length && !_cut; i++)
        {
            char c = text[i];
            if (c < 0x80)
            {
                AppendByte((byte)c);
                continue;
            }

            uint point = c;
            if ((c & 0xfc00) == 0xd800 && i + 1 < text.Length && (text[i + 1] & 0xfc00) == 0xdc00)
            {
                i++;
                point = 0x10000 + ((uint)(c & 0x3ff) << 10) + (uint)(text[i] & 0x3ff);
            }

            AppendCodePoint(point);
        }
    }

    /// <summary>Appends one character. Half a surrogate pair becomes U+FFFD.</summary>
    public void Append(char c) => AppendCodePoint(c);

    /// <summary>Appends one byte as it is.</summary>
    public void AppendByte(byte value)
    {
        if (_cut)
        {
            return;
        }

        if (_length < _bytes.Length)
        {
            _bytes[_length] = value;
            _length++;
            return;
        }

        Cut();
    }

    /// <summary>Appends <paramref name="count"/> times the same byte.</summary>
    public void AppendRepeated(byte value, long count)
    {
        for (; count > 0 && !_cut; count--)
        {
            AppendByte(value);
        }
    }

    internal void AppendCodePoint(uint point)
    {
        if (point < 0x80)
        {
            AppendByte((byte)point);
            return;
        }

        if (point is >= 0xd800 and <= 0xdfff or > 0x10ffff)
        {
            point = 0xfffd;
        }

        int continuation = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
        if (_bytes.Length - _length <= continuation)
        {
            Cut();
            return;
        }

        uint lead = continuation == 1 ? 0xc0u : continuation == 2 ? 0xe0u : 0xf0u;
        AppendByte((byte)(lead | (point >> (6 * continuation))));
        while (continuation > 0)
        {
            continuation--;
            AppendByte((byte)(0x80 | ((point >> (6 * continuation)) & 0x3f)));
        }
    }

    private void Cut()
    {
        if (_cut)
        {
            return;
        }

        _cut = true;
        int room = _bytes.Length - CutMark.Length;
        if (_length > room && room >= 0)
        {
            _length = room;
        }

        // The cut may fall inside a character: go back to where it begins. Only a whole one may stay.
        int start = _length;
        while (start > 0 && _length - start < 3 && (_bytes[start - 1] & 0xc0) == 0x80)
        {
            start--;
        }

        if (start > 0 && _bytes[start - 1] >= 0xc0)
        {
            byte lead = _bytes[start - 1];
            int whole = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
            if (_length - (start - 1) < whole)
            {
                _length = start - 1;
            }
        }

        if (room >= 0)
        {
            CutMark.CopyTo(_bytes.Slice(_length));
            _length += CutMark.Length;
        }
    }
}
