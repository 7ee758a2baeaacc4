// Unix: processes, signals, users. See Unix.cs.

using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;
using static CSharpOS.User.SyscallNumbers;
using static CSharpOS.User.Syscalls;

// What execve takes lists of.
#if LINUX64
using PointerWord = ulong;
#else
using PointerWord = uint;
#endif

namespace CSharpOS.User;

public static unsafe partial class Unix
{
    public const int WNOHANG = 1;
    public const int WUNTRACED = 2;
    public const int SIGHUP = 1;
    public const int SIGINT = 2;
    public const int SIGQUIT = 3;
    public const int SIGABRT = 6;
    public const int SIGKILL = 9;
    public const int SIGUSR1 = 10;
    public const int SIGSEGV = 11;
    public const int SIGUSR2 = 12;
    public const int SIGPIPE = 13;
    public const int SIGALRM = 14;
    public const int SIGTERM = 15;
    public const int SIGCHLD = 17;
    public const int SIGCONT = 18;
    public const int SIGSTOP = 19;
    public const int SIGTSTP = 20;
    public const int SIGTTIN = 21;
    public const int SIGTTOU = 22;

    private const uint SaRestorer = 0x04000000;
    private const uint SaRestart = 0x10000000;
    private const int SignalSetSize = 8;

    /// <summary>A copy of this process: 0 in it, its number here.</summary>
    public static int Fork()
    {
        Console.Out.Flush();
        return _syscall0(__NR_fork);
    }

    /// <summary>Turns the process into another program. Comes back only if that fails. The environment ends with null.</summary>
    public static int Execve(string path, ReadOnlySpan<string> arguments, byte** environment)
    {
        Console.Out.Flush();
        int variables = 0;
        while (environment[variables] != null)
        {
            variables++;
        }

        PointerWord[] argumentList = new PointerWord[arguments.Length + 1];
        PointerWord[] environmentList = new PointerWord[variables + 1];
        for (int i = 0; i < arguments.Length; i++)
        {
            argumentList[i] = (PointerWord)(nuint)Utf8.Allocate(arguments[i]);
        }

        for (int i = 0; i < variables; i++)
        {
            environmentList[i] = (PointerWord)(nuint)environment[i];
        }

        fixed (PointerWord* argumentStart = argumentList)
        {
            fixed (PointerWord* environmentStart = environmentList)
            {
                return _syscall3(__NR_execve, Utf8.Allocate(path), argumentStart, environmentStart);
            }
        }
    }

    /// <summary>Runs a program found on PATH, with this program's environment. Comes back only if that fails.</summary>
    public static int Execvp(ReadOnlySpan<string> arguments)
    {
        byte** environment = ProgramStart.InitialEnvironment();
        if (arguments[0].Contains('/'))
        {
            return Execve(arguments[0], arguments, environment);
        }

        int error = ENOENT;
        foreach (string directory in (Getenv("PATH") ?? "/bin").Split(':'))
        {
            Execve(directory + "/" + arguments[0], arguments, environment);
            error = errno == ENOENT ? error : errno;
        }

        errno = error;
        return -1;
    }

    /// <summary>Ends the program, after writing out standard output.</summary>
    [DoesNotReturn]
    public static void Exit(int status)
    {
        Console.Out.Flush();
        while (true)
        {
            _syscall1(__NR_exit_group, status);
        }
    }

    /// <summary>Ends the program as SIGABRT does, without writing anything out.</summary>
    [DoesNotReturn]
    public static void Abort()
    {
        while (true)
        {
            _syscall2(__NR_kill, _syscall0(__NR_getpid), SIGABRT);
            _syscall1(__NR_exit_group, 128 + SIGABRT);
        }
    }

    /// <summary>Waits for a child: <paramref name="pid"/>, or any with -1. Its number, or 0 with WNOHANG if none has ended.</summary>
    public static int Waitpid(int pid, out int status, int options = 0) => Wait4(pid, out status, options, out _);

    /// <summary>As <see cref="Waitpid"/>, with what the child used.</summary>
    public static int Wait4(int pid, out int status, int options, out Rusage usage)
    {
        status = 0;
        usage = default;
        fixed (int* statusTo = &status)
        {
            fixed (Rusage* usageTo = &usage)
            {
                return _syscall4(__NR_wait4, pid, statusTo, options, usageTo);
            }
        }
    }

    /// <summary>True if a status of <see cref="Waitpid"/> says that the child ended by itself.</summary>
    public static bool HasExited(int status) => (status & 0x7f) == 0;

    /// <summary>True if a status says that the child is stopped.</summary>
    public static bool IsStopped(int status) => (status & 0xff) == 0x7f;

    /// <summary>What $? is for a status: the exit status, or 128 and the signal.</summary>
    public static int ExitStatus(int status) =>
        HasExited(status) ? (status >> 8) & 0xff : 128 + (IsStopped(status) ? (status >> 8) & 0xff : status & 0x7f);

    /// <summary>This process's number.</summary>
    public static int Getpid() => _syscall0(__NR_getpid);

    /// <summary>Sends a signal: to a process, to a group with -group.</summary>
    public static int Kill(int pid, int signal) => _syscall2(__NR_kill, pid, signal);

    /// <summary>Puts a process into a group; 0 stands for the caller.</summary>
    public static int Setpgid(int pid, int group) => _syscall2(__NR_setpgid, pid, group);

    /// <summary>The caller's group.</summary>
    public static int Getpgrp() => _syscall0(__NR_getpgrp);

    /// <summary>A new session, without a controlling terminal.</summary>
    public static int Setsid() => _syscall0(__NR_setsid);

    /// <summary>The effective user.</summary>
    public static int Geteuid() => _syscall0(__NR_geteuid32);

    /// <summary>Changes the nice value; the new one. -1 may be a result: look at errno, set to 0 before.</summary>
    public static int Nice(int increment)
    {
        // The call itself gives 0, and getpriority a number that is never negative.
        int result = _syscall1(__NR_nice, increment);
        return result < 0 ? result : 20 - _syscall2(__NR_getpriority, 0, 0);
    }

    /// <summary>What a signal does from now on: a static method, or <see cref="SignalDefault"/> or <see cref="SignalIgnore"/>. Interrupted
    /// calls go on after the handler unless <paramref name="restart"/> is false.</summary>
    public static int Signal(int signal, delegate*<int, void> handler, bool restart = true)
    {
        // i386's struct sigaction: handler, flags, restorer, mask.
        uint* action = stackalloc uint[5];
        action[0] = (uint)(nuint)handler;
        action[1] = SaRestorer | (restart ? SaRestart : 0);
        action[2] = (uint)(nuint)(delegate*<void>)&UserSignalReturn;
        action[3] = 0;
        action[4] = 0;
        return _syscall4(__NR_rt_sigaction, signal, action, null, SignalSetSize);
    }

    /// <summary>Blocks signals besides those that are blocked already: bit n - 1 stands for signal n.</summary>
    public static int BlockSignals(ulong set) => _syscall4(__NR_rt_sigprocmask, 0, &set, null, SignalSetSize);

    /// <summary>Blocks exactly these signals.</summary>
    public static int SetBlockedSignals(ulong set) => _syscall4(__NR_rt_sigprocmask, 2, &set, null, SignalSetSize);

    /// <summary>Sleeps, with only these signals blocked, until a handler has run. What was blocked before is blocked again afterwards: nothing is lost between a look and
    /// the sleep.</summary>
    public static int Sigsuspend(ulong set) => _syscall2(__NR_rt_sigsuspend, &set, SignalSetSize);

    /// <summary>For <see cref="Signal"/>: what the kernel does by itself.</summary>
    public static delegate*<int, void> SignalDefault => null;

    /// <summary>For <see cref="Signal"/>: nothing.</summary>
    public static delegate*<int, void> SignalIgnore => (delegate*<int, void>)1;

    /// <summary>The value of an environment variable the program was started with; null if it is not set.</summary>
    public static string? Getenv(string name)
    {
        for (byte** entry = ProgramStart.InitialEnvironment(); *entry != null; entry++)
        {
            ReadOnlySpan<byte> text = new(*entry, Utf8.LengthOf(*entry));
            int equals = text.IndexOf((byte)'=');
            if (equals == name.Length && Utf8.ToString(text.Slice(0, equals)) == name)
            {
                return Utf8.ToString(text.Slice(equals + 1));
            }
        }

        return null;
    }

    [RuntimeImport("*", "user_signal_return")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void UserSignalReturn();
}
