// The text handler against string.Format: every integer type, alignments, formats; UTF-8 against the BCL's encoder; cutting.

using System.Collections.Generic;
using System.Globalization;
using System.Text;
using CSharpOS.Log;
using Xunit;

namespace CSharpOS.Hosted.Log;

[Trait("Row", "LOG-01")]
public unsafe class TextFormatTests
{
    private static readonly int[] s_alignments = [0, 1, -1, 2, -2, 3, 5, -5, 10, -10, 20, -20, 21, -21, 64, -64];
    private static readonly string?[] s_formats =
        [null, "", "d", "D", "d1", "d4", "d19", "d20", "d30", "x", "X", "x1", "x2", "x8", "X8", "x16", "x20"];

    private delegate void Appender(ref TextHandler handler, int alignment, string? format);

    [Fact]
    public void IntegersMatchStringFormat()
    {
        List<ulong> values = [0, 7, 9, 10, 11, 99, 100, 127, 128, 129, 255, 256, 32767, 32768, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff];
        ulong power = 1;
        for (int i = 0; i < 20; i++, power *= 10)
        {
            values.AddRange([power, power - 1, power + 1]);
        }

        for (int i = 0; i < 64; i++)
        {
            values.AddRange([1ul << i, (1ul << i) - 1, 0 - (1ul << i)]);
        }

        Random random = new(1);
        for (int i = 0; i < 200; i++)
        {
            values.Add((ulong)random.NextInt64() << random.Next(2) >> random.Next(64));
        }

        foreach (ulong value in values)
        {
            Compare((sbyte)value, (ref TextHandler h, int a, string? f) => h.AppendFormatted((sbyte)value, a, f));
            Compare((byte)value, (ref TextHandler h, int a, string? f) => h.AppendFormatted((byte)value, a, f));
            Compare((short)value, (ref TextHandler h, int a, string? f) => h.AppendFormatted((short)value, a, f));
            Compare((ushort)value, (ref TextHandler h, int a, string? f) => h.AppendFormatted((ushort)value, a, f));
            Compare((int)value, (ref TextHandler h, int a, string? f) => h.AppendFormatted((int)value, a, f));
            Compare((uint)value, (ref TextHandler h, int a, string? f) => h.AppendFormatted((uint)value, a, f));
            Compare((long)value, (ref TextHandler h, int a, string? f) => h.AppendFormatted((long)value, a, f));
            Compare(value, (ref TextHandler h, int a, string? f) => h.AppendFormatted(value, a, f));
            Compare((nint)value, (ref TextHandler h, int a, string? f) => h.AppendFormatted((nint)value, a, f));
            Compare((nuint)value, (ref TextHandler h, int a, string? f) => h.AppendFormatted((nuint)value, a, f));
        }
    }

    [Fact]
    public void EveryByteAndSignedByte()
    {
        for (int i = 0; i < 256; i++)
        {
            byte b = (byte)i;
            sbyte s = (sbyte)i;
            Assert.Equal($"{b} {b:x2} {b,4} {b,-4}| {s} {s:x} {s,5:d3}|", Text(b, s));
        }
    }

    [Fact]
    public void InterpolationAsItIsWritten()
    {
        byte[] bytes = new byte[200];
        TextBuffer text = new(bytes);
        int irq = 7;
        uint status = 0xbeef;
        bool on = true;
        char letter = 'é';
        string name = "rtc";
        ReadOnlySpan<byte> chip = "XT-PIC"u8;
        void* pointer = (void*)0xffffffff80123456;
        byte* none = null;
        text.Append($"irq {irq,3}: {name,-5}|{chip,8}|{status:x8} {status:X} {on} {!on} {letter} {pointer} {none} {{}}\n");
        Assert.Equal(
            "irq   7: rtc  |  XT-PIC|0000beef BEEF True False é 0xffffffff80123456 0x0000000000000000 {}\n",
            Encoding.UTF8.GetString(text.Written));
    }

    [Fact]
    public void BoolCharAndStringAlignAsStringFormat()
    {
        foreach (int a in s_alignments)
        {
            foreach (string s in new[] { "", "a", "rtc", "häuser", "日本" })
            {
                byte[] utf8 = Encoding.UTF8.GetBytes(s);
                Assert.Equal(Aligned(s, a), Handled((ref TextHandler h) => h.AppendFormatted(s, a)));
                Assert.Equal(Aligned(s, a), Handled((ref TextHandler h) => h.AppendFormatted((ReadOnlySpan<byte>)utf8, a)));
            }

            foreach (char c in "aé日")
            {
                Assert.Equal(Aligned(c, a), Handled((ref TextHandler h) => h.AppendFormatted(c, a)));
            }

            foreach (bool b in new[] { true, false })
            {
                Assert.Equal(Aligned(b, a), Handled((ref TextHandler h) => h.AppendFormatted(b, a)));
            }
        }

        Assert.Equal("", Handled((ref TextHandler h) => h.AppendFormatted((string?)null)));
        Assert.Equal("  0x0000000000000001", Handled((ref TextHandler h) => h.AppendFormatted((void*)1, 20)));
        Assert.Equal("0x0000000000000001  |", Handled((ref TextHandler h) =>
        {
            h.AppendFormatted((void*)1, -20);
            h.AppendLiteral("|");
        }));
    }

    [Fact]
    public void StringsBecomeTheSameUtf8AsTheEncoders()
    {
        // Every single UTF-16 unit, lone surrogates included, then pairs and their broken forms.
        for (int c = 0; c <= 0xffff; c++)
        {
            string s = "a" + (char)c + "b";
            Assert.Equal(Encoding.UTF8.GetBytes(s), Bytes(s));
        }

        string[] pairs =
        [
            "\U00010000", "\U0010ffff", "\ud83d\ude00", "\ud83d", "\ude00\ud83d", "\ud83d\ud83d\ude00", "x\ud83d",
        ];
        foreach (string s in pairs)
        {
            Assert.Equal(Encoding.UTF8.GetBytes(s), Bytes(s));
        }
    }

    [Fact]
    public void WhatDoesNotFitIsCutWithAMarkAtACharacter()
    {
        foreach (string source in new[] { "0123456789abcdef", "äöüäöüäöüä", "日本語日本語日本", "a\U0001f600b\U0001f600c\U0001f600" })
        {
            byte[] whole = Encoding.UTF8.GetBytes(source);
            for (int size = 0; size <= whole.Length + 2; size++)
            {
                foreach (bool asString in new[] { true, false })
                {
                    byte[] bytes = new byte[size + 4];
                    bytes.AsSpan(size).Fill(0xa5);
                    TextBuffer text = new(bytes.AsSpan(0, size));
                    if (asString)
                    {
                        text.Append(source);
                    }
                    else
                    {
                        text.Append((ReadOnlySpan<byte>)whole);
                    }

                    Assert.Equal(whole.Length > size, text.IsCut);
                    Assert.True(text.Length <= size);
                    string result = new UTF8Encoding(false, true).GetString(text.Written);
                    Assert.All(bytes[size..], b => Assert.Equal(0xa5, b));
                    if (!text.IsCut)
                    {
                        Assert.Equal(source, result);
                    }
                    else if (size >= 5)
                    {
                        Assert.EndsWith("[...]", result);
                        Assert.StartsWith(result[..^5], source);
                        Assert.True(text.Length > size - 4, "not more than a character is given up");
                    }

                    if (text.IsCut)
                    {
                        // Nothing is taken after the cut.
                        int length = text.Length;
                        text.Append("more"u8);
                        text.Append("more");
                        text.AppendByte((byte)'x');
                        Assert.Equal(length, text.Length);
                    }
                }
            }
        }
    }

    [Fact]
    public void HugeAlignmentAndPrecisionEndInACut()
    {
        foreach (int alignment in new[] { int.MaxValue, int.MinValue, 1000, -1000 })
        {
            byte[] bytes = new byte[64];
            TextBuffer text = new(bytes);
            TextHandler handler = new(0, 0, text);
            handler.AppendFormatted(5, alignment, "d999999999");
            handler.AppendFormatted("x", alignment);
            handler.AppendFormatted('x', alignment);
            handler.AppendFormatted((void*)1, alignment);
            text.Append(ref handler);
            Assert.True(text.IsCut);
            Assert.Equal(64, text.Length);
        }
    }

    [Fact]
    public void AppendGoesOnBehindWhatIsThere()
    {
        byte[] bytes = new byte[32];
        TextBuffer text = new(bytes);
        text.Append($"a{1}");
        text.Append($"b{2}");
        text.AppendByte((byte)'!');
        Assert.Equal("a1b2!", Encoding.UTF8.GetString(text.Written));
        text.Clear();
        Assert.Equal(0, text.Length);
        Assert.False(text.IsCut);
    }

    private static string Aligned(object value, int alignment) =>
        string.Format(CultureInfo.InvariantCulture, "{0," + alignment + "}", value);

    private delegate void Handling(ref TextHandler handler);

    private static string Handled(Handling append)
    {
        byte[] bytes = new byte[400];
        TextBuffer text = new(bytes);
        TextHandler handler = new(0, 0, text);
        append(ref handler);
        text.Append(ref handler);
        Assert.False(text.IsCut);
        return Encoding.UTF8.GetString(text.Written);
    }

    private static string Text(byte b, sbyte s)
    {
        byte[] bytes = new byte[100];
        TextBuffer text = new(bytes);
        text.Append($"{b} {b:x2} {b,4} {b,-4}| {s} {s:x} {s,5:d3}|");
        return Encoding.UTF8.GetString(text.Written);
    }

    private static byte[] Bytes(string source)
    {
        byte[] bytes = new byte[64];
        TextBuffer text = new(bytes);
        text.Append(source);
        return text.Written.ToArray();
    }

    private static void Compare<T>(T value, Appender append)
    {
        foreach (int alignment in s_alignments)
        {
            foreach (string? format in s_formats)
            {
                string pattern = "{0," + alignment + (string.IsNullOrEmpty(format) ? "" : ":" + format) + "}";
                string expected = string.Format(CultureInfo.InvariantCulture, pattern, value);
                string actual = Handled((ref TextHandler h) => append(ref h, alignment, format));
                if (expected != actual)
                {
                    Assert.Fail($"{typeof(T).Name} {value} {pattern}: expected '{expected}', got '{actual}'");
                }
            }
        }
    }
}
