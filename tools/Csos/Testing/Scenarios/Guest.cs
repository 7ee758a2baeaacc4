// The machine of a scenario: QEMU with the first serial line as its standard streams. One reader task fills the text; the steps
// run one after the other. What a step has matched is behind it: the next one looks only at what comes later.

using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using CSharpOS.Tool.Emulators;
using CSharpOS.Tool.Processes;

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>A running guest that can be typed to and looked at.</summary>
public sealed class Guest : IAsyncDisposable
{
    /// <summary>How long a step waits when it does not say: generous, for a busy host; nothing waits longer than it must.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Workspace _workspace = new();
    private readonly Qmp _qmp;
    private readonly Child _child;
    private readonly Task _reader;
    private readonly Task<string> _errors;
    private readonly StringBuilder _text = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _seen;

    /// <summary>Starts the machine.</summary>
    /// <param name="context">The tool's surroundings.</param>
    /// <param name="kernel">The kernel, for addresses.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="logs">Where its logs go.</param>
    /// <param name="medium">What it boots: the kernel, if it is not given, or an ISO with it.</param>
    public Guest(ToolContext context, string kernel, Machine machine, LogFolder logs, string? medium = null)
    {
        Context = context;
        Logs = logs;
        Kernel = kernel;
        if (!machine.Append.Contains("init=", StringComparison.Ordinal))
        {
            // Without a first program of its own a scenario talks to the kernel's monitor.
            machine = machine with { Append = (machine.Append + " monitor").TrimStart() };
        }

        _qmp = new Qmp(_workspace.PathOf("qmp"));
        string program = Qemu.Find(context);
        string[] arguments =
        [
            .. machine.HardwareArguments(), .. machine.BootArguments(medium ?? kernel, Firmware.UefiArguments),
            "-no-reboot", "-display", "none", "-monitor", "none",
            "-chardev", $"stdio,id=serial,signal=off,logfile={Qemu.Quote(logs.PathOf("serial.log"))}", "-serial", "chardev:serial",
            .. _qmp.Arguments,
        ];
        logs.Write("command", Qemu.ShellLine(program, arguments) + "\n");
        ProcessStartInfo start = Qemu.Detached(context, program, arguments);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.WorkingDirectory = context.Root;
        _child = Child.Start(start);
        _reader = ReadAsync();
        _errors = _child.Process.StandardError.ReadToEndAsync();
    }

    /// <summary>The tool's surroundings.</summary>
    public ToolContext Context { get; }

    /// <summary>Where the scenario's logs are.</summary>
    public LogFolder Logs { get; }

    /// <summary>The kernel that was booted.</summary>
    public string Kernel { get; }

    /// <summary>Everything the guest has printed on the serial line.</summary>
    public string Text
    {
        get
        {
            lock (_lock)
            {
                return _text.ToString();
            }
        }
    }

    /// <summary>Waits for text on the serial line, later than what was matched before.</summary>
    /// <param name="pattern">A regular expression.</param>
    /// <param name="patience">How long to wait; <see cref="Patience"/> where it is not given.</param>
    public async Task<Match> ExpectAsync(string pattern, TimeSpan? patience = null)
    {
        Regex regex = new(pattern, RegexOptions.Multiline | RegexOptions.CultureInvariant);
        Stopwatch clock = Stopwatch.StartNew();
        TimeSpan limit = patience ?? Patience;
        while (true)
        {
            Task more;
            bool ended = _reader.IsCompleted;
            lock (_lock)
            {
                more = _more.Task;
                Match match = regex.Match(_text.ToString(_seen, _text.Length - _seen));
                if (match.Success)
                {
                    _seen += match.Index + match.Length;
                    return match;
                }
            }

            if (ended)
            {
                throw Unmet($"'{pattern}' did not come before the guest ended");
            }

            TimeSpan left = limit - clock.Elapsed;
            if (left <= TimeSpan.Zero)
            {
                throw Unmet($"'{pattern}' did not come in {limit.TotalSeconds:0} s");
            }

            await Task.WhenAny(more, _reader, Task.Delay(left, Context.Cancellation.Token));
            Context.Cancellation.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Waits for the monitor's prompt.</summary>
    public Task<Match> ExpectPromptAsync() => ExpectAsync("csharpos> ");

    /// <summary>Types on the serial line. Lines end with <c>\n</c>, as a terminal's Enter key does with <c>\r</c>.</summary>
    public async Task TypeAsync(string text)
    {
        Stream input = _child.Process.StandardInput.BaseStream;
        await input.WriteAsync(Encoding.UTF8.GetBytes(text.Replace('\n', '\r')), Context.Cancellation.Token);
        await input.FlushAsync(Context.Cancellation.Token);
    }

    /// <summary>Presses keys of the emulated keyboard by QEMU's names: <c>a</c>, <c>shift-a</c>, <c>ctrl-alt-delete</c>.</summary>
    public async Task PressAsync(params IEnumerable<string> keys)
    {
        foreach (string key in keys)
        {
            string? answer = await MonitorAsync($"sendkey {key}");
            if (answer is not { Length: 0 })
            {
                throw Unmet($"QEMU did not press '{key}': {answer ?? "no answer"}");
            }

            // sendkey holds a key for 100 ms; a key pressed meanwhile would come before the release.
            await Task.Delay(120, Context.Cancellation.Token);
        }
    }

    /// <summary>Types text on the emulated keyboard.</summary>
    public Task PressTextAsync(string text) => PressAsync(text.Select(Keys.NameOf));

    /// <summary>Carries out a command of QEMU's monitor.</summary>
    /// <returns>What it printed, or null where QEMU has ended.</returns>
    public Task<string?> MonitorAsync(string command) => _qmp.MonitorAsync(command, Patience);

    /// <summary>The VGA text screen: 25 lines without trailing blanks.</summary>
    public async Task<string[]> ScreenAsync()
    {
        string file = _workspace.PathOf("screen");
        await MonitorAsync($"pmemsave 0xb8000 4000 \"{file}\"");
        byte[] cells = File.Exists(file) ? await File.ReadAllBytesAsync(file) : [];
        if (cells.Length != 4000)
        {
            throw Unmet("QEMU did not save the screen");
        }

        return [.. cells.Chunk(2 * 80).Select(Line)];

        static string Line(byte[] row) => string.Concat(row.Chunk(2).Select(cell => Letter(cell[0]))).TrimEnd();

        static char Letter(byte code) => code is >= 32 and < 127 ? (char)code : ' ';
    }

    /// <summary>Waits until a line of the screen matches.</summary>
    public async Task<string> ExpectScreenAsync(string pattern, TimeSpan? patience = null)
    {
        Regex regex = new(pattern, RegexOptions.CultureInvariant);
        Stopwatch clock = Stopwatch.StartNew();
        while (true)
        {
            string[] screen = await ScreenAsync();
            if (screen.FirstOrDefault(regex.IsMatch) is { } line)
            {
                return line;
            }

            if (clock.Elapsed > (patience ?? Patience))
            {
                throw new ScenarioException($"'{pattern}' did not come on the screen; it shows:\n{string.Join('\n', screen).Trim('\n')}");
            }

            await Task.Delay(100, Context.Cancellation.Token);
        }
    }

    /// <summary>Waits for the end of the machine.</summary>
    /// <param name="reason">QEMU's reason: <c>guest-shutdown</c>, <c>guest-reset</c>.</param>
    /// <param name="status">Its exit status.</param>
    public async Task ExpectExitAsync(string reason, int status = 0)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Context.Cancellation.Token);
        limit.CancelAfter(Patience);
        try
        {
            await _child.Process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!Context.Cancellation.IsCancellationRequested)
        {
            throw Unmet("the machine did not end");
        }

        await _reader;
        await _qmp.DrainAsync(TimeSpan.FromSeconds(5));
        if (_child.Process.ExitCode != status || _qmp.ShutdownReason != reason)
        {
            string how = $"{_child.Process.ExitCode} ({_qmp.ShutdownReason ?? "no reason"})";
            throw Unmet($"the machine ended with status {how}, not {status} ({reason})");
        }
    }

    /// <summary>Asks a guest that still runs where it is, for the log.</summary>
    public async Task ExamineAsync()
    {
        if (await MonitorAsync("info registers -a") is { } registers)
        {
            Logs.Write("registers", registers + await CodeAddress.DescribeAsync(Context, Kernel, registers) + "\n");
        }
    }

    /// <summary>Ends the machine.</summary>
    public async ValueTask DisposeAsync()
    {
        _child.Dispose();
        await _reader;
        await _qmp.DisposeAsync();
        _workspace.Dispose();
    }

    private async Task ReadAsync()
    {
        byte[] buffer = new byte[4096];
        Decoder decoder = Encoding.UTF8.GetDecoder();
        char[] letters = new char[4096];
        Stream output = _child.Process.StandardOutput.BaseStream;
        try
        {
            while (await output.ReadAsync(buffer) is > 0 and int count)
            {
                int decoded = decoder.GetChars(buffer.AsSpan(0, count), letters, flush: false);
                TaskCompletionSource woken;
                lock (_lock)
                {
                    _text.Append(letters.AsSpan(0, decoded)).Replace("\r", "", _text.Length - decoded, decoded);
                    woken = _more;
                    _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                woken.SetResult();
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // The guest has ended.
        }
    }

    private ScenarioException Unmet(string what)
    {
        string[] lines = Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string errors = _errors.IsCompletedSuccessfully ? _errors.Result.Trim() : "";
        return new ScenarioException($"{what}; the last lines: {string.Join(" | ", lines.TakeLast(4).Append(errors))}");
    }
}
