// The monitor: its table of commands, what it says to bad input, faults inside commands, and the loop from keys to commands.

using System.Linq;
using System.Text;
using CSharpOS.Drivers;
using CSharpOS.Hosted.Drivers;
using CSharpOS.Hosted.Irq;
using CSharpOS.Init;
using CSharpOS.Monitoring;
using Xunit;

namespace CSharpOS.Hosted.Monitoring;

[Trait("Row", "DRV-01")]
public sealed unsafe class MonitorTests : IDisposable
{
    private static readonly List<string> s_calls = [];
    private static int s_result;

    private readonly IrqMachine _machine = new();
    private readonly CapturedConsole _console;

    public MonitorTests()
    {
        s_calls.Clear();
        s_result = 0;
        Monitor.Init();
        _console = new CapturedConsole();
    }

    public void Dispose() => _console.Dispose();

    private static int Note(ReadOnlySpan<byte> arguments)
    {
        s_calls.Add(Encoding.ASCII.GetString(arguments));
        return s_result;
    }

    private static int Stop(ReadOnlySpan<byte> arguments) => throw new SimulatedHaltException();

    private static int Fault(ReadOnlySpan<byte> arguments)
    {
        Recovery.TryResume(15);
        return 0;
    }

    private int Execute(string line)
    {
        _console.Clear();
        return Monitor.Execute(Encoding.UTF8.GetBytes(line));
    }

    [Theory]
    [InlineData("note", "")]
    [InlineData("note a b", "a b")]
    [InlineData("  note   a  b  ", "a  b")]
    public void CommandsGetTheirArguments(string line, string expected)
    {
        Assert.Equal(0, Monitor.Register("note"u8, ""u8, "for tests"u8, &Note));
        Assert.Equal(0, Execute(line));
        Assert.Equal([expected], s_calls);
        Assert.Equal("", _console.Text);
    }

    [Theory]
    [InlineData("foo", "unknown command 'foo'; help lists the commands\n")]
    [InlineData("  help2 x", "unknown command 'help2'; help lists the commands\n")]
    [InlineData("HELP", "unknown command 'HELP'; help lists the commands\n")]
    [InlineData("hel", "unknown command 'hel'; help lists the commands\n")]
    [InlineData("help help help", "usage: help [COMMAND]\n")]
    [InlineData("help foo", "help: no command 'foo'\n")]
    [InlineData("uptime now", "usage: uptime\n")]
    [InlineData("version 2", "usage: version\n")]
    [InlineData("interrupts x", "usage: interrupts\n")]
    [InlineData("meminfo x", "usage: meminfo\n")]
    [InlineData("dmesg -c", "usage: dmesg\n")]
    [InlineData("reboot now", "usage: reboot [orderly]\n")]
    [InlineData("poweroff now", "usage: poweroff [orderly]\n")]
    [InlineData("spurious 3", "usage: spurious\n")]
    [InlineData("oops maybe", "usage: oops [null|divide|jump|stack|text|data|index]\n")]
    [InlineData("oops null null", "usage: oops [null|divide|jump|stack|text|data|index]\n")]
    [InlineData("irq", "usage: irq storm [N [LINE]]\n")]
    [InlineData("irq flood", "usage: irq storm [N [LINE]]\n")]
    [InlineData("irq storm 0", "usage: irq storm [N [LINE]]\n")]
    [InlineData("irq storm 5 16", "usage: irq storm [N [LINE]]\n")]
    [InlineData("irq storm 99999999999999999999", "usage: irq storm [N [LINE]]\n")]
    [InlineData("irq storm 5 5 5", "usage: irq storm [N [LINE]]\n")]
    [InlineData("irq storm", "irq storm: no pc-testdev here (QEMU option -device pc-testdev)\n")]
    [InlineData("bench", "bench: this image holds no measurements\n")]
    [InlineData("bench 1", "usage: bench\n")]
    [InlineData("test", "test: this image holds no such test suite\n")]
    public void BadInputGetsOneClearLine(string line, string expected)
    {
        Assert.True(Execute(line) < 0);
        Assert.Equal(expected, _console.Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("     ")]
    public void ABlankLineIsNoCommand(string line)
    {
        Assert.Equal(0, Execute(line));
        Assert.Equal("", _console.Text);
    }

    [Fact]
    public void TheLongestLineIsACommandLikeAnyOther()
    {
        string line = new('x', LineEditor.MaxLength);
        Assert.Equal(-ENOENT, Execute(line));
        Assert.Equal($"unknown command '{line}'; help lists the commands\n", _console.Text);
    }

    [Fact]
    public void HelpListsEverythingInOrder()
    {
        Assert.Equal(0, Monitor.Register("apple"u8, "N"u8, "eat it"u8, &Note));
        Assert.Equal(0, Execute("help"));
        Assert.StartsWith("apple N                 eat it\nbench ", _console.Text, StringComparison.Ordinal);
        string[] names = Array.ConvertAll(
            Array.FindAll(_console.Text.Split('\n'), line => line.Length != 0 && line[0] != ' '), line => line.Split(' ')[0]);
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        const string Expected = "help interrupts dmesg meminfo version uptime irq spurious oops panic reboot poweroff bench test echo";
        foreach (string name in Expected.Split(' '))
        {
            Assert.Contains(name, names);
        }

        Assert.Equal(0, Execute("help apple"));
        Assert.Equal("apple N                 eat it\n", _console.Text);
        Assert.All(_console.Text.Split('\n'), line => Assert.True(line.Length < 80));
    }

    [Fact]
    public void NamesAreUniqueAndCanBeGivenBack()
    {
        Assert.Equal(0, Monitor.Register("note"u8, ""u8, ""u8, &Note));
        Assert.Equal(-EBUSY, Monitor.Register("note"u8, ""u8, ""u8, &Note));
        Assert.Equal(-EBUSY, Monitor.Register("help"u8, ""u8, ""u8, &Note));
        Assert.Equal(-EINVAL, Monitor.Register(""u8, ""u8, ""u8, &Note));
        Assert.Equal(-EINVAL, Monitor.Register("two words"u8, ""u8, ""u8, &Note));
        Assert.Equal(-EINVAL, Monitor.Register("null"u8, ""u8, ""u8, null));
        Monitor.Unregister("note"u8);
        Monitor.Unregister("note"u8);
        Assert.Equal(-ENOENT, Execute("note"));
        Assert.Equal(0, Monitor.Register("note"u8, ""u8, ""u8, &Note));
        Assert.Equal(0, Execute("note"));
    }

    [Fact]
    public void AFullTableSaysSo()
    {
        byte* names = stackalloc byte[2 * Monitor.MaxCommands];
        int result = 0;
        for (int i = 0; i < Monitor.MaxCommands && result == 0; i++)
        {
            names[2 * i] = (byte)'z';
            names[(2 * i) + 1] = (byte)('0' + i);
            result = Monitor.Register(new ReadOnlySpan<byte>(names + (2 * i), 2), ""u8, ""u8, &Note);
        }

        Assert.Equal(-ENOSPC, result);
        Assert.Equal(0, Execute("echo still here"));
        Assert.Equal("still here\n", _console.Text);
    }

    [Fact]
    public void AFaultEndsOnlyTheCommand()
    {
        Assert.Equal(0, Monitor.Register("fault"u8, ""u8, ""u8, &Fault));
        Assert.Equal(-EFAULT, Execute("fault"));
        Assert.Equal("fault: ended by a fault\n", _console.Text);
        Assert.Equal(0, Execute("echo on"));
    }

    [Fact]
    public void ACommandsErrorIsPassedOnWithoutAWord()
    {
        Assert.Equal(0, Monitor.Register("note"u8, ""u8, ""u8, &Note));
        s_result = -EIO;
        Assert.Equal(-EIO, Execute("note"));
        Assert.Equal("", _console.Text);
    }

    [Fact]
    public void DmesgShowsTheLogAndNothingElse()
    {
        Printk(LogLevel.Info, "first message\n");
        Printk(LogLevel.Debug, "a debug message\n");
        Assert.Equal(0, Execute("dmesg"));
        string once = _console.Text;
        Assert.Contains("first message\n", once, StringComparison.Ordinal);
        Assert.Contains("a debug message\n", once, StringComparison.Ordinal);
        Assert.Equal(0, Execute("dmesg"));
        Assert.Equal(once, _console.Text);
    }

    [Fact]
    public void UptimeCountsTicksSinceBoot()
    {
        for (int i = 0; i < 1234; i++)
        {
            Clock.Tick();
        }

        Assert.Equal(0, Execute("uptime"));
        Assert.Matches(@"^up 0 days 00:00:0\d\.\d\d, 1234 ticks of 1/\d+ s\n$", _console.Text);
    }

    [Fact]
    public void InterruptsAndMeminfoShowTables()
    {
        Handlers.Reset();
        Assert.Equal(0, RequestIrq(5, Handlers.Get(0), IrqFlags.None, "fifth"u8, null));
        _machine.Pulse(5);
        Assert.Equal(0, Execute("interrupts"));
        Assert.Matches(@"  5: +1 +XT-PIC  fifth\n", _console.Text);
        Assert.Contains("\nERR:", _console.Text, StringComparison.Ordinal);
        Assert.Equal(0, Execute("meminfo"));
        Assert.StartsWith("total        32", _console.Text, StringComparison.Ordinal);
        Assert.Matches(@"\nzone DMA +\d+ KB free of \d+", _console.Text);
        Assert.Matches(@"\nkmalloc-\d+ +\d+ +\d+ +\d+ +\d+\n", _console.Text);
    }

    [Fact]
    public void AStormIsCountedToTheLastInterrupt()
    {
        uint latch = 0;
        Simulation.AttachPorts(0xe0, 1, (_, _) => latch, (_, value, _) => latch = value);
        Simulation.AttachPorts(0x2000, 16, (_, _) => 0, (port, value, _) => _machine.Pic.SetLine(port - 0x2000, value != 0));
        _machine.TakeInterruptsAnywhere();
        Assert.Equal(0, Execute("irq storm 5000 12"));
        Assert.StartsWith("line 12: raised 5000 times, 5000 interrupts, ", _console.Text, StringComparison.Ordinal);
        Assert.True(IrqToDescriptor(12)->Action == null);
        Assert.Equal(-EBUSY, Execute("irq storm 10 2"));
        Assert.Equal("irq storm: line 2 cannot be had, error -16\n", _console.Text);
        _machine.AssertQuiet();
    }

    [Fact]
    public void ControlCEndsAStormAndKeepsWhatFollows()
    {
        uint latch = 0;
        Simulation.AttachPorts(0xe0, 1, (_, _) => latch, (_, value, _) => latch = value);
        Type("early\x03late");
        Assert.Equal(0, Execute("irq storm 5000 12"));
        Assert.StartsWith("line 12: raised 0 times", _console.Text, StringComparison.Ordinal);
        Assert.Equal((byte)'l', MonitorInput.Read());
    }

    [Fact]
    public void TypedAheadInputSurvivesTheSearchForControlC()
    {
        Type(new string('x', 1500) + "y");
        Assert.False(Monitor.Interrupted());
        for (int i = 0; i < 1500; i++)
        {
            Assert.Equal((byte)'x', MonitorInput.Read());
            Assert.False(Monitor.Interrupted());
        }

        Assert.Equal((byte)'y', MonitorInput.Read());
    }

    [Fact]
    public void TestHooksRunWhatIsLinked()
    {
        TestCommands.SetBench(&Bench);
        TestCommands.SetTest(&Note);
        Assert.Equal(0, Execute("bench"));
        Assert.Equal(0, Execute("test irq"));
        Assert.Equal(["bench", "irq"], s_calls);
        Assert.Equal("test: passed\n", _console.Text);
        s_result = 2;
        Assert.Equal(-EIO, Execute("test"));
        Assert.Equal("test: 2 suites failed; the results are on the second serial port\n", _console.Text);
    }

    [Fact]
    public void TheLoopTakesLinesFromAllConsoles()
    {
        Assert.Equal(0, Monitor.Register("note"u8, ""u8, ""u8, &Note));
        Type("note one\rnote two\n");
        Assert.Equal(0, Monitor.Register("stop"u8, ""u8, ""u8, &Stop));
        string later = "nope\r\x03note three\rstop\r";
        Simulation.OnArchCall = () =>
        {
            // Interrupts bring further keys, always one before the monitor would have to sleep.
            if (s_calls.Count >= 2 && later.Length != 0 && !WaitQueue.IsActive(ConsoleInput.Readers))
            {
                ConsoleInput.Put((byte)later[0]);
                later = later[1..];
            }
        };
        Assert.Throws<SimulatedHaltException>(() => Monitor.Run());
        Assert.Equal(["one", "two", "three"], s_calls);
        Assert.Contains("csharpos> note one\ncsharpos> note two\ncsharpos> ", _console.Text, StringComparison.Ordinal);
        Assert.Contains("unknown command 'nope'", _console.Text, StringComparison.Ordinal);
        Assert.Contains("^C\ncsharpos> note three\n", _console.Text, StringComparison.Ordinal);
    }

    private static bool Bench()
    {
        s_calls.Add("bench");
        return true;
    }

    private static void Type(string text)
    {
        foreach (char key in text)
        {
            Assert.True(ConsoleInput.Put((byte)key));
        }
    }
}
