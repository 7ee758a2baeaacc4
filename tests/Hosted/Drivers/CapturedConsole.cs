// CapturedConsole: a console that keeps what it is given, for as long as it lives.

using System.Runtime.InteropServices;
using System.Text;
using Console = CSharpOS.Log.Console;

namespace CSharpOS.Hosted.Drivers;

/// <summary>One at a time.</summary>
public sealed unsafe class CapturedConsole : IDisposable
{
    private static readonly Console* s_console = (Console*)NativeMemory.AllocZeroed((nuint)sizeof(Console));
    private static readonly StringBuilder s_text = new();

    public CapturedConsole()
    {
        *s_console = default;
        s_console->Name = "capture"u8;
        s_console->Write = &Write;
        s_console->Flags = ConsoleFlags.NoReplay;
        s_text.Clear();
        RegisterConsole(s_console);
    }

    /// <summary>All that was shown since it began or since <see cref="Clear"/>.</summary>
    public string Text => s_text.ToString();

    public void Clear() => s_text.Clear();

    public void Dispose() => UnregisterConsole(s_console);

    private static void Write(Console* console, byte* text, int length)
    {
        s_text.Append(Encoding.UTF8.GetString(text, length));
        TextScreenSink?.Invoke(new ReadOnlySpan<byte>(text, length).ToArray());
    }

    /// <summary>Gets a copy of every write.</summary>
    public static Action<byte[]>? TextScreenSink { get; set; }
}
