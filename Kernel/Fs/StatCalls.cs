// StatCalls: the system calls that ask what a file is: stat, statfs, access, readlink.
//
// Linux: fs/stat.c, fs/statfs.c, do_faccessat (fs/open.c). Process context, sleeps. The structures differ between callers: StatFormats.cs.

using System.Runtime;

namespace CSharpOS.Fs;

/// <summary>System calls that look at files.</summary>
/// <rows>SYS-12 SYS-13</rows>
internal static unsafe class StatCalls
{
    private const uint AT_SYMLINK_NOFOLLOW = 0x100;
    private const uint AT_EACCESS = 0x200;
    private const uint AT_NO_AUTOMOUNT = 0x800;
    private const uint AT_EMPTY_PATH = 0x1000;

    /// <summary>stat of what a descriptor stands for. 0 or -EBADF.</summary>
    internal static int OfDescriptor(uint fd, out Stat stat)
    {
        stat = default;
        File* file = FilesStruct.Get(fd);
        if (file == null)
        {
            return -EBADF;
        }

        stat = Stat.Of(file->Inode);
        Files.Put(file);
        return 0;
    }

    /// <summary>stat of what a path leads to.</summary>
    /// <linux>vfs_statx</linux>
    internal static int OfPath(File* start, byte* path, bool follow, out Stat stat)
    {
        stat = default;
        int error = Vfs.Lookup(start, path, follow ? WalkFlags.Follow : WalkFlags.None, out Path at);
        if (error == 0)
        {
            stat = Stat.Of(at.Inode);
            at.Put();
        }

        return error;
    }

    /// <summary>May the caller do that with the file? Without <see cref="AT_EACCESS"/> the real user counts.</summary>
    internal static int MayAccess(File* start, byte* path, uint mode, bool follow)
    {
        if (mode > 7)
        {
            return -EINVAL;
        }

        int error = Vfs.Lookup(start, path, follow ? WalkFlags.Follow : WalkFlags.None, out Path at);
        if (error == 0)
        {
            error = Permission.InodePermission(at, (Access)mode);
            at.Put();
        }

        return error;
    }

    /// <summary>The target of a symbolic link, cut to what fits the buffer; its length.</summary>
    internal static long ReadLink(File* start, byte* path, IoBuffer* buffer)
    {
        if (buffer->Left == 0)
        {
            return -EINVAL;
        }

        int error = Vfs.Lookup(start, path, WalkFlags.None, out Path at);
        if (error != 0)
        {
            return error;
        }

        Inode* inode = at.Inode;
        var text = (byte*)Kmalloc(PathWalk.PathMax, GfpFlags.Kernel);
        long length = text == null ? -ENOMEM
            : !inode->Is(FileModes.S_IFLNK) || inode->Ops == null || inode->Ops->ReadLink == null ? -EINVAL
            : inode->Ops->ReadLink(inode, text, PathWalk.PathMax);
        if (length > 0)
        {
            nuint wanted = buffer->Left < (nuint)length ? buffer->Left : (nuint)length;
            length = buffer->Put(text, wanted) < wanted ? -EFAULT : (long)wanted;
        }

        Kfree(text);
        at.Put();
        return length;
    }

    [RuntimeExport("sys_newstat")]
    internal static long SysStat(byte* path, Stat* user) => Native(UserName.AT_FDCWD, path, 0, user);

    [RuntimeExport("sys_newlstat")]
    internal static long SysLstat(byte* path, Stat* user) => Native(UserName.AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, user);

    [RuntimeExport("sys_newfstatat")]
    internal static long SysNewfstatat(int directory, byte* path, Stat* user, uint flags) => Native(directory, path, flags, user);

    [RuntimeExport("sys_newfstat")]
    internal static long SysFstat(uint fd, Stat* user)
    {
        int error = OfDescriptor(fd, out Stat stat);
        return error != 0 ? error : Uaccess.PutUser(stat, user);
    }

    [RuntimeExport("compat_sys_newstat")]
    internal static long CompatSysStat(byte* path, CompatStat* user) => Old(path, 0, user);

    [RuntimeExport("compat_sys_newlstat")]
    internal static long CompatSysLstat(byte* path, CompatStat* user) => Old(path, AT_SYMLINK_NOFOLLOW, user);

    [RuntimeExport("compat_sys_newfstat")]
    internal static long CompatSysFstat(uint fd, CompatStat* user)
    {
        int error = OfDescriptor(fd, out Stat stat);
        return error != 0 ? error : Fits(stat) ? Uaccess.PutUser(CompatStat.From(stat), user) : -EOVERFLOW;
    }

    [RuntimeExport("sys_stat64")]
    internal static long SysStat64(byte* path, CompatStat64* user) => SysFstatat64(UserName.AT_FDCWD, path, user, 0);

    [RuntimeExport("sys_lstat64")]
    internal static long SysLstat64(byte* path, CompatStat64* user) => SysFstatat64(UserName.AT_FDCWD, path, user, AT_SYMLINK_NOFOLLOW);

    [RuntimeExport("sys_fstat64")]
    internal static long SysFstat64(uint fd, CompatStat64* user)
    {
        int error = OfDescriptor(fd, out Stat stat);
        return error != 0 ? error : Uaccess.PutUser(CompatStat64.From(stat), user);
    }

    [RuntimeExport("sys_fstatat64")]
    internal static long SysFstatat64(int directory, byte* path, CompatStat64* user, uint flags)
    {
        int error = OfUserPath(directory, path, flags, out Stat stat);
        return error != 0 ? error : Uaccess.PutUser(CompatStat64.From(stat), user);
    }

    [RuntimeExport("sys_access")]
    internal static long SysAccess(byte* path, uint mode) => SysFaccessat2(UserName.AT_FDCWD, path, mode, 0);

    [RuntimeExport("sys_faccessat")]
    internal static long SysFaccessat(int directory, byte* path, uint mode) => SysFaccessat2(directory, path, mode, 0);

    [RuntimeExport("sys_faccessat2")]
    internal static long SysFaccessat2(int directory, byte* path, uint mode, uint flags)
    {
        if ((flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW)) != 0)
        {
            return -EINVAL;
        }

        int error = UserName.Begin(directory, path, out UserName name);
        if (error == 0)
        {
            error = MayAccess(name.Start, name.Bytes, mode, (flags & AT_SYMLINK_NOFOLLOW) == 0);
            name.End();
        }

        return error;
    }

    [RuntimeExport("sys_readlink")]
    internal static long SysReadlink(byte* path, byte* buffer, int size) => SysReadlinkat(UserName.AT_FDCWD, path, buffer, size);

    [RuntimeExport("sys_readlinkat")]
    internal static long SysReadlinkat(int directory, byte* path, byte* buffer, int size)
    {
        if (size <= 0)
        {
            return -EINVAL;
        }

        int error = UserName.Begin(directory, path, out UserName name);
        if (error != 0)
        {
            return error;
        }

        IoBuffer user = IoBuffer.User(buffer, (nuint)size);
        long result = ReadLink(name.Start, name.Bytes, &user);
        name.End();
        return result;
    }

    [RuntimeExport("sys_statfs")]
    internal static long SysStatfs(byte* path, StatFs* user)
    {
        int error = OfUserPath(path, out StatFs stat);
        return error != 0 ? error : Uaccess.PutUser(stat, user);
    }

    [RuntimeExport("sys_fstatfs")]
    internal static long SysFstatfs(uint fd, StatFs* user)
    {
        int error = OfDescriptor(fd, out StatFs stat);
        return error != 0 ? error : Uaccess.PutUser(stat, user);
    }

    [RuntimeExport("compat_sys_statfs")]
    internal static long CompatSysStatfs(byte* path, CompatStatFs* user)
    {
        int error = OfUserPath(path, out StatFs stat);
        return error != 0 ? error : Uaccess.PutUser(CompatStatFs.From(stat), user);
    }

    [RuntimeExport("compat_sys_fstatfs")]
    internal static long CompatSysFstatfs(uint fd, CompatStatFs* user)
    {
        int error = OfDescriptor(fd, out StatFs stat);
        return error != 0 ? error : Uaccess.PutUser(CompatStatFs.From(stat), user);
    }

    // The size is that of the structure without, or with, the padding of 64-bit callers.
    [RuntimeExport("sys_statfs64")]
    internal static long SysStatfs64(byte* path, nuint size, CompatStatFs64* user)
    {
        if (size is not 84 and not 88)
        {
            return -EINVAL;
        }

        int error = OfUserPath(path, out StatFs stat);
        return error != 0 ? error : Put(stat, user);
    }

    [RuntimeExport("sys_fstatfs64")]
    internal static long SysFstatfs64(uint fd, nuint size, CompatStatFs64* user)
    {
        if (size is not 84 and not 88)
        {
            return -EINVAL;
        }

        int error = OfDescriptor(fd, out StatFs stat);
        return error != 0 ? error : Put(stat, user);
    }

    private static int Put(in StatFs stat, CompatStatFs64* user) => Uaccess.PutUser(CompatStatFs64.From(stat), user);

    private static bool Fits(in Stat stat) => stat.Size <= uint.MaxValue && stat.Number <= uint.MaxValue;

    private static long Native(int directory, byte* path, uint flags, Stat* user)
    {
        int error = OfUserPath(directory, path, flags, out Stat stat);
        return error != 0 ? error : Uaccess.PutUser(stat, user);
    }

    private static long Old(byte* path, uint flags, CompatStat* user)
    {
        int error = OfUserPath(UserName.AT_FDCWD, path, flags, out Stat stat);
        return error != 0 ? error : Fits(stat) ? Uaccess.PutUser(CompatStat.From(stat), user) : -EOVERFLOW;
    }

    private static int OfUserPath(int directory, byte* path, uint flags, out Stat stat)
    {
        stat = default;
        if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH)) != 0)
        {
            return -EINVAL;
        }

        // An empty path with AT_EMPTY_PATH means the descriptor itself, of whatever kind.
        int error = UserName.Begin(directory, path, out UserName name, emptyAllowed: (flags & AT_EMPTY_PATH) != 0);
        if (error != 0)
        {
            return error;
        }

        if (name.Bytes[0] == 0 && name.Start != null)
        {
            stat = Stat.Of(name.Start->Inode);
        }
        else
        {
            error = OfPath(name.Start, name.Bytes, (flags & AT_SYMLINK_NOFOLLOW) == 0, out stat);
        }

        name.End();
        return error;
    }

    private static int OfUserPath(byte* path, out StatFs stat)
    {
        stat = default;
        int error = UserName.Begin(UserName.AT_FDCWD, path, out UserName name);
        if (error != 0)
        {
            return error;
        }

        error = Vfs.Lookup(null, name.Bytes, WalkFlags.Follow, out Path at);
        if (error == 0)
        {
            stat = StatFs.Of(at.Inode->Super);
            at.Put();
        }

        name.End();
        return error;
    }

    private static int OfDescriptor(uint fd, out StatFs stat)
    {
        stat = default;
        File* file = FilesStruct.Get(fd);
        if (file == null)
        {
            return -EBADF;
        }

        stat = StatFs.Of(file->Inode->Super);
        Files.Put(file);
        return 0;
    }
}
