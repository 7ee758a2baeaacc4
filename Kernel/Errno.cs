// Errno: error numbers with Linux's values. Functions return them negated. Linux: include/asm-generic/errno-base.h, errno.h.

namespace CSharpOS;

/// <summary>Error numbers; a function that fails returns <c>-EBUSY</c> and the like.</summary>
public static class Errno
{
    /// <summary>Operation not permitted.</summary>
    public const int EPERM = 1;

    /// <summary>No such file or directory.</summary>
    public const int ENOENT = 2;

    /// <summary>No such process.</summary>
    public const int ESRCH = 3;

    /// <summary>Interrupted.</summary>
    public const int EINTR = 4;

    /// <summary>Input or output error.</summary>
    public const int EIO = 5;

    /// <summary>No such device or address.</summary>
    public const int ENXIO = 6;

    /// <summary>Argument list too long.</summary>
    public const int E2BIG = 7;

    /// <summary>Not a program that can be run.</summary>
    public const int ENOEXEC = 8;

    /// <summary>Bad file descriptor.</summary>
    public const int EBADF = 9;

    /// <summary>No child processes.</summary>
    public const int ECHILD = 10;

    /// <summary>Try again.</summary>
    public const int EAGAIN = 11;

    /// <summary>Out of memory.</summary>
    public const int ENOMEM = 12;

    /// <summary>Permission denied.</summary>
    public const int EACCES = 13;

    /// <summary>Bad address.</summary>
    public const int EFAULT = 14;

    /// <summary>Device or resource busy.</summary>
    public const int EBUSY = 16;

    /// <summary>Exists already.</summary>
    public const int EEXIST = 17;

    /// <summary>On another file system.</summary>
    public const int EXDEV = 18;

    /// <summary>No such device.</summary>
    public const int ENODEV = 19;

    /// <summary>Not a directory.</summary>
    public const int ENOTDIR = 20;

    /// <summary>Is a directory.</summary>
    public const int EISDIR = 21;

    /// <summary>Invalid argument.</summary>
    public const int EINVAL = 22;

    /// <summary>Too many open files in the system.</summary>
    public const int ENFILE = 23;

    /// <summary>Too many open files.</summary>
    public const int EMFILE = 24;

    /// <summary>Not a terminal; no such ioctl.</summary>
    public const int ENOTTY = 25;

    /// <summary>The program is being run.</summary>
    public const int ETXTBSY = 26;

    /// <summary>File too large.</summary>
    public const int EFBIG = 27;

    /// <summary>No space left.</summary>
    public const int ENOSPC = 28;

    /// <summary>Cannot seek.</summary>
    public const int ESPIPE = 29;

    /// <summary>Read-only file system.</summary>
    public const int EROFS = 30;

    /// <summary>Too many links.</summary>
    public const int EMLINK = 31;

    /// <summary>Nobody reads the pipe.</summary>
    public const int EPIPE = 32;

    /// <summary>Result out of range.</summary>
    public const int ERANGE = 34;

    /// <summary>Name too long.</summary>
    public const int ENAMETOOLONG = 36;

    /// <summary>Function not implemented.</summary>
    public const int ENOSYS = 38;

    /// <summary>Directory not empty.</summary>
    public const int ENOTEMPTY = 39;

    /// <summary>Too many symbolic links.</summary>
    public const int ELOOP = 40;

    /// <summary>Value too large for the caller's structure.</summary>
    public const int EOVERFLOW = 75;

    /// <summary>The network interface is down.</summary>
    public const int ENETDOWN = 100;

    /// <summary>No way to that network.</summary>
    public const int ENETUNREACH = 101;

    /// <summary>No room in a network queue.</summary>
    public const int ENOBUFS = 105;

    /// <summary>Timed out.</summary>
    public const int ETIMEDOUT = 110;

    /// <summary>A signal interrupted the call, which is made again unless the handler of the signal was set without SA_RESTART. Never seen by user programs.</summary>
    public const int ERESTARTSYS = 512;

    /// <summary>A signal interrupted the call, which is always made again. Never seen by user programs.</summary>
    public const int ERESTARTNOINTR = 513;

    /// <summary>As ERESTARTSYS, but made again only if no handler ran. Never seen by user programs.</summary>
    public const int ERESTARTNOHAND = 514;

    /// <summary>A signal interrupted the call; restart_syscall goes on with what is left. Never seen by user programs.</summary>
    public const int ERESTART_RESTARTBLOCK = 516;
}
