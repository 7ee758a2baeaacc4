// ExecArguments: the strings of a new program, kept in the kernel while the old program's memory goes.
//
// Linux: copy_strings, create_elf_tables (fs/exec.c, fs/binfmt_elf.c). Process context; sleeps. Belongs to one call of execve: no lock.

namespace CSharpOS.Processes;

/// <summary>argv and envp.</summary>
internal unsafe struct ExecArguments
{
    /// <summary>Bytes of all strings and how many there may be.</summary>
    /// <linux>MAX_ARG_PAGES</linux>
    internal const int MaxBytes = 32 * 4096, MaxStrings = 4096;

    // From the front of one buffer; argv first, then envp, each with its zero byte.
    private byte* _text;
    private int _length, _room;
    private bool _small;

    /// <summary>How many of each.</summary>
    internal int ArgumentCount, EnvironmentCount;

    /// <summary>The strings one after the other, each with its zero byte.</summary>
    internal readonly ReadOnlySpan<byte> Text => new(_text, _length);

    /// <summary>Room for as many strings as there may be. Sleeps. 0 or -ENOMEM.</summary>
    internal int Allocate()
    {
        _text = (byte*)Vmalloc.Alloc(MaxBytes);
        _room = MaxBytes;
        return _text == null ? -ENOMEM : 0;
    }

    /// <summary>Room for <paramref name="size"/> bytes of strings, from any context that <paramref name="gfp"/> allows. 0, -E2BIG, -ENOMEM.</summary>
    internal int Allocate(int size, GfpFlags gfp)
    {
        _small = true;
        _room = size;
        _text = size > MaxBytes ? null : (byte*)Kmalloc((nuint)size, gfp);
        return size > MaxBytes ? -E2BIG : _text == null ? -ENOMEM : 0;
    }

    internal void Free()
    {
        if (_small)
        {
            Kfree(_text);
        }
        else if (_text != null)
        {
            Vmalloc.Free(_text);
        }

        _text = null;
    }

    /// <summary>Adds a string of the kernel. 0 or -E2BIG.</summary>
    internal int Add(ReadOnlySpan<byte> text, ref int count)
    {
        if (text.Length >= _room - _length)
        {
            return -E2BIG;
        }

        text.CopyTo(new Span<byte>(_text + _length, text.Length));
        _length += text.Length;
        _text[_length++] = 0;
        count++;
        return 0;
    }

    /// <summary>Adds the strings of a program's null-ended array of pointers, each <paramref name="width"/> bytes wide. A null array is empty.</summary>
    /// <returns>0, -EFAULT, -E2BIG.</returns>
    internal int AddFromUser(byte* array, int width, ref int count)
    {
        for (; array != null; array += width)
        {
            ulong pointer = 0;
            if (Uaccess.CopyFromUser(&pointer, array, (nuint)width) != 0)
            {
                return -EFAULT;
            }

            if (pointer == 0)
            {
                break;
            }

            int room = _room - _length;
            nint length = Uaccess.StrncpyFromUser(_text + _length, (byte*)pointer, room);
            if (length < 0)
            {
                return (int)length;
            }

            if (length == room || count == MaxStrings)
            {
                return -E2BIG;
            }

            _length += (int)length + 1;
            count++;
        }

        return 0;
    }

    /// <summary>Puts others in the place of the first argument: a script's interpreter with what it is given.</summary>
    /// <returns>0 or -E2BIG.</returns>
    internal int ReplaceFirst(ReadOnlySpan<byte> interpreter, ReadOnlySpan<byte> option, ReadOnlySpan<byte> script)
    {
        int old = ArgumentCount == 0 ? 0 : Text.IndexOf((byte)0) + 1;
        int added = interpreter.Length + 1 + (option.IsEmpty ? 0 : option.Length + 1) + script.Length + 1;
        if (_length - old + added > _room)
        {
            return -E2BIG;
        }

        new ReadOnlySpan<byte>(_text + old, _length - old).CopyTo(new Span<byte>(_text + added, _length - old));
        _length += added - old;
        byte* at = Put(_text, interpreter);
        at = option.IsEmpty ? at : Put(at, option);
        Put(at, script);
        ArgumentCount += (ArgumentCount == 0 ? 2 : 1) + (option.IsEmpty ? 0 : 1);
        return 0;
    }

    private static byte* Put(byte* at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(new Span<byte>(at, text.Length));
        at[text.Length] = 0;
        return at + text.Length + 1;
    }
}
