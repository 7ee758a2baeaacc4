// NameCalls: the system calls that make, remove and change names, and the attributes of what they lead to.
//
// Linux: fs/namei.c, fs/open.c, fs/utimes.c. Process context, sleeps. The work is done in Vfs.Names.cs.

using System.Runtime;

namespace CSharpOS.Fs;

/// <summary>System calls on names.</summary>
/// <rows>SYS-12 SYS-13</rows>
internal static unsafe class NameCalls
{
    private const uint AT_REMOVEDIR = 0x200;
    private const uint AT_SYMLINK_NOFOLLOW = 0x100;
    private const uint AT_SYMLINK_FOLLOW = 0x400;
    private const uint RENAME_NOREPLACE = 1;
    private const uint Unchanged = uint.MaxValue;

    /// <summary>Sets the permission bits.</summary>
    /// <linux>chmod_common</linux>
    internal static int Chmod(in Path path, Inode* inode, uint mode)
    {
        int error = Writable(path, inode);
        if (error == 0)
        {
            using (inode->Mutex.Guard())
            {
                inode->Mode = (inode->Mode & FileModes.S_IFMT) | (mode & FileModes.S_IALLUGO);
                inode->ChangeTime = Xtime;
            }
        }

        return error;
    }

    /// <summary>Sets owner and group; uint.MaxValue leaves one as it is.</summary>
    /// <linux>chown_common</linux>
    internal static int Chown(in Path path, Inode* inode, uint uid, uint gid)
    {
        int error = Writable(path, inode);
        bool givesAway = uid != Unchanged && uid != inode->Uid;
        if (error == 0 && givesAway && !Credentials.IsRoot)
        {
            error = -EPERM;
        }

        if (error == 0)
        {
            using (inode->Mutex.Guard())
            {
                inode->Uid = uid == Unchanged ? inode->Uid : uid;
                inode->Gid = gid == Unchanged ? inode->Gid : gid;
                inode->Mode &= inode->IsDirectory ? uint.MaxValue : ~(FileModes.S_ISUID | FileModes.S_ISGID);
                inode->ChangeTime = Xtime;
            }
        }

        return error;
    }

    /// <summary>Sets the times of access and change; null: now.</summary>
    /// <linux>do_utimes</linux>
    internal static int Utimes(in Path path, Inode* inode, Timespec* times)
    {
        int error = Writable(path, inode);
        if (error == 0)
        {
            using (inode->Mutex.Guard())
            {
                inode->ChangeTime = Xtime;
                inode->AccessTime = times == null ? inode->ChangeTime : times[0];
                inode->ModifyTime = times == null ? inode->ChangeTime : times[1];
            }
        }

        return error;
    }

    [RuntimeExport("sys_mkdir")]
    internal static long SysMkdir(byte* path, uint mode) => SysMkdirat(UserName.AT_FDCWD, path, mode);

    [RuntimeExport("sys_mkdirat")]
    internal static long SysMkdirat(int directory, byte* path, uint mode)
    {
        int error = UserName.Begin(directory, path, out UserName name);
        if (error == 0)
        {
            error = Vfs.Mkdir(name.Start, name.Bytes, mode);
            name.End();
        }

        return error;
    }

    [RuntimeExport("sys_mknod")]
    internal static long SysMknod(byte* path, uint mode, uint device) => SysMknodat(UserName.AT_FDCWD, path, mode, device);

    [RuntimeExport("sys_mknodat")]
    internal static long SysMknodat(int directory, byte* path, uint mode, uint device)
    {
        int error = UserName.Begin(directory, path, out UserName name);
        if (error == 0)
        {
            error = Vfs.Mknod(name.Start, name.Bytes, mode, device);
            name.End();
        }

        return error;
    }

    [RuntimeExport("sys_rmdir")]
    internal static long SysRmdir(byte* path) => SysUnlinkat(UserName.AT_FDCWD, path, AT_REMOVEDIR);

    [RuntimeExport("sys_unlink")]
    internal static long SysUnlink(byte* path) => SysUnlinkat(UserName.AT_FDCWD, path, 0);

    [RuntimeExport("sys_unlinkat")]
    internal static long SysUnlinkat(int directory, byte* path, uint flags)
    {
        if ((flags & ~AT_REMOVEDIR) != 0)
        {
            return -EINVAL;
        }

        int error = UserName.Begin(directory, path, out UserName name);
        if (error == 0)
        {
            error = Vfs.Remove(name.Start, name.Bytes, flags != 0);
            name.End();
        }

        return error;
    }

    [RuntimeExport("sys_rename")]
    internal static long SysRename(byte* from, byte* to) => SysRenameat2(UserName.AT_FDCWD, from, UserName.AT_FDCWD, to, 0);

    [RuntimeExport("sys_renameat")]
    internal static long SysRenameat(int fromDirectory, byte* from, int toDirectory, byte* to) => SysRenameat2(fromDirectory, from, toDirectory, to, 0);

    [RuntimeExport("sys_renameat2")]
    internal static long SysRenameat2(int fromDirectory, byte* from, int toDirectory, byte* to, uint flags)
    {
        if ((flags & ~RENAME_NOREPLACE) != 0)
        {
            return -EINVAL;
        }

        int error = Two(fromDirectory, from, toDirectory, to, out UserName old, out UserName name);
        if (error == 0)
        {
            error = Vfs.Rename(old.Start, old.Bytes, name.Start, name.Bytes, flags != 0);
            old.End();
            name.End();
        }

        return error;
    }

    [RuntimeExport("sys_link")]
    internal static long SysLink(byte* from, byte* to) => SysLinkat(UserName.AT_FDCWD, from, UserName.AT_FDCWD, to, 0);

    [RuntimeExport("sys_linkat")]
    internal static long SysLinkat(int fromDirectory, byte* from, int toDirectory, byte* to, uint flags)
    {
        if ((flags & ~AT_SYMLINK_FOLLOW) != 0)
        {
            return -EINVAL;
        }

        int error = Two(fromDirectory, from, toDirectory, to, out UserName old, out UserName name);
        if (error == 0)
        {
            error = Vfs.Link(old.Start, old.Bytes, flags != 0 ? WalkFlags.Follow : WalkFlags.None, name.Start, name.Bytes);
            old.End();
            name.End();
        }

        return error;
    }

    [RuntimeExport("sys_symlink")]
    internal static long SysSymlink(byte* target, byte* path) => SysSymlinkat(target, UserName.AT_FDCWD, path);

    [RuntimeExport("sys_symlinkat")]
    internal static long SysSymlinkat(byte* target, int directory, byte* path)
    {
        int error = Two(UserName.AT_FDCWD, target, directory, path, out UserName to, out UserName name);
        if (error == 0)
        {
            error = Vfs.Symlink(to.Bytes, name.Start, name.Bytes);
            to.End();
            name.End();
        }

        return error;
    }

    [RuntimeExport("sys_chmod")]
    internal static long SysChmod(byte* path, uint mode) => SysFchmodat(UserName.AT_FDCWD, path, mode);

    [RuntimeExport("sys_fchmodat")]
    internal static long SysFchmodat(int directory, byte* path, uint mode)
    {
        int error = At(directory, path, 0, out Path at);
        if (error == 0)
        {
            error = Chmod(at, at.Inode, mode);
            at.Put();
        }

        return error;
    }

    [RuntimeExport("sys_fchmod")]
    internal static long SysFchmod(uint fd, uint mode)
    {
        File* file = FilesStruct.Get(fd);
        int error = file == null ? -EBADF : Chmod(file->Path, file->Inode, mode);
        Files.Put(file);
        return error;
    }

    [RuntimeExport("sys_chown")]
    internal static long SysChown(byte* path, uint uid, uint gid) => SysFchownat(UserName.AT_FDCWD, path, uid, gid, 0);

    [RuntimeExport("sys_lchown")]
    internal static long SysLchown(byte* path, uint uid, uint gid) => SysFchownat(UserName.AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);

    [RuntimeExport("sys_fchownat")]
    internal static long SysFchownat(int directory, byte* path, uint uid, uint gid, uint flags)
    {
        int error = At(directory, path, flags, out Path at);
        if (error == 0)
        {
            error = Chown(at, at.Inode, uid, gid);
            at.Put();
        }

        return error;
    }

    [RuntimeExport("sys_fchown")]
    internal static long SysFchown(uint fd, uint uid, uint gid)
    {
        File* file = FilesStruct.Get(fd);
        int error = file == null ? -EBADF : Chown(file->Path, file->Inode, uid, gid);
        Files.Put(file);
        return error;
    }

    [RuntimeExport("sys_utimensat")]
    internal static long SysUtimensat(int directory, byte* path, Timespec* user, uint flags)
    {
        Timespec* times = stackalloc Timespec[2];
        if (user != null && Uaccess.CopyFromUser(times, user, (nuint)(2 * sizeof(Timespec))) != 0)
        {
            return -EFAULT;
        }

        return SetTimes(directory, path, user == null ? null : times, flags);
    }

    [RuntimeExport("compat_sys_utimensat")]
    internal static long CompatUtimensat(int directory, byte* path, int* user, uint flags)
    {
        int* narrow = stackalloc int[4];
        if (user != null && Uaccess.CopyFromUser(narrow, user, 4 * sizeof(int)) != 0)
        {
            return -EFAULT;
        }

        Timespec* times = stackalloc Timespec[2];
        times[0] = new Timespec { Seconds = narrow[0], Nanoseconds = narrow[1] };
        times[1] = new Timespec { Seconds = narrow[2], Nanoseconds = narrow[3] };
        return SetTimes(directory, path, user == null ? null : times, flags);
    }

    [RuntimeExport("sys_utime")]
    internal static long SysUtime(byte* path, long* user)
    {
        long* seconds = stackalloc long[2];
        return user != null && Uaccess.CopyFromUser(seconds, user, 2 * sizeof(long)) != 0 ? -EFAULT : SetSeconds(path, user == null ? null : seconds);
    }

    [RuntimeExport("compat_sys_utime")]
    internal static long CompatUtime(byte* path, int* user)
    {
        int* narrow = stackalloc int[2];
        if (user != null && Uaccess.CopyFromUser(narrow, user, 2 * sizeof(int)) != 0)
        {
            return -EFAULT;
        }

        long* seconds = stackalloc long[2];
        seconds[0] = narrow[0];
        seconds[1] = narrow[1];
        return SetSeconds(path, user == null ? null : seconds);
    }

    [RuntimeExport("sys_truncate")]
    internal static long SysTruncate(byte* path, long size)
    {
        int error = At(UserName.AT_FDCWD, path, 0, out Path at);
        if (error == 0)
        {
            error = at.Inode->IsDirectory ? -EISDIR : Permission.InodePermission(at, Access.Write);
            error = error != 0 ? error : Vfs.SetSize(at.Inode, size);
            at.Put();
        }

        return error;
    }

    [RuntimeExport("sys_ftruncate")]
    internal static long SysFtruncate(uint fd, long size)
    {
        File* file = FilesStruct.Get(fd);
        if (file == null)
        {
            return -EBADF;
        }

        bool regular = file->Inode->Is(FileModes.S_IFREG);
        int error = (file->Mode & FileModeBits.Write) == 0 || !regular ? -EINVAL : Vfs.SetSize(file->Inode, size);
        Files.Put(file);
        return error;
    }

    [RuntimeExport("compat_sys_truncate")]
    internal static long CompatTruncate(byte* path, int size) => SysTruncate(path, size);

    [RuntimeExport("compat_sys_ftruncate")]
    internal static long CompatFtruncate(uint fd, int size) => SysFtruncate(fd, size);

    [RuntimeExport("compat_sys_truncate64")]
    internal static long CompatTruncate64(byte* path, uint low, uint high) => SysTruncate(path, FileCalls.Join(low, high));

    [RuntimeExport("compat_sys_ftruncate64")]
    internal static long CompatFtruncate64(uint fd, uint low, uint high) => SysFtruncate(fd, FileCalls.Join(low, high));

    private static int Two(int firstDirectory, byte* first, int secondDirectory, byte* second, out UserName one, out UserName two)
    {
        two = default;
        int error = UserName.Begin(firstDirectory, first, out one);
        if (error == 0)
        {
            error = UserName.Begin(secondDirectory, second, out two);
            if (error != 0)
            {
                one.End();
            }
        }

        return error;
    }

    private static int At(int directory, byte* path, uint flags, out Path at)
    {
        at = default;
        if ((flags & ~AT_SYMLINK_NOFOLLOW) != 0)
        {
            return -EINVAL;
        }

        int error = UserName.Begin(directory, path, out UserName name);
        if (error == 0)
        {
            error = Vfs.Lookup(name.Start, name.Bytes, flags != 0 ? WalkFlags.None : WalkFlags.Follow, out at);
            name.End();
        }

        return error;
    }

    private static int Writable(in Path path, Inode* inode) => path.Mount != null && path.Mount->ReadOnly ? -EROFS : Permission.Owner(inode);

    private static long SetSeconds(byte* path, long* seconds)
    {
        Timespec* times = stackalloc Timespec[2];
        for (int i = 0; seconds != null && i < 2; i++)
        {
            times[i] = new Timespec { Seconds = seconds[i] };
        }

        return SetTimes(UserName.AT_FDCWD, path, seconds == null ? null : times, 0);
    }

    // Nanoseconds may say "now" or "as it is".
    private static long SetTimes(int directory, byte* path, Timespec* times, uint flags)
    {
        const long UTIME_NOW = 0x3fffffff;
        const long UTIME_OMIT = 0x3ffffffe;
        Path at = default;
        File* file = null;
        int error = 0;
        if (path == null && directory != UserName.AT_FDCWD)
        {
            file = FilesStruct.Get((uint)directory);
            error = file == null ? -EBADF : 0;
        }
        else
        {
            error = At(directory, path, flags, out at);
        }

        if (error == 0)
        {
            Inode* inode = file != null ? file->Inode : at.Inode;
            for (int i = 0; times != null && i < 2; i++)
            {
                times[i] = times[i].Nanoseconds == UTIME_NOW ? Xtime
                    : times[i].Nanoseconds == UTIME_OMIT ? (i == 0 ? inode->AccessTime : inode->ModifyTime) : times[i];
            }

            error = Utimes(file != null ? file->Path : at, inode, times);
        }

        at.Put();
        Files.Put(file);
        return error;
    }
}
