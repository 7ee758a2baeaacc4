// The command line: whatever is wrong gives one line on standard error and an exit status that is not 0.

using CSharpOS.Tool.Emulators;

namespace CSharpOS.Tool.Tests;

public sealed class CommandLineTests : IDisposable
{
    private readonly FakeRepository _repository = new();

    public void Dispose() => _repository.Dispose();

    [Theory]
    [InlineData("run --colour", "csos: unrecognized command or argument '--colour' (see ./csos run --help)")]
    [InlineData("run stop", "csos: unrecognized command or argument 'stop' (see ./csos run --help)")]
    [InlineData("fly", "csos: unknown command 'fly' (see ./csos --help)")]
    [InlineData("--fly", "csos: unrecognized option '--fly' (see ./csos --help)")]
    [InlineData("test --fly", "csos: unrecognized option '--fly' (see ./csos test --help)")]
    [InlineData("test --jobs 0", "csos: bad number of jobs '0': 1 to 64 (see ./csos test --help)")]
    [InlineData("test -c fast", "csos: bad configuration 'fast': debug, checked, release (see ./csos test --help)")]
    [InlineData("run --memory 12X", "csos: bad memory size '12X': a number with K, M or G, such as 16M or 4G")]
    [InlineData("run --memory 0", "csos: bad memory size '0': a number with K, M or G, such as 16M or 4G")]
    [InlineData("run --memory 99999999999G", "csos: bad memory size '99999999999G': a number with K, M or G, such as 16M or 4G")]
    [InlineData("run --machine vax", "csos: bad machine 'vax': pc, q35 (see ./csos run --help)")]
    [InlineData("run --cpus 17", "csos: bad number of CPUs '17': 1 to 16 (see ./csos run --help)")]
    [InlineData("run --cpus many", "csos: bad number of CPUs 'many': 1 to 16 (see ./csos run --help)")]
    [InlineData("run --configuration fast", "csos: bad configuration 'fast': debug, checked, release (see ./csos run --help)")]
    [InlineData("debug --port 0", "csos: bad port '0': 1 to 65535 (see ./csos debug --help)")]
    [InlineData("test -- x", "csos: only run, debug and trace take arguments after --")]
    public async Task A_wrong_command_line_is_refused_in_one_line(string line, string message)
    {
        int status = await _repository.RunAsync(line.Split(' '));

        Assert.Equal(message + "\n", _repository.Error.ToString());
        Assert.Equal(ExitCodes.Usage, status);
        Assert.Equal("", _repository.Output.ToString());
    }

    [Theory]
    [InlineData("run --no-build", "csos: not built yet: artifacts/image/checked/csharpos.elf")]
    [InlineData("run --no-build -c debug --up --no-preempt", "csos: not built yet: artifacts/image/debug-up-nopreempt/csharpos.elf")]
    [InlineData("bench --no-build", "csos: not built yet: artifacts/image/release/csharpos.elf")]
    [InlineData("iso --no-build", "csos: not built yet: artifacts/image/checked/csharpos.elf")]
    public async Task An_image_that_is_not_built_is_said_in_one_line(string line, string message)
    {
        _repository.SetQemu("exit 0");

        int status = await _repository.RunAsync(line.Split(' '));

        Assert.Equal(message + "\n", _repository.Error.ToString());
        Assert.Equal(ExitCodes.Failure, status);
    }

    [Fact]
    public async Task QEMU_missing_is_said_before_anything_is_built()
    {
        _repository.SetVariable(Qemu.Variable, "/nowhere/qemu");

        int status = await _repository.RunAsync("run");

        Assert.Equal(
            "csos: QEMU is missing: sudo apt-get install qemu-system-x86 (or name one in CSOS_QEMU)\n",
            _repository.Error.ToString());
        Assert.Equal(ExitCodes.Failure, status);
    }

    [Fact]
    public async Task No_command_shows_the_help()
    {
        int status = await _repository.RunAsync();

        Assert.Equal(ExitCodes.Success, status);
        Assert.Contains("bench", _repository.Output.ToString());
    }

    [Theory]
    [InlineData("16M", 16L << 20)]
    [InlineData("128", 128L << 20)]
    [InlineData("8g", 8L << 30)]
    [InlineData("4096k", 4L << 20)]
    public void Memory_sizes_are_those_of_QEMU(string text, long bytes) => Assert.Equal(bytes, Qemu.ParseMemory(text));

    [Fact]
    public void A_shell_line_can_be_pasted() =>
        Assert.Equal("qemu -append 'noapic test' '' 'it'\\''s'", Qemu.ShellLine("qemu", ["-append", "noapic test", "", "it's"]));
}
