// VgaText: the text screen of a VGA adapter, 80 by 25 characters.
//
// Linux: drivers/video/console/vgacon.c. The text and its escape sequences are the business of the VirtualTerminal; here are the screen
// memory and the cursor. A console from boot on; there is no interrupt.
// Contexts: Write is called by the log from any context but NMI. Lock: s_lock, with interrupts off, for the terminal and the two
// ports of the cursor. Invariant: the screen shows what the terminal calls shown.
// Screen memory is slow on many machines, and reading it is slower: it is only written, and only where a character changes.

using System.Runtime.CompilerServices;
using CSharpOS.Init;
using CSharpOS.Terminal;
using Console = CSharpOS.Log.Console;

namespace CSharpOS.Drivers;

/// <summary>The driver of the VGA text screen.</summary>
/// <linux>vga_con</linux>
/// <rows>DRV-01</rows>
public static unsafe class VgaText
{
    /// <summary>Characters in a line.</summary>
    public const int Columns = 80;

    /// <summary>Lines.</summary>
    public const int Rows = 25;

    private const ulong ScreenMemory = 0xb8000;
    private const int IndexPort = 0x3d4;
    private const int DataPort = 0x3d5;
    private const byte CursorStart = 0x0a, CursorEnd = 0x0b, CursorHigh = 0x0e, CursorLow = 0x0f;
    private const byte CursorFirstLine = 13, CursorLastLine = 14;

    private static SpinLock s_lock;
    private static bool s_lockIsHopeless;
    private static VirtualTerminal s_terminal;
    private static Console s_console;
    private static Cells s_cells;
    private static Cells s_shown;
    private static ushort* s_screen;

    private static VirtualTerminal* Terminal => (VirtualTerminal*)Unsafe.AsPointer(ref s_terminal);

    /// <summary>Finds the screen and registers it as a console. Boot, interrupts off.</summary>
    /// <returns>0; -ENODEV if the loader has set a graphics mode or no VGA answers.</returns>
    /// <linux>vgacon_startup</linux>
    [ModuleInit(InitLevel.Console)]
    public static int Init()
    {
        if (BootInfo.Framebuffer.Present || !IsThere())
        {
            return -ENODEV;
        }

        Start((ushort*)DirectMap.PhysToVirt(ScreenMemory));
        Console* console = (Console*)Unsafe.AsPointer(ref s_console);
        *console = default;
        console->Name = "tty0"u8;
        console->Write = &Write;
        console->WriteBytes = &WriteBytes;
        RegisterConsole(console);
        return 0;
    }

    /// <summary>Gives the screen back. Process context.</summary>
    [ModuleExit]
    public static void Exit() => UnregisterConsole((Console*)Unsafe.AsPointer(ref s_console));

    /// <summary>Clears the screen at <paramref name="screen"/>.</summary>
    internal static void Start(ushort* screen)
    {
        s_lock.Init();
        s_screen = screen;
        WriteRegister(CursorStart, CursorFirstLine);
        WriteRegister(CursorEnd, CursorLastLine);
        ushort* cells = (ushort*)Unsafe.AsPointer(ref s_cells);
        ushort* shown = (ushort*)Unsafe.AsPointer(ref s_shown);
        Terminal->Init(Columns, Rows, cells, shown, &DrawCell, &MoveCursor);
    }

    // The register keeps the cursor's place: it may be changed and put back. Where no VGA is, all bits read as ones.
    private static bool IsThere()
    {
        byte before = ReadRegister(CursorLow);
        WriteRegister(CursorLow, 0x5a);
        bool keeps = ReadRegister(CursorLow) == 0x5a;
        WriteRegister(CursorLow, 0xa5);
        keeps = keeps && ReadRegister(CursorLow) == 0xa5;
        WriteRegister(CursorLow, before);
        return keeps;
    }

    private static void Write(Console* console, byte* text, int length) => Write(text, length, true);

    private static void WriteBytes(Console* console, byte* text, int length) => Write(text, length, false);

    private static void Write(byte* text, int length, bool returns)
    {
        bool locked = ConsoleLock.Acquire(ref s_lock, ref s_lockIsHopeless, out ulong flags);
        Terminal->Write(text, length, returns);
        ConsoleLock.Release(ref s_lock, locked, flags);
    }

    private static void DrawCell(VirtualTerminal* terminal, int column, int row, ushort cell) =>
        Mmio.Write16(s_screen + (row * Columns) + column, cell);

    private static void MoveCursor(VirtualTerminal* terminal, int column, int row)
    {
        int position = (row * Columns) + column;
        WriteRegister(CursorHigh, (byte)(position >> 8));
        WriteRegister(CursorLow, (byte)position);
    }

    private static byte ReadRegister(byte index)
    {
        PortIo.Out8(IndexPort, index);
        return PortIo.In8(DataPort);
    }

    private static void WriteRegister(byte index, byte value)
    {
        PortIo.Out8(IndexPort, index);
        PortIo.Out8(DataPort, value);
    }

    [InlineArray(Columns * Rows)]
    private struct Cells
    {
        private ushort _first;
    }
}
