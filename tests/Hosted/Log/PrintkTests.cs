// Printk: levels, lines, partial lines, consoles, and interrupts of every kind at every point in it.

using System.Text;
using CSharpOS.Arch;
using CSharpOS.Log;
using CSharpOS.Sched;
using Xunit;

namespace CSharpOS.Hosted.Log;

[Trait("Row", "LOG-01")]
public unsafe class PrintkTests : LogFixture
{
    private static LogLevel[] AllLevels { get; } =
    [
        LogLevel.Emergency, LogLevel.Alert, LogLevel.Critical, LogLevel.Error,
        LogLevel.Warning, LogLevel.Notice, LogLevel.Info, LogLevel.Debug,
    ];

    [Fact]
    public void AMessageOfEachLevelIsInTheRing()
    {
        foreach (LogLevel level in AllLevels)
        {
            Printk(level, $"level {(int)level}\n");
        }

        LogReader reader = new(0);
        foreach (LogLevel level in AllLevels)
        {
            Assert.True(reader.MoveNext());
            Assert.Equal(level, reader.Current.Level);
            Assert.Equal($"level {(int)level}", Encoding.UTF8.GetString(reader.Current.Text));
        }

        Assert.False(reader.MoveNext());
    }

    [Fact]
    public void NoLevelIsWarning()
    {
        Printk($"plain {1}\n");
        Printk("span\n"u8);
        Printk("string\n");
        LogReader reader = new(0);
        for (int i = 0; i < 3; i++)
        {
            Assert.True(reader.MoveNext());
            Assert.Equal(LogLevel.Warning, reader.Current.Level);
        }

        Assert.Equal("[T] plain 1\n[T] span\n[T] string\n", Dmesg());
    }

    [Theory]
    [InlineData("", 7)]
    [InlineData("quiet", 4)]
    [InlineData("debug", 8)]
    [InlineData("loglevel=3", 3)]
    [InlineData("loglevel=1", 1)]
    [InlineData("loglevel=0", 1)]
    [InlineData("loglevel=-5", 1)]
    [InlineData("loglevel=99", 8)]
    [InlineData("loglevel=x", 7)]
    [InlineData("quiet loglevel=6", 6)]
    public void TheCommandLineSaysWhatConsolesShow(string commandLine, int shown)
    {
        Boot(commandLine);
        CSharpOS.Log.Console* console = Register();
        foreach (LogLevel level in AllLevels)
        {
            Printk(level, $"level {(int)level}\n");
        }

        StringBuilder expected = new();
        for (int level = 0; level < shown; level++)
        {
            expected.Append($"[T] level {level}\n");
        }

        Assert.Equal(expected.ToString(), Shown(console));
        Assert.Equal(8, Dmesg().Split('\n').Length - 1);
    }

    [Fact]
    public void AConsoleMayHaveALevelOfItsOwn()
    {
        CSharpOS.Log.Console* all = Register(0);
        CSharpOS.Log.Console* few = Register(1, level: 3);
        Printk(LogLevel.Critical, "critical\n"u8);
        Printk(LogLevel.Error, "error\n"u8);
        Assert.Equal("[T] critical\n[T] error\n", Shown(all));
        Assert.Equal("[T] critical\n", Shown(few));
    }

    [Fact]
    public void PartialLinesAreOneLine()
    {
        CSharpOS.Log.Console* console = Register();
        Printk(LogLevel.Info, $"probing");
        Printk($" irq {5}");
        Printk(": found\n"u8);
        Printk("next\n"u8);
        const string Expected = "[T] probing irq 5: found\n[T] next\n";
        Assert.Equal(Expected, Shown(console));
        Assert.Equal(Expected, Dmesg());
    }

    [Fact]
    public void ALevelBeginsANewLine()
    {
        CSharpOS.Log.Console* console = Register();
        Printk("half"u8);
        Printk(LogLevel.Error, "error\n"u8);
        Printk("rest\n"u8);
        Assert.Equal("[T] half\n[T] error\n[T] rest\n", Shown(console));
    }

    [Fact]
    public void AnotherContextDoesNotGoOnWithTheLine()
    {
        CSharpOS.Log.Console* console = Register();
        Printk("task "u8);
        IrqEnter();
        Printk("handler "u8);
        Printk("goes on\n"u8);
        IrqExit();
        Printk("task goes on\n"u8);
        Assert.Equal("[T] task \n[T] handler goes on\n[T] task goes on\n", Shown(console));
    }

    [Fact]
    public void APartOfAHiddenLineStaysHidden()
    {
        CSharpOS.Log.Console* console = Register();
        Printk(LogLevel.Debug, "hidden "u8);
        Printk("too\n"u8);
        Printk("shown\n"u8);
        Assert.Equal("[T] shown\n", Shown(console));
        Assert.Equal("[T] hidden too\n[T] shown\n", Dmesg());
    }

    [Fact]
    public void AHiddenMessageLeavesAnUnfinishedLineAlone()
    {
        CSharpOS.Log.Console* console = Register();
        Printk(LogLevel.Info, "one "u8);
        Printk(LogLevel.Debug, "hidden\n"u8);
        Printk("two\n"u8);
        Assert.Equal("[T] one two\n", Shown(console));
    }

    [Fact]
    public void SeveralLinesInOneMessage()
    {
        Printk(LogLevel.Info, $"a\nb\n\nc");
        Printk("d\n"u8);
        Assert.Equal("[T] a\n[T] b\n[T] \n[T] cd\n", Dmesg());
    }

    [Fact]
    public void AnEmptyMessageIsNothing()
    {
        Printk($"{""}");
        Printk(default(ReadOnlySpan<byte>));
        Assert.Equal("", Dmesg());
    }

    [Fact]
    public void ALineThatIsTooLongIsCutAndEnds()
    {
        string big = new('x', 5000);
        Printk($"{big}\n");
        Printk("next\n"u8);
        string[] lines = Dmesg().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Equal("[T] " + new string('x', 1024 - 5) + "[...]", lines[0]);
        Assert.Equal("[T] next", lines[1]);
        Assert.Equal(0, TextPool.InUse);
    }

    [Fact]
    public void ALongSpanIsKeptInSeveralRecordsOfOneLine()
    {
        byte[] big = new byte[3000];
        big.AsSpan().Fill((byte)'y');
        big[^1] = (byte)'\n';
        Printk(big);
        Assert.Equal("[T] " + new string('y', 2999) + "\n", Dmesg());
    }

    [Fact]
    public void AConsoleSeesWhatWasLoggedBeforeIt()
    {
        Printk("early\n"u8);
        CSharpOS.Log.Console* first = Register(0);
        Printk("later\n"u8);
        CSharpOS.Log.Console* second = Register(1);
        CSharpOS.Log.Console* fresh = Register(2, flags: ConsoleFlags.NoReplay);
        Printk("last\n"u8);
        Assert.Equal("[T] early\n[T] later\n[T] last\n", Shown(first));
        Assert.Equal("[T] early\n[T] later\n[T] last\n", Shown(second));
        Assert.Equal("[T] last\n", Shown(fresh));
    }

    [Fact]
    public void AConsoleThatComesLateIsToldWhatItMissed()
    {
        for (int i = 0; i < 10_000; i++)
        {
            Printk($"message {i} with some text to fill the ring quickly\n");
        }

        // From the start: there is nothing to miss for a console that is new. One that did not get to print is told.
        CSharpOS.Log.Console* console = Register();
        Assert.EndsWith("message 9999 with some text to fill the ring quickly\n", Shown(console));
        console->Position = 0;
        Printk("more\n"u8);
        Assert.Contains(" bytes of log overwritten **\n", Shown(console));
    }

    [Fact]
    public void UnregisteredConsolesAreNotUsed()
    {
        CSharpOS.Log.Console* first = Register(0);
        CSharpOS.Log.Console* second = Register(1);
        CSharpOS.Log.Console* third = Register(2);
        Assert.Equal(0, KernelLog.UnregisterConsole(second));
        Assert.Equal(-ENODEV, KernelLog.UnregisterConsole(second));
        Printk("x\n"u8);
        Assert.Equal("[T] x\n", Shown(first));
        Assert.Equal("", Shown(second));
        Assert.Equal("[T] x\n", Shown(third));
        Assert.Equal(0, KernelLog.UnregisterConsole(first));
        Assert.Equal(0, KernelLog.UnregisterConsole(third));
        Printk("y\n"u8);
        Assert.Equal("[T] x\n", Shown(first));
    }

    [Fact]
    public void RegisteringTwiceIsOnce()
    {
        CSharpOS.Log.Console* console = Register();
        KernelLog.RegisterConsole(console);
        Printk("x\n"u8);
        Assert.Equal("[T] x\n", Shown(console));
    }

    [Fact]
    public void EarlyPrintkShowsTextBeforeAnyConsole()
    {
        Printk("silent\n"u8);
        Assert.Equal("", EarlyConsole.Text);
        Boot("earlyprintk");
        Printk("loud\n"u8);
        Assert.Equal("[T] loud\n", WithoutTimes(EarlyConsole.Text));
        CSharpOS.Log.Console* console = Register();
        Printk("driver\n"u8);
        Assert.Equal("[T] loud\n", WithoutTimes(EarlyConsole.Text));
        Assert.Equal("[T] loud\n[T] driver\n", Shown(console));
    }

    [Fact]
    public void RawTextGoesToAllConsolesAndNotIntoTheLog()
    {
        CSharpOS.Log.Console* first = Register(0);
        CSharpOS.Log.Console* second = Register(1);
        KernelLog.WriteToConsoles("prompt> "u8);
        Assert.Equal("prompt> ", Shown(first));
        Assert.Equal("prompt> ", Shown(second));
        Assert.Equal("", Dmesg());
    }
}
