// ./csos run with piped input, and how it ends; the emulator is a script.

using System.Text;

namespace CSharpOS.Tool.Tests;

public sealed class RunCommandTests : IDisposable
{
    // Its end over QMP, as QEMU tells it: the socket's path stands in the arguments.
    private const string SayReset = """
        path=$(printf '%s\n' "$@" | sed -n 's/^socket,id=qmp,path=\([^,]*\),.*/\1/p')
        python3 - "$path" <<'PY'
        import socket, sys
        s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); f = s.makefile('rw')
        f.write('{"QMP": {}}\n'); f.flush(); f.readline()
        f.write('{"return": {}}\n{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}}\n'); f.flush()
        PY

        """;

    private const string Log = "log=$(printf '%s\\n' \"$@\" | sed -n 's/.*logfile=//p')\n";

    private readonly FakeRepository _repository = new();

    public RunCommandTests() => _repository.AddImages();

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task Piped_input_is_held_back_until_the_prompt_and_arrives_whole()
    {
        byte[] input = [.. Enumerable.Range(0, 100_000).Select(index => (byte)(index * 7)), 1, 0, 4];
        _repository.GuestInput.Write(input);
        _repository.GuestInput.Position = 0;
        string early = _repository.PathOf("early");
        _repository.SetQemu($"""
            printf 'SeaBIOS\ncsharp'
            if read -t 0.5 -N 1; then touch {early}; fi
            printf 'os> '
            head -c {input.Length} > {_repository.PathOf("received")}
            """);

        int status = await _repository.RunAsync("run", "--no-build");

        Assert.Equal(0, status);
        Assert.False(File.Exists(early), "a byte came before the prompt");
        Assert.Equal(input, await File.ReadAllBytesAsync(_repository.PathOf("received")));
        Assert.Equal("SeaBIOS\ncsharpos> ", Encoding.ASCII.GetString(_repository.GuestOutput.ToArray()));
    }

    [Fact]
    public async Task It_says_how_to_leave_before_it_starts()
    {
        _repository.SetQemu("exit 0");

        Assert.Equal(0, await _repository.RunAsync("run", "--no-build"));
        Assert.Contains("poweroff", _repository.Error.ToString());
    }

    [Fact]
    public async Task A_panic_has_its_own_status_and_line()
    {
        _repository.SetQemu(Log + "echo '[    0.1] Kernel panic - not syncing: because' > $log\n" + SayReset);

        Assert.Equal(ExitCodes.GuestPanicked, await _repository.RunAsync("run", "--no-build"));
        Assert.Contains("csos: the kernel panicked: not syncing: because (log: ", _repository.Error.ToString());
    }

    [Fact]
    public async Task A_reset_without_a_panic_has_another()
    {
        _repository.SetQemu(Log + "echo hello > $log\n" + SayReset);

        Assert.Equal(ExitCodes.GuestReset, await _repository.RunAsync("run", "--no-build"));
        Assert.Contains("csos: the guest was reset", _repository.Error.ToString());
    }

    [Fact]
    public async Task Options_reach_QEMU()
    {
        _repository.SetQemu($"printf '%s\\n' \"$@\" > {_repository.PathOf("arguments")}");

        Assert.Equal(0, await _repository.RunAsync(
            "run", "--no-build", "--machine", "q35", "--cpu", "max", "--cpus", "4", "--memory", "4G", "--append", "noapic",
            "--", "-d", "int"));
        string arguments = await File.ReadAllTextAsync(_repository.PathOf("arguments"));
        Assert.Contains("-machine\nq35\n", arguments);
        Assert.Contains("-accel\ntcg,thread=single\n", arguments);
        Assert.Contains("-cpu\nmax\n-smp\n4\n-m\n4G\n", arguments);
        Assert.Contains("-append\nnoapic panic=-1\n", arguments);
        Assert.EndsWith("-d\nint\n", arguments);
    }

    [Fact]
    public async Task Archives_and_programs_become_one_initrd()
    {
        string archive = _repository.PathOf("a.cpio"), program = _repository.PathOf("hello");
        await File.WriteAllTextAsync(archive, "070701archive");
        await File.WriteAllTextAsync(program, "my program");
        _repository.SetQemu($$"""while [ "$1" != -initrd ]; do shift; done; cp "$2" {{_repository.PathOf("initrd")}}""");

        Assert.Equal(0, await _repository.RunAsync("run", "--no-build", "--initrd", archive, "--add", program, "--add", $"{program}=/usr/local/x"));
        string initrd = await File.ReadAllTextAsync(_repository.PathOf("initrd"));
        Assert.StartsWith("070701archive\0\0\0070701", initrd);
        foreach (string name in (string[])["bin", "bin/hello", "usr", "usr/local", "usr/local/x", "TRAILER!!!"])
        {
            Assert.Contains($"\0{name}\0".TrimStart('\0'), initrd);
        }

        Assert.Equal(3, initrd.Split("my program").Length);
    }

    [Theory]
    [InlineData("--initrd", "missing.cpio", "cannot read")]
    [InlineData("--initrd", "packed.gz", "is compressed; the kernel takes plain archives: gunzip it first")]
    [InlineData("--initrd", "text", "is no archive of the format newc")]
    [InlineData("--add", "missing", "cannot read")]
    [InlineData("--add", "text=/", "bad name in")]
    [InlineData("--add", "text=/bin/../x", "bad name in")]
    public async Task A_bad_initrd_is_named(string option, string name, string message)
    {
        await File.WriteAllBytesAsync(_repository.PathOf("packed.gz"), [0x1f, 0x8b, 8, 0]);
        await File.WriteAllTextAsync(_repository.PathOf("text"), "text");
        _repository.SetQemu("exit 0");

        Assert.Equal(ExitCodes.Usage, await _repository.RunAsync("run", "--no-build", option, _repository.PathOf(name)));
        Assert.Contains(message, _repository.Error.ToString());
    }

    [Fact]
    public async Task The_status_of_a_QEMU_that_fails_is_passed_on()
    {
        _repository.SetQemu("exit 3");

        Assert.Equal(3, await _repository.RunAsync("run", "--no-build"));
        Assert.Contains("csos: QEMU ended with status 3", _repository.Error.ToString());
    }
}
