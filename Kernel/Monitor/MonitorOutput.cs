// MonitorOutput: what the monitor and its commands say, on every console, past the log.
//
// Process context: waits while another CPU prints to the consoles. Output of commands does not belong into the log: dmesg would
// otherwise show itself. Lock: the console lock, inside WriteToConsoles, for one call, which no message can tear.

namespace CSharpOS;

/// <summary>Text for whoever sits at a console.</summary>
public static class MonitorOutput
{
    /// <summary>Shows a text: <c>MonitorOutput.Write($"{count} interrupts\n")</c>. Process context.</summary>
    public static void Write(scoped ref TextHandler text)
    {
        Write(text.Written);
        text.Release();
    }

    /// <inheritdoc cref="Write(ref TextHandler)"/>
    public static void Write(ReadOnlySpan<byte> text) => WriteToConsoles(text);
}
