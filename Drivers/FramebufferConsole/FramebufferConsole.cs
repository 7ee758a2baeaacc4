// FramebufferConsole: text on a linear framebuffer, for machines whose screen has no text mode (UEFI, VMware).
//
// Linux: drivers/video/console/fbcon.c. The text and its escape sequences are the business of the VirtualTerminal; here are the pixels.
// Contexts: Write is called by the log from any context but NMI. Lock: s_lock, with interrupts off, for the terminal and the cursor's
// place. Invariant: the cell at (s_cursorColumn, s_cursorRow) has the cursor drawn over it, no other one has.
// Reading a framebuffer is slow on real machines: scrolling moves the text in memory, and only characters that differ are drawn.

using System.Runtime.CompilerServices;
using CSharpOS.Init;
using CSharpOS.Terminal;
using Console = CSharpOS.Log.Console;

namespace CSharpOS.Drivers;

/// <summary>The driver of the loader's framebuffer.</summary>
/// <linux>fb_con</linux>
/// <rows>DRV-01</rows>
public static unsafe class FramebufferConsole
{
    private const int CursorTop = 13;
    private const int CursorLines = 2;
    private const int Colours = 16;

    private static SpinLock s_lock;
    private static bool s_lockIsHopeless;
    private static VirtualTerminal s_terminal;
    private static Console s_console;
    private static FramebufferInfo s_info;
    private static Palette s_palette;
    private static byte* s_pixels;
    private static ushort* s_cells;
    private static int s_cursorColumn;
    private static int s_cursorRow;

    private static VirtualTerminal* Terminal => (VirtualTerminal*)Unsafe.AsPointer(ref s_terminal);

    /// <summary>Takes over the framebuffer that the loader has set up and registers it as a console. Boot: it allocates and maps with
    /// interrupts off, which is allowed as long as there is only one task.</summary>
    /// <returns>0; -ENODEV if there is no framebuffer, or none with 24 or 32 bits per pixel and room for text; -ENOMEM.</returns>
    /// <linux>fbcon_startup</linux>
    [ModuleInit(InitLevel.Console)]
    public static int Init()
    {
        ref FramebufferInfo info = ref BootInfo.Framebuffer;
        if (!info.Present || info.BitsPerPixel is not (24 or 32) || info.Width < Font8x16.Width || info.Height < Font8x16.Height
            || info.Pitch < info.Width * info.BitsPerPixel / 8)
        {
            return -ENODEV;
        }

        int columns = (int)info.Width / Font8x16.Width;
        int rows = (int)info.Height / Font8x16.Height;
        nuint bufferBytes = (nuint)VirtualTerminal.BufferBytes(columns, rows);
        ushort* cells = (ushort*)Kmalloc(2 * bufferBytes, GfpFlags.Kernel);
        byte* pixels = (byte*)Vmalloc.Ioremap(info.Address, (nuint)info.Pitch * info.Height);
        if (cells == null || pixels == null)
        {
            Kfree(cells);
            Vmalloc.Iounmap(pixels);
            return -ENOMEM;
        }

        Start(in info, pixels, cells, columns, rows);
        Console* console = (Console*)Unsafe.AsPointer(ref s_console);
        *console = default;
        console->Name = "tty0"u8;
        console->Write = &Write;
        console->WriteBytes = &WriteBytes;
        RegisterConsole(console);
        Printk(LogLevel.Info, $"framebuffer: {info.Width} by {info.Height} pixels of {info.BitsPerPixel} bits, "
            + $"{columns} by {rows} characters\n");
        return 0;
    }

    /// <summary>Gives the framebuffer back. Process context.</summary>
    [ModuleExit]
    public static void Exit()
    {
        if (s_cells == null)
        {
            return;
        }

        UnregisterConsole((Console*)Unsafe.AsPointer(ref s_console));
        Vmalloc.Iounmap(s_pixels);
        Kfree(s_cells);
        s_pixels = null;
        s_cells = null;
    }

    /// <summary>Clears the screen whose pixels are at <paramref name="pixels"/>; <paramref name="cells"/> has room for two
    /// buffers.</summary>
    internal static void Start(in FramebufferInfo info, byte* pixels, ushort* cells, int columns, int rows)
    {
        s_lock.Init();
        s_info = info;
        s_pixels = pixels;
        s_cells = cells;
        s_cursorColumn = 0;
        s_cursorRow = 0;
        MakePalette();
        ClearBorder(columns, rows);
        Terminal->Init(columns, rows, cells, cells + (columns * rows), &DrawCell, &MoveCursor);
    }

    private static void Write(Console* console, byte* text, int length) => Write(text, length, true);

    private static void WriteBytes(Console* console, byte* text, int length) => Write(text, length, false);

    private static void Write(byte* text, int length, bool returns)
    {
        bool locked = ConsoleLock.Acquire(ref s_lock, ref s_lockIsHopeless, out ulong flags);
        Terminal->Write(text, length, returns);
        ConsoleLock.Release(ref s_lock, locked, flags);
    }

    private static void DrawCell(VirtualTerminal* terminal, int column, int row, ushort cell)
    {
        uint foreground = s_palette[(cell >> 8) & 15];
        uint background = s_palette[(cell >> 12) & 15];
        ReadOnlySpan<byte> glyph = Font8x16.Glyph(cell & 0xff);
        for (int line = 0; line < Font8x16.Height; line++)
        {
            DrawLine(column, (row * Font8x16.Height) + line, glyph[line], foreground, background);
        }
    }

    private static void MoveCursor(VirtualTerminal* terminal, int column, int row)
    {
        DrawCell(terminal, s_cursorColumn, s_cursorRow, terminal->Cell(s_cursorColumn, s_cursorRow));
        s_cursorColumn = column;
        s_cursorRow = row;
        uint colour = s_palette[terminal->Attribute & 15];
        for (int line = CursorTop; line < CursorTop + CursorLines; line++)
        {
            DrawLine(column, (row * Font8x16.Height) + line, 0xff, colour, colour);
        }
    }

    // Eight pixels; bit 7 of the pattern is the left one.
    private static void DrawLine(int column, int y, byte pattern, uint foreground, uint background)
    {
        byte* line = s_pixels + ((nuint)y * s_info.Pitch);
        if (s_info.BitsPerPixel == 32)
        {
            uint* pixel = (uint*)line + (column * Font8x16.Width);
            for (int bit = 0x80; bit != 0; bit >>= 1)
            {
                Mmio.Write32(pixel++, (pattern & bit) != 0 ? foreground : background);
            }

            return;
        }

        line += column * Font8x16.Width * 3;
        for (int bit = 0x80; bit != 0; bit >>= 1, line += 3)
        {
            uint colour = (pattern & bit) != 0 ? foreground : background;
            Mmio.Write8(line, (byte)colour);
            Mmio.Write8(line + 1, (byte)(colour >> 8));
            Mmio.Write8(line + 2, (byte)(colour >> 16));
        }
    }

    // What is right of the last column and below the last row holds no text: black once and for all.
    private static void ClearBorder(int columns, int rows)
    {
        int bytes = s_info.BitsPerPixel / 8;
        int textWidth = columns * Font8x16.Width;
        for (int y = 0; y < s_info.Height; y++)
        {
            byte* line = s_pixels + ((nuint)y * s_info.Pitch);
            int start = y < rows * Font8x16.Height ? textWidth * bytes : 0;
            for (int i = start; i < s_info.Width * bytes; i++)
            {
                Mmio.Write8(line + i, 0);
            }
        }
    }

    // The sixteen colours of VGA in the framebuffer's own form.
    private static void MakePalette()
    {
        for (int i = 0; i < Colours; i++)
        {
            // Brown is a darker yellow, as on the screens of the time.
            uint full = (i & 8) != 0 ? 0xffu : 0xaau;
            uint least = (i & 8) != 0 ? 0x55u : 0u;
            uint red = (i & 4) != 0 ? full : least;
            uint green = i == 6 ? 0x55u : (i & 2) != 0 ? full : least;
            uint blue = (i & 1) != 0 ? full : least;
            s_palette[i] = Component(red, s_info.RedSize, s_info.RedPosition)
                | Component(green, s_info.GreenSize, s_info.GreenPosition)
                | Component(blue, s_info.BlueSize, s_info.BluePosition);
        }
    }

    private static uint Component(uint value, byte size, byte position)
    {
        int bits = Math.Min((int)size, 8);
        return (value >> (8 - bits)) << (position & 31);
    }

    [InlineArray(Colours)]
    private struct Palette
    {
        private uint _first;
    }
}
