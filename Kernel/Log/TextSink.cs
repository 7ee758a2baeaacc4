// TextSink: where a table of the kernel goes: to the monitor, into a file of /proc, to a test. One formatter serves all.
//
// Linux: seq_file in its role of a destination. The contexts are those of the function behind it. No locks.

namespace CSharpOS.Log;

/// <summary>Receives text piece by piece.</summary>
public unsafe struct TextSink
{
    private delegate*<ReadOnlySpan<byte>, void> _function;
    private TextArea* _area;

    /// <summary>Each piece is given to a function.</summary>
    public static TextSink To(delegate*<ReadOnlySpan<byte>, void> function) => new() { _function = function };

    /// <summary>Each piece is appended to a text.</summary>
    public static TextSink To(TextArea* area) => new() { _area = area };

    /// <summary>Gives it UTF-8 text.</summary>
    public readonly void Write(ReadOnlySpan<byte> text)
    {
        if (_area != null)
        {
            _area->Append(text);
        }
        else
        {
            _function(text);
        }
    }

    /// <summary>Gives it formatted text: <c>sink.Write($"{count} timers\n")</c>.</summary>
    public readonly void Write(scoped ref TextHandler text)
    {
        Write(text.Written);
        text.Release();
    }
}
