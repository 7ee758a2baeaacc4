// The line editor: keys in, a line out, and on the screen what a user must see. The screen is a VirtualTerminal, so that what counts is the
// picture, not the escape sequences by which it is drawn.

using System.Runtime.InteropServices;
using System.Text;
using CSharpOS.Hosted.Drivers;
using CSharpOS.Monitoring;
using Xunit;

namespace CSharpOS.Hosted.Monitoring;

[Trait("Row", "DRV-01")]
public unsafe class LineEditorTests
{
    private const string Prompt = "csharpos> ";
    private const string Up = "\x1b[A", Down = "\x1b[B", Right = "\x1b[C", Left = "\x1b[D";
    private const string Home = "\x1b[H", End = "\x1b[F", Delete = "\x1b[3~";

    private static readonly LineEditor* s_editor = (LineEditor*)NativeMemory.AllocZeroed((nuint)sizeof(LineEditor));
    private static int s_bells;

    public LineEditorTests()
    {
        TextScreen.Start();
        s_bells = 0;
        s_editor->Init(&Show);
        s_editor->Begin();
    }

    private static string Line => Encoding.ASCII.GetString(s_editor->Line);

    private static int Column => TextScreen.Cursor.Column;

    private static string Shown => TextScreen.Line(TextScreen.Cursor.Row);

    private static void Show(ReadOnlySpan<byte> text)
    {
        s_bells += text.Count((byte)'\a');
        TextScreen.Write(text);
    }

    private static LineEvent Keys(string keys)
    {
        LineEvent happened = LineEvent.Editing;
        foreach (char key in keys)
        {
            Assert.Equal(LineEvent.Editing, happened);
            happened = s_editor->Feed((byte)key);
        }

        return happened;
    }

    private static string Enter(string keys)
    {
        Assert.Equal(LineEvent.Entered, Keys(keys + "\r"));
        string line = Line;
        s_editor->Begin();
        return line;
    }

    [Fact]
    public void ThePromptIsShown()
    {
        Assert.Equal(Prompt.TrimEnd(), Shown);
        Assert.Equal(Prompt.Length, Column);
    }

    [Theory]
    [InlineData("help", "help", 4)]
    [InlineData("helpp\x7f", "help", 4)]
    [InlineData("helpp\b", "help", 4)]
    [InlineData("elp" + Home + "h", "help", 1)]
    [InlineData("elp\x01h", "help", 1)]
    [InlineData("elp\x1b[1~h", "help", 1)]
    [InlineData("elp\x1b[7~h", "help", 1)]
    [InlineData("elp\x1bOHh", "help", 1)]
    [InlineData("hep" + Left + "l", "help", 3)]
    [InlineData("hep\x1bODl", "help", 3)]
    [InlineData("hep\x02l", "help", 3)]
    [InlineData("help" + Left + Left + Right, "help", 3)]
    [InlineData("help\x02\x02\x06", "help", 3)]
    [InlineData("help" + Home + End, "help", 4)]
    [InlineData("help\x01\x05", "help", 4)]
    [InlineData("help" + Home + "\x1b[4~x", "helpx", 5)]
    [InlineData("help" + Home + "\x1b[8~x", "helpx", 5)]
    [InlineData("help" + Home + Delete, "elp", 0)]
    [InlineData("help\x01\x04", "elp", 0)]
    [InlineData("help" + Left + Left + "\x7f", "hlp", 1)]
    [InlineData("help me\x15", "", 0)]
    [InlineData("help me" + Left + Left + "\x15", "me", 0)]
    [InlineData("help me" + Left + Left + "\x0b", "help ", 5)]
    [InlineData("help me\x17", "help ", 5)]
    [InlineData("help me  \x17", "help ", 5)]
    [InlineData("help me\x17\x17", "", 0)]
    [InlineData("one two" + Left + Left + Left + "\x17", "two", 0)]
    [InlineData("a\x1b[5~b\x1b[99zc\x1b[1;5Cd", "abcd", 4)]
    [InlineData("a\x1bz", "az", 2)]
    public void Editing(string keys, string expected, int cursor)
    {
        Assert.Equal(LineEvent.Editing, Keys(keys));
        Assert.Equal(expected, Line);
        Assert.Equal((Prompt + expected).TrimEnd(), Shown);
        Assert.Equal(Prompt.Length + cursor, Column);
        Assert.Equal(0, TextScreen.Cursor.Row);
    }

    [Theory]
    [InlineData("\x7f")]
    [InlineData(Left)]
    [InlineData(Right)]
    [InlineData(Delete)]
    [InlineData("\x15")]
    [InlineData("\x17")]
    [InlineData("\x0b")]
    [InlineData(Up)]
    [InlineData(Down)]
    [InlineData("\t")]
    [InlineData("\x00")]
    [InlineData("\xe9")]
    public void WhatCannotBeDoneRingsTheBell(string keys)
    {
        Keys(keys);
        Assert.Equal(1, s_bells);
        Assert.Equal("", Line);
        Assert.Equal(Prompt.Length, Column);
    }

    [Theory]
    [InlineData("help\r")]
    [InlineData("help\n")]
    [InlineData("hlp" + Left + Left + "e\r")]
    public void EnterEndsTheLine(string keys)
    {
        Assert.Equal(LineEvent.Entered, Keys(keys));
        Assert.Equal("help", Line);
        Assert.Equal((0, 1), TextScreen.Cursor);
        Assert.Equal(Prompt + "help", TextScreen.Line(0));
    }

    [Fact]
    public void CarriageReturnAndLineFeedAreOneEnd()
    {
        Assert.Equal(LineEvent.Entered, Keys("a\r"));
        s_editor->Begin();
        Assert.Equal(LineEvent.Editing, s_editor->Feed((byte)'\n'));
        Assert.Equal(LineEvent.Entered, Keys("b\n"));
        s_editor->Begin();
        Assert.Equal(LineEvent.Entered, s_editor->Feed((byte)'\n'));
    }

    [Fact]
    public void ControlCGivesTheLineUp()
    {
        Assert.Equal(LineEvent.Cancelled, Keys("rm -rf\x03"));
        s_editor->Begin();
        Assert.Equal(Prompt + "rm -rf^C\n" + Prompt.TrimEnd(), TextScreen.Text());
        Assert.Equal("", Line);
    }

    [Fact]
    public void ControlLClearsTheScreenAndKeepsTheLine()
    {
        Enter("one");
        Enter("two");
        Keys("thre" + Left + "\x0c");
        Assert.Equal(Prompt + "thre", TextScreen.Text());
        Assert.Equal((Prompt.Length + 3, 0), TextScreen.Cursor);
        Keys("x");
        Assert.Equal("thrxe", Line);
    }

    [Fact]
    public void AnOverlongLineIsRefusedWithABell()
    {
        string line = new('a', LineEditor.MaxLength);
        Keys(line);
        Assert.Equal(0, s_bells);
        Keys("bcd");
        Assert.Equal(3, s_bells);
        Assert.Equal(line, Enter(""));
        Assert.Equal("next", Enter("next"));
    }

    [Fact]
    public void ALongLineScrollsSidewaysOnOneScreenLine()
    {
        string text = "";
        for (int i = 0; i < 200; i++)
        {
            text += (char)('a' + (i % 26));
            Keys(text[^1..]);
            Assert.Equal(0, TextScreen.Cursor.Row);
            Assert.StartsWith(Prompt, Shown, StringComparison.Ordinal);

            // What is left of the cursor is the end of what was typed.
            string visible = Shown[Prompt.Length..];
            Assert.EndsWith(visible, text, StringComparison.Ordinal);
            Assert.Equal(Prompt.Length + visible.Length, Column);
        }

        Keys(Home);
        Assert.Equal(Prompt.Length, Column);
        Assert.StartsWith(Prompt + text[..60], Shown, StringComparison.Ordinal);
        for (int i = 0; i < 100; i++)
        {
            Keys(Right);
            Assert.Equal(text[i + 1], TextScreen.Line(0)[Column]);
        }

        Keys("X");
        Assert.Equal(text[..100] + "X" + text[100..], Line);
        Keys(End + "\x7f\x7f");
        Assert.Equal(text[..100] + "X" + text[100..198], Line);
        Assert.EndsWith(Shown[Prompt.Length..], Line, StringComparison.Ordinal);
    }

    [Fact]
    public void HistoryGoesBackAndForth()
    {
        Enter("one");
        Enter("two");
        Enter("three");
        Keys("dra");
        Keys(Up);
        Assert.Equal("three", Line);
        Keys("\x10" + Up);
        Assert.Equal("one", Line);
        Assert.Equal(Prompt + "one", Shown);
        Keys(Up);
        Assert.Equal(1, s_bells);
        Assert.Equal("one", Line);
        Keys(Down);
        Assert.Equal("two", Line);
        Keys("\x0e" + Down);
        Assert.Equal("dra", Line);
        Assert.Equal(Prompt + "dra", Shown);
        Keys(Down);
        Assert.Equal(2, s_bells);
        Assert.Equal("draft", Enter("ft"));
        Keys(Up);
        Assert.Equal("draft", Line);
    }

    [Fact]
    public void ARecalledLineMayBeChangedAndTheOldOneStays()
    {
        Enter("edu 5");
        Assert.Equal("edu 6", Enter(Up + "\x7f" + "6"));
        Keys(Up + Up);
        Assert.Equal("edu 5", Line);
    }

    [Fact]
    public void HistoryKeepsSixteenLinesAndNoBlanksOrRepeats()
    {
        for (int i = 0; i < 20; i++)
        {
            Enter($"line {i}");
            Enter($"line {i}");
            Enter("   ");
            Enter("");
        }

        for (int i = 19; i >= 4; i--)
        {
            Keys(Up);
            Assert.Equal($"line {i}", Line);
        }

        Assert.Equal(0, s_bells);
        Keys(Up);
        Assert.Equal(1, s_bells);
        Assert.Equal("line 4", Line);
    }

    [Fact]
    public void RandomKeysNeverDisagreeWithTheScreen()
    {
        string[] keys =
        [
            "a", "b c", "\x7f", Left, Right, Home, End, Delete, "\x15", "\x0b", "\x17", Up, Down, "\x0c", "\x1b", "[", "\t", "\r", "\x03",
        ];
        Random random = new(3);
        for (int i = 0; i < 30_000; i++)
        {
            foreach (char key in keys[random.Next(keys.Length)])
            {
                if (s_editor->Feed((byte)key) != LineEvent.Editing)
                {
                    s_editor->Begin();
                }
            }

            string visible = Shown.Length > Prompt.Length ? Shown[Prompt.Length..] : "";
            Assert.Contains(visible, Line, StringComparison.Ordinal);
            Assert.InRange(Column, Prompt.Length, 79);
            Assert.InRange(Line.Length, 0, LineEditor.MaxLength);
            if (Line.Length < 60)
            {
                Assert.Equal(Line.TrimEnd(), visible);
            }
        }
    }
}
