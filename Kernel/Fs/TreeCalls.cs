// TreeCalls: the system calls on the place of a process in the tree, on mounts and on listings.
//
// Linux: fs/open.c (chdir), fs/d_path.c (getcwd), fs/namespace.c, fs/readdir.c. Process context, sleeps.

using System.Runtime;

namespace CSharpOS.Fs;

/// <summary>System calls on the tree.</summary>
/// <rows>SYS-12 SYS-13</rows>
internal static unsafe class TreeCalls
{
    private const uint MS_RDONLY = 1;
    private const uint MS_REMOUNT = 32;
    private const int KindSize = 32;

    /// <summary>Makes the place the working directory, or the root; takes over the references.</summary>
    internal static int ChangeDirectory(ref Path path, bool root)
    {
        int error = !path.Inode->IsDirectory ? -ENOTDIR : Permission.InodePermission(path, Access.Exec);
        if (error == 0 && root && !Credentials.IsRoot)
        {
            error = -EPERM;
        }

        if (error != 0)
        {
            path.Put();
            return error;
        }

        return FsStruct.Set(ref path, root);
    }

    /// <summary>The path of the working directory with its zero byte. Its length, -ERANGE: too long for the buffer, -ENOENT: it has been removed.</summary>
    internal static long Getcwd(IoBuffer* buffer)
    {
        var text = (byte*)Kmalloc(PathWalk.PathMax, GfpFlags.Kernel);
        if (text == null)
        {
            return -ENOMEM;
        }

        Path cwd = FsStruct.CurrentCwd();
        Path root = FsStruct.CurrentRoot();
        text[PathWalk.PathMax - 1] = 0;
        ReadOnlySpan<byte> path = PathText.Write(cwd, root, text, PathWalk.PathMax - 1, out bool deleted);
        nuint length = (nuint)path.Length + 1;
        long result = deleted ? -ENOENT : path.Length == 0 ? -ENAMETOOLONG : buffer->Left < length ? -ERANGE : (long)length;
        if (result > 0 && buffer->Put(text + PathWalk.PathMax - length, length) != length)
        {
            result = -EFAULT;
        }

        cwd.Put();
        root.Put();
        Kfree(text);
        return result;
    }

    [RuntimeExport("sys_chdir")]
    internal static long SysChdir(byte* path) => Change(path, root: false);

    [RuntimeExport("sys_chroot")]
    internal static long SysChroot(byte* path) => Change(path, root: true);

    [RuntimeExport("sys_fchdir")]
    internal static long SysFchdir(uint fd)
    {
        File* file = FilesStruct.Get(fd);
        if (file == null)
        {
            return -EBADF;
        }

        int error = -ENOTDIR;
        if (file->Path.Dentry != null)
        {
            Path path = file->Path;
            path.Get();
            error = ChangeDirectory(ref path, root: false);
        }

        Files.Put(file);
        return error;
    }

    [RuntimeExport("sys_getcwd")]
    internal static long SysGetcwd(byte* buffer, nuint size)
    {
        IoBuffer user = IoBuffer.User(buffer, size);
        return Getcwd(&user);
    }

    [RuntimeExport("sys_umask")]
    internal static long SysUmask(uint mask)
    {
        FsStruct* fs = Current->FsInfo;
        uint before = FsStruct.CurrentUmask;
        if (fs != null)
        {
            using (fs->Lock.Guard())
            {
                before = fs->Umask;
                fs->Umask = mask & FileModes.S_IRWXUGO;
            }
        }

        return before;
    }

    [RuntimeExport("sys_mount")]
    internal static long SysMount(byte* source, byte* target, byte* kind, uint flags, byte* data)
    {
        if (!Credentials.IsRoot)
        {
            return -EPERM;
        }

        byte* names = stackalloc byte[2 * KindSize];
        int sourceLength = Name(source, names);
        int kindLength = Name(kind, names + KindSize);
        if (sourceLength < 0 || kindLength < 0)
        {
            return -EFAULT;
        }

        int error = UserName.Begin(UserName.AT_FDCWD, target, out UserName name);
        return error != 0 ? error : Mount(names, sourceLength, kindLength, ref name, flags);
    }

    [RuntimeExport("sys_umount")]
    internal static long SysUmount(byte* target, uint flags)
    {
        if (!Credentials.IsRoot)
        {
            return -EPERM;
        }

        int error = UserName.Begin(UserName.AT_FDCWD, target, out UserName name);
        if (error == 0)
        {
            error = Vfs.Lookup(null, name.Bytes, WalkFlags.Follow, out Path path);
            error = error != 0 ? error : Mounts.Unmount(ref path);
            name.End();
        }

        return error;
    }

    [RuntimeExport("sys_oldumount")]
    internal static long SysOldumount(byte* target) => SysUmount(target, 0);

    private static int Mount(byte* names, int sourceLength, int kindLength, ref UserName name, uint flags)
    {
        int error = Vfs.Lookup(null, name.Bytes, WalkFlags.Follow, out Path path);
        if (error == 0)
        {
            bool readOnly = (flags & MS_RDONLY) != 0;
            if ((flags & MS_REMOUNT) != 0)
            {
                error = path.Dentry != path.Mount->Root ? -EINVAL : 0;
                path.Mount->ReadOnly = error == 0 ? readOnly : path.Mount->ReadOnly;
            }
            else
            {
                error = Mounts.Mount(new ReadOnlySpan<byte>(names, sourceLength), new ReadOnlySpan<byte>(names + KindSize, kindLength), &path, readOnly, null);
            }

            path.Put();
        }

        name.End();
        return error;
    }

    // A short name; one that is too long is no file system that there is.
    private static int Name(byte* user, byte* name)
    {
        if (user == null)
        {
            return 0;
        }

        nint length = Uaccess.StrncpyFromUser(name, user, KindSize);
        return (int)length;
    }

    private static long Change(byte* user, bool root)
    {
        int error = UserName.Begin(UserName.AT_FDCWD, user, out UserName name);
        if (error == 0)
        {
            error = Vfs.Lookup(null, name.Bytes, WalkFlags.Follow, out Path path);
            error = error != 0 ? error : ChangeDirectory(ref path, root);
            name.End();
        }

        return error;
    }
}
