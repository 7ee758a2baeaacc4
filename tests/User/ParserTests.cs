// What the shell makes of a command line: tokens, pipelines, redirections, and what it says to a wrong one.

using System.Collections.Generic;
using System.Linq;
using CSharpOS.User.Shell;
using Xunit;

namespace CSharpOS.User.Tests;

public sealed class ParserTests
{
    private static readonly string[] s_oneWord = ["a'b c'\"d\"\\ e"];

    [Fact]
    public void QuotesKeepAWordTogetherAndStayInIt()
    {
        Assert.Equal(s_oneWord, Lexer.Cut("  a'b c'\"d\"\\ e # a comment")!.Select(token => token.Text));
    }

    [Theory]
    [InlineData("a|b", "a | b")]
    [InlineData("a||b&&c;d&", "a || b && c ; d &")]
    [InlineData("a 2>x 2>>y <z >&2", "a 2> x 2>> y < z >& 2")]
    [InlineData("a2>x", "a2 > x")]
    [InlineData("echo $(a | b; c) d", "echo $(a | b; c) d")]
    [InlineData("echo \"$(a \"b c\")\" d", "echo \"$(a \"b c\")\" d")]
    public void OperatorsNeedNoBlanks(string line, string tokens)
    {
        List<Token> cut = Lexer.Cut(line)!;
        Assert.Equal(tokens, string.Join(' ', cut.Select(token => (token.Number >= 0 ? token.Number.ToString() : "") + token.Text)));
    }

    [Theory]
    [InlineData("echo 'x")]
    [InlineData("echo \"x")]
    [InlineData("echo $(x")]
    [InlineData("echo \\")]
    public void AnOpenQuoteAsksForMore(string line)
    {
        Parser.Parse(line, out string? error, out bool isIncomplete);
        Assert.Equal("syntax error: a quote is not closed", error);
        Assert.True(isIncomplete);
    }

    [Fact]
    public void APipelineHasItsCommandsInOrder()
    {
        Pipeline pipeline = Assert.Single(Parse("A=1 cat < in | ! grep x | wc -l > out 2>&1"));
        Assert.Equal(["cat", "!", "wc"], pipeline.Commands.Select(command => command.Words[0]));
        Assert.Equal(["A=1"], pipeline.Commands[0].Assignments);
        Redirection[] redirections = [.. pipeline.Commands[2].Redirections];
        Assert.Equal([(1, ">", "out"), (2, ">&", "1")], redirections.Select(r => (r.Descriptor, r.Operation, r.Target)));
        Assert.Equal((0, "<", "in"), (pipeline.Commands[0].Redirections[0].Descriptor, pipeline.Commands[0].Redirections[0].Operation, pipeline.Commands[0].Redirections[0].Target));
    }

    [Fact]
    public void ListsAreConnected()
    {
        List<Pipeline> list = Parse("a && b || c; ! d & e");
        Assert.Equal(
            [Connection.Always, Connection.IfSucceeded, Connection.IfFailed, Connection.Always, Connection.Always],
            list.Select(pipeline => pipeline.Connection));
        Assert.Equal([false, false, false, true, false], list.Select(pipeline => pipeline.IsBackground));
        Assert.Equal([false, false, false, true, false], list.Select(pipeline => pipeline.IsNegated));
        Assert.Equal("! d", list[3].Text);
    }

    [Fact]
    public void ParenthesesMakeAListOneCommand()
    {
        Command command = Assert.Single(Assert.Single(Parse("(a; b | c) > out")).Commands);
        Assert.Equal(2, command.Group!.Count);
        Assert.Equal("out", Assert.Single(command.Redirections).Target);
    }

    [Theory]
    [InlineData("| a", "|", false)]
    [InlineData("a | | b", "|", false)]
    [InlineData("a ;; b", null, false)]
    [InlineData("a & ; b", null, false)]
    [InlineData("a && && b", "&&", false)]
    [InlineData("a > | b", "|", false)]
    [InlineData("a >", "end of line", false)]
    [InlineData("a )", ")", false)]
    [InlineData("(a) b", "b", false)]
    [InlineData("a |", "end of line", true)]
    [InlineData("a &&", "end of line", true)]
    [InlineData("(a", "end of line", true)]
    public void WrongLinesAreNamed(string line, string? near, bool incomplete)
    {
        Parser.Parse(line, out string? error, out bool isIncomplete);
        Assert.Equal(near is null ? null : $"syntax error near '{near}'", error);
        Assert.Equal(incomplete, isIncomplete);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("# only a comment")]
    [InlineData("\n\n")]
    public void NothingIsNothing(string line) => Assert.Empty(Parse(line));

    private static List<Pipeline> Parse(string line)
    {
        List<Pipeline> list = Parser.Parse(line, out string? error, out _);
        Assert.Null(error);
        return list;
    }
}
