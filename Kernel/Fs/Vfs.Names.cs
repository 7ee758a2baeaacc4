// Vfs.Names: making, removing and renaming names.
//
// Linux: the second half of fs/namei.c: do_mkdirat, do_unlinkat, do_renameat2 and their like. Process context, sleeps. The Names mutex of the file system is held from
// the look for the name to the end of the change, so that of two who make the same name exactly one succeeds.

namespace CSharpOS.Fs;

public static unsafe partial class Vfs
{
    /// <summary>Makes a directory. 0; -EEXIST; -EPERM: the file system makes none; as <see cref="Lookup"/>.</summary>
    /// <linux>do_mkdirat</linux>
    internal static int Mkdir(File* start, byte* name, uint mode) =>
        Make(start, name, FileModes.S_IFDIR | (mode & ~FsStruct.CurrentUmask & (FileModes.S_IRWXUGO | FileModes.S_ISVTX)), 0, null);

    /// <summary>Makes a node: a regular file, FIFO, socket or device by <paramref name="mode"/>. 0; -EEXIST; -EINVAL or -EPERM for another kind.</summary>
    /// <linux>do_mknodat</linux>
    internal static int Mknod(File* start, byte* name, uint mode, uint device)
    {
        uint kind = mode & FileModes.S_IFMT;
        if (kind == FileModes.S_IFDIR)
        {
            return -EPERM;
        }

        kind = kind == 0 ? FileModes.S_IFREG : kind;
        bool isDevice = kind is FileModes.S_IFCHR or FileModes.S_IFBLK;
        if (!isDevice && kind is not (FileModes.S_IFREG or FileModes.S_IFIFO or FileModes.S_IFSOCK))
        {
            return -EINVAL;
        }

        if (isDevice && !Credentials.IsRoot)
        {
            return -EPERM;
        }

        return Make(start, name, kind | (mode & FileModes.S_IALLUGO & ~FsStruct.CurrentUmask), isDevice ? device : 0, null);
    }

    /// <summary>Makes a symbolic link. 0; -EEXIST; -ENOENT: an empty target; -EPERM.</summary>
    /// <linux>do_symlinkat</linux>
    internal static int Symlink(byte* target, File* start, byte* name) =>
        *target == 0 ? -ENOENT : Make(start, name, FileModes.S_IFLNK | FileModes.S_IRWXUGO, 0, target);

    /// <summary>Gives a file another name. 0; -EEXIST; -EXDEV: on another file system; -EPERM: a directory.</summary>
    /// <linux>do_linkat</linux>
    internal static int Link(File* oldStart, byte* oldName, WalkFlags flags, File* start, byte* name)
    {
        int error = Lookup(oldStart, oldName, flags, out Path old);
        if (error != 0)
        {
            return error;
        }

        PathWalk walk = PathWalk.Begin(Start(start), name);
        error = walk.ToParent();
        if (error == 0)
        {
            error = walk.Path.Mount != old.Mount ? -EXDEV : LinkAt(ref walk, old.Inode);
        }

        walk.End();
        old.Put();
        return error;
    }

    /// <summary>Removes a name: of a directory that is empty, or of anything but a directory.</summary>
    /// <returns>0; -ENOENT; -EISDIR or -ENOTDIR: the other kind; -ENOTEMPTY; -EBUSY: something is mounted there, or it is the root; -EINVAL: it
    /// ends with "."; -EPERM, -EACCES.</returns>
    /// <linux>do_unlinkat, do_rmdir</linux>
    internal static int Remove(File* start, byte* name, bool directory)
    {
        PathWalk walk = PathWalk.Begin(Start(start), name);
        int error = walk.ToParent();
        Dentry* removed = null;
        if (error == 0 && walk.Kind != LastKind.Normal)
        {
            error = !directory ? -EISDIR : walk.Kind == LastKind.Dot ? -EINVAL : walk.Kind == LastKind.DotDot ? -ENOTEMPTY : -EBUSY;
        }

        if (error == 0)
        {
            using (walk.Path.Inode->Super->Names.Guard())
            {
                error = RemoveLocked(ref walk, directory, out removed);
            }
        }

        // The last reference, and with it the content, goes without the mutex.
        Dentries.Put(removed);
        walk.End();
        return error;
    }

    /// <summary>Renames; what had the new name before is replaced.</summary>
    /// <returns>0; -ENOENT, -EXDEV, -EISDIR, -ENOTDIR, -ENOTEMPTY; -EINVAL: a directory into itself; -EBUSY; -EEXIST with
    /// <paramref name="noReplace"/>.</returns>
    /// <linux>do_renameat2</linux>
    internal static int Rename(File* oldStart, byte* oldName, File* start, byte* name, bool noReplace)
    {
        PathWalk from = PathWalk.Begin(Start(oldStart), oldName);
        PathWalk to = PathWalk.Begin(Start(start), name);
        int error = from.ToParent();
        if (error == 0)
        {
            error = to.ToParent();
        }

        if (error == 0 && from.Path.Mount != to.Path.Mount)
        {
            error = -EXDEV;
        }

        if (error == 0 && (from.Kind != LastKind.Normal || to.Kind != LastKind.Normal))
        {
            error = noReplace && to.Kind != LastKind.Normal ? -EEXIST : -EBUSY;
        }

        Dentry* old = null, replaced = null;
        if (error == 0)
        {
            using (from.Path.Inode->Super->Names.Guard())
            {
                error = RenameLocked(ref from, ref to, noReplace, out old, out replaced);
            }
        }

        Dentries.Put(old);
        Dentries.Put(replaced);
        from.End();
        to.End();
        return error;
    }

    // Any new name but that of a link to a file that exists. A slash behind the name is for directories only.
    private static int Make(File* start, byte* name, uint mode, uint device, byte* target)
    {
        PathWalk walk = PathWalk.Begin(Start(start), name);
        int error = walk.ToParent();
        if (error == 0 && walk.Kind != LastKind.Normal)
        {
            error = -EEXIST;
        }

        if (error == 0)
        {
            using (walk.Path.Inode->Super->Names.Guard())
            {
                error = NewName(ref walk, (mode & FileModes.S_IFMT) == FileModes.S_IFDIR, out Dentry* dentry);
                if (error == 0)
                {
                    error = MakeLocked(walk.Path.Inode, dentry, mode, device, target);
                    Dentries.Put(dentry);
                }
            }
        }

        walk.End();
        return error;
    }

    private static int MakeLocked(Inode* directory, Dentry* dentry, uint mode, uint device, byte* target)
    {
        InodeOperations* ops = directory->Ops;
        if (target != null)
        {
            int length = 0;
            while (target[length] != 0)
            {
                length++;
            }

            return ops->Symlink == null ? -EPERM : ops->Symlink(directory, dentry, target, length);
        }

        return (mode & FileModes.S_IFMT) switch
        {
            FileModes.S_IFDIR => ops->Mkdir == null ? -EPERM : ops->Mkdir(directory, dentry, mode),
            FileModes.S_IFREG => ops->Create == null ? -EACCES : ops->Create(directory, dentry, mode),
            _ => ops->Mknod == null ? -EPERM : ops->Mknod(directory, dentry, mode, device),
        };
    }

    // A dentry for a name that is not there yet.
    private static int NewName(ref PathWalk walk, bool directory, out Dentry* dentry)
    {
        int error = PathWalk.LookupLocked(walk.Path.Dentry, walk.Last, out dentry);
        if (error == 0)
        {
            Dentries.Put(dentry);
            dentry = null;
            return -EEXIST;
        }

        if (error == -ENOENT)
        {
            error = walk.TrailingSlash && !directory ? -ENOENT : Permission.MayCreate(walk.Path);
            if (error == 0 && walk.Path.Inode->Ops == null)
            {
                error = -EPERM;
            }
        }

        if (error == 0)
        {
            dentry = Dentries.Allocate(walk.Path.Dentry, walk.Last);
            error = dentry == null ? -ENOMEM : 0;
        }

        return error;
    }

    private static int LinkAt(ref PathWalk walk, Inode* inode)
    {
        if (walk.Kind != LastKind.Normal)
        {
            return -EEXIST;
        }

        using (walk.Path.Inode->Super->Names.Guard())
        {
            int error = NewName(ref walk, false, out Dentry* dentry);
            if (error != 0)
            {
                return error;
            }

            InodeOperations* ops = walk.Path.Inode->Ops;
            if (inode->IsDirectory || ops->Link == null)
            {
                error = -EPERM;
            }
            else
            {
                // A file whose last name is gone does not come back.
                error = inode->LinkCount == 0 ? -ENOENT : ops->Link(inode, walk.Path.Inode, dentry);
            }

            Dentries.Put(dentry);
            return error;
        }
    }

    private static int RemoveLocked(ref PathWalk walk, bool directory, out Dentry* dentry)
    {
        int error = PathWalk.LookupLocked(walk.Path.Dentry, walk.Last, out dentry);
        if (error != 0)
        {
            return error;
        }

        Inode* parent = walk.Path.Inode;
        bool isDirectory = dentry->Inode->IsDirectory;
        error = Permission.MayDelete(walk.Path, dentry->Inode);
        if (error == 0 && isDirectory != directory)
        {
            error = directory ? -ENOTDIR : -EISDIR;
        }

        if (error == 0 && !directory && walk.TrailingSlash)
        {
            error = -ENOTDIR;
        }

        if (error == 0 && Mounts.IsMountPoint(dentry))
        {
            error = -EBUSY;
        }

        if (error == 0)
        {
            InodeOperations* ops = parent->Ops;
            error = directory
                ? ops->Rmdir == null ? -EPERM : ops->Rmdir(parent, dentry)
                : ops->Unlink == null ? -EPERM : ops->Unlink(parent, dentry);
        }

        if (error == 0)
        {
            Dentries.Remove(dentry);
        }

        return error;
    }

    private static int RenameLocked(ref PathWalk from, ref PathWalk to, bool noReplace, out Dentry* old, out Dentry* replaced)
    {
        replaced = null;
        int error = PathWalk.LookupLocked(from.Path.Dentry, from.Last, out old);
        if (error != 0)
        {
            return error;
        }

        error = PathWalk.LookupLocked(to.Path.Dentry, to.Last, out replaced);
        if (error is not 0 and not -ENOENT)
        {
            return error;
        }

        error = MayRename(ref from, ref to, noReplace, old, replaced);

        // Two names of one file: nothing to do, says POSIX.
        if (error != 0 || (replaced != null && replaced->Inode == old->Inode))
        {
            return error;
        }

        if (!Dentries.RoomFor(to.Last, out byte* memory))
        {
            return -ENOMEM;
        }

        error = from.Path.Inode->Ops->Rename(from.Path.Inode, old, to.Path.Inode, replaced);
        if (error != 0)
        {
            Kfree(memory);
            return error;
        }

        if (replaced != null)
        {
            Dentries.Remove(replaced);
        }

        Dentries.Move(old, to.Path.Dentry, to.Last, memory);
        return 0;
    }

    private static int MayRename(ref PathWalk from, ref PathWalk to, bool noReplace, Dentry* old, Dentry* replaced)
    {
        bool directory = old->Inode->IsDirectory;
        if (!directory && (from.TrailingSlash || to.TrailingSlash))
        {
            return -ENOTDIR;
        }

        if (noReplace && replaced != null)
        {
            return -EEXIST;
        }

        // Not into itself, and nothing onto what it is in.
        if (directory && Dentries.IsBelow(to.Path.Dentry, old))
        {
            return -EINVAL;
        }

        if (replaced != null && Dentries.IsBelow(from.Path.Dentry, replaced))
        {
            return -ENOTEMPTY;
        }

        int error = Permission.MayDelete(from.Path, old->Inode);
        if (error == 0)
        {
            error = replaced == null ? Permission.MayCreate(to.Path) : Permission.MayDelete(to.Path, replaced->Inode);
        }

        if (error == 0 && replaced != null && replaced->Inode->IsDirectory != directory)
        {
            error = directory ? -ENOTDIR : -EISDIR;
        }

        if (error == 0 && (Mounts.IsMountPoint(old) || (replaced != null && Mounts.IsMountPoint(replaced))))
        {
            error = -EBUSY;
        }

        InodeOperations* ops = from.Path.Inode->Ops;
        return error == 0 && (ops == null || ops->Rename == null) ? -EPERM : error;
    }
}
