// LineEditor: edits a line key by key: arrows, Home, End, Delete, ^A ^E ^B ^F ^P ^N ^U ^K ^W ^L ^D ^C, history, completion with the
// tabulator. It takes bytes and gives text for the terminal; no system calls: host tests run it. It draws with carriage return, backspace
// and blanks only (except ^L), and shows a window of a line that is longer than the screen, so that any terminal will do.

using System;
using System.Collections.Generic;
using System.Text;
using CSharpOS.Runtime;

namespace CSharpOS.User.Shell;

/// <summary>What a key has led to.</summary>
internal enum EditResult
{
    /// <summary>The line goes on.</summary>
    More,

    /// <summary>The line is finished.</summary>
    Line,

    /// <summary>^D on an empty line.</summary>
    EndOfInput,

    /// <summary>^C: the line is given up.</summary>
    Interrupted,
}

/// <summary>Edits one line at a time, with a history.</summary>
internal sealed class LineEditor
{
    private const int LongestHistory = 100;
    private const char Escape = '\x1b';

    private readonly List<string> _history = new();

    // Made anew for every line, in the memory of the round.
    private StringBuilder _line = new();
    private StringBuilder _output = new();
    private StringBuilder _sequence = new();
    private string _prompt = "";
    private string _unfinished = "";
    private int _columns = 80;
    private int _cursor;
    private int _historyAt;
    private int _shown;
    private int _shownCursor;
    private int _point;
    private int _continuation;
    private bool _lastWasTab;

    // True if the line is another one since it was drawn, not only longer.
    private bool _replaced;

    /// <summary>The line as it stands.</summary>
    public string Line => _line.ToString();

    /// <summary>Where the cursor is in it.</summary>
    public int Cursor => _cursor;

    /// <summary>Lines entered before, the oldest first.</summary>
    public List<string> History => _history;

    /// <summary>What the terminal is to be sent; taken away by the call.</summary>
    public string TakeOutput()
    {
        string output = _output.ToString();
        _output.Clear();
        return output;
    }

    /// <summary>Begins a line.</summary>
    public void Begin(string prompt, int columns)
    {
        _prompt = prompt;
        _columns = columns;
        _line = new StringBuilder();
        _output = new StringBuilder();
        _sequence = new StringBuilder();
        _cursor = 0;
        _historyAt = _history.Count;
        _continuation = 0;
        _lastWasTab = false;
        _shown = 0;
        _shownCursor = 0;
        _output.Append(prompt);
    }

    /// <summary>Remembers a line; not an empty one, and not the same twice in a row.</summary>
    public void Remember(string line)
    {
        if (line.Length == 0 || (_history.Count > 0 && _history[_history.Count - 1] == line))
        {
            return;
        }

        bool outside = ManagedHeap.Keep(true);
        if (_history.Count == LongestHistory)
        {
            _history.RemoveAt(0);
        }

        _history.Add(new string(line.AsSpan()));
        ManagedHeap.Keep(outside);
    }

    /// <summary>One byte from the terminal.</summary>
    /// <param name="input">The byte.</param>
    /// <param name="completer">The completion of the text in front of the cursor; asked only for the tabulator key.</param>
    public EditResult Feed(byte input, Completer completer)
    {
        bool wasTab = _lastWasTab;
        _lastWasTab = false;
        if (_sequence.Length > 0)
        {
            FeedSequence((char)input);
            return EditResult.More;
        }

        switch (input)
        {
            case (byte)'\r' or (byte)'\n':
                if (_cursor != _line.Length)
                {
                    _cursor = _line.Length;
                    Draw();
                }

                _output.Append("\r\n");
                return EditResult.Line;
            case 3:
                _output.Append("^C\r\n");
                return EditResult.Interrupted;
            case 4 when _line.Length == 0:
                _output.Append("\r\n");
                return EditResult.EndOfInput;
            case (byte)Escape:
                _sequence.Append(Escape);
                break;
            case (byte)'\t':
                _lastWasTab = true;
                CompleteWord(completer.Of(_line.ToString(0, _cursor)), wasTab);
                break;
            case < 32 or 127:
                FeedControl(input);
                break;
            default:
                FeedText(input);
                break;
        }

        Draw();
        return EditResult.More;
    }

    private void FeedControl(byte key)
    {
        switch (key)
        {
            case 1:
                _cursor = 0;
                break;
            case 2:
                _cursor = Math.Max(_cursor - 1, 0);
                break;
            case 4:
                Delete(_cursor, 1);
                break;
            case 5:
                _cursor = _line.Length;
                break;
            case 6:
                _cursor = Math.Min(_cursor + 1, _line.Length);
                break;
            case 8 or 127:
                if (_cursor > 0)
                {
                    Delete(_cursor - 1, 1);
                }

                break;
            case 11:
                Delete(_cursor, _line.Length - _cursor);
                break;
            case 12:
                _output.Append("\x1b[H\x1b[2J").Append(_prompt);
                _shown = 0;
                _shownCursor = 0;
                break;
            case 14:
                Recall(_historyAt + 1);
                break;
            case 16:
                Recall(_historyAt - 1);
                break;
            case 21:
                Delete(0, _cursor);
                break;
            case 23:
                int start = _cursor;
                while (start > 0 && _line[start - 1] == ' ')
                {
                    start--;
                }

                while (start > 0 && _line[start - 1] != ' ')
                {
                    start--;
                }

                Delete(start, _cursor - start);
                break;
        }
    }

    // ESC [ letter, ESC O letter, ESC [ digits ~
    private void FeedSequence(char c)
    {
        _sequence.Append(c);
        if (_sequence.Length == 2)
        {
            if (c is not ('[' or 'O'))
            {
                _sequence.Clear();
            }

            return;
        }

        if (c is >= '0' and <= '9' or ';' && _sequence.Length < 8)
        {
            return;
        }

        char kind = c == '~' ? _sequence[2] : c;
        _sequence.Clear();
        switch (kind)
        {
            case 'A':
                Recall(_historyAt - 1);
                break;
            case 'B':
                Recall(_historyAt + 1);
                break;
            case 'C':
                FeedControl(6);
                break;
            case 'D':
                FeedControl(2);
                break;
            case 'H' or '1' or '7':
                _cursor = 0;
                break;
            case 'F' or '4' or '8':
                _cursor = _line.Length;
                break;
            case '3':
                Delete(_cursor, 1);
                break;
        }

        Draw();
    }

    private void FeedText(byte input)
    {
        if (input < 0x80)
        {
            Insert((char)input);
        }
        else if (input >= 0xc0)
        {
            _continuation = input >= 0xf0 ? 3 : input >= 0xe0 ? 2 : 1;
            _point = input & (0x3f >> _continuation);
        }
        else if (_continuation > 0)
        {
            _point = (_point << 6) | (input & 0x3f);
            _continuation--;
            if (_continuation == 0)
            {
                // Beyond the first plane a character would be two code units: the cursor would go between them.
                Insert(_point < 0x10000 ? (char)_point : '\ufffd');
            }
        }
    }

    private void Insert(char c)
    {
        _line.Insert(_cursor, c);
        _cursor++;
    }

    private void Delete(int start, int length)
    {
        length = Math.Min(length, _line.Length - start);
        _line.Remove(start, length);
        _cursor = start;
    }

    private void Recall(int index)
    {
        if (index < 0 || index > _history.Count)
        {
            return;
        }

        if (_historyAt == _history.Count)
        {
            _unfinished = _line.ToString();
        }

        _historyAt = index;
        _replaced = true;
        _line.Clear().Append(index == _history.Count ? _unfinished : _history[index]);
        _cursor = _line.Length;
    }

    private void CompleteWord(Completion completion, bool list)
    {
        foreach (char c in completion.Addition)
        {
            Insert(c);
        }

        if (completion.Addition.Length > 0 || completion.Candidates.Count < 2)
        {
            return;
        }

        if (!list)
        {
            _output.Append('\a');
            return;
        }

        int width = 0;
        foreach (string candidate in completion.Candidates)
        {
            width = Math.Max(width, candidate.Length + 2);
        }

        int perRow = Math.Max(1, _columns / width);
        for (int i = 0; i < completion.Candidates.Count; i++)
        {
            _output.Append(i % perRow == 0 ? "\r\n" : "").Append(completion.Candidates[i]);
            for (int pad = completion.Candidates[i].Length; pad < width && i % perRow != perRow - 1; pad++)
            {
                _output.Append(' ');
            }
        }

        _output.Append("\r\n").Append(_prompt);
        _shown = 0;
        _shownCursor = 0;
    }

    // Brings the screen behind the prompt from what it shows to what it should.
    private void Draw()
    {
        int room = Math.Max(8, _columns - _prompt.Length - 1);
        int first = _cursor < room ? 0 : _cursor - room + 1;
        int length = Math.Min(room, _line.Length - first);
        if (first == 0 && length == _shown + 1 && _shownCursor == _shown && _cursor == _line.Length && !_replaced)
        {
            // The usual key: one more character at the end.
            _output.Append(_line[_cursor - 1]);
            _shown = length;
            _shownCursor = length;
            return;
        }

        _replaced = false;
        for (; _shownCursor > 0; _shownCursor--)
        {
            _output.Append('\b');
        }

        _output.Append(_line.ToString(first, length));
        int at = length;
        for (; at < _shown; at++)
        {
            _output.Append(' ');
        }

        _shown = length;
        _shownCursor = _cursor - first;
        for (; at > _shownCursor; at--)
        {
            _output.Append('\b');
        }
    }

    /// <summary>Where completions come from.</summary>
    internal abstract class Completer
    {
        public abstract Completion Of(string before);
    }
}
