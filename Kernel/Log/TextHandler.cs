// TextHandler: what the compiler turns $"..." into for Printk, Panic and TextBuffer.Append. No allocation, any context.
//
// Linux: the format strings of lib/vsprintf.c. A call Printk($"irq {irq}\n") becomes: a TextHandler, AppendLiteral and AppendFormatted
// calls in order, then Printk(ref handler). The text goes into a buffer of TextPool (Printk) or into the caller's span (TextBuffer), so
// a frame holds some forty bytes however many messages a function has. The expressions in the holes run in between: they may
// sleep, fault or print themselves.
// Formats: d, x, X with an optional least number of digits ({v:x8}); alignment ({v,6} right, {v,-10} left), counted in characters.
// As string.Format does it for the invariant culture; pointers are 0x and 16 digits.

using System.Runtime.CompilerServices;

namespace CSharpOS.Log;

/// <summary>Receives the pieces of an interpolated string.</summary>
/// <rows>LOG-01</rows>
[InterpolatedStringHandler]
public unsafe ref struct TextHandler
{
    private TextBuffer _text;
    private readonly int _slot;

    /// <summary>For Printk and its like: the text goes to a buffer of the pool until <see cref="Release"/>.</summary>
    public TextHandler(int literalLength, int formattedCount)
    {
        fixed (int* self = &_slot)
        {
            _slot = TextPool.Claim((nuint)self);
        }

        _text = new TextBuffer(TextPool.Buffer(_slot));
    }

    /// <summary>For <see cref="TextBuffer.Append(ref TextHandler)"/>: the text goes behind what <paramref name="buffer"/> holds.</summary>
    public TextHandler(int literalLength, int formattedCount, TextBuffer buffer)
    {
        _slot = TextPool.None;
        _text = buffer;
    }

    /// <summary>For <see cref="TextArea.Append(ref TextHandler)"/>: the text goes behind what <paramref name="area"/> holds.</summary>
    public TextHandler(int literalLength, int formattedCount, TextArea area)
    {
        _slot = TextPool.None;
        _text = new TextBuffer(area.Rest);
    }

    /// <summary>The text.</summary>
    public readonly ReadOnlySpan<byte> Written => _text.Written;

    /// <summary>True if the text did not fit.</summary>
    public readonly bool IsCut => _text.IsCut;

    internal readonly int Length => _text.Length;

    /// <summary>Gives the pool its buffer back. Whoever receives a handler calls this exactly once, when done with the text.</summary>
    public readonly void Release() => TextPool.Free(_slot);

    public void AppendLiteral(string text) => _text.Append(text);

    public void AppendFormatted(bool value, int alignment = 0) => AppendFormatted(value ? "True"u8 : "False"u8, alignment);

    public void AppendFormatted(char value, int alignment = 0)
    {
        _text.AppendRepeated((byte)' ', (long)alignment - 1);
        _text.Append(value);
        _text.AppendRepeated((byte)' ', -(long)alignment - 1);
    }

    public void AppendFormatted(sbyte value, int alignment = 0, string? format = null) => Signed(value, 8, alignment, format);

    public void AppendFormatted(short value, int alignment = 0, string? format = null) => Signed(value, 16, alignment, format);

    public void AppendFormatted(int value, int alignment = 0, string? format = null) => Signed(value, 32, alignment, format);

    public void AppendFormatted(long value, int alignment = 0, string? format = null) => Signed(value, 64, alignment, format);

    public void AppendFormatted(nint value, int alignment = 0, string? format = null) => Signed(value, 64, alignment, format);

    public void AppendFormatted(byte value, int alignment = 0, string? format = null) => Number(value, false, alignment, format);

    public void AppendFormatted(ushort value, int alignment = 0, string? format = null) => Number(value, false, alignment, format);

    public void AppendFormatted(uint value, int alignment = 0, string? format = null) => Number(value, false, alignment, format);

    public void AppendFormatted(ulong value, int alignment = 0, string? format = null) => Number(value, false, alignment, format);

    public void AppendFormatted(nuint value, int alignment = 0, string? format = null) => Number(value, false, alignment, format);

    /// <summary>Any pointer: 0x and 16 digits.</summary>
    public void AppendFormatted(void* value, int alignment = 0)
    {
        const int Width = 18;
        _text.AppendRepeated((byte)' ', (long)alignment - Width);
        _text.Append("0x"u8);
        Number((ulong)value, false, 0, "x16");
        _text.AppendRepeated((byte)' ', -(long)alignment - Width);
    }

    /// <summary>UTF-8 text.</summary>
    public void AppendFormatted(ReadOnlySpan<byte> value, int alignment = 0)
    {
        long width = 0;
        if (alignment != 0)
        {
            for (int i = 0; i < value.Length; i++)
            {
                width += (value[i] & 0xc0) != 0x80 ? 1 : 0;
            }
        }

        _text.AppendRepeated((byte)' ', alignment - width);
        _text.Append(value);
        _text.AppendRepeated((byte)' ', -(long)alignment - width);
    }

    /// <inheritdoc cref="AppendFormatted(ReadOnlySpan{byte}, int)"/>
    public void AppendFormatted(Span<byte> value, int alignment = 0) => AppendFormatted((ReadOnlySpan<byte>)value, alignment);

    /// <summary>A string; null is nothing.</summary>
    public void AppendFormatted(string? value, int alignment = 0) => AppendFormatted(value == null ? default : value.AsSpan(), alignment);

    /// <summary>UTF-16 text.</summary>
    public void AppendFormatted(ReadOnlySpan<char> value, int alignment = 0)
    {
        long width = value.Length;
        _text.AppendRepeated((byte)' ', alignment - width);
        _text.Append(value);
        _text.AppendRepeated((byte)' ', -(long)alignment - width);
    }

    private void Signed(long value, int bits, int alignment, string? format)
    {
        if (format != null && format.Length > 0 && (format[0] | 0x20) == 'x')
        {
            // Hexadecimal shows the bits, as many as the type has.
            Number(bits == 64 ? (ulong)value : (ulong)value & ((1ul << bits) - 1), false, alignment, format);
            return;
        }

        Number(value < 0 ? 0 - (ulong)value : (ulong)value, value < 0, alignment, format);
    }

    private void Number(ulong magnitude, bool negative, int alignment, string? format)
    {
        char kind = format != null && format.Length > 0 ? format[0] : 'd';
        bool hexadecimal = (kind | 0x20) == 'x';
        int least = LeastDigits(format);
        int digits = 1;
        ulong power = 1;
        if (hexadecimal)
        {
            while (digits < 16 && magnitude >> (4 * digits) != 0)
            {
                digits++;
            }
        }
        else
        {
            while (magnitude / power >= 10)
            {
                power *= 10;
                digits++;
            }
        }

        long width = (negative ? 1 : 0) + (digits > least ? digits : least);
        _text.AppendRepeated((byte)' ', alignment - width);
        if (negative)
        {
            _text.AppendByte((byte)'-');
        }

        _text.AppendRepeated((byte)'0', least - digits);
        if (hexadecimal)
        {
            int letters = kind == 'X' ? 'A' - 10 : 'a' - 10;
            for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
            {
                int digit = (int)(magnitude >> shift) & 15;
                _text.AppendByte((byte)(digit < 10 ? '0' + digit : letters + digit));
            }
        }
        else
        {
            for (; power != 0; power /= 10)
            {
                _text.AppendByte((byte)('0' + (magnitude / power % 10)));
            }
        }

        _text.AppendRepeated((byte)' ', -(long)alignment - width);
    }

    private static int LeastDigits(string? format)
    {
        int least = 0;
        for (int i = 1; format != null && i < format.Length && format[i] is >= '0' and <= '9' && least < TextPool.BufferSize; i++)
        {
            least = (least * 10) + (format[i] - '0');
        }

        return least;
    }
}
