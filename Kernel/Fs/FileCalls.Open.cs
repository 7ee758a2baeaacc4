// FileCalls.Open: opening, closing and descriptors.
//
// Linux: fs/open.c, fs/file.c, fs/fcntl.c, the end of fs/pipe.c. Process context, sleeps.

using System.Runtime;

namespace CSharpOS.Fs;

internal static unsafe partial class FileCalls
{
    private const int F_DUPFD = 0;
    private const int F_GETFD = 1;
    private const int F_SETFD = 2;
    private const int F_GETFL = 3;
    private const int F_SETFL = 4;
    private const int F_SETOWN = 8;
    private const int F_GETOWN = 9;
    private const int F_DUPFD_CLOEXEC = 1030;
    private const uint FD_CLOEXEC = 1;

    /// <summary>A descriptor for a file, whose reference is taken over: given back if there is none. The descriptor, -EMFILE, -ENOMEM.</summary>
    internal static long Install(File* file, int least, bool closeOnExec)
    {
        int fd = FilesStruct.Install(Current->Files, file, least, closeOnExec);
        if (fd < 0)
        {
            Files.Put(file);
        }

        return fd;
    }

    /// <summary>Opens a path that is in kernel memory and gives it a descriptor.</summary>
    /// <linux>do_sys_open</linux>
    internal static long Open(File* start, byte* name, uint flags, uint mode)
    {
        int error = Vfs.Open(start, name, flags, mode & FileModes.S_IALLUGO, out File* file);
        return error != 0 ? error : Install(file, 0, (flags & OpenFlags.O_CLOEXEC) != 0);
    }

    /// <summary>fcntl.</summary>
    internal static long Fcntl(uint fd, int command, ulong argument)
    {
        File* file = FilesStruct.Get(fd);
        if (file == null)
        {
            return -EBADF;
        }

        long result;
        switch (command)
        {
            case F_DUPFD:
            case F_DUPFD_CLOEXEC:
                if ((uint)argument >= FilesStruct.MaxFiles)
                {
                    result = -EINVAL;
                    break;
                }

                return Install(file, (int)argument, command == F_DUPFD_CLOEXEC);
            case F_GETFD:
                result = FilesStruct.GetCloseOnExec(Current->Files, fd);
                break;
            case F_SETFD:
                result = FilesStruct.SetCloseOnExec(Current->Files, fd, ((uint)argument & FD_CLOEXEC) != 0);
                break;
            case F_GETFL:
                result = Shared.ReadOnce(ref file->Flags);
                break;
            case F_SETFL:
                result = SetFlags(fd, file, (uint)argument);
                break;
            case F_SETOWN:
                result = FileOwners.Set(file, (int)argument);
                break;
            case F_GETOWN:
                result = FileOwners.Get(file).Pid;
                break;
            default:
                result = -EINVAL;
                break;
        }

        Files.Put(file);
        return result;
    }

    /// <summary>dup2 and dup3.</summary>
    internal static long Dup(uint old, uint fd, bool closeOnExec)
    {
        File* file = FilesStruct.Get(old);
        if (file == null)
        {
            return -EBADF;
        }

        int result = FilesStruct.Replace(Current->Files, file, fd, closeOnExec);
        if (result < 0)
        {
            Files.Put(file);
        }

        return result;
    }

    /// <summary>A pipe and two descriptors for it. 0 or minus errno.</summary>
    /// <linux>do_pipe2</linux>
    internal static long MakePipe(int* fds, uint flags)
    {
        if ((flags & ~(OpenFlags.O_CLOEXEC | OpenFlags.O_NONBLOCK)) != 0)
        {
            return -EINVAL;
        }

        int error = Pipes.Create(flags & OpenFlags.O_NONBLOCK, out File* reader, out File* writer);
        if (error != 0)
        {
            return error;
        }

        bool closeOnExec = (flags & OpenFlags.O_CLOEXEC) != 0;
        long first = Install(reader, 0, closeOnExec);
        long second = first < 0 ? first : Install(writer, 0, closeOnExec);
        if (first < 0)
        {
            Files.Put(writer);
        }
        else if (second < 0)
        {
            FilesStruct.Close(Current->Files, (uint)first);
        }

        fds[0] = (int)first;
        fds[1] = (int)second;
        return second < 0 ? second : 0;
    }

    [RuntimeExport("sys_open")]
    internal static long SysOpen(byte* name, uint flags, uint mode) => SysOpenat(UserName.AT_FDCWD, name, flags, mode);

    [RuntimeExport("sys_creat")]
    internal static long SysCreat(byte* name, uint mode) =>
        SysOpenat(UserName.AT_FDCWD, name, OpenFlags.O_CREAT | OpenFlags.O_WRONLY | OpenFlags.O_TRUNC, mode);

    [RuntimeExport("sys_openat")]
    internal static long SysOpenat(int directory, byte* user, uint flags, uint mode)
    {
        int error = UserName.Begin(directory, user, out UserName name);
        if (error != 0)
        {
            return error;
        }

        long result = Open(name.Start, name.Bytes, flags, mode);
        name.End();
        return result;
    }

    [RuntimeExport("sys_close")]
    internal static long SysClose(uint fd) => FilesStruct.Close(Current->Files, fd);

    [RuntimeExport("sys_dup")]
    internal static long SysDup(uint fd)
    {
        File* file = FilesStruct.Get(fd);
        return file == null ? -EBADF : Install(file, 0, false);
    }

    // A descriptor onto itself is only looked at.
    [RuntimeExport("sys_dup2")]
    internal static long SysDup2(uint old, uint fd)
    {
        if (old != fd)
        {
            return Dup(old, fd, false);
        }

        File* file = FilesStruct.Get(old);
        Files.Put(file);
        return file == null ? -EBADF : (long)fd;
    }

    [RuntimeExport("sys_dup3")]
    internal static long SysDup3(uint old, uint fd, uint flags) =>
        (flags & ~OpenFlags.O_CLOEXEC) != 0 || old == fd ? -EINVAL : Dup(old, fd, flags != 0);

    [RuntimeExport("sys_fcntl")]
    internal static long SysFcntl(uint fd, int command, ulong argument) => Fcntl(fd, command, argument);

    [RuntimeExport("sys_pipe")]
    internal static long SysPipe(int* fds) => SysPipe2(fds, 0);

    [RuntimeExport("sys_pipe2")]
    internal static long SysPipe2(int* user, uint flags)
    {
        ulong both;
        var fds = (int*)&both;
        long error = MakePipe(fds, flags);
        if (error == 0 && Uaccess.PutUser(both, (ulong*)user) != 0)
        {
            FilesStruct.Close(Current->Files, (uint)fds[0]);
            FilesStruct.Close(Current->Files, (uint)fds[1]);
            return -EFAULT;
        }

        return error;
    }

    private static long SetFlags(uint fd, File* file, uint wanted)
    {
        uint flags = Shared.ReadOnce(ref file->Flags);
        if (((flags ^ wanted) & OpenFlags.O_ASYNC) != 0 && file->Ops != null && file->Ops->Fasync != null)
        {
            int error = file->Ops->Fasync((int)fd, file, (wanted & OpenFlags.O_ASYNC) != 0);
            if (error < 0)
            {
                return error;
            }
        }

        Shared.WriteOnce(ref file->Flags, (flags & ~OpenFlags.Changeable) | (wanted & OpenFlags.Changeable));
        return 0;
    }
}
