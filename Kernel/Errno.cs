// Errno: error numbers with Linux's values. Functions return them negated. Linux: include/asm-generic/errno-base.h.

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

    /// <summary>Try again.</summary>
    public const int EAGAIN = 11;

    /// <summary>Out of memory.</summary>
    public const int ENOMEM = 12;

    /// <summary>Bad address.</summary>
    public const int EFAULT = 14;

    /// <summary>Device or resource busy.</summary>
    public const int EBUSY = 16;

    /// <summary>Exists already.</summary>
    public const int EEXIST = 17;

    /// <summary>No such device.</summary>
    public const int ENODEV = 19;

    /// <summary>Invalid argument.</summary>
    public const int EINVAL = 22;

    /// <summary>No space left.</summary>
    public const int ENOSPC = 28;

    /// <summary>Result out of range.</summary>
    public const int ERANGE = 34;

    /// <summary>Function not implemented.</summary>
    public const int ENOSYS = 38;

    /// <summary>A signal interrupted the call, which may be made again. Never seen by user programs.</summary>
    public const int ERESTARTSYS = 512;

    /// <summary>Timed out.</summary>
    public const int ETIMEDOUT = 110;
}
