// Piped input for a guest's serial line, without losing a byte: everything is held back until the guest shows its first prompt.
// From then on the UART's flow control does the rest: QEMU takes from the pipe only what the receive FIFO has room for.
// At the end of the input the line stays open: the guest goes on until it ends by itself.

using CSharpOS.Tool.Processes;

namespace CSharpOS.Tool.Emulators;

/// <summary>Moves bytes between our standard streams and a guest.</summary>
public static class SerialFeeder
{
    /// <summary>What the kernel's monitor prints when it is ready for input.</summary>
    public static ReadOnlySpan<byte> MonitorPrompt => "csharpos> "u8;

    /// <summary>What the shell prints behind its directory.</summary>
    public static ReadOnlySpan<byte> ShellPrompt => " # "u8;

    /// <summary>Feeds a guest until it ends.</summary>
    /// <param name="child">QEMU, its standard input and output redirected.</param>
    /// <param name="input">What the guest shall read.</param>
    /// <param name="output">Where its output goes.</param>
    /// <param name="cancellation">Ends QEMU.</param>
    /// <returns>QEMU's exit status.</returns>
    public static async Task<int> RunAsync(Child child, Stream input, Stream output, CancellationToken cancellation)
    {
        TaskCompletionSource prompted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task shows = ShowAsync(child.Process.StandardOutput.BaseStream, output, prompted);
        // The reader of our own input cannot be interrupted while it waits; it ends with the process.
        _ = FeedAsync(input, child.Process.StandardInput.BaseStream, prompted.Task);
        int status = await child.WaitAsync(cancellation);
        await shows;
        return status;
    }

    private static async Task ShowAsync(Stream guest, Stream output, TaskCompletionSource prompted)
    {
        byte[] buffer = new byte[4096];
        int inMonitor = 0, inShell = 0;
        while (await guest.ReadAsync(buffer) is > 0 and int count)
        {
            await output.WriteAsync(buffer.AsMemory(0, count));
            await output.FlushAsync();
            ReadOnlySpan<byte> text = buffer.AsSpan(0, count);
            if (!prompted.Task.IsCompleted && (Saw(text, MonitorPrompt, ref inMonitor) | Saw(text, ShellPrompt, ref inShell)))
            {
                prompted.SetResult();
            }
        }
    }

    // A prompt may be cut in two by the buffer. After a mismatch it can only begin anew.
    private static bool Saw(ReadOnlySpan<byte> text, ReadOnlySpan<byte> prompt, ref int matched)
    {
        foreach (byte letter in text)
        {
            matched = letter == prompt[matched] ? matched + 1 : letter == prompt[0] ? 1 : 0;
            if (matched == prompt.Length)
            {
                return true;
            }
        }

        return false;
    }

    private static async Task FeedAsync(Stream input, Stream guest, Task prompted)
    {
        await prompted;
        try
        {
            byte[] buffer = new byte[4096];
            while (await input.ReadAsync(buffer) is > 0 and int count)
            {
                await guest.WriteAsync(buffer.AsMemory(0, count));
                await guest.FlushAsync();
            }
        }
        catch (IOException)
        {
            // The guest has ended and does not want the rest.
        }
    }
}
