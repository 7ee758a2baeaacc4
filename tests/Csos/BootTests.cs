// How a boot is judged: an emulator that is a shell script plays every way in which a machine can end.

using System.Diagnostics;
using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Images;
using CSharpOS.Tool.Testing;

namespace CSharpOS.Tool.Tests;

public sealed class BootTests : IDisposable
{
    private const string Head = """
        echo "KTAP version 1"; echo "1..1"
        echo "    KTAP version 1"; echo "    # Subtest: irq"; echo "    1..2"
        echo "    ok 1 first # TST-01"

        """;

    private const string Tail = """
        echo "    ok 2 second # TST-02"; echo "ok 1 irq"

        """;

    private readonly FakeRepository _repository = new();

    public BootTests() => _repository.AddImages();

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task All_passed()
    {
        BootResult result = await BootAsync(Head + Tail + "exit 33");

        Assert.Equal(Ending.Passed, result.Verdict.Ending);
        Assert.Equal(2, result.Results().Count(test => test.Outcome == Outcome.Passed));
        Assert.Null(result.LogFolder);
    }

    [Fact]
    public async Task Some_failed()
    {
        BootResult result = await BootAsync(Head + "echo '    not ok 2 second'; echo 'not ok 1 irq'; exit 35");

        Assert.Equal(Ending.TestsFailed, result.Verdict.Ending);
        TestResult failed = Assert.Single(result.Results(), test => test.Outcome == Outcome.Failed);
        Assert.Equal(result.Boot.Name + "/irq/second", failed.Name);
    }

    [Theory]
    [InlineData(Head + "exit 37", Ending.Panicked, "panicked in suite irq, after 'first'")]
    [InlineData(Head + "exit 33", Ending.WrongPlan, "irq: 1 of 2 planned results came")]
    [InlineData(Head + "exit 0", Ending.Crashed, "switched off before the end in suite irq")]
    [InlineData(Head + "kill -SEGV $$", Ending.Crashed, "killed by signal 11")]
    [InlineData(Head + "echo oh >&2; exit 5", Ending.Crashed, "status 5 in suite irq, after 'first' (oh)")]
    [InlineData("echo 'qemu: no such machine' >&2; exit 1", Ending.NotStarted, "no such machine")]
    [InlineData(Head + Tail + "exit 35", Ending.WrongPlan, "says some failed")]
    [InlineData("echo 'KTAP version 1'; echo 1..0; exit 33", Ending.WrongPlan, "not one test ran")]
    [InlineData("exit 33", Ending.WrongPlan, "no KTAP output")]
    public async Task A_boot_that_does_not_end_well_fails_itself(string script, Ending ending, string detail)
    {
        BootResult result = await BootAsync(script);

        Assert.Equal(ending, result.Verdict.Ending);
        Assert.Contains(detail, result.Verdict.Detail);
        TestResult failed = Assert.Single(result.Results(), test => test.Kind == TestKind.Boot);
        Assert.Equal(Outcome.Failed, failed.Outcome);
        Assert.True(File.Exists(Path.Combine(result.LogFolder!, "ktap.log")));
        Assert.Contains("-kernel", await File.ReadAllTextAsync(Path.Combine(result.LogFolder!, "command")));
    }

    [Fact]
    public async Task A_silent_guest_hangs_and_is_ended()
    {
        Stopwatch clock = Stopwatch.StartNew();
        BootResult result = await BootAsync($"echo $$ > {_repository.PathOf("pid")}\n" + Head + "exec sleep 600", silence: 8);

        Assert.Equal(Ending.Hung, result.Verdict.Ending);
        Assert.Contains("in suite irq, after 'first'", result.Verdict.Detail);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60));
        string process = (await File.ReadAllTextAsync(_repository.PathOf("pid"))).Trim();
        Assert.False(Directory.Exists($"/proc/{process}"), "the emulator still lives");
        Assert.True(File.Exists(Path.Combine(result.LogFolder!, "registers")));
    }

    [Fact]
    public async Task A_guest_that_talks_for_ever_takes_too_long()
    {
        BootResult result = await BootAsync(Head + "while sleep 0.1; do echo '    # still here'; done", silence: 60, total: 8);

        Assert.Equal(Ending.TookTooLong, result.Verdict.Ending);
        Assert.Contains("still here", result.Verdict.Detail);
    }

    [Fact]
    public void A_reset_is_told_from_a_power_off()
    {
        Testing.Ktap.KtapReport report = new([], [], false, "in suite irq");

        Assert.Contains("triple fault", Verdict.OfQemu(0, EndedBy.Itself, "guest-reset", report, "").Detail);
        Assert.Contains("switched off", Verdict.OfQemu(0, EndedBy.Itself, "guest-shutdown", report, "").Detail);
    }

    [Fact]
    public async Task The_guest_is_told_to_test()
    {
        await BootAsync($"printf '%s\\n' \"$@\" > {_repository.PathOf("arguments")}; exit 1");
        string arguments = await File.ReadAllTextAsync(_repository.PathOf("arguments"));

        Assert.Contains("-append\ntest\n", arguments);
        Assert.Contains("csharpos-test.elf", arguments);
        Assert.Contains("isa-debug-exit,iobase=0xf4,iosize=4", arguments);
        Assert.Contains("-no-reboot", arguments);
    }

    [Fact]
    public async Task QEMU_missing_is_one_clear_line()
    {
        _repository.SetVariable(Qemu.Variable, "/nowhere/qemu");
        CsosException error = await Assert.ThrowsAsync<CsosException>(() => RunAsync(new BootLimits(TimeSpan.MaxValue, TimeSpan.MaxValue)));

        Assert.StartsWith("QEMU is missing: ", error.Message);
    }

    private Task<BootResult> BootAsync(string script, double silence = 60, double total = 120)
    {
        _repository.SetQemu(script);
        return RunAsync(new BootLimits(TimeSpan.FromSeconds(silence), TimeSpan.FromSeconds(total)));
    }

    private Task<BootResult> RunAsync(BootLimits limits) =>
        QemuBootRunner.RunAsync(
            _repository.Context, new Boot(new Variant("Checked"), new Machine(), []), limits, soak: false, keepLogs: false);
}
