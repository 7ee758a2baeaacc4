// CommandArguments: the words behind a command. Any context; works on the caller's text, changes nothing.

namespace CSharpOS;

/// <summary>Takes a command's arguments apart: words separated by spaces.</summary>
public ref struct CommandArguments(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> _rest = text.Trim((byte)' ');

    /// <summary>What has not been taken yet, without spaces around it.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>True if nothing is left.</summary>
    public readonly bool AtEnd => _rest.Length == 0;

    /// <summary>Reads a number: decimal digits, or hexadecimal ones after 0x. Nothing else, no sign.</summary>
    /// <returns>False if the word is no number or does not fit.</returns>
    public static bool TryParse(ReadOnlySpan<byte> word, out ulong value)
    {
        value = 0;
        bool hexadecimal = word.Length > 2 && word[0] == '0' && (word[1] | 0x20) == 'x';
        ReadOnlySpan<byte> digits = hexadecimal ? word[2..] : word;
        ulong radix = hexadecimal ? 16u : 10u;
        foreach (byte character in digits)
        {
            uint digit = character switch
            {
                >= (byte)'0' and <= (byte)'9' => character - (uint)'0',
                >= (byte)'a' and <= (byte)'f' => character - (uint)'a' + 10,
                >= (byte)'A' and <= (byte)'F' => character - (uint)'A' + 10,
                _ => uint.MaxValue,
            };
            if (digit >= radix || value > (ulong.MaxValue - digit) / radix)
            {
                return false;
            }

            value = (value * radix) + digit;
        }

        return digits.Length != 0;
    }

    /// <summary>Takes the next word. False, and an empty word, at the end.</summary>
    public bool TryNext(out ReadOnlySpan<byte> word)
    {
        int end = _rest.IndexOf((byte)' ');
        word = end < 0 ? _rest : _rest[..end];
        _rest = end < 0 ? default : _rest[end..].Trim((byte)' ');
        return word.Length != 0;
    }

    /// <summary>Takes the next word as a number between two bounds. At the end it gives <paramref name="missing"/>.</summary>
    /// <returns>False if there is a word that is no such number.</returns>
    public bool TryNextNumber(ulong least, ulong most, ulong missing, out ulong value)
    {
        if (!TryNext(out ReadOnlySpan<byte> word))
        {
            value = missing;
            return true;
        }

        return TryParse(word, out value) && value >= least && value <= most;
    }
}
