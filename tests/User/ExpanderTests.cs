// What becomes of a word: variables, quotes, names of files.

using CSharpOS.User.Shell;
using Xunit;

namespace CSharpOS.User.Tests;

public sealed class ExpanderTests
{
    private readonly Variables _variables = new();
    private readonly FakeHost _host = new("/bin/", "/bin/cat", "/bin/cut", "/bin/ls", "a.txt", "b.txt", ".hidden", "d/", "d/x.c", "we*rd");

    public ExpanderTests()
    {
        _variables.Set("A", "one two");
        _variables.Set("HOME", "/home/ada");
        _variables.LastStatus = 3;
        _variables.Arguments.Add("script");
        _variables.Arguments.Add("first");
        _variables.Arguments.Add("second");
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("$A", "one|two")]
    [InlineData("\"$A\"", "one two")]
    [InlineData("'$A'", "$A")]
    [InlineData("\\$A", "$A")]
    [InlineData("x${A}y", "xone|twoy")]
    [InlineData("$?", "3")]
    [InlineData("$1-$2-$3", "first-second-")]
    [InlineData("$#", "2")]
    [InlineData("$@", "first|second")]
    [InlineData("$0", "script")]
    [InlineData("$NONE", "")]
    [InlineData("\"$NONE\"", "<empty>")]
    [InlineData("''", "<empty>")]
    [InlineData("a$", "a$")]
    [InlineData("~", "/home/ada")]
    [InlineData("~/x", "/home/ada/x")]
    [InlineData("x~", "x~")]
    [InlineData("\"a\\\"b\\\\c\\d\"", "a\"b\\c\\d")]
    [InlineData("*.txt", "a.txt|b.txt")]
    [InlineData("'*.txt'", "*.txt")]
    [InlineData("\\*.txt", "*.txt")]
    [InlineData("we\\*rd*", "we*rd")]
    [InlineData("[ab].t?t", "a.txt|b.txt")]
    [InlineData("[!a].txt", "b.txt")]
    [InlineData("*.none", "*.none")]
    [InlineData(".h*", ".hidden")]
    [InlineData("/bin/c*", "/bin/cat|/bin/cut")]
    [InlineData("/*/l?", "/bin/ls")]
    [InlineData("*/*.c", "d/x.c")]
    public void AWordBecomesArguments(string word, string expected)
    {
        string joined = string.Join('|', new Expander(_variables, _host).Expand(word).ConvertAll(field => field.Length == 0 ? "<empty>" : field));
        Assert.Equal(expected, joined);
    }

    [Fact]
    public void TheOutputOfACommandIsCutOutsideQuotesOnly()
    {
        _host.Captured = "x y\nz";
        Expander expander = new(_variables, _host);
        Assert.Equal(["ax", "y", "zb"], expander.Expand("a$(echo \"(\" | cat)b"));
        Assert.Equal(["x y\nz"], expander.Expand("\"$(cmd)\""));
        Assert.Equal(["echo \"(\" | cat", "cmd"], _host.Commands);
    }

    [Fact]
    public void AnAssignmentIsNeitherCutNorTakenForFiles()
    {
        Assert.Equal("one two *.txt", new Expander(_variables, _host).ExpandOne("$A' '*.txt"));
    }
}
