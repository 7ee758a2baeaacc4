// ProcHelp: what the suite proc has in common: the text of a file, its lines and words. One test at a time.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class ProcHelp
{
    private const int Size = 512 << 10;
    private const int PathSize = 96;

    private static byte* s_text;
    private static int s_length;
    private static PathBytes s_path;

    /// <summary>What <see cref="Read(ReadOnlySpan{byte})"/> has read.</summary>
    internal static ReadOnlySpan<byte> Text => new(s_text, s_length);

    /// <summary>Reads a file whole, in pieces of a size that no line has. 0 or the error of open or read.</summary>
    internal static int Read(ReadOnlySpan<byte> path)
    {
        s_text = s_text == null ? (byte*)Vmalloc.Alloc(Size) : s_text;
        s_length = 0;
        int error = Vfs.Open(path, OpenFlags.O_RDONLY, 0, out File* file);
        if (error != 0)
        {
            return error;
        }

        long read;
        while (s_length < Size && (read = Vfs.KernelRead(file, s_text + s_length, (nuint)Math.Min(701, Size - s_length), s_length)) != 0)
        {
            if (read < 0)
            {
                error = (int)read;
                break;
            }

            s_length += (int)read;
        }

        Files.Put(file);
        return error;
    }

    /// <summary>Gives the memory of the text back.</summary>
    internal static void Free()
    {
        Vmalloc.Free(s_text);
        s_text = null;
        s_length = 0;
    }

    /// <summary>Opens, writes all with one call, closes: bytes written or the error.</summary>
    internal static long Write(ReadOnlySpan<byte> path, ReadOnlySpan<byte> text)
    {
        int error = Vfs.Open(path, OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_TRUNC, 0x1a4, out File* file);
        if (error != 0)
        {
            return error;
        }

        long written = FsHelp.Write(file, text, 0);
        Files.Put(file);
        return written;
    }

    /// <summary>A path in which {name} and a number stand, ended by a zero byte.</summary>
    internal static ReadOnlySpan<byte> PathOf(ReadOnlySpan<byte> before, int number, ReadOnlySpan<byte> behind)
    {
        TextBuffer path = new(new Span<byte>(Unsafe.AsPointer(ref s_path), PathSize));
        path.Append($"{before}{number}{behind}\0");
        return new ReadOnlySpan<byte>(Unsafe.AsPointer(ref s_path), path.Length);
    }

    /// <summary>The target of a link, in <see cref="Text"/>. Its length or the error.</summary>
    internal static int ReadLink(ReadOnlySpan<byte> path)
    {
        Read("/proc/version\0"u8);
        fixed (byte* name = path)
        {
            int error = Vfs.Lookup(null, name, WalkFlags.None, out Path at);
            int length = error != 0 ? error : at.Inode->Ops->ReadLink == null ? -EINVAL : at.Inode->Ops->ReadLink(at.Inode, s_text, Size);
            at.Put();
            s_length = length < 0 ? 0 : length;
            return length;
        }
    }

    /// <summary>The line that begins so, without its line feed; empty if there is none.</summary>
    internal static ReadOnlySpan<byte> Line(ReadOnlySpan<byte> beginning)
    {
        ReadOnlySpan<byte> rest = Text;
        while (rest.Length != 0)
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
            if (line.StartsWith(beginning))
            {
                return line;
            }

            rest = end < 0 ? default : rest[(end + 1)..];
        }

        return default;
    }

    /// <summary>Lines, each of which ends with a line feed.</summary>
    internal static int LineCount()
    {
        int count = 0;
        for (int i = 0; i < s_length; i++)
        {
            count += s_text[i] == '\n' ? 1 : 0;
        }

        return count;
    }

    /// <summary>Words are separated by blanks and tabs.</summary>
    internal static ReadOnlySpan<byte> Word(ReadOnlySpan<byte> line, int index)
    {
        int at = 0;
        while (true)
        {
            while (at < line.Length && line[at] is (byte)' ' or (byte)'\t')
            {
                at++;
            }

            int start = at;
            while (at < line.Length && line[at] is not ((byte)' ' or (byte)'\t' or (byte)'\n'))
            {
                at++;
            }

            if (index-- == 0 || start == at)
            {
                return line[start..at];
            }
        }
    }

    /// <summary>How many words the line has.</summary>
    internal static int WordCount(ReadOnlySpan<byte> line)
    {
        int count = 0;
        while (Word(line, count).Length != 0)
        {
            count++;
        }

        return count;
    }

    /// <summary>A word as a number; -1 if it is none.</summary>
    internal static long Number(ReadOnlySpan<byte> line, int index) =>
        CommandArguments.TryParse(Word(line, index), out ulong value) ? (long)value : -1;

    [InlineArray(PathSize)]
    private struct PathBytes
    {
        private byte _first;
    }
}
