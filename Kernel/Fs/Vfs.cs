// Vfs: finding, opening and reading files by their paths, for the kernel itself as well as for system calls.
//
// Linux: fs/namei.c (do_filp_open), fs/open.c, fs/read_write.c (kernel_read). Process context, sleeps. Paths end with a zero byte.
// A relative path begins at `start` (a directory that is open), or at the working directory where that is null.

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>Files by path.</summary>
public static unsafe partial class Vfs
{
    /// <summary>Where a path begins: an open directory or, for null, the working directory. With references.</summary>
    internal static Path Start(File* directory)
    {
        if (directory == null)
        {
            return FsStruct.CurrentCwd();
        }

        Path path = directory->Path;
        path.Get();
        return path;
    }

    /// <summary>The place that a path leads to, with references for the caller.</summary>
    /// <returns>0; -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG, -EACCES, -ENOMEM.</returns>
    /// <linux>kern_path</linux>
    internal static int Lookup(File* start, byte* name, WalkFlags flags, out Path path)
    {
        path = default;
        PathWalk walk = PathWalk.Begin(Start(start), name);
        int error = walk.ToEnd(flags);
        if (error == 0)
        {
            path = walk.Path;
            walk.Path = default;
        }

        walk.End();
        return error;
    }

    /// <summary>Opens a file.</summary>
    /// <param name="path">Its path, ended by a zero byte: a literal such as <c>"/init\0"u8</c>.</param>
    /// <param name="flags"><see cref="OpenFlags"/>.</param>
    /// <param name="mode">Permissions of a file that is made.</param>
    /// <param name="file">The open file with a reference for the caller (<see cref="Files.Put"/>), or null.</param>
    /// <returns>0 or minus errno as open gives it.</returns>
    /// <linux>filp_open</linux>
    public static int Open(ReadOnlySpan<byte> path, uint flags, uint mode, out File* file)
    {
        MightSleep();
        fixed (byte* name = path)
        {
            return Open(null, name, flags, mode, out file);
        }
    }

    /// <summary>The same for a path that begins at an open directory.</summary>
    /// <linux>do_filp_open</linux>
    internal static int Open(File* start, byte* name, uint flags, uint mode, out File* file)
    {
        file = Files.Allocate(flags);
        if (file == null)
        {
            return -ENFILE;
        }

        PathWalk walk = PathWalk.Begin(Start(start), name);
        bool made = false;
        int error = (flags & OpenFlags.O_CREAT) != 0 ? FindOrCreate(ref walk, flags, mode & ~FsStruct.CurrentUmask, out made) : Find(ref walk, flags);
        if (error == 0)
        {
            error = MayOpen(walk.Path, flags, made);
        }

        if (error == 0)
        {
            file->Path = walk.Path;
            file->Path.Get();
            error = Files.OpenInode(file, walk.Path.Inode);
        }

        if (error == 0 && (flags & OpenFlags.O_TRUNC) != 0 && !made && walk.Path.Inode->Is(FileModes.S_IFREG))
        {
            error = SetSize(walk.Path.Inode, 0);
        }

        walk.End();
        if (error != 0)
        {
            Files.Put(file);
            file = null;
        }

        return error;
    }

    /// <summary>Reads at a position into kernel memory, without moving the file's own.</summary>
    /// <returns>Bytes read; 0 at the end; minus errno.</returns>
    /// <linux>kernel_read</linux>
    public static long KernelRead(File* file, void* buffer, nuint count, long position)
    {
        MightSleep();
        IoBuffer kernel = IoBuffer.Kernel(buffer, count);
        return Read(file, &kernel, &position);
    }

    /// <summary>Writes kernel memory at a position, without moving the file's own.</summary>
    /// <returns>Bytes written, or minus errno.</returns>
    /// <linux>kernel_write</linux>
    public static long KernelWrite(File* file, void* buffer, nuint count, long position)
    {
        MightSleep();
        IoBuffer kernel = IoBuffer.Kernel(buffer, count);
        return Write(file, &kernel, &position);
    }

    /// <summary>Reads at <paramref name="position"/> and moves it.</summary>
    /// <linux>vfs_read</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static long Read(File* file, IoBuffer* buffer, long* position)
    {
        if ((file->Mode & FileModeBits.Read) == 0)
        {
            return -EBADF;
        }

        if (file->Ops->Read == null)
        {
            return file->Inode->IsDirectory ? -EISDIR : -EINVAL;
        }

        return file->Ops->Read(file, buffer, position);
    }

    /// <summary>Writes at <paramref name="position"/> and moves it.</summary>
    /// <linux>vfs_write</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static long Write(File* file, IoBuffer* buffer, long* position)
    {
        if ((file->Mode & FileModeBits.Write) == 0)
        {
            return -EBADF;
        }

        return file->Ops->Write == null ? -EINVAL : file->Ops->Write(file, buffer, position);
    }

    /// <summary>Cuts or lengthens the content of a regular file.</summary>
    /// <returns>0; -EINVAL: negative, or nothing that has a size; -EFBIG.</returns>
    /// <linux>do_truncate</linux>
    internal static int SetSize(Inode* inode, long size)
    {
        if (size < 0 || inode->Ops == null || inode->Ops->SetSize == null)
        {
            return -EINVAL;
        }

        using (inode->Mutex.Guard())
        {
            int error = inode->Ops->SetSize(inode, size);
            if (error == 0)
            {
                Inodes.Modified(inode);
            }

            return error;
        }
    }

    private static int Find(ref PathWalk walk, uint flags)
    {
        WalkFlags how = (flags & OpenFlags.O_NOFOLLOW) != 0 ? WalkFlags.None : WalkFlags.Follow;
        how |= (flags & OpenFlags.O_DIRECTORY) != 0 ? WalkFlags.Directory : WalkFlags.None;
        int error = walk.ToEnd(how & ~WalkFlags.Directory);
        if (error != 0)
        {
            return error;
        }

        if ((how & WalkFlags.Directory) != 0 && !walk.Path.Inode->IsDirectory)
        {
            return -ENOTDIR;
        }

        return walk.Path.Inode->Is(FileModes.S_IFLNK) && (flags & OpenFlags.O_PATH) == 0 ? -ELOOP : 0;
    }

    // What is there, or a new file. A link at the end that leads nowhere makes the file at its target.
    private static int FindOrCreate(ref PathWalk walk, uint flags, uint mode, out bool made)
    {
        made = false;
        while (true)
        {
            int error = walk.ToParent();
            if (error != 0)
            {
                return error;
            }

            if (walk.Kind != LastKind.Normal)
            {
                return (flags & OpenFlags.O_EXCL) != 0 ? -EEXIST : -EISDIR;
            }

            Inode* directory = walk.Path.Inode;
            Dentry* dentry;
            using (directory->Super->Names.Guard())
            {
                error = PathWalk.LookupLocked(walk.Path.Dentry, walk.Last, out dentry);
                if (error == -ENOENT && !walk.TrailingSlash)
                {
                    error = CreateLocked(walk.Path, walk.Last, mode, out dentry);
                    made = error == 0;
                }
            }

            if (error != 0)
            {
                return error == -ENOENT && walk.TrailingSlash ? -EISDIR : error;
            }

            if (!made && (flags & OpenFlags.O_EXCL) != 0)
            {
                Dentries.Put(dentry);
                return -EEXIST;
            }

            if (!dentry->Inode->Is(FileModes.S_IFLNK) || (flags & OpenFlags.O_NOFOLLOW) != 0)
            {
                Dentries.Put(walk.Path.Dentry);
                walk.Path.Dentry = dentry;
                Mounts.Enter(ref walk.Path);
                Inode* inode = walk.Path.Inode;
                return inode->Is(FileModes.S_IFLNK) ? -ELOOP : inode->IsDirectory ? -EISDIR : walk.TrailingSlash ? -ENOTDIR : 0;
            }

            bool jumps = dentry->Inode->Ops != null && dentry->Inode->Ops->FollowLink != null;
            error = walk.FollowLink(dentry);
            if (error != 0 || jumps)
            {
                return error;
            }
        }
    }

    private static int CreateLocked(in Path directory, ReadOnlySpan<byte> name, uint mode, out Dentry* dentry)
    {
        dentry = null;
        int error = Permission.MayCreate(directory);
        InodeOperations* ops = directory.Inode->Ops;
        if (error == 0 && (ops == null || ops->Create == null))
        {
            error = -EACCES;
        }

        Dentry* made = error == 0 ? Dentries.Allocate(directory.Dentry, name) : null;
        if (error == 0)
        {
            error = made == null ? -ENOMEM : ops->Create(directory.Inode, made, FileModes.S_IFREG | (mode & FileModes.S_IALLUGO));
        }

        if (error != 0)
        {
            Dentries.Put(made);
            return error;
        }

        dentry = made;
        return 0;
    }

    // Linux: may_open. What has just been made is not asked for permission.
    private static int MayOpen(in Path path, uint flags, bool made)
    {
        if ((flags & OpenFlags.O_PATH) != 0 || made)
        {
            return 0;
        }

        Access access = (flags & OpenFlags.O_ACCMODE) switch
        {
            OpenFlags.O_RDONLY => Access.Read,
            OpenFlags.O_WRONLY => Access.Write,
            _ => Access.Read | Access.Write,
        };
        if ((flags & OpenFlags.O_TRUNC) != 0)
        {
            access |= Access.Write;
        }

        if (path.Inode->IsDirectory && (access & Access.Write) != 0)
        {
            return -EISDIR;
        }

        return Permission.InodePermission(path, access);
    }
}
