// Number: numbers from text.

using System;

namespace CSharpOS.User;

/// <summary>Numbers from text.</summary>
public static class Number
{
    /// <summary>A decimal number with an optional sign; false for anything else and for one too large.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out int number)
    {
        number = 0;
        bool negative = text.Length > 0 && text[0] == '-';
        int i = negative || (text.Length > 0 && text[0] == '+') ? 1 : 0;
        if (i == text.Length)
        {
            return false;
        }

        long value = 0;
        for (; i < text.Length; i++)
        {
            if (text[i] is < '0' or > '9' || value > int.MaxValue)
            {
                return false;
            }

            value = (value * 10) + (text[i] - '0');
        }

        value = negative ? -value : value;
        number = (int)value;
        return value == number;
    }

    /// <summary>The decimal number at the start of <paramref name="text"/>, without sign; it and the blanks in front of it are taken
    /// off.</summary>
    public static ulong Take(ref ReadOnlySpan<byte> text)
    {
        int i = 0;
        while (i < text.Length && text[i] is (byte)' ' or (byte)'\t')
        {
            i++;
        }

        ulong value = 0;
        while (i < text.Length && text[i] is >= (byte)'0' and <= (byte)'9')
        {
            value = (value * 10) + (ulong)(text[i] - '0');
            i++;
        }

        text = text.Slice(i);
        return value;
    }
}
