// LineDiscipline: N_TTY: the line that is being typed, and its echo.
//
// Linux: n_tty_receive_char_canon, eraser, echo_char, drivers/char/n_tty.c. Process context, TtyStruct.Lock held.
// To erase something from the screen is to go back over the columns it takes. That depends on the column where the line began (a prompt stands before it) and
// on the tabs in it: ColumnAfter walks the line from there.

namespace CSharpOS.Tty;

/// <summary>Editing of the canonical mode.</summary>
internal static unsafe class LineDiscipline
{
    private const byte Backspace = 8;
    private const byte Delete = 0x7f;
    private const byte Bell = 7;

    /// <summary>Acts on a byte if it is for the editor. Canonical mode.</summary>
    /// <returns>False: it is to be stored.</returns>
    internal static bool Edit(TtyStruct* tty, byte value)
    {
        ref Termios termios = ref tty->Termios;
        bool extended = termios.Has(LocalFlags.IEXTEN);
        if (IsErase(ref termios, value))
        {
            Erase(tty, value, CharacterStart(tty));
        }
        else if (termios.Is(value, ControlCharacter.VKILL))
        {
            Kill(tty, value);
        }
        else if (extended && termios.Is(value, ControlCharacter.VWERASE))
        {
            Erase(tty, value, WordStart(tty));
        }
        else if (extended && termios.Is(value, ControlCharacter.VLNEXT))
        {
            LiteralNext(tty);
        }
        else if (extended && termios.Is(value, ControlCharacter.VREPRINT) && termios.Has(LocalFlags.ECHO))
        {
            Reprint(tty, value);
        }
        else if (value == '\n' || termios.Is(value, ControlCharacter.VEOL) || (extended && termios.Is(value, ControlCharacter.VEOL2)))
        {
            End(tty, value);
        }
        else if (termios.Is(value, ControlCharacter.VEOF))
        {
            EndOfFile(tty);
        }
        else
        {
            return false;
        }

        return true;
    }

    /// <summary>Puts a byte into the buffer and shows it; beeps if there is no room. In canonical mode the last place is kept for the end of the line.</summary>
    internal static void Store(TtyStruct* tty, byte value)
    {
        if (tty->Input.Count >= TtyInput.Capacity - (tty->IsCanonical ? 1 : 0))
        {
            Beep(tty);
            return;
        }

        if (tty->IsCanonical && tty->Input.Unfinished == 0)
        {
            tty->LineColumn = tty->Column;
        }

        Echo(tty, value);
        tty->Input.Add(value);
    }

    /// <summary>Shows a byte, if the terminal echoes.</summary>
    /// <linux>echo_char</linux>
    internal static void Echo(TtyStruct* tty, byte value)
    {
        if (!tty->Termios.Has(LocalFlags.ECHO))
        {
            return;
        }

        if (IsShownAsTwo(tty, value))
        {
            TtyOutput.Put(tty, (byte)'^');
            value ^= 0x40;
        }

        TtyOutput.Put(tty, value);
    }

    private static bool IsShownAsTwo(TtyStruct* tty, byte value) =>
        tty->Termios.Has(LocalFlags.ECHOCTL) && (value < ' ' || value == Delete) && value is not ((byte)'\n' or (byte)'\t');

    // Keyboards send DEL and some terminals on a line ^H: as long as the key is one of the two, both erase.
    private static bool IsErase(ref Termios termios, byte value)
    {
        byte key = termios[ControlCharacter.VERASE];
        return termios.Is(value, ControlCharacter.VERASE) || (key is Delete or Backspace && value is Delete or Backspace);
    }

    private static void Beep(TtyStruct* tty)
    {
        if (tty->Termios.Has(InputFlags.IMAXBEL))
        {
            TtyOutput.Put(tty, Bell);
        }
    }

    private static void End(TtyStruct* tty, byte value)
    {
        if (tty->Input.Count == TtyInput.Capacity)
        {
            Beep(tty);
            return;
        }

        if (value == '\n' && tty->Termios.Has(LocalFlags.ECHO | LocalFlags.ECHONL))
        {
            TtyOutput.Put(tty, value);
        }
        else
        {
            Echo(tty, value);
        }

        tty->Input.AddEnd(value);
    }

    private static void EndOfFile(TtyStruct* tty)
    {
        if (tty->Input.Count == TtyInput.Capacity)
        {
            Beep(tty);
            return;
        }

        tty->Input.AddEndOfFile();
    }

    private static void LiteralNext(TtyStruct* tty)
    {
        tty->LiteralNext = true;
        if (tty->Termios.Has(LocalFlags.ECHO) && tty->Termios.Has(LocalFlags.ECHOCTL))
        {
            // The character that comes is written over the sign that it will be taken as it is.
            TtyOutput.Put(tty, (byte)'^');
            TtyOutput.Put(tty, Backspace);
        }
    }

    private static void Kill(TtyStruct* tty, byte value)
    {
        if (tty->Termios.Has(LocalFlags.ECHOE) && tty->Termios.Has(LocalFlags.ECHOK) && tty->Termios.Has(LocalFlags.ECHOKE))
        {
            Erase(tty, value, 0);
            return;
        }

        tty->Input.DropTyped(tty->Input.Unfinished);
        Echo(tty, value);
        if (tty->Termios.Has(LocalFlags.ECHO) && tty->Termios.Has(LocalFlags.ECHOK))
        {
            TtyOutput.Put(tty, (byte)'\n');
        }
    }

    private static void Reprint(TtyStruct* tty, byte value)
    {
        Echo(tty, value);
        TtyOutput.Put(tty, (byte)'\n');
        tty->LineColumn = tty->Column;
        for (int i = 0; i < tty->Input.Unfinished; i++)
        {
            Echo(tty, tty->Input.Typed(i));
        }
    }

    // Drops the line from byte `from` on.
    private static void Erase(TtyStruct* tty, byte key, int from)
    {
        int length = tty->Input.Unfinished;
        if (from == length)
        {
            return;
        }

        if (!tty->Termios.Has(LocalFlags.ECHOE))
        {
            Echo(tty, key);
            tty->Input.DropTyped(length - from);
            return;
        }

        while (length > from)
        {
            byte last = tty->Input.Typed(length - 1);
            bool blank = last == '\t';
            int columns = !tty->Termios.Has(LocalFlags.ECHO) ? 0
                : blank ? ColumnAfter(tty, length) - ColumnAfter(tty, length - 1)
                : IsShownAsTwo(tty, last) ? 2
                : TtyOutput.Width(tty, last);
            for (int i = 0; i < columns; i++)
            {
                TtyOutput.Put(tty, Backspace);
                if (!blank)
                {
                    TtyOutput.Put(tty, (byte)' ');
                    TtyOutput.Put(tty, Backspace);
                }
            }

            length--;
            tty->Input.DropTyped(1);
        }
    }

    // Where the last character of the line begins.
    private static int CharacterStart(TtyStruct* tty)
    {
        int start = tty->Input.Unfinished - 1;
        while (start > 0 && TtyOutput.IsContinuation(tty, tty->Input.Typed(start)))
        {
            start--;
        }

        return Math.Max(0, start);
    }

    // Where the last word begins: what is no letter, digit or underline behind it goes too.
    private static int WordStart(TtyStruct* tty)
    {
        int start = tty->Input.Unfinished;
        while (start > 0 && !IsWord(tty->Input.Typed(start - 1)))
        {
            start--;
        }

        while (start > 0 && IsWord(tty->Input.Typed(start - 1)))
        {
            start--;
        }

        return start;
    }

    private static bool IsWord(byte value) =>
        value is (>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z') or (>= (byte)'0' and <= (byte)'9') or (byte)'_' or >= 0x80;

    // The column of the cursor behind the first so many bytes of the line.
    private static int ColumnAfter(TtyStruct* tty, int bytes)
    {
        int column = tty->LineColumn;
        for (int i = 0; i < bytes; i++)
        {
            byte value = tty->Input.Typed(i);
            column = value == '\t' ? TtyOutput.NextTab(column)
                : IsShownAsTwo(tty, value) ? column + 2
                : column + TtyOutput.Width(tty, value);
        }

        return column;
    }
}
