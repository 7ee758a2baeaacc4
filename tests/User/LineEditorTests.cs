// The line editor key by key, against a terminal that knows carriage return, backspace and nothing else.

using System.Collections.Generic;
using System.Text;
using CSharpOS.User.Shell;
using Xunit;

namespace CSharpOS.User.Tests;

public sealed class LineEditorTests
{
    private const string Left = "\x1b[D";
    private const string Up = "\x1b[A";
    private const string Down = "\x1b[B";
    private const string Home = "\x1b[H";
    private const string Delete = "\x1b[3~";

    private readonly LineEditor _editor = new();
    private readonly FakeHost _host = new("/bin/", "/bin/cat", "/bin/chroot", "/bin/ls", "file.one", "file.two", "dir/", "dir/inside");

    [Theory]
    [InlineData("abc", "abc", 3)]
    [InlineData("abc" + Left + "X", "abXc", 3)]
    [InlineData("abc" + Home + "X", "Xabc", 1)]
    [InlineData("abc" + Home + Delete, "bc", 0)]
    [InlineData("abc\x7f", "ab", 2)]
    [InlineData("abc\b", "ab", 2)]
    [InlineData("\x7f", "", 0)]
    [InlineData("one two\x17", "one ", 4)]
    [InlineData("one two\x15", "", 0)]
    [InlineData("one two" + Left + Left + "\x0b", "one t", 5)]
    [InlineData("abc\x01\x06\x06\x02X\x05Y", "aXbcY", 5)]
    [InlineData("grüße€", "grüße€", 6)]
    [InlineData("\x1bxabc", "abc", 3)]
    public void KeysEditTheLine(string keys, string line, int cursor)
    {
        _editor.Begin("$ ", 80);
        Assert.Equal(EditResult.More, Type(keys));
        Assert.Equal(line, _editor.Line);
        Assert.Equal(cursor, _editor.Cursor);
        Assert.Equal(("$ " + line).TrimEnd(), Screen(80));
    }

    [Fact]
    public void EnterControlCAndControlDEndALine()
    {
        _editor.Begin("$ ", 80);
        Assert.Equal(EditResult.Line, Type("ls" + Home + "\r"));
        Assert.Equal("ls", _editor.Line);
        _editor.Begin("$ ", 80);
        Assert.Equal(EditResult.Interrupted, Type("ls\x03"));
        _editor.Begin("$ ", 80);
        Assert.Equal(EditResult.More, Type("ls\x04"));
        _editor.Begin("$ ", 80);
        Assert.Equal(EditResult.EndOfInput, Type("\x04"));
    }

    [Fact]
    public void HistoryGoesBackAndForthAndKeepsTheUnfinishedLine()
    {
        _editor.Remember("first");
        _editor.Remember("second");
        _editor.Remember("second");
        _editor.Remember("");
        Assert.Equal(["first", "second"], _editor.History);
        _editor.Begin("$ ", 80);
        Type("unfinished" + Up);
        Assert.Equal("second", _editor.Line);
        Type(Up + Up);
        Assert.Equal("first", _editor.Line);
        Assert.Equal("$ first", Screen(80));
        Type(Down + Down);
        Assert.Equal("unfinished", _editor.Line);
        Assert.Equal("$ unfinished", Screen(80));
    }

    [Fact]
    public void ALineFromHistoryReplacesAShorterOneOnTheScreen()
    {
        _editor.Remember("yz");
        _editor.Begin("$ ", 80);
        Type("x");
        Assert.Equal("$ x", Screen(80));
        Type(Up);
        Assert.Equal("$ yz", Screen(80));
    }

    [Fact]
    public void HistoryForgetsTheOldest()
    {
        for (int i = 0; i < 150; i++)
        {
            _editor.Remember($"line {i}");
        }

        Assert.Equal(100, _editor.History.Count);
        Assert.Equal("line 50", _editor.History[0]);
    }

    [Theory]
    [InlineData("l\t", "ls ")]
    [InlineData("ca\t", "cat ")]
    [InlineData("cat fi\t", "cat file.")]
    [InlineData("cat d\t", "cat dir/")]
    [InlineData("cat dir/\t", "cat dir/inside ")]
    [InlineData("cat nothing\t", "cat nothing")]
    [InlineData("ls | ca\t", "ls | cat ")]
    [InlineData("his\t", "history ")]
    [InlineData("echo >f\t", "echo >file.")]
    [InlineData("/bin/l\t", "/bin/ls ")]
    public void TheTabulatorCompletes(string keys, string line)
    {
        _editor.Begin("$ ", 80);
        Type(keys);
        Assert.Equal(line, _editor.Line);
    }

    [Fact]
    public void TheSecondTabulatorShowsWhatFits()
    {
        _editor.Begin("$ ", 80);
        Type("cat file\t\t");
        string output = _editor.TakeOutput();
        Assert.Contains("file.one  file.two", output);
        Assert.EndsWith("$ cat file.", output);
    }

    [Fact]
    public void ALongLineIsSeenThroughAWindow()
    {
        _editor.Begin("$ ", 20);
        Type(new string('a', 10) + new string('b', 20));
        string screen = Screen(20);
        Assert.True(screen.Length < 20, screen);
        Assert.EndsWith("bbb", screen);
        Type(Home);
        Assert.StartsWith("$ aaaaaaaaaab", Screen(20));
    }

    private EditResult Type(string keys)
    {
        EditResult result = EditResult.More;
        foreach (byte key in Encoding.UTF8.GetBytes(keys))
        {
            result = _editor.Feed(key, new Completer(_host));
        }

        return result;
    }

    // What a terminal shows after everything so far.
    private readonly StringBuilder _sent = new();

    private string Screen(int columns)
    {
        _sent.Append(_editor.TakeOutput());
        List<char> row = [];
        int at = 0;
        foreach (char c in _sent.ToString())
        {
            switch (c)
            {
                case '\b':
                    at--;
                    break;
                case '\r':
                    at = 0;
                    break;
                case '\n':
                    row.Clear();
                    break;
                case '\a':
                    break;
                default:
                    Assert.True(at < columns, "the editor wrote beyond the screen");
                    while (row.Count <= at)
                    {
                        row.Add(' ');
                    }

                    row[at++] = c;
                    break;
            }
        }

        return string.Concat(row).TrimEnd(' ');
    }

    private sealed class Completer(ShellHost host) : LineEditor.Completer
    {
        public override Completion Of(string before) => Completion.Of(before, new[] { "cd", "history" }, "/bin", host);
    }
}
