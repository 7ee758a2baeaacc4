// VirtualTerminal: text with a cursor and escape sequences, for any screen made of character cells.
//
// Linux: drivers/char/vt.c, with the screen driver below it as in struct consw. The VGA and framebuffer consoles share it.
// Contexts: any; nothing sleeps or allocates. No lock inside: the screen driver holds its own around Write, because a message may come
// from an interrupt in the middle of another.
// Invariants: after Write, Shown equals Cells and the driver has drawn every difference; 0 <= row < Rows, 0 <= column <= Columns.
// A column equal to Columns is a pending wrap: the next character goes to the next line, so a full line does not cost an empty one.
//
// All changes go to Cells first. Only at the end of a write are the cells that differ from Shown drawn. A text of many lines,
// such as the log replayed at registration, thus costs one drawing of the screen instead of one for each scrolled line.

namespace CSharpOS.Terminal;

/// <summary>A screen of character cells. A cell is the character in the low byte and the VGA attribute in the high byte.</summary>
/// <linux>vc_data</linux>
/// <rows>DRV-01</rows>
public unsafe struct VirtualTerminal
{
    /// <summary>Light grey on black.</summary>
    public const byte DefaultAttribute = 0x07;

    private const int TabWidth = 8;
    private const ushort NeverDrawn = 0xffff;

    private ushort* _cells;
    private ushort* _shown;
    private delegate*<VirtualTerminal*, int, int, ushort, void> _drawCell;
    private delegate*<VirtualTerminal*, int, int, void> _moveCursor;
    private int _firstDirtyRow;
    private int _lastDirtyRow;
    private EscapeParser _escape;

    /// <summary>Cells in a line.</summary>
    public int Columns { get; private set; }

    /// <summary>Lines of the screen.</summary>
    public int Rows { get; private set; }

    /// <summary>The column of the cursor, from 0; equal to <see cref="Columns"/> while a wrap is pending.</summary>
    public int Column { get; private set; }

    /// <summary>The row of the cursor, from 0.</summary>
    public int Row { get; private set; }

    /// <summary>The VGA attribute of the characters to come.</summary>
    public byte Attribute { get; private set; }

    /// <summary>Bytes that one of the two cell buffers needs.</summary>
    public static int BufferBytes(int columns, int rows) => columns * rows * sizeof(ushort);

    /// <summary>Clears the screen and puts the cursor into the upper left corner.</summary>
    /// <param name="columns">Cells in a line, at least 1.</param>
    /// <param name="rows">Lines, at least 1.</param>
    /// <param name="cells">Memory of <see cref="BufferBytes"/> bytes for the text that is wanted.</param>
    /// <param name="shown">As much again, for the text that has been drawn.</param>
    /// <param name="drawCell">Draws one cell: terminal, column, row, cell. Called from any context.</param>
    /// <param name="moveCursor">Shows the cursor at a column and row that exist. Any context, after the cells are drawn.</param>
    /// <linux>vc_init</linux>
    public void Init(int columns, int rows, ushort* cells, ushort* shown,
        delegate*<VirtualTerminal*, int, int, ushort, void> drawCell,
        delegate*<VirtualTerminal*, int, int, void> moveCursor)
    {
        Columns = columns;
        Rows = rows;
        _cells = cells;
        _shown = shown;
        _drawCell = drawCell;
        _moveCursor = moveCursor;
        Column = 0;
        Row = 0;
        Attribute = DefaultAttribute;
        _escape = default;
        for (int i = 0; i < columns * rows; i++)
        {
            _cells[i] = Blank();
            _shown[i] = NeverDrawn;
        }

        MarkDirty(0, rows - 1);
        Flush();
    }

    /// <summary>The cell that is wanted at a place.</summary>
    public readonly ushort Cell(int column, int row) => _cells[(row * Columns) + column];

    /// <summary>Shows text. Any context; the screen driver's lock is held.</summary>
    /// <param name="text">The bytes.</param>
    /// <param name="length">How many.</param>
    /// <param name="returns">A line feed goes back to the first column as well.</param>
    /// <linux>con_write</linux>
    public void Write(byte* text, int length, bool returns = true)
    {
        for (int i = 0; i < length; i++)
        {
            Put(text[i], returns);
        }

        Flush();
    }

    private void Put(byte value, bool returns)
    {
        switch (_escape.Feed(value))
        {
            case EscapeParser.Result.Pending:
                return;
            case EscapeParser.Result.Sequence:
                Execute();
                return;
        }

        switch (value)
        {
            case (byte)'\n':
                LineFeed();
                Column = returns ? 0 : Column;
                break;
            case (byte)'\r':
                Column = 0;
                break;
            case (byte)'\b':
                Column = Math.Max(0, Math.Min(Column, Columns - 1) - 1);
                break;
            case (byte)'\t':
                Column = Math.Min(Columns - 1, (Column / TabWidth * TabWidth) + TabWidth);
                break;
            case >= 0x20 and < 0x7f:
                Print(value);
                break;
            case >= 0xc0:
                // The first byte of a character that the fonts do not have; the bytes that follow it are below 0xc0 and show nothing.
                Print((byte)'?');
                break;
        }
    }

    private void Print(byte character)
    {
        if (Column >= Columns)
        {
            LineFeed();
            Column = 0;
        }

        _cells[(Row * Columns) + Column] = (ushort)(character | (Attribute << 8));
        MarkDirty(Row, Row);
        Column++;
    }

    private void LineFeed()
    {
        if (Row < Rows - 1)
        {
            Row++;
            return;
        }

        Span<ushort> all = new(_cells, Columns * Rows);
        all[Columns..].CopyTo(all);
        Erase(Columns * (Rows - 1), Columns * Rows);
        MarkDirty(0, Rows - 1);
    }

    // ESC [ numbers letter, as much of it as the line editor and simple programs need. What is unknown is swallowed.
    private void Execute()
    {
        int column = Math.Min(Column, Columns - 1);
        int here = (Row * Columns) + column;
        int first = _escape.Parameter(0, 0);
        switch (_escape.Final)
        {
            case (byte)'A':
                Row = Math.Max(0, Row - Math.Max(1, first));
                break;
            case (byte)'B':
                Row = Math.Min(Rows - 1, Row + Math.Max(1, first));
                break;
            case (byte)'C':
                Column = Math.Min(Columns - 1, column + Math.Max(1, first));
                break;
            case (byte)'D':
                Column = Math.Max(0, column - Math.Max(1, first));
                break;
            case (byte)'H':
            case (byte)'f':
                Row = Math.Clamp(_escape.Parameter(0, 1) - 1, 0, Rows - 1);
                Column = Math.Clamp(_escape.Parameter(1, 1) - 1, 0, Columns - 1);
                break;
            case (byte)'J':
                Erase(first == 0 ? here : 0, first == 1 ? here + 1 : Columns * Rows);
                break;
            case (byte)'K':
                Erase(first == 0 ? here : Row * Columns, first == 1 ? here + 1 : (Row + 1) * Columns);
                break;
            case (byte)'m':
                SelectColours();
                break;
        }
    }

    private void SelectColours()
    {
        // ANSI counts blue as 4 and red as 1; VGA the other way round.
        ReadOnlySpan<byte> vgaColour = [0, 4, 2, 6, 1, 5, 3, 7];
        for (int i = 0; i < Math.Max(1, _escape.Count); i++)
        {
            int parameter = _escape.Parameter(i, 0);
            Attribute = parameter switch
            {
                0 => DefaultAttribute,
                1 => (byte)(Attribute | 0x08),
                22 => (byte)(Attribute & ~0x08),
                7 => (byte)((Attribute & 0x88) | ((Attribute & 0x07) << 4) | ((Attribute >> 4) & 0x07)),
                >= 30 and <= 37 => (byte)((Attribute & 0xf8) | vgaColour[parameter - 30]),
                39 => (byte)((Attribute & 0xf0) | DefaultAttribute),
                >= 40 and <= 47 => (byte)((Attribute & 0x0f) | (vgaColour[parameter - 40] << 4)),
                49 => (byte)(Attribute & 0x0f),
                >= 90 and <= 97 => (byte)((Attribute & 0xf0) | 0x08 | vgaColour[parameter - 90]),
                _ => Attribute,
            };
        }
    }

    private readonly ushort Blank() => (ushort)(' ' | (Attribute << 8));

    private void Erase(int from, int to)
    {
        new Span<ushort>(_cells + from, to - from).Fill(Blank());
        MarkDirty(from / Columns, (to - 1) / Columns);
    }

    private void MarkDirty(int firstRow, int lastRow)
    {
        _firstDirtyRow = Math.Min(_firstDirtyRow, firstRow);
        _lastDirtyRow = Math.Max(_lastDirtyRow, lastRow);
    }

    private void Flush()
    {
        fixed (VirtualTerminal* self = &this)
        {
            for (int row = _firstDirtyRow; row <= _lastDirtyRow; row++)
            {
                int start = row * Columns;
                for (int column = 0; column < Columns; column++)
                {
                    ushort cell = _cells[start + column];
                    if (cell != _shown[start + column])
                    {
                        _shown[start + column] = cell;
                        _drawCell(self, column, row, cell);
                    }
                }
            }

            _firstDirtyRow = Rows;
            _lastDirtyRow = -1;
            _moveCursor(self, Math.Min(Column, Columns - 1), Row);
        }
    }
}
