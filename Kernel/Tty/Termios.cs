// Termios: how a terminal behaves, in the form in which programs say it.
//
// Linux: include/asm-x86/termbits.h, include/asm-generic/termios.h. Constants and values: any context. The layout is the kernel's, 36 bytes, the same on
// i386 and x86-64 (not the C library's). A flag that is not named here is kept and does nothing.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Tty;

/// <summary>What is done with bytes that arrive.</summary>
[Flags]
internal enum InputFlags : uint
{
    None = 0,

    /// <summary>The eighth bit is dropped.</summary>
    ISTRIP = 0x20,

    /// <summary>Line feed becomes carriage return.</summary>
    INLCR = 0x40,

    /// <summary>Carriage return is dropped.</summary>
    IGNCR = 0x80,

    /// <summary>Carriage return becomes line feed.</summary>
    ICRNL = 0x100,

    /// <summary>^S stops the output, ^Q lets it go on.</summary>
    IXON = 0x400,

    /// <summary>Any key lets it go on.</summary>
    IXANY = 0x800,

    /// <summary>A full buffer beeps.</summary>
    IMAXBEL = 0x2000,

    /// <summary>Erasing takes a whole character of UTF-8.</summary>
    IUTF8 = 0x4000,
}

/// <summary>What is done with bytes that leave.</summary>
[Flags]
internal enum OutputFlags : uint
{
    None = 0,

    /// <summary>The others count; without it bytes leave as they are.</summary>
    OPOST = 1,

    /// <summary>Line feed becomes carriage return and line feed.</summary>
    ONLCR = 4,

    /// <summary>Carriage return becomes line feed.</summary>
    OCRNL = 8,

    /// <summary>No carriage return in column 0.</summary>
    ONOCR = 0x10,

    /// <summary>Line feed returns to column 0 by itself.</summary>
    ONLRET = 0x20,

    /// <summary>Tabs become spaces.</summary>
    XTABS = 0x1800,
}

/// <summary>What the line discipline does.</summary>
[Flags]
internal enum LocalFlags : uint
{
    None = 0,

    /// <summary>Keys send signals.</summary>
    ISIG = 1,

    /// <summary>Lines that can be edited; a read gives one.</summary>
    ICANON = 2,

    /// <summary>What is typed is shown.</summary>
    ECHO = 8,

    /// <summary>An erased character disappears from the screen.</summary>
    ECHOE = 0x10,

    /// <summary>After a kill a new line begins.</summary>
    ECHOK = 0x20,

    /// <summary>The end of a line is shown even without ECHO.</summary>
    ECHONL = 0x40,

    /// <summary>A signal key leaves the buffers alone.</summary>
    NOFLSH = 0x80,

    /// <summary>Background processes may not write.</summary>
    TOSTOP = 0x100,

    /// <summary>Control characters are shown as ^X.</summary>
    ECHOCTL = 0x200,

    /// <summary>A killed line disappears from the screen.</summary>
    ECHOKE = 0x800,

    /// <summary>Word erase, reprint, literal next and the second end of line are keys.</summary>
    IEXTEN = 0x8000,
}

/// <summary>Places of the special characters in <see cref="Termios"/>. A character 0 is switched off.</summary>
internal enum ControlCharacter
{
    VINTR,
    VQUIT,
    VERASE,
    VKILL,
    VEOF,
    VTIME,
    VMIN,
    VSWTC,
    VSTART,
    VSTOP,
    VSUSP,
    VEOL,
    VREPRINT,
    VDISCARD,
    VWERASE,
    VLNEXT,
    VEOL2,
}

/// <summary>The settings of a terminal.</summary>
/// <linux>ktermios, struct termios</linux>
[StructLayout(LayoutKind.Sequential)]
internal struct Termios
{
    /// <linux>c_iflag</linux>
    public InputFlags Input;

    /// <linux>c_oflag</linux>
    public OutputFlags Output;

    /// <summary>Speed and form of a byte on a line: kept for whoever asks.</summary>
    /// <linux>c_cflag</linux>
    public uint Control;

    /// <linux>c_lflag</linux>
    public LocalFlags Local;

    /// <summary>The line discipline: 0, N_TTY.</summary>
    /// <linux>c_line</linux>
    public byte Line;

    /// <linux>c_cc</linux>
    public Characters Special;

    /// <summary>38400 baud, eight bits, receiver on, hang up on the last close.</summary>
    /// <linux>B38400 | CS8 | CREAD | HUPCL</linux>
    private const uint StandardControl = 0xf | 0x30 | 0x80 | 0x400;

    /// <summary>What a terminal begins with.</summary>
    /// <linux>tty_std_termios</linux>
    internal static Termios Standard()
    {
        Termios termios = new()
        {
            Input = InputFlags.ICRNL | InputFlags.IXON | InputFlags.IMAXBEL,
            Output = OutputFlags.OPOST | OutputFlags.ONLCR,
            Control = StandardControl,
            Local = LocalFlags.ISIG | LocalFlags.ICANON | LocalFlags.ECHO | LocalFlags.ECHOE | LocalFlags.ECHOK | LocalFlags.ECHOCTL
                | LocalFlags.ECHOKE | LocalFlags.IEXTEN,
        };
        ReadOnlySpan<byte> special = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0];
        for (int i = 0; i < special.Length; i++)
        {
            termios.Special[i] = special[i];
        }

        return termios;
    }

    /// <summary>A special character or number.</summary>
    internal readonly byte this[ControlCharacter which] => Special[(int)which];

    /// <summary>True if <paramref name="value"/> is that special character, and it is not switched off.</summary>
    internal readonly bool Is(byte value, ControlCharacter which) => value != 0 && value == Special[(int)which];

    internal readonly bool Has(InputFlags flag) => (Input & flag) != 0;

    internal readonly bool Has(OutputFlags flag) => (Output & flag) == flag;

    internal readonly bool Has(LocalFlags flag) => (Local & flag) != 0;

    [InlineArray(19)]
    internal struct Characters
    {
        private byte _first;
    }
}

/// <summary>The size of a screen, in characters and in pixels.</summary>
/// <linux>winsize</linux>
[StructLayout(LayoutKind.Sequential)]
internal struct WindowSize
{
    public ushort Rows;
    public ushort Columns;
    public ushort WidthInPixels;
    public ushort HeightInPixels;
}
