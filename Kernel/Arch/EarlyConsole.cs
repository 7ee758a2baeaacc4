// EarlyConsole: text before any console driver, and when all of them fail: the first serial port by polling, and VGA text memory.
//
// Linux: early_printk. Any context, no locks: output of two CPUs may mix, nothing else can go wrong.

namespace CSharpOS.Arch;

/// <summary>The last resort for text.</summary>
public static unsafe class EarlyConsole
{
    private const int Columns = 80, Rows = 25;

    private static int s_position;

    /// <summary>Writes <paramref name="length"/> bytes of text.</summary>
    /// <linux>early_printk</linux>
    public static void Write(byte* text, int length)
    {
        AsmImports.EarlyWrite(text, length);
        if (Init.BootInfo.Framebuffer.Present)
        {
            return;
        }

        var screen = (ushort*)(AsmOffsets.DIRECT_MAP_BASE + 0xb8000);
        for (int i = 0; i < length; i++)
        {
            if (text[i] == '\n')
            {
                s_position += Columns - (s_position % Columns);
            }
            else if (text[i] >= ' ')
            {
                screen[s_position++] = (ushort)(0x0700 | text[i]);
            }

            if (s_position >= Columns * Rows)
            {
                s_position = 0;
            }
        }
    }
}
