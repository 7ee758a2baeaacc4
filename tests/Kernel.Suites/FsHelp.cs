// FsHelp: what the suites of the file systems have in common. Paths are literals that end with a zero byte.

namespace CSharpOS.Suites;

internal static unsafe class FsHelp
{
    internal const uint ReadWrite = OpenFlags.O_RDWR | OpenFlags.O_CREAT;

    /// <summary>Makes a file with that content.</summary>
    internal static void Make(ReadOnlySpan<byte> path, ReadOnlySpan<byte> content)
    {
        Check.Equal(0, Vfs.Open(path, ReadWrite | OpenFlags.O_TRUNC, 0x1a4, out File* file));
        if (file != null)
        {
            Check.Equal(content.Length, Write(file, content, 0));
            Files.Put(file);
        }
    }

    internal static long Write(File* file, ReadOnlySpan<byte> content, long position)
    {
        fixed (byte* bytes = content)
        {
            return Vfs.KernelWrite(file, bytes, (nuint)content.Length, position);
        }
    }

    /// <summary>The file has that content, or opening it gives that error.</summary>
    internal static void Holds(ReadOnlySpan<byte> path, ReadOnlySpan<byte> content)
    {
        byte* bytes = stackalloc byte[64];
        int error = Vfs.Open(path, OpenFlags.O_RDONLY, 0, out File* file);
        Check.Equal(0, error);
        if (error == 0)
        {
            long length = Vfs.KernelRead(file, bytes, 64, 0);
            Check.True(length >= 0 && new ReadOnlySpan<byte>(bytes, (int)length).SequenceEqual(content));
            Files.Put(file);
        }
    }

    internal static int Open(ReadOnlySpan<byte> path, uint flags)
    {
        int error = Vfs.Open(path, flags, 0x1a4, out File* file);
        Files.Put(file);
        return error;
    }

    internal static int Mkdir(ReadOnlySpan<byte> path)
    {
        fixed (byte* name = path)
        {
            return Vfs.Mkdir(null, name, 0x1ed);
        }
    }

    internal static int Mknod(ReadOnlySpan<byte> path, uint mode, uint device)
    {
        fixed (byte* name = path)
        {
            return Vfs.Mknod(null, name, mode, device);
        }
    }

    internal static int Symlink(ReadOnlySpan<byte> target, ReadOnlySpan<byte> path)
    {
        fixed (byte* to = target, name = path)
        {
            return Vfs.Symlink(to, null, name);
        }
    }

    internal static int Link(ReadOnlySpan<byte> old, ReadOnlySpan<byte> path)
    {
        fixed (byte* from = old, name = path)
        {
            return Vfs.Link(null, from, WalkFlags.None, null, name);
        }
    }

    internal static int Remove(ReadOnlySpan<byte> path, bool directory = false)
    {
        fixed (byte* name = path)
        {
            return Vfs.Remove(null, name, directory);
        }
    }

    internal static int Rename(ReadOnlySpan<byte> old, ReadOnlySpan<byte> path, bool noReplace = false)
    {
        fixed (byte* from = old, name = path)
        {
            return Vfs.Rename(null, from, null, name, noReplace);
        }
    }

    /// <summary>Walks a path: 0 or the error.</summary>
    internal static int Walk(ReadOnlySpan<byte> path, WalkFlags flags = WalkFlags.Follow)
    {
        fixed (byte* name = path)
        {
            int error = Vfs.Lookup(null, name, flags, out Path at);
            at.Put();
            return error;
        }
    }

    /// <summary>The number of the file at a path; 0 if there is none.</summary>
    internal static ulong NumberOf(ReadOnlySpan<byte> path)
    {
        fixed (byte* name = path)
        {
            int error = Vfs.Lookup(null, name, WalkFlags.Follow, out Path at);
            ulong number = error == 0 ? at.Inode->Number : 0;
            at.Put();
            return number;
        }
    }

    internal static int Mount(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> path, bool readOnly = false)
    {
        fixed (byte* name = path)
        {
            int error = Vfs.Lookup(null, name, WalkFlags.Follow, out Path at);
            error = error != 0 ? error : Mounts.Mount("none"u8, kind, &at, readOnly, null);
            at.Put();
            return error;
        }
    }

    internal static int Unmount(ReadOnlySpan<byte> path)
    {
        fixed (byte* name = path)
        {
            int error = Vfs.Lookup(null, name, WalkFlags.Follow, out Path at);
            return error != 0 ? error : Mounts.Unmount(ref at);
        }
    }
}
