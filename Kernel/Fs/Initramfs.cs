// Initramfs: fills the root from a cpio archive in memory.
//
// Linux: init/initramfs.c; the format is cpio "newc": a header of 110 characters (13 numbers of 8 hexadecimal digits behind "070701"), the name, the content, each
// padded to 4 bytes; "TRAILER!!!" ends it. Process context, sleeps, at boot. No locks of its own. An archive that is broken is reported with the place, and
// what came before it stays; it never makes the kernel read beyond the archive.
// Hard links: entries with a link count above one and the same inode number; the content comes with any of them.

namespace CSharpOS.Fs;

/// <summary>Unpacking of the archive that is linked to the kernel.</summary>
public static unsafe class Initramfs
{
    private const int HeaderSize = 110;
    private const int Fields = 13;
    private const int MaxHardLinks = 64;

    private static ReadOnlySpan<byte> Magic => "070701"u8;

    private static ReadOnlySpan<byte> MagicWithChecksum => "070702"u8;

    private static ReadOnlySpan<byte> GzipMagic => [0x1f, 0x8b];

    private static ReadOnlySpan<byte> Trailer => "TRAILER!!!"u8;

    /// <summary>Unpacks an archive into the root of the current process; several may stand one behind the other, with zeros in between.</summary>
    /// <returns>0; -EINVAL: it is broken, which is logged; an error of making a file, likewise.</returns>
    /// <linux>unpack_to_rootfs</linux>
    public static int Unpack(ReadOnlySpan<byte> archive)
    {
        MightSleep();
        HardLinks links = default;
        links.Names = (byte**)Kcalloc(MaxHardLinks, (nuint)sizeof(byte*), GfpFlags.Kernel);
        links.Numbers = (ulong*)Kcalloc(MaxHardLinks, sizeof(ulong), GfpFlags.Kernel);
        int error = links.Names == null || links.Numbers == null ? -ENOMEM : 0;
        if (archive.StartsWith(GzipMagic))
        {
            Printk(LogLevel.Error, $"initramfs: the archive is compressed; it must be plain cpio, as gunzip makes it\n");
            error = -EINVAL;
        }

        int at = 0;
        while (error == 0 && SkipZeros(archive, ref at))
        {
            int begin = at;
            error = UnpackEntry(archive, ref at, ref links);
            if (error != 0)
            {
                Printk(LogLevel.Error, $"initramfs: broken archive at byte {begin} of {archive.Length}: error {error}\n");
            }
        }

        for (int i = 0; i < links.Count; i++)
        {
            Kfree(links.Names[i]);
        }

        Kfree(links.Names);
        Kfree(links.Numbers);
        return error;
    }

    private static bool SkipZeros(ReadOnlySpan<byte> archive, ref int at)
    {
        while (at < archive.Length && archive[at] == 0)
        {
            at++;
        }

        return at < archive.Length;
    }

    private static int UnpackEntry(ReadOnlySpan<byte> archive, ref int at, ref HardLinks links)
    {
        Entry entry = default;
        if (!ReadHeader(archive[at..], ref entry))
        {
            return -EINVAL;
        }

        // All of it in 64 bits: the sizes are 32-bit numbers from outside.
        long name = (long)at + HeaderSize;
        long content = RoundUp(name + entry.NameSize);
        long end = content + entry.FileSize;
        if (entry.NameSize is < 2 or > PathWalk.PathMax || end > archive.Length || archive[(int)(name + entry.NameSize - 1)] != 0)
        {
            return -EINVAL;
        }

        at = (int)Math.Min(RoundUp(end), archive.Length);
        ReadOnlySpan<byte> path = archive.Slice((int)name, (int)entry.NameSize);
        if (path[..^1].SequenceEqual(Trailer))
        {
            links.Forget();
            return 0;
        }

        return Make(path, entry, archive.Slice((int)content, (int)entry.FileSize), ref links);
    }

    private static bool ReadHeader(ReadOnlySpan<byte> header, ref Entry entry)
    {
        if (header.Length < HeaderSize || !(header.StartsWith(Magic) || header.StartsWith(MagicWithChecksum)))
        {
            return false;
        }

        uint* values = stackalloc uint[Fields];
        for (int i = 0; i < Fields; i++)
        {
            if (!Number(header.Slice(Magic.Length + (8 * i), 8), out values[i]))
            {
                return false;
            }
        }

        entry = new Entry
        {
            Inode = values[0],
            Mode = values[1],
            Uid = values[2],
            Gid = values[3],
            Links = values[4],
            Time = values[5],
            FileSize = values[6],
            FileDevice = ((ulong)values[7] << 32) | values[8],
            Device = DeviceNumber.Make(values[9], values[10]),
            NameSize = values[11],
        };
        return true;
    }

    private static bool Number(ReadOnlySpan<byte> text, out uint value)
    {
        value = 0;
        for (int i = 0; i < text.Length; i++)
        {
            int letter = text[i] | 0x20;
            int digit = text[i] is >= (byte)'0' and <= (byte)'9' ? text[i] - '0' : letter is >= 'a' and <= 'f' ? letter - 'a' + 10 : -1;
            if (digit < 0)
            {
                return false;
            }

            value = (value << 4) | (uint)digit;
        }

        return true;
    }

    private static int Make(ReadOnlySpan<byte> path, in Entry entry, ReadOnlySpan<byte> content, ref HardLinks links)
    {
        fixed (byte* name = path)
        {
            MakeRoom(name, entry.Mode);
            int error = (entry.Mode & FileModes.S_IFMT) switch
            {
                FileModes.S_IFREG => MakeFile(name, path.Length, entry, content, ref links),
                FileModes.S_IFDIR => MakeDirectory(name),
                FileModes.S_IFLNK => MakeLink(name, content),
                _ => Vfs.Mknod(null, name, entry.Mode, entry.Device),
            };
            return error != 0 ? error : SetAttributes(name, entry);
        }
    }

    // What a later archive brings replaces what is there; directories stay, and files keep their names: their content is replaced.
    // Linux: clean_path.
    private static void MakeRoom(byte* name, uint mode)
    {
        if (Vfs.Lookup(null, name, WalkFlags.None, out Path path) != 0)
        {
            return;
        }

        uint there = path.Inode->Mode & FileModes.S_IFMT;
        path.Put();
        if (there != (mode & FileModes.S_IFMT) || there is not (FileModes.S_IFDIR or FileModes.S_IFREG))
        {
            Vfs.Remove(null, name, directory: there == FileModes.S_IFDIR);
        }
    }

    private static int MakeDirectory(byte* name)
    {
        int error = Vfs.Mkdir(null, name, FileModes.S_IRWXUGO);
        return error == -EEXIST ? 0 : error;
    }

    private static int MakeLink(byte* name, ReadOnlySpan<byte> target)
    {
        if (target.Length is 0 or >= PathWalk.PathMax || target.IndexOf((byte)0) >= 0)
        {
            return -EINVAL;
        }

        var text = (byte*)Kzalloc((nuint)target.Length + 1, GfpFlags.Kernel);
        if (text == null)
        {
            return -ENOMEM;
        }

        target.CopyTo(new Span<byte>(text, target.Length));
        int error = Vfs.Symlink(text, null, name);
        Kfree(text);
        return error;
    }

    private static int MakeFile(byte* name, int nameLength, in Entry entry, ReadOnlySpan<byte> content, ref HardLinks links)
    {
        bool linked = false;
        if (entry.Links > 1)
        {
            int error = links.Use(name, nameLength, entry.FileDevice ^ ((ulong)entry.Inode << 20), out linked);
            if (error != 0)
            {
                return error;
            }
        }

        // A second name without content: the content came, or will come, with another one.
        if (linked && content.Length == 0)
        {
            return 0;
        }

        int result = Vfs.Open(null, name, OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_TRUNC, FileModes.S_IRWXUGO, out File* file);
        if (result != 0)
        {
            return result;
        }

        fixed (byte* bytes = content)
        {
            long written = content.Length == 0 ? 0 : Vfs.KernelWrite(file, bytes, (nuint)content.Length, 0);
            result = written == content.Length ? 0 : written < 0 ? (int)written : -ENOSPC;
        }

        Files.Put(file);
        return result;
    }

    private static int SetAttributes(byte* name, in Entry entry)
    {
        int error = Vfs.Lookup(null, name, WalkFlags.None, out Path path);
        if (error != 0)
        {
            return error;
        }

        Inode* inode = path.Inode;
        inode->Mode = (inode->Mode & FileModes.S_IFMT) | (entry.Mode & FileModes.S_IALLUGO);
        inode->Uid = entry.Uid;
        inode->Gid = entry.Gid;
        inode->ModifyTime = new Timespec { Seconds = entry.Time };
        path.Put();
        return 0;
    }

    private static long RoundUp(long offset) => (offset + 3) & ~3L;

    private struct Entry
    {
        public uint Inode;
        public uint Mode;
        public uint Uid;
        public uint Gid;
        public uint Links;
        public uint Time;
        public uint FileSize;
        public ulong FileDevice;
        public uint Device;
        public uint NameSize;
    }

    // The first names of files that have several.
    private struct HardLinks
    {
        public byte** Names;
        public ulong* Numbers;
        public int Count;

        public void Forget()
        {
            for (int i = 0; i < Count; i++)
            {
                Kfree(Names[i]);
            }

            Count = 0;
        }

        // Makes the name another one of a file that is there, or remembers it as the first.
        public int Use(byte* name, int length, ulong number, out bool linked)
        {
            linked = false;
            for (int i = 0; i < Count; i++)
            {
                if (Numbers[i] == number)
                {
                    Vfs.Remove(null, name, directory: false);
                    linked = true;
                    return Vfs.Link(null, Names[i], WalkFlags.None, null, name);
                }
            }

            if (Count == MaxHardLinks)
            {
                // Without a place to remember it the next name becomes a file of its own.
                return 0;
            }

            Names[Count] = (byte*)Kmalloc((nuint)length, GfpFlags.Kernel);
            if (Names[Count] == null)
            {
                return -ENOMEM;
            }

            new ReadOnlySpan<byte>(name, length).CopyTo(new Span<byte>(Names[Count], length));
            Numbers[Count++] = number;
            return 0;
        }
    }
}
