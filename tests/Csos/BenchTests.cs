// The benchmark's lines and table, and the size of an image.

using System.Buffers.Binary;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CSharpOS.Tool.Bench;
using CSharpOS.Tool.Images;

namespace CSharpOS.Tool.Tests;

public sealed class BenchTests : IDisposable
{
    private readonly FakeRepository _repository = new();

    public BenchTests() => _repository.AddImages("release");

    public void Dispose() => _repository.Dispose();

    [Theory]
    [InlineData("bench: tick 140 151 instructions", "tick", 140, 151, "instructions")]
    [InlineData("bench: two-words 1 2.5 ms\r", "two-words", 1, 2.5, "ms")]
    [InlineData("bench: share 0.25 0.30 %", "share", 0.25, 0.3, "%")]
    public void A_measurement_is_read(string line, string key, double minimum, double median, string unit) =>
        Assert.Equal(new BenchLine(key, minimum, median, unit), BenchLine.Parse(line));

    [Theory]
    [InlineData("bench: tick 140 151")]
    [InlineData("bench: tick fast faster ms")]
    [InlineData("bench: two words 1 2 ms")]
    [InlineData("ok 1 bench: x 1 2 ms")]
    [InlineData("")]
    public void Anything_else_is_none(string line) => Assert.Null(BenchLine.Parse(line));

    [Fact]
    public void The_median_is_held_against_the_bar()
    {
        IReadOnlyList<BenchStanding> standings = BenchReport.Make(
            [new("new-thing", 1, 1, "ms"), new("tick", 790, 801, "x"), new("local-irq-save", 5, 6, "x"), new("scaling", 1.7, 1.9, "times")]);

        Assert.Equal("missed by 1", Of("tick"));
        Assert.Equal("kept", Of("local-irq-save"));
        Assert.Equal("kept", Of("scaling"));
        Assert.Equal("not yet", Of("pipe"));
        Assert.Equal(("new-thing", ""), (standings[^1].Name, standings[^1].Verdict));
        Assert.Equal(Bars.All.Count + 1, standings.Count);
        Assert.Equal($"2 bars kept, 1 missed, {Bars.All.Count - 3} not measured yet", BenchReport.Summary(standings));

        string Of(string key) => standings.Single(standing => standing.Bar?.Key == key).Verdict;
    }

    [Fact]
    public void A_bar_that_is_to_be_reached_is_missed_from_below() =>
        Assert.Equal("missed by 0.3", new BenchStanding(new("scaling", 1.5, 1.5, "times"), Bars.Of("scaling")).Verdict);

    [Fact]
    public void Keys_of_bars_are_unique_words()
    {
        Assert.Equal(Bars.All.Count, Bars.All.Select(bar => bar.Key).Distinct().Count());
        Assert.Equal(Bars.All.Count, Bars.All.Select(bar => bar.Name).Distinct().Count());
        Assert.All(Bars.All, bar => Assert.DoesNotContain(' ', bar.Key));
    }

    // A key that the table does not know would stand there without its bar.
    [Fact]
    public void Every_key_that_the_kernel_measures_has_its_bar()
    {
        string suites = Path.Combine(ToolContext.OfThisProcess().Root, "tests", "Kernel.Suites");
        IEnumerable<string> keys = Directory.EnumerateFiles(suites, "*.cs")
            .SelectMany(file => Regex.Matches(File.ReadAllText(file), """Bench\.(?:Measure|Report\w*)\(\s*"([^"]+)"u8""").Select(match => match.Groups[1].Value));
        string user = Path.Combine(ToolContext.OfThisProcess().Root, "User");
        string programs = File.ReadAllText(Path.Combine(user, "Programs", "bench-user", "Program.cs")) +
            File.ReadAllText(Path.Combine(user, "Assembly", "bench-user32.asm"));
        keys = keys.Concat(Regex.Matches(programs, """(?:Measure\w+|Report)\("([^"]+)"u8|"bench: (\S+) (?=")""").Select(match => match.Groups[1].Value + match.Groups[2].Value));
        Assert.All(keys, key => Assert.NotNull(Bars.Of(key)));
        Assert.Contains("tick", keys);
        Assert.Contains("pipe", keys);
        Assert.Contains("getpid-vsyscall", keys);
    }

    [Fact]
    public async Task The_table_shows_bar_and_miss_and_strict_fails()
    {
        SetUp();

        Assert.Equal(ExitCodes.Success, await _repository.RunAsync("bench", "--no-build"));
        string output = _repository.Output.ToString();
        Assert.Contains("missed by 10", output);
        Assert.Contains("not yet", output);
        Assert.Contains(" 700 ", output);
        Assert.Contains(" 22.5 ", output);
        Assert.Contains("10 bars kept, 1 missed", output);
        string arguments = await File.ReadAllTextAsync(_repository.PathOf("arguments"));
        Assert.Contains("-icount\nshift=0,sleep=off\n", arguments);
        Assert.Contains("-append\nnoapic bench\n", arguments);
        Assert.Contains("-append\nbench=scaling\n", arguments);
        Assert.Contains("-append\nnoapic init=/init\n", arguments);
        Assert.Contains("-append\ninit=/init\n", arguments);
        Assert.Equal(ExitCodes.Failure, await _repository.RunAsync("bench", "--no-build", "--strict"));
    }

    [Fact]
    public async Task The_least_memory_is_the_first_size_that_reaches_the_prompt()
    {
        SetUp("""[[ "$*" == *"-m 12M"* ]] && { echo 'too little memory'; exit 0; }""");

        Assert.Equal(ExitCodes.Success, await _repository.RunAsync("bench", "--no-build", "--json"));
        JsonArray rows = JsonNode.Parse(_repository.Output.ToString())!.AsArray();
        Assert.Equal(16, rows.Single(row => (string?)row!["key"] == Bars.LeastMemory)!["median"]!.GetValue<double>());
        Assert.Equal("missed by 10", rows.Single(row => (string?)row!["key"] == "tick")!["verdict"]!.GetValue<string>());
        Assert.Null(rows.Single(row => (string?)row!["key"] == "pipe")!["median"]);
    }

    [Fact]
    public async Task The_page_gets_the_table_and_keeps_its_text()
    {
        SetUp();
        _repository.Write("docs/performance.md", $"before\n{PerformancePage.Begin}\nold\n{PerformancePage.End}\nafter\n");

        Assert.Equal(ExitCodes.Success, await _repository.RunAsync("bench", "--no-build", "--docs"));
        string page = await File.ReadAllTextAsync(_repository.PathOf("docs/performance.md"));
        Assert.StartsWith("before\n", page, StringComparison.Ordinal);
        Assert.EndsWith($"{PerformancePage.End}\nafter\n", page, StringComparison.Ordinal);
        Assert.DoesNotContain("old", page, StringComparison.Ordinal);
        Assert.Contains("| clock tick, CPU busy, whole interrupt | 810 | 140 | instructions | 800 | 2,504 | 6,338 | missed by 10 |", page);

        _repository.Write("docs/performance.md", "no place\n");
        Assert.Equal(ExitCodes.Failure, await _repository.RunAsync("bench", "--no-build", "--docs"));
        Assert.Contains("no place for the table", _repository.Error.ToString());
    }

    [Theory]
    [InlineData("echo 'bench: x 1 2 ms'; exit 37", "QEMU's status is 37")]
    [InlineData("exit 33", "measured nothing")]
    public async Task A_benchmark_that_breaks_off_fails(string script, string message)
    {
        _repository.SetQemu(script);

        Assert.Equal(ExitCodes.Failure, await _repository.RunAsync("bench", "--no-build"));
        Assert.Contains(message, _repository.Error.ToString());
    }

    [Fact]
    public async Task A_program_that_fails_is_an_error()
    {
        SetUp(bench32: "echo over");

        Assert.Equal(ExitCodes.Failure, await _repository.RunAsync("bench", "--no-build"));
        Assert.Contains("a program that measures system calls failed", _repository.Error.ToString());
    }

    [Fact]
    public void What_a_gate_takes_is_held_against_the_fast_entry()
    {
        BenchLine[] lines = [new("slow", 10, 30, "x"), new("fast", 8, 12, "x"), new("none", 0, 0, "x")];

        Assert.Equal(new BenchLine("key", 1.25, 2.5, "times"), BenchRunner.Ratio(lines, "key", "slow", "fast"));
        Assert.Throws<CsosException>(() => BenchRunner.Ratio(lines, "key", "slow", "none"));
        Assert.Throws<CsosException>(() => BenchRunner.Ratio(lines, "key", "other", "fast"));
    }

    [Fact]
    public void Loaded_bytes_leave_out_named_sections()
    {
        byte[] image = MakeElf(1000, 300);

        Assert.Equal(1000, ElfFile.LoadedBytes(image));
        Assert.Equal(700, ElfFile.LoadedBytes(image, ".ksymtab"));
        Assert.Throws<CsosException>(() => ElfFile.LoadedBytes(image.AsSpan(0, 100)));
        Assert.Throws<CsosException>(() => ElfFile.LoadedBytes("MZ"u8));
    }

    // An emulator that measures a tick, scales, and reaches the prompt.
    private void SetUp(
        string first = "", string bench32 = "echo 'bench: getpid-int80-32 119 120 instructions'; echo 'bench: getpid-vsyscall 110 111 instructions'; echo 'it ended well'; echo over")
    {
        _repository.Write("artifacts/image/release/csharpos.elf", "");
        File.WriteAllBytes(_repository.PathOf("artifacts/image/release/csharpos.elf"), MakeElf(1000, 300));
        _repository.SetQemu($"""
            printf '%s\n' "$@" >> {_repository.PathOf("arguments")}
            {first}
            case "$*" in
            *bench=scaling*) echo 'bench: scaling 1.90 1.95 times'; exit 33;;
            *'noapic bench'*) echo 'bench: tick 140 810 instructions'; exit 33;;
            *) echo 'First program 22500 us after power-on'; echo -n '/root # '
               while read -r -d $'\r' line; do
                   echo "$line"
                   case "$line" in
                   'bench-user32 '*) {bench32};;
                   'bench-user '*) echo 'bench: getpid-int80 100 101 instructions'; echo 'bench: getpid-syscall 80 101 instructions'; echo 'it ended well'; echo over;;
                   esac
                   echo -n '/root # '
               done
            esac
            """);
    }

    // One loaded segment, one note segment that does not count, and a symbol table section of a given size.
    private static byte[] MakeElf(long loaded, long symbols)
    {
        byte[] image = new byte[0x400];
        "\u007fELF\u0002\u0001"u8.CopyTo(image);
        Put64(0x20, 0x40);
        Put64(0x28, 0x100);
        Put16(0x36, 56);
        Put16(0x38, 2);
        Put16(0x3a, 64);
        Put16(0x3c, 3);
        Put16(0x3e, 2);
        Put32(0x40, 1);
        Put64(0x40 + 0x20, loaded);
        Put32(0x40 + 56, 4);
        Put64(0x40 + 56 + 0x20, 77);
        Put32(0x140, 1);
        Put64(0x140 + 0x20, symbols);
        Put64(0x180 + 0x18, 0x300);
        ".ksymtab\0"u8.CopyTo(image.AsSpan(0x301));
        return image;

        void Put16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(at), value);
        void Put32(int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(at), value);
        void Put64(int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(at), value);
    }
}
