// InitramfsTests: archives as cpio makes them, and broken ones. They are put together here, header by header.

namespace CSharpOS.Suites;

internal static unsafe class InitramfsTests
{
    private const int Room = 8192;

    private static byte* s_archive;
    private static int s_length;

    [TestSuite("initramfs")]
    private static void Suite()
    {
        Test.Run("directories, files, links, nodes"u8, "SYS-12"u8, &Everything);
        Test.Run("broken at every byte: reported, never a crash"u8, "SYS-13"u8, &Truncated);
        Test.Run("a later archive over an earlier one"u8, "SYS-12"u8, &Over);
        Test.Run("a compressed archive is refused by name"u8, "SYS-13"u8, &Compressed);
        Test.Run("sizes beyond the archive"u8, "SYS-13"u8, &Lies);
    }

    private static void Everything()
    {
        Build();
        Check.Equal(0, Initramfs.Unpack(new ReadOnlySpan<byte>(s_archive, s_length)));
        FsHelp.Holds("/ir/file\0"u8, "content"u8);
        FsHelp.Holds("/ir/link\0"u8, "content"u8);
        FsHelp.Holds("/ir/hard\0"u8, "shared"u8);
        FsHelp.Holds("/ir/hard2\0"u8, "shared"u8);
        Check.Equal((long)FsHelp.NumberOf("/ir/hard\0"u8), (long)FsHelp.NumberOf("/ir/hard2\0"u8));
        Check.Equal(0, FsHelp.Open("/ir/null\0"u8, OpenFlags.O_WRONLY));
        fixed (byte* name = "/ir/file\0"u8)
        {
            Check.Equal(0, StatCalls.OfPath(null, name, true, out Stat stat));
            Check.Equal(FileModes.S_IFREG | 0x1ed, stat.Mode);
            Check.Equal(1234, stat.ModifyTime.Seconds);
            Check.Equal(5, stat.Uid);
        }

        // Once more over what is there.
        Check.Equal(0, Initramfs.Unpack(new ReadOnlySpan<byte>(s_archive, s_length)));
        FsHelp.Holds("/ir/hard2\0"u8, "shared"u8);
        Check.NotLogged("broken archive"u8);
        Clean();
    }

    // Names that are something else now; a link that is replaced, not followed; a shorter file.
    private static void Over()
    {
        Build();
        Check.Equal(0, Initramfs.Unpack(new ReadOnlySpan<byte>(s_archive, s_length)));
        s_length = 0;
        Add("ir\0"u8, FileModes.S_IFDIR | 0x1ed, 1, 2, default);
        Add("ir/link\0"u8, FileModes.S_IFREG | 0x1ed, 2, 1, "new"u8);
        Add("ir/hard\0"u8, FileModes.S_IFLNK | 0x1ff, 3, 1, "link"u8);
        Add("ir/null\0"u8, FileModes.S_IFDIR | 0x1ed, 4, 2, default);
        Add("ir/null/inner\0"u8, FileModes.S_IFREG | 0x1a4, 5, 1, "deep"u8);
        Add("TRAILER!!!\0"u8, 0, 0, 1, default);
        Check.Equal(0, Initramfs.Unpack(new ReadOnlySpan<byte>(s_archive, s_length)));
        FsHelp.Holds("/ir/link\0"u8, "new"u8);
        FsHelp.Holds("/ir/file\0"u8, "content"u8);
        FsHelp.Holds("/ir/hard\0"u8, "new"u8);
        FsHelp.Holds("/ir/hard2\0"u8, "shared"u8);
        FsHelp.Holds("/ir/null/inner\0"u8, "deep"u8);
        Check.NotLogged("broken archive"u8);

        // A directory with something in it stays what it is.
        s_length = 0;
        Add("ir/null\0"u8, FileModes.S_IFREG | 0x1ed, 1, 1, "file"u8);
        Check.True(Initramfs.Unpack(new ReadOnlySpan<byte>(s_archive, s_length)) < 0);
        FsHelp.Holds("/ir/null/inner\0"u8, "deep"u8);
        Check.Logged("initramfs: broken archive at byte 0"u8);
        Check.Equal(0, FsHelp.Remove("/ir/null/inner\0"u8));
        Check.Equal(0, FsHelp.Remove("/ir/null\0"u8, directory: true));
        Clean();
    }

    private static void Compressed()
    {
        byte* bytes = stackalloc byte[4] { 0x1f, 0x8b, 8, 0 };
        Check.Equal(-EINVAL, Initramfs.Unpack(new ReadOnlySpan<byte>(bytes, 4)));
        Check.Logged("initramfs: the archive is compressed"u8);
    }

    private static void Truncated()
    {
        Build();
        int trailer = s_length - 124;
        for (int length = 1; length < trailer; length++)
        {
            // A piece of memory that ends where the archive ends: reading on would be found by the checks of the allocator or the guard page.
            byte* copy = (byte*)Kmalloc((nuint)length, GfpFlags.Kernel);
            new ReadOnlySpan<byte>(s_archive, length).CopyTo(new Span<byte>(copy, length));
            int error = Initramfs.Unpack(new ReadOnlySpan<byte>(copy, length));
            Check.True(error is 0 or -EINVAL);
            Kfree(copy);
            Forgive();
        }

        Check.Logged("initramfs: broken archive at byte"u8);
        Clean();
    }

    private static void Lies()
    {
        for (int field = 0; field < 13; field++)
        {
            Build();
            "ffffffff"u8.CopyTo(new Span<byte>(s_archive + 6 + (8 * field), 8));
            int error = Initramfs.Unpack(new ReadOnlySpan<byte>(s_archive, s_length));

            // The size of the content, and of the name.
            if (field is 6 or 11)
            {
                Check.Equal(-EINVAL, error);
            }

            Clean();
        }

        Build();
        s_archive[8] = (byte)'x';
        Check.Equal(-EINVAL, Initramfs.Unpack(new ReadOnlySpan<byte>(s_archive, s_length)));
        Check.Equal(0, Initramfs.Unpack(default));
        Clean();
    }

    private static void Build()
    {
        if (s_archive == null)
        {
            s_archive = (byte*)Kmalloc(Room, GfpFlags.Kernel);
        }

        s_length = 0;
        Add("ir\0"u8, FileModes.S_IFDIR | 0x1ed, 1, 2, default);
        Add("ir/file\0"u8, FileModes.S_IFREG | 0x1ed, 2, 1, "content"u8);
        Add("ir/link\0"u8, FileModes.S_IFLNK | 0x1ff, 3, 1, "file"u8);
        Add("ir/hard\0"u8, FileModes.S_IFREG | 0x1a4, 4, 2, default);
        Add("ir/hard2\0"u8, FileModes.S_IFREG | 0x1a4, 4, 2, "shared"u8);
        Add("ir/null\0"u8, FileModes.S_IFCHR | 0x1b6, 5, 1, default);
        Add("TRAILER!!!\0"u8, 0, 0, 1, default);
    }

    private static void Add(ReadOnlySpan<byte> name, uint mode, uint inode, uint links, ReadOnlySpan<byte> content)
    {
        TextBuffer header = new(new Span<byte>(s_archive + s_length, Room - s_length));
        header.Append($"070701{inode:x8}{mode:X8}{5:x8}{6:x8}{links:x8}{1234:x8}{content.Length:x8}");
        header.Append($"{0:x8}{1:x8}{1:x8}{3:x8}{name.Length:x8}{0:x8}");
        s_length += header.Length;
        Append(name);
        Append(content);
    }

    private static void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(new Span<byte>(s_archive + s_length, bytes.Length));
        s_length += bytes.Length;
        while ((s_length & 3) != 0)
        {
            s_archive[s_length++] = 0;
        }
    }

    // A node that is there already is an error of its own; the next piece shall not end with it.
    private static void Forgive() => FsHelp.Remove("/ir/null\0"u8);

    private static void Clean()
    {
        FsHelp.Remove("/ir/file\0"u8);
        FsHelp.Remove("/ir/link\0"u8);
        FsHelp.Remove("/ir/hard\0"u8);
        FsHelp.Remove("/ir/hard2\0"u8);
        FsHelp.Remove("/ir/null\0"u8);
        FsHelp.Remove("/ir\0"u8);
        FsHelp.Remove("/ir\0"u8, directory: true);
        Check.Equal(-ENOENT, FsHelp.Walk("/ir\0"u8, WalkFlags.None));
    }
}
