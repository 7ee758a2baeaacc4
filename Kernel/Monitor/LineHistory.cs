// LineHistory: the last lines that were entered, and the one being typed while the user looks at them.
//
// Process context, part of the LineEditor; no lock. A ring of fixed slots: nothing is allocated.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Monitoring;

/// <summary>Lines to go back to. All zero is an empty history.</summary>
internal struct LineHistory
{
    /// <summary>Lines that are kept.</summary>
    public const int Capacity = 16;

    private Lines _lines;
    private Lengths _lengths;
    private int _added;

    // 0: the user edits a new line; n: he looks at the n-th newest one, and the slot after the newest keeps the new line.
    private int _back;

    /// <summary>Starts a new line.</summary>
    public void Rewind() => _back = 0;

    /// <summary>Remembers a line, unless it is blank or the same as the one before.</summary>
    public void Add(ReadOnlySpan<byte> line)
    {
        _back = 0;
        if (line.Trim((byte)' ').Length == 0 || (_added > 0 && line.SequenceEqual(Slot(_added - 1)[.._lengths[Index(_added - 1)]])))
        {
            return;
        }

        Store(_added, line);
        _added++;
    }

    /// <summary>Puts an older (<paramref name="step"/> 1) or newer (-1) line into <paramref name="text"/>. False: there is none.</summary>
    public bool Recall(int step, Span<byte> text, ref int length)
    {
        int wanted = _back + step;
        if (wanted < 0 || wanted > Math.Min(_added, Capacity))
        {
            return false;
        }

        if (_back == 0)
        {
            Store(_added, text[..length]);
        }

        _back = wanted;
        int number = _added - wanted;
        length = _lengths[Index(number)];
        Slot(number)[..length].CopyTo(text);
        return true;
    }

    // One slot more than lines: for the line that is being typed.
    private static int Index(int number) => number % (Capacity + 1);

    private Span<byte> Slot(int number) =>
        MemoryMarshal.CreateSpan(ref Unsafe.As<Lines, byte>(ref Unsafe.AsRef(in _lines)), (Capacity + 1) * LineEditor.MaxLength)
            .Slice(Index(number) * LineEditor.MaxLength, LineEditor.MaxLength);

    private void Store(int number, ReadOnlySpan<byte> line)
    {
        line.CopyTo(Slot(number));
        _lengths[Index(number)] = line.Length;
    }

    [InlineArray((Capacity + 1) * LineEditor.MaxLength)]
    private struct Lines
    {
        private byte _first;
    }

    [InlineArray(Capacity + 1)]
    private struct Lengths
    {
        private int _first;
    }
}
