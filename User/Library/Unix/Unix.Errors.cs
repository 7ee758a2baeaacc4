// Unix: the texts of error numbers and signals. See Unix.cs.

using static CSharpOS.User.Syscalls;

namespace CSharpOS.User;

public static unsafe partial class Unix
{
    /// <summary>Writes "WHAT: text of errno" to standard error.</summary>
    public static void Perror(string what) => Console.Error.WriteLine($"{what}: {Strerror(errno)}");

    /// <summary>Writes "PROGRAM: WHAT: text of errno" to standard error and gives 1, an exit status for "it failed".</summary>
    public static int Perror(string program, string what)
    {
        Console.Error.WriteLine($"{program}: {what}: {Strerror(errno)}");
        return 1;
    }

    /// <summary>Writes how a program is to be called to standard error and gives 2, the exit status for a wrong call.</summary>
    public static int Usage(string usage)
    {
        Console.Error.WriteLine($"usage: {usage}");
        return 2;
    }

    /// <summary>The text of an error number, as everywhere on Unix.</summary>
    public static ReadOnlySpan<byte> Strerror(int error) => error switch
    {
        0 => "Success"u8,
        EPERM => "Operation not permitted"u8,
        ENOENT => "No such file or directory"u8,
        ESRCH => "No such process"u8,
        EINTR => "Interrupted system call"u8,
        EIO => "Input/output error"u8,
        ENXIO => "No such device or address"u8,
        E2BIG => "Argument list too long"u8,
        ENOEXEC => "Exec format error"u8,
        EBADF => "Bad file descriptor"u8,
        ECHILD => "No child processes"u8,
        EAGAIN => "Resource temporarily unavailable"u8,
        ENOMEM => "Cannot allocate memory"u8,
        EACCES => "Permission denied"u8,
        EFAULT => "Bad address"u8,
        EBUSY => "Device or resource busy"u8,
        EEXIST => "File exists"u8,
        EXDEV => "Invalid cross-device link"u8,
        ENODEV => "No such device"u8,
        ENOTDIR => "Not a directory"u8,
        EISDIR => "Is a directory"u8,
        EINVAL => "Invalid argument"u8,
        ENFILE => "Too many open files in system"u8,
        EMFILE => "Too many open files"u8,
        ENOTTY => "Inappropriate ioctl for device"u8,
        ETXTBSY => "Text file busy"u8,
        EFBIG => "File too large"u8,
        ENOSPC => "No space left on device"u8,
        ESPIPE => "Illegal seek"u8,
        EROFS => "Read-only file system"u8,
        EMLINK => "Too many links"u8,
        EPIPE => "Broken pipe"u8,
        ERANGE => "Numerical result out of range"u8,
        ENAMETOOLONG => "File name too long"u8,
        ENOSYS => "Function not implemented"u8,
        ENOTEMPTY => "Directory not empty"u8,
        ELOOP => "Too many levels of symbolic links"u8,
        ETIMEDOUT => "Connection timed out"u8,
        _ => "Unknown error"u8,
    };

    /// <summary>What a shell says of a child that a signal ended.</summary>
    public static ReadOnlySpan<byte> Strsignal(int signal) => signal switch
    {
        SIGHUP => "Hangup"u8,
        SIGINT => "Interrupt"u8,
        SIGQUIT => "Quit"u8,
        4 => "Illegal instruction"u8,
        5 => "Trace/breakpoint trap"u8,
        SIGABRT => "Aborted"u8,
        7 => "Bus error"u8,
        8 => "Floating point exception"u8,
        SIGKILL => "Killed"u8,
        SIGUSR1 => "User defined signal 1"u8,
        SIGSEGV => "Segmentation fault"u8,
        SIGUSR2 => "User defined signal 2"u8,
        SIGPIPE => "Broken pipe"u8,
        SIGALRM => "Alarm clock"u8,
        SIGTERM => "Terminated"u8,
        SIGSTOP or SIGTSTP or SIGTTIN or SIGTTOU => "Stopped"u8,
        31 => "Bad system call"u8,
        _ => "Unknown signal"u8,
    };

    /// <summary>A signal's number: from TERM, SIGTERM or 15; -1 for anything else.</summary>
    public static int SignalNumber(ReadOnlySpan<char> name)
    {
        if (Number.TryParse(name, out int number))
        {
            return number is >= 0 and <= 64 ? number : -1;
        }

        if (name.StartsWith("SIG"))
        {
            name = name.Slice(3);
        }

        for (int i = 0; i < s_signalNames.Length; i++)
        {
            if (name.SequenceEqual(s_signalNames[i]))
            {
                return i + 1;
            }
        }

        return -1;
    }

    /// <summary>The names of the signals from 1 on, without SIG.</summary>
    public static ReadOnlySpan<string> SignalNames => s_signalNames;

    private static readonly string[] s_signalNames =
    [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT",
        "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];
}
