// TtyOutput: bytes on their way to the screen: what is done with them, and where they wait.
//
// Linux: opost, process_output, the echo buffer, start_tty and stop_tty (drivers/char/n_tty.c, tty_io.c). Process context, TtyStruct.Lock held.
// Echo and writes go through one buffer, so they stay in order, and reach the driver in pieces instead of bytes. It is sent at the end of each batch of
// input and each piece of a write. While the output is stopped echo stays in it, and what does not fit is lost; writers wait before they come here.

using System.Runtime.CompilerServices;

namespace CSharpOS.Tty;

/// <summary>The buffer, and its use.</summary>
internal unsafe struct TtyOutput
{
    private const int Capacity = 1024;
    private const int TabWidth = 8;

    private int _count;
    private Storage _bytes;

    /// <summary>Bytes that wait.</summary>
    internal readonly int Count => _count;

    /// <summary>Drops what waits.</summary>
    internal void Clear() => _count = 0;

    /// <summary>Sends what waits, unless the output is stopped.</summary>
    internal static void Flush(TtyStruct* tty)
    {
        if (tty->Stopped != 0 || tty->Output._count == 0)
        {
            return;
        }

        tty->Ops->Write(tty, (byte*)Unsafe.AsPointer(ref tty->Output._bytes), tty->Output._count);
        tty->Output._count = 0;
    }

    /// <summary>Stops the output.</summary>
    /// <linux>stop_tty</linux>
    internal static void Stop(TtyStruct* tty) => Shared.WriteOnce(ref tty->Stopped, 1);

    /// <summary>Lets it go on.</summary>
    /// <linux>start_tty</linux>
    internal static void Start(TtyStruct* tty)
    {
        if (tty->Stopped != 0)
        {
            Shared.WriteOnce(ref tty->Stopped, 0);
            Flush(tty);
            WaitQueue.WakeUpInterruptible(&tty->WriteQueue);
        }
    }

    /// <summary>Puts a byte out the way the settings say.</summary>
    /// <linux>do_output_char</linux>
    internal static void Put(TtyStruct* tty, byte value)
    {
        if (!tty->Termios.Has(OutputFlags.OPOST))
        {
            PutRaw(tty, value);
            return;
        }

        if (value == '\r' && tty->Termios.Has(OutputFlags.OCRNL))
        {
            value = (byte)'\n';
        }

        switch (value)
        {
            case (byte)'\n':
                if (tty->Termios.Has(OutputFlags.ONLCR))
                {
                    PutRaw(tty, (byte)'\r');
                }

                tty->Column = tty->Termios.Has(OutputFlags.ONLCR) || tty->Termios.Has(OutputFlags.ONLRET) ? 0 : tty->Column;
                break;
            case (byte)'\r':
                if (tty->Termios.Has(OutputFlags.ONOCR) && tty->Column == 0)
                {
                    return;
                }

                tty->Column = 0;
                break;
            case (byte)'\t':
                PutTab(tty);
                return;
            case (byte)'\b':
                tty->Column = Math.Max(0, tty->Column - 1);
                break;
            default:
                tty->Column += Width(tty, value);
                break;
        }

        PutRaw(tty, value);
    }

    /// <summary>How many columns a byte takes that is shown as it is.</summary>
    internal static int Width(TtyStruct* tty, byte value) => value < ' ' || value == 0x7f || IsContinuation(tty, value) ? 0 : 1;

    /// <summary>True for the second and later bytes of a character of UTF-8, where the terminal knows of it.</summary>
    internal static bool IsContinuation(TtyStruct* tty, byte value) => tty->Termios.Has(InputFlags.IUTF8) && (value & 0xc0) == 0x80;

    /// <summary>Where a tab leads to from <paramref name="column"/>.</summary>
    internal static int NextTab(int column) => (column / TabWidth * TabWidth) + TabWidth;

    private static void PutTab(TtyStruct* tty)
    {
        int next = NextTab(tty->Column);
        bool spaces = tty->Termios.Has(OutputFlags.XTABS);
        for (int i = tty->Column; spaces && i < next; i++)
        {
            PutRaw(tty, (byte)' ');
        }

        if (!spaces)
        {
            PutRaw(tty, (byte)'\t');
        }

        tty->Column = next;
    }

    private static void PutRaw(TtyStruct* tty, byte value)
    {
        ref TtyOutput output = ref tty->Output;
        if (output._count == Capacity)
        {
            Flush(tty);
        }

        if (output._count < Capacity)
        {
            output._bytes[output._count++] = value;
        }
    }

    [InlineArray(Capacity)]
    private struct Storage
    {
        private byte _first;
    }
}
