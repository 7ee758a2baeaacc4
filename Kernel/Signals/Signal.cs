// Signal: the numbers, what each does by default, and sets of them.
//
// Linux: include/asm-x86/signal.h, include/linux/signal.h. Constants and arithmetic: any context.

namespace CSharpOS.Processes;

/// <summary>Signal numbers.</summary>
public static class Signal
{
    public const int SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8, SIGKILL = 9;
    public const int SIGUSR1 = 10, SIGSEGV = 11, SIGUSR2 = 12, SIGPIPE = 13, SIGALRM = 14, SIGTERM = 15, SIGSTKFLT = 16, SIGCHLD = 17;
    public const int SIGCONT = 18, SIGSTOP = 19, SIGTSTP = 20, SIGTTIN = 21, SIGTTOU = 22, SIGURG = 23, SIGXCPU = 24, SIGXFSZ = 25;
    public const int SIGVTALRM = 26, SIGPROF = 27, SIGWINCH = 28, SIGIO = 29, SIGPWR = 30, SIGSYS = 31;

    /// <summary>The highest number.</summary>
    /// <linux>_NSIG</linux>
    public const int Count = 64;

    /// <summary>Signals that nobody can catch, block or ignore.</summary>
    internal const ulong Unblockable = (1UL << (SIGKILL - 1)) | (1UL << (SIGSTOP - 1));

    /// <summary>Those whose default is to stop the process.</summary>
    internal const ulong StopSet = (1UL << (SIGSTOP - 1)) | (1UL << (SIGTSTP - 1)) | (1UL << (SIGTTIN - 1)) | (1UL << (SIGTTOU - 1));

    /// <summary>Those whose default is nothing.</summary>
    internal const ulong IgnoreSet = (1UL << (SIGCHLD - 1)) | (1UL << (SIGCONT - 1)) | (1UL << (SIGURG - 1)) | (1UL << (SIGWINCH - 1));

    /// <summary>Those that an instruction of the thread itself raises: acted on before others.</summary>
    internal const ulong SynchronousSet = (1UL << (SIGSEGV - 1)) | (1UL << (SIGBUS - 1)) | (1UL << (SIGILL - 1)) | (1UL << (SIGTRAP - 1)) |
        (1UL << (SIGFPE - 1)) | (1UL << (SIGSYS - 1));

    /// <summary>The set that holds only this one.</summary>
    /// <linux>sigmask</linux>
    public static ulong Mask(int signal) => 1UL << (signal - 1);

    /// <summary>True for 1 to <see cref="Count"/>.</summary>
    /// <linux>valid_signal</linux>
    public static bool IsValid(int signal) => (uint)(signal - 1) < Count;
}

/// <summary>Why a signal was sent, for the handler's siginfo.</summary>
/// <linux>siginfo_t</linux>
public struct SigInfo
{
    public const int SI_USER = 0, SI_KERNEL = 0x80, SI_TIMER = -2, SI_TKILL = -6;
    public const int ILL_ILLOPN = 2, FPE_INTDIV = 1, FPE_FLTINV = 7, SEGV_MAPERR = 1, SEGV_ACCERR = 2;
    public const int BUS_ADRALN = 1, BUS_ADRERR = 2, TRAP_TRACE = 2;
    public const int CLD_EXITED = 1, CLD_KILLED = 2, CLD_STOPPED = 5, CLD_CONTINUED = 6;

    /// <summary>Where it comes from.</summary>
    public int Code;

    /// <summary>Who sent it; of SIGCHLD, whose it is; of a POSIX timer, its number, and the expiries that no other signal told of.</summary>
    public int Pid, Uid;

    /// <summary>Of SIGCHLD: exit status or signal.</summary>
    public int Status;

    /// <summary>Of a fault: where; of a POSIX timer: what timer_create was given for the handler.</summary>
    public ulong Address;
}

/// <summary>What a process does on a signal.</summary>
/// <linux>k_sigaction</linux>
public struct SigAction
{
    /// <summary>Default and ignore, in the place of a handler.</summary>
    /// <linux>SIG_DFL, SIG_IGN</linux>
    public const ulong Default = 0, Ignore = 1;

    /// <linux>SA_NOCLDSTOP</linux>
    public const uint NoChildStop = 1;

    /// <linux>SA_NOCLDWAIT</linux>
    public const uint NoChildWait = 2;

    /// <linux>SA_SIGINFO</linux>
    public const uint WithInfo = 4;

    /// <linux>SA_RESTORER</linux>
    public const uint HasRestorer = 0x04000000;

    /// <linux>SA_ONSTACK</linux>
    public const uint OnStack = 0x08000000;

    /// <linux>SA_RESTART</linux>
    public const uint Restart = 0x10000000;

    /// <linux>SA_NODEFER</linux>
    public const uint NoDefer = 0x40000000;

    /// <linux>SA_RESETHAND</linux>
    public const uint ResetHandler = 0x80000000;

    /// <summary>Address of the function in the program, or one of the two constants.</summary>
    public ulong Handler;

    /// <summary>The bits above.</summary>
    public uint Flags;

    /// <summary>Where the handler returns to: code that calls sigreturn.</summary>
    public ulong Restorer;

    /// <summary>Signals that are blocked while the handler runs.</summary>
    public ulong BlockedInHandler;
}

/// <summary>What a thread has of signals for itself.</summary>
public struct TaskSignals
{
    /// <summary>For this very thread.</summary>
    /// <linux>pending</linux>
    internal SigPending Pending;

    /// <summary>Not acted on for now.</summary>
    /// <linux>blocked</linux>
    internal ulong Blocked;

    /// <summary>What <see cref="Blocked"/> was before sigsuspend, to be put back behind the handler.</summary>
    /// <linux>saved_sigmask</linux>
    internal ulong SavedBlocked;

    /// <summary>True if it is to be put back.</summary>
    /// <linux>TIF_RESTORE_SIGMASK</linux>
    internal bool RestoreBlocked;

    /// <summary>Of the last fault.</summary>
    internal int TrapNumber;
    internal ulong TrapError, FaultAddress;

    /// <summary>Of the last signal to this very thread.</summary>
    internal SigInfo Info;

    /// <summary>The stack for handlers with <see cref="SigAction.OnStack"/>; size 0: none.</summary>
    /// <linux>sas_ss_sp</linux>
    internal ulong StackBottom, StackSize;
}
