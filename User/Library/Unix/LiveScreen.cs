// LiveScreen: a picture in text that is drawn again every few seconds until somebody presses q: top, irqtop.

namespace CSharpOS.User;

/// <summary>Draws line by line over the picture before; on something that is no terminal the pictures follow each other.</summary>
public sealed class LiveScreen
{
    private readonly bool _isTerminal = Unix.Isatty(1);
    private readonly bool _hasKeys = Unix.Isatty(0);
    private Termios _before;
    private int _line;

    /// <summary>Lines of the screen; very many on something that has none.</summary>
    public int Rows { get; private set; } = int.MaxValue;

    /// <summary>Takes the keys.</summary>
    public void Begin()
    {
        if (_hasKeys)
        {
            Unix.Tcgetattr(0, out _before);
            Termios raw = _before;
            raw.MakeRaw(signals: true);
            Unix.Tcsetattr(0, raw);
        }

        if (_isTerminal)
        {
            Console.Write("\x1b[H\x1b[2J"u8);
        }
    }

    /// <summary>Begins a picture.</summary>
    public void BeginPicture()
    {
        _line = 0;
        if (_isTerminal)
        {
            Rows = Unix.GetWindowSize(1).Rows;
            Console.Write("\x1b[H"u8);
        }
    }

    /// <summary>Begins a line; false if the screen is full.</summary>
    public bool BeginLine()
    {
        if (_line >= Rows - 1)
        {
            return false;
        }

        _line++;
        return true;
    }

    /// <summary>Ends a line.</summary>
    public void EndLine() => Console.WriteLine(_isTerminal ? "\x1b[K"u8 : ""u8);

    /// <summary>Ends the picture and waits; false if it is to be the last one.</summary>
    public bool EndPicture(int seconds)
    {
        if (_isTerminal)
        {
            Console.Write("\x1b[J"u8);
        }

        Console.Out.Flush();
        if (_hasKeys)
        {
            Span<byte> key = stackalloc byte[1];
            return Unix.PollInput(0, seconds * 1000) <= 0 || Unix.Read(0, key) != 1 || (key[0] != 'q' && key[0] != 3);
        }

        Timespec time = new() { Seconds = seconds };
        return Unix.Nanosleep(ref time) == 0;
    }

    /// <summary>Gives the keys back.</summary>
    public void End()
    {
        if (_hasKeys)
        {
            Unix.Tcsetattr(0, _before);
        }
    }
}
