// FileModes, OpenFlags, DeviceNumber: the numbers of the file interface, with Linux's values. Linux: include/linux/stat.h, fcntl.h, kdev_t.h.
// Constants only.

namespace CSharpOS.Fs;

/// <summary>Bits of <see cref="Inode.Mode"/>.</summary>
public static class FileModes
{
    /// <summary>The bits that say what kind of file it is.</summary>
    public const uint S_IFMT = 0xf000;

    /// <summary>A socket.</summary>
    public const uint S_IFSOCK = 0xc000;

    /// <summary>A symbolic link.</summary>
    public const uint S_IFLNK = 0xa000;

    /// <summary>A regular file.</summary>
    public const uint S_IFREG = 0x8000;

    /// <summary>A block device.</summary>
    public const uint S_IFBLK = 0x6000;

    /// <summary>A directory.</summary>
    public const uint S_IFDIR = 0x4000;

    /// <summary>A character device.</summary>
    public const uint S_IFCHR = 0x2000;

    /// <summary>A FIFO, or a pipe.</summary>
    public const uint S_IFIFO = 0x1000;

    /// <summary>Runs with the owner's rights.</summary>
    public const uint S_ISUID = 0x800;

    /// <summary>Runs with the group's rights.</summary>
    public const uint S_ISGID = 0x400;

    /// <summary>Directory: only the owner of an entry removes it.</summary>
    public const uint S_ISVTX = 0x200;

    /// <summary>Everything that chmod changes.</summary>
    public const uint S_IALLUGO = 0xfff;

    /// <summary>May execute: one bit for each of owner, group and others.</summary>
    public const uint S_IXUGO = 0x49;

    /// <summary>May read, write and execute, all three.</summary>
    public const uint S_IRWXUGO = 0x1ff;

    /// <summary>The kind in the form in which getdents gives it.</summary>
    /// <linux>DT_DIR and its like</linux>
    public static byte DirectoryType(uint mode) => (byte)((mode & S_IFMT) >> 12);
}

/// <summary>Flags of open, and of a file while it is open.</summary>
public static class OpenFlags
{
    /// <summary>The bits for reading or writing.</summary>
    public const uint O_ACCMODE = 3;

    public const uint O_RDONLY = 0;
    public const uint O_WRONLY = 1;
    public const uint O_RDWR = 2;

    /// <summary>Make the file if it is not there.</summary>
    public const uint O_CREAT = 0x40;

    /// <summary>With O_CREAT: it must not be there.</summary>
    public const uint O_EXCL = 0x80;

    /// <summary>Do not make it the controlling terminal.</summary>
    public const uint O_NOCTTY = 0x100;

    /// <summary>Cut it to nothing.</summary>
    public const uint O_TRUNC = 0x200;

    /// <summary>Each write goes to the end.</summary>
    public const uint O_APPEND = 0x400;

    /// <summary>Calls do not wait; -EAGAIN instead.</summary>
    public const uint O_NONBLOCK = 0x800;

    /// <summary>SIGIO when there is something to do.</summary>
    /// <linux>O_ASYNC, FASYNC</linux>
    public const uint O_ASYNC = 0x2000;

    /// <summary>32-bit callers may meet large files.</summary>
    public const uint O_LARGEFILE = 0x8000;

    /// <summary>It must be a directory.</summary>
    public const uint O_DIRECTORY = 0x10000;

    /// <summary>It must not be a symbolic link.</summary>
    public const uint O_NOFOLLOW = 0x20000;

    /// <summary>Closed by execve.</summary>
    public const uint O_CLOEXEC = 0x80000;

    /// <summary>Only a place, nothing to read or write.</summary>
    public const uint O_PATH = 0x200000;

    /// <summary>What fcntl(F_SETFL) may change.</summary>
    public const uint Changeable = O_APPEND | O_NONBLOCK | O_ASYNC;
}

/// <summary>Device numbers: major and minor in 32 bits, as stat gives them.</summary>
/// <linux>new_encode_dev</linux>
public static class DeviceNumber
{
    /// <summary>Joins the two.</summary>
    /// <linux>MKDEV</linux>
    public static uint Make(uint major, uint minor) => (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xffu) << 12);

    /// <linux>MAJOR</linux>
    public static uint Major(uint device) => (device >> 8) & 0xfff;

    /// <linux>MINOR</linux>
    public static uint Minor(uint device) => (device & 0xff) | ((device >> 12) & 0xfff00);
}
