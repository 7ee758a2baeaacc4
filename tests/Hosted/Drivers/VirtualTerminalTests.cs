// The virtual terminal: text, control characters, escape sequences, scrolling, and that only what differs is drawn.

using System.Text;
using CSharpOS.Terminal;
using Xunit;

namespace CSharpOS.Hosted.Drivers;

[Trait("Row", "DRV-01")]
public unsafe class VirtualTerminalTests
{
    public VirtualTerminalTests() => TextScreen.Start(20, 5);

    [Fact]
    public void ALineFeedOfATerminalOnlyGoesDown()
    {
        TextScreen.Write("one\ntwo\r\nx"u8, returns: false);
        Assert.Equal("one\n   two\nx", TextScreen.Text());
    }

    [Fact]
    public void ANewScreenIsBlankAndDrawnOnce()
    {
        TextScreen.Start(20, 5);
        Assert.Equal("", TextScreen.Text());
        Assert.Equal(VirtualTerminal.DefaultAttribute, TextScreen.AttributeAt(19, 4));
        Assert.Equal((0, 0), TextScreen.Cursor);
    }

    [Theory]
    [InlineData("hello", "hello", 5, 0)]
    [InlineData("one\ntwo", "one\ntwo", 3, 1)]
    [InlineData("abc\rX", "Xbc", 1, 0)]
    [InlineData("abc\b\bX", "aXc", 2, 0)]
    [InlineData("\b\bx", "x", 1, 0)]
    [InlineData("a\tb", "a       b", 9, 0)]
    [InlineData("12345678\tb", "12345678        b", 17, 0)]
    [InlineData("1234567890123456789\tx", "1234567890123456789x", 19, 0)]
    [InlineData("bell\a\0", "bell", 4, 0)]
    [InlineData("caf\u00e9 \u20ac", "caf? ?", 6, 0)]
    [InlineData("12345678901234567890", "12345678901234567890", 19, 0)]
    [InlineData("12345678901234567890x", "12345678901234567890\nx", 1, 1)]
    [InlineData("12345678901234567890\nx", "12345678901234567890\nx", 1, 1)]
    [InlineData("12345678901234567890\rx", "x2345678901234567890", 1, 0)]
    [InlineData("12345678901234567890\bx", "123456789012345678x0", 19, 0)]
    [InlineData("abcdef\x1b[3Dx", "abcxef", 4, 0)]
    [InlineData("ab\x1b[Cx", "ab x", 4, 0)]
    [InlineData("ab\x1b[99Cx", "ab                 x", 19, 0)]
    [InlineData("a\nb\x1b[Ax", "ax\nb", 2, 0)]
    [InlineData("a\x1b[9Bx", "a\n\n\n\n x", 2, 4)]
    [InlineData("\x1b[3;4Hx", "\n\n   x", 4, 2)]
    [InlineData("abc\x1b[Hx", "xbc", 1, 0)]
    [InlineData("\x1b[99;99Hx", "\n\n\n\n                   x", 19, 4)]
    [InlineData("abcdef\x1b[3D\x1b[K", "abc", 3, 0)]
    [InlineData("abcdef\x1b[3D\x1b[1K", "    ef", 3, 0)]
    [InlineData("abcdef\x1b[2K", "", 6, 0)]
    [InlineData("one\ntwo\nthree\x1b[2;2H\x1b[J", "one\nt", 1, 1)]
    [InlineData("one\ntwo\nthree\x1b[2;2H\x1b[1J", "\n  o\nthree", 1, 1)]
    [InlineData("one\ntwo\x1b[2J", "", 3, 1)]
    [InlineData("a\x1b[?25lb\x1b[zc", "abc", 3, 0)]
    [InlineData("a\x1b[1;2;3;4;5;6;7;8;9;10;11mb", "ab", 2, 0)]
    [InlineData("a\x1b[99999999999999999999Cx", "a                  x", 19, 0)]
    [InlineData("a\x1bxb", "axb", 3, 0)]
    [InlineData("a\x1b[3\nb", "a\nb", 1, 1)]
    public void TextAppearsWhereItShould(string written, string expected, int column, int row)
    {
        TextScreen.Write(written);
        Assert.Equal(expected, TextScreen.Text());
        Assert.Equal((column, row), TextScreen.Cursor);

        // The same byte by byte: no state may hang on where a write ends.
        TextScreen.Start(20, 5);
        foreach (byte value in Encoding.UTF8.GetBytes(written))
        {
            TextScreen.Write([value]);
        }

        Assert.Equal(expected, TextScreen.Text());
        Assert.Equal((column, row), TextScreen.Cursor);
    }

    [Fact]
    public void TheScreenScrolls()
    {
        TextScreen.Write("1\n2\n3\n4\n5\n6");
        Assert.Equal("2\n3\n4\n5\n6", TextScreen.Text());
        TextScreen.Write("\n");
        Assert.Equal("3\n4\n5\n6", TextScreen.Text());
        Assert.Equal((0, 4), TextScreen.Cursor);
    }

    [Fact]
    public void OnlyWhatDiffersIsDrawn()
    {
        TextScreen.Write("same\nsame\nsame\nsame\nsam1");
        TextScreen.CellsDrawn = 0;
        TextScreen.Write("x");
        Assert.Equal(1, TextScreen.CellsDrawn);
        TextScreen.CellsDrawn = 0;
        TextScreen.Write("\n");

        // Scrolled: the line with "sam1x" moved up over "same", and the last line became blank.
        Assert.Equal(2 + 5, TextScreen.CellsDrawn);
        Assert.Equal("same\nsame\nsame\nsam1x", TextScreen.Text());
    }

    [Fact]
    public void ALongTextIsDrawnOnce()
    {
        StringBuilder text = new();
        for (int i = 0; i < 500; i++)
        {
            text.Append("line ").Append(i).Append('\n');
        }

        TextScreen.CellsDrawn = 0;
        TextScreen.Write(text.ToString());
        Assert.True(TextScreen.CellsDrawn <= 20 * 5, $"{TextScreen.CellsDrawn} cells drawn");
        Assert.Equal("line 496\nline 497\nline 498\nline 499", TextScreen.Text());
    }

    [Theory]
    [InlineData("\x1b[31mx", 0x04)]
    [InlineData("\x1b[34mx", 0x01)]
    [InlineData("\x1b[33mx", 0x06)]
    [InlineData("\x1b[1;32mx", 0x0a)]
    [InlineData("\x1b[1;32m\x1b[22mx", 0x02)]
    [InlineData("\x1b[97mx", 0x0f)]
    [InlineData("\x1b[44mx", 0x17)]
    [InlineData("\x1b[41;37mx", 0x47)]
    [InlineData("\x1b[31;42m\x1b[39;49mx", 0x07)]
    [InlineData("\x1b[7mx", 0x70)]
    [InlineData("\x1b[31m\x1b[mx", 0x07)]
    [InlineData("\x1b[31m\x1b[0mx", 0x07)]
    [InlineData("\x1b[31m\x1b[77mx", 0x04)]
    public void ColoursAreThoseOfVga(string written, int attribute)
    {
        TextScreen.Write(written);
        Assert.Equal(attribute, TextScreen.AttributeAt(0, 0));
        Assert.Equal("x", TextScreen.Text());
    }
}
