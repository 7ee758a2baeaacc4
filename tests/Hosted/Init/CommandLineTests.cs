// The command line: the grammar, and lines that are no lines.

using System.Text;
using CSharpOS.Init;
using Xunit;

namespace CSharpOS.Hosted.Init;

[Trait("Row", "LOG-01")]
public class CommandLineTests
{
    [Theory]
    [InlineData("noapic", "noapic", true)]
    [InlineData("  noapic  ", "noapic", true)]
    [InlineData("a noapic b", "noapic", true)]
    [InlineData("xnoapic noapicx no apic", "noapic", false)]
    [InlineData("noapic=1", "noapic", true)]
    [InlineData("x=noapic", "noapic", false)]
    [InlineData("x=\"a noapic b\"", "noapic", false)]
    [InlineData("no-apic", "no_apic", true)]
    [InlineData("no_apic", "no-apic", true)]
    [InlineData("NOAPIC", "noapic", false)]
    [InlineData("", "noapic", false)]
    [InlineData("   ", "noapic", false)]
    [InlineData("\tnoapic\n", "noapic", true)]
    [InlineData("\"noapic\"", "noapic", true)]
    public void Has(string line, string key, bool expected)
    {
        Start(line);
        Assert.Equal(expected, CommandLine.Has(Encoding.UTF8.GetBytes(key)));
    }

    [Theory]
    [InlineData("root=/dev/sda", "root", "/dev/sda")]
    [InlineData("root=", "root", "")]
    [InlineData("root", "root", null)]
    [InlineData("root=a=b", "root", "a=b")]
    [InlineData("root=1 root=2 root", "root", "2")]
    [InlineData("a=\"x y  z\" b=2", "a", "x y  z")]
    [InlineData("a=\"x y  z\" b=2", "b", "2")]
    [InlineData("\"a=x y\" b=2", "a", "x y")]
    [InlineData("a=\"x y b=2", "a", "x y b=2")]
    [InlineData("a=\"x y b=2", "b", null)]
    [InlineData("a=\"\" b=2", "a", "")]
    [InlineData("a=\" b=2", "a", " b=2")]
    [InlineData("a=x\"y z\"w b=2", "a", "x\"y z\"w")]
    [InlineData("a=\"", "a", "")]
    [InlineData("\"", "a", null)]
    [InlineData("\"\"", "", null)]
    [InlineData("=x", "", "x")]
    [InlineData("a=x\u0001y", "a", "x?y")]
    [InlineData("a=häuser", "a", "häuser")]
    [InlineData("log-level=3", "log_level", "3")]
    public void Values(string line, string key, string? expected)
    {
        Start(line);
        bool found = CommandLine.TryGetValue(Encoding.UTF8.GetBytes(key), out ReadOnlySpan<byte> value);
        Assert.Equal(expected != null, found);
        Assert.Equal(expected ?? "", Encoding.UTF8.GetString(value));
    }

    [Theory]
    [InlineData("5", 5)]
    [InlineData("0", 0)]
    [InlineData("-1", -1)]
    [InlineData("+7", 7)]
    [InlineData("007", 7)]
    [InlineData("2147483647", int.MaxValue)]
    [InlineData("-2147483648", int.MinValue)]
    [InlineData("2147483648", null)]
    [InlineData("-2147483649", null)]
    [InlineData("99999999999999999999999999", null)]
    [InlineData("0x10", 16)]
    [InlineData("0XfF", 255)]
    [InlineData("-0x80000000", int.MinValue)]
    [InlineData("0x80000000", null)]
    [InlineData("0x", null)]
    [InlineData("", null)]
    [InlineData("-", null)]
    [InlineData("5x", null)]
    [InlineData("x5", null)]
    [InlineData("5 ", 5)]
    [InlineData("\"5\"", 5)]
    [InlineData("0xg", null)]
    public void Numbers(string text, int? expected)
    {
        Start("panic=" + text);
        Assert.Equal(expected.HasValue, CommandLine.TryGetInt("panic"u8, out int value));
        Assert.Equal(expected ?? 0, value);
    }

    [Fact]
    public void TheLastNumberWinsEvenIfItIsNone()
    {
        Start("panic=1 panic=x");
        Assert.False(CommandLine.TryGetInt("panic"u8, out _));
    }

    [Fact]
    public void AllWordsAreKept()
    {
        Start(" one  two=2 \"three=3 3\" four=\"4 4\" five= ");
        StringBuilder all = new();
        int position = 0;
        while (CommandLine.NextWord(ref position, out ReadOnlySpan<byte> key, out bool hasValue, out ReadOnlySpan<byte> value))
        {
            all.Append($"{Encoding.UTF8.GetString(key)}{(hasValue ? "=" : "")}{Encoding.UTF8.GetString(value)};");
        }

        Assert.Equal("one;two=2;three=3 3;four=4 4;five=;", all.ToString());
    }

    [Fact]
    public void AZeroByteEndsTheLine()
    {
        CommandLine.Init("panic=1\0quiet"u8);
        Assert.Equal("panic=1", Encoding.UTF8.GetString(CommandLine.Text));
        Assert.False(CommandLine.IsCut);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(9)]
    public void AnOverlongLineLosesTheWordThatDoesNotFit(int over)
    {
        string start = "quiet " + new string('x', CommandLine.MaxLength - 6 - 8) + " ";
        Assert.Equal(CommandLine.MaxLength - 7, start.Length);
        Start(start + "panic=1" + new string('2', over));
        Assert.Equal(over > 0, CommandLine.IsCut);
        Assert.Equal(over == 0, CommandLine.Has("panic"u8));
        Assert.True(CommandLine.Has("quiet"u8));
    }

    [Fact]
    public void AnOverlongLineThatEndsBetweenWordsKeepsThemAll()
    {
        string start = "quiet " + new string('x', CommandLine.MaxLength - 6 - 8) + " ";
        Start(start + "panic=1 more=2");
        Assert.True(CommandLine.IsCut);
        Assert.True(CommandLine.TryGetInt("panic"u8, out int value));
        Assert.Equal(1, value);
        Assert.False(CommandLine.Has("more"u8));
    }

    [Fact]
    public void OneEndlessWordIsNoWord()
    {
        Start(new string('a', 10_000));
        Assert.True(CommandLine.IsCut);
        int position = 0;
        Assert.False(CommandLine.NextWord(ref position, out _, out _, out _));
        Start("\"" + new string(' ', 10_000));
        position = 0;
        Assert.False(CommandLine.NextWord(ref position, out _, out _, out _));
    }

    [Fact]
    public void GarbageSurvives()
    {
        Random random = new(7);
        byte[] alphabet = "ab=\" -_\t\n0x9\u00ff"u8.ToArray();
        for (int round = 0; round < 20_000; round++)
        {
            byte[] line = new byte[random.Next(1, round % 100 == 0 ? 5000 : 60)];
            for (int i = 0; i < line.Length; i++)
            {
                line[i] = round % 2 == 0 ? alphabet[random.Next(alphabet.Length)] : (byte)random.Next(256);
            }

            CommandLine.Init(line);
            ReadOnlySpan<byte> text = CommandLine.Text;
            Assert.True(text.Length <= line.Length && text.Length <= CommandLine.MaxLength);
            foreach (byte b in text)
            {
                Assert.True(b >= ' ' && b != 0x7f);
            }

            int position = 0;
            int words = 0;
            int before = 0;
            while (CommandLine.NextWord(ref position, out ReadOnlySpan<byte> key, out bool hasValue, out ReadOnlySpan<byte> value))
            {
                Assert.True(position > before && position <= text.Length);
                before = position;
                words++;
                Assert.True(CommandLine.Has(key));
                if (hasValue)
                {
                    Assert.True(CommandLine.TryGetValue(key, out _));
                }
                else
                {
                    Assert.Equal(0, value.Length);
                }
            }

            Assert.True(words <= text.Length);
            CommandLine.TryGetInt("a"u8, out _);
            CommandLine.TryGetInt("b"u8, out _);
        }
    }

    private static void Start(string line) => CommandLine.Init(Encoding.UTF8.GetBytes(line));
}
