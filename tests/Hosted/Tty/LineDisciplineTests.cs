// The line discipline: what is typed, what a program reads, and what the screen shows.

using System.Linq;
using CSharpOS.Tty;
using Xunit;

namespace CSharpOS.Hosted.Tty;

[Trait("Row", "DRV-01")]
public unsafe class LineDisciplineTests : TtyMachine
{
    private const string Nothing = "-11";
    private const string Gone = "\b \b";

    [Theory]
    [InlineData("abc\r", "abc\n", "abc\r\n")]
    [InlineData("abc\n", "abc\n", "abc\r\n")]
    [InlineData("\r", "\n", "\r\n")]
    [InlineData("abx\x7f" + "c\r", "abc\n", "abx" + Gone + "c\r\n")]
    [InlineData("abx\bc\r", "abc\n", "abx" + Gone + "c\r\n")]
    [InlineData("\x7f\x7f" + "a\r", "a\n", "a\r\n")]
    [InlineData("ab def\x17g\r", "ab g\n", "ab def" + Gone + Gone + Gone + "g\r\n")]
    [InlineData("ab d1_. \x17g\r", "ab g\n", "ab d1_. " + Gone + Gone + Gone + Gone + Gone + "g\r\n")]
    [InlineData("\x17" + "a\r", "a\n", "a\r\n")]
    [InlineData("abc\x15" + "d\r", "d\n", "abc" + Gone + Gone + Gone + "d\r\n")]
    [InlineData("\x01" + "b\x7f\x7f\x7f" + "c\r", "c\n", "^Ab" + Gone + Gone + Gone + "c\r\n")]
    [InlineData("a\tb\x7f\x7f" + "c\r", "ac\n", "a\tb" + Gone + "\b\b\b\b\b\b\bc\r\n")]
    [InlineData("ab\x12" + "c\r", "abc\n", "ab^R\r\nabc\r\n")]
    [InlineData("ab\x12\x7f" + "c\r", "ac\n", "ab^R\r\nab" + Gone + "c\r\n")]
    [InlineData("a\x16\x03" + "b\r", "a\x03" + "b\n", "a^\b^Cb\r\n")]
    [InlineData("a\x16\x7f\x7f" + "b\r", "ab\n", "a^\b^?" + Gone + Gone + "b\r\n")]
    [InlineData("ab\x04", "ab", "ab")]
    [InlineData("\x04", "", "")]
    [InlineData("ab", Nothing, "ab")]
    public void Editing(string typed, string read, string shown)
    {
        Type(typed);
        Assert.Equal(shown, Shown());
        Assert.Equal(read, Read());
        Assert.Equal(Nothing, Read());
    }

    [Fact]
    public void ATabIsErasedFromWhereThePromptEnded()
    {
        Write("$ ");
        Type("abcdef\t\x7f");
        Assert.Equal("$ abcdef\t\b\b\b\b\b\b\b\b", Shown());
    }

    [Fact]
    public void AReadGivesOneLine()
    {
        Type("one\rtwo\rth");
        Assert.Equal("one\n", Read());
        Assert.Equal("tw", Read(2));
        Assert.Equal("o\n", Read());
        Assert.Equal(Nothing, Read());
        Type("ree\r");
        Assert.Equal("three\n", Read());
    }

    [Fact]
    public void AnEndOfFileBehindTheLastByteIsTakenWithIt()
    {
        Type("abc\x04\x04");
        Assert.Equal("abc", Read(3));
        Assert.Equal("", Read(3));
        Assert.Equal(Nothing, Read(3));
    }

    [Fact]
    public void OtherKeysCanBeChosen()
    {
        Set(ControlCharacter.VERASE, (byte)'#');
        Set(ControlCharacter.VEOL, (byte)';');
        Set(ControlCharacter.VEOL2, (byte)',');
        Set(ControlCharacter.VKILL, 0);
        Type("ax#b\x7f;c,d\x15\r");
        Assert.Equal("ab\x7f;", Read());
        Assert.Equal("c,", Read());
        Assert.Equal("d\x15\n", Read());
    }

    [Fact]
    public void WithoutExtensionsTheirKeysAreOrdinary()
    {
        Set(LocalFlags.IEXTEN, false);
        Type("a\x17\x16\x12\r");
        Assert.Equal("a\x17\x16\x12\n", Read());
    }

    [Theory]
    [InlineData((uint)LocalFlags.ECHO, "ab\x7f\x15\x12\x01\r", "")]
    [InlineData((uint)LocalFlags.ECHOE, "ab\x7f", "ab^?")]
    [InlineData((uint)LocalFlags.ECHOE, "ab\x17", "ab^W")]
    [InlineData((uint)LocalFlags.ECHOKE, "ab\x15", "ab^U\r\n")]
    [InlineData((uint)(LocalFlags.ECHOKE | LocalFlags.ECHOK), "ab\x15", "ab^U")]
    [InlineData((uint)LocalFlags.ECHOCTL, "a\x01\x7f", "a\x01")]
    public void EchoWithout(uint flags, string typed, string shown)
    {
        Set((LocalFlags)flags, false);
        Type(typed);
        Assert.Equal(shown, Shown());
    }

    [Fact]
    public void TheEndOfALineCanBeShownAlone()
    {
        Set(LocalFlags.ECHO, false);
        Set(LocalFlags.ECHONL, true);
        Type("secret\r");
        Assert.Equal("\r\n", Shown());
        Assert.Equal("secret\n", Read());
    }

    [Theory]
    [InlineData((uint)InputFlags.None, "a\rb\n", "a\rb\n")]
    [InlineData((uint)InputFlags.ICRNL, "a\r", "a\n")]
    [InlineData((uint)(InputFlags.IGNCR | InputFlags.ICRNL), "a\rb\n", "ab\n")]
    [InlineData((uint)(InputFlags.INLCR | InputFlags.ICRNL), "a\nb\r", "a\rb\n")]
    [InlineData((uint)InputFlags.ISTRIP, "\u00e1\n", "a\n")]
    public void InputIsTranslated(uint flags, string typed, string read)
    {
        Set(InputFlags.ICRNL, false);
        Set((InputFlags)flags, true);
        Type(typed);
        Assert.Equal(read, Read());
    }

    [Theory]
    [InlineData((uint)(OutputFlags.OPOST | OutputFlags.ONLCR), "a\n\tb\r", "a\r\n\tb\r")]
    [InlineData((uint)OutputFlags.ONLCR, "a\nb", "a\nb")]
    [InlineData((uint)OutputFlags.OPOST, "a\nb", "a\nb")]
    [InlineData((uint)(OutputFlags.OPOST | OutputFlags.OCRNL), "a\rb", "a\nb")]
    [InlineData((uint)(OutputFlags.OPOST | OutputFlags.ONOCR), "\ra\r\rb", "a\rb")]
    [InlineData((uint)(OutputFlags.OPOST | OutputFlags.XTABS), "ab\tc\td", "ab      c       d")]
    [InlineData((uint)(OutputFlags.OPOST | OutputFlags.XTABS | OutputFlags.ONLRET), "ab\n\tc", "ab\n        c")]
    public void OutputIsTranslated(uint flags, string written, string shown)
    {
        Set((ref Termios termios) => termios.Output = (OutputFlags)flags);
        Assert.Equal(written.Length, Write(written));
        Assert.Equal(shown, Shown());
    }

    [Fact]
    public void ALongWriteArrivesWhole()
    {
        string text = string.Concat(Enumerable.Range(0, 2000).Select(number => $"{number}\n"));
        Assert.Equal(text.Length, Write(text));
        Assert.Equal(text.Replace("\n", "\r\n", System.StringComparison.Ordinal), Shown());
    }

    [Fact]
    public void AWholeCharacterIsErasedWhereTheTerminalKnowsUtf8()
    {
        Set(InputFlags.IUTF8, true);
        Type("a\u00c3\u00a9\x7f" + "b\r");
        Assert.Equal("a\u00c3\u00a9" + Gone + "b\r\n", Shown());
        Assert.Equal("ab\n", Read());
        Set(InputFlags.IUTF8, false);
        Type("a\u00c3\u00a9\x7f" + "b\r");
        Assert.Equal("a\u00c3b\n", Read());
    }

    [Fact]
    public void RawModeGivesEveryByteAsItIs()
    {
        Set(LocalFlags.ICANON | LocalFlags.ISIG | LocalFlags.ECHO, false);
        Set(InputFlags.ICRNL | InputFlags.IXON, false);
        string all = string.Concat(Enumerable.Range(0, 256).Select(value => (char)value));
        Type(all);
        Assert.Equal(all, Read());
        Assert.Equal("", Shown());
    }

    [Theory]
    [InlineData(3, 0, "ab", 10, "ab")]
    [InlineData(1, 0, "abcd", 2, "ab")]
    [InlineData(1, 0, "", 2, Nothing)]
    [InlineData(0, 0, "", 2, "")]
    [InlineData(0, 0, "ab", 10, "ab")]
    [InlineData(0, 5, "", 10, Nothing)]
    [InlineData(5, 5, "", 10, Nothing)]
    public void RawReadsThatDoNotWait(byte least, byte tenths, string typed, int most, string read)
    {
        Set(LocalFlags.ICANON, false);
        Set(ControlCharacter.VMIN, least);
        Set(ControlCharacter.VTIME, tenths);
        Type(typed);
        Assert.Equal(read, Read(most));
    }

    [Fact]
    public void WhatWasTypedInOneModeIsReadInTheOther()
    {
        Set(LocalFlags.ICANON, false);
        Type("ab\rcd");
        Set(LocalFlags.ICANON, true);
        Assert.Equal("ab\n", Read());
        Assert.Equal(Nothing, Read());
        Type("\x7f\r");
        Assert.Equal("c\n", Read());
        Type("ef\rgh\x04i");
        Set(LocalFlags.ICANON, false);
        Assert.Equal("ef\nghi", Read());
    }

    [Fact]
    public void ALineThatIsTooLongBeepsAndCanBeEnded()
    {
        string line = new('x', TtyInput.Capacity - 1);
        Type(line + "y");
        Assert.Equal(line + "\a", Shown());
        Assert.Equal(1, TtyReceive.Room(Terminal));
        Type("\x7fz\r");
        Assert.Equal(0, TtyReceive.Room(Terminal));
        Assert.Equal(line[..^1] + "z\n", Read());
        Assert.Equal(TtyInput.Capacity, TtyReceive.Room(Terminal));
        Set(InputFlags.IMAXBEL, false);
        Type(line + "y");
        Assert.DoesNotContain('\a', Shown());
    }

    [Fact]
    public void ALineThatFillsTheBufferToTheLastByteBeepsAndIsKept()
    {
        string line = new('x', TtyInput.Capacity - 1);
        Type(line);
        Assert.Equal(1, TtyReceive.Room(Terminal));
        Type("\r");
        Assert.Equal(line + "\n", Read());
    }

    [Fact]
    public void AFullRawBufferTakesNothing()
    {
        Set(LocalFlags.ICANON | LocalFlags.ECHO, false);
        string text = new('x', TtyInput.Capacity);
        Type(text);
        Assert.Equal(0, TtyReceive.Room(Terminal));
        Type("y");
        Assert.Equal("\a", Shown());
        Assert.Equal(text, Read());
        Assert.Equal(Nothing, Read());
    }

    [Fact]
    public void OutputStopsAndGoesOn()
    {
        Type("\x13" + "ab");
        Assert.Equal("", Shown());
        Assert.Equal(-EAGAIN, Write("out"));
        Type("\x11");
        Assert.Equal("ab", Shown());
        Assert.Equal(3, Write("out"));
        Assert.Equal("out", Shown());
        Type("\x13");
        Set(InputFlags.IXANY, true);
        Type("c");
        Assert.Equal("c", Shown());
        Type("\x13");
        Set(InputFlags.IXON, false);
        Assert.Equal(3, Write("out"));
        Assert.Equal("out", Shown());
        Type("\x13\r");
        Assert.Equal("abc\x13\n", Read());
    }

    [Fact]
    public void TheCountOfReadableBytes()
    {
        Type("ab\x04" + "cd\ref");
        Assert.Equal(5, TtyIoctl.CountReadable(Terminal));
        Set(LocalFlags.ICANON, false);
        Assert.Equal(7, TtyIoctl.CountReadable(Terminal));
        Assert.Equal(0, TtyIoctl.Flush(Terminal, 0));
        Assert.Equal(0, TtyIoctl.CountReadable(Terminal));
        Assert.Equal(-EINVAL, TtyIoctl.Flush(Terminal, 3));
        Assert.Equal(-EINVAL, TtyIoctl.Flow(Terminal, 4));
    }

    [Fact]
    public void TheSettingsHaveTheLayoutOfPrograms()
    {
        Termios termios = Termios.Standard();
        Assert.Equal(36, sizeof(Termios));
        Assert.Equal(8, sizeof(WindowSize));
        byte* bytes = (byte*)&termios;
        Assert.Equal(0x8a3bu, *(uint*)(bytes + 12));
        Assert.Equal(3, bytes[17]);
        Assert.Equal(4, bytes[17 + 4]);
        Assert.Equal(26, bytes[17 + 10]);
    }

    [Fact]
    public void AnyBytesWhatever()
    {
        System.Random random = new(11);
        string keys = "ab \t\r\n\x7f\b\x15\x17\x12\x16\x04\x13\x11\x03\x01\u00c3\u00a9";
        for (int round = 0; round < 400; round++)
        {
            Set((ref Termios t) =>
            {
                t.Input = (InputFlags)random.Next(0x8000);
                t.Output = (OutputFlags)random.Next(0x2000);
                t.Local = (LocalFlags)random.Next(0x10000);
            });
            Type(string.Concat(Enumerable.Range(0, random.Next(300)).Select(_ => keys[random.Next(keys.Length)])));
            Assert.InRange(Terminal->Input.Count, 0, TtyInput.Capacity);
            Assert.InRange(Terminal->Input.LineBytes, 0, Terminal->Input.Count);
            Read(random.Next(1, 200));
        }
    }
}
