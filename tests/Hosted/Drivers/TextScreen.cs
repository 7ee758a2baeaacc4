// TextScreen: a VirtualTerminal on plain memory, which remembers what was drawn. For tests of terminals and of whatever writes to one.

using System.Runtime.InteropServices;
using System.Text;
using CSharpOS.Terminal;

namespace CSharpOS.Hosted.Drivers;

/// <summary>One screen at a time; a new one replaces the old.</summary>
public static unsafe class TextScreen
{
    private static readonly VirtualTerminal* s_terminal = (VirtualTerminal*)NativeMemory.AllocZeroed((nuint)sizeof(VirtualTerminal));
    private static ushort* s_memory;
    private static ushort[] s_drawn = [];

    public static VirtualTerminal* Terminal => s_terminal;

    /// <summary>Cells drawn since the last <see cref="Start"/> or since a test cleared it.</summary>
    public static int CellsDrawn { get; set; }

    public static (int Column, int Row) Cursor { get; private set; }

    public static void Start(int columns = 80, int rows = 25)
    {
        NativeMemory.Free(s_memory);
        s_memory = (ushort*)NativeMemory.AllocZeroed((nuint)(2 * VirtualTerminal.BufferBytes(columns, rows)));
        s_drawn = new ushort[columns * rows];
        s_terminal->Init(columns, rows, s_memory, s_memory + (columns * rows), &DrawCell, &MoveCursor);
        CellsDrawn = 0;
    }

    public static void Write(string text) => Write(Encoding.UTF8.GetBytes(text));

    public static void Write(ReadOnlySpan<byte> text, bool returns = true)
    {
        fixed (byte* bytes = text)
        {
            s_terminal->Write(bytes, text.Length, returns);
        }
    }

    /// <summary>A line as it is drawn, without the blanks at its end.</summary>
    public static string Line(int row)
    {
        StringBuilder line = new();
        for (int column = 0; column < s_terminal->Columns; column++)
        {
            line.Append((char)(s_drawn[(row * s_terminal->Columns) + column] & 0xff));
        }

        return line.ToString().TrimEnd(' ');
    }

    /// <summary>All lines, joined by '\n', without empty ones at the end.</summary>
    public static string Text()
    {
        StringBuilder text = new();
        for (int row = 0; row < s_terminal->Rows; row++)
        {
            text.Append(Line(row)).Append('\n');
        }

        return text.ToString().TrimEnd('\n');
    }

    public static byte AttributeAt(int column, int row) => (byte)(s_drawn[(row * s_terminal->Columns) + column] >> 8);

    private static void DrawCell(VirtualTerminal* terminal, int column, int row, ushort cell)
    {
        s_drawn[(row * terminal->Columns) + column] = cell;
        CellsDrawn++;
    }

    private static void MoveCursor(VirtualTerminal* terminal, int column, int row) => Cursor = (column, row);
}
