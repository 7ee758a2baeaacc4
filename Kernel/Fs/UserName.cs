// UserName: the path arguments of system calls.
//
// Linux: getname, fs/namei.c; AT_FDCWD, fget of a directory. Process context, sleeps. A value on the stack: who begins one ends it.

namespace CSharpOS.Fs;

/// <summary>A path from user memory and the directory where it begins.</summary>
internal unsafe ref struct UserName
{
    /// <summary>Relative paths begin at the working directory.</summary>
    internal const int AT_FDCWD = -100;

    /// <summary>The path, ended by a zero byte.</summary>
    internal byte* Bytes;

    /// <summary>The directory that it begins at; null: the working directory, or it is absolute.</summary>
    internal File* Start;

    /// <summary>Brings the path in. With <paramref name="emptyAllowed"/> an empty one may begin at a descriptor of any kind.</summary>
    /// <returns>0; -EFAULT, -ENAMETOOLONG, -ENOMEM; -EBADF, -ENOTDIR: the descriptor is no directory.</returns>
    /// <linux>getname</linux>
    internal static int Begin(int directory, byte* user, out UserName name, bool emptyAllowed = false)
    {
        name = default;
        name.Bytes = (byte*)Kmalloc(PathWalk.PathMax, GfpFlags.Kernel);
        if (name.Bytes == null)
        {
            return -ENOMEM;
        }

        nint length = Uaccess.StrncpyFromUser(name.Bytes, user, PathWalk.PathMax);
        int error = length < 0 ? (int)length : length >= PathWalk.PathMax ? -ENAMETOOLONG : 0;
        if (error == 0 && directory != AT_FDCWD && name.Bytes[0] != '/')
        {
            error = Open(directory, out name.Start, emptyAllowed && name.Bytes[0] == 0);
        }

        if (error != 0)
        {
            name.End();
        }

        return error;
    }

    /// <summary>Gives everything back.</summary>
    /// <linux>putname</linux>
    internal void End()
    {
        Kfree(Bytes);
        Files.Put(Start);
        this = default;
    }

    private static int Open(int directory, out File* file, bool anything)
    {
        file = FilesStruct.Get((uint)directory);
        return file == null ? -EBADF : file->Path.Dentry == null && !anything ? -ENOTDIR : 0;
    }
}
