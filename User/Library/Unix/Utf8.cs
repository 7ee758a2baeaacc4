// Utf8: between C#'s strings and the bytes of the kernel. Lossless both ways: a byte that is not part of valid UTF-8 becomes the lone
// surrogate U+DC00 + byte and back again, so that any file name survives.

using System.Runtime.InteropServices;

namespace CSharpOS.User;

/// <summary>UTF-8 text of the kernel and strings.</summary>
public static unsafe class Utf8
{
    private const int EscapeBase = 0xdc00;

    /// <summary>Bytes up to the zero.</summary>
    public static int LengthOf(byte* text)
    {
        int length = 0;
        while (text[length] != 0)
        {
            length++;
        }

        return length;
    }

    /// <summary>A string of zero-terminated UTF-8.</summary>
    public static string ToString(byte* text) => ToString(new ReadOnlySpan<byte>(text, LengthOf(text)));

    /// <summary>A string of UTF-8.</summary>
    public static string ToString(ReadOnlySpan<byte> text)
    {
        int length = 0;
        int at = 0;
        while (at < text.Length)
        {
            length += Decode(text, ref at) >= 0x10000 ? 2 : 1;
        }

        string result = string.Allocate(length);
        Span<char> characters = string.Content(result);
        int to = 0;
        for (at = 0; at < text.Length;)
        {
            int point = Decode(text, ref at);
            if (point >= 0x10000)
            {
                characters[to++] = (char)(0xd800 + ((point - 0x10000) >> 10));
                point = 0xdc00 + (point & 0x3ff);
            }

            characters[to++] = (char)point;
        }

        return result;
    }

    /// <summary>Writes UTF-8 of <paramref name="text"/> and gives the count of bytes; what does not fit is left out, never half a
    /// character.</summary>
    public static int Encode(ReadOnlySpan<char> text, Span<byte> bytes) => Encode(text, bytes, out _);

    /// <summary>As <see cref="Encode(ReadOnlySpan{char}, Span{byte})"/>; <paramref name="taken"/> is the count of code units that went
    /// in.</summary>
    public static int Encode(ReadOnlySpan<char> text, Span<byte> bytes, out int taken)
    {
        int to = 0;
        int i = 0;
        while (i < text.Length)
        {
            int point = text[i];
            int units = 1;
            if (point < 0x80)
            {
                if (to >= bytes.Length)
                {
                    break;
                }

                bytes[to++] = (byte)point;
                i++;
                continue;
            }

            if ((point & 0xfc00) == 0xd800 && i + 1 < text.Length && (text[i + 1] & 0xfc00) == 0xdc00)
            {
                point = 0x10000 + ((point & 0x3ff) << 10) + (text[i + 1] & 0x3ff);
                units = 2;
            }

            int length = EncodeOne(point, bytes.Slice(to));
            if (length == 0)
            {
                break;
            }

            to += length;
            i += units;
        }

        taken = i;
        return to;
    }

    /// <summary>Zero-terminated UTF-8 in memory that is never given back, for argument lists.</summary>
    public static byte* Allocate(ReadOnlySpan<char> text)
    {
        byte[] bytes = new byte[(text.Length * 3) + 1];
        Encode(text, bytes);
        return (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(bytes));
    }

    private static int EncodeOne(int point, Span<byte> bytes)
    {
        if (point is >= EscapeBase + 0x80 and <= EscapeBase + 0xff)
        {
            if (bytes.Length == 0)
            {
                return 0;
            }

            bytes[0] = (byte)(point - EscapeBase);
            return 1;
        }

        if (point is >= 0xd800 and <= 0xdfff)
        {
            point = 0xfffd;
        }

        int continuation = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
        if (bytes.Length <= continuation)
        {
            return 0;
        }

        int lead = continuation == 1 ? 0xc0 : continuation == 2 ? 0xe0 : 0xf0;
        bytes[0] = (byte)(lead | (point >> (6 * continuation)));
        for (int i = 1; i <= continuation; i++)
        {
            bytes[i] = (byte)(0x80 | ((point >> (6 * (continuation - i))) & 0x3f));
        }

        return continuation + 1;
    }

    private static int Decode(ReadOnlySpan<byte> text, ref int at)
    {
        int lead = text[at++];
        if (lead < 0x80)
        {
            return lead;
        }

        int continuation = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
        int least = continuation == 3 ? 0x10000 : continuation == 2 ? 0x800 : 0x80;
        if (lead is < 0xc2 or > 0xf4 || at + continuation > text.Length)
        {
            return EscapeBase + lead;
        }

        int point = lead & (0x3f >> continuation);
        for (int i = 0; i < continuation; i++)
        {
            int next = text[at + i];
            if ((next & 0xc0) != 0x80)
            {
                return EscapeBase + lead;
            }

            point = (point << 6) | (next & 0x3f);
        }

        if (point < least || point > 0x10ffff || point is >= 0xd800 and <= 0xdfff)
        {
            return EscapeBase + lead;
        }

        at += continuation;
        return point;
    }
}
