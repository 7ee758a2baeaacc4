// The logic of other programs: grep's patterns, irqtop's rows, options and numbers.

using System.Collections.Generic;
using System.Text;
using CSharpOS.User.Programs;
using Xunit;

namespace CSharpOS.User.Tests;

public sealed class ProgramTests
{
    [Theory]
    [InlineData("rtc", "  8:  12  IO-APIC  rtc", true)]
    [InlineData("rtc", "  8:  12  IO-APIC  RTC", false)]
    [InlineData("^a.c$", "abc", true)]
    [InlineData("^a.c$", "abcd", false)]
    [InlineData("a.c", "a€c", true)]
    [InlineData("ab*c", "ac", true)]
    [InlineData("ab*c", "abbbc", true)]
    [InlineData("a.*z", "a to z", true)]
    [InlineData("a\\.b", "a.b", true)]
    [InlineData("a\\.b", "axb", false)]
    [InlineData("", "anything", true)]
    [InlineData("$", "", true)]
    [InlineData("*a", "*a", true)]
    public void PatternsFit(string pattern, string line, bool fits)
    {
        Assert.Equal(fits, new Pattern(Encoding.UTF8.GetBytes(pattern), ignoreCase: false).IsIn(Encoding.UTF8.GetBytes(line)));
    }

    [Fact]
    public void LargeAndSmallLettersMayBeTheSame()
    {
        Assert.True(new Pattern("RTC"u8.ToArray(), ignoreCase: true).IsIn("rtc"u8));
    }

    [Fact]
    public void InterruptsAreAddedUpOverTheCpus()
    {
        List<InterruptRow> rows = InterruptRow.ParseAll(
            "           CPU0       CPU1\n  8:         12          3   IO-APIC-edge      rtc\nNMI:          0          1   Non-maskable interrupts\nERR:          7\n"u8);
        Assert.Equal(["8", "NMI", "ERR"], rows.ConvertAll(row => row.Name));
        Assert.Equal([15ul, 1, 7], rows.ConvertAll(row => row.Sum));
        Assert.Equal("IO-APIC-edge      rtc", rows[0].Description);
    }

    [Theory]
    [InlineData("0", true, 0)]
    [InlineData("-19", true, -19)]
    [InlineData("2147483647", true, int.MaxValue)]
    [InlineData("2147483648", false, 0)]
    [InlineData("99999999999999999999999", false, 0)]
    [InlineData("", false, 0)]
    [InlineData("-", false, 0)]
    [InlineData("5x", false, 0)]
    public void NumbersAreWhole(string text, bool isNumber, int value)
    {
        Assert.Equal(isNumber, Number.TryParse(text, out int number));
        if (isNumber)
        {
            Assert.Equal(value, number);
        }
    }

    [Fact]
    public void OptionsMayBeWrittenTogether()
    {
        Assert.True(Options.TryParse(["-la", "-1", "--", "-x"], "al1", out uint flags, out int first));
        Assert.Equal((7u, 3), (flags, first));
        Assert.True(Options.TryParse(["-", "-l"], "al1", out flags, out first));
        Assert.Equal((0u, 0), (flags, first));
        Assert.False(Options.TryParse(["-q"], "al1", out _, out _));
    }

    [Theory]
    [InlineData("-n", "5", true, 5, 2)]
    [InlineData("-n7", "file", true, 7, 1)]
    [InlineData("-n", "file", false, 0, 2)]
    [InlineData("file", "-n", true, 10, 0)]
    public void ANumberFollowsItsOption(string one, string two, bool isGood, int value, int rest)
    {
        int number = 10;
        int first = 0;
        Assert.Equal(isGood, Options.TryTakeNumber([one, two], "-n", ref first, ref number));
        if (isGood)
        {
            Assert.Equal((value, rest), (number, first));
        }
    }
}
