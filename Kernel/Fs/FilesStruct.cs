// FilesStruct: the file descriptors of a process.
//
// Linux: struct files_struct, fs/file.c. Process context. Lock: FilesStruct.Lock (plain spin lock) guards table and bit maps; the threads of a process share
// one. A descriptor is turned into a file under the lock, and the file is held before the lock goes, so that a close in another thread takes
// nothing away from a call that runs; where one task alone has the table, GetLight needs neither.
// Invariants: _used places of the table are taken; no place below _lowestFree is free. FilesStruct.Life.cs: making, sharing, giving up.
// The table begins with 64 places inside the structure and doubles up to 1024; memory for a larger one is taken before the lock.

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>Descriptors and what they stand for.</summary>
/// <linux>files_struct</linux>
public unsafe partial struct FilesStruct
{
    /// <summary>Descriptors at most.</summary>
    /// <linux>RLIMIT_NOFILE</linux>
    public const int MaxFiles = 1024;

    private const int FirstSize = 64;

    internal Atomic Count;
    internal SpinLock Lock;

    private int _size;
    private int _lowestFree;
    private int _used;
    private File** _table;
    private fixed ulong _first[FirstSize];
    private fixed ulong _closeOnExec[MaxFiles / 64];

    /// <summary>Descriptors that there is room for now; 0 for null. Any context.</summary>
    internal static int Size(FilesStruct* files) => files == null ? 0 : Shared.ReadOnce(ref files->_size);

    /// <summary>The file behind a descriptor of the current process, with a reference; null if there is none.</summary>
    /// <linux>fget</linux>
    internal static File* Get(uint fd)
    {
        FilesStruct* files = Current->Files;
        File* file = null;
        if (files != null)
        {
            files->Lock.Lock();
            if (fd < (uint)files->_size && (file = files->_table[fd]) != null)
            {
                Files.Get(file);
            }

            files->Lock.Unlock();
        }

        return file;
    }

    /// <summary>The same without a reference, for a call that is done with the file before it ends: while the current task alone has the table, nobody can close the
    /// descriptor meanwhile. (Whoever lists the descriptors of another process only reads its table.) Null: nothing there, or others have the table too, so
    /// that <see cref="Get"/> is needed.</summary>
    /// <linux>fget_light</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static File* GetLight(uint fd)
    {
        FilesStruct* files = Current->Files;
        return files != null && files->Count.Read() == 1 && fd < (uint)files->_size ? files->_table[fd] : null;
    }

    /// <summary>The lowest free descriptor from <paramref name="least"/> on stands for <paramref name="file"/> from now on, whose reference it takes over.</summary>
    /// <returns>The descriptor; -EMFILE, -ENOMEM: nothing has changed.</returns>
    /// <linux>get_unused_fd_flags, fd_install</linux>
    internal static int Install(FilesStruct* files, File* file, int least, bool closeOnExec)
    {
        while (files != null)
        {
            int fd;
            using (files->Lock.Guard())
            {
                fd = FreeFrom(files, least);
                if (fd < files->_size)
                {
                    Put(files, fd, file, closeOnExec);
                    return fd;
                }
            }

            int error = fd >= MaxFiles ? -EMFILE : Grow(files, fd);
            if (error != 0)
            {
                return error;
            }
        }

        return -EMFILE;
    }

    /// <summary>The descriptor <paramref name="fd"/> stands for <paramref name="file"/> from now on, whose reference it takes over; what it stood for is closed.</summary>
    /// <returns>The descriptor; -EBADF: beyond all; -ENOMEM: nothing has changed.</returns>
    /// <linux>replace_fd</linux>
    internal static int Replace(FilesStruct* files, File* file, uint fd, bool closeOnExec)
    {
        if (files == null || fd >= MaxFiles)
        {
            return -EBADF;
        }

        int error = Grow(files, (int)fd);
        if (error != 0)
        {
            return error;
        }

        File* before;
        using (files->Lock.Guard())
        {
            before = files->_table[fd];
            Put(files, (int)fd, file, closeOnExec);
        }

        Files.Put(before);
        return (int)fd;
    }

    /// <summary>Closes a descriptor. 0 or -EBADF. Process context, may sleep.</summary>
    /// <linux>close_fd</linux>
    internal static int Close(FilesStruct* files, uint fd)
    {
        File* file = null;
        if (files != null)
        {
            using (files->Lock.Guard())
            {
                if (fd < (uint)files->_size)
                {
                    file = files->_table[fd];
                    Put(files, (int)fd, null, false);
                }
            }
        }

        if (file == null)
        {
            return -EBADF;
        }

        Files.Put(file);
        return 0;
    }

    /// <summary>1 if execve closes it, 0 if not, -EBADF.</summary>
    internal static int GetCloseOnExec(FilesStruct* files, uint fd) => Mark(files, fd, null);

    /// <summary>Execve closes it, or does not. 0 or -EBADF.</summary>
    /// <linux>set_close_on_exec</linux>
    internal static int SetCloseOnExec(FilesStruct* files, uint fd, bool on)
    {
        int result = Mark(files, fd, &on);
        return result < 0 ? result : 0;
    }

    /// <summary>The first descriptor in use from <paramref name="fd"/> on with its file, held, for listing those of another process; -1 at the end.</summary>
    internal static int NextOpen(FilesStruct* files, int fd, out File* file)
    {
        file = null;
        if (files == null || fd < 0)
        {
            return -1;
        }

        using (files->Lock.Guard())
        {
            while (fd < files->_size && files->_table[fd] == null)
            {
                fd++;
            }

            if (fd >= files->_size)
            {
                return -1;
            }

            file = files->_table[fd];
            Files.Get(file);
            return fd;
        }
    }

    // Makes room for descriptor `fd`. Whoever was faster wins; memory that is too small or too much is given back.
    private static int Grow(FilesStruct* files, int fd)
    {
        while (fd >= Shared.ReadOnce(ref files->_size))
        {
            int size = FirstSize;
            while (size <= fd)
            {
                size *= 2;
            }

            var table = (File**)Kcalloc((nuint)size, (nuint)sizeof(File*), GfpFlags.Kernel);
            if (table == null)
            {
                return -ENOMEM;
            }

            File** unused = table;
            using (files->Lock.Guard())
            {
                if (size > files->_size)
                {
                    new ReadOnlySpan<ulong>(files->_table, files->_size).CopyTo(new Span<ulong>(table, size));
                    unused = (ulong*)files->_table == files->_first ? null : files->_table;
                    files->_table = table;
                    Shared.WriteOnce(ref files->_size, size);
                }
            }

            Kfree(unused);
        }

        return 0;
    }

    private static int FreeFrom(FilesStruct* files, int least)
    {
        int fd = least > files->_lowestFree ? least : files->_lowestFree;
        while (fd < files->_size && files->_table[fd] != null)
        {
            fd++;
        }

        return fd;
    }

    // No descriptor below _lowestFree is free.
    private static void Put(FilesStruct* files, int fd, File* file, bool closeOnExec)
    {
        files->_used += (file != null ? 1 : 0) - (files->_table[fd] != null ? 1 : 0);
        files->_table[fd] = file;
        ulong bit = 1ul << (fd & 63);
        files->_closeOnExec[fd >> 6] = closeOnExec ? files->_closeOnExec[fd >> 6] | bit : files->_closeOnExec[fd >> 6] & ~bit;
        if (file == null && fd < files->_lowestFree)
        {
            files->_lowestFree = fd;
        }
        else if (file != null && fd == files->_lowestFree)
        {
            files->_lowestFree = fd + 1;
        }
    }

    private static int Mark(FilesStruct* files, uint fd, bool* on)
    {
        if (files == null)
        {
            return -EBADF;
        }

        using (files->Lock.Guard())
        {
            if (fd >= (uint)files->_size || files->_table[fd] == null)
            {
                return -EBADF;
            }

            if (on != null)
            {
                Put(files, (int)fd, files->_table[fd], *on);
            }

            return (int)((files->_closeOnExec[fd >> 6] >> (int)(fd & 63)) & 1);
        }
    }
}
