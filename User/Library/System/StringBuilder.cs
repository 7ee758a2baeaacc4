// StringBuilder: text that grows. Names and meaning as in .NET.

namespace System.Text;

/// <summary>Text that grows.</summary>
public sealed class StringBuilder
{
    private char[] _text = new char[32];
    private int _length;

    public int Length
    {
        get => _length;
        set
        {
            Reserve(value);
            if (value > _length)
            {
                _text.AsSpan(_length, value - _length).Clear();
            }

            _length = value;
        }
    }

    public char this[int index]
    {
        get => _text.AsSpan(0, _length)[index];
        set => _text.AsSpan(0, _length)[index] = value;
    }

    public StringBuilder Append(char value)
    {
        Reserve(_length + 1);
        _text[_length++] = value;
        return this;
    }

    public StringBuilder Append(string? value) => Append((ReadOnlySpan<char>)value);

    public StringBuilder Append(ReadOnlySpan<char> value)
    {
        Reserve(_length + value.Length);
        value.CopyTo(_text.AsSpan(_length));
        _length += value.Length;
        return this;
    }

    public StringBuilder Append(int value)
    {
        uint magnitude = value < 0 ? 0 - (uint)value : (uint)value;
        uint power = 1;
        if (value < 0)
        {
            Append('-');
        }

        while (magnitude / power >= 10)
        {
            power *= 10;
        }

        for (; power != 0; power /= 10)
        {
            Append((char)('0' + (magnitude / power % 10)));
        }

        return this;
    }

    public StringBuilder Insert(int index, char value)
    {
        Append(value);
        Span<char> tail = _text.AsSpan(index, _length - index);
        tail.Slice(0, tail.Length - 1).CopyTo(tail.Slice(1));
        tail[0] = value;
        return this;
    }

    public StringBuilder Insert(int index, string value)
    {
        for (int i = 0; i < value.Length; i++)
        {
            Insert(index + i, value[i]);
        }

        return this;
    }

    public StringBuilder Remove(int startIndex, int length)
    {
        Span<char> tail = _text.AsSpan(startIndex, _length - startIndex);
        tail.Slice(length).CopyTo(tail);
        _length -= length;
        return this;
    }

    public StringBuilder Clear()
    {
        _length = 0;
        return this;
    }

    public string ToString() => new(_text.AsSpan(0, _length));

    public string ToString(int startIndex, int length) => new(_text.AsSpan(0, _length).Slice(startIndex, length));

    private void Reserve(int length)
    {
        if (length > _text.Length)
        {
            char[] larger = new char[Math.Max(length, _text.Length * 2)];
            _text.AsSpan(0, _length).CopyTo(larger);
            _text = larger;
        }
    }
}
