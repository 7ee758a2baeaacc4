// LineEditor: one line of input with a cursor, history, and the usual control keys; for serial terminals and our own screens alike.
//
// No file of Linux corresponds: there a shell does this. Process context, one reader; no lock. What it shows goes through a function
// pointer, so that it does not know consoles.
// Invariants: 0 <= _scroll <= _cursor <= _length <= MaxLength; the cursor's column is the prompt's width + _cursor - _scroll, below 79.
// A line never wraps on the screen: a longer one is shown in part and scrolls sideways, because moving back over a wrapped line works
// differently on every terminal.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CSharpOS.Terminal;

namespace CSharpOS.Monitoring;

/// <summary>What a key did to the line.</summary>
internal enum LineEvent
{
    /// <summary>The line is being edited.</summary>
    Editing,

    /// <summary>The line is complete: see <see cref="LineEditor.Line"/>.</summary>
    Entered,

    /// <summary>The line was given up (control-C).</summary>
    Cancelled,
}

/// <summary>The state of the editor. Zero until <see cref="Init"/>.</summary>
internal unsafe struct LineEditor
{
    /// <summary>Bytes of a line at most. Further characters are refused with a bell.</summary>
    public const int MaxLength = 255;

    private const int ScreenWidth = 79;
    private const int ScrollStep = 16;
    private const int DrawBufferSize = 160;

    private delegate*<ReadOnlySpan<byte>, void> _write;
    private Buffer _buffer;
    private int _length;
    private int _cursor;
    private int _scroll;
    private bool _afterReturn;
    private EscapeParser _escape;
    private LineHistory _history;

    /// <summary>What the user has typed.</summary>
    public ReadOnlySpan<byte> Line => Text[.._length];

    private Span<byte> Text => MemoryMarshal.CreateSpan(ref Unsafe.As<Buffer, byte>(ref Unsafe.AsRef(in _buffer)), MaxLength);

    // A property, since a static of a kernel object may not be initialised by code.
    private static ReadOnlySpan<byte> Prompt => "csharpos> "u8;

    private static int Window => ScreenWidth - Prompt.Length;

    /// <summary>Forgets the line and the history; <paramref name="write"/> shows bytes to the user.</summary>
    public void Init(delegate*<ReadOnlySpan<byte>, void> write)
    {
        this = default;
        _write = write;
    }

    /// <summary>Shows the prompt with an empty line.</summary>
    public void Begin()
    {
        _length = 0;
        _cursor = 0;
        _scroll = 0;
        _history.Rewind();
        _write(Prompt);
    }

    /// <summary>Takes one byte from a terminal or keyboard.</summary>
    public LineEvent Feed(byte key)
    {
        bool secondOfPair = key == '\n' && _afterReturn;
        _afterReturn = key == '\r';
        switch (_escape.Feed(key))
        {
            case EscapeParser.Result.Pending:
                return LineEvent.Editing;
            case EscapeParser.Result.Sequence:
                FeedSequence();
                return LineEvent.Editing;
        }

        switch (key)
        {
            case (byte)'\n' when secondOfPair:
                return LineEvent.Editing;
            case (byte)'\n':
            case (byte)'\r':
                _history.Add(Line);
                _write("\n"u8);
                return LineEvent.Entered;
            case Control.C:
                _write("^C\n"u8);
                return LineEvent.Cancelled;
            case >= 0x20 and < 0x7f:
                Insert(key);
                return LineEvent.Editing;
            default:
                FeedControl(key);
                return LineEvent.Editing;
        }
    }

    private void FeedControl(byte key)
    {
        switch (key)
        {
            case Control.A:
                MoveTo(0);
                break;
            case Control.B:
                MoveTo(_cursor - 1);
                break;
            case Control.D:
                Delete(_cursor, _cursor + 1);
                break;
            case Control.E:
                MoveTo(_length);
                break;
            case Control.F:
                MoveTo(_cursor + 1);
                break;
            case Control.K:
                Delete(_cursor, _length);
                break;
            case Control.L:
                _write("\e[H\e[2J"u8);
                Draw();
                break;
            case Control.N:
                Recall(-1);
                break;
            case Control.P:
                Recall(1);
                break;
            case Control.U:
                Delete(0, _cursor);
                break;
            case Control.W:
                Delete(StartOfWord(), _cursor);
                break;
            case (byte)'\b':
            case Control.Delete:
                Backspace();
                break;
            default:
                Bell();
                break;
        }
    }

    private void FeedSequence()
    {
        switch (_escape.Final)
        {
            case (byte)'A':
                Recall(1);
                break;
            case (byte)'B':
                Recall(-1);
                break;
            case (byte)'C':
                MoveTo(_cursor + 1);
                break;
            case (byte)'D':
                MoveTo(_cursor - 1);
                break;
            case (byte)'H':
                MoveTo(0);
                break;
            case (byte)'F':
                MoveTo(_length);
                break;
            case (byte)'~':
                // Terminals differ: home is 1 or 7, end is 4 or 8. Insert, page up and page down do nothing here.
                switch (_escape.Parameter(0, 0))
                {
                    case 1 or 7:
                        MoveTo(0);
                        break;
                    case 4 or 8:
                        MoveTo(_length);
                        break;
                    case 3:
                        Delete(_cursor, _cursor + 1);
                        break;
                }

                break;
        }
    }

    private void Insert(byte character)
    {
        if (_length == MaxLength)
        {
            Bell();
            return;
        }

        bool atEnd = _cursor == _length;
        Text[_cursor.._length].CopyTo(Text[(_cursor + 1)..]);
        Text[_cursor] = character;
        _length++;
        _cursor++;
        if (!Scroll() && atEnd)
        {
            _write(Text.Slice(_cursor - 1, 1));
            return;
        }

        Draw();
    }

    private void Backspace()
    {
        if (_cursor == 0)
        {
            Bell();
            return;
        }

        if (_cursor == _length && _cursor - 1 > _scroll)
        {
            _length--;
            _cursor--;
            _write("\b \b"u8);
            return;
        }

        Delete(_cursor - 1, _cursor);
    }

    private void Delete(int from, int to)
    {
        to = Math.Min(to, _length);
        if (from >= to)
        {
            Bell();
            return;
        }

        Text[to.._length].CopyTo(Text[from..]);
        _length -= to - from;
        _cursor = from;
        Scroll();
        Draw();
    }

    private void MoveTo(int position)
    {
        if (position < 0 || position > _length)
        {
            Bell();
            return;
        }

        int before = _cursor;
        _cursor = position;
        if (Scroll())
        {
            Draw();
        }
        else if (position == before - 1)
        {
            _write("\b"u8);
        }
        else if (position == before + 1)
        {
            _write(Text.Slice(before, 1));
        }
        else if (position != before)
        {
            Draw();
        }
    }

    private void Recall(int step)
    {
        if (!_history.Recall(step, Text, ref _length))
        {
            Bell();
            return;
        }

        _cursor = _length;
        _scroll = 0;
        Scroll();
        Draw();
    }

    private int StartOfWord()
    {
        int start = _cursor;
        while (start > 0 && Text[start - 1] == ' ')
        {
            start--;
        }

        while (start > 0 && Text[start - 1] != ' ')
        {
            start--;
        }

        return start;
    }

    // Brings the cursor into the window. True if what is shown must be drawn anew. In steps, so that not every key draws the whole line.
    private bool Scroll()
    {
        int before = _scroll;
        if (_cursor < _scroll)
        {
            _scroll = Math.Max(0, _cursor - ScrollStep);
        }
        else if (_cursor - _scroll >= Window)
        {
            _scroll = _cursor - Window + ScrollStep;
        }

        return _scroll != before;
    }

    // One write for the whole line: other output must not come in between.
    private void Draw()
    {
        Span<byte> bytes = stackalloc byte[DrawBufferSize];
        TextBuffer text = new(bytes);
        int visible = Math.Min(_length - _scroll, Window);
        text.Append("\r"u8);
        text.Append(Prompt);
        text.Append(Text.Slice(_scroll, visible));
        text.Append("\e[K"u8);
        if (_cursor - _scroll < visible)
        {
            text.Append($"\r\e[{Prompt.Length + _cursor - _scroll}C");
        }

        _write(text.Written);
    }

    private void Bell() => _write("\a"u8);

    private static class Control
    {
        public const byte A = 1, B = 2, C = 3, D = 4, E = 5, F = 6, K = 11, L = 12, N = 14, P = 16, U = 21, W = 23, Delete = 0x7f;
    }

    [InlineArray(MaxLength)]
    private struct Buffer
    {
        private byte _first;
    }
}
