// Pattern: regular expressions as grep has always known them: . for any character, * for any count of the one before, ^ and $ for the ends
// of the line, \ to take a meaning away. UTF-8. No system calls: host tests run it.

using System;

namespace CSharpOS.User.Programs;

/// <summary>A simple regular expression.</summary>
internal readonly struct Pattern(byte[] text, bool ignoreCase)
{
    /// <summary>True if it fits somewhere in the line.</summary>
    public bool IsIn(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> pattern = text;
        if (pattern.Length > 0 && pattern[0] == '^')
        {
            return FitsHere(pattern.Slice(1), line);
        }

        while (true)
        {
            if (FitsHere(pattern, line))
            {
                return true;
            }

            if (line.Length == 0)
            {
                return false;
            }

            line = line.Slice(1);
        }
    }

    private static int CharacterLength(ReadOnlySpan<byte> text)
    {
        int length = 1;
        while (text[0] >= 0xc0 && length < text.Length && (text[length] & 0xc0) == 0x80)
        {
            length++;
        }

        return length;
    }

    private static byte Lower(byte c) => c is >= (byte)'A' and <= (byte)'Z' ? (byte)(c | 0x20) : c;

    private bool FitsHere(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> line)
    {
        while (pattern.Length > 0)
        {
            if (pattern.Length == 1 && pattern[0] == '$')
            {
                return line.Length == 0;
            }

            int length = pattern[0] == '\\' && pattern.Length > 1 ? 2 : CharacterLength(pattern);
            ReadOnlySpan<byte> atom = pattern.Slice(0, length);
            ReadOnlySpan<byte> rest = pattern.Slice(length);
            if (rest.Length > 0 && rest[0] == '*')
            {
                return FitsRepeated(atom, rest.Slice(1), line);
            }

            int taken = FitsOne(atom, line);
            if (taken == 0)
            {
                return false;
            }

            line = line.Slice(taken);
            pattern = rest;
        }

        return true;
    }

    private bool FitsRepeated(ReadOnlySpan<byte> atom, ReadOnlySpan<byte> rest, ReadOnlySpan<byte> line)
    {
        while (true)
        {
            if (FitsHere(rest, line))
            {
                return true;
            }

            int taken = FitsOne(atom, line);
            if (taken == 0)
            {
                return false;
            }

            line = line.Slice(taken);
        }
    }

    // The bytes of the line that the atom takes, 0 if it does not fit.
    private int FitsOne(ReadOnlySpan<byte> atom, ReadOnlySpan<byte> line)
    {
        if (line.Length == 0)
        {
            return 0;
        }

        if (atom.Length == 1 && atom[0] == '.')
        {
            return CharacterLength(line);
        }

        if (atom.Length > 1 && atom[0] == '\\')
        {
            atom = atom.Slice(1);
        }

        for (int i = 0; i < atom.Length; i++)
        {
            if (i >= line.Length || (line[i] != atom[i] && !(ignoreCase && Lower(line[i]) == Lower(atom[i]))))
            {
                return 0;
            }
        }

        return atom.Length;
    }
}
