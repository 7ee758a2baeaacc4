// CommandLine: the words that the boot loader was given for the kernel.
//
// Linux: parse_args, next_arg (kernel/params.c), saved_command_line. Init once at boot; look-ups from any context: read-only afterwards,
// no locks, no allocation. Each look-up walks the text; that is a few hundred bytes.
// The grammar: words between blanks; a word is `key` or `key=value`. Double quotes keep blanks together, around the value (key="a b") or
// the whole word ("key=a b"), and are taken off; a quote that is never closed reaches to the end. In keys '-' and '_' are the same, as in
// Linux. Of repeated keys the last one wins. Tabs and line ends are blanks, other control characters become '?'; a line longer than
// MaxLength is cut before the word that does not fit whole. Words nobody asks for are kept and do no harm.

using System.Runtime.CompilerServices;

namespace CSharpOS.Init;

/// <summary>The kernel command line.</summary>
/// <linux>saved_command_line</linux>
public static unsafe class CommandLine
{
    /// <summary>Bytes that are kept.</summary>
    /// <linux>COMMAND_LINE_SIZE</linux>
    public const int MaxLength = 2048;

    private static int s_length;
    private static Storage s_text;

    /// <summary>The line as it was kept. Any context.</summary>
    public static ReadOnlySpan<byte> Text => new(Unsafe.AsPointer(ref s_text), s_length);

    /// <summary>True if the line was longer than <see cref="MaxLength"/>.</summary>
    public static bool IsCut { get; private set; }

    /// <summary>Keeps a copy of <paramref name="line"/>; it ends at its first zero byte. Boot only.</summary>
    public static void Init(ReadOnlySpan<byte> line)
    {
        Span<byte> text = new(Unsafe.AsPointer(ref s_text), MaxLength);
        int length = 0;
        bool quoted = false;
        while (length < line.Length && length < MaxLength && line[length] != 0)
        {
            byte value = line[length];
            bool blank = value is (byte)'\t' or (byte)'\n' or (byte)'\r';
            text[length] = blank ? (byte)' ' : value is < (byte)' ' or 0x7f ? (byte)'?' : value;
            quoted ^= value == '"';
            length++;
        }

        IsCut = length < line.Length && line[length] != 0;
        s_length = length;
        if (IsCut && (quoted || !IsBlank(line[length])))
        {
            // Half a word might mean something else than the word.
            s_length = StartOfLastWord();
        }
    }

    /// <summary>True if <paramref name="key"/> is there, with a value or without. Any context.</summary>
    public static bool Has(ReadOnlySpan<byte> key)
    {
        int position = 0;
        while (NextWord(ref position, out ReadOnlySpan<byte> word, out _, out _))
        {
            if (SameKey(word, key))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The value of the last <c>key=value</c>. False if there is none; a bare <c>key</c> has no value. Any context.</summary>
    /// <linux>__setup</linux>
    public static bool TryGetValue(scoped ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        value = default;
        bool found = false;
        int position = 0;
        while (NextWord(ref position, out ReadOnlySpan<byte> word, out bool hasValue, out ReadOnlySpan<byte> its))
        {
            if (hasValue && SameKey(word, key))
            {
                value = its;
                found = true;
            }
        }

        return found;
    }

    /// <summary>The value of the last <c>key=number</c>: decimal or 0x and hexadecimal, with a sign if wanted. False, and 0, if there is
    /// none or it is anything but a number that fits. Any context.</summary>
    /// <linux>get_option</linux>
    public static bool TryGetInt(ReadOnlySpan<byte> key, out int value)
    {
        value = 0;
        return TryGetValue(key, out ReadOnlySpan<byte> text) && TryParse(text, out value);
    }

    /// <summary>Walks over all words: begin with <paramref name="position"/> 0. False at the end. Any context.</summary>
    /// <param name="position">Where the next word is looked for.</param>
    /// <param name="key">The word up to its '='.</param>
    /// <param name="hasValue">True if there was a '='.</param>
    /// <param name="value">What follows it.</param>
    /// <linux>next_arg</linux>
    public static bool NextWord(
        scoped ref int position, out ReadOnlySpan<byte> key, out bool hasValue, out ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> text = Text;
        int i = position;
        while (i < text.Length && text[i] == ' ')
        {
            i++;
        }

        int start = i;
        int equals = -1;
        bool quoted = false;
        while (i < text.Length && (quoted || text[i] != ' '))
        {
            if (text[i] == '"')
            {
                quoted = !quoted;
            }
            else if (text[i] == '=' && equals < 0)
            {
                equals = i;
            }

            i++;
        }

        position = i;
        hasValue = equals >= 0;
        key = default;
        value = default;
        if (start == i)
        {
            return false;
        }

        // "key=a b": the closing quote belongs to the opening one before the key.
        int end = i;
        if (text[start] == '"')
        {
            start++;
            end = end > start && text[end - 1] == '"' ? end - 1 : end;
        }

        if (!hasValue)
        {
            key = text.Slice(start, end - start);
            return true;
        }

        key = text.Slice(start, equals - start);
        int first = equals + 1;
        if (first < end && text[first] == '"')
        {
            first++;
            end = end > first && text[end - 1] == '"' ? end - 1 : end;
        }

        value = text.Slice(first, end - first);
        return true;
    }

    private static int StartOfLastWord()
    {
        int position = 0;
        int start = 0;
        while (NextWord(ref position, out _, out _, out _) && position < s_length)
        {
            start = position;
        }

        return start;
    }

    private static bool TryParse(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        bool negative = text.Length > 0 && text[0] == '-';
        int i = negative || (text.Length > 0 && text[0] == '+') ? 1 : 0;
        bool hexadecimal = text.Length - i > 2 && text[i] == '0' && (text[i + 1] | 0x20) == 'x';
        i += hexadecimal ? 2 : 0;
        if (i >= text.Length)
        {
            return false;
        }

        long number = 0;
        for (; i < text.Length; i++)
        {
            int letter = text[i] | 0x20;
            int digit = text[i] is >= (byte)'0' and <= (byte)'9' ? text[i] - '0'
                : hexadecimal && letter is >= 'a' and <= 'f' ? letter - 'a' + 10
                : -1;
            number = (number * (hexadecimal ? 16 : 10)) + digit;
            if (digit < 0 || number > (negative ? 1L + int.MaxValue : int.MaxValue))
            {
                return false;
            }
        }

        value = (int)(negative ? -number : number);
        return true;
    }

    private static bool SameKey(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.Length != b.Length)
        {
            return false;
        }

        for (int i = 0; i < a.Length; i++)
        {
            if ((a[i] == '-' ? (byte)'_' : a[i]) != (b[i] == '-' ? (byte)'_' : b[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsBlank(byte value) => value is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r';

    [InlineArray(MaxLength)]
    private struct Storage
    {
        private byte _first;
    }
}
