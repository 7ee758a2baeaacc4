// TextArea: text being put together in memory that the caller provides, passed on by pointer. What TextBuffer is for the stack, this is for texts that
// several functions write together: the show functions of SeqFile.
//
// Linux: seq_printf, seq_puts. Any context. No locks. Invariant: never a byte beyond the size; when something did not fit, IsCut says so, and the text
// is good for nothing but to be made again in more memory.

using System.Runtime.CompilerServices;

namespace CSharpOS.Log;

/// <summary>Collects formatted text: <c>text->Append($"irq {irq,3}: {name}\n")</c>.</summary>
/// <linux>seq_file</linux>
public unsafe struct TextArea
{
    private readonly byte* _start;
    private readonly int _size;
    private int _length;
    private bool _cut;

    /// <summary>An empty text in <paramref name="size"/> bytes at <paramref name="start"/>.</summary>
    public TextArea(byte* start, int size)
    {
        _start = start;
        _size = size;
    }

    /// <summary>Bytes written so far.</summary>
    public readonly int Length => _length;

    /// <summary>True if something did not fit.</summary>
    public readonly bool IsCut => _cut;

    /// <summary>What is still free.</summary>
    internal readonly Span<byte> Rest => new(_start + _length, _size - _length);

    /// <summary>Appends formatted text.</summary>
    /// <linux>seq_printf</linux>
    public void Append([InterpolatedStringHandlerArgument("")] scoped ref TextHandler text)
    {
        _length += text.Length;
        _cut |= text.IsCut;
    }

    /// <summary>Appends UTF-8 text.</summary>
    /// <linux>seq_puts</linux>
    public void Append(ReadOnlySpan<byte> text)
    {
        if (text.Length > _size - _length)
        {
            _cut = true;
            return;
        }

        text.CopyTo(Rest);
        _length += text.Length;
    }
}
