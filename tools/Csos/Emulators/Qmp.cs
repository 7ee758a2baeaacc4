// QEMU's machine protocol over a Unix socket: monitor commands (registers of a hung guest, key presses) and the reason of
// a shutdown, which the exit status does not tell (a triple fault under -no-reboot exits with 0, as poweroff does).
// We listen and QEMU connects, so nothing polls for its start. The replies are read by one task; commands are serialised.

using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace CSharpOS.Tool.Emulators;

/// <summary>A connection to a running QEMU.</summary>
public sealed class Qmp : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _path;
    private readonly Channel<JsonNode> _replies = Channel.CreateUnbounded<JsonNode>();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly TaskCompletionSource<StreamWriter?> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _reader;
    private int _lastId;

    /// <summary>Listens.</summary>
    /// <param name="path">The socket's path, short enough for the system (about 100 characters).</param>
    public Qmp(string path)
    {
        _path = path;
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(1);
        _reader = ReadAsync();
    }

    /// <summary>The reason QEMU gave for shutting down (<c>guest-reset</c>, <c>guest-shutdown</c> ...), or null.</summary>
    public string? ShutdownReason { get; private set; }

    /// <summary>Has QEMU connected? It does so before it starts the guest.</summary>
    public bool IsConnected => _connected.Task.IsCompleted;

    /// <summary>QEMU's arguments that make it connect.</summary>
    public IEnumerable<string> Arguments =>
        ["-chardev", $"socket,id=qmp,path={Qemu.Quote(_path)},server=off", "-mon", "chardev=qmp,mode=control"];

    /// <summary>Carries out a command of the human monitor.</summary>
    /// <returns>What it printed, or null where QEMU is gone or does not answer in time.</returns>
    public async Task<string?> MonitorAsync(string command, TimeSpan timeout)
    {
        JsonObject arguments = new() { ["command-line"] = command };
        JsonNode? reply = await ExecuteAsync("human-monitor-command", arguments, timeout);
        return reply?["return"]?.GetValue<string>();
    }

    /// <summary>Waits until QEMU's side has closed, so that the last event has been read.</summary>
    public async Task DrainAsync(TimeSpan timeout)
    {
        if (IsConnected)
        {
            await Task.WhenAny(_reader, Task.Delay(timeout));
        }
    }

    /// <summary>Closes the connection and removes the socket.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Dispose();
        await _reader;
        File.Delete(_path);
    }

    private async Task<JsonNode?> ExecuteAsync(string name, JsonNode? arguments, TimeSpan timeout)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        limit.CancelAfter(timeout);
        try
        {
            await _turn.WaitAsync(limit.Token);
            try
            {
                if (await _connected.Task.WaitAsync(limit.Token) is not { } writer)
                {
                    return null;
                }

                int id = ++_lastId;
                JsonObject command = new() { ["execute"] = name, ["id"] = id };
                if (arguments != null)
                {
                    command["arguments"] = arguments;
                }

                await writer.WriteLineAsync(command.ToJsonString());
                await writer.FlushAsync(limit.Token);
                while (true)
                {
                    // An answer to a command that nobody waited for any longer is passed over.
                    JsonNode reply = await _replies.Reader.ReadAsync(limit.Token);
                    if (reply["id"]?.GetValue<int>() == id)
                    {
                        return reply;
                    }
                }
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or ChannelClosedException)
        {
            return null;
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            using Socket socket = await _listener.AcceptAsync(_closing.Token);
            await using NetworkStream stream = new(socket);
            using StreamReader reader = new(stream);
            await using StreamWriter writer = new(stream) { NewLine = "\n" };
            await writer.WriteLineAsync("{\"execute\":\"qmp_capabilities\"}");
            await writer.FlushAsync();
            bool ready = false;
            while (await reader.ReadLineAsync(_closing.Token) is { } line)
            {
                JsonNode? message = JsonNode.Parse(line);
                if (message?["event"]?.GetValue<string>() == "SHUTDOWN")
                {
                    ShutdownReason = message["data"]?["reason"]?.GetValue<string>();
                }
                else if (message != null && (message["return"] != null || message["error"] != null))
                {
                    if (ready)
                    {
                        _replies.Writer.TryWrite(message);
                    }

                    ready = true;
                    _connected.TrySetResult(writer);
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or SocketException
            or JsonException or ObjectDisposedException)
        {
            // QEMU is gone: whoever waits for an answer gets null.
        }

        _connected.TrySetResult(null);
        _replies.Writer.TryComplete();
    }
}
