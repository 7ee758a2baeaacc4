// File: something open.
//
// Linux: struct file, struct file_operations, include/linux/fs.h, fs/file_table.c. Process context.
// Lock: File.PositionLock, a mutex, is held over a read, write, seek or listing that uses the file's own position, so that threads and children that share the
// file do not get the same bytes twice. Streams (pipes, terminals: no FileModeBits.Seekable) have no position and take no lock: a reader that waits must not
// keep a writer away. FileFlags is changed by fcntl with one store.
// Lifetime: Count; the last Put calls Release once, whoever it is.

namespace CSharpOS.Fs;

/// <summary>What can be done with an open file: a static of the driver or file system, filled in before it is used. Unset ones are refused
/// with Linux's error.</summary>
/// <remarks>All are called in process context and may sleep. Results are negative error numbers where something fails. A driver needs the ones
/// that its device can do, and nothing else.</remarks>
/// <linux>file_operations</linux>
/// <rows>DRV-03</rows>
public unsafe struct FileOperations
{
    /// <summary>(inode, file): open. Sets <see cref="File.PrivateData"/> if it likes; calls <see cref="Files.NonSeekable"/> for a stream.</summary>
    public delegate*<Inode*, File*, int> Open;

    /// <summary>(inode, file): the last user has closed it.</summary>
    public delegate*<Inode*, File*, int> Release;

    /// <summary>(file, buffer, position): puts bytes into the buffer, moves the position on. Bytes put; 0 at the end; -EAGAIN if it would wait and the file has
    /// O_NONBLOCK; -ERESTARTSYS if a signal ends the wait.</summary>
    public delegate*<File*, IoBuffer*, long*, long> Read;

    /// <summary>(file, buffer, position): takes bytes from the buffer, moves the position on. Bytes taken, or as <see cref="Read"/>.</summary>
    public delegate*<File*, IoBuffer*, long*, long> Write;

    /// <summary>(file, offset, whence): moves the position; the new one. Unset: <see cref="Files.GenericLlseek"/> for files that can be seeked.</summary>
    public delegate*<File*, long, int, long> Llseek;

    /// <summary>(file, listing): names of a directory. <see cref="DirContext"/>.</summary>
    /// <linux>readdir, iterate</linux>
    public delegate*<File*, DirContext*, int> Iterate;

    /// <summary>(file, table): calls <see cref="PollTable.Wait"/> for each queue that is woken when something changes, then says what can be done now:
    /// <see cref="PollEvents"/>. Unset: always ready.</summary>
    public delegate*<File*, PollTable*, uint> Poll;

    /// <summary>(file, command, argument): what fits nowhere else. -ENOTTY for a command it does not know.</summary>
    public delegate*<File*, uint, ulong, long> Ioctl;

    /// <summary>(file, command, argument): the same from a 32-bit caller, where structures differ. Unset: <see cref="Ioctl"/>.</summary>
    public delegate*<File*, uint, ulong, long> CompatIoctl;

    /// <summary>(file): brings it to the disk. Unset: nothing to do.</summary>
    public delegate*<File*, int> Fsync;

    /// <summary>(fd, file, on): O_ASYNC has been set or cleared; <see cref="FasyncHelper"/>.</summary>
    public delegate*<int, File*, bool, int> Fasync;

    /// <summary>(file, area): mmap of something that is not made of the pages of a file. The argument is the memory manager's.</summary>
    public delegate*<File*, void*, int> Mmap;
}

/// <summary>What may be done with an open file.</summary>
[Flags]
public enum FileModeBits : uint
{
    None = 0,

    /// <linux>FMODE_READ</linux>
    Read = 1,

    /// <linux>FMODE_WRITE</linux>
    Write = 2,

    /// <summary>It has a position.</summary>
    /// <linux>FMODE_LSEEK</linux>
    Seekable = 4,

    /// <summary>pread and pwrite are allowed.</summary>
    /// <linux>FMODE_PREAD, FMODE_PWRITE</linux>
    Positional = 8,

    /// <summary>Open has succeeded, so Release is due.</summary>
    /// <linux>FMODE_OPENED</linux>
    Opened = 16,
}

/// <summary>An open file.</summary>
/// <linux>file</linux>
public unsafe struct File
{
    internal Atomic Count;

    /// <summary>The flags of open (<see cref="OpenFlags"/>), as changed by fcntl.</summary>
    /// <linux>f_flags</linux>
    public uint Flags;

    /// <summary>What may be done with it.</summary>
    /// <linux>f_mode</linux>
    public FileModeBits Mode;

    /// <summary>What does it.</summary>
    public FileOperations* Ops;

    /// <summary>The file behind it.</summary>
    public Inode* Inode;

    /// <summary>Where it was found; empty for pipes and their like.</summary>
    public Path Path;

    /// <summary>Where the next read or write begins.</summary>
    public long Position;

    /// <summary>Whatever the driver keeps of this opening.</summary>
    public void* PrivateData;

    /// <summary>The module of the driver, held while the file is open; null if that is the kernel.</summary>
    /// <linux>f_op->owner</linux>
    internal ModuleStruct* Module;

    internal Mutex PositionLock;
    internal FileOwner Owner;

    /// <summary>True if calls must not wait.</summary>
    public bool NonBlocking => (Shared.ReadOnce(ref Flags) & OpenFlags.O_NONBLOCK) != 0;
}

/// <summary>Open files as such.</summary>
public static unsafe partial class Files
{
    private static SlabCache* s_cache;

    internal static void Init() => s_cache = KmemCacheCreate("file"u8, (nuint)sizeof(File), 64);

    /// <summary>A file that is open on nothing yet, with one reference. Process context, sleeps. Null without memory.</summary>
    /// <linux>get_empty_filp</linux>
    internal static File* Allocate(uint flags)
    {
        var file = (File*)KmemCacheAlloc(s_cache, GfpFlags.Kernel | GfpFlags.Zero);
        if (file != null)
        {
            file->Count.Set(1);
            file->Flags = flags & ~(OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_TRUNC | OpenFlags.O_CLOEXEC);
            uint access = (flags & OpenFlags.O_ACCMODE) + 1;
            file->Mode = (flags & OpenFlags.O_PATH) != 0 ? FileModeBits.None : (FileModeBits)(access & 3);
        }

        return file;
    }

    /// <summary>Takes one more reference.</summary>
    /// <linux>get_file</linux>
    public static void Get(File* file) => file->Count.Inc();

    /// <summary>Gives a reference back; the last one closes the file. Process context, may sleep. Null is fine.</summary>
    /// <linux>fput</linux>
    public static void Put(File* file)
    {
        if (file == null || !file->Count.DecAndTest())
        {
            return;
        }

        if ((file->Flags & OpenFlags.O_ASYNC) != 0 && file->Ops != null && file->Ops->Fasync != null)
        {
            file->Ops->Fasync(-1, file, false);
        }

        if ((file->Mode & FileModeBits.Opened) != 0 && file->Ops->Release != null)
        {
            file->Ops->Release(file->Inode, file);
        }

        KernelModules.Put(file->Module);
        Inodes.Put(file->Inode);
        file->Path.Put();
        KmemCacheFree(s_cache, file);
    }

    /// <summary>Opens <paramref name="inode"/>: what open does once the name has been found. The file gets references of its own.</summary>
    /// <linux>do_dentry_open</linux>
    internal static int OpenInode(File* file, Inode* inode)
    {
        Inodes.Get(inode);
        file->Inode = inode;
        file->Ops = inode->FileOps;
        file->Mode |= FileModeBits.Seekable | FileModeBits.Positional;
        if (file->Ops == null)
        {
            return (file->Flags & OpenFlags.O_PATH) != 0 ? 0 : -ENXIO;
        }

        int error = (file->Flags & OpenFlags.O_PATH) != 0 || file->Ops->Open == null ? 0 : file->Ops->Open(inode, file);

        // It says something to the Open of a terminal only.
        file->Flags &= ~OpenFlags.O_NOCTTY;
        if (error == 0 && (file->Flags & OpenFlags.O_PATH) == 0)
        {
            file->Mode |= FileModeBits.Opened;
        }

        return error;
    }

    /// <summary>For the Open of a driver whose device is a stream: no position, no lseek, no pread. 0, so that Open may return it.</summary>
    /// <linux>nonseekable_open</linux>
    public static int NonSeekable(File* file)
    {
        file->Mode &= ~(FileModeBits.Seekable | FileModeBits.Positional);
        return 0;
    }

    /// <summary>lseek for what has a size: regular files, and the like.</summary>
    /// <linux>generic_file_llseek</linux>
    public static long GenericLlseek(File* file, long offset, int whence)
    {
        long size = Shared.ReadOnce(ref file->Inode->Size);
        long start = whence switch
        {
            Whence.SEEK_SET => 0,
            Whence.SEEK_CUR => file->Position,
            Whence.SEEK_END => size,
            _ => -1,
        };
        if (whence is < Whence.SEEK_SET or > Whence.SEEK_END || (offset > 0 && start > long.MaxValue - offset) || start + offset < 0)
        {
            return -EINVAL;
        }

        file->Position = start + offset;
        return file->Position;
    }
}

/// <summary>From where lseek counts.</summary>
public static class Whence
{
    public const int SEEK_SET = 0;
    public const int SEEK_CUR = 1;
    public const int SEEK_END = 2;
}
