// Unix: the system calls as functions, first those on files. Each gives -1 and sets errno when the kernel refuses. Names and meaning as in
// C, in C#'s case; man 2 has the rest.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using static CSharpOS.User.SyscallNumbers;
using static CSharpOS.User.Syscalls;

namespace CSharpOS.User;

/// <summary>System calls and what belongs to them.</summary>
public static unsafe partial class Unix
{
    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_NOCTTY = 0x100;
    public const int O_TRUNC = 0x200;
    public const int O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800;
    public const int O_DIRECTORY = 0x10000;
    public const int O_CLOEXEC = 0x80000;
    public const int SEEK_SET = 0;
    public const int SEEK_CUR = 1;
    public const int SEEK_END = 2;
    public const int PathMax = 4096;

    private const int F_SETFD = 2;
    private const int F_DUPFD_CLOEXEC = 1030;

    /// <summary>Opens a file; the new descriptor.</summary>
    [SkipLocalsInit]
    public static int Open(string path, int flags, int mode = 0)
    {
        Unsafe.SkipInit(out PathBytes bytes);
        return _syscall3(__NR_open, bytes.Set(path), flags, mode);
    }

    /// <summary>Closes a descriptor.</summary>
    public static int Close(int descriptor) => _syscall1(__NR_close, descriptor);

    /// <summary>Reads at most as much as the buffer takes; 0 at the end.</summary>
    public static int Read(int descriptor, Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            return _syscall3(__NR_read, descriptor, bytes, buffer.Length);
        }
    }

    /// <summary>Writes bytes; how many went.</summary>
    public static int Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return _syscall3(__NR_write, descriptor, start, bytes.Length);
        }
    }

    /// <summary>Writes all of the bytes; 0, or -1 if that fails on the way.</summary>
    public static int WriteAll(int descriptor, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int written = Write(descriptor, bytes);
            if (written < 0 && errno != EINTR)
            {
                return -1;
            }

            bytes = bytes.Slice(Math.Max(written, 0));
        }

        return 0;
    }

    /// <summary>Reads a whole small file, such as those of /proc, into <paramref name="buffer"/>; the count of bytes.</summary>
    public static int ReadFile(string path, Span<byte> buffer)
    {
        int descriptor = Open(path, O_RDONLY | O_CLOEXEC);
        if (descriptor < 0)
        {
            return -1;
        }

        int length = 0;
        int count = 1;
        while (count > 0 && length < buffer.Length)
        {
            count = Read(descriptor, buffer.Slice(length));
            length += Math.Max(count, 0);
        }

        int error = errno;
        Close(descriptor);
        errno = error;
        return count < 0 ? -1 : length;
    }

    /// <summary>Moves the position in a file; where it is then.</summary>
    public static int Lseek(int descriptor, int offset, int whence) => _syscall3(__NR_lseek, descriptor, offset, whence);

    /// <summary>What a path leads to.</summary>
    [SkipLocalsInit]
    public static int Stat(string path, out Stat result)
    {
        Unsafe.SkipInit(out PathBytes bytes);
        result = default;
        fixed (Stat* to = &result)
        {
            return _syscall2(__NR_stat64, bytes.Set(path), to);
        }
    }

    /// <summary>What a path is, without following a symbolic link at its end.</summary>
    [SkipLocalsInit]
    public static int Lstat(string path, out Stat result)
    {
        Unsafe.SkipInit(out PathBytes bytes);
        result = default;
        fixed (Stat* to = &result)
        {
            return _syscall2(__NR_lstat64, bytes.Set(path), to);
        }
    }

    /// <summary>Removes a name of a file.</summary>
    public static int Unlink(string path) => PathCall(__NR_unlink, path);

    /// <summary>Makes a directory.</summary>
    public static int Mkdir(string path, int mode) => PathCall(__NR_mkdir, path, mode);

    /// <summary>Removes an empty directory.</summary>
    public static int Rmdir(string path) => PathCall(__NR_rmdir, path);

    /// <summary>Checks a file for reading (4), writing (2), execution (1) or being there (0).</summary>
    public static int Access(string path, int mode) => PathCall(__NR_access, path, mode);

    /// <summary>Changes the working directory.</summary>
    public static int Chdir(string path) => PathCall(__NR_chdir, path);

    /// <summary>The working directory; null if it has none any more.</summary>
    [SkipLocalsInit]
    public static string? Getcwd()
    {
        Unsafe.SkipInit(out PathBytes bytes);
        byte* start = bytes.Start();
        return _syscall2(__NR_getcwd, start, PathMax) < 0 ? null : Utf8.ToString(start);
    }

    /// <summary>Makes <paramref name="to"/> the same open file as <paramref name="from"/>.</summary>
    public static int Dup2(int from, int to) => _syscall2(__NR_dup2, from, to);

    /// <summary>A copy of a descriptor, numbered 10 or higher and closed by execve: the shell's own.</summary>
    public static int DupAbove(int descriptor) => _syscall3(__NR_fcntl64, descriptor, F_DUPFD_CLOEXEC, 10);

    /// <summary>Says whether execve closes the descriptor.</summary>
    public static int SetCloseOnExec(int descriptor, bool close) => _syscall3(__NR_fcntl64, descriptor, F_SETFD, close ? 1 : 0);

    /// <summary>A pipe: what is written at one end is read at the other.</summary>
    public static int Pipe(out int readEnd, out int writeEnd)
    {
        int* ends = stackalloc int[2];
        int result = _syscall1(__NR_pipe, ends);
        readEnd = ends[0];
        writeEnd = ends[1];
        return result;
    }

    /// <summary>Mounts a file system.</summary>
    [SkipLocalsInit]
    public static int Mount(string source, string target, string type, int flags = 0)
    {
        Unsafe.SkipInit(out PathBytes sourceBytes);
        Unsafe.SkipInit(out PathBytes targetBytes);
        Unsafe.SkipInit(out PathBytes typeBytes);
        return _syscall5(__NR_mount, sourceBytes.Set(source), targetBytes.Set(target), typeBytes.Set(type), flags, null);
    }

    /// <summary>Loads a module; <paramref name="arguments"/> are its parameters.</summary>
    [SkipLocalsInit]
    public static int InitModule(ReadOnlySpan<byte> image, string arguments)
    {
        Unsafe.SkipInit(out PathBytes bytes);
        fixed (byte* start = image)
        {
            return _syscall3(__NR_init_module, start, image.Length, bytes.Set(arguments));
        }
    }

    /// <summary>Unloads a module. EAGAIN: it is in use.</summary>
    public static int DeleteModule(string name) => PathCall(__NR_delete_module, name, O_NONBLOCK);

    /// <summary>Writes out what is only in memory.</summary>
    public static int Sync() => _syscall0(__NR_sync);

    /// <summary>A control call of a device.</summary>
    public static int Ioctl(int descriptor, int request, void* argument) => _syscall3(__NR_ioctl, descriptor, request, argument);

    /// <summary>Moves the program break; where it is then. Null only asks.</summary>
    public static byte* Brk(byte* wanted) => (byte*)(nuint)Raw(__NR_brk, (nint)wanted, 0, 0, 0, 0, 0);

    [SkipLocalsInit]
    private static int PathCall(int number, string path, int argument = 0)
    {
        Unsafe.SkipInit(out PathBytes bytes);
        return _syscall2(number, bytes.Set(path), argument);
    }

    // A path as the kernel wants it. A longer one stays without its zero, and the kernel answers ENAMETOOLONG.
    [InlineArray(PathMax)]
    private struct PathBytes
    {
        private byte _first;

        [UnscopedRef]
        internal byte* Start() => (byte*)Unsafe.AsPointer(ref this);

        [UnscopedRef]
        internal byte* Set(string path)
        {
            Span<byte> bytes = this;
            int length = Utf8.Encode(path, bytes);
            if (length < bytes.Length)
            {
                bytes[length] = 0;
            }

            return Start();
        }
    }
}
