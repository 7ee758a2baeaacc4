// The benchmark's lines and table, and the size of an image.

using System.Buffers.Binary;
using CSharpOS.Tool.Bench;
using CSharpOS.Tool.Images;

namespace CSharpOS.Tool.Tests;

public sealed class BenchTests : IDisposable
{
    private readonly FakeRepository _repository = new();

    public BenchTests() => _repository.AddImages("release");

    public void Dispose() => _repository.Dispose();

    [Theory]
    [InlineData("bench: clock tick 140 151 instructions", "clock tick", 140, 151, "instructions")]
    [InlineData("bench: two words 1 2.5 ms\r", "two words", 1, 2.5, "ms")]
    public void A_measurement_is_read(string line, string name, double minimum, double median, string unit) =>
        Assert.Equal(new BenchLine(name, minimum, median, unit), BenchLine.Parse(line));

    [Theory]
    [InlineData("bench: clock tick 140 151")]
    [InlineData("bench: clock tick fast faster ms")]
    [InlineData("bench: 1 2 ms")]
    [InlineData("ok 1 bench: x 1 2 ms")]
    [InlineData("")]
    public void Anything_else_is_none(string line) => Assert.Null(BenchLine.Parse(line));

    [Fact]
    public void The_median_is_held_against_the_bar()
    {
        IReadOnlyList<BenchStanding> standings = BenchReport.Make(
            [new("new thing", 1, 1, "ms"), new("clock tick", 790, 801, "x"), new("local_irq_save + restore", 5, 6, "x")]);

        Assert.Equal(["local_irq_save + restore", "clock tick", "new thing"], standings.Select(standing => standing.Line.Name));
        Assert.Equal([true, false, true], standings.Select(standing => standing.IsKept));
    }

    [Fact]
    public void Names_of_bars_are_unique() => Assert.Equal(Bars.All.Count, Bars.All.Select(bar => bar.Name).Distinct().Count());

    [Fact]
    public async Task The_table_shows_bar_and_miss_and_strict_fails()
    {
        _repository.Write("artifacts/image/release/csharpos.elf", "");
        await File.WriteAllBytesAsync(_repository.PathOf("artifacts/image/release/csharpos.elf"), MakeElf(1000, 300));
        _repository.SetQemu($"""
            printf '%s\n' "$@" > {_repository.PathOf("arguments")}
            echo 'bench: clock tick 140 810 instructions'; exit 33
            """);

        Assert.Equal(ExitCodes.Success, await _repository.RunAsync("bench", "--no-build"));
        Assert.Contains("missed by 10", _repository.Output.ToString());
        Assert.Contains(" 700 ", _repository.Output.ToString());
        Assert.Contains("2 with a bar, 1 missed", _repository.Output.ToString());
        string arguments = await File.ReadAllTextAsync(_repository.PathOf("arguments"));
        Assert.Contains("-icount\nshift=0,sleep=off\n", arguments);
        Assert.Contains("-append\nnoapic bench\n", arguments);
        Assert.Equal(ExitCodes.Failure, await _repository.RunAsync("bench", "--no-build", "--strict"));
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
    public void Loaded_bytes_leave_out_named_sections()
    {
        byte[] image = MakeElf(1000, 300);

        Assert.Equal(1000, ElfFile.LoadedBytes(image));
        Assert.Equal(700, ElfFile.LoadedBytes(image, ".ksymtab"));
        Assert.Throws<CsosException>(() => ElfFile.LoadedBytes(image.AsSpan(0, 100)));
        Assert.Throws<CsosException>(() => ElfFile.LoadedBytes("MZ"u8));
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
