// The words and numbers behind a command.

using System.Text;
using Xunit;

namespace CSharpOS.Hosted.Monitoring;

[Trait("Row", "DRV-01")]
public class CommandArgumentsTests
{
    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    [Theory]
    [InlineData("", "")]
    [InlineData("   ", "")]
    [InlineData("one", "one")]
    [InlineData(" one  two three ", "one|two|three")]
    public void Words(string text, string expected)
    {
        CommandArguments words = new(Bytes(text));
        List<string> found = [];
        while (words.TryNext(out ReadOnlySpan<byte> word))
        {
            found.Add(Encoding.UTF8.GetString(word));
        }

        Assert.Equal(expected, string.Join('|', found));
        Assert.True(words.AtEnd);
        Assert.False(words.TryNext(out _));
    }

    [Fact]
    public void TheRestIsAsItWasTyped()
    {
        CommandArguments words = new(Bytes(" echo  a   b "));
        Assert.True(words.TryNext(out _));
        Assert.Equal("a   b", Encoding.UTF8.GetString(words.Rest));
        Assert.False(words.AtEnd);
    }

    [Theory]
    [InlineData("0", true, 0)]
    [InlineData("12", true, 12)]
    [InlineData("007", true, 7)]
    [InlineData("0x1F", true, 31)]
    [InlineData("0xffffffffffffffff", true, ulong.MaxValue)]
    [InlineData("18446744073709551615", true, ulong.MaxValue)]
    [InlineData("18446744073709551616", false, 0)]
    [InlineData("0x10000000000000000", false, 0)]
    [InlineData("", false, 0)]
    [InlineData("0x", false, 0)]
    [InlineData("-1", false, 0)]
    [InlineData("+1", false, 0)]
    [InlineData("1.5", false, 0)]
    [InlineData("1f", false, 0)]
    [InlineData("0xg", false, 0)]
    [InlineData("\u0663", false, 0)]
    public void Numbers(string text, bool expected, ulong value)
    {
        Assert.Equal(expected, CommandArguments.TryParse(Bytes(text), out ulong parsed));
        if (expected)
        {
            Assert.Equal(value, parsed);
        }
    }

    [Theory]
    [InlineData("5", true, 5)]
    [InlineData("", true, 7)]
    [InlineData("10", true, 10)]
    [InlineData("11", false, 0)]
    [InlineData("0", false, 0)]
    [InlineData("x", false, 0)]
    public void NumbersWithinBounds(string text, bool expected, ulong value)
    {
        CommandArguments words = new(Bytes(text));
        Assert.Equal(expected, words.TryNextNumber(1, 10, 7, out ulong parsed));
        if (expected)
        {
            Assert.Equal(value, parsed);
        }
    }
}
